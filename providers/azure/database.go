package azure

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/providers/azure/spec"
)

const (
	databasePort = 5432
	databaseUser = "slipway" // the administrator; nothing but dbinit uses it
	// reservedConnections are out of the app's reach: Azure's own 15, dbinit's, and those of people.
	// https://learn.microsoft.com/azure/postgresql/flexible-server/concepts-limits#maximum-connections
	reservedConnections = 20
)

// databaseVersions are those that the API version knows.
// https://learn.microsoft.com/azure/templates/microsoft.dbforpostgresql/2024-08-01/flexibleservers
var databaseVersions = []string{"14", "15", "16"}

// databaseStorages are the sizes of a disk, in GiB.
// https://learn.microsoft.com/azure/postgresql/flexible-server/concepts-storage
var databaseStorages = []int{32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384}

// RunDatabase runs PostgreSQL on Flexible Server: in a subnet of its own that the app's alone may reach, encrypted at rest by Azure, TLS
// 1.2 forced. The administrator's password is generated and read by dbinit only. The server's certificate is of a public authority,
// so the roots in every system's store hold. It fails on a SKU, version, storage or retention that Flexible Server does not have.
//   - https://learn.microsoft.com/azure/postgresql/flexible-server/concepts-networking-private
//   - https://learn.microsoft.com/azure/postgresql/flexible-server/concepts-networking-ssl-tls
//   - https://learn.microsoft.com/azure/postgresql/flexible-server/concepts-high-availability
func (p *Platform) RunDatabase(ctx *pulumi.Context, name string, a components.DatabaseArgs, opts ...pulumi.ResourceOption) (components.DatabaseState, error) {
	none := components.DatabaseState{}
	sku := spec.DatabaseSKU(a.Size, p.settings.Prod)
	connections, err := p.checkDatabase(sku, a)
	if err != nil {
		return none, err
	}
	master, err := p.password(ctx, name+"-master", 32, opts)
	if err != nil {
		return none, err
	}
	server, err := p.databaseServer(ctx, name, sku, master, a, opts)
	if err != nil {
		return none, err
	}
	host := server.FullyQualifiedDomainName
	masterURL, err := p.storeSecret(ctx, name+"-master-url", pulumi.Sprintf("postgres://%s:%s@%s:%d/postgres?sslmode=verify-full", databaseUser, master, host, databasePort), opts)
	if err != nil {
		return none, err
	}
	app, err := p.password(ctx, name+"-app", 32, opts)
	if err != nil {
		return none, err
	}
	appPassword, err := p.storeSecret(ctx, name+"-app-password", app, opts)
	if err != nil {
		return none, err
	}
	role := a.Name + "_app" // never the administrator's own name
	url, err := p.storeSecret(ctx, name+"-url", pulumi.Sprintf("postgres://%s:%s@%s:%d/%s?sslmode=verify-full", role, app, host, databasePort, a.Name), opts)
	if err != nil {
		return none, err
	}
	return components.DatabaseState{
		Endpoint: pulumi.Sprintf("%s:%d", host, databasePort),
		URL:      url,
		CA:       pulumi.String("").ToStringOutput(),
		Init: components.InitStep{
			Name:  "dbinit",
			Image: a.Bootstrap,
			Env: map[string]pulumi.StringInput{
				"APP_ROLE": pulumi.String(role), "APP_DATABASE": pulumi.String(a.Name),
				"APP_CONNECTION_LIMIT": pulumi.String(strconv.Itoa(connections - reservedConnections)),
			},
			Secrets: map[string]components.SecretRef{"MASTER_URL": masterURL, "APP_PASSWORD": appPassword},
		},
		Scope: components.Scope{
			scopeServer:      server.ID().ToStringOutput(),
			scopeConnections: pulumi.String(strconv.Itoa(connections)).ToStringOutput(),
		},
	}, nil
}

// checkDatabase refuses what Flexible Server does not have, and returns the server's max_connections.
func (p *Platform) checkDatabase(sku string, a components.DatabaseArgs) (int, error) {
	tier, connections := databaseTier(sku)
	switch {
	case connections == 0:
		return 0, components.Unsupported("azure", "database.size", fmt.Sprintf("%q is neither small, medium or large nor a SKU such as Standard_D4ds_v5", a.Size))
	case a.HA && tier == "Burstable":
		return 0, components.Unsupported("azure", "database.ha", sku+" is burstable, and such servers have no standby; choose a size such as Standard_D2ds_v5")
	case !slices.Contains(databaseVersions, a.Version):
		return 0, components.Unsupported("azure", "database.version", fmt.Sprintf("%q is none of %s", a.Version, strings.Join(databaseVersions, ", ")))
	case !slices.Contains(databaseStorages, a.StorageGiB):
		return 0, components.Unsupported("azure", "database.storage", fmt.Sprintf("%d GiB is none of %s", a.StorageGiB, strings.Trim(fmt.Sprint(databaseStorages), "[]")))
	case a.HA && !p.region.Offers(spec.Standby):
		return 0, components.Unsupported("azure", "database.ha", "no new standbys in another zone are made in "+p.settings.Region+"; those of all kinds are in "+strings.Join(spec.Regions(spec.Standby), ", "))
	case strings.HasSuffix(sku, "_v5") && tier != "Burstable" && !p.region.Offers(spec.V5):
		return 0, components.Unsupported("azure", "database.size", p.settings.Region+" has no machines of the fifth generation, such as "+sku)
	case p.settings.GeoBackup && !p.region.Offers(spec.GeoBackup):
		return 0, components.Unsupported("azure", "azure.geoBackup", "backups are not copied from "+p.settings.Region)
	case a.BackupDays < 7 || a.BackupDays > 35:
		return 0, components.Unsupported("azure", "database.backupDays", fmt.Sprintf("%d days are not between 7 and 35", a.BackupDays))
	}
	return connections, nil
}

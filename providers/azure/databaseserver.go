package azure

import (
	"fmt"
	"regexp"
	"strconv"

	authorization "github.com/pulumi/pulumi-azure-native-sdk/authorization/v2/v20200501"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// databaseParameters are those that differ from Azure's defaults or that a reader of the stack wants to see said. All of them take
// effect without a restart.
//   - https://learn.microsoft.com/azure/postgresql/flexible-server/concepts-networking-ssl-tls
//   - https://learn.microsoft.com/azure/postgresql/flexible-server/concepts-logging
//   - https://learn.microsoft.com/azure/postgresql/flexible-server/server-parameters-table-reporting-and-logging-what-to-log
var databaseParameters = []struct{ name, value string }{
	{"require_secure_transport", "on"},
	{"ssl_min_protocol_version", "TLSv1.2"},
	{"connection_throttle.enable", "on"}, // addresses that fail to sign in over and over
	{"log_connections", "on"},
	{"log_disconnections", "on"},
	{"log_checkpoints", "on"},
	{"log_lock_waits", "on"},
	{"log_statement", "ddl"},
	{"log_min_duration_statement", "1000"}, // milliseconds
	{"idle_in_transaction_session_timeout", "600000"},
}

// When Azure may maintain the server: on Sunday, 05:00 UTC. Azure ignores it in the request that creates a server, so `up` says it once more
// (cli/azurecloud).
// https://learn.microsoft.com/azure/postgresql/flexible-server/concepts-maintenance
const (
	// MaintenanceDay is the day of the week; 0 is Sunday.
	MaintenanceDay = 0
	// MaintenanceHour is when it begins, in UTC.
	MaintenanceHour = 5
)

// chosenByAzure are the zones of a server and its standby, which change places in a failover. A state that was refreshed after one holds
// them, and without this the next update would replace the server to take them out.
// https://learn.microsoft.com/azure/reliability/reliability-postgresql-flexible-server#availability-zone-support
var chosenByAzure = []string{"availabilityZone", "highAvailability.standbyAvailabilityZone"}

// grown is the size of the disk in GiB: the configured one, or what it has grown to by itself, since an update says it and Azure refuses
// one that is smaller.
// https://learn.microsoft.com/azure/postgresql/flexible-server/concepts-storage#storage-autogrow
func (p *Platform) grown(ctx *pulumi.Context, configured int) pulumi.IntOutput {
	return p.global(63, "-").ApplyT(func(name string) (int, error) {
		var found struct {
			Storage struct {
				StorageSizeGB int `pulumi:"storageSizeGB"`
			} `pulumi:"storage"`
		}
		args := struct {
			ResourceGroupName string `pulumi:"resourceGroupName"`
			ServerName        string `pulumi:"serverName"`
		}{p.groupName(), name}
		err := ctx.Invoke("azure-native:dbforpostgresql/v20240801:getServer", &args, &found, pulumi.Parent(p), pulumi.Provider(p.cloud))
		if err != nil && !absent(err) {
			return 0, fmt.Errorf("asking for the size of the database's disk: %w", err)
		}
		return max(configured, found.Storage.StorageSizeGB), nil
	}).(pulumi.IntOutput)
}

// databaseServer makes the server and what belongs to it, and returns it when its parameters are set.
//
// The disk grows by itself when it is nearly full. Deletion protection is asked of Azure, by a lock that holds against everybody, and of
// Pulumi, which stops a destroy or a replacement before anything else of the stack is gone. Turning database.deletionProtection off
// and running an update lifts both. The zones of the server and its standby are Azure's choice: not every zone of a region has every
// machine.
//   - https://learn.microsoft.com/azure/postgresql/flexible-server/concepts-storage#storage-autogrow
//   - https://learn.microsoft.com/azure/postgresql/flexible-server/concepts-maintenance
//   - https://learn.microsoft.com/azure/postgresql/flexible-server/concepts-backup-restore
//   - https://learn.microsoft.com/azure/azure-resource-manager/management/lock-resources
func (p *Platform) databaseServer(ctx *pulumi.Context, name, sku string, password pulumi.StringOutput, a components.DatabaseArgs, opts []pulumi.ResourceOption) (*databaseServer, error) {
	zone, err := p.privateDNS(ctx, name, pulumi.String(p.fixed("", 40)+".private.postgres.database.azure.com"), opts)
	if err != nil {
		return nil, err
	}
	tier, _ := databaseTier(sku)
	mode := "Disabled"
	if a.HA {
		mode = "ZoneRedundant"
	}
	auth := databaseAuth{ActiveDirectoryAuth: enabled(p.settings.EntraAdmin.ID != ""), PasswordAuth: "Enabled"}
	if p.settings.EntraAdmin.ID != "" {
		auth.TenantID = &p.tenant
	}
	server, err := create(ctx, "dbforpostgresql:Server", name, &databaseServerArgs{
		ResourceGroupName: p.group, ServerName: p.global(63, "-").ToStringPtrOutput(),
		AdministratorLogin: databaseUser, AdministratorLoginPassword: password, AuthConfig: auth, Version: a.Version,
		Sku:               databaseSKU{Name: sku, Tier: tier},
		Storage:           pulumi.Map{"storageSizeGB": p.grown(ctx, a.StorageGiB), "autoGrow": pulumi.String("Enabled")},
		Backup:            databaseBackup{BackupRetentionDays: a.BackupDays, GeoRedundantBackup: enabled(p.settings.GeoBackup)},
		HighAvailability:  databaseAvailability{Mode: mode},
		MaintenanceWindow: databaseWindow{CustomWindow: "Enabled", DayOfWeek: MaintenanceDay, StartHour: MaintenanceHour},
		Network: pulumi.Map{
			"delegatedSubnetResourceId": p.network.database, "privateDnsZoneArmResourceId": zone, "publicNetworkAccess": pulumi.String("Disabled"),
		},
	}, &databaseServer{}, p.cloudOpts(opts, pulumi.Protect(a.DeletionProtection), pulumi.IgnoreChanges(chosenByAzure)))
	if err != nil {
		return nil, err
	}
	ready, err := p.setUpServer(ctx, name, server, opts)
	if err != nil {
		return nil, err
	}
	if a.DeletionProtection {
		if _, err := authorization.NewManagementLockByScope(ctx, name, &authorization.ManagementLockByScopeArgs{
			LockName: pulumi.String("slipway"), Scope: server.ID(), Level: pulumi.String("CanNotDelete"),
			Notes: pulumi.String("database.deletionProtection of Slipway " + p.project + "/" + p.stack),
		}, p.cloudOpts(opts, pulumi.DependsOn([]pulumi.Resource{ready}))...); err != nil {
			return nil, fmt.Errorf("locking the database: %w", err)
		}
	}
	server.FullyQualifiedDomainName = after(ctx, server.FullyQualifiedDomainName, ready)
	return server, p.diagnose(ctx, name, server.ID(), true, true, opts)
}

// setUpServer sets the parameters and the administrator in Entra ID, one after the other, since a server that changes something refuses
// the next change. It returns the last one.
// https://learn.microsoft.com/azure/postgresql/flexible-server/how-to-configure-sign-in-azure-ad-authentication
func (p *Platform) setUpServer(ctx *pulumi.Context, name string, server *databaseServer, opts []pulumi.ResourceOption) (pulumi.Resource, error) {
	var last pulumi.Resource = server
	for _, row := range databaseParameters {
		made, err := create(ctx, "dbforpostgresql:Configuration", name+"-"+row.name, &databaseParameterArgs{
			ResourceGroupName: p.group, ServerName: server.Name, ConfigurationName: row.name, Source: "user-override", Value: row.value,
		}, &databaseParameter{}, p.cloudOpts(opts, pulumi.DependsOn([]pulumi.Resource{last})))
		if err != nil {
			return nil, err
		}
		last = made
	}
	if admin := p.settings.EntraAdmin; admin.ID != "" {
		made, err := create(ctx, "dbforpostgresql:Administrator", name, &databaseAdministratorArgs{
			ResourceGroupName: p.group, ServerName: server.Name, ObjectID: admin.ID, PrincipalName: admin.Name, PrincipalType: admin.Kind, TenantID: p.tenant,
		}, &databaseAdministrator{}, p.cloudOpts(opts, pulumi.DependsOn([]pulumi.Resource{last})))
		if err != nil {
			return nil, err
		}
		last = made
	}
	return last, nil
}

var serverSKU = regexp.MustCompile(`^Standard_([BDE])(\d+)[a-z]*(_v\d)?$`)

// databaseTier is the tier of a SKU and what it sets max_connections to, or 0 for what is no SKU. That is 429 for each core of a
// general machine and 859 of one with more memory, but for the smallest burstable ones.
// https://learn.microsoft.com/azure/postgresql/flexible-server/concepts-limits#maximum-connections
func databaseTier(sku string) (string, int) {
	parts := serverSKU.FindStringSubmatch(sku)
	if parts == nil {
		return "", 0
	}
	cores, err := strconv.Atoi(parts[2])
	if err != nil || cores < 1 {
		return "", 0
	}
	small := map[string]int{"Standard_B1ms": 50, "Standard_B2s": 429, "Standard_B2ms": 859}[sku]
	switch parts[1] {
	case "B":
		if small == 0 {
			small = min(430*cores, 5000)
		}
		return "Burstable", small
	case "D":
		return "GeneralPurpose", min(429*cores, 5000)
	}
	return "MemoryOptimized", min(859*cores, 5000)
}

package gcp

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/sql"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/providers/gcp/spec"
)

const (
	// databaseComponent is what the composition calls the database.
	databaseComponent = "database"
	databaseUser      = "slipway" // the master; nothing but dbinit uses it
	// reservedConnections are those that the app does not get: Cloud SQL's own, dbinit's and a person's.
	reservedConnections = 10
)

// databaseSizes are shared cores where that is enough. Those have no SLA.
// https://cloud.google.com/sql/docs/postgres/create-instance#machine-types
var databaseSizes = []machineRow{
	{"small", "db-f1-micro", "db-custom-1-3840"},
	{"medium", "db-g1-small", "db-custom-2-7680"},
	{"large", "db-custom-1-3840", "db-custom-4-15360"},
}

// RunDatabase runs PostgreSQL on Cloud SQL: with a private address only, TLS demanded, encrypted with the stack's key if there is one.
// It fails on a size, version, storage or retention that Cloud SQL does not have.
//
// The server's certificate names the instance, not its address, and is signed by a root that the instance has for itself. So the URL asks
// for verify-ca: whoever shows a certificate of that root is that instance.
//   - https://cloud.google.com/sql/docs/postgres
//   - https://cloud.google.com/sql/docs/postgres/configure-ssl-instance
//   - https://cloud.google.com/sql/docs/postgres/authorize-ssl
func (p *Platform) RunDatabase(ctx *pulumi.Context, name string, a components.DatabaseArgs, opts ...pulumi.ResourceOption) (components.DatabaseState, error) {
	none := components.DatabaseState{}
	tier := p.machine(databaseSizes, a.Size)
	connections, err := checkDatabase(tier, a)
	if err != nil {
		return none, err
	}
	instance, err := p.databaseInstance(ctx, name, tier, connections, a, opts)
	if err != nil {
		return none, err
	}
	master, err := p.masterSecret(ctx, name, instance, opts)
	if err != nil {
		return none, err
	}
	app, err := p.password(ctx, name+"-app", 32, opts)
	if err != nil {
		return none, err
	}
	appSecret, err := p.storeSecret(ctx, name+"-app-password", app, []identity{p.init}, opts)
	if err != nil {
		return none, err
	}
	role := a.Name + "_app" // never the master's own name
	url, err := p.storeSecret(ctx, name+"-url", pulumi.Sprintf("postgres://%s:%s@%s:%d/%s?sslmode=verify-ca", role, app, instance.PrivateIpAddress, databasePort, a.Name), []identity{p.run}, opts)
	if err != nil {
		return none, err
	}
	ca := certificates(instance.ServerCaCerts.ApplyT(func(all []sql.DatabaseInstanceServerCaCert) []string {
		var out []string
		for _, one := range all {
			out = append(out, known(one.Cert))
		}
		return out
	}).(pulumi.StringArrayOutput))
	return components.DatabaseState{
		Endpoint: pulumi.Sprintf("%s:%d", instance.PrivateIpAddress, databasePort),
		URL:      url,
		CA:       ca,
		Init: components.InitStep{
			Name:  "dbinit",
			Image: a.Bootstrap,
			Env: map[string]pulumi.StringInput{
				"DATABASE_HOST": instance.PrivateIpAddress, "DATABASE_PORT": pulumi.String(strconv.Itoa(databasePort)), "DATABASE_NAME": pulumi.String("postgres"),
				"DATABASE_CA": ca, "DATABASE_SSLMODE": pulumi.String("verify-ca"),
				"APP_ROLE": pulumi.String(role), "APP_DATABASE": pulumi.String(a.Name), "APP_CONNECTION_LIMIT": pulumi.String(strconv.Itoa(connections - reservedConnections)),
			},
			Secrets: map[string]components.SecretRef{"MASTER_SECRET": master, "APP_PASSWORD": appSecret},
		},
		Scope: components.Scope{
			scopeDatabase:    pulumi.Sprintf("%s:%s", p.account, instance.Name),
			scopeConnections: pulumi.String(strconv.Itoa(connections)).ToStringOutput(),
			scopeStorage:     pulumi.String(strconv.Itoa(a.StorageGiB)).ToStringOutput(),
		},
	}, nil
}

// masterSecret makes the user that makes the app's role, and keeps its password for dbinit's account alone. A user that owns something
// can't be deleted, so it ends with the instance.
//   - https://cloud.google.com/sql/docs/postgres/users
//   - https://www.pulumi.com/registry/packages/gcp/api-docs/sql/user/
func (p *Platform) masterSecret(ctx *pulumi.Context, name string, instance *sql.DatabaseInstance, opts []pulumi.ResourceOption) (components.SecretRef, error) {
	none := components.SecretRef{}
	password, err := p.password(ctx, name+"-master", 32, opts)
	if err != nil {
		return none, err
	}
	user, err := sql.NewUser(ctx, p.name(name, longest), &sql.UserArgs{
		Instance: instance.Name, Project: pulumi.String(p.account), Name: pulumi.String(databaseUser), Type: pulumi.String("BUILT_IN"),
		Password: password, DeletionPolicy: pulumi.String("ABANDON"),
	}, p.cloudOpts(opts)...)
	if err != nil {
		return none, fmt.Errorf("creating the database's master: %w", err)
	}
	secret := pulumi.JSONMarshal(pulumi.StringMap{"username": user.Name, "password": password})
	return p.storeSecret(ctx, name+"-master", secret, []identity{p.init}, opts)
}

// checkDatabase refuses what Cloud SQL does not have, and returns the instance's max_connections: it is set, not left to Cloud SQL, as the
// alarm on connections needs to know it.
func checkDatabase(tier string, a components.DatabaseArgs) (int, error) {
	connections := spec.MaxConnections(tier)
	switch {
	case connections == 0:
		return 0, components.Unsupported("gcp", "database.size", fmt.Sprintf("%q is none of small, medium, large, %s", a.Size, spec.TierRule))
	case !slices.Contains(spec.PostgresVersions, a.Version):
		return 0, components.Unsupported("gcp", "database.version", fmt.Sprintf("%q is none of %s", a.Version, strings.Join(spec.PostgresVersions, ", ")))
	case a.StorageGiB < spec.SmallestDisk || a.StorageGiB > spec.LargestDisk:
		return 0, components.Unsupported("gcp", "database.storage", fmt.Sprintf("%d GiB is not between %d and %d", a.StorageGiB, spec.SmallestDisk, spec.LargestDisk))
	case a.BackupDays > spec.LongestBackup:
		return 0, components.Unsupported("gcp", "database.backupDays", fmt.Sprintf("%d days are more than %d", a.BackupDays, spec.LongestBackup))
	case a.HA && a.BackupDays == 0:
		return 0, components.Unsupported("gcp", "database.ha", "a standby needs backups and point-in-time recovery, and database.backupDays is 0")
	}
	return connections, nil
}

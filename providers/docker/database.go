package docker

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-docker/sdk/v4/go/docker"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

const (
	databaseVersion = "17" // what Debian 13 ships
	databaseHost    = "database.slipway.internal"
	databaseUser    = "10002:10002"
	superuser       = "slipway"
	monitorRole     = "slipway_monitor"

	// A replacement runs old and new replicas side by side (docs/adr/0006-replacement-on-docker.md), each with its pool: twice 8
	// replicas with 10 connections, and some left for migrations, monitoring and the superuser.
	databaseConnections = "200"
	appConnections      = "160"

	scopeMonitor = "monitor" // how Prometheus reaches what it watches
)

// resources are the limits of a container.
type resources struct {
	memoryMiB int
	cpus      float64
}

var databaseSizes = map[string]resources{
	"small":  {512, 1},
	"medium": {1024, 2},
	"large":  {4096, 4},
}

// RunDatabase runs PostgreSQL with its data on a named volume. Volume and superuser password are protected: destroying the stack
// keeps both, and the next up goes on with them. TLS is forced; the port is not published.
// https://www.postgresql.org/docs/17/ssl-tcp.html
func (p *Platform) RunDatabase(ctx *pulumi.Context, name string, a components.DatabaseArgs, opts ...pulumi.ResourceOption) (components.DatabaseState, error) {
	none := components.DatabaseState{}
	limits, err := p.checkDatabase(a)
	if err != nil {
		return none, err
	}
	image, err := p.platformImage(ctx, "postgres")
	if err != nil {
		return none, err
	}
	master, err := p.password(ctx, name+"-superuser", opts, pulumi.Protect(true))
	if err != nil {
		return none, err
	}
	app, err := p.password(ctx, name+"-app", opts)
	if err != nil {
		return none, err
	}
	monitor, err := p.password(ctx, name+"-monitor", opts)
	if err != nil {
		return none, err
	}
	server, err := p.newLeaf(ctx, name, []string{databaseHost}, nil, opts)
	if err != nil {
		return none, err
	}
	data, err := p.volume(ctx, name+"-data", "database", true, opts)
	if err != nil {
		return none, err
	}
	config, err := p.volume(ctx, name+"-config", "database", false, opts)
	if err != nil {
		return none, err
	}
	_, err = p.runContainer(ctx, container{
		name: name, component: "database", image: image, user: databaseUser, aliases: []string{databaseHost},
		memoryMiB: limits.memoryMiB, cpus: limits.cpus, grace: 60,
		env:    map[string]pulumi.StringInput{"POSTGRES_DATABASE": pulumi.String(a.Name), "POSTGRES_MAX_CONNECTIONS": pulumi.String(databaseConnections)},
		mounts: []docker.ContainerMountInput{mount(data, "/var/lib/postgresql/data"), mount(config, "/config")},
		tmpfs: map[string]string{
			"/run/postgresql": "rw,noexec,nosuid,nodev,size=16m,uid=10002,gid=10002,mode=0700",
			"/tmp":            "rw,noexec,nosuid,nodev,size=64m,mode=1777",
		},
		files:  map[string]pulumi.StringInput{"/config/superuser-password": master, "/config/tls.crt": server.cert, "/config/tls.key": server.key},
		health: []string{"/slipway/health"}, signal: "SIGINT",
	}, opts...)
	if err != nil {
		return none, err
	}
	role := a.Name + "_app" // never the superuser's own name
	hostPort := databaseHost + ":5432"
	verify := url.Values{"sslmode": {"verify-full"}}
	return components.DatabaseState{
		Endpoint: pulumi.String(hostPort).ToStringOutput(),
		URL:      components.SecretRef{StringOutput: connectionURL("postgres", role, app, hostPort, a.Name, verify)},
		CA:       p.authority.cert,
		Init: components.InitStep{
			Name:  "dbinit",
			Image: a.Bootstrap,
			Env: map[string]pulumi.StringInput{
				"DATABASE_CA": p.authority.cert, "APP_ROLE": pulumi.String(role), "APP_DATABASE": pulumi.String(a.Name), "MONITOR_ROLE": pulumi.String(monitorRole),
				"APP_CONNECTION_LIMIT": pulumi.String(appConnections),
			},
			Secrets: map[string]components.SecretRef{
				"MASTER_URL":       {StringOutput: connectionURL("postgres", superuser, master, hostPort, "postgres", verify)},
				"APP_PASSWORD":     {StringOutput: app},
				"MONITOR_PASSWORD": {StringOutput: monitor},
			},
		},
		Scope: components.Scope{
			scopeMonitor: connectionURL("postgresql", monitorRole, monitor, hostPort, a.Name, url.Values{"sslmode": {"verify-full"}, "sslrootcert": {"/config/ca.crt"}}),
		},
	}, nil
}

func (p *Platform) checkDatabase(a components.DatabaseArgs) (resources, error) {
	limits, ok := databaseSizes[a.Size]
	switch {
	case !ok:
		return limits, components.Unsupported("docker", "database.size", fmt.Sprintf("%q is a machine type; choose one of %s", a.Size, strings.Join(slices.Sorted(maps.Keys(databaseSizes)), ", ")))
	case a.Version != databaseVersion:
		return limits, components.Unsupported("docker", "database.version", fmt.Sprintf("the local image has PostgreSQL %s, asked for is %s", databaseVersion, a.Version))
	case a.HA:
		return limits, components.Unsupported("docker", "database.ha", "one host has no second zone")
	case a.BackupDays > 0:
		return limits, components.Unsupported("docker", "database.backupDays", "the data lies on a volume of this host; back it up with pg_dump")
	case a.DeletionProtection:
		return limits, components.Unsupported("docker", "database.deletionProtection", "the data is kept unless destroy is given --delete-data")
	}
	return limits, nil
}

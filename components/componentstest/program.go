package componentstest

import (
	"fmt"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// App is the name that the suite gives the app: the longest that configuration allows.
const App = "forty-characters-make-the-longest-of-all"

const (
	configSecret  = "a-secret-of-the-configuration-4f1c9d"
	webhookSecret = "https://hooks.example.com/a-secret-path-8e21b7"
	probeType     = "slipway:test:Probe"
)

// Args are the arguments of every component that the suite makes. What links them (references, scopes) is filled in.
type Args struct {
	Image       components.ImageArgs
	Secret      components.SecretArgs
	Database    components.DatabaseArgs
	Cache       components.CacheArgs
	Service     components.ServiceArgs
	Certificate components.CertificateArgs
	Edge        components.EdgeArgs
	Alarm       components.AlarmArgs
	Dashboard   components.DashboardArgs
}

// typical returns what every cloud can do.
func typical(source string) Args {
	rows := components.Signals(nil)
	return Args{
		Image:    components.ImageArgs{Context: source, Version: "0123456789ab"},
		Secret:   components.SecretArgs{Value: pulumi.String(configSecret)},
		Database: components.DatabaseArgs{Name: "links_and_more", Version: "17"},
		Service: components.ServiceArgs{
			App: App, Port: 8080, CPU: 0.5, MemoryMiB: 1024, MinReplicas: 2, MaxReplicas: 2,
			Tracks: []components.Track{
				{Slot: components.Blue, Version: "0123456789ab", Weight: 90},
				{Slot: components.Green, Version: "ba9876543210", Weight: 10},
			},
			Migrate: []string{"migrate"},
			Gates:   gates(rows),
			Env:     map[string]pulumi.StringInput{"GREETING": pulumi.String("hello")},
		},
		Certificate: components.CertificateArgs{Domain: "links.example.com", Zone: "example.com"},
		Edge:        components.EdgeArgs{Domain: "links.example.com", Zone: "example.com", RateLimit: 600},
		Alarm:       components.AlarmArgs{Signals: rows, Emails: []string{"oncall@example.com"}, Webhook: pulumi.ToSecret(pulumi.String(webhookSecret)).(pulumi.StringOutput)},
		Dashboard:   components.DashboardArgs{Signals: rows},
	}
}

// gates are the rows that can undo a deployment.
func gates(rows []components.Signal) []components.Signal {
	return slices.DeleteFunc(slices.Clone(rows), func(s components.Signal) bool { return !s.Gate })
}

// deploy makes every component, one after the other, and registers what they give back with a probe.
func (a Args) deploy(ctx *pulumi.Context, p components.Platform) error {
	parent := pulumi.Parent(p)
	probe := pulumi.Map{}
	image, err := components.NewImage(ctx, p, App, a.Image, parent)
	if err != nil {
		return err
	}
	probe["image.ref"] = image.Ref.StringOutput
	secret, err := components.NewSecret(ctx, p, "EXTRA_SECRET", a.Secret, parent)
	if err != nil {
		return err
	}
	probe["secret.ref"] = secret.Ref.StringOutput
	a.Service.Secrets = map[string]components.SecretRef{"EXTRA_SECRET": secret.Ref}
	scopes, err := a.stores(ctx, p, image.Ref, probe)
	if err != nil {
		return err
	}
	for i := range a.Service.Tracks {
		a.Service.Tracks[i].Image = image.Ref
	}
	certificate, err := components.NewCertificate(ctx, p, "certificate", a.Certificate, parent)
	if err != nil {
		return err
	}
	a.Service.Certificate = certificate.Ref
	service, err := components.NewService(ctx, p, App, a.Service, parent)
	if err != nil {
		return err
	}
	scopes.Service = service.Scope
	probe["certificate.ref"], probe["certificate.ca"] = certificate.Ref.StringOutput, certificate.CA
	a.Edge.Service, a.Edge.Certificate = service.Scope, certificate.Ref
	a.Edge.Tracks, a.Edge.Ready = a.Service.Tracks, service.Ready
	edge, err := components.NewEdge(ctx, p, "edge", a.Edge, parent)
	if err != nil {
		return err
	}
	probe["edge.url"], scopes.Edge = edge.URL, edge.Scope
	if edge.SlotKey != (pulumi.StringOutput{}) {
		probe["edge.slotKey"] = edge.SlotKey
	}
	a.Alarm.Scopes = scopes
	alarm, err := components.NewAlarm(ctx, p, "alarm", a.Alarm, parent)
	if err != nil {
		return err
	}
	a.Dashboard.Scopes, a.Dashboard.Alarm = scopes, alarm.Scope
	dashboard, err := components.NewDashboard(ctx, p, "dashboard", a.Dashboard, parent)
	if err != nil {
		return err
	}
	probe["dashboard.url"] = dashboard.URL
	for name, scope := range map[string]components.Scope{"service": scopes.Service, "database": scopes.Database, "cache": scopes.Cache, "edge": scopes.Edge, "alarm": alarm.Scope} {
		entries := pulumi.Map{}
		for k, v := range scope {
			entries[k] = v
		}
		probe[name+".scope"] = entries
	}
	return ctx.RegisterResource(probeType, "probe", probe, &pulumi.CustomResourceState{}, parent)
}

// stores makes the database and the cache and gives the service what it needs of them.
func (a *Args) stores(ctx *pulumi.Context, p components.Platform, bootstrap components.ImageRef, probe pulumi.Map) (components.Scopes, error) {
	a.Database.Bootstrap = bootstrap
	database, err := components.NewDatabase(ctx, p, "database", a.Database, pulumi.Parent(p))
	if err != nil {
		return components.Scopes{}, err
	}
	cache, err := components.NewCache(ctx, p, "cache", a.Cache, pulumi.Parent(p))
	if err != nil {
		return components.Scopes{}, err
	}
	if database.Init.Name == "" {
		return components.Scopes{}, fmt.Errorf("the database has no init step: nothing makes the app's role")
	}
	probe["database.endpoint"], probe["database.url"], probe["database.ca"] = database.Endpoint, database.URL.StringOutput, database.CA
	probe["database.init"] = database.Init.Image.StringOutput
	probe["cache.endpoint"], probe["cache.url"], probe["cache.ca"] = cache.Endpoint, cache.URL.StringOutput, cache.CA
	a.Service.Init = append(a.Service.Init, database.Init)
	a.Service.Secrets["DATABASE_URL"], a.Service.Secrets["CACHE_URL"] = database.URL, cache.URL
	env := map[string]pulumi.StringInput{"DATABASE_CA": database.CA, "CACHE_CA": cache.CA}
	for k, v := range a.Service.Env {
		env[k] = v
	}
	a.Service.Env = env
	return components.Scopes{Database: database.Scope, Cache: cache.Scope}, nil
}

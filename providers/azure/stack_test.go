package azure

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/components/componentstest"
)

// whole is a stack of every component, as stacks.deploy makes it.
type whole struct {
	settings func(*Settings)
	database components.DatabaseArgs
	edge     components.EdgeArgs
	webhook  pulumi.StringInput
	rows     []components.Signal
}

// recorded runs a stack in production with a domain, or one that is changed.
func recorded(t *testing.T, settings func(*Settings), change func(*whole)) *componentstest.Recording {
	t.Helper()
	w := defaultWhole(settings)
	if change != nil {
		change(&w)
	}
	r, err := w.record()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// defaultWhole is a stack in production with a domain.
func defaultWhole(settings func(*Settings)) whole {
	return whole{
		settings: settings, rows: components.Signals(nil),
		database: components.DatabaseArgs{Name: "links", Version: "16", Size: "small", StorageGiB: 32, HA: true, BackupDays: 14, DeletionProtection: true},
		edge:     components.EdgeArgs{Domain: "links.example.com", Zone: "example.com", RateLimit: 600, WAF: true},
	}
}

func (w whole) record(more ...componentstest.Output) (*componentstest.Recording, error) {
	outputs := append(append(testAnswers(), more...), componentstest.Output{Type: functionOf + "ContainerApp", Property: "latestReadyRevisionName", Value: "links-production--s1-0a1b2c3d"})
	return componentstest.Record(func(ctx *pulumi.Context) error {
		p, err := platformWith(w.settings)(ctx, "links")
		if err != nil {
			return err
		}
		parent := pulumi.Parent(p)
		w.database.Bootstrap = at("blue", 1, 100).Image
		database, err := components.NewDatabase(ctx, p, "database", w.database, parent)
		if err != nil {
			return err
		}
		cache, err := components.NewCache(ctx, p, "cache", components.CacheArgs{HA: true}, parent)
		if err != nil {
			return err
		}
		certificate, err := components.NewCertificate(ctx, p, "certificate", components.CertificateArgs{Domain: w.edge.Domain, Zone: w.edge.Zone}, parent)
		if err != nil {
			return err
		}
		service, err := components.NewService(ctx, p, "links", components.ServiceArgs{
			App: "links", Port: 8080, CPU: 0.5, MemoryMiB: 1024, MinReplicas: 2, MaxReplicas: 2, Tracks: tracks{at("blue", 1, 100)}, Init: []components.InitStep{database.Init}, Migrate: []string{"migrate"},
			Secrets: map[string]components.SecretRef{"DATABASE_URL": database.URL, "CACHE_URL": cache.URL},
		}, parent)
		if err != nil {
			return err
		}
		w.edge.Service, w.edge.Certificate = service.Scope, certificate.Ref
		edge, err := components.NewEdge(ctx, p, "edge", w.edge, parent)
		if err != nil {
			return err
		}
		ctx.Export("url", edge.URL)
		scopes := components.Scopes{Service: service.Scope, Database: database.Scope, Cache: cache.Scope, Edge: edge.Scope}
		alarm, err := components.NewAlarm(ctx, p, "alarm", components.AlarmArgs{Signals: w.rows, Scopes: scopes, Emails: []string{"b@example.com", "a@example.com", "a@example.com"}, Webhook: w.webhook}, parent)
		if err != nil {
			return err
		}
		dashboard, err := components.NewDashboard(ctx, p, "dashboard", components.DashboardArgs{Signals: w.rows, Scopes: scopes, Alarm: alarm.Scope}, parent)
		if err != nil {
			return err
		}
		ctx.Export("dashboard", dashboard.URL)
		return nil
	}, componentstest.Options{Outputs: outputs})
}

package stacks

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// Program is the Pulumi program of one cloud: the composition below over that cloud's drivers.
type Program struct {
	// Cloud is the only value of the key cloud that this program deploys.
	Cloud Cloud
	// Platform makes the cloud's drivers. root is the absolute path of Pulumi.yaml's folder.
	Platform func(ctx *pulumi.Context, root string, c Config) (components.Platform, error)
	// Doors says that a stack which gets a domain serves by both, the platform's own host name and the domain, until another update: a
	// certificate takes time. Default false: the way that the name takes comes up with its certificate.
	Doors bool
}

// Run is the program as the Pulumi engine starts it: configuration and folder come from the engine.
func (p Program) Run(ctx *pulumi.Context) error {
	in, err := InputFromContext(ctx)
	if err != nil {
		return err
	}
	// By the same name as the command line has it, whichever links lead there: it is the build context of images.
	root, err := filepath.EvalSymlinks(ctx.RootDirectory())
	if err != nil {
		return fmt.Errorf("finding the project: %w", err)
	}
	return p.Inline(root, in)(ctx)
}

// Inline is the program for Pulumi's Automation API, which does not tell a program all of its configuration keys.
func (p Program) Inline(root string, in Input) pulumi.RunFunc {
	in.Root = root
	return func(ctx *pulumi.Context) error {
		c, err := Load(in)
		if err != nil {
			return err
		}
		if c.Cloud != p.Cloud {
			return fmt.Errorf("this program deploys to %s, and the stack is for %s: run it through the launcher (go run . or pulumi up)", p.Cloud, c.Cloud)
		}
		violations, warnings := Guardrails(c)
		for _, w := range warnings {
			if err := ctx.Log.Warn(w.String(), nil); err != nil {
				return err
			}
		}
		if len(violations) > 0 {
			return violationError(violations)
		}
		last, where, err := readOutputs(ctx, in.Exports)
		if err != nil {
			return err
		}
		c.Opening = p.Doors && last.Deployed() && where.Stack != "" && where.Door == "" && c.Domain.Name != ""
		// Before anything is made: what is refused changes nothing. A plan tells it with everything else.
		if err := where.Leaves(PlacementOf(c)); err != nil && !in.Simulated {
			return err
		}
		v, err := newVersions(root, c, last, in.Transition)
		if err != nil {
			return err
		}
		platform, err := p.Platform(ctx, root, c)
		if err != nil {
			return err
		}
		return deploy(ctx, platform, root, c, v, in.Exports)
	}
}

// deploy is the whole stack on one page.
func deploy(ctx *pulumi.Context, p components.Platform, root string, c Config, v versions, out *Exports) error {
	parent := pulumi.Parent(p)
	if err := tellBehind(ctx, c, v); err != nil {
		return err
	}
	app, err := components.NewImage(ctx, p, c.App.Name, v.source, parent)
	if err != nil {
		return err
	}
	tracks := v.tracks(app.Ref)
	service := components.ServiceArgs{
		App:         c.App.Name,
		Tracks:      tracks,
		Port:        c.App.Port,
		CPU:         c.App.CPU,
		MemoryMiB:   c.App.Memory.MiB(),
		MinReplicas: c.App.Replicas.Min,
		MaxReplicas: c.App.Replicas.Max,
		HealthPath:  c.App.HealthPath,
		ReadyPath:   c.App.ReadyPath,
		Migrate:     c.App.Migrate,
		Gates:       gates(c),
		Env:         map[string]pulumi.StringInput{},
		Secrets:     map[string]components.SecretRef{},
	}
	// OpenTelemetry's own variables: every SDK reads them. https://opentelemetry.io/docs/languages/sdk-configuration/general/
	service.Env["OTEL_SERVICE_NAME"] = pulumi.String(c.App.Name)
	service.Env["OTEL_TRACES_SAMPLER"] = pulumi.String("parentbased_traceidratio")
	service.Env["OTEL_TRACES_SAMPLER_ARG"] = pulumi.String(strconv.FormatFloat(c.Traces.SampleRatio, 'f', -1, 64))
	for name, value := range c.App.Env {
		service.Env[name] = pulumi.String(value)
	}
	for name, value := range c.Secrets {
		s, err := components.NewSecret(ctx, p, name, components.SecretArgs{Value: pulumi.String(value.Reveal())}, parent)
		if err != nil {
			return err
		}
		service.Secrets[name] = s.Ref
	}
	scopes, err := dataStores(ctx, p, root, c, &service, out)
	if err != nil {
		return err
	}
	certificate, err := components.NewCertificate(ctx, p, "certificate", components.CertificateArgs{Domain: c.Domain.Name, Zone: c.Domain.Zone}, parent)
	if err != nil {
		return err
	}
	service.Certificate = certificate.Ref
	svc, err := components.NewService(ctx, p, c.App.Name, service, parent)
	if err != nil {
		return err
	}
	scopes.Service, svc.Ready = svc.Scope, v.whole(tracks, svc.ServiceState)
	edge, err := components.NewEdge(ctx, p, "edge", edgeArgs(c, svc, tracks, v.next.Revision, certificate.Ref), parent)
	if err != nil {
		return err
	}
	scopes.Edge = edge.Scope
	dashboard, err := observe(ctx, p, c, scopes)
	if err != nil {
		return err
	}
	live := v.live(tracks)
	out.export(ctx, "url", edge.URL)
	out.export(ctx, "image", live.Image.StringOutput)
	out.export(ctx, "version", pulumi.String(live.Version))
	out.export(ctx, "dashboard", dashboard.URL)
	out.export(ctx, "ca", certificate.CA)
	if edge.SlotKey != (pulumi.StringOutput{}) {
		out.export(ctx, "slotKey", pulumi.ToSecret(edge.SlotKey))
	}
	if svc.Health != nil {
		out.export(ctx, "health", svc.Health.Map())
	}
	place, err := PlacementOf(c).text()
	if err != nil {
		return err
	}
	released := v.text(tracks, svc.Ready, edge.Ready)
	out.export(ctx, "release", released)
	// Like the release, it is written when all is there.
	out.export(ctx, "placement", released.ApplyT(func(string) string { return place }))
	return nil
}

// edgeArgs describes the front door of a service.
func edgeArgs(c Config, s *components.Service, tracks []components.Track, revision int, certificate components.CertificateRef) components.EdgeArgs {
	return components.EdgeArgs{
		Service: s.Scope, Tracks: tracks, Ready: s.Ready, Revision: revision, Certificate: certificate, Domain: c.Domain.Name, Zone: c.Domain.Zone,
		RateLimit: c.Edge.RateLimit, WAF: c.Edge.WAF, CachePaths: c.Edge.CDN,
		WAFMode: components.WAFMode(c.Edge.WAFMode), WAFExclusions: c.Edge.WAFExclusions, BodyLimit: c.Edge.BodyLimit.Bytes(),
		HSTS: components.HSTS{MaxAge: c.Edge.HSTS.MaxAge, IncludeSubdomains: c.Edge.HSTS.IncludeSubdomains},
	}
}

// tellBehind says that the source is at another version than this update deploys.
func tellBehind(ctx *pulumi.Context, c Config, v versions) error {
	version, behind := v.behind()
	if !behind {
		return nil
	}
	return ctx.Log.Info(fmt.Sprintf("The app is deployed by `go run . rollout start` (rollout.strategy is %s): version %s of the source is not touched by this update, which is for everything else.", c.Rollout.Strategy, version), nil)
}

// dataStores makes the database and the cache, and gives their addresses to the service.
func dataStores(ctx *pulumi.Context, p components.Platform, root string, c Config, service *components.ServiceArgs, out *Exports) (components.Scopes, error) {
	var scopes components.Scopes
	parent := pulumi.Parent(p)
	if c.Database.Enabled {
		source := filepath.Join(root, "dbinit")
		version, err := components.ContentHash(source, "Dockerfile")
		if err != nil {
			return scopes, err
		}
		dbinit, err := components.NewImage(ctx, p, "dbinit", components.ImageArgs{Context: source, Version: version}, parent)
		if err != nil {
			return scopes, err
		}
		db, err := components.NewDatabase(ctx, p, "database", components.DatabaseArgs{
			Name: strings.ReplaceAll(c.App.Name, "-", "_"), Bootstrap: dbinit.Ref, Version: strconv.Itoa(c.Database.Version), Size: c.Database.Size,
			StorageGiB: c.Database.Storage.GiB(), HA: c.Database.HA, BackupDays: c.Database.BackupDays, DeletionProtection: c.Database.DeletionProtection,
		}, parent)
		if err != nil {
			return scopes, err
		}
		service.Secrets["DATABASE_URL"], service.Env["DATABASE_CA"] = db.URL, db.CA
		service.Init = append(service.Init, db.Init)
		scopes.Database = db.Scope
		out.export(ctx, "databaseEndpoint", db.Endpoint)
	}
	if c.Cache.Enabled {
		cache, err := components.NewCache(ctx, p, "cache", components.CacheArgs{Size: c.Cache.Size, HA: c.Cache.HA}, parent)
		if err != nil {
			return scopes, err
		}
		service.Secrets["CACHE_URL"], service.Env["CACHE_CA"] = cache.URL, cache.CA
		scopes.Cache = cache.Scope
		out.export(ctx, "cacheEndpoint", cache.Endpoint)
	}
	return scopes, nil
}

// gates are the signals whose breach undoes a deployment.
func gates(c Config) []components.Signal {
	var out []components.Signal
	for _, row := range components.Signals(c.Alerts.Thresholds) {
		if slices.Contains(c.Rollout.Gates, row.ID) {
			out = append(out, row)
		}
	}
	return out
}

// observe makes alarms and dashboard from the same rows.
func observe(ctx *pulumi.Context, p components.Platform, c Config, scopes components.Scopes) (*components.Dashboard, error) {
	rows := components.Signals(c.Alerts.Thresholds)
	args := components.AlarmArgs{Signals: rows, Scopes: scopes, Emails: c.Alerts.Emails}
	if c.Alerts.Webhook != "" {
		args.Webhook = pulumi.ToSecret(pulumi.String(c.Alerts.Webhook.Reveal())).(pulumi.StringOutput)
	}
	alarm, err := components.NewAlarm(ctx, p, "alarm", args, pulumi.Parent(p))
	if err != nil {
		return nil, err
	}
	return components.NewDashboard(ctx, p, "dashboard", components.DashboardArgs{Signals: rows, Scopes: scopes, Alarm: alarm.Scope}, pulumi.Parent(p))
}

func violationError(all []Violation) error {
	errs := []error{errors.New("the stack breaks its guardrails")}
	for _, v := range all {
		errs = append(errs, errors.New("  "+v.String()))
	}
	return errors.Join(errs...)
}

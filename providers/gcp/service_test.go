package gcp

import (
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/components/componentstest"
)

// record runs a part of a stack in production; outputs given here win over those of testAnswers.
func record(program func(*pulumi.Context, *Platform) error, outputs ...componentstest.Output) (*componentstest.Recording, error) {
	return componentstest.Record(func(ctx *pulumi.Context) error {
		s, err := testSettings("links")
		if err != nil {
			return err
		}
		p, err := NewPlatform(ctx, s)
		if err != nil {
			return err
		}
		return program(ctx, p)
	}, componentstest.Options{Outputs: append(testAnswers(), outputs...)})
}

func mustRecord(t *testing.T, program func(*pulumi.Context, *Platform) error, outputs ...componentstest.Output) *componentstest.Recording {
	t.Helper()
	r, err := record(program, outputs...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func plain(text string) pulumi.StringOutput { return pulumi.String(text).ToStringOutput() }

// runService runs a version, and a candidate beside it if share is not negative.
func runService(share int, change func(*components.ServiceArgs)) func(*pulumi.Context, *Platform) error {
	return func(ctx *pulumi.Context, p *Platform) error {
		image := components.ImageRef{StringOutput: plain("europe-west1-docker.pkg.dev/p/links/links@sha256:1")}
		a := components.ServiceArgs{
			App: "links", Port: 8080, CPU: 1, MemoryMiB: 512, MinReplicas: 2, MaxReplicas: 10, Migrate: []string{"migrate"},
			Tracks:  []components.Track{{Slot: components.Blue, Image: image, Version: "0123456789ab", Weight: 100, Sequence: 1}},
			Env:     map[string]pulumi.StringInput{"BOTH": pulumi.String("plain"), "GREETING": pulumi.String("hello"), "CACHE_CA": pulumi.String("root")},
			Secrets: map[string]components.SecretRef{"BOTH": {StringOutput: plain("both/versions/3")}, "CACHE_URL": {StringOutput: plain("cache/versions/1")}},
			Gates:   slices.DeleteFunc(components.Signals(nil), func(s components.Signal) bool { return !s.Gate }),
		}
		if share >= 0 {
			a.Tracks[0].Weight = 100 - share
			a.Tracks = append(a.Tracks, components.Track{Slot: components.Green, Image: image, Version: "ba9876543210", Weight: share, Sequence: 2})
		}
		if change != nil {
			change(&a)
		}
		s, err := components.NewService(ctx, p, "links", a, pulumi.Parent(p))
		if err == nil {
			ctx.Export("health", s.Health.Map())
		}
		return err
	}
}

func serving(share float64) componentstest.Output {
	name := ServiceName("links", componentstest.Stack)
	return componentstest.Output{Type: "gcp:cloudrunv2/getService:getService", Property: "trafficStatuses", Value: []any{
		map[string]any{"tag": "blue", "percent": 100 - share, "revision": name + "-1-" + testHex}, map[string]any{"tag": "green", "percent": share, "revision": name + "-2-" + testHex},
	}}
}

func TestTraffic(t *testing.T) {
	for _, share := range []float64{0, 10, 100} {
		r := mustRecord(t, runService(int(share), nil), serving(share))
		service, _ := r.Find(serviceType, "links")
		for property, want := range map[string][]any{
			"traffics[*].tag": {"blue", "green"}, "traffics[*].percent": {100 - share, share},
			"traffics[*].revision": {"links-production-1-" + testHex, "links-production-2-" + testHex},
			"template.revision":    {"links-production-2-" + testHex}, "scaling.minInstanceCount": nil, "template.scaling.minInstanceCount": {2.0}, // a candidate is warm before its first request

		} {
			if got := service.At(property); !slices.Equal(got, want) {
				t.Errorf("%s is %v, want %v", property, got, want)
			}
		}
	}
}

// What the version before is made of is not touched: Pulumi ignores what the configuration says now.
func TestVersionBeforeIsLeftAlone(t *testing.T) {
	r := mustRecord(t, runService(10, nil), serving(10))
	for name, ignored := range map[string]bool{"revision-blue-1": true, "revision-green-2": false, "migrate-1": true, "migrate-2": false} {
		one, ok := r.Find("random:index/randomId:RandomId", name)
		if !ok || slices.Contains(one.IgnoreChanges, "keepers") != ignored {
			t.Errorf("%s: found %t, ignores %v", name, ok, one.IgnoreChanges)
		}
	}
	before, _ := r.Find(jobType, "migrate-1")
	if !slices.Contains(before.IgnoreChanges, "template") {
		t.Error("the migration of the version before would run again")
	}
}

func TestContainers(t *testing.T) {
	r := mustRecord(t, runService(-1, nil), serving(0))
	service, _ := r.Find(serviceType, "links")
	if got := service.At("template.containers[*].envs[*].name"); slices.Contains(got, "PORT") {
		t.Error("Cloud Run refuses PORT")
	}
	var names []any
	for _, name := range service.At("template.containers[*].envs[*].name") {
		if slices.Contains(names, name) {
			t.Errorf("%s is given twice", name)
		}
		names = append(names, name)
	}
	for _, name := range []string{"BOTH", "GREETING", "CACHE_VERIFY", "TRUSTED_PROXIES", "SLIPWAY_SLOT", "OTEL_EXPORTER_OTLP_ENDPOINT"} {
		if !slices.Contains(names, any(name)) {
			t.Errorf("there is no %s", name)
		}
	}
	if got := service.At("template.containers[*].envs[*].valueSource.secretKeyRef.version"); !slices.Equal(got, []any{"3", "1"}) {
		t.Errorf("the versions of secrets are %v", got)
	}
	if got := service.At("template.containers[*].ports[*].containerPort"); !slices.Equal(got, []any{8080.0}) {
		t.Errorf("ports are %v: exactly one container may have one", got)
	}
	migration, _ := r.Find(jobType, "migrate-1")
	if got := migration.At("template.template.containers[*].args[*]"); !slices.Equal(got, []any{"migrate"}) {
		t.Errorf("the migration runs %v", got)
	}
	if got := migration.At("runExecutionToken"); !slices.Equal(got, []any{testHex}) {
		t.Errorf("the token is %v", got)
	}
}

// The provider takes what failed for made: the next update must not.
func TestFailuresAreNoticed(t *testing.T) {
	failed := []any{map[string]any{"type": "Ready", "state": "CONDITION_FAILED", "message": "exit code 1"}}
	for name, row := range map[string]struct {
		output componentstest.Output
		want   string
	}{
		"migration": {componentstest.Output{Type: "gcp:cloudrunv2/getJob:getJob", Property: "terminalConditions", Value: failed}, "nothing was deployed after it"},
		"revision":  {componentstest.Output{Type: "gcp:cloudrunv2/getService:getService", Property: "terminalConditions", Value: failed}, "did not become ready"},
		"traffic":   {serving(50), "does not have its 100 % of the traffic"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := record(runService(-1, nil), serving(0), row.output)
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, want %q", err, row.want)
			}
			if _, deployed := r.Find(serviceType, "links"); deployed == (name == "migration") {
				t.Errorf("deployed: %t", deployed)
			}
		})
	}
}

func TestHealthOfTheSlots(t *testing.T) {
	r := mustRecord(t, runService(10, nil), serving(10))
	output := map[string]string{}
	for key, v := range r.Exports["health"].ObjectValue() {
		output[string(key)] = v.StringValue()
	}
	h, err := HealthOf(output, components.Green)
	if err != nil || h.Project != "links-production" || h.Service != "links-production" || h.Revision != "links-production-2-"+testHex {
		t.Fatalf("got %+v, %v", h, err)
	}
	var ids []string
	for _, g := range h.Gates {
		ids = append(ids, g.ID)
		if own := strings.Contains(g.Filter, `revision_name="links-production-2-`+testHex+`"`); own == (g.ID == "uptime") {
			t.Errorf("gate %s reads %s", g.ID, g.Filter)
		}
		if g.Aligner == "" || g.Reducer == "" || g.Period < 60 || g.Scale == 0 || (g.Denominator != "") != (g.ID == "error-rate") {
			t.Errorf("gate %+v", g)
		}
	}
	if want := []string{"error-rate", "latency-p99", "unhealthy-instances", "uptime", "restarts"}; !slices.Equal(ids, want) {
		t.Errorf("the gates are %v, want %v", ids, want)
	}
	_, err = record(runService(-1, func(a *components.ServiceArgs) {
		a.Gates = []components.Signal{{ID: "database-cpu", Source: components.FromDatabase}}
	}), serving(0))
	if err == nil || !strings.Contains(err.Error(), "rollout.gates") {
		t.Errorf("got %v", err)
	}
}

package azure

import (
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/components/componentstest"
)

// tracks are the versions of a step of a rollout.
type tracks []components.Track

func at(slot components.Slot, sequence, weight int) components.Track {
	version := map[int]string{1: "0123456789ab", 2: "ba9876543210", 3: "cccccccccccc"}[sequence]
	return components.Track{
		Slot: slot, Sequence: sequence, Weight: weight, Version: version,
		Image: components.ImageRef{StringOutput: pulumi.String("registry.azurecr.io/links@sha256:" + version).ToStringOutput()},
	}
}

// serve runs a stack's service and edge with some tracks.
func serve(change func(*Settings), run tracks, outputs ...componentstest.Output) (*componentstest.Recording, error) {
	return componentstest.Record(func(ctx *pulumi.Context) error {
		p, err := platformWith(change)(ctx, "links")
		if err != nil {
			return err
		}
		service, err := components.NewService(ctx, p, "links", components.ServiceArgs{
			App: "links", Port: 8080, CPU: 0.5, MemoryMiB: 1024, MinReplicas: 2, MaxReplicas: 5, Migrate: []string{"migrate"}, Tracks: run,
			Gates: slices.DeleteFunc(components.Signals(nil), func(s components.Signal) bool { return !s.Gate }),
			Env:   map[string]pulumi.StringInput{"EMPTY": pulumi.String(""), "CACHE_CA": pulumi.String(""), "GREETING": pulumi.String("hello")},
		}, pulumi.Parent(p))
		if err != nil {
			return err
		}
		ctx.Export("health", service.Health.Map())
		edge, err := components.NewEdge(ctx, p, "edge", components.EdgeArgs{Service: service.Scope, RateLimit: 600, WAF: true}, pulumi.Parent(p))
		if err != nil {
			return err
		}
		ctx.Export("url", edge.URL)
		ctx.Export("key", edge.SlotKey)
		return nil
	}, componentstest.Options{Outputs: append(testAnswers(), outputs...)})
}

func mustServe(t *testing.T, run tracks, outputs ...componentstest.Output) *componentstest.Recording {
	t.Helper()
	last := run[len(run)-1]
	ready := componentstest.Output{Type: functionOf + "ContainerApp", Property: "latestReadyRevisionName", Value: "links-production--s" + string(rune('0'+last.Sequence)) + "-0a1b2c3d"}
	r, err := serve(nil, run, append([]componentstest.Output{ready}, outputs...)...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// live is what Azure says of the app: the labels of the revisions, and which is the latest.
func live(latest string, labels map[string]string) []componentstest.Output {
	var rows []any
	for label, name := range labels {
		rows = append(rows, map[string]any{"label": label, "revisionName": name, "weight": 50})
	}
	return []componentstest.Output{
		{Type: functionOf + "ContainerApp", Property: "latestRevisionName", Value: latest},
		{Type: functionOf + "ContainerApp", Property: "configuration", Value: map[string]any{"ingress": map[string]any{"traffic": rows, "fqdn": "x", "exposedPort": 0}}},
	}
}

// Every step of a rollout, with the weights that it must end in. Nothing but the app and the names of revisions differs between them.
func TestRolloutSteps(t *testing.T) {
	blue, green := "links-production--s1-0a1b2c3d", "links-production--s2-0a1b2c3d"
	for _, row := range []struct {
		name    string
		run     tracks
		names   []any
		weights []any
		labels  []any
		suffix  string
	}{
		{"one version", tracks{at("blue", 1, 100)}, nil, []any{100.0}, nil, "s1-0a1b2c3d"},
		{"staged", tracks{at("blue", 1, 100), at("green", 2, 0)}, []any{blue, green}, []any{100.0, 0.0}, []any{"blue", "green"}, "s2-0a1b2c3d"},
		{"a quarter", tracks{at("blue", 1, 75), at("green", 2, 25)}, []any{blue, green}, []any{75.0, 25.0}, []any{"blue", "green"}, "s2-0a1b2c3d"},
		{"all", tracks{at("blue", 1, 0), at("green", 2, 100)}, []any{blue, green}, []any{0.0, 100.0}, []any{"blue", "green"}, "s2-0a1b2c3d"},
		{"cleared", tracks{at("green", 2, 100)}, nil, []any{100.0}, nil, "s2-0a1b2c3d"},
	} {
		t.Run(row.name, func(t *testing.T) {
			app := sole(t, mustServe(t, row.run), appKind)
			wantProperty(t, app, "configuration.activeRevisionsMode", "Multiple")
			wantProperty(t, app, "configuration.ingress.traffic[*].weight", row.weights...)
			wantProperty(t, app, "configuration.ingress.traffic[*].revisionName", row.names...)
			wantProperty(t, app, "configuration.ingress.traffic[*].label", row.labels...)
			wantProperty(t, app, "template.revisionSuffix", row.suffix)
			if len(row.names) == 0 {
				wantProperty(t, app, "configuration.ingress.traffic[*].latestRevision", true)
			}
			newest := row.run[len(row.run)-1]
			migration, _ := mustServe(t, row.run).Find(token("app:Job"), "migrate")
			images := append(app.At("template.containers[*].image"), migration.At("template.containers[*].image")...)
			if got := images[0]; got != "registry.azurecr.io/links@sha256:"+newest.Version || images[len(images)-1] != got {
				t.Errorf("the app and its migration run %v", images)
			}
		})
	}
}

// The name of the slot that is not the newest stays, whatever the template is by now.
func TestOlderRevisionKeepsItsName(t *testing.T) {
	r := mustServe(t, tracks{at("blue", 1, 90), at("green", 2, 10)})
	for slot, want := range map[string][]string{"revision-blue": {"keepers"}, "revision-green": nil} {
		one, ok := r.Find("random:index/randomId:RandomId", slot)
		if !ok || !slices.Equal(one.IgnoreChanges, want) {
			t.Errorf("%s ignores changes of %v, want %v", slot, one.IgnoreChanges, want)
		}
	}
}

// After an abort the older version is alone, and its revision is there and not the latest: only traffic may move.
func TestGoingBackMovesTrafficOnly(t *testing.T) {
	back := live("links-production--s2-0a1b2c3d", map[string]string{"blue": "links-production--s1-0a1b2c3d"})
	app := sole(t, mustServe(t, tracks{at("blue", 1, 100)}, back...), appKind)
	if !slices.Contains(app.IgnoreChanges, "template") {
		t.Errorf("the template would be sent again: ignored is %v", app.IgnoreChanges)
	}
	wantProperty(t, app, "configuration.ingress.traffic[*].revisionName", "links-production--s1-0a1b2c3d")
	again := live("links-production--s2-0a1b2c3d", map[string]string{"green": "links-production--s2-0a1b2c3d"})
	for name, other := range map[string]*componentstest.Recording{
		"the latest one":  mustServe(t, tracks{at("green", 2, 100)}, again...),
		"another version": mustServe(t, tracks{at("blue", 3, 100)}, back...),
	} {
		if ignored := sole(t, other, appKind).IgnoreChanges; len(ignored) > 0 {
			t.Errorf("%s: ignored is %v", name, ignored)
		}
	}
}

// A revision that did not become ready fails the update, with the way to the reason.
func TestNotReadyFails(t *testing.T) {
	_, err := serve(nil, tracks{at("blue", 1, 100)}, componentstest.Output{Type: functionOf + "ContainerApp", Property: "latestReadyRevisionName", Value: "links-production--s0-0a1b2c3d"})
	if err == nil || !strings.Contains(err.Error(), "links-production--s1-0a1b2c3d has not become ready") || !strings.Contains(err.Error(), "az containerapp revision show") {
		t.Errorf("got %v", err)
	}
}

func TestTemplate(t *testing.T) {
	app := sole(t, mustServe(t, tracks{at("blue", 1, 100)}), appKind)
	wantProperty(t, app, "template.containers[*].name", "app", "collector")
	wantProperty(t, app, "template.initContainers[*].name")
	wantProperty(t, app, "template.containers[*].resources.cpu", 0.45, 0.05)
	wantProperty(t, app, "template.containers[*].resources.memory", "0.8Gi", "0.2Gi")
	wantProperty(t, app, "template.containers[*].probes[*].type", "Startup", "Readiness", "Liveness")
	wantProperty(t, app, "template.containers[*].probes[*].httpGet.path", "/readyz", "/readyz", "/healthz")
	for _, n := range app.At("template.containers[*].probes[*].failureThreshold") {
		if n.(float64) > 10 {
			t.Errorf("a probe tries %v times; Azure takes ten at most", n)
		}
	}
	wantProperty(t, app, "template.scale.minReplicas", 2.0)
	wantProperty(t, app, "template.scale.rules[*].name", "requests", "cpu", "memory")
	wantProperty(t, app, "template.scale.rules[*].http.metadata.concurrentRequests", "50")
	wantProperty(t, app, "template.terminationGracePeriodSeconds", 30.0)
	wantProperty(t, app, "identity.type", "UserAssigned")
	// An empty value is the user's own; an empty root is one that every system has.
	if names := app.At("template.containers[*].env[*].name"); !slices.Contains(names, any("EMPTY")) || slices.Contains(names, any("CACHE_CA")) || !slices.Contains(names, any("TRUSTED_PROXIES")) {
		t.Errorf("the variables are %v", names)
	}
}

// limits always add up to a size that Container Apps has.
func TestLimits(t *testing.T) {
	for _, row := range []struct {
		cpu         float64
		memory      int
		cores       pulumi.Float64
		memoryInGiB string
	}{{0.25, 512, 0.2, "0.3Gi"}, {0.5, 1024, 0.45, "0.8Gi"}, {0.75, 1536, 0.7, "1.3Gi"}, {1.25, 2560, 1.2, "2.3Gi"}, {4, 8192, 3.95, "7.8Gi"}} {
		got := limits(row.cpu-collectorCPU, row.memory-collectorMemory)
		if got.Cpu != row.cores || got.Memory != pulumi.String(row.memoryInGiB) {
			t.Errorf("%g cores and %d MiB: the app has %v and %v, want %v and %s", row.cpu, row.memory, got.Cpu, got.Memory, row.cores, row.memoryInGiB)
		}
	}
	if got := limits(collectorCPU, collectorMemory); got.Cpu != pulumi.Float64(0.05) || got.Memory != pulumi.String("0.2Gi") {
		t.Errorf("the collector has %v and %v", got.Cpu, got.Memory)
	}
}

// The output health holds what the command line measures the slots by, and it reads it back.
func TestHealthOfSlots(t *testing.T) {
	r := mustServe(t, tracks{at("blue", 1, 90), at("green", 2, 10)})
	output := map[string]string{}
	for k, v := range r.Exports["health"].ObjectValue() {
		output[string(k)] = v.StringValue()
	}
	h := HealthOf(output, components.Green)
	if h.Revision != "links-production--s2-0a1b2c3d" || h.Version != "ba9876543210" || !strings.Contains(h.App, "Microsoft.App/containerApps/links-production") || h.Customer == "" {
		t.Errorf("the health of green is %+v", h)
	}
	want := []Gate{{"error-rate", false, 1}, {"latency-p99", false, 1}, {"unhealthy-instances", false, 0}, {"uptime", true, 100}, {"restarts", false, 3}}
	if !slices.Equal(h.Gates, want) {
		t.Errorf("the gates are %v, want %v", h.Gates, want)
	}
	if text := h.Fill(SlotQueries["latency-p99"]); !strings.Contains(text, `AppVersion == "ba9876543210"`) {
		t.Errorf("the query is %s", text)
	}
}

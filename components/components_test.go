package components_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/components/componentstest"
)

// recorder is a driver of everything that notes what it is asked for, or fails.
type recorder struct {
	pulumi.ResourceState
	fail  error
	calls map[string]any
}

func text(s string) pulumi.StringOutput { return pulumi.String(s).ToStringOutput() }

func (r *recorder) note(kind string, a any) error {
	if r.calls == nil {
		r.calls = map[string]any{}
	}
	r.calls[kind] = a
	return r.fail
}

func (r *recorder) BuildImage(_ *pulumi.Context, _ string, a components.ImageArgs, _ ...pulumi.ResourceOption) (components.ImageState, error) {
	return components.ImageState{Ref: components.ImageRef{StringOutput: text("sha256:1")}}, r.note("Image", a)
}

func (r *recorder) RunService(_ *pulumi.Context, _ string, a components.ServiceArgs, _ ...pulumi.ResourceOption) (components.ServiceState, error) {
	return components.ServiceState{Scope: components.Scope{"name": text("service")}}, r.note("Service", a)
}

func (r *recorder) RunDatabase(_ *pulumi.Context, _ string, a components.DatabaseArgs, _ ...pulumi.ResourceOption) (components.DatabaseState, error) {
	return components.DatabaseState{Endpoint: text("database:5432")}, r.note("Database", a)
}

func (r *recorder) RunCache(_ *pulumi.Context, _ string, a components.CacheArgs, _ ...pulumi.ResourceOption) (components.CacheState, error) {
	return components.CacheState{Endpoint: text("cache:6379")}, r.note("Cache", a)
}

func (r *recorder) IssueCertificate(_ *pulumi.Context, _ string, a components.CertificateArgs, _ ...pulumi.ResourceOption) (components.CertificateState, error) {
	return components.CertificateState{CA: text("ca")}, r.note("Certificate", a)
}

func (r *recorder) StoreSecret(_ *pulumi.Context, _ string, a components.SecretArgs, _ ...pulumi.ResourceOption) (components.SecretState, error) {
	return components.SecretState{Ref: components.SecretRef{StringOutput: a.Value.ToStringOutput()}}, r.note("Secret", a)
}

func (r *recorder) WatchSignals(_ *pulumi.Context, _ string, a components.AlarmArgs, _ ...pulumi.ResourceOption) (components.AlarmState, error) {
	return components.AlarmState{Scope: components.Scope{"name": text("alarm")}}, r.note("Alarm", a)
}

func (r *recorder) DrawDashboard(_ *pulumi.Context, _ string, a components.DashboardArgs, _ ...pulumi.ResourceOption) (components.DashboardState, error) {
	return components.DashboardState{URL: text("https://dashboard")}, r.note("Dashboard", a)
}

func (r *recorder) OpenEdge(_ *pulumi.Context, _ string, a components.EdgeArgs, _ ...pulumi.ResourceOption) (components.EdgeState, error) {
	return components.EdgeState{URL: text("https://edge")}, r.note("Edge", a)
}

var _ components.Platform = (*recorder)(nil)

var (
	image  = components.ImageRef{StringOutput: text("sha256:1")}
	scope  = components.Scope{"name": text("x")}
	blue   = components.Track{Slot: components.Blue, Image: image, Version: "1", Weight: 100}
	scopes = components.Scopes{Service: scope, Edge: scope}
)

func goodService() components.ServiceArgs {
	return components.ServiceArgs{App: "links", Tracks: []components.Track{blue}, Port: 8080, CPU: 1, MemoryMiB: 64, MinReplicas: 1, MaxReplicas: 2}
}

// maker makes one component with a driver.
type maker func(*pulumi.Context, *recorder) (pulumi.Resource, error)

func makeService(a components.ServiceArgs) maker {
	return func(ctx *pulumi.Context, d *recorder) (pulumi.Resource, error) {
		return components.NewService(ctx, d, "x", a)
	}
}

func makeDatabase(a components.DatabaseArgs) maker {
	return func(ctx *pulumi.Context, d *recorder) (pulumi.Resource, error) {
		return components.NewDatabase(ctx, d, "x", a)
	}
}

func makeImage(a components.ImageArgs) maker {
	return func(ctx *pulumi.Context, d *recorder) (pulumi.Resource, error) {
		return components.NewImage(ctx, d, "x", a)
	}
}

func makeEdge(a components.EdgeArgs) maker {
	return func(ctx *pulumi.Context, d *recorder) (pulumi.Resource, error) {
		return components.NewEdge(ctx, d, "x", a)
	}
}

func makeSecret(a components.SecretArgs) maker {
	return func(ctx *pulumi.Context, d *recorder) (pulumi.Resource, error) {
		return components.NewSecret(ctx, d, "x", a)
	}
}

func makeAlarm(a components.AlarmArgs) maker {
	return func(ctx *pulumi.Context, d *recorder) (pulumi.Resource, error) {
		return components.NewAlarm(ctx, d, "x", a)
	}
}

func makeDashboard(a components.DashboardArgs) maker {
	return func(ctx *pulumi.Context, d *recorder) (pulumi.Resource, error) {
		return components.NewDashboard(ctx, d, "x", a)
	}
}

func makeCache(a components.CacheArgs) maker {
	return func(ctx *pulumi.Context, d *recorder) (pulumi.Resource, error) {
		return components.NewCache(ctx, d, "x", a)
	}
}

func makeCertificate(a components.CertificateArgs) maker {
	return func(ctx *pulumi.Context, d *recorder) (pulumi.Resource, error) {
		return components.NewCertificate(ctx, d, "x", a)
	}
}

// good are arguments that every component accepts, by kind.
var good = map[string]maker{
	"Service":     makeService(goodService()),
	"Database":    makeDatabase(components.DatabaseArgs{Name: "links", Bootstrap: image, Version: "17"}),
	"Image":       makeImage(components.ImageArgs{Context: "/src", Version: "0a1b"}),
	"Edge":        makeEdge(components.EdgeArgs{Service: scope}),
	"Secret":      makeSecret(components.SecretArgs{Value: pulumi.String("s")}),
	"Alarm":       makeAlarm(components.AlarmArgs{Signals: components.Signals(nil), Scopes: scopes}),
	"Dashboard":   makeDashboard(components.DashboardArgs{Signals: components.Signals(nil), Scopes: scopes, Alarm: scope}),
	"Cache":       makeCache(components.CacheArgs{}),
	"Certificate": makeCertificate(components.CertificateArgs{}),
}

// call makes a component and returns what the driver was asked for.
func call(d *recorder, m maker) (*componentstest.Recording, error) {
	return componentstest.Record(func(ctx *pulumi.Context) error {
		_, err := m(ctx, d)
		return err
	}, componentstest.Options{})
}

func TestWrongArguments(t *testing.T) {
	service := func(change func(*components.ServiceArgs)) maker {
		a := goodService()
		change(&a)
		return makeService(a)
	}
	for _, row := range []struct {
		name string
		make maker
		want []string // all of them in one error
	}{
		{"service without anything", makeService(components.ServiceArgs{}), []string{
			`service "x": `, `App ""`, "Port 0", "CPU and MemoryMiB", "MinReplicas 0 and MaxReplicas 0", "0 tracks"}},
		{"service with a long name and wrong paths", service(func(a *components.ServiceArgs) {
			a.App, a.HealthPath, a.ReadyPath, a.Port = strings.Repeat("a", 41), "healthz", "readyz", 70000
		}), []string{"1 to 40", `"healthz"`, `"readyz"`, "Port 70000"}},
		{"replicas in the wrong order", service(func(a *components.ServiceArgs) { a.MinReplicas = 3 }), []string{"MinReplicas 3 and MaxReplicas 2"}},
		{"one slot twice", service(func(a *components.ServiceArgs) { a.Tracks = []components.Track{blue, blue} }), []string{"given twice", "200, not 100"}},
		{"three tracks and an unknown slot", service(func(a *components.ServiceArgs) {
			a.Tracks = []components.Track{blue, {Slot: components.Green}, {Slot: "red"}}
		}), []string{"3 tracks", `"red" is neither`, `"green" needs an Image and a Version`}},
		{"weights", service(func(a *components.ServiceArgs) { a.Tracks[0].Weight = 90 }), []string{"90, not 100"}},
		{"database without anything", makeDatabase(components.DatabaseArgs{}), []string{`database "x": `, `Name ""`, "Bootstrap", "Version"}},
		{"database with a bad name", makeDatabase(components.DatabaseArgs{Name: "My-Links", Bootstrap: image, Version: "17", BackupDays: -1}), []string{`"My-Links"`, "negative"}},
		{"image without anything", makeImage(components.ImageArgs{}), []string{`image "x": `, "Context", `Version ""`}},
		{"image with a tag that is none", makeImage(components.ImageArgs{Context: "/src", Version: "a b"}), []string{`"a b"`}},
		{"edge without anything", makeEdge(components.EdgeArgs{RateLimit: -1, CachePaths: []string{"static"}}), []string{`edge "x": `, "Service", "RateLimit -1", `"static"`}},
		{"secret without a value", makeSecret(components.SecretArgs{}), []string{`secret "x": `, "Value"}},
		{"alarm without signals", makeAlarm(components.AlarmArgs{}), []string{`alarm "x": `, "Signals"}},
		{"dashboard without signals", makeDashboard(components.DashboardArgs{}), []string{`dashboard "x": `, "Signals", "Alarm"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			d := &recorder{}
			r, err := call(d, row.make)
			if err == nil {
				t.Fatal("there is no error")
			}
			for _, part := range row.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q is not in the error:\n%v", part, err)
				}
			}
			if len(d.calls) > 0 || len(r.Resources) > 0 {
				t.Errorf("something was made all the same: %v %v", d.calls, r.Resources)
			}
		})
	}
}

func TestDriverErrors(t *testing.T) {
	for kind, m := range good {
		t.Run(kind, func(t *testing.T) {
			_, err := call(&recorder{fail: components.Unsupported("moon", "a.key", "no air")}, m)
			if !errors.Is(err, components.ErrUnsupported) {
				t.Fatalf("got %v, want ErrUnsupported", err)
			}
			if want := strings.ToLower(kind) + ` "x": a.key: not supported on moon: no air`; err.Error() != want {
				t.Errorf("got  %s\nwant %s", err, want)
			}
		})
	}
}

func TestComponentsRegisterOnce(t *testing.T) {
	for kind, m := range good {
		t.Run(kind, func(t *testing.T) {
			d := &recorder{}
			r, err := call(d, m)
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Resources) != 1 || r.Resources[0].Type != "slipway:components:"+kind {
				t.Errorf("registered: %v", r.Resources)
			}
			if _, ok := d.calls[kind]; !ok || len(d.calls) != 1 {
				t.Errorf("the driver was asked for %v", d.calls)
			}
		})
	}
}

func TestDefaults(t *testing.T) {
	asked := func(kind string) any {
		d := &recorder{}
		if _, err := call(d, good[kind]); err != nil {
			t.Fatal(err)
		}
		return d.calls[kind]
	}
	if a := asked("Service").(components.ServiceArgs); a.HealthPath != "/healthz" || a.ReadyPath != "/readyz" {
		t.Errorf("the paths are %q and %q", a.HealthPath, a.ReadyPath)
	}
	if a := asked("Database").(components.DatabaseArgs); a.Size != "small" || a.StorageGiB != 20 {
		t.Errorf("size and storage are %q and %d", a.Size, a.StorageGiB)
	}
	if a := asked("Cache").(components.CacheArgs); a.Size != "small" {
		t.Errorf("the size is %q", a.Size)
	}
	if a := asked("Image").(components.ImageArgs); a.Dockerfile != "Dockerfile" {
		t.Errorf("the Dockerfile is %q", a.Dockerfile)
	}
}

func TestReadyMadeImageNeedsNoSource(t *testing.T) {
	if _, err := call(&recorder{}, makeImage(components.ImageArgs{Reference: "app@sha256:1"})); err != nil {
		t.Error(err)
	}
}

func TestSecretIsMarked(t *testing.T) {
	d := &recorder{}
	if _, err := call(d, makeSecret(components.SecretArgs{Value: pulumi.String("plain")})); err != nil {
		t.Fatal(err)
	}
	if value := d.calls["Secret"].(components.SecretArgs).Value.ToStringOutput(); !pulumi.IsSecret(value) {
		t.Error("the driver is given a value that is not marked as a secret")
	}
}

func TestSignals(t *testing.T) {
	plain, changed := components.Signals(nil), components.Signals(map[string]float64{"error-rate": 7, "no-such-signal": 1})
	if len(plain) != len(changed) {
		t.Fatalf("%d signals, and %d with thresholds", len(plain), len(changed))
	}
	ids := map[string]bool{}
	for i, s := range plain {
		if ids[s.ID] {
			t.Errorf("the id %s is given twice", s.ID)
		}
		ids[s.ID] = true
		if s.Title == "" || s.Unit == "" || s.Meaning == "" || s.Source == "" || s.Severity == "" {
			t.Errorf("the row of %s is incomplete: %+v", s.ID, s)
		}
		want := s.Threshold
		if s.ID == "error-rate" {
			want = 7
		}
		if changed[i].Threshold != want {
			t.Errorf("the threshold of %s is %v, want %v", s.ID, changed[i].Threshold, want)
		}
	}
	if again := components.Signals(nil); !reflect.DeepEqual(again, plain) {
		t.Error("thresholds of one stack have changed the table")
	}
}

func TestSignalsOfWhatTheStackHas(t *testing.T) {
	for name, row := range map[string]struct {
		scopes components.Scopes
		want   []components.Source
	}{
		"everything": {components.Scopes{Service: scope, Database: scope, Cache: scope, Edge: scope},
			[]components.Source{components.FromCache, components.FromDatabase, components.FromEdge, components.FromService}},
		"no stores":   {components.Scopes{Service: scope, Edge: scope}, []components.Source{components.FromEdge, components.FromService}},
		"no database": {components.Scopes{Service: scope, Cache: scope}, []components.Source{components.FromCache, components.FromService}},
	} {
		t.Run(name, func(t *testing.T) {
			d := &recorder{}
			if _, err := call(d, makeAlarm(components.AlarmArgs{Signals: components.Signals(nil), Scopes: row.scopes})); err != nil {
				t.Fatal(err)
			}
			if _, err := call(d, makeDashboard(components.DashboardArgs{Signals: components.Signals(nil), Scopes: row.scopes, Alarm: scope})); err != nil {
				t.Fatal(err)
			}
			alarms, panels := d.calls["Alarm"].(components.AlarmArgs).Signals, d.calls["Dashboard"].(components.DashboardArgs).Signals
			if !reflect.DeepEqual(alarms, panels) {
				t.Error("alarm and dashboard have different rows")
			}
			var got []components.Source
			for _, s := range alarms {
				if !slices.Contains(got, s.Source) {
					got = append(got, s.Source)
				}
			}
			if slices.Sort(got); !slices.Equal(got, row.want) {
				t.Errorf("the sources are %v, want %v", got, row.want)
			}
		})
	}
}

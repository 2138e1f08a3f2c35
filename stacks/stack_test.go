package stacks

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/components/componentstest"
)

// recorder is a platform that creates nothing and notes what each component asks for, by kind and name.
type recorder struct {
	pulumi.ResourceState
	asked map[string]any
	fail  map[string]error
}

func newRecorder(ctx *pulumi.Context) (*recorder, error) {
	r := &recorder{asked: map[string]any{}, fail: map[string]error{}}
	return r, ctx.RegisterComponentResource("slipway:fake:Platform", "fake", r)
}

func (r *recorder) note(kind, name string, a any) error {
	r.asked[kind+" "+name] = a
	return r.fail[kind]
}

func known(s string) pulumi.StringOutput { return pulumi.String(s).ToStringOutput() }

func scopeOf(name string) components.Scope { return components.Scope{"name": known(name)} }

func (r *recorder) BuildImage(_ *pulumi.Context, name string, a components.ImageArgs, _ ...pulumi.ResourceOption) (components.ImageState, error) {
	return components.ImageState{Ref: components.ImageRef{StringOutput: known("sha256:" + name)}}, r.note("image", name, a)
}

func (r *recorder) RunService(_ *pulumi.Context, name string, a components.ServiceArgs, _ ...pulumi.ResourceOption) (components.ServiceState, error) {
	return components.ServiceState{Scope: scopeOf("service"), Health: scopeOf("health")}, r.note("service", name, a)
}

func (r *recorder) RunDatabase(_ *pulumi.Context, name string, a components.DatabaseArgs, _ ...pulumi.ResourceOption) (components.DatabaseState, error) {
	return components.DatabaseState{
		Endpoint: known("database:5432"), URL: components.SecretRef{StringOutput: known("database-url")}, CA: known("database-ca"),
		Init: components.InitStep{Name: "dbinit", Image: a.Bootstrap}, Scope: scopeOf("database"),
	}, r.note("database", name, a)
}

func (r *recorder) RunCache(_ *pulumi.Context, name string, a components.CacheArgs, _ ...pulumi.ResourceOption) (components.CacheState, error) {
	return components.CacheState{
		Endpoint: known("cache:6379"), URL: components.SecretRef{StringOutput: known("cache-url")}, CA: known("cache-ca"), Scope: scopeOf("cache"),
	}, r.note("cache", name, a)
}

func (r *recorder) IssueCertificate(_ *pulumi.Context, name string, a components.CertificateArgs, _ ...pulumi.ResourceOption) (components.CertificateState, error) {
	return components.CertificateState{Ref: components.CertificateRef{StringOutput: known("bundle")}, CA: known("root")}, r.note("certificate", name, a)
}

func (r *recorder) StoreSecret(_ *pulumi.Context, name string, a components.SecretArgs, _ ...pulumi.ResourceOption) (components.SecretState, error) {
	return components.SecretState{Ref: components.SecretRef{StringOutput: a.Value.ToStringOutput()}}, r.note("secret", name, a)
}

func (r *recorder) WatchSignals(_ *pulumi.Context, name string, a components.AlarmArgs, _ ...pulumi.ResourceOption) (components.AlarmState, error) {
	return components.AlarmState{Scope: scopeOf("alarm")}, r.note("alarm", name, a)
}

func (r *recorder) DrawDashboard(_ *pulumi.Context, name string, a components.DashboardArgs, _ ...pulumi.ResourceOption) (components.DashboardState, error) {
	return components.DashboardState{URL: known("https://dashboard")}, r.note("dashboard", name, a)
}

func (r *recorder) OpenEdge(_ *pulumi.Context, name string, a components.EdgeArgs, _ ...pulumi.ResourceOption) (components.EdgeState, error) {
	return components.EdgeState{URL: known("https://edge"), Scope: scopeOf("edge")}, r.note("edge", name, a)
}

// checkout is a project's folder with the sources that are hashed.
func checkout(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for _, folder := range []string{"app", "dbinit"} {
		if err := os.Mkdir(filepath.Join(root, folder), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, folder, "Dockerfile"), []byte("FROM scratch\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// deployed runs the program of docker over a recorder, with the settings given as key, value, …
func deployed(t *testing.T, root string, in Input, prepare func(*recorder)) (*recorder, *componentstest.Recording, error) {
	t.Helper()
	var made *recorder
	program := Program{Cloud: CloudDocker, Platform: func(ctx *pulumi.Context, at string, _ Config) (components.Platform, error) {
		if at != root {
			t.Errorf("the platform is told the folder %q, want %q", at, root)
		}
		r, err := newRecorder(ctx)
		if made = r; prepare != nil {
			prepare(r)
		}
		return r, err
	}}
	recording, err := componentstest.Record(program.Inline(root, in), componentstest.Options{})
	return made, recording, err
}

func TestDeploy(t *testing.T) {
	root := checkout(t)
	in := input("cloud", "docker", "app", `{"name":"my-app","port":9000,"memory":"128Mi","replicas":{"min":3},"env":{"GREETING":"hello"},"migrate":["migrate","up"]}`,
		"secrets", `{"API_KEY":"s3cret"}`, "alerts", `{"webhook":"https://hooks.example.com/x","thresholds":{"error-rate":5}}`, "edge", `{"rateLimit":42}`)
	in.SecretKeys = []string{in.Project + ":secrets", in.Project + ":alerts"}
	r, recording, err := deployed(t, root, in, nil)
	if err != nil {
		t.Fatal(err)
	}
	service := r.asked["service my-app"].(components.ServiceArgs)
	version, err := components.ContentHash(filepath.Join(root, "app"), "Dockerfile", "Dockerfile", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Run("service", func(t *testing.T) {
		if service.Port != 9000 || service.MemoryMiB != 128 || service.MinReplicas != 3 || service.MaxReplicas != 3 || !slices.Equal(service.Migrate, []string{"migrate", "up"}) {
			t.Errorf("got %+v", service)
		}
		if tr := service.Tracks; len(tr) != 1 || tr[0].Slot != components.Blue || tr[0].Weight != 100 || tr[0].Version != version {
			t.Errorf("the tracks are %+v, want blue at 100 with version %s", tr, version)
		}
		for _, name := range []string{"DATABASE_URL", "CACHE_URL", "API_KEY"} {
			if _, ok := service.Secrets[name]; !ok {
				t.Errorf("there is no secret %s", name)
			}
		}
		for _, name := range []string{"DATABASE_CA", "CACHE_CA", "GREETING"} {
			if service.Env[name] == nil {
				t.Errorf("there is no variable %s", name)
			}
		}
		if len(service.Init) != 1 || service.Init[0].Name != "dbinit" {
			t.Errorf("the init steps are %+v", service.Init)
		}
	})
	t.Run("database", func(t *testing.T) {
		if a := r.asked["database database"].(components.DatabaseArgs); a.Name != "my_app" || a.Version != "17" {
			t.Errorf("got %+v", a)
		}
	})
	t.Run("edge", func(t *testing.T) {
		if a := r.asked["edge edge"].(components.EdgeArgs); a.RateLimit != 42 || a.WAF {
			t.Errorf("got %+v", a)
		}
	})
	t.Run("alarm and dashboard have the same rows and the threshold", func(t *testing.T) {
		alarm, dashboard := r.asked["alarm alarm"].(components.AlarmArgs), r.asked["dashboard dashboard"].(components.DashboardArgs)
		if !slices.Equal(alarm.Signals, dashboard.Signals) {
			t.Error("the rows differ")
		}
		i := slices.IndexFunc(alarm.Signals, func(s components.Signal) bool { return s.ID == "error-rate" })
		if i < 0 || alarm.Signals[i].Threshold != 5 {
			t.Errorf("the threshold is not 5: %+v", alarm.Signals)
		}
		if alarm.Webhook == nil || !pulumi.IsSecret(alarm.Webhook.ToStringOutput()) {
			t.Error("the webhook is not marked as a secret")
		}
	})
	t.Run("outputs", func(t *testing.T) {
		want := map[string]string{
			"url": "https://edge", "image": "sha256:my-app", "version": version, "dashboard": "https://dashboard", "ca": "root",
			"databaseEndpoint": "database:5432", "cacheEndpoint": "cache:6379",
			"release": `{"format":1,"sequence":1,"revision":0,"live":"blue","slots":{"blue":{"image":"sha256:my-app","version":"` + version + `","weight":100,"sequence":1}}}`,
		}
		for name, value := range want {
			if got := recording.Exports[resource.PropertyKey(name)]; !got.IsString() || got.StringValue() != value {
				t.Errorf("%s is %v, want %q", name, got, value)
			}
		}
		if health := recording.Exports["health"]; !health.IsObject() || len(health.ObjectValue()) == 0 {
			t.Errorf("health is %v", health)
		}
		placement, err := ParsePlacement(recording.Exports["placement"].StringValue())
		if placement.Settings == "" || err != nil {
			t.Errorf("placement is %v, %v", recording.Exports["placement"], err)
		}
		placement.Settings = ""
		if place := (Placement{Project: "slipway", Stack: "test", App: "my-app", Cloud: CloudDocker, Data: true}); placement != place {
			t.Errorf("the stack is placed at %+v, want %+v", placement, place)
		}
		if len(recording.Exports) != len(want)+2 {
			t.Errorf("the outputs are %v", recording.Exports)
		}
	})
}

func TestDeployWithoutStores(t *testing.T) {
	r, recording, err := deployed(t, checkout(t), input("cloud", "docker", "app", `{"name":"my-app"}`, "database", `{"enabled":false}`, "cache", `{"enabled":false}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"database database", "cache cache", "image dbinit"} {
		if r.asked[kind] != nil {
			t.Errorf("%s was made", kind)
		}
	}
	service := r.asked["service my-app"].(components.ServiceArgs)
	for name := range service.Env {
		if !strings.HasPrefix(name, "OTEL_") {
			t.Errorf("the service is given %s", name)
		}
	}
	if len(service.Secrets)+len(service.Init) > 0 {
		t.Errorf("the service is given %v %v %v", service.Secrets, service.Env, service.Init)
	}
	if _, ok := recording.Exports["databaseEndpoint"]; ok {
		t.Error("there is an endpoint of no database")
	}
}

func TestDeployReadyMadeImage(t *testing.T) {
	for _, row := range []struct{ image, version string }{
		{"registry.example.com/app@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "0123456789ab"},
		{"registry.example.com/app:latest", "4aa76c4e1abf"},
	} {
		t.Run(row.version, func(t *testing.T) {
			r, _, err := deployed(t, checkout(t), input("cloud", "docker", "app", `{"name":"my-app","image":"`+row.image+`","architecture":"arm64"}`), nil)
			if err != nil {
				t.Fatal(err)
			}
			image := r.asked["image my-app"].(components.ImageArgs)
			if image.Reference != row.image || image.Context != "" || image.Platform != "linux/arm64" {
				t.Errorf("the image is %+v", image)
			}
			if v := r.asked["service my-app"].(components.ServiceArgs).Tracks[0].Version; v != row.version {
				t.Errorf("the version is %q, want %q", v, row.version)
			}
		})
	}
}

func TestDeployFails(t *testing.T) {
	root := checkout(t)
	for _, row := range []struct {
		name string
		in   Input
		want []string
	}{
		{"configuration", input("cloud", "docker", "no-such-key", "1"), []string{"no-such-key"}},
		{"wrong cloud", input("cloud", "aws", "region", "us-east-1"), []string{"deploys to docker", "is for aws", "launcher"}},
		{"guardrails", input("cloud", "docker", "tier", "prod", "app", `{"replicas":{"min":1}}`, "edge", `{"rateLimit":0}`), []string{"breaks its guardrails", "single-replica", "rate-limit"}},
		{"no source", input("cloud", "docker", "app", `{"path":"nowhere"}`), []string{"app.path", "nowhere"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, recording, err := deployed(t, root, row.in, nil)
			if err == nil {
				t.Fatal("there is no error")
			}
			for _, part := range row.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q is not in the error:\n%v", part, err)
				}
			}
			for _, one := range recording.Resources {
				if one.Custom {
					t.Errorf("%s was registered all the same", one.URN)
				}
			}
		})
	}
}

func TestDeployPassesDriverErrorsOn(t *testing.T) {
	for _, kind := range []string{"image", "service", "database", "cache", "certificate", "secret", "alarm", "dashboard", "edge"} {
		t.Run(kind, func(t *testing.T) {
			in := input("cloud", "docker", "secrets", `{"API_KEY":"s3cret"}`)
			in.SecretKeys = []string{in.Project + ":secrets"}
			_, _, err := deployed(t, checkout(t), in, func(r *recorder) { r.fail[kind] = components.Unsupported("docker", "some.key", "because") })
			if !errors.Is(err, components.ErrUnsupported) || !strings.Contains(err.Error(), kind) {
				t.Errorf("got %v, want ErrUnsupported of the %s", err, kind)
			}
		})
	}
}

func TestPlatformFails(t *testing.T) {
	broken := errors.New("no engine")
	program := Program{Cloud: CloudDocker, Platform: func(*pulumi.Context, string, Config) (components.Platform, error) { return nil, broken }}
	if _, err := componentstest.Record(program.Inline(checkout(t), input("cloud", "docker")), componentstest.Options{}); !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
}

func TestNeedlessAllowanceIsAWarning(t *testing.T) {
	_, recording, err := deployed(t, checkout(t), input("cloud", "docker", "allow", `{"rate-limit":"only for this test"}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(recording.Messages, func(m string) bool { return strings.HasPrefix(m, "WARNING") && strings.Contains(m, "rate-limit") }) {
		t.Errorf("the messages are %q", recording.Messages)
	}
}

// The engine starts the program with the folder and the configuration in its environment.
func TestRunReadsTheContext(t *testing.T) {
	for _, name := range []string{pulumi.EnvConfig, pulumi.EnvProject, pulumi.EnvStack, pulumi.EnvConfigSecretKeys} {
		t.Setenv(name, "")
	}
	program := Program{Cloud: CloudAWS, Platform: nil}
	_, err := componentstest.Record(program.Run, componentstest.Options{Config: map[string]string{componentstest.Project + ":cloud": "docker"}})
	if err == nil || !strings.Contains(err.Error(), "deploys to aws") {
		t.Errorf("got %v, want the refusal of another cloud", err)
	}
	t.Setenv(pulumi.EnvConfig, "no JSON")
	if _, err = componentstest.Record(program.Run, componentstest.Options{}); err == nil || !strings.Contains(err.Error(), "PULUMI_CONFIG") {
		t.Errorf("got %v, want a complaint about PULUMI_CONFIG", err)
	}
}

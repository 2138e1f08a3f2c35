package plan

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi-docker/sdk/v4/go/docker"
	"github.com/pulumi/pulumi-random/sdk/v4/go/random"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// shop is a program in miniature.
type shop struct {
	driver   string // of the volume: another one replaces it
	memory   int    // of the container: another one updates it
	secret   string
	password bool // or there is none, and the container has no environment
	root     string
}

func (s shop) program(ctx *pulumi.Context) error {
	var platform struct{ pulumi.ResourceState }
	if err := ctx.RegisterComponentResource("slipway:docker:Platform", "docker", &platform); err != nil {
		return err
	}
	engine, err := docker.NewProvider(ctx, "docker", &docker.ProviderArgs{}, pulumi.Parent(&platform))
	if err != nil {
		return err
	}
	dice, err := random.NewProvider(ctx, "random", &random.ProviderArgs{}, pulumi.Parent(&platform))
	if err != nil {
		return err
	}
	var component struct{ pulumi.ResourceState }
	if err := ctx.RegisterComponentResource("slipway:components:Database", "database", &component, pulumi.Parent(&platform)); err != nil {
		return err
	}
	in := func(p pulumi.ProviderResource) []pulumi.ResourceOption {
		return []pulumi.ResourceOption{pulumi.Parent(&component), pulumi.Provider(p)}
	}
	volume, err := docker.NewVolume(ctx, "data", &docker.VolumeArgs{Driver: pulumi.String(s.driver)}, append(in(engine), pulumi.Protect(true))...)
	if err != nil {
		return err
	}
	args := &docker.ContainerArgs{
		Image: pulumi.String("postgres"), Memory: pulumi.Int(s.memory), WorkingDir: pulumi.String(s.root),
		Mounts: docker.ContainerMountArray{docker.ContainerMountArgs{Type: pulumi.String("volume"), Source: volume.Name, Target: pulumi.String("/data")}},
		Labels: docker.ContainerLabelArray{docker.ContainerLabelArgs{Label: pulumi.String("key"), Value: pulumi.ToSecret(pulumi.String(s.secret)).(pulumi.StringOutput)}},
	}
	if s.password {
		p, err := random.NewRandomPassword(ctx, "superuser", &random.RandomPasswordArgs{Length: pulumi.Int(20)}, in(dice)...)
		if err != nil {
			return err
		}
		args.Envs = pulumi.StringArray{pulumi.Sprintf("PASSWORD=%s", p.Result), pulumi.String("PLAIN=1")}
	}
	container, err := docker.NewContainer(ctx, "server", args, in(engine)...)
	if err != nil {
		return err
	}
	ctx.Export("container", container.Name)
	return nil
}

func (s shop) setup() Setup {
	return Setup{Project: "shop", Stack: "dev", Config: map[string]string{"docker:host": "tcp://nowhere.invalid"}, Program: s.program}
}

// simulated is the state that the program makes from nothing.
func (s shop) simulated(t *testing.T) *apitype.DeploymentV3 {
	t.Helper()
	e, err := Open(t.Context(), s.setup())
	must(t, err)
	defer e.Close()
	must(t, e.Up(t.Context()))
	state, err := e.State(t.Context())
	must(t, err)
	return state
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func requirePulumi(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("with the real engine: left out by -short")
	}
	if _, err := exec.LookPath("pulumi"); err != nil {
		t.Fatal("pulumi is not on PATH: `make test` puts it there; -short leaves this test out")
	}
	t.Setenv("TMPDIR", t.TempDir())
}

// The plan of a base is a file that was written in another checkout.
func TestComparison(t *testing.T) {
	requirePulumi(t)
	base := shop{driver: "local", memory: 256, secret: "first-value", password: true, root: "/checkout/base"}
	file := filepath.Join(t.TempDir(), "base.json")
	must(t, Write(file, base.root, base.simulated(t)))
	text, err := os.ReadFile(file)
	must(t, err)
	for _, secret := range []string{base.secret, base.root, "encryptionsalt", "ciphertext"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("%q is in the file", secret)
		}
	}
	read, err := Read(file, "shop", "dev")
	must(t, err)
	for _, row := range []struct {
		name   string
		change func(*shop)
		want   []string
	}{
		{"update", func(s *shop) { s.memory = 512 }, []string{"changed server"}},
		{"secret", func(s *shop) { s.secret = "second-value" }, []string{"replaced server"}},
		{"replacement, and what needs it", func(s *shop) { s.driver = "other" }, []string{"replaced data (Docker volume, protect)", "replaced server"}},
		{"removal", func(s *shop) { s.password = false }, []string{"deleted superuser", "replaced server"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			head := base
			head.root = "/checkout/head"
			row.change(&head)
			now := head.simulated(t)
			changes, err := Compare(t.Context(), head.setup(), read, now, head.root)
			must(t, err)
			var got []string
			for _, c := range changes {
				line := string(c.Action) + " " + c.Name
				if c.Risky() {
					line += " (" + c.DataStore + ", " + c.Protection + ")"
				}
				if c.Component != "database" {
					t.Errorf("%s belongs to %q", c.Name, c.Component)
				}
				got = append(got, line)
			}
			if slices.Sort(got); !slices.Equal(got, row.want) {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}

// A file of a real stack has ciphertext that nobody can read here, and other ids.
func TestComparisonWithARealState(t *testing.T) {
	requirePulumi(t)
	s := shop{driver: "local", memory: 256, secret: "first-value", password: true, root: "/checkout"}
	now := s.simulated(t)
	real, err := duplicate(now)
	must(t, err)
	for i := range real.Resources {
		r := &real.Resources[i]
		for _, m := range []*map[string]any{&r.Inputs, &r.Outputs} {
			must(t, each(m, func(v any) (any, error) { return encryptedAnew(v), nil }))
		}
		if r.Type == "docker:index/volume:Volume" {
			r.ID = "data-real"
			for _, m := range []map[string]any{r.Inputs, r.Outputs} {
				m["name"] = "data-real"
			}
		}
		if mounts, ok := r.Inputs["mounts"].([]any); ok {
			mounts[0].(map[string]any)["source"] = "data-real"
		}
	}
	real.SecretsProviders = &apitype.SecretsProvidersV1{Type: "cloud"}
	changes, err := Compare(t.Context(), s.setup(), real, now, s.root)
	must(t, err)
	for _, c := range changes {
		t.Errorf("%s would be %s: %v", c.Name, c.Action, c.Properties)
	}
}

// A plan of an earlier version may lack outputs that today's program computes from.
func TestComparisonWithAnEarlierSimulation(t *testing.T) {
	requirePulumi(t)
	s := shop{driver: "local", memory: 256, secret: "first-value", password: true, root: "/checkout"}
	now := s.simulated(t)
	earlier, err := duplicate(now)
	must(t, err)
	lost := 0
	for i := range earlier.Resources {
		r := &earlier.Resources[i]
		if r.Type == "random:index/randomPassword:RandomPassword" {
			delete(r.Outputs, "result")
			lost++
		}
	}
	earlier.Manifest.Time = time.Time{}
	changes, err := Compare(t.Context(), s.setup(), earlier, now, s.root)
	must(t, err)
	for _, c := range changes {
		t.Errorf("%s would be %s: %v", c.Name, c.Action, c.Properties)
	}
	if lost == 0 {
		t.Error("nothing was lost: the test tests nothing")
	}
}

// What only an update makes, such as a version in the other slot, belongs to the component above it.
func TestAddedResourcesHaveTheirComponent(t *testing.T) {
	const parent, urn = "urn:pulumi:dev::shop::slipway:components:Service::links", "urn:pulumi:dev::shop::slipway:components:Service$aws:ecs/service:Service::links-green"
	got := changesOf([]apitype.StepEventMetadata{
		{Op: apitype.OpSame, URN: parent, Type: "slipway:components:Service", New: &apitype.StepEventStateMetadata{URN: parent, Type: "slipway:components:Service"}},
		{Op: apitype.OpCreate, URN: urn, Type: "aws:ecs/service:Service", New: &apitype.StepEventStateMetadata{URN: urn, Type: "aws:ecs/service:Service", Custom: true, Parent: parent}},
	}, &apitype.DeploymentV3{}, &apitype.DeploymentV3{})
	if len(got) != 1 || got[0].Component != "service links" {
		t.Errorf("got %+v", got)
	}
}

func encryptedAnew(v any) any {
	switch v := v.(type) {
	case []any:
		for i, e := range v {
			v[i] = encryptedAnew(e)
		}
	case map[string]any:
		if isSecret(v) {
			return map[string]any{secretKey: v[secretKey], encrypted: "v1:abc"}
		}
		for key, e := range v {
			v[key] = encryptedAnew(e)
		}
	}
	return v
}

func TestEngineTellsWhatIsNotSimulated(t *testing.T) {
	requirePulumi(t)
	s := shop{}.setup()
	s.Program = func(ctx *pulumi.Context) error {
		engine, err := docker.NewProvider(ctx, "docker", &docker.ProviderArgs{})
		if err != nil {
			return err
		}
		_, err = docker.GetLogs(ctx, &docker.GetLogsArgs{Name: "server"}, pulumi.Provider(engine))
		return err
	}
	e, err := Open(t.Context(), s)
	must(t, err)
	defer e.Close()
	if err := e.Up(t.Context()); err == nil || !strings.Contains(err.Error(), "function docker:index/getLogs:getLogs is not simulated") {
		t.Errorf("got %v", err)
	}
}

func TestOpenFailsWithoutPulumi(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	s := shop{}.setup()
	s.Pulumi = t.TempDir()
	if _, err := Open(t.Context(), s); err == nil || !strings.Contains(err.Error(), "starting pulumi") {
		t.Errorf("got %v", err)
	}
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) > 0 {
		t.Errorf("left behind is %v, %v", left, err)
	}
}

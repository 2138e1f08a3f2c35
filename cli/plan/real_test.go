package plan

import (
	"context"
	"io"
	"path/filepath"
	"slices"
	"testing"

	"github.com/pulumi/pulumi-docker/sdk/v4/go/docker"
	"github.com/pulumi/pulumi-random/sdk/v4/go/random"
	"github.com/pulumi/pulumi-tls/sdk/v5/go/tls"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/cli/progress"
	"github.com/slipway-iac/slipway/cli/simulate/plugins"
	"github.com/slipway-iac/slipway/cli/toolchain"
)

// realPlugins are the plugins of docker, random and tls, as the toolchain has them.
func realPlugins(t *testing.T) *plugins.Pool {
	t.Helper()
	requirePulumi(t)
	root, err := filepath.Abs("../..")
	must(t, err)
	pool, err := plugins.New(func(ctx context.Context, name, version string) (plugins.Program, error) {
		found, err := toolchain.FindPlugin(ctx, progress.New(io.Discard), root, name, version, nil)
		return plugins.Program{File: found.File, Paths: found.Paths, From: found.From}, err
	}, plugins.Limits{})
	must(t, err)
	t.Cleanup(func() { must(t, pool.Close()) })
	return pool
}

// ready fails the test unless every provider was asked and has answered.
func ready(t *testing.T, v plugins.Verdict, checked int) {
	t.Helper()
	total := 0
	for _, p := range v.Providers {
		total += p.Checked
		if p.Unasked != "" || len(p.Silences) > 0 {
			t.Errorf("%s (`go run ./test/prepare` builds the plugins of docker, random and tls)", providerLine(p))
		}
	}
	if total != checked {
		t.Errorf("%d resources were checked, want %d", total, checked)
	}
}

// fleet is a program with what the three providers have rules for.
type fleet struct {
	restart, image, algorithm string
	memory, length, hours     int
}

func (f fleet) program(ctx *pulumi.Context) error {
	engine, err := docker.NewProvider(ctx, "docker", &docker.ProviderArgs{RegistryAuth: docker.ProviderRegistryAuthArray{
		docker.ProviderRegistryAuthArgs{Address: pulumi.String("registry.example"), Username: pulumi.String("u"), Password: pulumi.ToSecret(pulumi.String("p")).(pulumi.StringOutput)},
	}})
	if err != nil {
		return err
	}
	dice, err := random.NewProvider(ctx, "random", &random.ProviderArgs{})
	if err != nil {
		return err
	}
	keys, err := tls.NewProvider(ctx, "tls", &tls.ProviderArgs{})
	if err != nil {
		return err
	}
	password, err := random.NewRandomPassword(ctx, "password", &random.RandomPasswordArgs{Length: pulumi.Int(f.length)}, pulumi.Provider(dice))
	if err != nil {
		return err
	}
	key, err := tls.NewPrivateKey(ctx, "key", &tls.PrivateKeyArgs{Algorithm: pulumi.String(f.algorithm)}, pulumi.Provider(keys))
	if err != nil {
		return err
	}
	if _, err = tls.NewSelfSignedCert(ctx, "certificate", &tls.SelfSignedCertArgs{
		PrivateKeyPem: key.PrivateKeyPem, ValidityPeriodHours: pulumi.Int(24), EarlyRenewalHours: pulumi.Int(f.hours), AllowedUses: pulumi.ToStringArray([]string{"server_auth"}),
	}, pulumi.Provider(keys)); err != nil {
		return err
	}
	_, err = docker.NewContainer(ctx, "server", &docker.ContainerArgs{
		Image: pulumi.String(f.image), Restart: pulumi.String(f.restart), Memory: pulumi.Int(f.memory), Envs: pulumi.StringArray{pulumi.Sprintf("PASSWORD=%s", password.Result)},
		Ports: docker.ContainerPortArray{docker.ContainerPortArgs{Internal: pulumi.Int(80), External: pulumi.Int(8080)}},
	}, pulumi.Provider(engine))
	return err
}

func (f fleet) setup(pool *plugins.Pool) Setup {
	s := Setup{Project: "shop", Stack: "dev", Program: f.program}
	s.Cloud.Plugins = pool
	return s
}

func (f fleet) simulated(t *testing.T, pool *plugins.Pool) *apitype.DeploymentV3 {
	t.Helper()
	e, err := Open(t.Context(), f.setup(pool))
	must(t, err)
	defer e.Close()
	must(t, e.Up(t.Context()))
	state, err := e.State(t.Context())
	must(t, err)
	return state
}

var rightFleet = fleet{restart: "always", image: "nginx", algorithm: "ED25519", memory: 256, length: 20, hours: 1}

func TestRealProvidersTakeWhatIsRight(t *testing.T) {
	pool := realPlugins(t)
	with, err := Encode("/nowhere", rightFleet.simulated(t, pool))
	must(t, err)
	v := pool.Verdict()
	ready(t, v, 4)
	if len(v.Refused) > 0 {
		t.Errorf("refused are %v", v.Refused)
	}
	without, err := Encode("/nowhere", rightFleet.simulated(t, nil))
	must(t, err)
	if string(with) != string(without) {
		t.Errorf("a plan differs by whether plugins are there:\n%s\n%s", with, without)
	}
}

func TestRealProvidersRefuseMistakes(t *testing.T) {
	pool := realPlugins(t)
	wrong := rightFleet
	wrong.restart, wrong.length, wrong.algorithm = "sometimes", 0, "DSA"
	wrong.simulated(t, pool)
	v := pool.Verdict()
	var got []string
	for _, r := range v.Refused {
		got = append(got, r.Provider+" "+r.URN.Name()+"."+r.Property)
	}
	if want := []string{"docker server.restart", "random password.length", "tls key.algorithm"}; !slices.Equal(got, want) {
		t.Errorf("refused are %q (%v), want %q", got, v.Refused, want)
	}
	ready(t, v, 4)
}

func TestRealProvidersJudgeChanges(t *testing.T) {
	pool := realPlugins(t)
	file := filepath.Join(t.TempDir(), "base.json")
	must(t, Write(file, "/nowhere", rightFleet.simulated(t, nil)))
	base, err := Read(file, "shop", "dev")
	must(t, err)
	for _, row := range []struct {
		name   string
		change func(*fleet)
		want   []string
	}{
		{"in place", func(f *fleet) { f.memory, f.hours = 512, 2 }, []string{"changed certificate earlyRenewalHours", "changed server memory"}},
		{
			"replacement, and what has the key", func(f *fleet) { f.image, f.algorithm = "httpd", "RSA" },
			[]string{"replaced certificate privateKeyPem", "replaced key algorithm", "replaced server image"},
		},
		{"replacement of what has the password", func(f *fleet) { f.length = 30 }, []string{"replaced password length", "replaced server envs"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			head := rightFleet
			row.change(&head)
			now := head.simulated(t, pool)
			changes, err := Compare(t.Context(), head.setup(pool), base, now, "/nowhere")
			must(t, err)
			var got []string
			for _, c := range changes {
				line := string(c.Action) + " " + c.Name
				for _, p := range c.Properties {
					line += " " + item.ReplaceAllString(p, "")
				}
				got = append(got, line)
			}
			if slices.Sort(got); !slices.Equal(got, row.want) {
				t.Errorf("got %q, want %q", got, row.want)
			}
			if v := pool.Verdict(); len(v.Defects) > 0 {
				t.Errorf("the tables are wrong: %v", v.Defects)
			}
		})
	}
	judged := 0
	for _, p := range pool.Verdict().Providers {
		judged += p.Compared
	}
	if judged != 4 {
		t.Errorf("changes of %d resources were judged, want all four", judged)
	}
	ready(t, pool.Verdict(), 4)
}

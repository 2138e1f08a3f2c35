package e2e

import (
	"bytes"
	"context"
	"encoding/base64"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optdestroy"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optrefresh"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/cli/progress"
	"github.com/slipway-iac/slipway/cli/simulate"
	"github.com/slipway-iac/slipway/cli/toolchain"
	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/providers/aws"
)

// repository is the image's in the registry.
const repository = "slipway/slipway/test/links"

// pushToken is the type of what pushes.
const pushToken = "docker:index/registryImage:RegistryImage"

// login is what ECR gives out.
type login struct{ password, expires string }

// deployment is a stack with an image and nothing else, in a back end of its own.
type deployment struct {
	registry *registry
	stack    auto.Stack
	state    string
	output   lockedBuffer
}

func newDeployment(t *testing.T, r *registry) *deployment {
	t.Helper()
	tools, err := toolchain.Build(t.Context(), progress.New(os.Stderr), repositoryRoot(t), toolchain.For("docker")...)
	must(t, err)
	d := &deployment{registry: r, state: t.TempDir()}
	env := tools.Env()
	maps.Copy(env, map[string]string{"PULUMI_BACKEND_URL": "file://" + d.state, "PULUMI_CONFIG_PASSPHRASE": "test", "PULUMI_ACCESS_TOKEN": ""})
	command, err := auto.NewPulumiCommand(&auto.PulumiCommandOptions{Root: tools.PulumiRoot()})
	must(t, err)
	d.stack, err = auto.UpsertStackInlineSource(t.Context(), "test", "slipway", func(*pulumi.Context) error { return nil }, auto.Pulumi(command), auto.EnvVars(env))
	must(t, err)
	return d
}

// simulated attaches an AWS in which the image's repository is in the registry, and this token opens it.
func (d *deployment) simulated(t *testing.T, l login) *simulate.Cloud {
	t.Helper()
	cloud, err := simulate.Start(simulate.Options{Real: []string{"docker"}, Outputs: map[string]map[string]any{
		"aws:ecr/repository:Repository": {"repositoryUrl": d.registry.address + "/" + repository},
		"aws:ecr/getAuthorizationToken:getAuthorizationToken": {
			"userName": "AWS", "password": l.password, "expiresAt": l.expires, "proxyEndpoint": "http://" + d.registry.address,
		},
	}})
	must(t, err)
	must(t, d.stack.Workspace().SetEnvVars(cloud.Env()))
	return cloud
}

// up deploys the source as it is, and asserts how many images are pushed by it.
func (d *deployment) up(t *testing.T, s *source, l login, pushes int) released {
	t.Helper()
	cloud := d.simulated(t, l)
	defer cloud.Close()
	version := s.version(t)
	d.stack.Workspace().SetProgram(cloud.Program(func(ctx *pulumi.Context) error {
		p, err := aws.NewPlatform(ctx, aws.Settings{Root: s.dir, App: "links", Region: "eu-west-1", Egress: aws.EgressPublic, Architecture: runtime.GOARCH, DrainSeconds: 30, LogDays: 30})
		if err != nil {
			return err
		}
		image, err := components.NewImage(ctx, p, "links", components.ImageArgs{Context: s.dir, Version: version}, pulumi.Parent(p))
		if err != nil {
			return err
		}
		ctx.Export("image", image.Ref.StringOutput)
		return nil
	}))
	first := len(d.resources(t)) == 0
	result, err := d.stack.Up(t.Context(), optup.ProgressStreams(&d.output), optup.ErrorProgressStreams(&d.output))
	if err != nil {
		t.Fatalf("deploying %s: %v", version, err)
	}
	if changes := *result.Summary.ResourceChanges; !first && (changes["create"] != pushes || changes["update"]+changes["replace"] != 0) {
		t.Errorf("deploying %s: %v, want %d to be created and nothing updated or replaced:\n%s", version, changes, pushes, result.StdOut)
	}
	images := 0
	for _, r := range d.resources(t) {
		if string(r.Type) == pushToken {
			images++
		}
	}
	ref, _ := result.Outputs["image"].Value.(string)
	if images != 1 || ref == "" {
		t.Errorf("the state has %d images and the reference is %q, want one", images, ref)
	}
	return released{version: version, ref: ref}
}

// refresh compares the state with what is there. The image must be taken for gone: where that is mended, image.go can be simpler.
func (d *deployment) refresh(t *testing.T) {
	t.Helper()
	cloud := d.simulated(t, login{otherPassword, ""})
	defer cloud.Close()
	_, err := d.stack.Refresh(t.Context(), optrefresh.ProgressStreams(&d.output), optrefresh.ErrorProgressStreams(&d.output))
	must(t, err)
	for _, r := range d.resources(t) {
		if string(r.Type) == pushToken {
			t.Error("an image whose token has expired survives a refresh: publish in providers/aws/image.go need not expect otherwise")
		}
	}
}

func (d *deployment) destroy(t *testing.T) {
	t.Helper()
	cloud := d.simulated(t, login{otherPassword, ""})
	defer cloud.Close()
	_, err := d.stack.Destroy(t.Context(), optdestroy.ProgressStreams(&d.output), optdestroy.ErrorProgressStreams(&d.output))
	must(t, err)
	if left := d.resources(t); len(left) > 0 {
		t.Errorf("destroy left %d resources", len(left))
	}
}

func (d *deployment) resources(t *testing.T) []apitype.ResourceV3 {
	t.Helper()
	raw, err := d.stack.Export(context.Background())
	must(t, err)
	return decode[apitype.DeploymentV3](t, string(raw.Deployment)).Resources
}

// noPasswordIn searches all that the back end keeps, old states and histories too, and all that the updates have printed.
func (d *deployment) noPasswordIn(t *testing.T, passwords ...string) {
	t.Helper()
	readable := 0
	search := func(name string, text []byte) {
		for _, password := range passwords {
			for _, form := range []string{password, base64.StdEncoding.EncodeToString([]byte("AWS:" + password))} {
				if bytes.Contains(text, []byte(form)) {
					t.Errorf("%s has a password of the registry in plain text", name)
				}
			}
		}
	}
	must(t, filepath.WalkDir(d.state, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if bytes.Contains(text, []byte(pushToken)) && bytes.Contains(text, []byte(d.registry.address)) {
			readable++
		}
		search(path, text)
		return err
	}))
	search("the output", []byte(d.output.String()))
	if readable < 2 {
		t.Errorf("%d files of the back end speak of the image: the test proves nothing", readable)
	}
}

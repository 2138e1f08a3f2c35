package e2e

import (
	"archive/tar"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-docker/sdk/v4/go/docker"
	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/cli/filebackend"
	"github.com/slipway-iac/slipway/cli/progress"
	"github.com/slipway-iac/slipway/cli/toolchain"
	"github.com/slipway-iac/slipway/components"
)

// TestBuildSeesWhatTheVersionCovers builds with the real provider and the real engine, in a checkout with an awkward name, and lists what
// has come into the image: all that changes the version, and nothing else.
func TestBuildSeesWhatTheVersionCovers(t *testing.T) {
	if testing.Short() {
		t.Skip("end to end: left out by -short")
	}
	t.Parallel()
	requireEngine(t)
	checkout := filepath.Join(t.TempDir(), "c#1 p%41x [a]")
	for name, text := range map[string]string{
		"app/Dockerfile": "FROM scratch\nCOPY . /\nCMD [\"/none\"]\n", "app/main": "1", "app/sub/file": "1", "app/.git/HEAD": "1", "app/sub/.git": "1",
		"app/left.log": "1", "app/.dockerignore": "*.log\n", "other/Dockerfile": "FROM scratch\nCOPY . /\nCMD [\"/none\"]\n", "other/Dockerfile.dockerignore": "*\n!main\n",
	} {
		file := filepath.Join(checkout, filepath.FromSlash(name))
		must(t, os.MkdirAll(filepath.Dir(file), 0o755))
		must(t, os.WriteFile(file, []byte(text), 0o644))
	}
	for _, row := range []struct {
		name, dockerfile string
		want             []string
	}{
		{"ignore file of the context", "Dockerfile", []string{".dockerignore", "Dockerfile", "main", "sub/", "sub/file"}},
		{"Dockerfile outside, with an ignore file of its own", "../other/Dockerfile", []string{"main"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			context, dockerfile := filepath.Join(checkout, "app"), row.dockerfile
			source, err := components.ReadBuildContext(context, dockerfile)
			must(t, err)
			if source.Ignore != nil { // as stacks.withoutRepository does
				dockerfile = filepath.Join(checkout, "rules", "Dockerfile")
				must(t, os.MkdirAll(filepath.Dir(dockerfile), 0o755))
				must(t, os.WriteFile(dockerfile, []byte("FROM scratch\nCOPY . /\nCMD [\"/none\"]\n"), 0o644))
				must(t, os.WriteFile(dockerfile+".dockerignore", []byte(strings.Join(source.Ignore, "\n")+"\n"), 0o644))
			}
			image := builtImage(t, filepath.Join(checkout, "state"), context, components.DockerfilePath(context, dockerfile))
			if got := filesIn(t, image); !slices.Equal(got, row.want) {
				t.Errorf("the image holds %q, want %q", got, row.want)
			}
		})
	}
}

// builtImage builds as the driver for Docker does, and returns the image's id.
func builtImage(t *testing.T, state, context, dockerfile string) string {
	t.Helper()
	tools, err := toolchain.Build(t.Context(), progress.New(os.Stderr), repositoryRoot(t), toolchain.For("docker")...)
	must(t, err)
	must(t, os.MkdirAll(state, 0o700))
	env := tools.Env()
	maps.Copy(env, map[string]string{"PULUMI_BACKEND_URL": filebackend.URL(state), "PULUMI_CONFIG_PASSPHRASE": "test", "PULUMI_ACCESS_TOKEN": ""})
	command, err := auto.NewPulumiCommand(&auto.PulumiCommandOptions{Root: tools.PulumiRoot()})
	must(t, err)
	stack, err := auto.UpsertStackInlineSource(t.Context(), "test", "slipway", func(ctx *pulumi.Context) error {
		image, err := docker.NewRemoteImage(ctx, "image", &docker.RemoteImageArgs{
			Name:  pulumi.String("slipway-test/context:" + filepath.Base(filepath.Dir(dockerfile))),
			Build: docker.RemoteImageBuildArgs{Builder: pulumi.String("default"), Context: pulumi.String(context), Dockerfile: pulumi.String(dockerfile)},
		})
		if err != nil {
			return err
		}
		ctx.Export("id", image.ImageId)
		return nil
	}, auto.Pulumi(command), auto.EnvVars(env))
	must(t, err)
	var out lockedBuffer
	result, err := stack.Up(t.Context(), optup.ProgressStreams(&out), optup.ErrorProgressStreams(&out))
	if err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	if _, err := os.Stat(filepath.Join(state, ".pulumi")); err != nil {
		t.Errorf("the state is not in the folder that was named: %v", err)
	}
	t.Cleanup(func() { _, _ = stack.Destroy(t.Context()) })
	id, _ := result.Outputs["id"].Value.(string)
	return id
}

// filesIn lists what an image holds beside what the engine itself puts into a container, sorted.
func filesIn(t *testing.T, image string) []string {
	t.Helper()
	container := strings.TrimSpace(engine(t, "create", image))
	defer engine(t, "rm", container)
	file := filepath.Join(t.TempDir(), "image.tar")
	engine(t, "export", "--output", file, container)
	f, err := os.Open(file)
	must(t, err)
	defer f.Close()
	var names []string
	for r := tar.NewReader(f); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		must(t, err)
		names = append(names, header.Name)
	}
	slices.Sort(names)
	return slices.DeleteFunc(names, func(name string) bool {
		top, _, _ := strings.Cut(name, "/")
		return slices.Contains([]string{"dev", "etc", "proc", "sys", ".dockerenv"}, top)
	})
}

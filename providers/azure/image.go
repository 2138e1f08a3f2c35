package azure

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"

	"github.com/pulumi/pulumi-docker/sdk/v4/go/docker"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

const (
	// builder is buildx's name for the engine itself; see the trap of 2026-11-24 in docs/traps.md.
	builder = "default"
	// architecture is the only one that Container Apps runs.
	// https://learn.microsoft.com/azure/container-apps/containers#limitations
	architecture = "linux/amd64"
)

// source is what an image is built from.
type source struct {
	folder, dockerfile, platform string
	// version names the content.
	version   string
	arguments pulumi.StringMap
	// pull asks the registries what the tags of base images name now.
	pull pulumi.BoolPtrInput
}

// BuildImage builds with the local engine and pushes to the stack's registry, from which the app runs it by digest. A ready-made
// image is copied there too, so that starting an instance depends on no foreign registry; its platform is picked on the way.
//   - https://www.pulumi.com/registry/packages/docker/api-docs/registryimage/
//   - https://learn.microsoft.com/azure/container-registry/container-registry-get-started-docker-cli
func (p *Platform) BuildImage(ctx *pulumi.Context, name string, a components.ImageArgs, opts ...pulumi.ResourceOption) (components.ImageState, error) {
	if a.Built != "" {
		return components.ImageState{Ref: components.ImageRef{StringOutput: pulumi.String(a.Built).ToStringOutput()}}, nil
	}
	s := source{folder: a.Context, dockerfile: a.Dockerfile, platform: architecture, version: a.Version}
	if a.Platform != "" && a.Platform != architecture {
		return components.ImageState{}, components.Unsupported("azure", "app.architecture", "Container Apps runs "+architecture+" only, not "+a.Platform)
	}
	if a.Pull {
		s.pull = pulumi.Bool(true)
	}
	if a.Reference != "" {
		sum := sha256.Sum256([]byte(a.Reference + " " + s.platform))
		s.folder, s.dockerfile, s.version = p.ownSource("mirror"), "Dockerfile", hex.EncodeToString(sum[:])[:12]
		s.arguments = pulumi.StringMap{"IMAGE": pulumi.String(a.Reference)}
	}
	ref, err := p.publish(ctx, name, s, opts)
	return components.ImageState{Ref: ref}, err
}

// ownSource is the folder of one of Slipway's own images.
func (p *Platform) ownSource(name string) string {
	return filepath.Join(p.settings.Root, "providers", "azure", name)
}

// collectorImage builds the OpenTelemetry collector that runs beside the app. No app can have a name with an underscore in it.
func (p *Platform) collectorImage(ctx *pulumi.Context, opts []pulumi.ResourceOption) (components.ImageRef, error) {
	folder := p.ownSource("collector")
	version, err := components.ContentHash(folder, "Dockerfile", architecture)
	if err != nil {
		return components.ImageRef{}, fmt.Errorf("reading image collector: %w", err)
	}
	state, err := p.BuildImage(ctx, "otel_collector", components.ImageArgs{Context: folder, Dockerfile: "Dockerfile", Version: version}, opts...)
	return state.Ref, err
}

// publish builds an image and pushes it. The resource has the version in its name: a new version is a new resource, and the old one
// leaves the state while its image stays. Its inputs are ignored once it is made, since the token is another one at each run, a
// checkout elsewhere has another path, and neither is a reason to push; the content cannot change without the version. The tag ends
// in something that no other push has: pushed again, a tag would move, and the digest that serves would be left without one, for the
// registry's retention to take. docs/adr/0010-aws-images.md has the whole story.
func (p *Platform) publish(ctx *pulumi.Context, name string, s source, opts []pulumi.ResourceOption) (components.ImageRef, error) {
	image, err := docker.NewRegistryImage(ctx, name+"-"+s.version, &docker.RegistryImageArgs{
		Name: pulumi.Sprintf("%s/%s:%s-%s", p.registry.server, name, s.version, pushOf(p.registry.token)),
		Build: docker.RegistryImageBuildArgs{
			Builder: pulumi.String(builder),
			Context: pulumi.String(s.folder), Dockerfile: pulumi.String(components.DockerfilePath(s.folder, s.dockerfile)),
			Platform: pulumi.String(s.platform), BuildArgs: s.arguments, PullParent: s.pull,
		},
		AuthConfig: docker.RegistryImageAuthConfigArgs{
			Address: pulumi.Sprintf("https://%s", p.registry.server), Username: pulumi.String(registryUser), Password: p.registry.token,
		},
		KeepRemotely: pulumi.Bool(true),
	}, p.engineOpts(opts, pulumi.IgnoreChanges([]string{"name", "build", "authConfig"}), pulumi.AdditionalSecretOutputs([]string{"authConfig"}))...)
	if err != nil {
		return components.ImageRef{}, fmt.Errorf("publishing image %s: %w", name, err)
	}
	return components.ImageRef{StringOutput: pulumi.Sprintf("%s/%s@%s", p.registry.server, name, image.Sha256Digest)}, nil
}

// pushOf is six hexadecimal digits that differ from push to push, as tokens do. They tell nothing about the token.
func pushOf(token pulumi.StringOutput) pulumi.StringOutput {
	return pulumi.Unsecret(token.ApplyT(func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return hex.EncodeToString(sum[:3])
	})).(pulumi.StringOutput)
}

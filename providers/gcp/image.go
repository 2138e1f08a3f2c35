package gcp

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"

	"github.com/pulumi/pulumi-docker/sdk/v4/go/docker"
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/organizations"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

const (
	// builder is buildx's name for the engine itself. Without a name the official plugin builds in a way that an engine with
	// containerd's image store, the default since Docker 29, answers with 403.
	// https://github.com/kreuzwerker/terraform-provider-docker/issues/534
	builder = "default"
	// platform is all that Cloud Run runs: https://cloud.google.com/run/docs/container-contract#languages
	platform = "linux/amd64"
	// tokenUser goes with an access token as the password: https://cloud.google.com/artifact-registry/docs/docker/authentication#token
	tokenUser = "oauth2accesstoken"
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

// BuildImage builds with the local engine and pushes to a registry of the stack's own, from which Cloud Run takes it by digest. A
// ready-made image is copied there too, as Cloud Run pulls from few foreign registries. It fails on a platform that Cloud Run has not.
//   - https://www.pulumi.com/registry/packages/docker/api-docs/registryimage/
//   - https://cloud.google.com/run/docs/deploying#images
func (p *Platform) BuildImage(ctx *pulumi.Context, name string, a components.ImageArgs, opts ...pulumi.ResourceOption) (components.ImageState, error) {
	if a.Platform != "" && a.Platform != platform {
		return components.ImageState{}, components.Unsupported("gcp", "app.architecture", fmt.Sprintf("Cloud Run has %s only, not %s", platform, a.Platform))
	}
	if a.Built != "" {
		_, err := p.repository(ctx, name, opts)
		return components.ImageState{Ref: components.ImageRef{StringOutput: pulumi.String(a.Built).ToStringOutput()}}, err
	}
	s := source{folder: a.Context, dockerfile: a.Dockerfile, platform: platform, version: a.Version}
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
	return filepath.Join(p.settings.Root, "providers", "gcp", name)
}

// collectorImage builds the OpenTelemetry collector that runs beside the app. No app can have a name with an underscore in it.
func (p *Platform) collectorImage(ctx *pulumi.Context, opts []pulumi.ResourceOption) (components.ImageRef, error) {
	folder := p.ownSource("collector")
	version, err := components.ContentHash(folder, "Dockerfile")
	if err != nil {
		return components.ImageRef{}, fmt.Errorf("reading image collector: %w", err)
	}
	return p.publish(ctx, "otel_collector", source{folder: folder, dockerfile: "Dockerfile", platform: platform, version: version}, opts)
}

// publish builds an image and pushes it. Four things are not as one would expect:
//   - The resource has the version in its name. A new version is a new resource with a fresh token, and the old one leaves the state
//     while its image stays.
//   - Its inputs are ignored once it is made: the token lasts an hour, a checkout elsewhere has another path, and neither is a reason
//     to push. The content cannot change without the version.
//   - The tag ends in something that no other push has: tags never move, and a second build of the same source, after a refresh with a
//     token that has expired, may well have another digest.
//   - It builds by itself instead of pushing what docker.RemoteImage has built, as the two would have to agree on the tag.
//
// The token is not part of the provider's configuration: that would differ at every update.
//   - https://cloud.google.com/artifact-registry/docs/docker/authentication#token
//   - https://github.com/pulumi/pulumi-docker/issues/952
func (p *Platform) publish(ctx *pulumi.Context, name string, s source, opts []pulumi.ResourceOption) (components.ImageRef, error) {
	repository, err := p.repository(ctx, name, opts)
	if err != nil {
		return components.ImageRef{}, err
	}
	token := pulumi.ToSecret(organizations.GetClientConfigOutput(ctx, pulumi.Parent(p), pulumi.Provider(p.cloud)).AccessToken()).(pulumi.StringOutput)
	path := pulumi.Sprintf("%s/%s/%s/%s", p.registryHost(), p.account, repository.RepositoryId, clean(name))
	image, err := docker.NewRegistryImage(ctx, name+"-"+s.version, &docker.RegistryImageArgs{
		Name: pulumi.Sprintf("%s:%s-%s", path, s.version, pushOf(token)),
		Build: docker.RegistryImageBuildArgs{
			Builder: pulumi.String(builder),
			Context: pulumi.String(s.folder), Dockerfile: pulumi.String(components.DockerfilePath(s.folder, s.dockerfile)),
			Platform: pulumi.String(s.platform), BuildArgs: s.arguments, PullParent: s.pull,
		},
		AuthConfig: docker.RegistryImageAuthConfigArgs{
			Address: pulumi.String("https://" + p.registryHost()), Username: pulumi.String(tokenUser), Password: token,
		},
		KeepRemotely: pulumi.Bool(true),
	}, p.engineOpts(opts, pulumi.IgnoreChanges([]string{"name", "build", "authConfig"}), pulumi.AdditionalSecretOutputs([]string{"authConfig"}))...)
	if err != nil {
		return components.ImageRef{}, fmt.Errorf("publishing image %s: %w", name, err)
	}
	return components.ImageRef{StringOutput: pulumi.Sprintf("%s@%s", path, image.Sha256Digest)}, nil
}

// pushOf is six hexadecimal digits that differ from push to push, as tokens do. They tell nothing about the token.
func pushOf(token pulumi.StringOutput) pulumi.StringOutput {
	return pulumi.Unsecret(token.ApplyT(func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return hex.EncodeToString(sum[:3])
	})).(pulumi.StringOutput)
}

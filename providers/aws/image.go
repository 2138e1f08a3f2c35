package aws

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecr"
	"github.com/pulumi/pulumi-docker/sdk/v4/go/docker"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// builder is buildx's name for the engine itself. Without a name the official plugin builds in a way that an engine with containerd's
// image store, the default since Docker 29, answers with 403.
// https://github.com/kreuzwerker/terraform-provider-docker/issues/534
const builder = "default"

// source is what an image is built from.
type source struct {
	folder, dockerfile, platform string
	// version names the content.
	version   string
	arguments pulumi.StringMap
	// pull asks the registries what the tags of base images name now.
	pull pulumi.BoolPtrInput
}

// BuildImage builds with the local engine and pushes to a registry of the stack's own, from which tasks run it by digest. A
// ready-made image is copied there too, so that starting a task depends on no foreign registry; its platform is picked on the way.
//   - https://www.pulumi.com/registry/packages/docker/api-docs/registryimage/
//   - https://docs.aws.amazon.com/AmazonECR/latest/userguide/docker-push-ecr-image.html
func (p *Platform) BuildImage(ctx *pulumi.Context, name string, a components.ImageArgs, opts ...pulumi.ResourceOption) (components.ImageState, error) {
	if a.Built != "" {
		_, err := p.repository(ctx, name, opts)
		return components.ImageState{Ref: components.ImageRef{StringOutput: pulumi.String(a.Built).ToStringOutput()}}, err
	}
	s := source{folder: a.Context, dockerfile: a.Dockerfile, platform: a.Platform, version: a.Version}
	if s.platform == "" {
		// Slipway's own: their source is the same for both, and what is built of it for one does not run on the other.
		s.platform, s.version = "linux/"+p.settings.Architecture, s.version+"-"+p.settings.Architecture
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
	return filepath.Join(p.settings.Root, "providers", "aws", name)
}

// collectorImage builds the OpenTelemetry collector that runs beside the app. No app can have a name with an underscore in it.
func (p *Platform) collectorImage(ctx *pulumi.Context, opts []pulumi.ResourceOption) (components.ImageRef, error) {
	folder := p.ownSource("collector")
	version, err := components.ContentHash(folder, "Dockerfile")
	if err != nil {
		return components.ImageRef{}, fmt.Errorf("reading image collector: %w", err)
	}
	state, err := p.BuildImage(ctx, "otel_collector", components.ImageArgs{Context: folder, Dockerfile: "Dockerfile", Version: version}, opts...)
	return state.Ref, err
}

// publish builds an image and pushes it. Four things are not as one would expect:
//   - The resource has the version in its name. A new version is a new resource with a fresh token, and the old one leaves the
//     state while its image stays.
//   - Its inputs are ignored once it is made: the token lasts 12 hours, a checkout elsewhere has another path, and neither is a
//     reason to push. The content cannot change without the version.
//   - The tag ends in something that no other push has. ECR refuses to push a tag again even with the same digest, and the
//     resource may well be made again: when a version comes back, and after a refresh, which takes the image for deleted because
//     the token in the state has expired.
//   - It builds by itself instead of pushing what docker.RemoteImage has built, as the two would have to agree on the tag.
//
// The registry's token is not part of the provider's configuration: that would differ at every update.
//   - https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html
//   - https://github.com/aws/containers-roadmap/issues/2380
//   - https://github.com/pulumi/pulumi-docker/issues/952
func (p *Platform) publish(ctx *pulumi.Context, name string, s source, opts []pulumi.ResourceOption) (components.ImageRef, error) {
	repository, err := p.repository(ctx, name, opts)
	if err != nil {
		return components.ImageRef{}, err
	}
	token := ecr.GetAuthorizationTokenOutput(ctx, ecr.GetAuthorizationTokenOutputArgs{RegistryId: pulumi.String(p.account)}, pulumi.Parent(p), pulumi.Provider(p.cloud))
	image, err := docker.NewRegistryImage(ctx, name+"-"+s.version, &docker.RegistryImageArgs{
		Name: pulumi.Sprintf("%s:%s-%s", repository.RepositoryUrl, s.version, pushOf(token)),
		Build: docker.RegistryImageBuildArgs{
			Builder: pulumi.String(builder),
			Context: pulumi.String(s.folder), Dockerfile: pulumi.String(components.DockerfilePath(s.folder, s.dockerfile)),
			Platform: pulumi.String(s.platform), BuildArgs: s.arguments, PullParent: s.pull,
		},
		AuthConfig: docker.RegistryImageAuthConfigArgs{
			Address:  token.ProxyEndpoint(),
			Username: token.UserName(),
			Password: pulumi.ToSecret(token.Password()).(pulumi.StringOutput),
		},
		KeepRemotely: pulumi.Bool(true),
	}, p.engineOpts(opts, pulumi.IgnoreChanges([]string{"name", "build", "authConfig"}), pulumi.AdditionalSecretOutputs([]string{"authConfig"}))...)
	if err != nil {
		return components.ImageRef{}, fmt.Errorf("publishing image %s: %w", name, err)
	}
	return components.ImageRef{StringOutput: pulumi.Sprintf("%s@%s", repository.RepositoryUrl, image.Sha256Digest)}, nil
}

// pushOf is six hexadecimal digits that differ from push to push, as tokens do. They tell nothing about the token.
func pushOf(token ecr.GetAuthorizationTokenResultOutput) pulumi.StringOutput {
	return pulumi.All(token.Password(), token.ExpiresAt()).ApplyT(func(v []any) string {
		sum := sha256.Sum256([]byte(v[0].(string) + v[1].(string)))
		return hex.EncodeToString(sum[:3])
	}).(pulumi.StringOutput)
}

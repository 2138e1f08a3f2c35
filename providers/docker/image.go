package docker

import (
	"fmt"
	"path/filepath"

	"github.com/pulumi/pulumi-docker/sdk/v4/go/docker"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// builder is buildx's name for the engine itself. Without a name the official plugin builds in a way that an engine with containerd's
// image store, the default since Docker 29, answers with 403.
// https://github.com/kreuzwerker/terraform-provider-docker/issues/534
const builder = "default"

// BuildImage builds on the local engine and names the image by its id, which is its digest where no registry is involved. The
// image stays when the stack moves on to the next one: deleting it could take the one that is serving, and the builder's cache
// makes going back instant.
// https://www.pulumi.com/registry/packages/docker/api-docs/remoteimage/
func (p *Platform) BuildImage(ctx *pulumi.Context, name string, a components.ImageArgs, opts ...pulumi.ResourceOption) (components.ImageState, error) {
	if a.Built != "" {
		return components.ImageState{Ref: components.ImageRef{StringOutput: pulumi.String(a.Built).ToStringOutput()}}, nil
	}
	args := &docker.RemoteImageArgs{Name: pulumi.String(a.Reference), KeepLocally: pulumi.Bool(true)}
	if a.Reference != "" && a.Platform != "" {
		args.Platform = pulumi.String(a.Platform)
	}
	if a.Reference == "" {
		build := docker.RemoteImageBuildArgs{Builder: pulumi.String(builder), Context: pulumi.String(a.Context), Dockerfile: pulumi.String(components.DockerfilePath(a.Context, a.Dockerfile))}
		if a.Platform != "" {
			build.Platform = pulumi.String(a.Platform)
		}
		if a.Pull {
			build.PullParent = pulumi.Bool(true)
		}
		args.Name = pulumi.Sprintf("%s/%s:%s", p.prefix, name, a.Version)
		args.Build = build
		args.Triggers = pulumi.StringMap{"content": pulumi.String(a.Version)}
	}
	image, err := docker.NewRemoteImage(ctx, name, args, p.engineOpts(opts)...)
	if err != nil {
		return components.ImageState{}, fmt.Errorf("building image: %w", err)
	}
	return components.ImageState{Ref: components.ImageRef{StringOutput: image.ImageId}}, nil
}

// platformImage builds one of the images under images/, which the stack runs beside the app. It carries a name that all stacks
// of this host share, so a second stack builds nothing.
func (p *Platform) platformImage(ctx *pulumi.Context, folder string) (pulumi.StringOutput, error) {
	if id, ok := p.images[folder]; ok {
		return id, nil
	}
	dir := filepath.Join(p.settings.Root, "providers", "docker", "images", folder)
	version, err := components.ContentHash(dir, "Dockerfile")
	if err != nil {
		return pulumi.StringOutput{}, fmt.Errorf("reading image %s: %w", folder, err)
	}
	image, err := docker.NewRemoteImage(ctx, folder, &docker.RemoteImageArgs{
		Name:        pulumi.Sprintf("slipway/%s:%s", folder, version),
		KeepLocally: pulumi.Bool(true),
		Build:       docker.RemoteImageBuildArgs{Builder: pulumi.String(builder), Context: pulumi.String(dir), Dockerfile: pulumi.String(components.DockerfilePath(dir, "Dockerfile"))},
		Triggers:    pulumi.StringMap{"content": pulumi.String(version)},
	}, p.engineOpts([]pulumi.ResourceOption{pulumi.Parent(p)})...)
	if err != nil {
		return pulumi.StringOutput{}, fmt.Errorf("building image %s: %w", folder, err)
	}
	p.images[folder] = image.ImageId
	return image.ImageId, nil
}

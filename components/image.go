package components

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// ImageRef is a container image that a service can run: a digest reference in a registry, or the image id on the local
// engine. It never is a tag that could move.
type ImageRef struct{ pulumi.StringOutput }

// ImageArgs describes an image to build.
type ImageArgs struct {
	// Context is the absolute path of the folder with the source. Required.
	Context string
	// Version names the source: the content hash of the context (see ContentHash). It becomes the image's tag. Required.
	Version string
	// Dockerfile is the path of the Dockerfile, absolute or relative to the context. Default "Dockerfile".
	Dockerfile string
	// Pull makes the build ask the registries what the tags of base images name now, instead of taking what the engine has by that
	// name. Version must then tell one such build from the next. Default false.
	Pull bool
	// Built is the reference by digest of an image that was built from this source before. Then nothing is built, only the place
	// that images are kept in is made, and Built is what runs. Default: none.
	Built string
	// Reference is a ready-made image to run instead of building one; Context and Version are then not needed. Default: none.
	Reference string
	// Platform is the operating system and architecture, such as "linux/arm64". Default: what the engine builds by itself.
	Platform string
}

// ImageState is what a driver made.
type ImageState struct {
	// Ref is the image by digest.
	Ref ImageRef
}

// ImageDriver builds an image and puts it where the cloud's services can pull it from.
type ImageDriver interface {
	BuildImage(ctx *pulumi.Context, name string, a ImageArgs, opts ...pulumi.ResourceOption) (ImageState, error)
}

// Image is a container image built from source, tagged by content hash and used by digest: unchanged source makes no new
// image, and a new image never removes the one that is serving.
type Image struct {
	pulumi.ResourceState
	ImageState
}

var versionPattern = regexp.MustCompile(`^[0-9a-z][0-9a-z._-]{0,62}$`)

// NewImage builds an image. It fails if the context or the version is missing, or if the version is no valid image tag.
func NewImage(ctx *pulumi.Context, d ImageDriver, name string, a ImageArgs, opts ...pulumi.ResourceOption) (*Image, error) {
	if a.Dockerfile == "" {
		a.Dockerfile = "Dockerfile"
	}
	if err := a.check(); err != nil {
		return nil, fmt.Errorf("image %q: %w", name, err)
	}
	c := &Image{}
	if err := ctx.RegisterComponentResource("slipway:components:Image", name, c, opts...); err != nil {
		return nil, fmt.Errorf("image %q: %w", name, err)
	}
	s, err := d.BuildImage(ctx, name, a, pulumi.Parent(c))
	if err != nil {
		return nil, fmt.Errorf("image %q: %w", name, err)
	}
	c.ImageState = s
	return c, ctx.RegisterResourceOutputs(c, pulumi.Map{"ref": s.Ref.StringOutput, "version": pulumi.String(a.Version)})
}

func (a ImageArgs) check() error {
	if a.Reference != "" || a.Built != "" {
		return nil
	}
	var errs []error
	if a.Context == "" {
		errs = append(errs, errors.New("Context is required"))
	}
	if !versionPattern.MatchString(a.Version) {
		errs = append(errs, fmt.Errorf("Version %q is no image tag", a.Version))
	}
	return errors.Join(errs...)
}

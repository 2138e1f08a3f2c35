package aws

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecr"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// expireUntagged is the lifecycle of images. Only what no tag names is removed: the rest of a push that was cut off. ECR does not
// know which digests a slot runs, so a rule on age or number of tagged images can take the one that serves, and the next task
// that starts, of autoscaling or after a crash, finds no image. Tagged images cost little: 20 MB each are 0.002 USD a month. What
// a tagged index names counts as in use.
//   - https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html
//   - https://aws.amazon.com/ecr/pricing/
const expireUntagged = `{"rules":[{"rulePriority":1,"description":"What no tag names","selection":{"tagStatus":"untagged","countType":"sinceImagePushed","countUnit":"days","countNumber":14},"action":{"type":"expire"}}]}`

// separators are what ECR takes between letters and digits one at a time only.
var separators = regexp.MustCompile(`[._-]{2,}`)

// repository makes the registry of one image, in the stack's own name: tags that never move, a scan of each image that is pushed,
// encryption with the stack's key. Its name is fixed, because people look for it. With images in it, it can only be deleted where
// the stack is not protected.
//   - https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html
//   - https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning.html
//   - https://docs.aws.amazon.com/AmazonECR/latest/userguide/encryption-at-rest.html
func (p *Platform) repository(ctx *pulumi.Context, name string, opts []pulumi.ResourceOption) (*ecr.Repository, error) {
	made, err := ecr.NewRepository(ctx, name, &ecr.RepositoryArgs{
		Name:                       pulumi.String(p.repositoryName(name)),
		ImageTagMutability:         pulumi.String("IMMUTABLE"),
		ImageScanningConfiguration: ecr.RepositoryImageScanningConfigurationArgs{ScanOnPush: pulumi.Bool(true)},
		EncryptionConfigurations:   ecr.RepositoryEncryptionConfigurationArray{ecr.RepositoryEncryptionConfigurationArgs{EncryptionType: pulumi.String("KMS"), KmsKey: p.key.arn}},
		ForceDelete:                pulumi.Bool(!p.settings.Protect),
	}, p.cloudOpts(opts)...)
	if err != nil {
		return nil, fmt.Errorf("creating image repository %s: %w", name, err)
	}
	if _, err := ecr.NewLifecyclePolicy(ctx, name, &ecr.LifecyclePolicyArgs{
		Repository: made.Name,
		Policy:     pulumi.String(expireUntagged),
	}, p.cloudOpts(opts)...); err != nil {
		return nil, fmt.Errorf("creating lifecycle policy of image repository %s: %w", name, err)
	}
	return made, nil
}

// repositoryName is slipway/<project>/<stack>/<image>.
// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html
func (p *Platform) repositoryName(name string) string {
	return separators.ReplaceAllString(p.path(name), "-")
}

// repositoryARN finds the repository in the reference of an image that this package has pushed: <registry>/<name>@<digest>.
func (p *Platform) repositoryARN(ref string) string {
	ref, _, _ = strings.Cut(ref, "@")
	_, name, _ := strings.Cut(ref, "/")
	return p.arn("ecr", "repository/"+name)
}

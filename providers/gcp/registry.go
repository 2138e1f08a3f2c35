package gcp

import (
	"fmt"

	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/artifactregistry"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

const (
	// untagged is how long an image without a tag is kept: 14 days.
	untagged = "1209600s"
	// outdated is how long an image with a tag is kept: 180 days.
	outdated = "15552000s"
	// kept is how many of an image's newest versions stay in any case.
	kept = 30
)

// repository makes the registry of one image: tags that never move, encryption with the stack's key if it has one. Every image that is
// pushed is scanned for known vulnerabilities (see neededAPIs).
//
// What no tag names is removed after two weeks: the rest of a push that was cut off. Others go after half a year, but for the newest thirty.
// That takes no image from what serves: Cloud Run has a copy of its own of what a revision runs, for as long as the revision has traffic.
//   - https://cloud.google.com/artifact-registry/docs/docker/store-docker-container-images
//   - https://cloud.google.com/artifact-registry/docs/repositories/cleanup-policy
//   - https://cloud.google.com/run/docs/deploying#images
//   - https://cloud.google.com/artifact-registry/docs/cmek
func (p *Platform) repository(ctx *pulumi.Context, name string, opts []pulumi.ResourceOption) (*artifactregistry.Repository, error) {
	made, err := artifactregistry.NewRepository(ctx, name, &artifactregistry.RepositoryArgs{
		RepositoryId: pulumi.String(p.fixed(clean(name), longest)), Location: pulumi.String(p.settings.Region), Project: pulumi.String(p.account),
		Format: pulumi.String("DOCKER"), Mode: pulumi.String("STANDARD_REPOSITORY"),
		Description:  pulumi.String(fmt.Sprintf("Slipway %s/%s: %s", p.project, p.stack, name)),
		DockerConfig: artifactregistry.RepositoryDockerConfigArgs{ImmutableTags: pulumi.Bool(true)},
		KmsKeyName:   p.key.name(),
		CleanupPolicies: artifactregistry.RepositoryCleanupPolicyArray{
			artifactregistry.RepositoryCleanupPolicyArgs{
				Id: pulumi.String("untagged"), Action: pulumi.String("DELETE"),
				Condition: artifactregistry.RepositoryCleanupPolicyConditionArgs{TagState: pulumi.String("UNTAGGED"), OlderThan: pulumi.String(untagged)},
			},
			artifactregistry.RepositoryCleanupPolicyArgs{
				Id: pulumi.String("outdated"), Action: pulumi.String("DELETE"),
				Condition: artifactregistry.RepositoryCleanupPolicyConditionArgs{TagState: pulumi.String("TAGGED"), OlderThan: pulumi.String(outdated)},
			},
			artifactregistry.RepositoryCleanupPolicyArgs{
				Id: pulumi.String("newest"), Action: pulumi.String("KEEP"),
				MostRecentVersions: artifactregistry.RepositoryCleanupPolicyMostRecentVersionsArgs{KeepCount: pulumi.Int(kept)},
			},
		},
		CleanupPolicyDryRun: pulumi.Bool(false),
	}, p.cloudOpts(opts)...)
	if err != nil {
		return nil, fmt.Errorf("creating image repository %s: %w", name, err)
	}
	return made, nil
}

// registryHost is where the region's images are.
// https://cloud.google.com/artifact-registry/docs/docker/names
func (p *Platform) registryHost() string { return p.settings.Region + "-docker.pkg.dev" }

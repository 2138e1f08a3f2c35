package azure

import (
	"fmt"

	containerregistry "github.com/pulumi/pulumi-azure-native-sdk/containerregistry/v2/v20230701"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// registry holds the stack's images. server is its host name, token what it takes as the deployer's password; pull are the identities'
// rights to its images.
type registry struct {
	server, token pulumi.StringOutput
	pull          []pulumi.Resource
}

// untaggedDays is how long an image that no tag names is kept: the rest of a push that was cut off. Each push has a tag of its own
// and no tag ever moves, so what serves always has one, and the rule never takes it. Azure does not know which digests run; a purge by
// age or number could take the one that serves. Tagged images cost little: 20 MB each are 0.002 USD a month.
//   - https://learn.microsoft.com/azure/container-registry/container-registry-retention-policy
//   - https://azure.microsoft.com/pricing/details/container-registry/
const untaggedDays = 30

// makeRegistry makes the registry, without admin user. The stack's identities may pull from it and nothing else. It stays reachable from
// outside: images are pushed by pipelines and laptops, which have no way into the network. What lets somebody in is a role in Entra
// ID alone. In production it is spread over zones.
//   - https://learn.microsoft.com/azure/container-registry/container-registry-authentication#admin-account
//   - https://learn.microsoft.com/azure/container-registry/container-registry-skus
//   - https://learn.microsoft.com/azure/container-registry/zone-redundancy
func (p *Platform) makeRegistry(ctx *pulumi.Context) error {
	opts := []pulumi.ResourceOption{pulumi.Parent(p)}
	args := &containerregistry.RegistryArgs{
		ResourceGroupName: p.group, RegistryName: p.global(50, ""), AdminUserEnabled: pulumi.Bool(false),
		Sku:                 containerregistry.SkuArgs{Name: pulumi.String("Basic")},
		PublicNetworkAccess: pulumi.String("Enabled"),
	}
	if p.settings.Prod {
		args.Sku = containerregistry.SkuArgs{Name: pulumi.String("Premium")}
		args.ZoneRedundancy, args.DataEndpointEnabled = pulumi.String("Enabled"), pulumi.Bool(true)
		args.Policies = containerregistry.PoliciesArgs{
			RetentionPolicy: containerregistry.RetentionPolicyArgs{Days: pulumi.Int(untaggedDays), Status: pulumi.String("enabled")},
		}
	}
	made, err := containerregistry.NewRegistry(ctx, "registry", args, p.cloudOpts(opts, pulumi.Protect(p.settings.Protect))...)
	if err != nil {
		return fmt.Errorf("creating container registry: %w", err)
	}
	if p.registry.pull, err = p.assignAll(ctx, "registry-pull", pullImages, made.ID(), opts); err != nil {
		return err
	}
	if err := p.diagnose(ctx, "registry", made.ID(), true, true, opts); err != nil {
		return err
	}
	p.registry.server = made.LoginServer
	p.registry.token, err = p.registryToken(ctx, made.LoginServer)
	return err
}

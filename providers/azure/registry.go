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

// makeRegistry makes the registry, without admin user. The stack's identities may pull from it and nothing else. It stays reachable from
// outside: images are pushed by pipelines and laptops, which have no way into the network. What lets somebody in is a role in Entra
// ID alone. Azure spreads one over zones by itself, where a region has some. Nothing is purged: each push has a tag of its own, Azure does
// not know which digests run, and a tagged image of 20 MB costs 0.002 USD a month. Premium has a private endpoint, which would close it
// to pipelines, copies in other regions, and a purge of untagged images.
//   - https://learn.microsoft.com/azure/container-registry/container-registry-authentication#admin-account
//   - https://learn.microsoft.com/azure/container-registry/container-registry-skus
//   - https://learn.microsoft.com/azure/container-registry/zone-redundancy
func (p *Platform) makeRegistry(ctx *pulumi.Context) error {
	opts := []pulumi.ResourceOption{pulumi.Parent(p)}
	tier := "Basic"
	if p.settings.Prod {
		tier = "Standard"
	}
	args := &containerregistry.RegistryArgs{
		ResourceGroupName: p.group, RegistryName: p.global(50, ""), AdminUserEnabled: pulumi.Bool(false),
		Sku:                 containerregistry.SkuArgs{Name: pulumi.String(tier)},
		PublicNetworkAccess: pulumi.String("Enabled"),
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

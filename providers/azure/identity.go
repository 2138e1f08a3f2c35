package azure

import (
	"fmt"

	managedidentity "github.com/pulumi/pulumi-azure-native-sdk/managedidentity/v2/v20230131"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// identity is who the app is to Azure.
type identity struct{ id, principal pulumi.StringOutput }

// makeIdentity makes the user-assigned identity that the app's instances pull images and read secrets with. It is there before the
// app, so its rights can be too: one of the app's own would have none at the moment the first instance starts.
// https://learn.microsoft.com/azure/container-apps/managed-identity
func (p *Platform) makeIdentity(ctx *pulumi.Context) error {
	made, err := managedidentity.NewUserAssignedIdentity(ctx, p.name("app", 128), &managedidentity.UserAssignedIdentityArgs{
		ResourceGroupName: p.group,
	}, p.cloudOpts([]pulumi.ResourceOption{pulumi.Parent(p)})...)
	if err != nil {
		return fmt.Errorf("creating identity of the app: %w", err)
	}
	p.identity = identity{id: made.ID().ToStringOutput(), principal: made.PrincipalId}
	return nil
}

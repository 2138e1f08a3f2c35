package azure

import (
	"fmt"

	managedidentity "github.com/pulumi/pulumi-azure-native-sdk/managedidentity/v2/v20230131"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// identity is who something that runs is to Azure.
type identity struct {
	name          string // of the identity in the stack
	id, principal pulumi.StringOutput
}

// makeIdentities makes two user-assigned identities, with which Azure pulls images and reads secrets: one for the app and its
// migrations, and one for what sets the database up. They are there before the app, so their rights can be too: one of the app's own
// would have none at the moment the first instance starts.
// Their module is at 2.81.0, with a plugin of its own beside that of all other resources: docs/adr/0021-provider-majors.md.
// https://learn.microsoft.com/azure/container-apps/managed-identity
func (p *Platform) makeIdentities(ctx *pulumi.Context) error {
	for name, who := range map[string]*identity{"app": &p.identity, "setup": &p.setup} {
		made, err := managedidentity.NewUserAssignedIdentity(ctx, p.name(name, 128), &managedidentity.UserAssignedIdentityArgs{
			ResourceGroupName: p.group,
		}, p.cloudOpts([]pulumi.ResourceOption{pulumi.Parent(p)})...)
		if err != nil {
			return fmt.Errorf("creating identity %s: %w", name, err)
		}
		*who = identity{name: name, id: made.ID().ToStringOutput(), principal: made.PrincipalId}
	}
	return nil
}

// identities are all of the stack's.
func (p *Platform) identities() []identity { return []identity{p.identity, p.setup} }

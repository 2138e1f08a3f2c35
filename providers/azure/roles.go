package azure

import (
	"fmt"

	authorization "github.com/pulumi/pulumi-azure-native-sdk/authorization/v2/v20220401"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// role is one of Azure's built-in roles.
// https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
type role struct{ name, id string }

// The roles that are assigned: nothing but to pull images, and to read the values of secrets.
var (
	pullImages  = role{"AcrPull", "7f951dda-4ed3-4680-a7ca-43fe172d538d"}
	readSecrets = role{"Key Vault Secrets User", "4633458b-17de-408a-b874-0445c86b69e6"}
)

// assignAll gives all of the stack's identities a role on one resource, and returns the assignments.
func (p *Platform) assignAll(ctx *pulumi.Context, part string, r role, scope pulumi.StringInput, opts []pulumi.ResourceOption) ([]pulumi.Resource, error) {
	var all []pulumi.Resource
	for _, who := range p.identities() {
		made, err := p.assign(ctx, part+"-"+who.name, r, who, scope, opts)
		if err != nil {
			return nil, err
		}
		all = append(all, made)
	}
	return all, nil
}

// assign gives an identity a role on one resource and nothing above it. The assignment's name is a GUID that follows from what
// it says, so that it is the same from run to run. An assignment can't be changed and no second one for the same role may stand beside
// it, so a replacement comes after its deletion. The type of principal is said, as Entra ID may not have heard of a new identity yet.
//   - https://learn.microsoft.com/azure/role-based-access-control/role-assignments-template
//   - https://learn.microsoft.com/azure/role-based-access-control/troubleshooting#symptom---assigning-a-role-to-a-new-principal-sometimes-fails
func (p *Platform) assign(ctx *pulumi.Context, part string, r role, who identity, scope pulumi.StringInput, opts []pulumi.ResourceOption) (*authorization.RoleAssignment, error) {
	made, err := authorization.NewRoleAssignment(ctx, part, &authorization.RoleAssignmentArgs{
		RoleAssignmentName: pulumi.String(p.assignment(part, r)),
		Scope:              scope,
		RoleDefinitionId:   pulumi.Sprintf("/subscriptions/%s/providers/Microsoft.Authorization/roleDefinitions/%s", p.subscription, r.id),
		PrincipalId:        who.principal,
		PrincipalType:      pulumi.String("ServicePrincipal"),
		Description:        pulumi.String("Slipway " + p.project + "/" + p.stack + ": " + part),
	}, p.cloudOpts(opts, pulumi.DeleteBeforeReplace(true))...)
	if err != nil {
		return nil, fmt.Errorf("assigning role %s: %w", r.name, err)
	}
	return made, nil
}

// assignment is the name of a role assignment.
func (p *Platform) assignment(part string, r role) string {
	return guid("slipway role assignment", p.subscription, p.groupName(), part, r.id)
}

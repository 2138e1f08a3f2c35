package gcp

import (
	"fmt"

	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/projects"
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/serviceaccount"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// identity is a service account.
type identity struct {
	name  string // for the names of what it is given
	email pulumi.StringOutput
	// member is how policies call it: serviceAccount:<email>.
	member pulumi.StringOutput
}

// runRoles are what the app's account may do in the project. Secrets are given one by one (see storeSecret), and images are pulled by
// Cloud Run's own agent.
//   - https://cloud.google.com/trace/docs/iam#roles
//   - https://cloud.google.com/monitoring/access-control#roles
//   - https://cloud.google.com/run/docs/deploying#permissions_required_to_deploy_other_images
var runRoles = []string{"roles/cloudtrace.agent", "roles/monitoring.metricWriter"}

// makeAccounts makes the two accounts of a stack: the app's, and that of dbinit, which alone may read the password of the database's
// master. Neither has a key, and the project's default accounts are not used.
//   - https://cloud.google.com/run/docs/configuring/service-identity
//   - https://cloud.google.com/iam/docs/best-practices-service-accounts
func (p *Platform) makeAccounts(ctx *pulumi.Context) (err error) {
	if p.run, err = p.serviceAccount(ctx, "run", "the app"); err != nil {
		return err
	}
	if p.init, err = p.serviceAccount(ctx, "init", "dbinit, which makes the app's role in the database"); err != nil {
		return err
	}
	for _, role := range runRoles {
		_, err := projects.NewIAMMember(ctx, "run-"+lastPart(role), &projects.IAMMemberArgs{
			Project: pulumi.String(p.account), Role: pulumi.String(role), Member: p.run.member,
		}, p.cloudOpts(p.own())...)
		if err != nil {
			return fmt.Errorf("giving %s to the app: %w", role, err)
		}
	}
	return nil
}

// serviceAccount makes a service account, or takes over one of its id: so its administrator can make it before, and give the deployer the
// right to use this one and no other (docs/gcp.md). An id has 6 to 30 characters.
//   - https://cloud.google.com/iam/docs/service-accounts-create
//   - https://www.pulumi.com/registry/packages/gcp/api-docs/serviceaccount/account/#createignorealreadyexists
func (p *Platform) serviceAccount(ctx *pulumi.Context, part, of string) (identity, error) {
	made, err := serviceaccount.NewAccount(ctx, p.fixed(part, 30), &serviceaccount.AccountArgs{
		CreateIgnoreAlreadyExists: pulumi.Bool(true),
		AccountId:                 pulumi.String(p.fixed(part, 30)), Project: pulumi.String(p.account),
		DisplayName: pulumi.String(fmt.Sprintf("%.100s", fmt.Sprintf("Slipway %s: %s/%s", part, p.project, p.stack))), // at most 100 characters
		Description: pulumi.String("Runs " + of),
	}, p.cloudOpts(p.own())...)
	if err != nil {
		return identity{}, fmt.Errorf("creating service account %s: %w", part, err)
	}
	return identity{name: part, email: made.Email, member: made.Member}, nil
}

package aws

import (
	"fmt"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// statement is one statement of a policy, written as in JSON.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
type statement = pulumi.Map

// policy is a policy document.
func policy(statements ...statement) pulumi.StringOutput {
	all := pulumi.Array{}
	for _, s := range statements {
		all = append(all, s)
	}
	return pulumi.JSONMarshal(pulumi.Map{"Version": pulumi.String("2012-10-17"), "Statement": all})
}

// list is a list of strings inside a policy.
func list(texts ...string) pulumi.StringArray { return pulumi.ToStringArray(texts) }

// sourced are the services that say for which account they take on a role. Of the others AWS documents no such thing (AWS
// Backup, for one): with the condition they could not take on the role at all.
var sourced = []string{
	"ecs-tasks.amazonaws.com",      // https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
	"events.amazonaws.com",         // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-conditions.html
	"monitoring.rds.amazonaws.com", // https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Monitoring.OS.Enabling.html#USER_Monitoring.OS.confused-deputy
	"vpc-flow-logs.amazonaws.com",  // https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html
}

// role makes a role that one service of AWS may take on, for resources of this account only where the service says whose they
// are, so that it can't be made to use the role for somebody else ("confused deputy"). rights may be the zero Output for a role
// without an inline policy. Whatever uses the role's ARN waits for its rights, and loses them last when the stack is destroyed.
// Where Settings.PermissionsBoundary names a policy, the role can do no more than that one allows.
//   - https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
//   - https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-vs-inline.html
//   - https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
func (p *Platform) role(ctx *pulumi.Context, part, service string, rights pulumi.StringOutput, opts []pulumi.ResourceOption) (*iam.Role, error) {
	trust := statement{
		"Effect":    pulumi.String("Allow"),
		"Principal": pulumi.Map{"Service": pulumi.String(service)},
		"Action":    pulumi.String("sts:AssumeRole"),
	}
	if slices.Contains(sourced, service) {
		trust["Condition"] = pulumi.Map{"StringEquals": pulumi.Map{"aws:SourceAccount": pulumi.String(p.account)}}
	}
	args := &iam.RoleArgs{Description: pulumi.Sprintf("Slipway %s/%s: %s", p.project, p.stack, part), AssumeRolePolicy: policy(trust)}
	if p.settings.PermissionsBoundary != "" {
		args.PermissionsBoundary = pulumi.String(p.settings.PermissionsBoundary)
	}
	r, err := iam.NewRole(ctx, p.name(part, 64), args, p.cloudOpts(opts)...)
	if err != nil {
		return nil, fmt.Errorf("creating role %s: %w", part, err)
	}
	if rights == (pulumi.StringOutput{}) {
		return r, nil
	}
	inline, err := iam.NewRolePolicy(ctx, p.name(part, 128), &iam.RolePolicyArgs{Role: r.ID(), Policy: rights}, p.cloudOpts(opts)...)
	if err != nil {
		return nil, fmt.Errorf("creating policy of role %s: %w", part, err)
	}
	r.Arn = after(ctx, r.Arn, inline)
	return r, nil
}

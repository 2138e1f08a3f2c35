package aws

import (
	"fmt"
	"regexp"
	"strconv"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"
	"github.com/pulumi/pulumi-random/sdk/v4/go/random"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// databaseIdentifier is the instance's name. Log groups and the final snapshot are called after it, so Pulumi can't choose it; its
// end is random, and another one where the instance itself must be replaced: so the new instance can be made beside the old one,
// and no final snapshot has the name of an earlier one.
//
// Who uses the name waits for the log groups, which are made here before RDS does: it would neither encrypt them nor ever delete
// an entry.
//   - https://www.pulumi.com/registry/packages/random/api-docs/randomid/
//   - https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_LogAccess.Procedural.UploadtoCloudWatch.html
func (p *Platform) databaseIdentifier(ctx *pulumi.Context, name string, a components.DatabaseArgs, opts []pulumi.ResourceOption) (pulumi.StringOutput, error) {
	const bytes, limit = 4, 63
	id, err := random.NewRandomId(ctx, name, &random.RandomIdArgs{
		ByteLength: pulumi.Int(bytes),
		Keepers:    pulumi.StringMap{"database": pulumi.String(a.Name), "key": p.key.arn},
	}, p.randomOpts(opts)...)
	if err != nil {
		return pulumi.StringOutput{}, fmt.Errorf("creating the instance's identifier: %w", err)
	}
	identifier := pulumi.Sprintf("%s-%s", p.fixed(name, limit-1-2*bytes), id.Hex)
	var groups []pulumi.Resource
	for _, kind := range databaseLogs {
		group, err := p.logGroup(ctx, name+"-"+kind, pulumi.Sprintf("/aws/rds/instance/%s/%s", identifier, kind), opts)
		if err != nil {
			return pulumi.StringOutput{}, err
		}
		groups = append(groups, group)
	}
	return after(ctx, identifier, groups...), nil
}

// placeDatabase puts the instance into the private subnets and a security group of its own, which the tasks alone may reach.
// Who can use the instance finds the rules there, as the instance waits for them.
//   - https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_VPC.WorkingWithRDSInstanceinaVPC.html
//   - https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.RDSSecurityGroups.html
func (p *Platform) placeDatabase(ctx *pulumi.Context, name string, args *rds.InstanceArgs, opts []pulumi.ResourceOption) error {
	subnets, err := rds.NewSubnetGroup(ctx, p.name(name, 255), &rds.SubnetGroupArgs{
		Description: pulumi.Sprintf("Slipway %s/%s: private subnets", p.project, p.stack),
		SubnetIds:   p.network.private,
	}, p.cloudOpts(opts)...)
	if err != nil {
		return fmt.Errorf("creating the database's subnet group: %w", err)
	}
	group, err := p.securityGroup(ctx, name, "The database", opts)
	if err != nil {
		return err
	}
	rules, err := p.connect(ctx, "tasks-to-"+name, p.network.tasks, group, databasePort, "PostgreSQL, from tasks of the app", opts)
	if err != nil {
		return err
	}
	args.DbSubnetGroupName, args.VpcSecurityGroupIds = subnets.Name, pulumi.StringArray{after(ctx, group, rules...)}
	return nil
}

// monitorDatabase turns on Enhanced Monitoring in prod: figures of the operating system every minute, as logs, which cost. AWS's own
// policy for it reaches log groups whose names begin with RDS, and nothing else.
//   - https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Monitoring.OS.Enabling.html
//   - https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonRDSEnhancedMonitoringRole.html
func (p *Platform) monitorDatabase(ctx *pulumi.Context, name string, args *rds.InstanceArgs, opts []pulumi.ResourceOption) error {
	if !p.settings.Prod {
		return nil
	}
	role, err := p.managedRole(ctx, name+"-monitoring", "monitoring.rds.amazonaws.com", "AmazonRDSEnhancedMonitoringRole", opts)
	if err != nil {
		return err
	}
	args.MonitoringInterval, args.MonitoringRoleArn = pulumi.Int(60), role
	return nil
}

// managedRole makes a role with one of AWS's own policies for services. Whatever uses its ARN waits for the policy, too.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-vs-inline.html
func (p *Platform) managedRole(ctx *pulumi.Context, part, service, managed string, opts []pulumi.ResourceOption) (pulumi.StringOutput, error) {
	role, err := p.role(ctx, part, service, pulumi.StringOutput{}, opts)
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	attached, err := iam.NewRolePolicyAttachment(ctx, p.name(part, 64), &iam.RolePolicyAttachmentArgs{
		Role:      role.Name,
		PolicyArn: pulumi.Sprintf("arn:%s:iam::aws:policy/service-role/%s", p.part, managed),
	}, p.cloudOpts(opts)...)
	if err != nil {
		return pulumi.StringOutput{}, fmt.Errorf("attaching %s: %w", managed, err)
	}
	return after(ctx, role.Arn, attached), nil
}

var (
	instanceClass = regexp.MustCompile(`^db\.([a-z])[a-z0-9-]*\.(micro|small|medium|large|([0-9]*)xlarge)$`)
	// memoryGiB is the memory of a family's class "large", by the family's first letter.
	memoryGiB = map[string]float64{"c": 4, "m": 8, "t": 8, "r": 16, "z": 16, "x": 32}
	// shareOfLarge is the memory of the smaller classes as a share of large's.
	shareOfLarge = map[string]float64{"micro": 0.125, "small": 0.25, "medium": 0.5, "large": 1}
)

// maxConnections is how many connections an instance of a class takes: 100 for each GiB of memory, and at most 5000. That is a
// little less than RDS's own formula gives, but a number: the alarm on connections needs to know it. It is 0 for what is no
// instance class.
//   - https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html#RDS_Limits.MaxConnections
//   - https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.DBInstanceClass.Summary.html
func maxConnections(class string) int {
	parts := instanceClass.FindStringSubmatch(class)
	if parts == nil {
		return 0
	}
	share, ok := shareOfLarge[parts[2]]
	if !ok {
		share = 2
		if n, err := strconv.Atoi(parts[3]); err == nil {
			share = 2 * float64(n)
		}
	}
	return min(int(100*share*memoryGiB[parts[1]]), 5000)
}

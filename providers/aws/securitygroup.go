package aws

import (
	"fmt"
	"regexp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpc"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// anywhere is every IPv4 address.
const anywhere = "0.0.0.0/0"

// described are the descriptions that groups and rules may have.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpRange.html
var described = regexp.MustCompile(`^[a-zA-Z0-9 ._:/()#,@\[\]+=&;{}!$*-]{1,255}$`)

// label is the name under which the console shows a thing of EC2 or VPC, which have no other name.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html
func (p *Platform) label(part string) pulumi.StringMap {
	return pulumi.StringMap{"Name": pulumi.String(p.fixed(part, 255))}
}

// securityGroup makes a security group without any rule and returns its id: nothing comes in, and nothing goes out. When the
// description changes, the group is replaced. It fails if the description has an apostrophe or anything else that AWS does not take.
//   - https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html
//   - https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html
func (p *Platform) securityGroup(ctx *pulumi.Context, part, description string, opts []pulumi.ResourceOption) (pulumi.StringOutput, error) {
	if !described.MatchString(description) {
		return pulumi.StringOutput{}, fmt.Errorf("creating security group %s: AWS does not take the description %q", part, description)
	}
	group, err := ec2.NewSecurityGroup(ctx, p.name(part, 255), &ec2.SecurityGroupArgs{
		VpcId:       p.network.vpc,
		Description: pulumi.String(description),
		Tags:        p.label(part),
	}, p.cloudOpts(opts)...)
	if err != nil {
		return pulumi.StringOutput{}, fmt.Errorf("creating security group %s: %w", part, err)
	}
	return group.ID().ToStringOutput(), nil
}

// allow lets one group open connections to a TCP port of another one: an egress rule there and an ingress rule here, with the
// same description. Answers need no rule, as security groups keep track of connections. It fails if the description has an
// apostrophe or anything else that AWS does not take.
// https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
func (p *Platform) allow(ctx *pulumi.Context, name string, from, to pulumi.StringInput, port int, description string, opts []pulumi.ResourceOption) error {
	_, err := p.connect(ctx, name, from, to, port, description, opts)
	return err
}

// connect is allow for callers that must wait for the rules.
func (p *Platform) connect(ctx *pulumi.Context, name string, from, to pulumi.StringInput, port int, description string, opts []pulumi.ResourceOption) ([]pulumi.Resource, error) {
	if !described.MatchString(description) {
		return nil, fmt.Errorf("creating rules %s: AWS does not take the description %q", name, description)
	}
	out, err := p.allowOut(ctx, name, port, &vpc.SecurityGroupEgressRuleArgs{
		SecurityGroupId: from, ReferencedSecurityGroupId: to.ToStringOutput().ToStringPtrOutput(), Description: pulumi.String(description),
	}, opts)
	if err != nil {
		return nil, err
	}
	in, err := vpc.NewSecurityGroupIngressRule(ctx, name, &vpc.SecurityGroupIngressRuleArgs{
		SecurityGroupId: to, ReferencedSecurityGroupId: from.ToStringOutput().ToStringPtrOutput(), Description: pulumi.String(description),
		IpProtocol: pulumi.String("tcp"), FromPort: pulumi.Int(port), ToPort: pulumi.Int(port),
	}, p.cloudOpts(opts)...)
	if err != nil {
		return nil, fmt.Errorf("creating ingress rule %s: %w", name, err)
	}
	return []pulumi.Resource{out, in}, nil
}

// allowOut makes the egress rule of a TCP port. The destination, the group and the description stand in args.
// https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
func (p *Platform) allowOut(ctx *pulumi.Context, name string, port int, args *vpc.SecurityGroupEgressRuleArgs, opts []pulumi.ResourceOption) (pulumi.Resource, error) {
	args.IpProtocol, args.FromPort, args.ToPort = pulumi.String("tcp"), pulumi.Int(port), pulumi.Int(port)
	rule, err := vpc.NewSecurityGroupEgressRule(ctx, name, args, p.cloudOpts(opts)...)
	if err != nil {
		return nil, fmt.Errorf("creating egress rule %s: %w", name, err)
	}
	return rule, nil
}

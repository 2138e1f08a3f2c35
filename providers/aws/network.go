package aws

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// vpcCIDR is the address range of every stack's VPC. Stacks have no way to each other, so it may be the same.
// https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
const vpcCIDR = "10.0.0.0/16"

// network is the stack's own VPC. Its outputs carry what must be there first: who uses a public subnet waits for the internet
// gateway and the route to it, and who uses the group of the tasks waits for their way out. All of it is taken down in the
// opposite order.
type network struct {
	vpc     pulumi.StringOutput // id
	cidr    string
	zones   []string            // names; a stack that exists keeps the zones that it began with, whatever is chosen here
	public  pulumi.StringArray  // subnet ids, one per zone
	private pulumi.StringArray  // likewise
	tasks   pulumi.StringOutput // security group of the app's tasks
}

// makeNetwork makes the network: a VPC with the resolver and the host names that private names of endpoints need, public and
// private subnets in two or three zones, an internet gateway, the way out that is configured, the security group of the tasks,
// and flow logs. The internet gateway is there even when nothing of the stack has a public address: CloudFront reaches a load
// balancer in private subnets only if the VPC has one.
//   - https://docs.aws.amazon.com/vpc/latest/userguide/vpc-dns.html
//   - https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html
//   - https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-vpc-origins.html#vpc-origin-prerequisites
func (p *Platform) makeNetwork(ctx *pulumi.Context) error {
	opts := []pulumi.ResourceOption{pulumi.Parent(p)}
	zones, err := p.pickZones(ctx)
	if err != nil {
		return err
	}
	made, err := ec2.NewVpc(ctx, "vpc", &ec2.VpcArgs{
		CidrBlock:          pulumi.String(vpcCIDR),
		EnableDnsSupport:   pulumi.Bool(true),
		EnableDnsHostnames: pulumi.Bool(true),
		Tags:               p.label("vpc"),
	}, p.cloudOpts(opts)...)
	if err != nil {
		return fmt.Errorf("creating VPC: %w", err)
	}
	p.network = network{vpc: made.ID().ToStringOutput(), cidr: vpcCIDR, zones: zones}
	if err := p.closeDefaultGroup(ctx, opts); err != nil {
		return err
	}
	if err := p.makeFlowLog(ctx, opts); err != nil {
		return err
	}
	gateway, err := ec2.NewInternetGateway(ctx, "internet", &ec2.InternetGatewayArgs{VpcId: p.network.vpc, Tags: p.label("internet")}, p.cloudOpts(opts)...)
	if err != nil {
		return fmt.Errorf("creating internet gateway: %w", err)
	}
	public, err := p.makePublicSubnets(ctx, gateway, opts)
	if err != nil {
		return err
	}
	private, err := p.makePrivateSubnets(ctx, gateway, opts)
	if err != nil {
		return err
	}
	return p.makeTaskGroup(ctx, gateway, public, private, opts)
}

// closeDefaultGroup takes every rule from the security group that AWS makes with a VPC, so that nothing can be reached through a
// group that nobody chose. AWS deletes the group with the VPC.
//   - https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html
//   - https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-2
func (p *Platform) closeDefaultGroup(ctx *pulumi.Context, opts []pulumi.ResourceOption) error {
	_, err := ec2.NewDefaultSecurityGroup(ctx, "default", &ec2.DefaultSecurityGroupArgs{
		VpcId:   p.network.vpc,
		Ingress: ec2.DefaultSecurityGroupIngressArray{},
		Egress:  ec2.DefaultSecurityGroupEgressArray{},
		Tags:    p.label("default"),
	}, p.cloudOpts(opts)...)
	if err != nil {
		return fmt.Errorf("closing the default security group: %w", err)
	}
	return nil
}

// makeFlowLog records the connections of the VPC in an encrypted log group, by a role that can write there only: all of them in
// production, in dev those that were refused, which is what the control asks for at least and costs next to nothing.
//   - https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-cwl.html
//   - https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html
//   - https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-6
func (p *Platform) makeFlowLog(ctx *pulumi.Context, opts []pulumi.ResourceOption) error {
	group, err := p.logGroup(ctx, "flow-logs", nil, opts)
	if err != nil {
		return err
	}
	writer, err := p.role(ctx, "flow-logs", "vpc-flow-logs.amazonaws.com", policy(
		statement{
			"Effect": pulumi.String("Allow"), "Action": list("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"),
			"Resource": pulumi.StringArray{group.Arn, pulumi.Sprintf("%s:*", group.Arn)},
		},
		// A list of log groups is about none of them.
		statement{"Effect": pulumi.String("Allow"), "Action": pulumi.String("logs:DescribeLogGroups"), "Resource": pulumi.String("*")},
	), opts)
	if err != nil {
		return err
	}
	traffic := "REJECT"
	if p.settings.Prod {
		traffic = "ALL"
	}
	_, err = ec2.NewFlowLog(ctx, "flow-logs", &ec2.FlowLogArgs{
		VpcId:              p.network.vpc,
		TrafficType:        pulumi.String(traffic),
		LogDestinationType: pulumi.String("cloud-watch-logs"),
		LogDestination:     group.Arn,
		IamRoleArn:         writer.Arn,
		Tags:               p.label("flow-logs"),
	}, p.cloudOpts(opts)...)
	if err != nil {
		return fmt.Errorf("creating flow log: %w", err)
	}
	return nil
}

package aws

import (
	"fmt"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpc"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// httpsPort is the only port on which the app's tasks open connections to anything that is not the stack's own.
const httpsPort = 443

// makeTaskGroup makes the security group of the app's tasks, with its way out of the VPC. Without endpoints, that is HTTPS to
// anywhere; with them, HTTPS to the endpoints and to S3, and nothing else. No rule is needed for name resolution: security groups don't
// filter what goes to Amazon's resolver, nor to the addresses where tasks get their credentials. What else the tasks may reach (database,
// cache), and who reaches them, is allowed by those who make it.
//   - https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-task-networking.html
//   - https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html
func (p *Platform) makeTaskGroup(ctx *pulumi.Context, gateway *ec2.InternetGateway, public *ec2.RouteTable, private []*ec2.RouteTable, opts []pulumi.ResourceOption) error {
	group, err := p.securityGroup(ctx, "tasks", "Tasks of the app", opts)
	if err != nil {
		return err
	}
	tables := private
	if p.settings.Egress == EgressPublic {
		tables = slices.Concat(private, []*ec2.RouteTable{public})
	}
	s3, err := p.makeS3Endpoint(ctx, tables, opts)
	if err != nil {
		return err
	}
	var first []pulumi.Resource
	switch p.settings.Egress {
	case EgressPublic: // the public subnets have their route
	case EgressNAT, EgressNATPerZone:
		first, err = p.makeNAT(ctx, gateway, private, opts)
	case EgressEndpoints:
		first, err = p.makeInterfaceEndpoints(ctx, group, s3, opts)
	default:
		err = components.Unsupported("aws", "aws.egress", fmt.Sprintf("there is no way out called %q", p.settings.Egress))
	}
	if err != nil {
		return err
	}
	if p.settings.Egress != EgressEndpoints {
		rule, err := p.allowOut(ctx, "tasks-to-internet", httpsPort, &vpc.SecurityGroupEgressRuleArgs{
			SecurityGroupId: group, CidrIpv4: pulumi.String(anywhere), Description: pulumi.String("HTTPS to AWS and to services outside"),
		}, opts)
		if err != nil {
			return err
		}
		first = append(first, rule)
	}
	p.network.tasks = after(ctx, group, append(first, s3)...)
	return nil
}

// makeNAT makes NAT gateways with their addresses, and the routes of the private subnets to them: one in the first zone for all, or
// one in every zone, so that losing a zone takes nobody else's way out and no traffic is charged for crossing zones. An address
// can be used only once the internet gateway is there, which in turn can't go while one is in use.
//   - https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-gateway.html
//   - https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html
func (p *Platform) makeNAT(ctx *pulumi.Context, gateway *ec2.InternetGateway, private []*ec2.RouteTable, opts []pulumi.ResourceOption) ([]pulumi.Resource, error) {
	var nats []*ec2.NatGateway
	var routes []pulumi.Resource
	for i, table := range private {
		name := numbered("nat", i)
		if i == 0 || p.settings.Egress == EgressNATPerZone {
			address, err := ec2.NewEip(ctx, name, &ec2.EipArgs{Domain: pulumi.String("vpc"), Tags: p.label(name)}, p.cloudOpts(opts, pulumi.DependsOn([]pulumi.Resource{gateway}))...)
			if err != nil {
				return nil, fmt.Errorf("creating address of NAT gateway: %w", err)
			}
			nat, err := ec2.NewNatGateway(ctx, name, &ec2.NatGatewayArgs{
				AllocationId: address.ID(), SubnetId: p.network.public[i], Tags: p.label(name),
			}, p.cloudOpts(opts)...)
			if err != nil {
				return nil, fmt.Errorf("creating NAT gateway: %w", err)
			}
			nats = append(nats, nat)
		}
		route, err := ec2.NewRoute(ctx, numbered("private", i), &ec2.RouteArgs{
			RouteTableId: table.ID(), DestinationCidrBlock: pulumi.String(anywhere), NatGatewayId: nats[min(i, len(nats)-1)].ID(),
		}, p.cloudOpts(opts)...)
		if err != nil {
			return nil, fmt.Errorf("creating route to NAT gateway: %w", err)
		}
		routes = append(routes, route)
	}
	return routes, nil
}

package aws

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// privateCIDR is the range of a zone's private subnet: from the beginning of the VPC's, with 8,187 addresses to use, one a task.
// The ranges don't depend on the number of zones, so that a third zone moves nothing; 10.0.96.0 to 10.0.127.255 and 10.0.176.0 to
// 10.0.255.255 stay free.
// https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
func privateCIDR(zone int) string { return fmt.Sprintf("10.0.%d.0/19", 32*zone) }

// publicCIDR is the range of a zone's public subnet: from the middle of the VPC's, with 4,091 addresses to use.
func publicCIDR(zone int) string { return fmt.Sprintf("10.0.%d.0/20", 128+16*zone) }

// makePublicSubnets makes a subnet in every zone with a route to the internet, for a load balancer, for NAT gateways and for
// tasks that have public addresses. What is put there has a public address only when it asks for one. It returns their route table.
//   - https://docs.aws.amazon.com/vpc/latest/userguide/configure-subnets.html
//   - https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-15
func (p *Platform) makePublicSubnets(ctx *pulumi.Context, gateway *ec2.InternetGateway, opts []pulumi.ResourceOption) (*ec2.RouteTable, error) {
	table, err := p.routeTable(ctx, "public", opts)
	if err != nil {
		return nil, err
	}
	route, err := ec2.NewRoute(ctx, "public", &ec2.RouteArgs{
		RouteTableId: table.ID(), DestinationCidrBlock: pulumi.String(anywhere), GatewayId: gateway.ID(),
	}, p.cloudOpts(opts)...)
	if err != nil {
		return nil, fmt.Errorf("creating route to the internet: %w", err)
	}
	for i := range p.network.zones {
		id, err := p.subnet(ctx, numbered("public", i), publicCIDR(i), i, table, opts)
		if err != nil {
			return nil, err
		}
		p.network.public = append(p.network.public, after(ctx, id, route))
	}
	return table, nil
}

// makePrivateSubnets makes a subnet in every zone without any route out, each with a route table of its own, which it returns: a
// route may be added to them. Who uses them waits for the internet gateway too, although no route leads there: CloudFront
// looks for it before it reaches into a private subnet.
// https://docs.aws.amazon.com/vpc/latest/userguide/configure-subnets.html
func (p *Platform) makePrivateSubnets(ctx *pulumi.Context, gateway *ec2.InternetGateway, opts []pulumi.ResourceOption) ([]*ec2.RouteTable, error) {
	var tables []*ec2.RouteTable
	for i := range p.network.zones {
		table, err := p.routeTable(ctx, numbered("private", i), opts)
		if err != nil {
			return nil, err
		}
		id, err := p.subnet(ctx, numbered("private", i), privateCIDR(i), i, table, opts)
		if err != nil {
			return nil, err
		}
		tables = append(tables, table)
		p.network.private = append(p.network.private, after(ctx, id, gateway))
	}
	return tables, nil
}

// numbered is the name of the thing of its kind in a zone: "public-1". It does not hold the zone's own name, so that the resource
// stays the same when the choice of zones changes.
func numbered(kind string, zone int) string { return fmt.Sprintf("%s-%d", kind, zone+1) }

// subnet makes the subnet of a zone, puts it under a route table and returns its id.
// https://docs.aws.amazon.com/vpc/latest/userguide/create-subnets.html
func (p *Platform) subnet(ctx *pulumi.Context, name, cidr string, zone int, table *ec2.RouteTable, opts []pulumi.ResourceOption) (pulumi.StringOutput, error) {
	made, err := ec2.NewSubnet(ctx, name, &ec2.SubnetArgs{
		VpcId:               p.network.vpc,
		CidrBlock:           pulumi.String(cidr),
		AvailabilityZone:    pulumi.String(p.network.zones[zone]),
		MapPublicIpOnLaunch: pulumi.Bool(false),
		Tags:                p.label(name),
		// A subnet can't move. If AWS names the zones of the region otherwise one day, a stack stays where it is.
	}, p.cloudOpts(opts, pulumi.IgnoreChanges([]string{"availabilityZone"}))...)
	if err != nil {
		return pulumi.StringOutput{}, fmt.Errorf("creating subnet %s: %w", name, err)
	}
	association, err := ec2.NewRouteTableAssociation(ctx, name, &ec2.RouteTableAssociationArgs{RouteTableId: table.ID(), SubnetId: made.ID()}, p.cloudOpts(opts)...)
	if err != nil {
		return pulumi.StringOutput{}, fmt.Errorf("giving subnet %s its route table: %w", name, err)
	}
	return after(ctx, made.ID().ToStringOutput(), association), nil
}

// routeTable makes a route table with nothing in it but the VPC itself. Routes are resources of their own, since a list of them here
// would take away those that the gateway endpoint adds.
// https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html
func (p *Platform) routeTable(ctx *pulumi.Context, name string, opts []pulumi.ResourceOption) (*ec2.RouteTable, error) {
	table, err := ec2.NewRouteTable(ctx, name, &ec2.RouteTableArgs{VpcId: p.network.vpc, Tags: p.label(name)}, p.cloudOpts(opts)...)
	if err != nil {
		return nil, fmt.Errorf("creating route table %s: %w", name, err)
	}
	return table, nil
}

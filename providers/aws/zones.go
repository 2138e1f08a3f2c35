package aws

import (
	"fmt"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// How many zones a stack is spread over. Two are what a load balancer, a database's subnet group and a CloudFront VPC origin's load
// balancer need at least; with three, losing one takes a third of the capacity and not half of it.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html#subnets-load-balancer
const (
	zonesDev  = 2
	zonesProd = 3
)

// partial are the zones in which a stack could not run whole, by the id that means the same zone in every account: none of them
// can hold the origin of a CloudFront distribution, and the second and third have no Fargate either. They are left out whatever the
// front door is, so that the zones don't change with it.
//   - https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-vpc-origins.html#vpc-origins-supported-regions
//   - https://docs.aws.amazon.com/AmazonECS/latest/developerguide/AWS_Fargate-Regions.html
//   - https://docs.aws.amazon.com/global-infrastructure/latest/regions/az-ids.html
var partial = []string{"use1-az3", "usw1-az2", "apne1-az3", "cac1-az3"}

// pickZones asks AWS for the zones of the region and returns the names of the first ones: three in production where the region has
// them, otherwise two. Local and Wavelength Zones must be opted into, and are none. The state of a zone is not asked for: on
// the day that one is in trouble, an update must not take its subnets away. Fewer than two zones are an error that names the
// key region.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeAvailabilityZones.html
func (p *Platform) pickZones(ctx *pulumi.Context) ([]string, error) {
	got, err := aws.GetAvailabilityZones(ctx, &aws.GetAvailabilityZonesArgs{
		Filters:        []aws.GetAvailabilityZonesFilter{{Name: "opt-in-status", Values: []string{"opt-in-not-required"}}},
		ExcludeZoneIds: partial,
	}, pulumi.Parent(p), pulumi.Provider(p.cloud))
	if err != nil {
		return nil, fmt.Errorf("asking AWS for the zones of %s: %w", p.settings.Region, err)
	}
	names := slices.Sorted(slices.Values(got.Names))
	if len(names) < zonesDev {
		return nil, components.Unsupported("aws", "region", fmt.Sprintf("%s has %d zones that a stack can run in, and two are needed", p.settings.Region, len(names)))
	}
	want := zonesDev
	if p.settings.Prod {
		want = zonesProd
	}
	return names[:min(want, len(names))], nil
}

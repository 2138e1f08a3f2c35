// Package spec holds what Amazon Web Services publishes about itself, as dated tables: regions and what they have, versions and
// classes of databases and caches, quotas. It imports no SDK, so that the configuration can be checked against it, and `doctor`
// can ask the account about the same rows.
package spec

import (
	"slices"
	"strings"
)

// RegionsDate is when the tables of this file were last compared with AWS's pages.
const RegionsDate = "2026-12-01"

// Region is one of AWS's public regions, those of the partition "aws".
type Region struct {
	// Name is the code, such as "us-east-1".
	Name string
	// OptIn says that an account has to enable the region before it can use it.
	OptIn bool
	// NoVPCOrigins says that CloudFront can't reach into a VPC of the region.
	NoVPCOrigins bool
}

// regions are all of the partition "aws". One that AWS has opened since RegionsDate is refused until its row is here: what it has
// would be a guess.
//   - https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html (which must be enabled)
//   - https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-vpc-origins.html#vpc-origins-supported-regions
var regions = []Region{
	{Name: "us-east-1"}, {Name: "us-east-2"}, {Name: "us-west-1"}, {Name: "us-west-2"},
	{Name: "af-south-1", OptIn: true},
	{Name: "ap-east-1", OptIn: true}, {Name: "ap-east-2", OptIn: true},
	{Name: "ap-northeast-1"}, {Name: "ap-northeast-2"}, {Name: "ap-northeast-3"},
	{Name: "ap-south-1"}, {Name: "ap-south-2", OptIn: true},
	{Name: "ap-southeast-1"}, {Name: "ap-southeast-2"}, {Name: "ap-southeast-3", OptIn: true}, {Name: "ap-southeast-4", OptIn: true},
	{Name: "ap-southeast-5", OptIn: true}, {Name: "ap-southeast-6", OptIn: true, NoVPCOrigins: true}, {Name: "ap-southeast-7", OptIn: true},
	{Name: "ca-central-1"}, {Name: "ca-west-1", OptIn: true},
	{Name: "eu-central-1"}, {Name: "eu-central-2", OptIn: true}, {Name: "eu-north-1"},
	{Name: "eu-south-1", OptIn: true}, {Name: "eu-south-2", OptIn: true},
	{Name: "eu-west-1"}, {Name: "eu-west-2"}, {Name: "eu-west-3"},
	{Name: "il-central-1", OptIn: true},
	{Name: "me-central-1", OptIn: true}, {Name: "me-south-1", OptIn: true},
	{Name: "mx-central-1", OptIn: true},
	{Name: "sa-east-1"},
}

// otherPartitions are AWS's clouds apart, by how the names of their regions begin. None has CloudFront with VPC origins, or
// certificates and web ACLs in us-east-1, which a stack is built on.
//   - https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
//   - https://docs.aws.amazon.com/govcloud-us/latest/UserGuide/setting-up-cloudfront.html
//   - https://docs.amazonaws.cn/en_us/aws/latest/userguide/cloudfront.html
var otherPartitions = []struct{ begins, partition string }{
	{"us-gov-", "aws-us-gov"}, {"cn-", "aws-cn"}, {"eusc-", "aws-eusc"}, {"us-iso-", "aws-iso"}, {"us-isob-", "aws-iso-b"}, {"eu-isoe-", "aws-iso-e"}, {"us-isof-", "aws-iso-f"},
}

// RegionOf finds a region by its name. It is false for those of other partitions, and for those that the table does not have.
func RegionOf(name string) (Region, bool) {
	i := slices.IndexFunc(regions, func(r Region) bool { return r.Name == name })
	if i < 0 {
		return Region{}, false
	}
	return regions[i], true
}

// OtherPartition is the partition that a region belongs to by its name, and "" for those of the partition "aws".
func OtherPartition(region string) string {
	for _, row := range otherPartitions {
		if strings.HasPrefix(region, row.begins) {
			return row.partition
		}
	}
	return ""
}

// Regions are the names of those in which a stack can run, sorted: with CloudFront before it, or without.
func Regions(cloudFront bool) (names []string) {
	for _, r := range regions {
		if !cloudFront || !r.NoVPCOrigins {
			names = append(names, r.Name)
		}
	}
	slices.Sort(names)
	return names
}

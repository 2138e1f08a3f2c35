package stacks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-iac/slipway/providers/aws/spec"
)

// checkAWSRegion refuses regions in which a stack can't run: those of AWS's clouds apart, those without what CloudFront needs where
// it is the front door, and those that the tables don't know.
func checkAWSRegion(d *decoder, c Config) {
	if c.Cloud == CloudAWS {
		d.awsRegion("region", c.Region, c.Domain.Name == "" || len(c.Edge.CDN) > 0, "")
	}
}

func checkAWSBackupRegion(d *decoder, c Config) {
	if c.Cloud == CloudAWS && c.AWS.BackupRegion != "" && c.AWS.BackupRegion != c.Region {
		d.awsRegion("aws.backupRegion", c.AWS.BackupRegion, false, c.Region)
	}
}

// awsRegion reports a region that has the form of one and still can't be used. but is no answer to suggest.
func (d *decoder) awsRegion(path, name string, cloudFront bool, but string) {
	if !rowOf(CloudAWS).region.MatchString(name) {
		return // reported by its form already
	}
	can := slices.DeleteFunc(spec.Regions(cloudFront), func(n string) bool { return n == but })
	region, known := spec.RegionOf(name)
	switch partition := spec.OtherPartition(name); {
	case partition != "":
		d.bad(path, name, "in "+partition+", one of AWS's clouds apart, which has no CloudFront with VPC origins and nothing in us-east-1", list(can), "")
	case !known:
		d.bad(path, name, "not a region that the table of "+spec.RegionsDate+" has (providers/aws/spec)", list(can), nearest(name, can))
	case cloudFront && region.NoVPCOrigins:
		d.bad(path, name, "CloudFront has no VPC origins there, and without domain.name or with edge.cdn it is the front door", list(can)+"; or domain.name, and no edge.cdn", "")
	}
}

// checkAWSDatabase refuses versions and machines that RDS doesn't have.
func checkAWSDatabase(d *decoder, c Config) {
	if c.Cloud != CloudAWS || !c.Database.Enabled {
		return
	}
	if version := fmt.Sprint(c.Database.Version); !slices.Contains(spec.PostgresVersions(), version) {
		d.bad("database.version", c.Database.Version, "not a version that aws offers", list(spec.PostgresVersions()), "")
	}
	d.awsMachine("database.size", c.Database.Size, "db.", spec.DatabaseClass)
}

func checkAWSCache(d *decoder, c Config) {
	if c.Cloud == CloudAWS && c.Cache.Enabled {
		d.awsMachine("cache.size", c.Cache.Size, "cache.", spec.CacheNode)
	}
}

func (d *decoder) awsMachine(path, size, begins string, has func(string) bool) {
	if slices.Contains([]string{"small", "medium", "large"}, size) || has(size) {
		return
	}
	near := spec.Near(size)
	if !strings.HasPrefix(size, begins) {
		near = []string{"a class that begins with " + begins}
	}
	d.bad(path, size, "not a machine type of aws in the table of "+spec.MachinesDate+" (providers/aws/spec)", "small, medium, large, "+list(near), "")
}

// checkAWSFirewall refuses rules that AWS's groups don't have, and rules without any group.
func checkAWSFirewall(d *decoder, c Config) {
	if c.Cloud != CloudAWS {
		return
	}
	for i, name := range c.Edge.WAFExclusions {
		path := fmt.Sprintf("edge.wafExclusions[%d]", i)
		switch {
		case !slices.Contains(spec.WAFRules(), name):
			d.bad(path, name, "not a rule of AWS's managed groups", list(spec.WAFRules()), nearest(name, spec.WAFRules()))
		case !c.Edge.WAF:
			d.bad(path, name, "without edge.waf there are no managed rules", "edge.waf true, or no edge.wafExclusions", "")
		}
	}
}

// The policy of the role that starts tasks lists every secret by its ARN; IAM takes so many characters of all inline policies of a role.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-entity-length
const (
	rolePolicyLimit = 10240
	rolePolicyRest  = 2500 // of everything else in it, with the stack's own secrets
)

// checkAWSSecrets refuses more secrets than the role of the tasks can list. What Pulumi and Secrets Manager add to a name is 15 characters.
func checkAWSSecrets(d *decoder, c Config) {
	if c.Cloud != CloudAWS {
		return
	}
	size := rolePolicyRest
	for name := range c.Secrets {
		size += len(fmt.Sprintf(`"arn:aws:secretsmanager:%s:123456789012:secret:%s-%s-%s",`, c.Region, c.App.Name, c.Stack, name)) + 15
	}
	if size > rolePolicyLimit {
		d.bad("secrets", nil, fmt.Sprintf("%d secrets, which the policy of the role that starts tasks can't list", len(c.Secrets)),
			"fewer; several values in one secret, as JSON, are read by the app", "")
	}
}

package aws

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
)

// suffix is what Pulumi adds to a logical name that makes a resource's own: a hyphen and seven characters.
// https://www.pulumi.com/docs/iac/concepts/resources/names/#autonaming
const suffix = 8

// reserved are beginnings of names that AWS keeps for itself.
var reserved = []string{
	"internal-",     // load balancers: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html
	"sg-",           // security groups: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html
	"amzn-s3-demo-", // buckets: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
	"sthree-",       // likewise
}

// base is the beginning of every name: app and stack. It starts with a letter, as the app's name does.
func (p *Platform) base() string {
	base := clean(p.settings.App + "-" + p.stack)
	for _, prefix := range reserved {
		if strings.HasPrefix(base, prefix) {
			return "app-" + base
		}
	}
	return base
}

// name is the logical name of a resource whose name in AWS may have limit characters, Pulumi's suffix among them. Such names are
// stable from run to run, and a replacement can be made before the old one is deleted. part may be empty.
func (p *Platform) name(part string, limit int) string { return join(p.base(), part, limit-suffix) }

// fixed is a name in AWS that never changes, for what other things must know by name.
func (p *Platform) fixed(part string, limit int) string { return join(p.base(), part, limit) }

// path is the name of what AWS arranges by slashes: log groups, repositories. It holds the project too, as nothing is added that
// would make it unique.
func (p *Platform) path(parts ...string) string {
	return strings.ToLower(strings.Join(append([]string{"slipway", clean(p.project), clean(p.stack)}, parts...), "/"))
}

var unclean = regexp.MustCompile(`[^a-z0-9]+`)

// clean leaves lower-case letters, digits and single hyphens between them, which is what the strictest of AWS's services take: a
// stack may be called "Team_a.b", and an app "a--b". A text that this changes gets five characters of its hash too, so that two
// texts stay different.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html#RDS_Limits.Constraints
func clean(text string) string {
	out := strings.Trim(unclean.ReplaceAllString(strings.ToLower(text), "-"), "-")
	if out == text {
		return out
	}
	return out + "-" + digest(text)
}

// join puts base and part together within limit characters. Of a base that is too long the beginning is kept, and five
// characters of its hash, so that two long names stay different.
func join(base, part string, limit int) string {
	if part != "" {
		part = "-" + part
	}
	room := limit - len(part)
	if len(base) <= room {
		return base + part
	}
	tail := "-" + digest(base)
	if room <= len(tail) {
		return strings.TrimRight((base + part)[:limit-len(tail)], "-") + "-" + digest(base+part)
	}
	return strings.TrimRight(base[:room-len(tail)], "-") + tail + part
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])[:5]
}

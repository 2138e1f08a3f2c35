package aws

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// zone is a public DNS zone of the account; its name has no final dot.
type zone struct{ id, name string }

// publicZone finds the zone that the key domain.zone names. It is asked for once; a preview fails if there is no such zone, or
// more than one.
// https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListHostedZonesByName.html
func (p *Platform) publicZone(ctx *pulumi.Context, name string) (zone, error) {
	if p.zone.name == name && name != "" {
		return p.zone, nil
	}
	private := false
	found, err := route53.LookupZone(ctx, &route53.LookupZoneArgs{Name: &name, PrivateZone: &private}, pulumi.Parent(p), pulumi.Provider(p.cloud))
	if err != nil {
		return zone{}, fmt.Errorf("finding the public Route 53 zone %q of the key domain.zone in account %s: %w", name, p.account, err)
	}
	p.zone = zone{id: found.ZoneId, name: name}
	return p.zone, nil
}

// holds tells whether a name can have records in the zone.
func (z zone) holds(name string) bool { return name == z.name || strings.HasSuffix(name, "."+z.name) }

// aliasTarget is what an alias record leads to: a host name of AWS and the zone that AWS keeps it in.
type aliasTarget struct{ host, zone pulumi.StringInput }

// alias writes one alias record of each type ("A", "AAAA"). A record of the same name that something else has made is not
// overwritten: the update fails. The health of the target is not evaluated, since there is nothing else to answer with.
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-choosing-alias-non-alias.html
func (p *Platform) alias(ctx *pulumi.Context, name string, z zone, domain string, types []string, to aliasTarget, opts []pulumi.ResourceOption) error {
	for _, kind := range types {
		_, err := route53.NewRecord(ctx, name+"-"+strings.ToLower(kind), &route53.RecordArgs{
			ZoneId: pulumi.String(z.id),
			Name:   pulumi.String(domain),
			Type:   pulumi.String(kind),
			Aliases: route53.RecordAliasArray{route53.RecordAliasArgs{
				Name: to.host, ZoneId: to.zone, EvaluateTargetHealth: pulumi.Bool(false),
			}},
		}, p.cloudOpts(opts)...)
		if err != nil {
			return fmt.Errorf("creating %s record of %s: %w", kind, domain, err)
		}
	}
	return nil
}

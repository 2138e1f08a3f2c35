package gcp

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/dns"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// recordSeconds is how long the world may remember an address.
const recordSeconds = 300

// publicZone finds the resource name of the zone that the key domain.zone names. Without gcp.managedZone it looks through the project's
// public zones; a preview fails if there is none of that name, or more than one.
// https://cloud.google.com/dns/docs/zones
func (p *Platform) publicZone(ctx *pulumi.Context, zone string) (string, error) {
	if p.settings.ManagedZone != "" {
		return p.settings.ManagedZone, nil
	}
	all, err := dns.GetManagedZones(ctx, &dns.GetManagedZonesArgs{Project: &p.account}, pulumi.Parent(p), pulumi.Provider(p.cloud))
	if err != nil {
		return "", fmt.Errorf("listing the Cloud DNS zones of project %s: %w", p.account, err)
	}
	var found []string
	for _, one := range all.ManagedZones {
		if one.DnsName == zone+"." && one.Visibility == "public" && one.Name != nil {
			found = append(found, *one.Name)
		}
	}
	if len(found) != 1 {
		return "", fmt.Errorf("the key domain.zone: project %s has %d public Cloud DNS zones of the name %q%s; name one with gcp.managedZone", p.account, len(found), zone, strings.Join(append([]string{""}, found...), " "))
	}
	return found[0], nil
}

// record writes one record. A record of the same name and type that something else has made is not overwritten: the update fails.
// https://cloud.google.com/dns/docs/records
func (p *Platform) record(ctx *pulumi.Context, name, zone, kind string, of, value pulumi.StringInput, opts []pulumi.ResourceOption) (*dns.RecordSet, error) {
	made, err := dns.NewRecordSet(ctx, name, &dns.RecordSetArgs{
		ManagedZone: pulumi.String(zone), Project: pulumi.String(p.account), Name: of, Type: pulumi.String(kind), Ttl: pulumi.Int(recordSeconds), Rrdatas: pulumi.StringArray{value},
	}, p.cloudOpts(opts)...)
	if err != nil {
		return nil, fmt.Errorf("creating %s record: %w", kind, err)
	}
	return made, nil
}

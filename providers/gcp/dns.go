package gcp

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/dns"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// recordSeconds is how long the world may remember an address.
const recordSeconds = 300

// zoneProject is the project that has the zone.
func (p *Platform) zoneProject() string { return cmp.Or(p.settings.ZoneProject, p.account) }

// publicZone finds the resource name of the zone that the key domain.zone names. Without gcp.managedZone it looks through the public zones
// of the zone's project once the APIs are on; it fails if there is none of that name, or more than one.
// https://cloud.google.com/dns/docs/zones
func (p *Platform) publicZone(ctx *pulumi.Context, zone string) pulumi.StringOutput {
	if p.settings.ManagedZone != "" {
		return pulumi.String(p.settings.ManagedZone).ToStringOutput()
	}
	project := p.zoneProject()
	all := dns.GetManagedZonesOutput(ctx, dns.GetManagedZonesOutputArgs{Project: p.onceOn(project)}, pulumi.Parent(p), pulumi.Provider(p.cloud))
	return all.ManagedZones().ApplyT(func(zones []dns.GetManagedZonesManagedZone) (string, error) {
		var found []string
		for _, one := range zones {
			if one.DnsName == zone+"." && one.Visibility == "public" && one.Name != nil {
				found = append(found, *one.Name)
			}
		}
		if len(found) != 1 {
			return "", fmt.Errorf("the key domain.zone: project %s has %d public Cloud DNS zones of the name %q%s; name one with gcp.managedZone, and its project with gcp.dnsProject",
				project, len(found), zone, strings.Join(append([]string{""}, found...), " "))
		}
		return found[0], nil
	}).(pulumi.StringOutput)
}

// record writes one record. A record of the same name and type that something else has made is not overwritten: the update fails.
// https://cloud.google.com/dns/docs/records
func (p *Platform) record(ctx *pulumi.Context, name, kind string, zone, of, value pulumi.StringInput, opts []pulumi.ResourceOption) (*dns.RecordSet, error) {
	made, err := dns.NewRecordSet(ctx, name, &dns.RecordSetArgs{
		ManagedZone: zone, Project: pulumi.String(p.zoneProject()), Name: of, Type: pulumi.String(kind), Ttl: pulumi.Int(recordSeconds), Rrdatas: pulumi.StringArray{value},
	}, p.cloudOpts(opts)...)
	if err != nil {
		return nil, fmt.Errorf("creating %s record: %w", kind, err)
	}
	return made, nil
}

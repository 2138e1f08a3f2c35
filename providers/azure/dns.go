package azure

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// recordTTL is how long a record may be remembered, in seconds.
const recordTTL = 300

// zone is a public DNS zone in the resource group of the key azure.dnsResourceGroup.
type zone struct{ id, name, group string }

// publicZone finds the zone that the key domain.zone names; a preview fails if there is no such zone.
// https://learn.microsoft.com/azure/dns/dns-zones-records
func (p *Platform) publicZone(ctx *pulumi.Context, name string) (zone, error) {
	var found struct {
		ID string `pulumi:"id"`
	}
	args := struct {
		ResourceGroupName string `pulumi:"resourceGroupName"`
		ZoneName          string `pulumi:"zoneName"`
	}{p.settings.DNSResourceGroup, name}
	if err := ctx.Invoke("azure-native:network/v20180501:getZone", &args, &found, pulumi.Parent(p), pulumi.Provider(p.cloud)); err != nil {
		return zone{}, fmt.Errorf("finding the public DNS zone %q of the key domain.zone in resource group %q: %w", name, p.settings.DNSResourceGroup, err)
	}
	return zone{id: found.ID, name: name, group: p.settings.DNSResourceGroup}, nil
}

// relative is a name without the zone's; "@" is the zone's own.
func (z zone) relative(name string) string {
	if name == z.name {
		return "@"
	}
	return strings.TrimSuffix(name, "."+z.name)
}

// holds tells whether a name can have records in the zone.
func (z zone) holds(name string) bool { return name == z.name || strings.HasSuffix(name, "."+z.name) }

// record writes the records of one name and type. Records of that name and type which something else has made are not overwritten:
// the update fails.
// https://learn.microsoft.com/azure/dns/dns-zones-records#record-sets
func (p *Platform) record(ctx *pulumi.Context, name string, z zone, kind, host string, set recordSetArgs, opts []pulumi.ResourceOption) (pulumi.Resource, error) {
	set.ResourceGroupName, set.ZoneName, set.RecordType, set.RelativeRecordSetName, set.TTL = z.group, z.name, kind, host, recordTTL
	return create(ctx, "network:RecordSet", name, &set, &recordSet{}, p.cloudOpts(opts))
}

// proof is a TXT record. prefix is what stands before the name that is proved.
func (p *Platform) proof(ctx *pulumi.Context, name string, z zone, prefix, domain string, value pulumi.StringInput, opts []pulumi.ResourceOption) (pulumi.Resource, error) {
	host := prefix
	if relative := z.relative(domain); relative != "@" {
		host += "." + relative
	}
	return p.record(ctx, name, z, "TXT", host, recordSetArgs{TxtRecords: pulumi.MapArray{pulumi.Map{"value": pulumi.StringArray{value}}}}, opts)
}

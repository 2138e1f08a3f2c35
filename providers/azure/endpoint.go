package azure

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// privateDNS makes a private zone and links it to the network. It returns the zone's id, known when the link is there.
//   - https://learn.microsoft.com/azure/dns/private-dns-overview
//   - https://learn.microsoft.com/azure/private-link/private-endpoint-dns
func (p *Platform) privateDNS(ctx *pulumi.Context, name string, zone pulumi.StringInput, opts []pulumi.ResourceOption) (pulumi.StringOutput, error) {
	made, err := create(ctx, "network:PrivateZone", name, &privateZoneArgs{
		ResourceGroupName: p.group, Location: pulumi.String("global"), PrivateZoneName: zone.ToStringOutput().ToStringPtrOutput(),
	}, &privateZone{}, p.cloudOpts(opts))
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	link, err := create(ctx, "network:VirtualNetworkLink", name, &zoneLinkArgs{
		ResourceGroupName: p.group, Location: pulumi.String("global"), PrivateZoneName: made.Name,
		VirtualNetwork: pulumi.StringMap{"id": p.network.id},
	}, &zoneLink{}, p.cloudOpts(opts))
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	return after(ctx, made.ID().ToStringOutput(), link), nil
}

// connect gives a resource an address in the network: a private endpoint, whose name in the private zone leads to it. group says what
// of the resource is meant. It returns what must be there before the resource can be reached.
//   - https://learn.microsoft.com/azure/private-link/private-endpoint-overview
//   - https://learn.microsoft.com/azure/private-link/private-endpoint-dns#azure-services-dns-zone-configuration
func (p *Platform) connect(ctx *pulumi.Context, name, group, zone string, to pulumi.StringInput, opts []pulumi.ResourceOption) (pulumi.Resource, error) {
	zoneID, err := p.privateDNS(ctx, name, pulumi.String(zone), opts)
	if err != nil {
		return nil, err
	}
	endpoint, err := create(ctx, "network:PrivateEndpoint", p.name(name, 64), &privateEndpointArgs{
		ResourceGroupName: p.group, Subnet: pulumi.Map{"id": p.network.endpoints},
		PrivateLinkServiceConnections: pulumi.MapArray{pulumi.Map{
			"name": pulumi.String(name), "privateLinkServiceId": to, "groupIds": pulumi.StringArray{pulumi.String(group)},
		}},
	}, &privateEndpoint{}, p.cloudOpts(opts))
	if err != nil {
		return nil, err
	}
	return create(ctx, "network:PrivateDnsZoneGroup", name, &privateZoneGroupArgs{
		ResourceGroupName: p.group, PrivateEndpointName: endpoint.Name, PrivateDnsZoneGroupName: pulumi.String("default"),
		PrivateDnsZoneConfigs: pulumi.MapArray{pulumi.Map{"name": pulumi.String(name), "privateDnsZoneId": zoneID}},
	}, &privateZoneGroup{}, p.cloudOpts(opts))
}

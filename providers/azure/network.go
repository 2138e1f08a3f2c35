package azure

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// The address ranges of every stack's network. Stacks have no way to each other, so they may be the same. Container Apps wants at
// least a /27 with workload profiles, and doubles its addresses while revisions change; a /23 leaves room for both slots at 100
// instances.
//   - https://learn.microsoft.com/azure/container-apps/custom-virtual-networks#subnet
//   - https://learn.microsoft.com/azure/postgresql/flexible-server/concepts-networking-private
const (
	networkRange   = "10.0.0.0/16"
	appsRange      = "10.0.0.0/23"
	databaseRange  = "10.0.2.0/24"
	endpointsRange = "10.0.3.0/24"
)

// network is the stack's own virtual network. Who uses a subnet's id waits for the network with all of its subnets and rules.
type network struct {
	id                        pulumi.StringOutput
	apps, database, endpoints pulumi.StringOutput // ids of subnets
}

// subnetRow is one subnet with what its security group lets in.
type subnetRow struct {
	name, addresses string
	delegation      string // the service whose resources alone may be in it
	endpoints       bool   // holds private endpoints, which follow the rules too
	storage         bool   // has a way of its own to Azure Storage
	inbound         []securityRule
}

// makeNetwork makes the network: a subnet for Container Apps and one for PostgreSQL, each delegated to its service, and one for
// private endpoints. A server sends its log of changes to Azure Storage, by a service endpoint. Every subnet has a security group, and all subnets are part of the network's own definition: made one by
// one, they would fail on each other, since Azure changes a network one step at a time.
//   - https://learn.microsoft.com/azure/virtual-network/virtual-network-manage-subnet
//   - https://learn.microsoft.com/azure/virtual-network/subnet-delegation-overview
//   - https://learn.microsoft.com/azure/private-link/disable-private-endpoint-network-policy
//   - https://learn.microsoft.com/azure/postgresql/flexible-server/concepts-networking-private#virtual-network-concepts
func (p *Platform) makeNetwork(ctx *pulumi.Context) error {
	opts := []pulumi.ResourceOption{pulumi.Parent(p)}
	subnets := pulumi.MapArray{}
	for _, row := range p.subnets() {
		group, err := create(ctx, "network:NetworkSecurityGroup", p.name(row.name, 80), &securityGroupArgs{
			ResourceGroupName: p.group, SecurityRules: row.inbound,
		}, &securityGroup{}, p.cloudOpts(opts))
		if err != nil {
			return err
		}
		subnet := pulumi.Map{
			"name": pulumi.String(row.name), "addressPrefix": pulumi.String(row.addresses),
			"networkSecurityGroup": pulumi.Map{"id": group.ID()},
		}
		if row.delegation != "" {
			subnet["delegations"] = pulumi.MapArray{pulumi.Map{"name": pulumi.String(row.name), "serviceName": pulumi.String(row.delegation)}}
		}
		if row.endpoints {
			subnet["privateEndpointNetworkPolicies"] = pulumi.String("NetworkSecurityGroupEnabled")
		}
		if row.storage {
			subnet["serviceEndpoints"] = pulumi.MapArray{pulumi.Map{"service": pulumi.String("Microsoft.Storage")}}
		}
		subnets = append(subnets, subnet)
	}
	made, err := create(ctx, "network:VirtualNetwork", p.name("", 64), &virtualNetworkArgs{
		ResourceGroupName: p.group, AddressSpace: addressSpace{AddressPrefixes: []string{networkRange}}, Subnets: subnets,
	}, &virtualNetwork{}, p.cloudOpts(opts))
	if err != nil {
		return err
	}
	within := func(name string) pulumi.StringOutput { return pulumi.Sprintf("%s/subnets/%s", made.ID(), name) }
	p.network = network{id: made.ID().ToStringOutput(), apps: within("apps"), database: within("database"), endpoints: within("endpoints")}
	return nil
}

// subnets are the rows. What no rule lets in, the rule DenyAllInBound of every security group keeps out; a rule of our own comes
// before Azure's AllowVnetInBound where other subnets have no business.
//
// Only the app's subnet has a door: to the public where the app's own ingress is the front door, to Front Door's addresses with
// Front Door Standard, and to nobody with Premium, whose private link ends inside. The ports above 31000 are those that the
// environment's load balancer hands requests on to.
//   - https://learn.microsoft.com/azure/container-apps/firewall-integration
//   - https://learn.microsoft.com/azure/frontdoor/origin-security
//   - https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview#default-security-rules
func (p *Platform) subnets() []subnetRow {
	apps := subnetRow{name: "apps", addresses: appsRange, delegation: "Microsoft.App/environments"}
	switch p.settings.FrontDoor {
	case FrontDoorNone:
		apps.inbound = []securityRule{allow(100, "public", "Internet", appsRange, "The public: HTTPS, and HTTP, which is redirected", "80", "443", "31080", "31443")}
	case FrontDoorStandard:
		apps.inbound = []securityRule{allow(100, "front-door", "AzureFrontDoor.Backend", appsRange, "Front Door by HTTPS", "443", "31443")}
	}
	rows := []subnetRow{apps, {
		name: "database", addresses: databaseRange, delegation: "Microsoft.DBforPostgreSQL/flexibleServers", storage: true, inbound: []securityRule{
			allow(100, "app", appsRange, databaseRange, "PostgreSQL, from the app", "5432"),
			allow(110, "standby", databaseRange, databaseRange, "PostgreSQL and its pooler between the server and its standby", "5432", "6432"),
			deny(4000, databaseRange),
		},
	}, {
		name: "endpoints", addresses: endpointsRange, endpoints: true, inbound: []securityRule{
			allow(100, "app", appsRange, endpointsRange, "Vault and cache, from the app", "443", fmt.Sprint(cachePort)),
			deny(4000, endpointsRange),
		},
	}}
	return rows
}

// allow is a rule that lets TCP in.
func allow(priority int, name, from, to, description string, ports ...string) securityRule {
	return securityRule{
		Name: "allow-" + name, Description: description, Priority: priority, Access: "Allow", Direction: "Inbound", Protocol: "Tcp",
		SourceAddressPrefix: from, SourcePortRange: "*", DestinationAddressPrefix: to, DestinationPortRanges: ports,
	}
}

// deny is a rule that keeps the rest of the network out.
func deny(priority int, to string) securityRule {
	return securityRule{
		Name: "deny-network", Description: "Nothing else of the network", Priority: priority, Access: "Deny", Direction: "Inbound", Protocol: "*",
		SourceAddressPrefix: "VirtualNetwork", SourcePortRange: "*", DestinationAddressPrefix: to, DestinationPortRanges: []string{"0-65535"},
	}
}

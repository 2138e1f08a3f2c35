package gcp

import (
	"fmt"
	"slices"

	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/dns"
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/servicenetworking"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// The addresses of a stack's network. Every stack has a network of its own, so they may be the same everywhere. Cloud Run wants at least
// a /26 and keeps addresses for a while after an instance is gone; Cloud SQL wants at least a /24 of its own.
//   - https://cloud.google.com/run/docs/configuring/vpc-direct-vpc#ip_address_allocation
//   - https://cloud.google.com/sql/docs/postgres/configure-private-services-access#allocated-range-size
const (
	runAddresses   = "10.80.0.0/22"
	servicesFirst  = "10.80.16.0"
	servicesPrefix = 20
)

// runTag marks the app's instances for the firewall.
const runTag = "slipway-run"

// network is the private network that instances reach database and cache through.
type network struct {
	id pulumi.StringOutput
	// name and subnet are what Cloud Run is told: it gives names back as it got them, and another spelling would be another template.
	name, subnet pulumi.StringOutput
	// peered is the network's id, and services the name of the range; both are known when Google's services can be reached in it.
	peered, services pulumi.StringOutput
}

// makeNetwork makes a network without Google's ready-made subnets and rules, one subnet, and the range in which Cloud SQL and Memorystore
// have their addresses. Only what goes to private addresses leaves Cloud Run through it, so there is no NAT to pay for.
//   - https://cloud.google.com/vpc/docs/vpc#custom_mode
//   - https://cloud.google.com/run/docs/configuring/vpc-direct-vpc
//   - https://cloud.google.com/vpc/docs/private-google-access
//   - https://cloud.google.com/vpc/docs/using-flow-logs
func (p *Platform) makeNetwork(ctx *pulumi.Context) error {
	made, err := newComputeNetwork(ctx, p.name("", longest), &computeNetworkArgs{
		AutoCreateSubnetworks: pulumi.Bool(false), RoutingMode: pulumi.String("REGIONAL"),
		Description: pulumi.String(fmt.Sprintf("Slipway %s/%s", p.project, p.stack)),
	}, p.cloudOpts(p.own())...)
	if err != nil {
		return err
	}
	sample := 0.1
	if p.settings.Prod {
		sample = 0.5
	}
	subnet, err := newSubnetwork(ctx, p.name("run", longest), &subnetworkArgs{
		Network: made.ID(), Region: pulumi.String(p.settings.Region), IpCidrRange: pulumi.String(runAddresses), PrivateIpGoogleAccess: pulumi.Bool(true),
		LogConfig: &flowLog{AggregationInterval: "INTERVAL_10_MIN", FlowSampling: sample, Metadata: "INCLUDE_ALL_METADATA"},
	}, p.cloudOpts(p.own())...)
	if err != nil {
		return err
	}
	p.network = network{id: made.ID().ToStringOutput(), name: made.Name, subnet: subnet.Name}
	if err := p.peer(ctx); err != nil {
		return err
	}
	if err := p.makeFirewall(ctx); err != nil {
		return err
	}
	if p.settings.Domain != "" {
		if err := p.makeAddresses(ctx); err != nil {
			return err
		}
	}
	return p.logNames(ctx)
}

// peer gives Google's services a range of the network (private services access). Google keeps the connection for days after the last
// service is gone, and refuses to delete it before: so a destroy only forgets it. Its peering stays in the network, which can't be deleted
// with it: the command line removes it (cli/gcpcloud).
//   - https://cloud.google.com/vpc/docs/private-services-access
//   - https://www.pulumi.com/registry/packages/gcp/api-docs/servicenetworking/connection/#deletionpolicy
//   - https://github.com/GoogleCloudPlatform/magic-modules/pull/18476
func (p *Platform) peer(ctx *pulumi.Context) error {
	services, err := newGlobalAddress(ctx, p.name("services", longest), &globalAddressArgs{
		AddressType: pulumi.String("INTERNAL"), Purpose: pulumi.String("VPC_PEERING"), Network: p.network.id,
		Address: pulumi.String(servicesFirst), PrefixLength: pulumi.Int(servicesPrefix),
	}, p.cloudOpts(p.own())...)
	if err != nil {
		return err
	}
	connection, err := servicenetworking.NewConnection(ctx, p.name("services", longest), &servicenetworking.ConnectionArgs{
		Network: p.network.id, Service: pulumi.String("servicenetworking.googleapis.com"),
		ReservedPeeringRanges: pulumi.StringArray{services.Name}, DeletionPolicy: pulumi.String("ABANDON"),
	}, p.cloudOpts(p.own(), pulumi.DependsOn(p.key.given))...)
	if err != nil {
		return fmt.Errorf("connecting the network with Google's services: %w", err)
	}
	p.network.peered, p.network.services = after(ctx, p.network.id, connection), after(ctx, services.Name, connection)
	if p.key.made {
		p.key.id = after(ctx, p.key.id, append(slices.Clone(p.key.given), connection)...)
	}
	return nil
}

// logNames writes down what is looked up in the network's DNS, in prod.
// https://cloud.google.com/dns/docs/monitoring
func (p *Platform) logNames(ctx *pulumi.Context) error {
	if !p.settings.Prod {
		return nil
	}
	_, err := dns.NewPolicy(ctx, p.name("", longest), &dns.PolicyArgs{
		EnableLogging: pulumi.Bool(true), Description: pulumi.String("Logs what is looked up"),
		Networks: dns.PolicyNetworkArray{dns.PolicyNetworkArgs{NetworkUrl: p.network.id}},
	}, p.cloudOpts(p.own())...)
	if err != nil {
		return fmt.Errorf("creating DNS policy: %w", err)
	}
	return nil
}

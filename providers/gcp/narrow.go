package gcp

import (
	"fmt"
	"reflect"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// The files narrow*.go bind the resources of Compute Engine that are used, by hand: the SDK's package compute takes three minutes and
// 7.6 GB to compile (docs/adr/0016-gcp-narrow-compute.md). The tokens, names of properties and types are those of
// github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/compute; a test compares them. Only properties in use are here, and what never comes from
// another resource is plain Go. This file holds the network; narrow_lb.go the load balancer, narrow_armor.go its security policy.
const (
	computeNetworkToken = "gcp:compute/network:Network"
	subnetworkToken     = "gcp:compute/subnetwork:Subnetwork"
	globalAddressToken  = "gcp:compute/globalAddress:GlobalAddress"
	firewallToken       = "gcp:compute/firewall:Firewall"
)

// text is a text inside a list or a structure that may come from another resource: a string, or an output of one. The SDK marshals an
// output in that place only where the type is open; so a secret inside a list stays the only thing in it that is one.
type text = any

// computeNetwork is a VPC network.
type computeNetwork struct {
	pulumi.CustomResourceState

	Name pulumi.StringOutput `pulumi:"name"`
}

type computeNetworkArgs struct {
	AutoCreateSubnetworks pulumi.BoolPtrInput
	Description           pulumi.StringPtrInput
	Name                  pulumi.StringPtrInput
	RoutingMode           pulumi.StringPtrInput // "REGIONAL" or "GLOBAL"
}

type computeNetworkInputs struct {
	AutoCreateSubnetworks *bool   `pulumi:"autoCreateSubnetworks"`
	Description           *string `pulumi:"description"`
	Name                  *string `pulumi:"name"`
	RoutingMode           *string `pulumi:"routingMode"`
}

// ElementType names the struct with the properties' names and resolved types.
func (computeNetworkArgs) ElementType() reflect.Type { return reflect.TypeFor[computeNetworkInputs]() }

// newComputeNetwork makes a network.
//   - https://cloud.google.com/compute/docs/reference/rest/v1/networks
//   - https://www.pulumi.com/registry/packages/gcp/api-docs/compute/network/
func newComputeNetwork(ctx *pulumi.Context, name string, a *computeNetworkArgs, opts ...pulumi.ResourceOption) (*computeNetwork, error) {
	made := &computeNetwork{}
	if err := ctx.RegisterResource(computeNetworkToken, name, a, made, opts...); err != nil {
		return nil, fmt.Errorf("creating network: %w", err)
	}
	return made, nil
}

// subnetwork is a subnet in one region.
type subnetwork struct {
	pulumi.CustomResourceState

	Name pulumi.StringOutput `pulumi:"name"`
}

// flowLog says which flows are written down: the interval is one of "INTERVAL_5_SEC", "INTERVAL_30_SEC", "INTERVAL_1_MIN",
// "INTERVAL_5_MIN", "INTERVAL_10_MIN", "INTERVAL_15_MIN", and the sample a share from 0 to 1.
type flowLog struct {
	AggregationInterval string  `pulumi:"aggregationInterval"`
	FlowSampling        float64 `pulumi:"flowSampling"`
	Metadata            string  `pulumi:"metadata"`
}

type subnetworkArgs struct {
	IpCidrRange           pulumi.StringInput
	LogConfig             *flowLog
	Name                  pulumi.StringPtrInput
	Network               pulumi.StringInput
	PrivateIpGoogleAccess pulumi.BoolPtrInput
	Region                pulumi.StringPtrInput
}

type subnetworkInputs struct {
	IpCidrRange           string   `pulumi:"ipCidrRange"`
	LogConfig             *flowLog `pulumi:"logConfig"`
	Name                  *string  `pulumi:"name"`
	Network               string   `pulumi:"network"`
	PrivateIpGoogleAccess *bool    `pulumi:"privateIpGoogleAccess"`
	Region                *string  `pulumi:"region"`
}

// ElementType names the struct with the properties' names and resolved types.
func (subnetworkArgs) ElementType() reflect.Type { return reflect.TypeFor[subnetworkInputs]() }

// newSubnetwork makes a subnet.
//   - https://cloud.google.com/compute/docs/reference/rest/v1/subnetworks
//   - https://www.pulumi.com/registry/packages/gcp/api-docs/compute/subnetwork/
func newSubnetwork(ctx *pulumi.Context, name string, a *subnetworkArgs, opts ...pulumi.ResourceOption) (*subnetwork, error) {
	made := &subnetwork{}
	if err := ctx.RegisterResource(subnetworkToken, name, a, made, opts...); err != nil {
		return nil, fmt.Errorf("creating subnet: %w", err)
	}
	return made, nil
}

// globalAddress is a public address of the load balancer, or a range that Google's services get in a network.
type globalAddress struct {
	pulumi.CustomResourceState

	Address pulumi.StringOutput `pulumi:"address"`
	Name    pulumi.StringOutput `pulumi:"name"`
}

// globalAddressArgs are its inputs. AddressType is "EXTERNAL" or "INTERNAL", the latter with Purpose "VPC_PEERING".
type globalAddressArgs struct {
	Address      pulumi.StringPtrInput
	AddressType  pulumi.StringPtrInput
	IpVersion    pulumi.StringPtrInput
	Labels       pulumi.StringMapInput
	Name         pulumi.StringPtrInput
	Network      pulumi.StringPtrInput
	PrefixLength pulumi.IntPtrInput
	Purpose      pulumi.StringPtrInput
}

type globalAddressInputs struct {
	Address      *string           `pulumi:"address"`
	AddressType  *string           `pulumi:"addressType"`
	IpVersion    *string           `pulumi:"ipVersion"`
	Labels       map[string]string `pulumi:"labels"`
	Name         *string           `pulumi:"name"`
	Network      *string           `pulumi:"network"`
	PrefixLength *int              `pulumi:"prefixLength"`
	Purpose      *string           `pulumi:"purpose"`
}

// ElementType names the struct with the properties' names and resolved types.
func (globalAddressArgs) ElementType() reflect.Type { return reflect.TypeFor[globalAddressInputs]() }

// newGlobalAddress reserves an address or a range.
//   - https://cloud.google.com/compute/docs/reference/rest/v1/globalAddresses
//   - https://www.pulumi.com/registry/packages/gcp/api-docs/compute/globaladdress/
func newGlobalAddress(ctx *pulumi.Context, name string, a *globalAddressArgs, opts ...pulumi.ResourceOption) (*globalAddress, error) {
	made := &globalAddress{}
	if err := ctx.RegisterResource(globalAddressToken, name, a, made, opts...); err != nil {
		return nil, fmt.Errorf("reserving address %s: %w", name, err)
	}
	return made, nil
}

// computeFirewall is a rule of a network's firewall.
type computeFirewall struct{ pulumi.CustomResourceState }

type (
	// protocol is "tcp", "udp", "icmp" and so on, or "all".
	protocol struct {
		Ports    []string `pulumi:"ports"`
		Protocol string   `pulumi:"protocol"`
	}
	firewallLog struct {
		Metadata string `pulumi:"metadata"`
	}
)

// firewallArgs are its inputs. Direction is "INGRESS", with sources, or "EGRESS", with destinations.
type firewallArgs struct {
	Allows            []protocol
	Denies            []protocol
	Description       string
	DestinationRanges []string
	Direction         string
	LogConfig         *firewallLog
	Name              pulumi.StringPtrInput
	Network           pulumi.StringInput
	Priority          int
	SourceRanges      []string
	TargetTags        []string
}

type firewallInputs struct {
	Allows            []protocol   `pulumi:"allows"`
	Denies            []protocol   `pulumi:"denies"`
	Description       string       `pulumi:"description"`
	DestinationRanges []string     `pulumi:"destinationRanges"`
	Direction         string       `pulumi:"direction"`
	LogConfig         *firewallLog `pulumi:"logConfig"`
	Name              *string      `pulumi:"name"`
	Network           string       `pulumi:"network"`
	Priority          int          `pulumi:"priority"`
	SourceRanges      []string     `pulumi:"sourceRanges"`
	TargetTags        []string     `pulumi:"targetTags"`
}

// ElementType names the struct with the properties' names and resolved types.
func (firewallArgs) ElementType() reflect.Type { return reflect.TypeFor[firewallInputs]() }

// newFirewall makes a rule.
//   - https://cloud.google.com/compute/docs/reference/rest/v1/firewalls
//   - https://www.pulumi.com/registry/packages/gcp/api-docs/compute/firewall/
func newFirewall(ctx *pulumi.Context, name string, a *firewallArgs, opts ...pulumi.ResourceOption) (*computeFirewall, error) {
	made := &computeFirewall{}
	if err := ctx.RegisterResource(firewallToken, name, a, made, opts...); err != nil {
		return nil, fmt.Errorf("creating firewall rule %s: %w", name, err)
	}
	return made, nil
}

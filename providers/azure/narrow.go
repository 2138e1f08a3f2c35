package azure

import (
	"fmt"
	"reflect"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// The files narrow*.go bind by hand what the SDK can't give: its package network takes 5.7 GB to compile, and the packages of
// databases and caches may not be had at all. Names of properties are those of the versioned token in the Pulumi schema, which leaves
// out Azure's inner object "properties"; only those in use are here. What holds a value of another resource is a pulumi.Input, what
// is nested around one is a pulumi.Map, and the rest is plain Go. narrow_test.go compares the names with the SDK's where it has them.

// create registers a resource with the token of its type.
func create[R pulumi.CustomResource](ctx *pulumi.Context, kind, name string, args pulumi.Input, made R, opts []pulumi.ResourceOption) (R, error) {
	if err := ctx.RegisterResource(token(kind), name, args, made, opts...); err != nil {
		return made, fmt.Errorf("creating %s %s: %w", kind, name, err)
	}
	return made, nil
}

// virtualNetwork is a private network with its subnets.
// https://learn.microsoft.com/azure/templates/microsoft.network/2024-05-01/virtualnetworks
type virtualNetwork struct {
	pulumi.CustomResourceState

	Name pulumi.StringOutput `pulumi:"name"`
}

type virtualNetworkArgs struct {
	AddressSpace       addressSpace
	Location           pulumi.StringPtrInput
	ResourceGroupName  pulumi.StringInput
	Subnets            pulumi.MapArray
	Tags               pulumi.StringMapInput
	VirtualNetworkName pulumi.StringPtrInput
}

type virtualNetworkInputs struct {
	AddressSpace       addressSpace      `pulumi:"addressSpace"`
	Location           *string           `pulumi:"location"`
	ResourceGroupName  string            `pulumi:"resourceGroupName"`
	Subnets            []map[string]any  `pulumi:"subnets"`
	Tags               map[string]string `pulumi:"tags"`
	VirtualNetworkName *string           `pulumi:"virtualNetworkName"`
}

type addressSpace struct {
	AddressPrefixes []string `pulumi:"addressPrefixes"`
}

// ElementType names the struct with the properties' names and resolved types.
func (virtualNetworkArgs) ElementType() reflect.Type { return reflect.TypeFor[virtualNetworkInputs]() }

// securityGroup is a list of rules for what comes into and goes out of a subnet.
// https://learn.microsoft.com/azure/templates/microsoft.network/2024-05-01/networksecuritygroups
type securityGroup struct{ pulumi.CustomResourceState }

type securityGroupArgs struct {
	Location                 pulumi.StringPtrInput
	NetworkSecurityGroupName pulumi.StringPtrInput
	ResourceGroupName        pulumi.StringInput
	SecurityRules            []securityRule
	Tags                     pulumi.StringMapInput
}

type securityGroupInputs struct {
	Location                 *string           `pulumi:"location"`
	NetworkSecurityGroupName *string           `pulumi:"networkSecurityGroupName"`
	ResourceGroupName        string            `pulumi:"resourceGroupName"`
	SecurityRules            []securityRule    `pulumi:"securityRules"`
	Tags                     map[string]string `pulumi:"tags"`
}

// securityRule lets traffic through, or not. The rule with the lowest priority that matches counts.
type securityRule struct {
	Access                   string   `pulumi:"access"`
	Description              string   `pulumi:"description"`
	DestinationAddressPrefix string   `pulumi:"destinationAddressPrefix"`
	DestinationPortRanges    []string `pulumi:"destinationPortRanges"`
	Direction                string   `pulumi:"direction"`
	Name                     string   `pulumi:"name"`
	Priority                 int      `pulumi:"priority"`
	Protocol                 string   `pulumi:"protocol"`
	SourceAddressPrefix      string   `pulumi:"sourceAddressPrefix"`
	SourcePortRange          string   `pulumi:"sourcePortRange"`
}

// ElementType names the struct with the properties' names and resolved types.
func (securityGroupArgs) ElementType() reflect.Type { return reflect.TypeFor[securityGroupInputs]() }

// privateEndpoint is an address in a subnet that leads to one resource of Azure.
// https://learn.microsoft.com/azure/templates/microsoft.network/2024-05-01/privateendpoints
type privateEndpoint struct {
	pulumi.CustomResourceState

	Name pulumi.StringOutput `pulumi:"name"`
}

type privateEndpointArgs struct {
	Location                      pulumi.StringPtrInput
	PrivateEndpointName           pulumi.StringPtrInput
	PrivateLinkServiceConnections pulumi.MapArray
	ResourceGroupName             pulumi.StringInput
	Subnet                        pulumi.Map
	Tags                          pulumi.StringMapInput
}

type privateEndpointInputs struct {
	Location                      *string           `pulumi:"location"`
	PrivateEndpointName           *string           `pulumi:"privateEndpointName"`
	PrivateLinkServiceConnections []map[string]any  `pulumi:"privateLinkServiceConnections"`
	ResourceGroupName             string            `pulumi:"resourceGroupName"`
	Subnet                        map[string]any    `pulumi:"subnet"`
	Tags                          map[string]string `pulumi:"tags"`
}

// ElementType names the struct with the properties' names and resolved types.
func (privateEndpointArgs) ElementType() reflect.Type {
	return reflect.TypeFor[privateEndpointInputs]()
}

// privateZoneGroup keeps the records of a private endpoint in private zones.
// https://learn.microsoft.com/azure/templates/microsoft.network/2024-05-01/privateendpoints/privatednszonegroups
type privateZoneGroup struct{ pulumi.CustomResourceState }

type privateZoneGroupArgs struct {
	PrivateDnsZoneConfigs   pulumi.MapArray
	PrivateDnsZoneGroupName pulumi.StringPtrInput
	PrivateEndpointName     pulumi.StringInput
	ResourceGroupName       pulumi.StringInput
}

type privateZoneGroupInputs struct {
	PrivateDnsZoneConfigs   []map[string]any `pulumi:"privateDnsZoneConfigs"`
	PrivateDnsZoneGroupName *string          `pulumi:"privateDnsZoneGroupName"`
	PrivateEndpointName     string           `pulumi:"privateEndpointName"`
	ResourceGroupName       string           `pulumi:"resourceGroupName"`
}

// ElementType names the struct with the properties' names and resolved types.
func (privateZoneGroupArgs) ElementType() reflect.Type {
	return reflect.TypeFor[privateZoneGroupInputs]()
}

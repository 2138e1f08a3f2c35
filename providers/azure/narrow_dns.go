package azure

import (
	"reflect"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// privateZone is a DNS zone that only linked networks see.
// https://learn.microsoft.com/azure/templates/microsoft.network/2024-06-01/privatednszones
type privateZone struct {
	pulumi.CustomResourceState

	Name pulumi.StringOutput `pulumi:"name"`
}

type privateZoneArgs struct {
	Location          pulumi.StringPtrInput
	PrivateZoneName   pulumi.StringPtrInput
	ResourceGroupName pulumi.StringInput
	Tags              pulumi.StringMapInput
}

type privateZoneInputs struct {
	Location          *string           `pulumi:"location"`
	PrivateZoneName   *string           `pulumi:"privateZoneName"`
	ResourceGroupName string            `pulumi:"resourceGroupName"`
	Tags              map[string]string `pulumi:"tags"`
}

// ElementType names the struct with the properties' names and resolved types.
func (privateZoneArgs) ElementType() reflect.Type { return reflect.TypeFor[privateZoneInputs]() }

// zoneLink lets a network see a private zone.
// https://learn.microsoft.com/azure/templates/microsoft.network/2024-06-01/privatednszones/virtualnetworklinks
type zoneLink struct{ pulumi.CustomResourceState }

type zoneLinkArgs struct {
	Location               pulumi.StringPtrInput
	PrivateZoneName        pulumi.StringInput
	RegistrationEnabled    bool
	ResourceGroupName      pulumi.StringInput
	Tags                   pulumi.StringMapInput
	VirtualNetwork         pulumi.StringMap
	VirtualNetworkLinkName pulumi.StringPtrInput
}

type zoneLinkInputs struct {
	Location               *string           `pulumi:"location"`
	PrivateZoneName        string            `pulumi:"privateZoneName"`
	RegistrationEnabled    bool              `pulumi:"registrationEnabled"`
	ResourceGroupName      string            `pulumi:"resourceGroupName"`
	Tags                   map[string]string `pulumi:"tags"`
	VirtualNetwork         map[string]string `pulumi:"virtualNetwork"`
	VirtualNetworkLinkName *string           `pulumi:"virtualNetworkLinkName"`
}

// ElementType names the struct with the properties' names and resolved types.
func (zoneLinkArgs) ElementType() reflect.Type { return reflect.TypeFor[zoneLinkInputs]() }

// recordSet are the records of one name and type in a public zone. For an alias, TargetResource stands in for them.
// https://learn.microsoft.com/azure/templates/microsoft.network/2018-05-01/dnszones/txt
type recordSet struct{ pulumi.CustomResourceState }

type recordSetArgs struct {
	ARecords              pulumi.MapArray
	CnameRecord           pulumi.Map
	RecordType            string
	RelativeRecordSetName string
	ResourceGroupName     string
	TargetResource        pulumi.Map
	TTL                   float64
	TxtRecords            pulumi.MapArray
	ZoneName              string
}

type recordSetInputs struct {
	ARecords              []map[string]any `pulumi:"aRecords"`
	CnameRecord           map[string]any   `pulumi:"cnameRecord"`
	RecordType            string           `pulumi:"recordType"`
	RelativeRecordSetName string           `pulumi:"relativeRecordSetName"`
	ResourceGroupName     string           `pulumi:"resourceGroupName"`
	TargetResource        map[string]any   `pulumi:"targetResource"`
	TTL                   float64          `pulumi:"ttl"`
	TxtRecords            []map[string]any `pulumi:"txtRecords"`
	ZoneName              string           `pulumi:"zoneName"`
}

// ElementType names the struct with the properties' names and resolved types.
func (recordSetArgs) ElementType() reflect.Type { return reflect.TypeFor[recordSetInputs]() }

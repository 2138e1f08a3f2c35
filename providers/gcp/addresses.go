package gcp

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

// addresses are the public ones of the load balancer.
type addresses struct{ v4, v6 pulumi.StringOutput }

// makeAddresses reserves the front door's addresses. They are made with the network, before the app: it must know them to tell in
// X-Forwarded-For what the load balancer has written from what the client has.
//   - https://cloud.google.com/load-balancing/docs/https#addresses
//   - https://cloud.google.com/load-balancing/docs/https#x-forwarded-for_header
func (p *Platform) makeAddresses(ctx *pulumi.Context) error {
	for _, row := range []struct {
		version string
		into    *pulumi.StringOutput
	}{{"IPV4", &p.addresses.v4}, {"IPV6", &p.addresses.v6}} {
		part := "v4"
		if row.version == "IPV6" {
			part = "v6"
		}
		made, err := newGlobalAddress(ctx, p.name(part, longest), &globalAddressArgs{
			AddressType: pulumi.String("EXTERNAL"), IpVersion: pulumi.String(row.version),
		}, p.cloudOpts(p.own())...)
		if err != nil {
			return err
		}
		*row.into = made.Address
	}
	return nil
}

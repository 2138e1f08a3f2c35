package azure

import (
	"fmt"
	"strings"

	app "github.com/pulumi/pulumi-azure-native-sdk/app/v2/v20241002preview"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// customDomain is the stack's public name where the app's own ingress serves it.
type customDomain struct {
	name   string
	proved pulumi.StringOutput // the name, known when its records stand in the zone
	apex   bool                // the name is the zone's own
	opts   []pulumi.ResourceOption
}

// certificateName is the managed certificate's, inside the environment. A certificate keeps its subject, so another domain has another one.
func certificateName(domain string) string { return strings.ReplaceAll(domain, ".", "-") }

// IssueCertificate prepares the certificate of the stack's name. With Front Door it is Front Door's own, and OpenEdge orders it; without
// a domain the certificate of Azure's own host name serves. Otherwise it is a managed certificate of Container Apps, in one run:
//
// Azure issues one only for a name that an app already has, and takes a name with a certificate only if that is issued. The circle is
// opened by bindingType Auto, which says of the name that it shall have the certificate of the environment that is made out to it, as
// soon as there is one. So first the records prove the name to Azure, here; then RunService makes the app with the name; then bindDomain
// orders the certificate, and Azure binds it. Nothing has to be changed afterwards, and the next run changes nothing.
//
// It fails in a preview if the zone does not exist or does not hold the name.
//   - https://learn.microsoft.com/azure/container-apps/custom-domains-managed-certificates
//   - https://github.com/microsoft/azure-container-apps/issues/796
//   - https://github.com/microsoft/azure-container-apps/issues/1395
func (p *Platform) IssueCertificate(ctx *pulumi.Context, name string, a components.CertificateArgs, opts ...pulumi.ResourceOption) (components.CertificateState, error) {
	none := pulumi.String("").ToStringOutput()
	state := components.CertificateState{Ref: components.CertificateRef{StringOutput: none}, CA: none}
	if a.Domain == "" || p.settings.FrontDoor != FrontDoorNone {
		return state, nil
	}
	domain := strings.ToLower(a.Domain)
	z, err := p.publicZone(ctx, strings.ToLower(a.Zone))
	if err != nil {
		return state, err
	}
	if !z.holds(domain) {
		return state, fmt.Errorf("the key domain.zone: zone %q does not hold the name %q", z.name, domain)
	}
	proof, err := p.proof(ctx, name+"-proof", z, "asuid", domain, p.cluster.verification, opts)
	if err != nil {
		return state, err
	}
	kind, set := "CNAME", recordSetArgs{CnameRecord: pulumi.Map{"cname": p.appHost(p.fixed("", 32))}}
	if domain == z.name { // a zone's own name can have no CNAME
		kind, set = "A", recordSetArgs{ARecords: pulumi.MapArray{pulumi.Map{"ipv4Address": p.cluster.address}}}
	}
	address, err := p.record(ctx, name+"-address", z, kind, z.relative(domain), set, opts)
	if err != nil {
		return state, err
	}
	p.domain = customDomain{name: domain, proved: after(ctx, pulumi.String(domain).ToStringOutput(), proof, address), apex: domain == z.name, opts: opts}
	state.Ref.StringOutput = pulumi.Sprintf("%s/managedCertificates/%s", p.cluster.id, certificateName(domain))
	return state, nil
}

// bindDomain orders the certificate for a name that the app has by now. Azure proves the name by its CNAME, or by HTTP where it is the
// zone's own, issues the certificate within minutes, and renews it as long as the records stand.
// https://learn.microsoft.com/azure/templates/microsoft.app/2024-10-02-preview/managedenvironments/managedcertificates
func (p *Platform) bindDomain(ctx *pulumi.Context, made *app.ContainerApp) error {
	if p.domain.name == "" {
		return nil
	}
	method := "CNAME"
	if p.domain.apex {
		method = "HTTP"
	}
	_, err := app.NewManagedCertificate(ctx, "domain", &app.ManagedCertificateArgs{
		ResourceGroupName: p.group, EnvironmentName: p.cluster.name, ManagedCertificateName: pulumi.String(certificateName(p.domain.name)),
		Properties: app.ManagedCertificatePropertiesArgs{SubjectName: pulumi.String(p.domain.name), DomainControlValidation: pulumi.String(method)},
	}, p.cloudOpts(p.domain.opts, pulumi.DependsOn([]pulumi.Resource{made}), pulumi.DeletedWith(p.cluster.made))...)
	if err != nil {
		return fmt.Errorf("ordering the certificate of %s: %w", p.domain.name, err)
	}
	return nil
}

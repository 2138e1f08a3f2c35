package gcp

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/certificatemanager"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// certificateComponent is what the composition calls the certificate.
const certificateComponent = "certificate"

// CertificateName is the beginning of the name of a stack's certificate; seven characters of Pulumi's follow.
func CertificateName(app, stack string) string {
	return (&Platform{settings: Settings{App: app}, stack: stack}).name(certificateComponent, longest) + "-"
}

// IssueCertificate orders a certificate of Certificate Manager for the stack's name, proves the name by a record in its zone, and puts the
// certificate into a map for the load balancer. Google renews it as long as the proof stands. The proof by DNS works before the name leads
// anywhere, so the first deployment needs one run; Google takes some minutes to issue it, for which the command line waits (cli/gcpcloud),
// as the provider does not. Without a domain there is none: Cloud Run brings its own.
//   - https://cloud.google.com/certificate-manager/docs/dns-authorizations
//   - https://cloud.google.com/certificate-manager/docs/maps
//   - https://cloud.google.com/certificate-manager/docs/deploy-google-managed-dns-auth
func (p *Platform) IssueCertificate(ctx *pulumi.Context, name string, a components.CertificateArgs, opts ...pulumi.ResourceOption) (components.CertificateState, error) {
	state := components.CertificateState{CA: pulumi.String("").ToStringOutput()}
	if a.Domain == "" {
		return state, nil
	}
	domain := strings.ToLower(a.Domain)
	authorization, err := certificatemanager.NewDnsAuthorization(ctx, p.name(name, longest), &certificatemanager.DnsAuthorizationArgs{
		Project: pulumi.String(p.account), Domain: pulumi.String(domain), Type: pulumi.String("FIXED_RECORD"),
	}, p.cloudOpts(opts)...)
	if err != nil {
		return state, fmt.Errorf("creating DNS authorization: %w", err)
	}
	asked := authorization.DnsResourceRecords.Index(pulumi.Int(0))
	proof, err := p.record(ctx, name, "CNAME", p.publicZone(ctx, strings.ToLower(a.Zone)), asked.Name().Elem(), asked.Data().Elem(), opts)
	if err != nil {
		return state, err
	}
	certificate, err := certificatemanager.NewCertificate(ctx, p.name(name, longest), &certificatemanager.CertificateArgs{
		Project: pulumi.String(p.account), Scope: pulumi.String("DEFAULT"),
		Managed: certificatemanager.CertificateManagedArgs{
			Domains: pulumi.StringArray{pulumi.String(domain)}, DnsAuthorizations: pulumi.StringArray{authorization.ID()},
		},
	}, p.cloudOpts(opts, pulumi.DependsOn([]pulumi.Resource{proof}))...)
	if err != nil {
		return state, fmt.Errorf("creating certificate: %w", err)
	}
	all, err := certificatemanager.NewCertificateMapResource(ctx, p.name(name, longest), &certificatemanager.CertificateMapResourceArgs{Project: pulumi.String(p.account)}, p.cloudOpts(opts)...)
	if err != nil {
		return state, fmt.Errorf("creating certificate map: %w", err)
	}
	entry, err := certificatemanager.NewCertificateMapEntry(ctx, p.name(name, longest), &certificatemanager.CertificateMapEntryArgs{
		Project: pulumi.String(p.account), Map: all.Name, Hostname: pulumi.String(domain), Certificates: pulumi.StringArray{certificate.ID()},
	}, p.cloudOpts(opts)...)
	if err != nil {
		return state, fmt.Errorf("creating entry of the certificate map: %w", err)
	}
	state.Ref.StringOutput = after(ctx, pulumi.Sprintf("//certificatemanager.googleapis.com/%s", all.ID()), entry)
	return state, nil
}

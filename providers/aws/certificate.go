package aws

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/acm"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// IssueCertificate orders a certificate of ACM for the stack's name, proves the name in its Route 53 zone, and waits until it is
// issued; ACM renews it as long as the proof stands in the zone. CloudFront takes certificates of us-east-1 only, so with
// CloudFront in front a stack of another region gets a second one there, which Platform.viewer keeps for OpenEdge. Without a
// domain there is none: CloudFront brings its own.
//
// One record proves both: what ACM asks for depends on the name and the account, not on the certificate or its region. The
// record may replace one of the same name, which a certificate for this name, in this account, has put there with the same value.
//
// It fails in a preview if the zone does not exist, does not hold the name, or has CAA records that keep ACM from issuing.
//   - https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html
//   - https://docs.aws.amazon.com/acm/latest/userguide/acm-regions.html
//   - https://aws.amazon.com/certificate-manager/faqs/
func (p *Platform) IssueCertificate(ctx *pulumi.Context, name string, a components.CertificateArgs, opts ...pulumi.ResourceOption) (components.CertificateState, error) {
	state := components.CertificateState{CA: pulumi.String("").ToStringOutput()}
	if a.Domain == "" {
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
	if err := p.checkCAA(ctx, z, domain); err != nil {
		return state, err
	}
	regional, err := orderCertificate(ctx, name, domain, p.cloudOpts(opts))
	if err != nil {
		return state, err
	}
	proof, err := p.proveName(ctx, name, z, regional, opts)
	if err != nil {
		return state, err
	}
	if state.Ref.StringOutput, err = awaitCertificate(ctx, name, regional, proof, p.cloudOpts(opts)); err != nil {
		return state, err
	}
	if !p.settings.CloudFront {
		return state, nil
	}
	if p.settings.Region == globalRegion {
		p.viewer = state.Ref.StringOutput
		return state, nil
	}
	global, err := orderCertificate(ctx, name+"-global", domain, p.globalOpts(opts))
	if err != nil {
		return state, err
	}
	p.viewer, err = awaitCertificate(ctx, name+"-global", global, proof, p.globalOpts(opts))
	return state, err
}

// orderCertificate asks ACM for a certificate. Its key is RSA with 2048 bits, which CloudFront, the load balancer and every
// client know, old ones too. It is put into the public transparency logs, without which browsers refuse it.
//   - https://docs.aws.amazon.com/acm/latest/userguide/acm-certificate-characteristics.html
//   - https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html
func orderCertificate(ctx *pulumi.Context, name, domain string, opts []pulumi.ResourceOption) (*acm.Certificate, error) {
	made, err := acm.NewCertificate(ctx, name, &acm.CertificateArgs{
		DomainName:       pulumi.String(domain),
		ValidationMethod: pulumi.String("DNS"),
		KeyAlgorithm:     pulumi.String("RSA_2048"),
		Options:          acm.CertificateOptionsArgs{CertificateTransparencyLoggingPreference: pulumi.String("ENABLED")},
	}, opts...)
	if err != nil {
		return nil, fmt.Errorf("ordering certificate %s: %w", name, err)
	}
	return made, nil
}

// proveName writes the record that ACM asks for.
// https://docs.aws.amazon.com/acm/latest/APIReference/API_ResourceRecord.html
func (p *Platform) proveName(ctx *pulumi.Context, name string, z zone, c *acm.Certificate, opts []pulumi.ResourceOption) (*route53.Record, error) {
	wanted := c.DomainValidationOptions.Index(pulumi.Int(0))
	made, err := route53.NewRecord(ctx, name+"-proof", &route53.RecordArgs{
		ZoneId:         pulumi.String(z.id),
		Name:           wanted.ResourceRecordName().Elem(),
		Type:           pulumi.String("CNAME"),
		Ttl:            pulumi.Int(300),
		Records:        pulumi.StringArray{wanted.ResourceRecordValue().Elem()},
		AllowOverwrite: pulumi.Bool(true),
	}, p.cloudOpts(opts)...)
	if err != nil {
		return nil, fmt.Errorf("creating validation record of certificate %s: %w", name, err)
	}
	return made, nil
}

// awaitCertificate waits until ACM has issued a certificate, at most 75 minutes: usually it takes a few, but it never happens if
// the zone is not the one that the world asks. It fails at once if the record is not the one that the certificate wants.
// https://docs.aws.amazon.com/acm/latest/userguide/troubleshooting-DNS-validation.html
func awaitCertificate(ctx *pulumi.Context, name string, c *acm.Certificate, proof *route53.Record, opts []pulumi.ResourceOption) (pulumi.StringOutput, error) {
	issued, err := acm.NewCertificateValidation(ctx, name, &acm.CertificateValidationArgs{
		CertificateArn:        c.Arn,
		ValidationRecordFqdns: pulumi.StringArray{proof.Fqdn},
	}, opts...)
	if err != nil {
		return pulumi.StringOutput{}, fmt.Errorf("waiting for certificate %s: %w", name, err)
	}
	return issued.CertificateArn, nil
}

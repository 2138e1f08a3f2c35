package docker

import (
	"fmt"

	"github.com/pulumi/pulumi-tls/sdk/v5/go/tls"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

const (
	authorityHours = 10 * 365 * 24
	leafHours      = 397 * 24 // the longest that browsers accept from 2020 on
	renewalHours   = 30 * 24  // an `up` in the last 30 days makes a new one
)

// authority signs every certificate of the stack. Its key never leaves the encrypted state.
type authority struct {
	key  pulumi.StringOutput
	cert pulumi.StringOutput
}

func (p *Platform) newAuthority(ctx *pulumi.Context) (authority, error) {
	parent := []pulumi.ResourceOption{pulumi.Parent(p)}
	key, err := tls.NewPrivateKey(ctx, "authority", &tls.PrivateKeyArgs{Algorithm: pulumi.String("ECDSA"), EcdsaCurve: pulumi.String("P256")}, p.tlsOpts(parent)...)
	if err != nil {
		return authority{}, fmt.Errorf("creating authority key: %w", err)
	}
	cert, err := tls.NewSelfSignedCert(ctx, "authority", &tls.SelfSignedCertArgs{
		PrivateKeyPem:       key.PrivateKeyPem,
		IsCaCertificate:     pulumi.Bool(true),
		ValidityPeriodHours: pulumi.Int(authorityHours),
		EarlyRenewalHours:   pulumi.Int(renewalHours),
		SetSubjectKeyId:     pulumi.Bool(true),
		AllowedUses:         pulumi.ToStringArray([]string{"cert_signing", "crl_signing", "digital_signature"}),
		Subject:             tls.SelfSignedCertSubjectArgs{CommonName: pulumi.String("Slipway local CA " + p.stack), Organization: pulumi.String("Slipway")},
	}, p.tlsOpts(parent)...)
	if err != nil {
		return authority{}, fmt.Errorf("creating authority certificate: %w", err)
	}
	// A certificate is public; the provider's secrecy of the key must not spread to it, or no one could read the CA.
	return authority{key: key.PrivateKeyPem, cert: pulumi.Unsecret(cert.CertPem).(pulumi.StringOutput)}, nil
}

// leaf is a server certificate with its key.
type leaf struct{ key, cert pulumi.StringOutput }

// newLeaf signs a server certificate for the given names.
// https://www.pulumi.com/registry/packages/tls/api-docs/locallysignedcert/
func (p *Platform) newLeaf(ctx *pulumi.Context, name string, names, addresses []string, opts []pulumi.ResourceOption) (leaf, error) {
	key, err := tls.NewPrivateKey(ctx, name, &tls.PrivateKeyArgs{Algorithm: pulumi.String("ECDSA"), EcdsaCurve: pulumi.String("P256")}, p.tlsOpts(opts)...)
	if err != nil {
		return leaf{}, fmt.Errorf("creating key of %s: %w", name, err)
	}
	request, err := tls.NewCertRequest(ctx, name, &tls.CertRequestArgs{
		PrivateKeyPem: key.PrivateKeyPem,
		DnsNames:      pulumi.ToStringArray(names),
		IpAddresses:   pulumi.ToStringArray(addresses),
		Subject:       tls.CertRequestSubjectArgs{CommonName: pulumi.String(names[0]), Organization: pulumi.String("Slipway")},
	}, p.tlsOpts(opts)...)
	if err != nil {
		return leaf{}, fmt.Errorf("creating request of %s: %w", name, err)
	}
	cert, err := tls.NewLocallySignedCert(ctx, name, &tls.LocallySignedCertArgs{
		CertRequestPem:      request.CertRequestPem,
		CaPrivateKeyPem:     p.authority.key,
		CaCertPem:           p.authority.cert,
		ValidityPeriodHours: pulumi.Int(leafHours),
		EarlyRenewalHours:   pulumi.Int(renewalHours),
		SetSubjectKeyId:     pulumi.Bool(true),
		AllowedUses:         pulumi.ToStringArray([]string{"digital_signature", "key_encipherment", "server_auth"}),
	}, p.tlsOpts(opts)...)
	if err != nil {
		return leaf{}, fmt.Errorf("signing certificate of %s: %w", name, err)
	}
	return leaf{key: key.PrivateKeyPem, cert: cert.CertPem}, nil
}

// IssueCertificate signs a certificate for the loopback names of this host and for the domain, if one is given: it may stand in
// the hosts file.
func (p *Platform) IssueCertificate(ctx *pulumi.Context, name string, a components.CertificateArgs, opts ...pulumi.ResourceOption) (components.CertificateState, error) {
	names := []string{"localhost"}
	if a.Domain != "" {
		names = append(names, a.Domain)
	}
	l, err := p.newLeaf(ctx, name, names, []string{"127.0.0.1", "::1"}, opts)
	if err != nil {
		return components.CertificateState{}, err
	}
	bundle := pulumi.ToSecret(pulumi.Sprintf("%s%s", l.cert, l.key)).(pulumi.StringOutput)
	return components.CertificateState{Ref: components.CertificateRef{StringOutput: bundle}, CA: p.authority.cert}, nil
}

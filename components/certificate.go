package components

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// CertificateRef points to a certificate with its key, for the edge that serves it: an ARN or a resource id on the clouds, the
// PEM bundle (a secret) on Docker.
type CertificateRef struct{ pulumi.StringOutput }

// CertificateArgs describes the certificate of the stack's public name.
type CertificateArgs struct {
	// Domain is the public name. Empty: the platform's own host name, for which the clouds need no certificate of ours.
	Domain string
	// Zone is the DNS zone in which ownership is proved. Required with Domain, except on Docker.
	Zone string
}

// CertificateState is what a driver made.
type CertificateState struct {
	// Ref is what the edge serves.
	Ref CertificateRef
	// CA is the PEM root a client must trust, or empty where it is in every system's store.
	CA pulumi.StringOutput
}

// CertificateDriver issues a certificate and keeps it renewed.
type CertificateDriver interface {
	IssueCertificate(ctx *pulumi.Context, name string, a CertificateArgs, opts ...pulumi.ResourceOption) (CertificateState, error)
}

// Certificate is the TLS certificate of the stack's front door.
type Certificate struct {
	pulumi.ResourceState
	CertificateState
}

// NewCertificate issues a certificate. It fails on what the driver cannot do (ErrUnsupported).
func NewCertificate(ctx *pulumi.Context, d CertificateDriver, name string, a CertificateArgs, opts ...pulumi.ResourceOption) (*Certificate, error) {
	c := &Certificate{}
	if err := ctx.RegisterComponentResource("slipway:components:Certificate", name, c, opts...); err != nil {
		return nil, fmt.Errorf("certificate %q: %w", name, err)
	}
	s, err := d.IssueCertificate(ctx, name, a, pulumi.Parent(c))
	if err != nil {
		return nil, fmt.Errorf("certificate %q: %w", name, err)
	}
	c.CertificateState = s
	return c, ctx.RegisterResourceOutputs(c, pulumi.Map{"ca": s.CA})
}

package aws

import (
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/components/componentstest"
)

const (
	certificateType = "aws:acm/certificate:Certificate"
	validationType  = "aws:acm/certificateValidation:CertificateValidation"
	recordType      = "aws:route53/record:Record"
)

func TestNoDomainNoCertificate(t *testing.T) {
	r := door{settings: doorSettings(true)}.mustRecord(t)
	for _, kind := range []string{certificateType, validationType, recordType} {
		if n := len(r.Of(kind)); n != 0 {
			t.Errorf("there are %d of %s without a domain", n, kind)
		}
	}
	wantExport(t, r, "ca", "")
	if _, ok := r.Exports["scope.certificate"]; ok {
		t.Error("the edge has a certificate")
	}
}

func TestCertificate(t *testing.T) {
	for _, row := range []struct {
		name, region string
		cloudFront   bool
		providers    map[string]string // by name of the certificate
		viewer       string
	}{
		{"load balancer in front", "eu-central-1", false, map[string]string{"certificate": "aws"}, ""},
		{"CloudFront in front", "eu-central-1", true, map[string]string{"certificate": "aws", "certificate-global": "aws-global"}, "arn:of:certificate-global"},
		{"CloudFront in front, in its own region", globalRegion, true, map[string]string{"certificate": "aws"}, "arn:of:certificate"},
	} {
		t.Run(row.name, func(t *testing.T) {
			settings := doorSettings(row.cloudFront)
			settings.Region = row.region
			r := door{settings: settings, edge: behindDomain(components.EdgeArgs{})}.mustRecord(t)
			if n := len(r.Of(certificateType)); n != len(row.providers) {
				t.Errorf("there are %d certificates, want %d", n, len(row.providers))
			}
			for name, provider := range row.providers {
				ordered, ok := r.Find(certificateType, name)
				if !ok {
					t.Fatalf("there is no certificate %s", name)
				}
				wantMadeBy(t, ordered, provider)
				wantProperty(t, ordered, "domainName", "links.example.com")
				wantProperty(t, ordered, "validationMethod", "DNS")
				wantProperty(t, ordered, "keyAlgorithm", "RSA_2048")
				wantProperty(t, ordered, "options.certificateTransparencyLoggingPreference", "ENABLED")
				issued, ok := r.Find(validationType, name)
				if !ok {
					t.Fatalf("nobody waits for certificate %s", name)
				}
				wantMadeBy(t, issued, provider)
				wantProperty(t, issued, "certificateArn", "arn:of:"+name)
				wantProperty(t, issued, "validationRecordFqdns[*]", "fqdn.of.certificate-proof")
			}
			proof, ok := r.Find(recordType, "certificate-proof")
			if !ok {
				t.Fatal("there is no validation record")
			}
			wantProperty(t, proof, "name", "_a1.links.example.com.")
			wantProperty(t, proof, "records[*]", "_b2.acm-validations.aws.")
			wantProperty(t, proof, "type", "CNAME")
			wantProperty(t, proof, "zoneId", "Z0ZONE")
			wantProperty(t, proof, "allowOverwrite", true)
			wantExport(t, r, "scope.certificate", "arn:of:certificate")
			if row.viewer == "" {
				return
			}
			distribution := sole(t, r, "aws:cloudfront/distribution:Distribution")
			wantProperty(t, distribution, "viewerCertificate.acmCertificateArn", row.viewer)
			validation, _ := r.Find(validationType, strings.TrimPrefix(row.viewer, "arn:of:"))
			if !slices.Contains(distribution.Needs, validation.URN) {
				t.Error("the distribution does not wait until its certificate is issued")
			}
		})
	}
}

func TestCertificateErrors(t *testing.T) {
	settings := doorSettings(false)
	records := func(value string) []componentstest.Output {
		return []componentstest.Output{{Type: "aws:route53/getRecords:getRecords", Property: "resourceRecordSets", Value: []any{
			map[string]any{"name": "example.com.", "type": "CAA", "resourceRecords": []any{map[string]any{"value": value}}},
		}}}
	}
	for _, row := range []struct {
		name    string
		edge    components.EdgeArgs
		outputs []componentstest.Output
		want    []string // all of them; none: no error
	}{
		{"the zone is another one", components.EdgeArgs{Domain: "links.example.org", Zone: "example.com"}, nil, []string{"domain.zone", "example.com", "links.example.org"}},
		// The monitor finds every zone. But Pulumi fails a function that returns a secret, as it fails one that finds nothing.
		{"there is no zone", behindDomain(components.EdgeArgs{}), []componentstest.Output{{Type: "aws:route53/getZone:getZone", Property: "zoneId", Value: &resource.Secret{Element: resource.NewProperty("Z0")}}}, []string{"domain.zone", `"example.com"`}},
		{"CAA forbids", behindDomain(components.EdgeArgs{}), records(`0 issue "letsencrypt.org"`), []string{"domain.name", "links.example.com", "letsencrypt.org", `0 issue "amazon.com"`}},
		{"CAA allows", behindDomain(components.EdgeArgs{}), records(`0 issue "amazonaws.com"`), nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			r, err := door{settings: settings, edge: row.edge, outputs: row.outputs, preview: true}.record()
			if (err != nil) != (row.want != nil) {
				t.Fatalf("the error is %v, want one with %q", err, row.want)
			}
			for _, part := range row.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("the error is %q, want %q in it", err, part)
				}
			}
			if n := len(r.Of(certificateType)); row.want != nil && n != 0 {
				t.Errorf("%d certificates are ordered all the same", n)
			}
		})
	}
}

package gcp

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/components/componentstest"
)

// The first preview of a project: what an API that is not on yet would have to answer is not asked.
func TestNothingIsAskedBeforeTheAPIsAreOn(t *testing.T) {
	r, err := componentstest.Record(func(ctx *pulumi.Context) error {
		s, err := testSettings("links")
		if err != nil {
			return err
		}
		s.ManagedZone = ""
		p, err := NewPlatform(ctx, s)
		if err != nil {
			return err
		}
		_, err = components.NewCertificate(ctx, p, "certificate", components.CertificateArgs{Domain: "links.example.com", Zone: "example.com"}, pulumi.Parent(p))
		return err
	}, componentstest.Options{Preview: true, Outputs: testAnswers()})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Of("gcp:dns/recordSet:RecordSet")) != 1 || len(r.Of("gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember")) != len(agents) {
		t.Fatal("the certificate or the rights to the key are not planned")
	}
	for token := range r.Invokes {
		if !strings.Contains(token, "getClientConfig") {
			t.Errorf("%s is asked in a preview of a project whose APIs are off", token)
		}
	}
}

package stacks

import (
	"testing"

	"github.com/slipway-iac/slipway/providers/gcp/spec"
)

// Every region of the table is accepted, and so are sizes in Google's own terms: a check that refuses all would pass TestProblems.
func TestGoogleTablesAreAccepted(t *testing.T) {
	accept := func(kv ...string) {
		t.Helper()
		if _, err := Load(input(append([]string{"cloud", "gcp"}, kv...)...)); err != nil {
			t.Errorf("%v: %v", kv, err)
		}
	}
	for _, region := range spec.Regions() {
		accept("region", region)
	}
	accept("database", `{"size":"db-custom-4-15360"}`, "cache", `{"size":"memory-16"}`)
	accept("domain", `{"name":"links.example.com","zone":"example.com"}`, "gcp", `{"dnsProject":"example-dns"}`,
		"edge", `{"waf":true,"wafMode":"detect","wafExclusions":["owasp-crs-v030301-id931100-rfi"],"bodyLimit":"32Mi","hsts":{"maxAge":"1h"}}`)
}

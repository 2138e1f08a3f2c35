package stacks

import (
	"testing"

	azure "github.com/slipway-iac/slipway/providers/azure/spec"
)

// Every region of the table is accepted for a small stack, and those that have everything for one of tier prod: a table that refuses all
// would pass the rows of TestProblems. The default region is one of them.
func TestAzureRegionsAreAccepted(t *testing.T) {
	prod := []string{"cloud", "azure", "tier", "prod", "database", `{"ha":true}`, "azure", `{"geoBackup":true}`, "alerts", `{"emails":["a@example.com"]}`}
	for _, region := range azure.Regions(0) {
		if _, err := Load(input("cloud", "azure", "region", region)); err != nil {
			t.Errorf("dev in %s: %v", region, err)
		}
	}
	for _, region := range azure.Regions(everything) {
		if _, err := Load(input(append([]string{"region", region}, prod...)...)); err != nil {
			t.Errorf("prod in %s: %v", region, err)
		}
	}
	c, err := Load(input(prod...))
	if err != nil || c.Region != azure.Default {
		t.Errorf("prod in the default region %s: %v", c.Region, err)
	}
}

// Front Door sets headers and limits bodies by default; the app's own ingress can do neither.
func TestAzureEdgeDefaults(t *testing.T) {
	for tier, want := range map[string]bool{"dev": false, "prod": true} {
		c, err := Load(input("cloud", "azure", "tier", tier))
		if err != nil || (c.Edge.HSTS.MaxAge > 0) != want || (c.Edge.BodyLimit > 0) != want {
			t.Errorf("%s: hsts.maxAge is %s and bodyLimit %s: %v", tier, c.Edge.HSTS.MaxAge, c.Edge.BodyLimit, err)
		}
	}
}

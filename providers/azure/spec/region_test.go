package spec

import (
	"slices"
	"testing"
)

// The table is in order and names each region once, and the default region has everything that a stack of tier prod asks for.
func TestRegions(t *testing.T) {
	if !slices.IsSortedFunc(regions, func(a, b Region) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	}) {
		t.Error("the regions are not in order")
	}
	all := Zones | Standby | V5 | GeoBackup | Link
	if r, ok := RegionOf(Default); !ok || !r.Offers(all) || r.Offers(Restricted) {
		t.Errorf("the default region %s lacks something of tier prod: %+v", Default, r)
	}
	// What Microsoft's tables of RegionsDate say of whole stacks of tier prod; see the doc comment of regions.
	want := []string{"australiaeast", "canadacentral", "centralus", "francecentral", "koreacentral", "southafricanorth", "swedencentral", "switzerlandnorth", "uaenorth", "uksouth"}
	if got := Regions(all); !slices.Equal(got, want) {
		t.Errorf("everything is offered by %v, want %v", got, want)
	}
	for _, blocked := range []string{"westeurope", "eastus", "eastus2", "northeurope", "germanywestcentral", "westus2", "southeastasia"} {
		if r, ok := RegionOf(blocked); !ok || r.Offers(Standby) {
			t.Errorf("new standbys are blocked in %s, and the table says %+v", blocked, r)
		}
	}
	if _, ok := RegionOf("us-east-1"); ok {
		t.Error("a region of another cloud is in the table")
	}
}

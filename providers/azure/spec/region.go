// Package spec holds what Microsoft publishes about Azure, as dated tables: regions and what they offer, sizes of databases and caches,
// rules of the firewall, and the operations that a deployment takes. It imports no SDK, so that the configuration can be checked against
// it, and `doctor` can ask the account about the same rows.
package spec

import "slices"

// RegionsDate is when the tables of this file were last compared with Microsoft's pages. The page about PostgreSQL is that of 2025-11-20.
const RegionsDate = "2026-12-01"

// Default is the region of a stack that names none. Everything of a stack of tier prod can be made there.
const Default = "centralus"

// Feature is something that a region has or not.
type Feature uint8

// The features.
const (
	// Zones are availability zones, over which an environment of Container Apps and a cache can be spread.
	Zones Feature = 1 << iota
	// Standby is a new standby of PostgreSQL in another zone. Where Microsoft has blocked new ones for a time, a region has it not.
	Standby
	// V5 are PostgreSQL's Intel machines of the fifth generation, which the sizes of tier prod are.
	V5
	// GeoBackup copies PostgreSQL's backups to the paired region.
	GeoBackup
	// Link is Front Door's private link into the region.
	Link
	// Restricted regions are open on request only.
	Restricted
)

// Region is one of Azure's public regions in which PostgreSQL Flexible Server runs.
type Region struct {
	// Name is the programmatic name, such as "swedencentral".
	Name string
	// Has are the features.
	Has Feature
}

// regions are all of the public cloud in which PostgreSQL runs. One that Azure has opened since RegionsDate is refused until its row is
// here: what it has would be a guess.
//   - https://learn.microsoft.com/azure/postgresql/overview#azure-regions (Standby, V5, GeoBackup, Restricted)
//   - https://learn.microsoft.com/azure/reliability/regions-list (Zones)
//   - https://learn.microsoft.com/azure/frontdoor/private-link#region-availability (Link)
var regions = []Region{
	{"australiacentral", V5 | GeoBackup},
	{"australiacentral2", V5 | Restricted},
	{"australiaeast", Zones | Standby | V5 | GeoBackup | Link},
	{"australiasoutheast", V5 | GeoBackup},
	{"austriaeast", Zones | Standby | V5},
	{"brazilsouth", Zones | V5 | Link},
	{"brazilsoutheast", V5 | Restricted},
	{"canadacentral", Zones | Standby | V5 | GeoBackup | Link},
	{"canadaeast", V5 | GeoBackup},
	{"centralindia", Zones | V5 | GeoBackup | Link},
	{"centralus", Zones | Standby | V5 | GeoBackup | Link},
	{"chilecentral", Zones | Standby | V5},
	{"eastasia", Zones | V5 | GeoBackup | Link},
	{"eastus", Zones | V5 | GeoBackup | Link},
	{"eastus2", Zones | GeoBackup | Link},
	{"francecentral", Zones | Standby | V5 | GeoBackup | Link},
	{"francesouth", V5 | GeoBackup},
	{"germanynorth", V5 | GeoBackup | Restricted},
	{"germanywestcentral", Zones | V5 | GeoBackup | Link},
	{"indonesiacentral", Zones | Standby | V5},
	{"israelcentral", Zones | Standby | Link},
	{"italynorth", Zones | Standby | V5 | Link},
	{"japaneast", Zones | Standby | GeoBackup | Link},
	{"japanwest", Zones | V5 | GeoBackup},
	{"jioindiacentral", GeoBackup},
	{"jioindiawest", GeoBackup},
	{"koreacentral", Zones | Standby | V5 | GeoBackup | Link},
	{"koreasouth", V5 | GeoBackup},
	{"malaysiawest", Zones | Standby | V5},
	{"mexicocentral", Zones},
	{"newzealandnorth", Zones | Standby | V5},
	{"northcentralus", V5 | GeoBackup},
	{"northeurope", Zones | V5 | GeoBackup | Link},
	{"norwayeast", Zones | Standby | V5 | GeoBackup | Link | Restricted},
	{"norwaywest", V5 | GeoBackup},
	{"polandcentral", Zones | Standby | Link},
	{"qatarcentral", Zones},
	{"southafricanorth", Zones | Standby | V5 | GeoBackup | Link},
	{"southafricawest", V5 | GeoBackup | Restricted},
	{"southcentralus", Zones | GeoBackup | Link},
	{"southeastasia", Zones | GeoBackup | Link},
	{"southindia", Standby | V5 | GeoBackup},
	{"spaincentral", Zones | Standby | Link},
	{"swedencentral", Zones | Standby | V5 | GeoBackup | Link},
	{"switzerlandnorth", Zones | Standby | V5 | GeoBackup | Link},
	{"switzerlandwest", V5 | GeoBackup | Restricted},
	{"uaecentral", V5 | GeoBackup | Restricted},
	{"uaenorth", Zones | Standby | V5 | GeoBackup | Link},
	{"uksouth", Zones | Standby | V5 | GeoBackup | Link},
	{"ukwest", V5 | GeoBackup},
	{"westcentralus", V5 | GeoBackup},
	{"westeurope", Zones | V5 | GeoBackup | Link},
	{"westus", V5 | GeoBackup},
	{"westus2", Zones | GeoBackup | Link},
	{"westus3", Zones | Standby | V5 | Link},
}

// RegionOf finds a region by its name.
func RegionOf(name string) (Region, bool) {
	i := slices.IndexFunc(regions, func(r Region) bool { return r.Name == name })
	if i < 0 {
		return Region{}, false
	}
	return regions[i], true
}

// Offers tells whether a region has all of these features.
func (r Region) Offers(all Feature) bool { return r.Has&all == all }

// Regions are the names of those that offer all of these features and are open to everybody, in order.
func Regions(all Feature) []string {
	var names []string
	for _, r := range regions {
		if r.Offers(all) && !r.Offers(Restricted) {
			names = append(names, r.Name)
		}
	}
	return names
}

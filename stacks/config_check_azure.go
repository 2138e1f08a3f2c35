package stacks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-iac/slipway/providers/azure/spec"
)

// azureNeed is something of the configuration that not every region has.
type azureNeed struct {
	path    string
	value   any
	used    bool
	feature spec.Feature
	lacks   string // what the region lacks
	instead string // what may be done beside another region
}

// azureNeeds are the rows. Sizes without a generation follow the tier: those of tier prod are of the fifth.
//   - https://learn.microsoft.com/azure/postgresql/overview#azure-regions
//   - https://learn.microsoft.com/azure/frontdoor/private-link#region-availability
func azureNeeds(c Config) []azureNeed {
	db := c.Database
	steady := strings.HasSuffix(db.Size, "_v5") && !strings.HasPrefix(db.Size, "Standard_B") || c.Tier == TierProd && !strings.Contains(db.Size, "_")
	return []azureNeed{
		{"region", c.Region, c.Tier == TierProd, spec.Zones, "it has no availability zones, over which a stack of tier prod is spread", "tier dev"},
		{"database.ha", db.HA, db.Enabled && db.HA, spec.Standby, "Microsoft makes no new standbys in another zone there", "database.ha: false"},
		{"database.size", db.Size, db.Enabled && steady, spec.V5, "it has no machines of the fifth generation", "a size such as Standard_D2ds_v4"},
		{"azure.geoBackup", c.Azure.GeoBackup, db.Enabled && c.Azure.GeoBackup, spec.GeoBackup, "backups are not copied from there", "azure.geoBackup: false"},
		{"azure.frontDoor", c.Azure.FrontDoor, c.Azure.FrontDoor == "premium", spec.Link, "Front Door has no private link to it", "azure.frontDoor standard"},
	}
}

// checkAzureRegion refuses regions that the table doesn't have, and whatever the region doesn't offer: each with the regions that
// offer all that the configuration asks for.
func checkAzureRegion(d *decoder, c Config) {
	if c.Cloud != CloudAzure || !rowOf(CloudAzure).region.MatchString(c.Region) {
		return // another cloud, or reported by its form already
	}
	all := spec.Feature(0)
	needs := azureNeeds(c)
	for _, n := range needs {
		if n.used {
			all |= n.feature
		}
	}
	can := spec.Regions(all)
	region, known := spec.RegionOf(c.Region)
	if !known {
		d.bad("region", c.Region, "not a region that the table of "+spec.RegionsDate+" has (providers/azure/spec)", list(can), nearest(c.Region, can))
		return
	}
	for _, n := range needs {
		if !n.used || region.Offers(n.feature) {
			continue
		}
		lacks := n.lacks
		if n.path != "region" {
			lacks = fmt.Sprintf("not in region %s: %s", c.Region, n.lacks)
		}
		d.bad(n.path, n.value, lacks, fmt.Sprintf("in region %s; or %s", list(can), n.instead), "")
	}
}

// settleAzureEdge turns off by default what the app's own ingress can't do.
func (d *decoder) settleAzureEdge(c *Config) {
	if c.Azure.FrontDoor != "none" {
		return
	}
	if !d.isSet("edge.hsts.maxAge") {
		c.Edge.HSTS.MaxAge = 0
	}
	if !d.isSet("edge.bodyLimit") {
		c.Edge.BodyLimit = 0
	}
}

// checkAzureEdge refuses what the app's own ingress can't do, and rules of the firewall that its rule sets don't have: an exclusion of
// none would be one in vain.
func checkAzureEdge(d *decoder, c Config) {
	if c.Cloud != CloudAzure {
		return
	}
	if c.Azure.FrontDoor == "none" && c.Edge.HSTS.MaxAge > 0 {
		d.bad("edge.hsts.maxAge", c.Edge.HSTS.MaxAge, "not with azure.frontDoor none: the app's own ingress sets no headers", "azure.frontDoor standard or premium; or 0s, and the app sets it", "")
	}
	if c.Azure.FrontDoor == "none" && c.Edge.BodyLimit > 0 {
		d.bad("edge.bodyLimit", c.Edge.BodyLimit, "not with azure.frontDoor none: the app's own ingress has no limit", "azure.frontDoor standard or premium, or 0Ki", "")
	}
	for i, rule := range c.Edge.WAFExclusions {
		if _, known := spec.RuleOf(rule); !known {
			d.bad(fmt.Sprintf("edge.wafExclusions[%d]", i), rule, "not a rule of "+spec.RuleSet+" "+spec.RuleSetVersion+" or "+spec.BotRuleSet+" "+spec.BotVersion, "the id of a rule, such as 931130", "")
		}
		if slices.Index(c.Edge.WAFExclusions, rule) < i {
			d.bad(fmt.Sprintf("edge.wafExclusions[%d]", i), rule, "listed twice", "", "")
		}
	}
}

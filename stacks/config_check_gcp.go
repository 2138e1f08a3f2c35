package stacks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-iac/slipway/providers/gcp/spec"
)

// checkGooglePaths refuses paths that Google's front ends keep for themselves on Cloud Run: they answer 404, and the app never sees the
// request. Which of those that end in z they keep is not said, so none is taken.
// https://cloud.google.com/run/docs/known-issues#ah
func checkGooglePaths(d *decoder, c Config) {
	if c.Cloud != CloudGCP {
		return
	}
	for _, row := range []struct{ key, path, allowed string }{
		{"app.healthPath", c.App.HealthPath, "a path such as /health"}, {"app.readyPath", c.App.ReadyPath, "a path such as /ready"},
		{"rollout.smokePath", c.Rollout.SmokePath, "a path such as /ready"},
	} {
		if kept := keptByGoogle(row.path); kept != "" {
			d.bad(row.key, row.path, "Google's front ends keep "+kept+" for themselves and answer 404: visitors and checks from outside never reach the app", row.allowed, "")
		}
	}
}

// keptByGoogle says which of the paths that never reach an app on Cloud Run a path is, if it is one.
func keptByGoogle(path string) string {
	switch {
	case path == "/_ah" || strings.HasPrefix(path, "/_ah/"):
		return "paths that begin with /_ah/"
	case path == "/eventlog":
		return "/eventlog"
	case strings.HasSuffix(path, "z"):
		return "paths that end in z"
	}
	return ""
}

// checkGoogleZone refuses what names a zone where there is none.
func checkGoogleZone(d *decoder, c Config) {
	if c.Cloud == CloudGCP && c.Domain.Name == "" && c.GCP.DNSProject != "" {
		d.bad("gcp.dnsProject", c.GCP.DNSProject, "there is no zone without domain.name", "domain.name and domain.zone too, or no gcp.dnsProject", "")
	}
}

// checkGoogleRegion refuses regions that lack something a stack needs, or that the table does not know.
func checkGoogleRegion(d *decoder, c Config) {
	if c.Cloud != CloudGCP || !rowOf(CloudGCP).region.MatchString(c.Region) || slices.Contains(spec.Regions(), c.Region) {
		return
	}
	d.bad("region", c.Region, "not a region with Cloud Run, Cloud SQL and Memorystore in the table of "+spec.RegionsDate+" (providers/gcp/spec)", list(spec.Regions()), nearest(c.Region, spec.Regions()))
}

// sizeClasses are sizes that every cloud has.
var sizeClasses = []string{"small", "medium", "large"}

// checkGoogleDatabase refuses machines that Cloud SQL does not have.
func checkGoogleDatabase(d *decoder, c Config) {
	if c.Cloud == CloudGCP && c.Database.Enabled && !slices.Contains(sizeClasses, c.Database.Size) && spec.MaxConnections(c.Database.Size) == 0 {
		d.bad("database.size", c.Database.Size, "not a tier of Cloud SQL in the edition Enterprise", "small, medium, large, "+spec.TierRule, "")
	}
}

// checkGoogleStandby refuses a standby without what keeps it up to date.
// https://cloud.google.com/sql/docs/postgres/high-availability
func checkGoogleStandby(d *decoder, c Config) {
	if c.Cloud == CloudGCP && c.Database.Enabled && c.Database.HA && c.Database.BackupDays == 0 {
		d.bad("database.ha", c.Database.HA, "a standby needs backups, and database.backupDays is 0", "database.backupDays of 1 or more", "")
	}
}

// checkGoogleCache refuses capacities that Memorystore does not have.
func checkGoogleCache(d *decoder, c Config) {
	if c.Cloud == CloudGCP && c.Cache.Enabled && !slices.Contains(sizeClasses, c.Cache.Size) && spec.CacheGiB(c.Cache.Size) == 0 {
		d.bad("cache.size", c.Cache.Size, "not a capacity of Memorystore for Redis", "small, medium, large, "+spec.CacheRule, "")
	}
}

// checkGoogleEdge refuses what Google's front ends can't do: rules by names that are none of theirs, bodies that Cloud Run does not take, and
// without a load balancer all that it would do.
func checkGoogleEdge(d *decoder, c Config) {
	if c.Cloud != CloudGCP {
		return
	}
	for i, rule := range c.Edge.WAFExclusions {
		if _, ok := spec.RuleSetOf(rule); !ok {
			d.bad(fmt.Sprintf("edge.wafExclusions[%d]", i), rule, "not a rule of edge.waf on gcp", spec.RuleNames, "")
		}
	}
	if c.Edge.BodyLimit.Bytes() > spec.LargestBody {
		d.bad("edge.bodyLimit", c.Edge.BodyLimit, "Cloud Run takes no larger body", "at most 32Mi, or 0Ki for that", "32Mi")
	}
	if c.Domain.Name != "" {
		return
	}
	const needs, allowed = "needs gcp's load balancer, which needs a domain", "set domain.name and domain.zone, or leave it out"
	if c.Edge.BodyLimit > 0 {
		d.bad("edge.bodyLimit", c.Edge.BodyLimit, needs, allowed, "")
	}
	if c.Edge.HSTS.MaxAge > 0 {
		d.bad("edge.hsts.maxAge", c.Edge.HSTS.MaxAge, needs+"; browsers ask every host of .app by HTTPS only anyway", allowed, "")
	}
}

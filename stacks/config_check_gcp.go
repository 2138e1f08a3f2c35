package stacks

import "strings"

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

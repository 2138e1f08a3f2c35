package spec

// Use is what one stack takes of a quota of Compute Engine.
type Use struct {
	// Metric is Google's name of the quota.
	Metric string
	// Balanced is what only a stack with a domain takes, Always what every one does.
	Balanced, Always float64
}

// QuotaDate is when the table was compared with the drivers and with Google's pages.
const QuotaDate = "2026-12-01"

// uses are quotas of a whole project, of which a second or third stack finds too little left. Rules of Cloud Armor with an expression
// are the scarcest: 20 in many projects, of which a stack takes thirteen.
//   - https://cloud.google.com/compute/quotas-limits
//   - https://cloud.google.com/armor/quotas
//   - https://cloud.google.com/load-balancing/docs/quotas
var uses = []Use{
	{Metric: "NETWORKS", Always: 1},
	{Metric: "SUBNETWORKS", Always: 1},
	{Metric: "FIREWALLS", Always: 3},
	{Metric: "BACKEND_SERVICES", Balanced: 4},
	{Metric: "SECURITY_POLICIES", Balanced: 1},
	{Metric: "SECURITY_POLICY_RULES", Balanced: 15},
	{Metric: "SECURITY_POLICY_CEVAL_RULES", Balanced: 13},
	{Metric: "URL_MAPS", Balanced: 2},
	{Metric: "TARGET_HTTP_PROXIES", Balanced: 1},
	{Metric: "TARGET_HTTPS_PROXIES", Balanced: 1},
	{Metric: "SSL_POLICIES", Balanced: 1},
	{Metric: "GLOBAL_EXTERNAL_MANAGED_FORWARDING_RULES", Balanced: 4},
	{Metric: "STATIC_ADDRESSES", Balanced: 2, Always: 1},
}

// Uses returns how much of each quota a new stack takes, with or without a domain.
func Uses(domain bool) map[string]float64 {
	out := map[string]float64{}
	for _, row := range uses {
		n := row.Always
		if domain {
			n += row.Balanced
		}
		if n > 0 {
			out[row.Metric] = n
		}
	}
	return out
}

// APIs are those that must be on before the first update, as Pulumi turns on the others through them.
// https://cloud.google.com/service-usage/docs/enable-disable
var APIs = []string{"serviceusage.googleapis.com", "cloudresourcemanager.googleapis.com", "iam.googleapis.com"}

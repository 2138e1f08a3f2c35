package gcpcloud

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-iac/slipway/cli/toolchain"
	"github.com/slipway-iac/slipway/stacks"
)

const (
	getProject  = "GET /cloudresourcemanager/v3/projects/links-production"
	getPolicy   = "POST /cloudresourcemanager/v1/projects/links-production:getEffectiveOrgPolicy"
	getManaged  = "GET /orgpolicy/v2/projects/links-production/policies/iam.managed.allowedPolicyMembers:getEffectivePolicy"
	getService  = "GET /run/v2/projects/links-production/locations/europe-west1/services/links-prod"
	testRights  = "POST /cloudresourcemanager/v1/projects/links-production:testIamPermissions"
	getBilling  = "GET /cloudbilling/v1/projects/links-production/billingInfo"
	getAPIs     = "GET /serviceusage/v1/projects/links-production/services:batchGet"
	getQuotas   = "GET /compute/compute/v1/projects/links-production"
	getCores    = "GET /serviceusage/v1beta1/projects/links-production/services/run.googleapis.com/consumerQuotaMetrics"
	getRegions  = "GET /run/v1/projects/links-production/locations"
	getCaches   = "GET /redis/v1/projects/links-production/locations"
	getZones    = "GET /dns/dns/v1/projects/links-production/managedZones"
	getOtherDNS = "GET /dns/dns/v1/projects/example-dns/managedZones"
)

// healthy answers as a project does in which a stack can be made.
func healthy() map[string]answer {
	zone := says(map[string]any{"managedZones": []any{map[string]any{"name": "example-com", "visibility": "public"}, map[string]any{"name": "inside", "visibility": "private"}}})
	return map[string]answer{
		getProject: says(map[string]any{"state": "ACTIVE"}), getPolicy: says(map[string]any{}), getManaged: refused(http.StatusForbidden, "PERMISSION_DENIED", "off"), getService: refused(http.StatusNotFound, "NOT_FOUND", "no"),
		testRights: func(_ url.Values, body map[string]any) (int, any) { return http.StatusOK, body },
		getBilling: says(map[string]any{"billingEnabled": true}), getAPIs: says(map[string]any{"services": []any{map[string]any{"name": "projects/1/services/iam.googleapis.com", "state": "ENABLED"}}}),
		getQuotas: quota("BACKEND_SERVICES", 50, 4), getCores: says(map[string]any{}), getRegions: says(map[string]any{"locations": []any{map[string]any{"locationId": "europe-west1"}}}),
		getCaches: says(map[string]any{"locations": []any{map[string]any{"locationId": "europe-west1"}}}), getZones: zone, getOtherDNS: zone,
	}
}

func quota(metric string, limit, usage float64) answer {
	return says(map[string]any{"quotas": []any{map[string]any{"metric": metric, "limit": limit, "usage": usage}}})
}

func managed(subjects ...any) answer {
	return says(map[string]any{"spec": map[string]any{"rules": []any{map[string]any{"enforce": true, "parameters": map[string]any{"allowedMemberSubjects": subjects}}}}})
}

func policyOf(constraint string, policy map[string]any) answer {
	return func(_ url.Values, body map[string]any) (int, any) {
		if body["constraint"] == constraint {
			return http.StatusOK, policy
		}
		return http.StatusOK, map[string]any{}
	}
}

func allowed(values ...any) map[string]any {
	return map[string]any{"listPolicy": map[string]any{"allowedValues": values}}
}

func TestExamine(t *testing.T) {
	conf := stack.Config
	conf.Stack, conf.Cache.Enabled = "prod", true
	conf.App.CPU, conf.App.Replicas.Max, conf.Rollout.Strategy = 1, 10, stacks.StrategyCanary
	conf.Domain = stacks.Domain{Name: "links.example.com", Zone: "example.com"}
	zones := func(names ...string) answer {
		var all []any
		for _, name := range names {
			all = append(all, map[string]any{"name": name, "visibility": "public"})
		}
		return says(map[string]any{"managedZones": all})
	}
	cores := says(map[string]any{"metrics": []any{map[string]any{"metric": "run.googleapis.com/cpu_allocation", "consumerQuotaLimits": []any{map[string]any{"quotaBuckets": []any{
		map[string]any{"effectiveLimit": "200000"}, map[string]any{"effectiveLimit": "20000", "dimensions": map[string]any{"region": "europe-west1"}},
	}}}}}})
	for name, row := range map[string]struct {
		question string
		answer   answer
		want     string // of the only finding that is not OK; empty for none
	}{
		"everything is right": {"", nil, ""},
		"a right is missing": {testRights, func(_ url.Values, body map[string]any) (int, any) {
			return http.StatusOK, map[string]any{"permissions": slices.DeleteFunc(body["permissions"].([]any), func(v any) bool { return v == "run.services.setIamPolicy" })}
		}, "has not run.services.setIamPolicy: give the roles"},
		"no billing":                               {getBilling, says(map[string]any{}), "has no billing account: gcloud billing projects link links-production"},
		"billing may not be asked":                 {getBilling, refused(http.StatusForbidden, "PERMISSION_DENIED", "no"), ""},
		"an API is off":                            {getAPIs, says(map[string]any{"services": []any{map[string]any{"name": "projects/1/services/iam.googleapis.com", "state": "DISABLED"}}}), "iam.googleapis.com off"},
		"visitors are refused":                     {getPolicy, policyOf(visitors, allowed("C0123abcd")), "nobody let in"},
		"visitors are let in":                      {getPolicy, policyOf(visitors, map[string]any{"listPolicy": map[string]any{"allValues": "ALLOW"}}), ""},
		"visitors are refused by the newer policy": {getManaged, managed(), "iam.managed.allowedPolicyMembers: the app would be made and nobody let in"},
		"visitors are let in by the newer policy":  {getManaged, managed("allUsers"), ""},
		"ingress is refused":                       {getPolicy, policyOf("constraints/run.allowedIngress", allowed("internal")), "run.allowedIngress: Cloud Run's ingress"},
		"ingress is allowed":                       {getPolicy, policyOf("constraints/run.allowedIngress", allowed("internal-and-cloud-load-balancing")), ""},
		"no accounts":                              {getPolicy, policyOf("constraints/iam.disableServiceAccountCreation", map[string]any{"booleanPolicy": map[string]any{"enforced": true}}), "service accounts"},
		"rules of Cloud Armor":                     {getQuotas, quota("SECURITY_POLICY_CEVAL_RULES", 20, 13), "SECURITY_POLICY_CEVAL_RULES: 13 of 20 are used, the stack takes 13"},
		"an unknown quota":                         {getQuotas, quota("GPUS", 0, 0), ""},
		"Cloud Run's CPU":                          {getCores, cores, "20 cores in europe-west1, and app.replicas.max with both versions of a rollout takes 22"},
		"no Memorystore":                           {getCaches, says(map[string]any{"locations": []any{map[string]any{"locationId": "us-central1"}}}), "europe-west1 offers this project no Memorystore for Redis"},
		"no zone":                                  {getZones, zones(), "no public zone example.com"},
		"two zones":                                {getZones, zones("one", "two"), "has 2 public zones example.com: name one with gcp.managedZone"},
		"no project":                               {getProject, refused(http.StatusForbidden, "PERMISSION_DENIED", "no"), "application-default login"},
	} {
		t.Run(name, func(t *testing.T) {
			answers := healthy()
			if row.question != "" {
				answers[row.question] = row.answer
			}
			standIn(t, answers)
			var wrong []string
			for _, f := range (Target{}).Examine(t.Context(), conf) {
				if f.Status != toolchain.OK {
					if f.Fix == "" {
						t.Errorf("%s: nothing is said that could be done", f.Name)
					}
					wrong = append(wrong, f.Detail+": "+f.Fix)
				}
			}
			if got := strings.Join(wrong, "\n"); row.want == "" && got != "" || row.want != "" && (len(wrong) != 1 || !strings.Contains(got, row.want)) {
				t.Errorf("found %q, want %q", got, row.want)
			}
		})
	}
}

func TestExamineAsksTheZonesProject(t *testing.T) {
	answers := healthy()
	delete(answers, getZones)
	asked := standIn(t, answers)
	conf := stack.Config
	conf.Stack, conf.Domain, conf.GCP.DNSProject = "prod", stacks.Domain{Name: "links.example.com", Zone: "example.com"}, "example-dns"
	(Target{}).Examine(t.Context(), conf)
	if !strings.Contains(strings.Join(*asked, "\n"), getOtherDNS) {
		t.Errorf("asked %q", *asked)
	}
}

// A first deployment that would let nobody in is refused before anything is made; a stack that is there goes on.
func TestNobodyIsLetIn(t *testing.T) {
	answers := healthy()
	answers[getPolicy] = policyOf(visitors, allowed("C0123abcd"))
	standIn(t, answers)
	if err := admitted(t.Context(), stack); err == nil || !strings.Contains(err.Error(), "allowedPolicyMemberDomains") || !strings.Contains(err.Error(), "exception") {
		t.Errorf("got %v", err)
	}
	answers[getPolicy], answers[getManaged] = says(map[string]any{}), managed("allAuthenticatedUsers")
	if err := admitted(t.Context(), stack); err == nil || !strings.Contains(err.Error(), managedVisitors) {
		t.Errorf("got %v", err)
	}
	answers[getService] = says(map[string]any{})
	if err := admitted(t.Context(), stack); err != nil {
		t.Error(err)
	}
	answers[getPolicy], answers[getManaged] = refused(http.StatusForbidden, "PERMISSION_DENIED", "no"), refused(http.StatusForbidden, "PERMISSION_DENIED", "no")
	delete(answers, getService)
	if err := admitted(t.Context(), stack); err != nil {
		t.Error(err)
	}
}

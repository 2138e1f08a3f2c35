package gcpcloud

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/slipway-iac/slipway/cli/toolchain"
	"github.com/slipway-iac/slipway/providers/gcp/spec"
	"github.com/slipway-iac/slipway/stacks"
)

// policyRow is a constraint of an organization that refuses a part of a stack.
// https://cloud.google.com/resource-manager/docs/organization-policy/org-policy-constraints
type policyRow struct {
	constraint string
	// value is what a list must allow for the stack, empty for any list that allows not all; a row without one is of a boolean constraint.
	value func(stacks.Config) string
	list  bool
	// refuses is what can't be made, and advice what its administrator can do, beside an exception for the project.
	refuses string
	when    func(stacks.Config) bool
}

// visitors is the constraint that most organizations made since May 2024 have: visitors are allUsers, who are of no domain.
// https://cloud.google.com/resource-manager/docs/secure-by-default-organizations
const visitors = "constraints/iam.allowedPolicyMemberDomains"

var policyRows = []policyRow{
	{constraint: visitors, list: true, refuses: "the app would be made and nobody let in: visitors are allUsers, who are of no domain"},
	{constraint: "constraints/run.allowedIngress", list: true, refuses: "Cloud Run's ingress", value: func(c stacks.Config) string {
		if c.Domain.Name != "" {
			return "internal-and-cloud-load-balancing"
		}
		return "all"
	}},
	{constraint: "constraints/run.allowedVPCEgress", list: true, refuses: "Cloud Run's egress", value: func(stacks.Config) string { return "private-ranges-only" }},
	{constraint: "constraints/compute.restrictLoadBalancerCreationForTypes", list: true, refuses: "the load balancer", value: func(stacks.Config) string { return "EXTERNAL_MANAGED_HTTP_HTTPS" },
		when: func(c stacks.Config) bool { return c.Domain.Name != "" }},
	{constraint: "constraints/compute.disableGlobalLoadBalancing", refuses: "the load balancer", when: func(c stacks.Config) bool { return c.Domain.Name != "" }},
	{constraint: "constraints/iam.disableServiceAccountCreation", refuses: "the stack's two service accounts"},
	{constraint: "constraints/compute.restrictVpcPeering", list: true, refuses: "the connection with Google's services"},
}

// effective is a policy as it holds for the project.
// https://cloud.google.com/resource-manager/reference/rest/v1/Policy
type effective struct {
	ListPolicy struct {
		AllValues                   string
		AllowedValues, DeniedValues []string
	}
	BooleanPolicy struct{ Enforced bool }
}

// refused tells whether a policy refuses what the row is about.
func (row policyRow) refused(p effective, c stacks.Config) bool {
	list := p.ListPolicy
	switch {
	case !row.list:
		return p.BooleanPolicy.Enforced
	case list.AllValues == "DENY":
		return true
	case list.AllValues == "ALLOW":
		return false
	case row.value == nil:
		return len(list.AllowedValues) > 0 || len(list.DeniedValues) > 0
	}
	value := row.value(c)
	return slices.Contains(list.DeniedValues, value) || len(list.AllowedValues) > 0 && !slices.Contains(list.AllowedValues, value)
}

// policy asks for the policy that holds for a project, through an API that is on before the first update.
// https://cloud.google.com/resource-manager/reference/rest/v1/projects/getEffectiveOrgPolicy
func (c *client) policy(ctx context.Context, constraint string) (effective, error) {
	var answer effective
	err := c.post(ctx, c.host("cloudresourcemanager")+"/v1/projects/"+c.project+":getEffectiveOrgPolicy", map[string]any{"constraint": constraint}, &answer)
	if err != nil && !errors.Is(err, errNotFound) {
		return answer, fmt.Errorf("asking for the policy %s: %w", constraint, err)
	}
	return answer, nil
}

// managedVisitors is the newer constraint of the same purpose, which only the API of organization policies knows.
const managedVisitors = "iam.managed.allowedPolicyMembers"

// refusesVisitors tells which constraint refuses visitors, if one does. What can't be asked refuses nobody.
//   - https://cloud.google.com/resource-manager/docs/organization-policy/restricting-domains
//   - https://cloud.google.com/resource-manager/docs/reference/orgpolicy/rest/v2/projects.policies/getEffectivePolicy
func (c *client) refusesVisitors(ctx context.Context, conf stacks.Config) (constraint string) {
	if p, err := c.policy(ctx, visitors); err == nil && policyRows[0].refused(p, conf) {
		return visitors
	}
	var answer struct {
		Spec struct {
			Rules []struct {
				Enforce    bool
				Parameters struct{ AllowedMemberSubjects []string }
			}
		}
	}
	if err := c.get(ctx, c.host("orgpolicy")+"/v2/projects/"+c.project+"/policies/"+managedVisitors+":getEffectivePolicy", nil, &answer); err != nil {
		return ""
	}
	for _, rule := range answer.Spec.Rules {
		if rule.Enforce && !slices.Contains(rule.Parameters.AllowedMemberSubjects, "allUsers") {
			return managedVisitors
		}
	}
	return ""
}

func (e examiner) policies(ctx context.Context) ([]toolchain.Finding, error) {
	var out []toolchain.Finding
	if constraint := e.refusesVisitors(ctx, e.conf); constraint == managedVisitors {
		out = append(out, lacking("organization policies", constraint+": "+policyRows[0].refuses, exception(e.project, constraint))...)
	}
	for _, row := range policyRows {
		if row.when != nil && !row.when(e.conf) {
			continue
		}
		p, err := e.policy(ctx, row.constraint)
		if err != nil {
			return out, err
		}
		if row.refused(p, e.conf) {
			out = append(out, lacking("organization policies", row.constraint+": "+row.refuses, exception(e.project, row.constraint))...)
		}
	}
	if len(out) == 0 {
		return fine("organization policies", "none refuses a part of the stack"), nil
	}
	return out, nil
}

// exception says how an administrator lets a project off a constraint.
// https://cloud.google.com/resource-manager/docs/organization-policy/creating-managing-policies
func exception(project, constraint string) string {
	name := strings.TrimPrefix(constraint, "constraints/")
	return fmt.Sprintf("have an administrator of organization policies (roles/orgpolicy.policyAdmin) make an exception of %s for project %s (docs/gcp.md, Visitors)", name, project)
}

// quotas compares what a new stack takes with what is left in the project.
// https://cloud.google.com/compute/docs/reference/rest/v1/projects/get
func (e examiner) quotas(ctx context.Context) ([]toolchain.Finding, error) {
	if e.made {
		return fine("quotas", "the stack is there and counted"), nil
	}
	var answer struct {
		Quotas []struct {
			Metric       string
			Limit, Usage float64
		}
	}
	err := e.get(ctx, e.host("compute")+"/compute/v1/projects/"+e.project, nil, &answer)
	if errors.Is(err, errDisabled) {
		return fine("quotas", "nothing is used: Compute Engine is off"), nil
	}
	if err != nil {
		return nil, err
	}
	needs := spec.Uses(e.conf.Domain.Name != "")
	var short []string
	for _, q := range answer.Quotas {
		if n := needs[q.Metric]; n > 0 && q.Usage+n > q.Limit {
			short = append(short, fmt.Sprintf("%s: %g of %g are used, the stack takes %g", q.Metric, q.Usage, q.Limit, n))
		}
	}
	if len(short) > 0 {
		return lacking("quotas", strings.Join(short, "; "), "ask for more at https://console.cloud.google.com/iam-admin/quotas?project="+e.project+", or use a project of its own"), nil
	}
	return fine("quotas", fmt.Sprintf("enough for the stack (%s)", strings.Join(slices.Sorted(maps.Keys(needs)), ", "))), nil
}

// cores compares the CPU of all instances that may run at a time, both versions of a rollout, with Cloud Run's quota in the region.
//   - https://cloud.google.com/run/quotas
//   - https://cloud.google.com/service-usage/docs/reference/rest/v1beta1/services.consumerQuotaMetrics/list
func (e examiner) cores(ctx context.Context) ([]toolchain.Finding, error) {
	var answer struct {
		Metrics []struct {
			Metric              string
			ConsumerQuotaLimits []struct {
				QuotaBuckets []struct {
					EffectiveLimit string
					Dimensions     map[string]string
				}
			}
		}
	}
	err := e.get(ctx, e.host("serviceusage")+"/v1beta1/projects/"+e.project+"/services/run.googleapis.com/consumerQuotaMetrics", url.Values{"pageSize": {"200"}}, &answer)
	if errors.Is(err, errDisabled) || errors.Is(err, errNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	versions := 1.0
	if e.conf.Rollout.Strategy != stacks.StrategyRolling {
		versions = 2
	}
	need := versions * float64(e.conf.App.Replicas.Max) * (e.conf.App.CPU + 0.1) * 1000
	for _, metric := range answer.Metrics {
		if !strings.HasSuffix(metric.Metric, "/cpu_allocation") {
			continue
		}
		for _, limit := range metric.ConsumerQuotaLimits {
			most, named := -1.0, false
			for _, bucket := range limit.QuotaBuckets {
				region := bucket.Dimensions["region"]
				if v, err := strconv.ParseFloat(bucket.EffectiveLimit, 64); err == nil && (region == e.region || region == "" && !named) {
					most, named = v, region != ""
				}
			}
			if most >= 0 && need > most {
				return lacking("Cloud Run's CPU", fmt.Sprintf("%g cores in %s, and app.replicas.max with both versions of a rollout takes %g", most/1000, e.region, need/1000), "ask for more CPU allocation of Cloud Run at https://console.cloud.google.com/iam-admin/quotas?project="+e.project+", or lower app.replicas.max"), nil
			}
		}
	}
	return fine("Cloud Run's CPU", fmt.Sprintf("%g cores at most", need/1000)), nil
}

package azure

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	cdn "github.com/pulumi/pulumi-azure-native-sdk/cdn/v2/v20240901"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/providers/azure/spec"
)

// managedRules are Microsoft's own rules. The default set counts points and acts at five, by its own action; the set about bots acts by
// each rule. What is excluded, and everything in detection, is logged and refuses nothing. Detection is a matter of these rules alone:
// that of the whole policy would turn the rate limit off too.
//   - https://learn.microsoft.com/azure/web-application-firewall/afds/waf-front-door-drs
//   - https://learn.microsoft.com/azure/web-application-firewall/afds/waf-front-door-policy-settings#waf-mode
//   - https://learn.microsoft.com/azure/web-application-firewall/afds/waf-front-door-tuning#overriding-rules
func managedRules(mode components.WAFMode, exclusions []string) []wafRuleSet {
	action, logged := "Block", slices.Clone(exclusions)
	if mode == components.WAFDetect {
		action, logged = "Log", append(logged, spec.BadBots...)
	}
	slices.Sort(logged)
	sets := []wafRuleSet{
		{RuleSetType: spec.RuleSet, RuleSetVersion: spec.RuleSetVersion, RuleSetAction: &action},
		{RuleSetType: spec.BotRuleSet, RuleSetVersion: spec.BotVersion},
	}
	for i := range sets {
		for _, id := range slices.Compact(logged) {
			if rule, known := spec.RuleOf(id); known && rule.Set == sets[i].RuleSetType {
				sets[i].log(rule)
			}
		}
	}
	return sets
}

// log makes a rule one that is only logged.
func (s *wafRuleSet) log(rule spec.Rule) {
	i := slices.IndexFunc(s.RuleGroupOverrides, func(g wafGroup) bool { return g.RuleGroupName == rule.Group })
	if i < 0 {
		s.RuleGroupOverrides, i = append(s.RuleGroupOverrides, wafGroup{RuleGroupName: rule.Group}), len(s.RuleGroupOverrides)
	}
	s.RuleGroupOverrides[i].Rules = append(s.RuleGroupOverrides[i].Rules, wafOverride{RuleID: rule.ID, Action: "Log", EnabledState: "Enabled"})
}

// nobody is a range for documentation, which no client is in: whoever is not in it is everyone. A rate limit needs some condition.
// https://learn.microsoft.com/azure/web-application-firewall/afds/waf-front-door-rate-limit
const nobody = "192.0.2.0/24"

// wafRules are the policy's own rules. More than limit requests of a client's address in a minute are answered with 429, about: Front
// Door counts at each of its servers by itself. A body whose Content-Length is larger than the limit is answered with 403, the policy's
// own status; one that is sent in chunks has no Content-Length, and is the app's to bound. The firewall itself reads the first 128 KiB of
// a body only.
//   - https://learn.microsoft.com/azure/web-application-firewall/afds/waf-front-door-rate-limit
//   - https://learn.microsoft.com/azure/web-application-firewall/afds/waf-front-door-custom-rules
func wafRules(limit int, body int64) []wafRule {
	var rules []wafRule
	if limit > 0 {
		minute, not := 1, true
		rules = append(rules, wafRule{
			Name: "ratelimit", Priority: 1, EnabledState: "Enabled", RuleType: "RateLimitRule", Action: "Block",
			RateLimitDurationInMinutes: &minute, RateLimitThreshold: &limit,
			MatchConditions: []wafCondition{{MatchVariable: "SocketAddr", Operator: "IPMatch", NegateCondition: &not, MatchValue: []string{nobody}}},
		})
	}
	if body > 0 {
		length := "Content-Length"
		rules = append(rules, wafRule{
			Name: "bodylimit", Priority: 2, EnabledState: "Enabled", RuleType: "MatchRule", Action: "Block",
			MatchConditions: []wafCondition{{MatchVariable: "RequestHeader", Selector: &length, Operator: "RegEx", MatchValue: larger(body)}},
		})
	}
	return rules
}

// larger are regular expressions, one of which holds the numbers that are larger than n: those with more digits, or with the same first
// digits and then a larger one. The firewall compares lengths of texts with numbers, but not texts that are numbers. It takes ten
// expressions of 256 characters.
// https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits#azure-front-door-standard-and-premium-service-limits
func larger(n int64) []string {
	digits := strconv.FormatInt(n, 10)
	all := []string{fmt.Sprintf("[1-9][0-9]{%d,}", len(digits))}
	for i, digit := range digits {
		if digit < '9' {
			all = append(all, fmt.Sprintf("%s[%c-9][0-9]{%d}", digits[:i], digit+1, len(digits)-i-1))
		}
	}
	var out []string
	for some := range slices.Chunk(all, 7) {
		out = append(out, "^0*("+strings.Join(some, "|")+")$")
	}
	return out
}

// guardDoor attaches a WAF policy to everything that the public can call, and returns what must be there before a route opens the
// door; nothing if no limit and no WAF is asked for. Managed rules are Premium's. Custom domains and Front Door's own host name are
// guarded alike.
//   - https://learn.microsoft.com/azure/web-application-firewall/afds/afds-overview
//   - https://learn.microsoft.com/azure/frontdoor/standard-premium/how-to-configure-endpoints#add-a-security-policy
func (p *Platform) guardDoor(ctx *pulumi.Context, name string, a components.EdgeArgs, f frontDoor, domain *cdn.AFDCustomDomain, opts []pulumi.ResourceOption) (pulumi.Resource, error) {
	if a.RateLimit == 0 && a.BodyLimit == 0 && !a.WAF {
		return nil, nil
	}
	args := &wafPolicyArgs{
		ResourceGroupName: p.group, PolicyName: pulumi.String(squeeze(p.base(), 128)), Location: pulumi.String("Global"), Sku: wafSKU{Name: f.sku},
		PolicySettings: wafSettings{EnabledState: "Enabled", Mode: "Prevention", RequestBodyCheck: enabled(a.WAF)},
		CustomRules:    wafCustomRules{Rules: wafRules(a.RateLimit, a.BodyLimit)},
	}
	if a.WAF {
		args.ManagedRules.ManagedRuleSets = managedRules(a.WAFMode, a.WAFExclusions)
	}
	// A policy keeps its tier, as the profile that it is attached to does.
	policy, err := create(ctx, "network:Policy", name, args, &wafPolicy{}, p.cloudOpts(opts, pulumi.ReplaceOnChanges([]string{"sku"}), pulumi.DeleteBeforeReplace(true)))
	if err != nil {
		return nil, err
	}
	guarded := cdn.ActivatedResourceReferenceArray{cdn.ActivatedResourceReferenceArgs{Id: f.endpoint.ID()}}
	if domain != nil {
		guarded = append(guarded, cdn.ActivatedResourceReferenceArgs{Id: domain.ID()})
	}
	made, err := cdn.NewSecurityPolicy(ctx, name, &cdn.SecurityPolicyArgs{
		ResourceGroupName: p.group, ProfileName: f.profile.Name, SecurityPolicyName: pulumi.String("slipway"),
		Parameters: cdn.SecurityPolicyWebApplicationFirewallParametersArgs{
			Type: pulumi.String("WebApplicationFirewall"), WafPolicy: cdn.ResourceReferenceArgs{Id: policy.ID()},
			Associations: cdn.SecurityPolicyWebApplicationFirewallAssociationArray{cdn.SecurityPolicyWebApplicationFirewallAssociationArgs{
				Domains: guarded, PatternsToMatch: pulumi.ToStringArray([]string{"/*"}),
			}},
		},
	}, p.cloudOpts(opts)...)
	if err != nil {
		return nil, fmt.Errorf("attaching the WAF policy: %w", err)
	}
	return made, nil
}

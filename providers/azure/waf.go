package azure

import (
	"fmt"

	cdn "github.com/pulumi/pulumi-azure-native-sdk/cdn/v2/v20240901"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// managedRules are Microsoft's own rules, in the order in which they are asked. The default set counts points and blocks at five, by
// its own action.
//   - https://learn.microsoft.com/azure/web-application-firewall/afds/waf-front-door-drs
//   - https://learn.microsoft.com/azure/web-application-firewall/afds/waf-front-door-policy-configure-bot-protection
var managedRules = []struct{ kind, version, action string }{
	{"Microsoft_DefaultRuleSet", "2.1", "Block"},
	{"Microsoft_BotManagerRuleSet", "1.1", ""},
}

// nobody is a range for documentation, which no client is in: whoever is not in it is everyone. A rate limit needs some condition.
// https://learn.microsoft.com/azure/web-application-firewall/afds/waf-front-door-rate-limit
const nobody = "192.0.2.0/24"

// wafRules are the policy's own rules. More than limit requests of a client's address in a minute are answered with 429, about: Front
// Door counts at each of its servers by itself.
// https://learn.microsoft.com/azure/web-application-firewall/afds/waf-front-door-rate-limit
func wafRules(limit int) []wafRule {
	if limit == 0 {
		return nil
	}
	minute, not := 1, true
	return []wafRule{{
		Name: "ratelimit", Priority: 1, EnabledState: "Enabled", RuleType: "RateLimitRule", Action: "Block",
		RateLimitDurationInMinutes: &minute, RateLimitThreshold: &limit,
		MatchConditions: []wafCondition{{MatchVariable: "SocketAddr", Operator: "IPMatch", NegateCondition: &not, MatchValue: []string{nobody}}},
	}}
}

// guardDoor attaches a WAF policy to everything that the public can call, and returns what must be there before a route opens the
// door; nothing if neither limit nor WAF is asked for. Managed rules are Premium's. Custom domains and Front Door's own host name are
// guarded alike.
//   - https://learn.microsoft.com/azure/web-application-firewall/afds/afds-overview
//   - https://learn.microsoft.com/azure/frontdoor/standard-premium/how-to-configure-endpoints#add-a-security-policy
func (p *Platform) guardDoor(ctx *pulumi.Context, name string, a components.EdgeArgs, f frontDoor, domain *cdn.AFDCustomDomain, opts []pulumi.ResourceOption) (pulumi.Resource, error) {
	if a.RateLimit == 0 && !a.WAF {
		return nil, nil
	}
	args := &wafPolicyArgs{
		ResourceGroupName: p.group, PolicyName: pulumi.String(squeeze(p.base(), 128)), Location: pulumi.String("Global"), Sku: wafSKU{Name: f.sku},
		PolicySettings: wafSettings{EnabledState: "Enabled", Mode: "Prevention", RequestBodyCheck: enabled(a.WAF)},
		CustomRules:    wafCustomRules{Rules: wafRules(a.RateLimit)},
	}
	if a.WAF {
		for _, row := range managedRules {
			set := wafRuleSet{RuleSetType: row.kind, RuleSetVersion: row.version}
			if row.action != "" {
				set.RuleSetAction = &row.action
			}
			args.ManagedRules.ManagedRuleSets = append(args.ManagedRules.ManagedRuleSets, set)
		}
	}
	policy, err := create(ctx, "network:Policy", name, args, &wafPolicy{}, p.cloudOpts(opts))
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

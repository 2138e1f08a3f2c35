package gcp

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/providers/gcp/spec"
)

// privatePaths are what the app's port carries for the inside only (docs/app-contract.md).
const privatePaths = `request.path == '/metrics' || request.path.startsWith('/metrics/') || request.path == '/debug' || request.path.startsWith('/debug/')`

// Priorities of the rules. They leave room for rules of one's own, which belong before the rate.
const (
	priorityPrivate = 100
	priorityBody    = 200
	priorityWAF     = 1000
	priorityRate    = 9000
	priorityDefault = 2147483647
)

// banSeconds is how long a client that sends too much is refused.
const banSeconds = 60

// makeArmor makes the security policy that every backend service of the load balancer has: the app's private paths don't exist, a body
// that says it is larger than edge.bodyLimit is refused, known attacks are refused or only logged, and a client that sends more requests in
// a minute than edge.rateLimit is refused for the next one. In prod, Google learns what is usual and reports floods (adaptive protection).
// What the CDN answers from its cache does not get here. It fails on rules to be left out that belong to none of its sets (ErrUnsupported).
//   - https://cloud.google.com/armor/docs/security-policy-overview
//   - https://cloud.google.com/armor/docs/security-policy-overview#preview_mode
//   - https://cloud.google.com/armor/docs/rate-limiting-overview
//   - https://cloud.google.com/armor/docs/adaptive-protection-overview
//   - https://cloud.google.com/armor/docs/rules-language-reference
func (p *Platform) makeArmor(ctx *pulumi.Context, name string, a components.EdgeArgs, opts []pulumi.ResourceOption) (*securityPolicy, error) {
	rules := []securityRule{{Action: "deny(404)", Priority: priorityPrivate, Description: "Paths for the inside only", Match: expression(privatePaths)}}
	if a.BodyLimit > 0 {
		text := fmt.Sprintf("has(request.headers['content-length']) && int(request.headers['content-length']) > %d", a.BodyLimit)
		rules = append(rules, securityRule{Action: "deny(403)", Priority: priorityBody, Description: "Bodies beyond edge.bodyLimit", Match: expression(text)})
	}
	known, err := wafRules(a)
	if err != nil {
		return nil, err
	}
	rules = append(rules, known...)
	if a.RateLimit > 0 {
		rules = append(rules, securityRule{Action: "rate_based_ban", Priority: priorityRate, Description: "Too many requests of one client", Match: everyone(),
			RateLimitOptions: &rateLimitOptions{
				ConformAction: "allow", ExceedAction: "deny(429)", EnforceOnKey: "IP", BanDurationSec: banSeconds,
				RateLimitThreshold: rateThreshold{Count: a.RateLimit, IntervalSec: 60},
			}})
	}
	rules = append(rules, securityRule{Action: "allow", Priority: priorityDefault, Description: "Everything else", Match: everyone()})
	args := &securityPolicyArgs{
		Type: "CLOUD_ARMOR", Rules: rules, Description: fmt.Sprintf("Slipway %s/%s", p.project, p.stack),
		AdvancedOptionsConfig: &armorOptions{JsonParsing: "STANDARD", LogLevel: "NORMAL"},
	}
	if p.settings.Prod {
		args.AdaptiveProtectionConfig = &adaptiveProtection{Layer7DdosDefenseConfig: layer7Defense{Enable: true, RuleVisibility: "STANDARD"}}
	}
	return newSecurityPolicy(ctx, p.name(name, longest), args, p.cloudOpts(opts)...)
}

// wafRules are Google's ready-made rules, each set at the sensitivity that has few false alarms, without those of edge.wafExclusions. With
// edge.wafMode detect they are in preview: a match is logged, and the request goes on.
//   - https://cloud.google.com/armor/docs/waf-rules
//   - https://cloud.google.com/armor/docs/rule-tuning
func wafRules(a components.EdgeArgs) ([]securityRule, error) {
	out := map[string][]string{}
	for _, rule := range a.WAFExclusions {
		set, ok := spec.RuleSetOf(rule)
		if !ok {
			return nil, components.Unsupported("gcp", "edge.wafExclusions", fmt.Sprintf("%q is none of the %s", rule, spec.RuleNames))
		}
		out[set] = append(out[set], "'"+rule+"'")
	}
	if !a.WAF {
		return nil, nil
	}
	var rules []securityRule
	for i, set := range spec.RuleSets() {
		options := "'sensitivity': 1"
		if left := out[set.Name]; len(left) > 0 {
			options += fmt.Sprintf(", 'opt_out_rule_ids': [%s]", strings.Join(left, ", "))
		}
		text := fmt.Sprintf("evaluatePreconfiguredWaf('%s', {%s})", set.Name, options)
		rules = append(rules, securityRule{Action: "deny(403)", Priority: priorityWAF + 10*i, Preview: a.WAFMode == components.WAFDetect, Description: set.What, Match: expression(text)})
	}
	return rules, nil
}

func expression(text string) securityMatch {
	return securityMatch{Expr: &securityExpression{Expression: text}}
}

func everyone() securityMatch {
	version := "SRC_IPS_V1"
	return securityMatch{VersionedExpr: &version, Config: &securityRanges{SrcIpRanges: []string{"*"}}}
}

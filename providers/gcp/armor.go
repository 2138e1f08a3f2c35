package gcp

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// privatePaths are what the app's port carries for the inside only (docs/app-contract.md).
const privatePaths = `request.path == '/metrics' || request.path.startsWith('/metrics/') || request.path == '/debug' || request.path.startsWith('/debug/')`

// Priorities of the rules. They leave room for rules of one's own, which belong before the rate.
const (
	priorityPrivate = 100
	priorityWAF     = 1000
	priorityRate    = 9000
	priorityDefault = 2147483647
)

// wafRules are Google's ready-made rules, each at the sensitivity that has few false alarms. Left out are methodenforcement, which refuses
// PUT, PATCH and DELETE, and php, which no app here need be written in.
// https://cloud.google.com/armor/docs/waf-rules
var wafRules = []struct{ set, what string }{
	{"sqli-v33-stable", "SQL injection"},
	{"xss-v33-stable", "Cross-site scripting"},
	{"lfi-v33-stable", "Local file inclusion"},
	{"rfi-v33-stable", "Remote file inclusion"},
	{"rce-v33-stable", "Remote code execution"},
	{"scannerdetection-v33-stable", "Scanners"},
	{"protocolattack-v33-stable", "Protocol attacks"},
	{"sessionfixation-v33-stable", "Session fixation"},
	{"java-v33-stable", "Attacks on Java"},
	{"nodejs-v33-stable", "Attacks on NodeJS"},
	{"cve-canary", "Log4j and other known holes"},
}

// banSeconds is how long a client that sends too much is refused.
const banSeconds = 60

// makeArmor makes the security policy that every backend service of the load balancer has: the app's private paths don't exist, known
// attacks are refused, and a client that sends more requests in a minute than edge.rateLimit is refused for the next one. In prod, Google
// learns what is usual and reports floods (adaptive protection). What the CDN answers from its cache does not get here.
//   - https://cloud.google.com/armor/docs/security-policy-overview
//   - https://cloud.google.com/armor/docs/rate-limiting-overview
//   - https://cloud.google.com/armor/docs/adaptive-protection-overview
//   - https://cloud.google.com/armor/docs/rules-language-reference
func (p *Platform) makeArmor(ctx *pulumi.Context, name string, a components.EdgeArgs, opts []pulumi.ResourceOption) (*securityPolicy, error) {
	rules := []securityRule{{Action: "deny(404)", Priority: priorityPrivate, Description: "Paths for the inside only", Match: expression(privatePaths)}}
	if a.WAF {
		for i, row := range wafRules {
			text := fmt.Sprintf("evaluatePreconfiguredWaf('%s', {'sensitivity': 1})", row.set)
			rules = append(rules, securityRule{Action: "deny(403)", Priority: priorityWAF + 10*i, Description: row.what, Match: expression(text)})
		}
	}
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

func expression(text string) securityMatch {
	return securityMatch{Expr: &securityExpression{Expression: text}}
}

func everyone() securityMatch {
	version := "SRC_IPS_V1"
	return securityMatch{VersionedExpr: &version, Config: &securityRanges{SrcIpRanges: []string{"*"}}}
}

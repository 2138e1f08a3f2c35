package aws

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/providers/aws/spec"
)

// minRateLimit is the least number of requests that AWS WAF counts to.
// https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-type-rate-based-high-level-settings.html
const minRateLimit = 10

// The rules' own answers, by the key of the text in them.
const (
	tooManyRequests = "too-many-requests"
	notFound        = "not-found"
	tooLarge        = "too-large"
	lengthRequired  = "length-required"
)

var responseBodies = []wafResponseBody{
	{Key: lengthRequired, ContentType: "TEXT_PLAIN", Content: "Send the header Content-Length\n"},
	{Key: notFound, ContentType: "TEXT_PLAIN", Content: "Not found\n"},
	{Key: tooLarge, ContentType: "TEXT_PLAIN", Content: "The body is too large\n"},
	{Key: tooManyRequests, ContentType: "TEXT_PLAIN", Content: "Too many requests: try again in a minute\n"},
}

// managedRules are the groups of AWS's own rules, in the order in which they are asked: first what knows an address, then what
// reads the whole request. What they block is AWS's choice, but for two things:
//   - Anonymous addresses are counted only. Much of what is on the list is people behind a company's proxy or a VPN, and
//     machines in other clouds that call an API.
//   - Bodies of more than 8 KB are counted only: an upload is no attack. WAF reads no more than the first 8 KB before a load balancer
//     (16 KB before CloudFront), so an app that takes long bodies must check them itself.
//
// Rules in edge.wafExclusions are counted only, and with edge.wafMode detect every one of these is.
//
// Together with the rules of webACLRules they take some 1020 of the 1500 capacity units that cost nothing extra.
//   - https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html
//   - https://docs.aws.amazon.com/waf/latest/developerguide/web-acl-setting-body-inspection-limit.html
//   - https://docs.aws.amazon.com/waf/latest/developerguide/aws-waf-capacity-units.html
var managedRules = []struct {
	name, group string
	countAll    bool     // no rule of the group blocks
	count       []string // these don't
}{
	{name: "ip-reputation", group: "AWSManagedRulesAmazonIpReputationList"},                         // 25 units
	{name: "anonymous-ip", group: "AWSManagedRulesAnonymousIpList", countAll: true},                 // 50
	{name: "known-bad-inputs", group: "AWSManagedRulesKnownBadInputsRuleSet"},                       // 200
	{name: "core", group: "AWSManagedRulesCommonRuleSet", count: []string{"SizeRestrictions_BODY"}}, // 700
}

// webACLRules are the rules of a web ACL in order of priority. Requests over the limit end first, so that they cost little, and
// each counts, whatever else is wrong with it.
func webACLRules(a components.EdgeArgs) []wafRule {
	var rules []wafRule
	if a.RateLimit > 0 {
		rules = append(rules, rateRule(a.RateLimit))
	}
	rules = append(rules, privatePathsRule())
	if a.BodyLimit > 0 {
		rules = append(rules, bodyLimitRule(a.BodyLimit), lengthRule())
	}
	if a.WAF {
		for _, row := range managedRules {
			rule := wafRule{Name: row.name, OverrideAction: &wafOverride{None: &wafNothing{}}}
			if row.countAll || a.WAFMode == components.WAFDetect {
				rule.OverrideAction = &wafOverride{Count: &wafNothing{}}
			}
			group := &wafManagedGroup{VendorName: "AWS", Name: row.group}
			for _, name := range spec.RulesOf(row.group) {
				if !slices.Contains(row.count, name) && !slices.Contains(a.WAFExclusions, name) {
					continue
				}
				group.RuleActionOverrides = append(group.RuleActionOverrides, wafGroupOverride{Name: name, ActionToUse: wafCount{Count: &wafNothing{}}})
			}
			rule.Statement.ManagedRuleGroupStatement = group
			rules = append(rules, rule)
		}
	}
	for i := range rules {
		rules[i].Priority, rules[i].VisibilityConfig = i, measured(rules[i].Name)
	}
	return rules
}

// rateRule answers 429 to a client address that has sent more than limit requests in the last minute, until it sends less. The
// address is the connection's own: both front doors see the client itself.
// https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-type-rate-based.html
func rateRule(limit int) wafRule {
	window, byAddress := 60, "IP"
	return wafRule{
		Name:      "rate-limit",
		Action:    blockWith(429, tooManyRequests, wafHeader{Name: "Retry-After", Value: "60"}),
		Statement: wafStatement{RateBasedStatement: &wafRate{AggregateKeyType: &byAddress, EvaluationWindowSec: &window, Limit: limit}},
	}
}

// privatePathsRule answers 404 to what the app contract keeps from the public, however it is spelled.
// https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-transformation.html
func privatePathsRule() wafRule {
	return wafRule{
		Name:   "private-paths",
		Action: blockWith(404, notFound),
		Statement: wafStatement{RegexMatchStatement: &wafRegex{
			FieldToMatch: &wafField{UriPath: &wafNothing{}},
			RegexString:  `^/+(metrics|debug)(/|;|$)`,
			TextTransformations: []wafTransformation{
				{Priority: 0, Type: "URL_DECODE"}, {Priority: 1, Type: "NORMALIZE_PATH"}, {Priority: 2, Type: "LOWERCASE"},
			},
		}},
	}
}

func blockWith(code int, body string, headers ...wafHeader) *wafAction {
	return &wafAction{Block: &wafBlock{CustomResponse: &wafResponse{ResponseCode: code, CustomResponseBodyKey: &body, ResponseHeaders: headers}}}
}

// measured switches on the metrics and the samples of a rule.
// https://docs.aws.amazon.com/waf/latest/developerguide/waf-metrics.html
func measured(metric string) wafVisibility {
	return wafVisibility{CloudwatchMetricsEnabled: true, MetricName: metric, SampledRequestsEnabled: true}
}

// makeWebACL makes the web ACL of the front door with its log, or nothing if neither a limit nor WAF is asked for. It belongs to
// CloudFront, in globalRegion, or to the load balancer, in the stack's region; the caller attaches it.
// https://docs.aws.amazon.com/waf/latest/developerguide/web-acl.html
func (p *Platform) makeWebACL(ctx *pulumi.Context, name string, a components.EdgeArgs, opts []pulumi.ResourceOption) (*webACL, error) {
	if a.RateLimit == 0 && !a.WAF && a.BodyLimit == 0 {
		return nil, nil
	}
	for _, name := range a.WAFExclusions {
		if !slices.Contains(spec.WAFRules(), name) {
			return nil, components.Unsupported("aws", "edge.wafExclusions", fmt.Sprintf("%q is no rule of AWS's managed groups: %s", name, strings.Join(spec.WAFRules(), ", ")))
		}
	}
	if a.RateLimit != 0 && a.RateLimit < minRateLimit {
		return nil, components.Unsupported("aws", "edge.rateLimit", fmt.Sprintf("AWS WAF counts to no less than %d requests", minRateLimit))
	}
	scope, here := "REGIONAL", p.cloudOpts(opts)
	if p.settings.CloudFront {
		scope, here = "CLOUDFRONT", p.globalOpts(opts)
	}
	acl, err := newWebACL(ctx, p.name(name, 128), &webACLArgs{
		Scope:                scope,
		Description:          fmt.Sprintf("Slipway %s/%s: front door", p.project, p.stack),
		DefaultAction:        wafAction{Allow: &wafNothing{}},
		CustomResponseBodies: responseBodies,
		Rules:                webACLRules(a),
		VisibilityConfig:     measured(p.fixed(name, 128)),
	}, here...)
	if err != nil {
		return nil, err
	}
	return acl, p.logWebACL(ctx, name, acl, opts, here)
}

// logWebACL writes down the requests that a rule has blocked or counted; the access logs have the others. Logs of a web ACL go to
// a log group of its own region, whose name must begin with aws-waf-logs-. Where that is not the stack's region, the stack's key
// can't encrypt it, so it gets a key of its own. Credentials and the key of the slots are left out.
//   - https://docs.aws.amazon.com/waf/latest/developerguide/logging-cw-logs.html
//   - https://docs.aws.amazon.com/waf/latest/developerguide/logging-management.html
func (p *Platform) logWebACL(ctx *pulumi.Context, name string, acl *webACL, opts, here []pulumi.ResourceOption) error {
	key := p.key.arn
	if p.settings.CloudFront && p.settings.Region != globalRegion {
		own, err := p.newKey(ctx, name+"-key", globalRegion, p.globalOpts(opts))
		if err != nil {
			return err
		}
		key = own.Arn
	}
	group, err := cloudwatch.NewLogGroup(ctx, name+"-waf", &cloudwatch.LogGroupArgs{
		Name:            pulumi.String("aws-waf-logs-" + p.path(name)),
		KmsKeyId:        key,
		RetentionInDays: pulumi.Int(p.settings.LogDays),
	}, here...)
	if err != nil {
		return fmt.Errorf("creating log group of web ACL %s: %w", name, err)
	}
	var kept []wafLogCondition
	for _, action := range []string{"BLOCK", "COUNT", "EXCLUDED_AS_COUNT"} { // the last one: a rule of a group that is made to count
		kept = append(kept, wafLogCondition{ActionCondition: &wafLogAction{Action: action}})
	}
	_, err = newWebACLLogging(ctx, name, &webACLLoggingArgs{
		ResourceArn:           acl.Arn,
		LogDestinationConfigs: pulumi.StringArray{group.Arn},
		LoggingFilter: &wafLogFilter{
			DefaultBehavior: "DROP",
			Filters:         []wafLogBehavior{{Behavior: "KEEP", Requirement: "MEETS_ANY", Conditions: kept}},
		},
		RedactedFields: redacted(),
	}, here...)
	return err
}

// redacted are the headers that no log shows.
func redacted() (out []wafRedaction) {
	for _, name := range []string{"authorization", "cookie", strings.ToLower(components.SlotKeyHeader)} {
		out = append(out, wafRedaction{SingleHeader: &wafHeaderName{Name: name}})
	}
	return out
}

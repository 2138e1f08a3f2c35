package aws

import (
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/providers/aws/spec"
)

func ruleNames(rules []wafRule) []string {
	var out []string
	for _, rule := range rules {
		out = append(out, rule.Name)
	}
	return out
}

func TestWebACLRules(t *testing.T) {
	for _, row := range []struct {
		edge components.EdgeArgs
		want []string
	}{
		{components.EdgeArgs{RateLimit: 600}, []string{"rate-limit", "private-paths"}},
		{components.EdgeArgs{WAF: true}, []string{"private-paths", "ip-reputation", "anonymous-ip", "known-bad-inputs", "core"}},
		{components.EdgeArgs{BodyLimit: 1 << 20}, []string{"private-paths", "body-limit", "body-length"}},
		{components.EdgeArgs{RateLimit: 600, WAF: true}, []string{"rate-limit", "private-paths", "ip-reputation", "anonymous-ip", "known-bad-inputs", "core"}},
	} {
		rules := webACLRules(row.edge)
		if got := ruleNames(rules); !slices.Equal(got, row.want) {
			t.Errorf("limit %d, WAF %t: the rules are %q, want %q", row.edge.RateLimit, row.edge.WAF, got, row.want)
		}
		for i, rule := range rules {
			if rule.Priority != i {
				t.Errorf("%s has the priority %d, want %d", rule.Name, rule.Priority, i)
			}
			if (rule.Action == nil) == (rule.OverrideAction == nil) {
				t.Errorf("%s must have an action or, as a group, an override", rule.Name)
			}
			if (rule.OverrideAction == nil) != (rule.Statement.ManagedRuleGroupStatement == nil) {
				t.Errorf("%s: only groups have overrides", rule.Name)
			}
			v := rule.VisibilityConfig
			if !v.CloudwatchMetricsEnabled || !v.SampledRequestsEnabled || !regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`).MatchString(v.MetricName) {
				t.Errorf("%s is not measured: %+v", rule.Name, v)
			}
		}
	}
}

func TestWebACL(t *testing.T) {
	r := door{settings: doorSettings(false), edge: behindDomain(components.EdgeArgs{RateLimit: 600, WAF: true})}.mustRecord(t)
	acl := sole(t, r, webACLToken)
	if len(acl.Inputs["defaultAction"].ObjectValue()["allow"].ObjectValue()) != 0 || !acl.Inputs["defaultAction"].ObjectValue()["allow"].IsObject() {
		t.Error("requests that no rule matches are not let through")
	}
	wantProperty(t, acl, "visibilityConfig.cloudwatchMetricsEnabled", true)
	t.Run("the limit is per client address and minute, and answers 429", func(t *testing.T) {
		wantProperty(t, acl, "rules[*].statement.rateBasedStatement.limit", 600.0)
		wantProperty(t, acl, "rules[*].statement.rateBasedStatement.evaluationWindowSec", 60.0)
		wantProperty(t, acl, "rules[*].statement.rateBasedStatement.aggregateKeyType", "IP")
		wantProperty(t, acl, "rules[*].action.block.customResponse.responseCode", 429.0, 404.0)
		wantProperty(t, acl, "rules[*].action.block.customResponse.responseHeaders[*].name", "Retry-After")
		wantProperty(t, acl, "rules[*].action.block.customResponse.customResponseBodyKey", tooManyRequests, notFound)
		for _, key := range []any{tooManyRequests, notFound} {
			if !slices.Contains(acl.At("customResponseBodies[*].key"), key) {
				t.Errorf("there is no body %s", key)
			}
		}
	})
	t.Run("managed groups block, but for what is counted", func(t *testing.T) {
		wantProperty(t, acl, "rules[*].statement.managedRuleGroupStatement.vendorName", "AWS", "AWS", "AWS", "AWS")
		wantProperty(t, acl, "rules[*].statement.managedRuleGroupStatement.name",
			"AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesAnonymousIpList", "AWSManagedRulesKnownBadInputsRuleSet", "AWSManagedRulesCommonRuleSet")
		wantProperty(t, acl, "rules[*].statement.managedRuleGroupStatement.ruleActionOverrides[*].name", "SizeRestrictions_BODY")
		for _, rule := range acl.Inputs["rules"].ArrayValue() {
			name, override := rule.ObjectValue()["name"].StringValue(), rule.ObjectValue()["overrideAction"]
			if override.IsNull() {
				continue
			}
			choice := "none"
			if name == "anonymous-ip" {
				choice = "count"
			}
			if chosen := override.ObjectValue().StableKeys(); len(chosen) != 1 || string(chosen[0]) != choice || !override.ObjectValue()[chosen[0]].IsObject() {
				t.Errorf("%s has the override %v, want %s", name, override, choice)
			}
		}
	})
	t.Run("private paths are found in every spelling", func(t *testing.T) {
		wantProperty(t, acl, "rules[*].statement.regexMatchStatement.textTransformations[*].type", "URL_DECODE", "NORMALIZE_PATH", "LOWERCASE")
		patterns := acl.At("rules[*].statement.regexMatchStatement.regexString")
		if len(patterns) != 1 {
			t.Fatalf("there are %d patterns", len(patterns))
		}
		for path, want := range map[string]bool{"/metrics": true, "/metrics/x": true, "/debug/pprof/": true, "//debug": true, "/metrics;a": true, "/metricsx": false, "/a/metrics": false, "/": false} {
			if got := regexp.MustCompile(patterns[0].(string)).MatchString(path); got != want {
				t.Errorf("%s is private: %t, want %t", path, got, want)
			}
		}
	})
}

// Every rule that is asked for is counted, in its own group and nowhere else.
func TestWAFExclusions(t *testing.T) {
	counted := func(a components.EdgeArgs) map[string][]string {
		out := map[string][]string{}
		for _, rule := range webACLRules(a) {
			if group := rule.Statement.ManagedRuleGroupStatement; group != nil {
				for _, o := range group.RuleActionOverrides {
					if o.ActionToUse.Count == nil {
						t.Errorf("%s of %s is not counted", o.Name, group.Name)
					}
					out[group.Name] = append(out[group.Name], o.Name)
				}
			}
		}
		return out
	}
	got := counted(components.EdgeArgs{WAF: true, WAFExclusions: []string{"Log4JRCE_BODY", "GenericRFI_BODY", "SizeRestrictions_BODY"}})
	want := map[string][]string{"AWSManagedRulesKnownBadInputsRuleSet": {"Log4JRCE_BODY"}, "AWSManagedRulesCommonRuleSet": {"SizeRestrictions_BODY", "GenericRFI_BODY"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("counted are %v, want %v", got, want)
	}
	for _, name := range spec.WAFRules() {
		n := 0
		for _, rules := range counted(components.EdgeArgs{WAF: true, WAFExclusions: []string{name}}) {
			for _, rule := range rules {
				if rule == name {
					n++
				}
			}
		}
		if n != 1 {
			t.Errorf("%s is counted in %d groups", name, n)
		}
	}
	for _, rule := range webACLRules(components.EdgeArgs{RateLimit: 600, WAF: true, WAFMode: components.WAFDetect}) {
		if rule.OverrideAction != nil && (rule.OverrideAction.Count == nil || rule.OverrideAction.None != nil) {
			t.Errorf("with detect %s still blocks", rule.Name)
		}
		if rule.Name == "rate-limit" && rule.Action.Block == nil {
			t.Error("with detect the limit blocks nobody: it is no managed rule")
		}
	}
}

func TestBodyLimit(t *testing.T) {
	r := door{settings: doorSettings(false), edge: behindDomain(components.EdgeArgs{BodyLimit: 10 << 20})}.mustRecord(t)
	acl := sole(t, r, webACLToken)
	wantProperty(t, acl, "rules[*].action.block.customResponse.responseCode", 404.0, 413.0, 411.0)
	wantProperty(t, acl, "rules[*].statement.regexMatchStatement.fieldToMatch.singleHeader.name", "content-length")
	wantProperty(t, acl, "rules[*].statement.andStatement.statements[*].sizeConstraintStatement.fieldToMatch.body.oversizeHandling", "MATCH")
	wantProperty(t, acl, "rules[*].statement.andStatement.statements[*].notStatement.statements[*].sizeConstraintStatement.fieldToMatch.singleHeader.name", "content-length")
	for _, limit := range []int64{1 << 10, 9999, 10 << 20, 5 << 40, 1} {
		pattern := greaterThan(limit)
		if len(pattern) > 512 {
			t.Errorf("the pattern of %d has %d characters", limit, len(pattern))
		}
		over := regexp.MustCompile(pattern)
		for _, n := range []int64{0, 1, limit / 2, limit - 1, limit, limit + 1, limit + 9, 2 * limit, 10*limit - 1, 10 * limit, 99 * limit} {
			if got := over.MatchString(strconv.FormatInt(n, 10)); got != (n > limit) {
				t.Errorf("%d is over %d: %t", n, limit, got)
			}
		}
		if !over.MatchString("000" + strconv.FormatInt(limit+1, 10)) {
			t.Errorf("zeros before it hide what is over %d", limit)
		}
	}
}

func TestWebACLLog(t *testing.T) {
	for _, row := range []struct {
		name, region, provider, key string
		cloudFront                  bool
	}{
		{"before the load balancer", "eu-central-1", "aws", stackKeyARN, false},
		{"before CloudFront", "eu-central-1", "aws-global", "arn:of:links-production-edge-key", true},
		{"before CloudFront, in its own region", globalRegion, "aws", stackKeyARN, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			settings := doorSettings(row.cloudFront)
			settings.Region = row.region
			r := door{settings: settings, edge: behindDomain(components.EdgeArgs{RateLimit: 600})}.mustRecord(t)
			group, log := sole(t, r, "aws:cloudwatch/logGroup:LogGroup"), sole(t, r, webACLLoggingToken)
			wantMadeBy(t, group, row.provider)
			wantProperty(t, group, "name", "aws-waf-logs-slipway/slipway/production/edge")
			wantProperty(t, group, "kmsKeyId", row.key)
			wantProperty(t, group, "retentionInDays", 30.0)
			wantMadeBy(t, log, row.provider)
			wantProperty(t, log, "resourceArn", "arn:of:"+sole(t, r, webACLToken).Name)
			wantProperty(t, log, "logDestinationConfigs[*]", "arn:of:edge-waf")
			wantProperty(t, log, "redactedFields[*].singleHeader.name", "authorization", "cookie", "x-slipway-key")
			wantProperty(t, log, "loggingFilter.defaultBehavior", "DROP")
			wantProperty(t, log, "loggingFilter.filters[*].conditions[*].actionCondition.action", "BLOCK", "COUNT", "EXCLUDED_AS_COUNT")
			if row.key == stackKeyARN {
				return
			}
			own := sole(t, r, "aws:kms/key:Key")
			wantMadeBy(t, own, "aws-global")
			if policy := own.At("policy"); len(policy) != 1 || !strings.Contains(policy[0].(string), "logs."+globalRegion+".amazonaws.com") {
				t.Errorf("CloudWatch Logs of %s may not use the key: %v", globalRegion, policy)
			}
		})
	}
}

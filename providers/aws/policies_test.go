package aws

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-iac/slipway/components/componentstest"
)

// unbounded are the only actions that may be allowed on the resource "*", each with the reason. In the policy of a key, "*" is the
// key itself; an endpoint's policy gives no rights.
var unbounded = map[string]string{
	"ecr:GetAuthorizationToken": "the token is the account's, and AWS takes no resource for it",
	"logs:DescribeLogGroups":    "a list is about no one group, and AWS takes no resource for it",
	"xray:PutTraceSegments":     "traces belong to no resource",
	"xray:PutTelemetryRecords":  "likewise",
}

// narrowPolicies looks at every statement of every policy in the stack.
func narrowPolicies(t *testing.T, r *componentstest.Recording) {
	count := 0
	for _, one := range r.Resources {
		for _, leaf := range one.Leaves() {
			var document struct{ Statement []clause }
			if text, is := leaf.Value.(string); !is || json.Unmarshal([]byte(text), &document) != nil {
				continue
			}
			for _, c := range document.Statement {
				count++
				narrow(t, one, c)
			}
		}
	}
	if count < 25 {
		t.Errorf("only %d statements were found", count)
	}
}

func narrow(t *testing.T, r componentstest.Resource, c clause) {
	t.Helper()
	if c.Effect == "Deny" {
		return
	}
	where := r.Type + " " + r.Name + " " + c.Sid
	for _, action := range texts(c.Action) {
		if action == "kms:*" && c.Sid == "AccountAdministers" {
			continue // AWS's own default: without it nobody could ever change the key's policy
		}
		if action == "*" || strings.HasSuffix(action, ":*") {
			t.Errorf("%s allows %s", where, action)
		}
	}
	bounds := r.Type == "aws:kms/key:Key" || r.Type == "aws:ec2/vpcEndpoint:VpcEndpoint"
	for _, resource := range texts(c.Resource) {
		if resource != "*" || bounds {
			continue
		}
		for _, action := range texts(c.Action) {
			if unbounded[action] == "" {
				t.Errorf("%s allows %s on every resource", where, action)
			}
		}
	}
	if slices.Contains(texts(c.Principal), "*") && len(c.Condition) == 0 {
		t.Errorf("%s is for everybody", where)
	}
	if r.Type == "aws:iam/rolePolicy:RolePolicy" && len(texts(c.Resource)) == 0 {
		t.Errorf("%s names no resource", where)
	}
}

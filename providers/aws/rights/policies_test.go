package rights

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-iac/slipway/providers/aws/rights/reference"
)

func testStack() Stack {
	s := Stack{
		Account: "111122223333", Partition: "aws", Region: "eu-west-1", Tag: "slipway/dev", State: "slipway/dev", Path: "slipway/slipway/dev",
		StateBucket: "example-state", StateKey: "alias/slipway-state-dev", Zone: "Z0EXAMPLE", Domain: "Links.example.com", BackupRegion: "eu-central-1",
		Boundary: "arn:aws:iam::111122223333:policy/boundary", Names: map[string][]string{"dashboard": {"slipway-slipway-dev"}},
	}
	for _, kind := range strings.Fields("name acl alias balancer bucket cache database function group role rule vault") {
		s.Names[kind] = []string{"links-dev-*"}
	}
	return s
}

func all(t *testing.T, s Stack) []Policy {
	t.Helper()
	out, err := Deployer(s)
	if err != nil {
		t.Fatal(err)
	}
	reader, err := Reader(s)
	if err != nil {
		t.Fatal(err)
	}
	return append(out, reader)
}

// Each action exists; one that is about no resource stands with "*" only, and one that is about a resource with an ARN that such a
// resource can have; a condition is on a key that its requests have. A statement that breaks one of these has no effect, and nobody
// would be told.
func TestPoliciesMeanSomething(t *testing.T) {
	known, err := reference.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all(t, testStack()) {
		seen := map[string]bool{}
		for _, s := range p.Statement {
			where := p.Name + ", " + s.Sid
			if s.Sid == "" || seen[s.Sid] {
				t.Errorf("%s: a statement without a name of its own", where)
			}
			seen[s.Sid] = true
			if s.Effect == deny {
				continue
			}
			for _, pattern := range s.Action {
				if strings.HasSuffix(pattern, ":*") || pattern == "*" {
					t.Errorf("%s allows %s", where, pattern)
				}
				meant := slices.DeleteFunc(actionsOf(known, pattern), func(a string) bool { return !effective(known, s, a) })
				if len(meant) == 0 {
					t.Errorf("%s: %s has no effect: AWS knows no such action, or not on these resources, or without this condition", where, pattern)
				}
			}
		}
	}
}

func actionsOf(r reference.Reference, pattern string) (out []string) {
	for name := range r.Actions {
		if matchesAction(Texts{pattern}, name) {
			out = append(out, name)
		}
	}
	return out
}

// effective tells whether the statement can allow the action on something.
func effective(r reference.Reference, s Statement, action string) bool {
	return slices.ContainsFunc(s.Resource, func(resource string) bool {
		return (resource == "*" || len(r.TypesOf(action, resource)) > 0) && conditioned(r, s, action, resource)
	})
}

func conditioned(r reference.Reference, s Statement, action, resource string) bool {
	for operator, keys := range s.Condition {
		for key, values := range keys {
			if !(operator == "Null" && slices.Contains(values, "true")) && !r.Supports(action, resource, key) {
				return false
			}
		}
	}
	return true
}

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
func TestPoliciesFit(t *testing.T) {
	policies := all(t, testStack())
	for _, p := range policies {
		text, err := json.Marshal(p.Document)
		if err != nil {
			t.Fatal(err)
		}
		if len(text) > MostCharacters {
			t.Errorf("%s has %d characters", p.Name, len(text))
		}
	}
	if len(policies)-1 > MostPolicies-2 {
		t.Errorf("the deployer has %d policies: leave room for an organisation's own", len(policies)-1)
	}
}

// What a stack does not have is not granted, and what it has is.
func TestPoliciesOfLess(t *testing.T) {
	grants := func(s Stack, r Request) bool {
		var documents []Document
		for _, p := range all(t, s) {
			documents = append(documents, p.Document)
		}
		return Decide(documents, r).Allowed
	}
	record := Request{"route53:ChangeResourceRecordSets", "arn:aws:route53:::hostedzone/Z0EXAMPLE", map[string][]string{
		"route53:ChangeResourceRecordSetsNormalizedRecordNames": {"links.example.com"}, "route53:ChangeResourceRecordSetsRecordTypes": {"A"},
	}}
	foreign := Request{record.Action, record.Resource, map[string][]string{"route53:ChangeResourceRecordSetsNormalizedRecordNames": {"www.example.com"}, "route53:ChangeResourceRecordSetsRecordTypes": {"A"}}}
	role := Request{"iam:CreateRole", "arn:aws:iam::111122223333:role/links-dev-task-1a2b3c4", map[string][]string{}}
	bound := Request{role.Action, role.Resource, map[string][]string{"iam:PermissionsBoundary": {"arn:aws:iam::111122223333:policy/boundary"}}}
	unbind := Request{"iam:DeleteRolePermissionsBoundary", role.Resource, bound.Context}
	state := Request{"s3:GetObject", "arn:aws:s3:::example-state/.pulumi/stacks/slipway/dev.json", nil}
	other := Request{"s3:GetObject", "arn:aws:s3:::example-state/.pulumi/stacks/slipway/prod.json", nil}
	vault := Request{"backup:CreateBackupVault", "arn:aws:backup:eu-central-1:111122223333:backup-vault:links-dev-backup-copy-1a2b3c4", nil}
	for _, row := range []struct {
		name         string
		without      func(*Stack)
		request      Request
		full, lesser bool
	}{
		{"record of the domain", func(s *Stack) { s.Zone, s.Domain = "", "" }, record, true, false},
		{"record of another name in the zone", func(*Stack) {}, foreign, false, false},
		{"role without the boundary", func(s *Stack) { s.Boundary = "" }, role, false, true},
		{"role with it", func(s *Stack) { s.Boundary = "arn:aws:iam::111122223333:policy/another" }, bound, true, false},
		{"taking the boundary away", func(s *Stack) { s.Boundary = "" }, unbind, false, false},
		{"state", func(s *Stack) { s.StateBucket, s.StateKey = "", "" }, state, true, false},
		{"another stack's state", func(*Stack) {}, other, false, false},
		{"vault", func(s *Stack) { s.BackupRegion = "" }, vault, true, false},
	} {
		less := testStack()
		row.without(&less)
		if got := grants(testStack(), row.request); got != row.full {
			t.Errorf("%s: granted is %v", row.name, got)
		}
		if got := grants(less, row.request); got != row.lesser {
			t.Errorf("%s, in a stack without: granted is %v", row.name, got)
		}
	}
}

// A rollout asks how the slots do with either role, and a failed deployment's last lines are the deployer's to read.
func TestRolesReadHealth(t *testing.T) {
	policies := all(t, testStack())
	var deployer []Document
	for _, p := range policies[:len(policies)-1] {
		deployer = append(deployer, p.Document)
	}
	reader := []Document{policies[len(policies)-1].Document}
	service, alarm := "arn:aws:ecs:eu-west-1:111122223333:service/links-dev-1a2b3c4/links-dev-blue-1a2b3c4", "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:links-dev-gate-blue-uptime-1a2b3c4"
	for _, r := range []Request{
		{"cloudwatch:GetMetricData", "*", nil}, {"cloudwatch:DescribeAlarms", alarm, nil}, {"ecs:DescribeServices", service, nil}, {"ecs:DescribeTasks", "*", nil},
		{"elasticloadbalancing:DescribeTargetHealth", "*", nil}, {"servicequotas:GetServiceQuota", "*", nil}, {"iam:GetRole", "arn:aws:iam::111122223333:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS", nil},
	} {
		if !Decide(deployer, r).Allowed || !Decide(reader, r).Allowed {
			t.Errorf("both roles need %s", r.Action)
		}
	}
	lines := Request{"logs:FilterLogEvents", "arn:aws:logs:eu-west-1:111122223333:log-group:/slipway/slipway/dev/app:log-stream:", nil}
	if !Decide(deployer, lines).Allowed || Decide(reader, lines).Allowed {
		t.Error("the app's logs are for the deployer, and not for whoever opens a pull request")
	}
}

// Whoever may make a load balancer may do what the service then asks of the caller.
func TestBalancerAsks(t *testing.T) {
	for _, row := range rows() {
		var actions []string
		for _, c := range row.Calls {
			if c.When == Create {
				actions = append(actions, strings.Fields(c.Actions)...)
			}
		}
		if slices.Contains(actions, "elasticloadbalancing:CreateLoadBalancer") && !slices.Contains(actions, "ec2:GetSecurityGroupsForVpc") {
			t.Error("a load balancer is made without looking whether its security groups may be used")
		}
		if slices.Contains(actions, "application-autoscaling:PutScalingPolicy") && !slices.Contains(actions, "cloudwatch:PutMetricAlarm") {
			t.Error("a scaling policy is made without its alarms")
		}
	}
}

// A row names actions of AWS, on resources that they can be about.
func TestRowsAreActions(t *testing.T) {
	known, err := reference.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows() {
		phases := map[Phase]bool{}
		for _, c := range row.Calls {
			phases[c.When] = true
			for _, action := range strings.Fields(c.Actions) {
				a, ok := known.Actions[action]
				if !ok {
					t.Errorf("%s: AWS knows no action %s", row.Type, action)
				}
				on := c.On
				if on == "" {
					on = row.ARN
				}
				if on != "*" && len(a.Types) == 0 {
					t.Errorf("%s: %s is about no resource", row.Type, action)
				}
				if on == "*" && len(a.Required) > 0 && c.When != Read && !strings.Contains(action, ":Describe") {
					t.Errorf("%s: %s is about a resource", row.Type, action)
				}
			}
		}
		if !phases[Read] {
			t.Errorf("%s is never read", row.Type)
		}
	}
}

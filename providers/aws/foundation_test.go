package aws

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components/componentstest"
)

// clause is one statement of a policy, as it reaches AWS.
type clause struct {
	Sid, Effect string
	Principal   any
	Action      any
	Resource    any
	Condition   map[string]map[string]any
}

// clauses reads the policy at a property of a resource.
func clauses(t *testing.T, r componentstest.Resource, property string) []clause {
	t.Helper()
	got := r.At(property)
	if len(got) != 1 {
		t.Fatalf("%s %s has %d policies at %s, want one", r.Type, r.Name, len(got), property)
	}
	var document struct{ Statement []clause }
	if err := json.Unmarshal([]byte(got[0].(string)), &document); err != nil {
		t.Fatalf("the policy of %s is no JSON: %v", r.Name, err)
	}
	return document.Statement
}

// texts are the strings of a policy's element, which may be one or a list.
func texts(element any) []string {
	switch v := element.(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, one := range v {
			out = append(out, one.(string))
		}
		return out
	case map[string]any:
		var out []string
		for _, one := range v {
			out = append(out, texts(one)...)
		}
		return out
	}
	return nil
}

func TestNames(t *testing.T) {
	valid := regexp.MustCompile(`^[a-z]([a-z0-9]|-[a-z0-9])*$`)
	seen := map[string]string{}
	for _, row := range []struct{ app, stack string }{
		{"links", "production"}, {"links", "prod"}, {"links", "Prod"}, {"links", "team_a.b"}, {"links", "team-a-b"}, {"li--nks", "prod"}, {"links", "2026"},
		{"internal", "prod"}, {"sg", "prod"}, {"sthree", "prod"}, {"amzn-s3-demo", "x"},
		{strings.Repeat("a", 40), "production"}, {strings.Repeat("a", 40), "productive"}, {strings.Repeat("a", 40), strings.Repeat("b", 90)},
	} {
		p := &Platform{settings: Settings{App: row.app}, stack: row.stack, project: "slipway"}
		for _, part := range []string{"", "tasks", "a-part-of-23-characters"} {
			for _, limit := range []int{32, 40, 64, 255} {
				got := p.fixed(part, limit)
				if len(got) > limit || !valid.MatchString(got) {
					t.Errorf("%v %q: %q is no name of at most %d characters", row, part, got, limit)
				}
				for _, word := range reserved {
					if strings.HasPrefix(got, word) {
						t.Errorf("%v %q: %q begins with the reserved word %q", row, part, got, word)
					}
				}
				if logical := p.name(part, limit); len(logical)+suffix > limit {
					t.Errorf("%v %q: %q has no room for Pulumi's suffix within %d", row, part, logical, limit)
				}
			}
		}
		name := p.fixed("", 32)
		if other, ok := seen[name]; ok {
			t.Errorf("%v and %s have the same name %q", row, other, name)
		}
		seen[name] = row.app + " " + row.stack
	}
	p := &Platform{settings: Settings{App: "links"}, stack: "production", project: "slipway"}
	if got := p.fixed("tasks", 64) + " " + p.path("flow-logs"); got != "links-production-tasks slipway/slipway/production/flow-logs" {
		t.Errorf("ordinary names are not left alone: %s", got)
	}
	odd := &Platform{stack: "Team_a.b", project: "My.Project"}
	if got := odd.path("x"); !regexp.MustCompile(`^slipway/my-project-[0-9a-f]{5}/team-a-b-[0-9a-f]{5}/x$`).MatchString(got) {
		t.Errorf("%q is no path for a repository", got)
	}
}

// The key can be used by the account's own principals as IAM allows them, and by CloudWatch for this account only.
func TestKeyPolicy(t *testing.T) {
	for _, one := range networkOf(t, nil).Of("aws:kms/key:Key") {
		want := map[string]struct{ principal, condition string }{
			"AccountAdministers":     {"arn:aws:iam::123456789012:root", ""},
			"LogGroupsOfThisAccount": {"logs.eu-west-1.amazonaws.com", "arn:aws:logs:eu-west-1:123456789012:log-group:*"},
			"AlarmsOfThisAccount":    {"cloudwatch.amazonaws.com", "123456789012"},
		}
		for _, c := range clauses(t, one, "policy") {
			row, ok := want[c.Sid]
			if !ok {
				t.Errorf("the key's policy has a further statement %q", c.Sid)
			}
			delete(want, c.Sid)
			if !slices.Equal(texts(c.Principal), []string{row.principal}) {
				t.Errorf("%s is for %v, want %s", c.Sid, c.Principal, row.principal)
			}
			var conditions []string
			for _, values := range c.Condition {
				for _, v := range values {
					conditions = append(conditions, texts(v)...)
				}
			}
			if strings.Join(conditions, " ") != row.condition {
				t.Errorf("%s holds under %v, want %q", c.Sid, conditions, row.condition)
			}
			if slices.Contains(texts(c.Action), "kms:*") != (c.Sid == "AccountAdministers") {
				t.Errorf("%s allows %v", c.Sid, c.Action)
			}
		}
		if len(want) > 0 {
			t.Errorf("the key's policy lacks %v", want)
		}
		if rotated := one.At("enableKeyRotation"); !slices.Equal(rotated, []any{true}) {
			t.Errorf("rotation is %v", rotated)
		}
	}
}

// witness notes which resources would stay behind when the stack is destroyed, and what AWS is asked.
type witness struct {
	mu    sync.Mutex
	kept  []string
	asked map[string]resource.PropertyMap
}

func (w *witness) NewResource(a pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if a.RegisterRPC.GetRetainOnDelete() {
		w.kept = append(w.kept, a.TypeToken)
	}
	return a.Name, a.Inputs, nil
}

func (w *witness) Call(a pulumi.MockCallArgs) (resource.PropertyMap, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked[a.Token] = a.Args
	out := resource.PropertyMap{}
	for _, row := range networkAnswers("eu-west-1a", "eu-west-1b", "eu-west-1c") {
		if row.Type == a.Token {
			out[resource.PropertyKey(row.Property)] = resource.NewPropertyValue(row.Value)
		}
	}
	return out, nil
}

func witnessed(t *testing.T, change func(*Settings)) *witness {
	t.Helper()
	w := &witness{asked: map[string]resource.PropertyMap{}}
	if err := pulumi.RunErr(networkProgram(change), pulumi.WithMocks(componentstest.Project, componentstest.Stack, w)); err != nil {
		t.Fatal(err)
	}
	return w
}

// What outlives a production stack, its last snapshot above all, can be opened only with the key.
func TestKeyOutlivesProduction(t *testing.T) {
	for prod, want := range map[bool][]string{true: {"aws:kms/key:Key"}, false: nil} {
		w := witnessed(t, func(s *Settings) { s.Prod = prod })
		if !slices.Equal(w.kept, want) {
			t.Errorf("with Prod %t these would be left behind: %v, want %v", prod, w.kept, want)
		}
	}
}

func TestRoleTrust(t *testing.T) {
	for service, want := range map[string]bool{"ecs-tasks.amazonaws.com": true, "vpc-flow-logs.amazonaws.com": true, "backup.amazonaws.com": false} {
		r, err := componentstest.Record(func(ctx *pulumi.Context) error {
			p, err := newNetworkPlatform(ctx, nil)
			if err != nil {
				return err
			}
			role, err := p.role(ctx, "probe", service, policy(statement{"Effect": pulumi.String("Allow")}), []pulumi.ResourceOption{pulumi.Parent(p)})
			if err != nil {
				return err
			}
			_, err = ec2.NewFlowLog(ctx, "probe", &ec2.FlowLogArgs{IamRoleArn: role.Arn}, p.cloudOpts([]pulumi.ResourceOption{pulumi.Parent(p)})...)
			return err
		}, componentstest.Options{Outputs: networkAnswers("eu-west-1a", "eu-west-1b")})
		if err != nil {
			t.Fatal(err)
		}
		role, _ := r.Find("aws:iam/role:Role", "links-production-probe")
		trust := clauses(t, role, "assumeRolePolicy")
		if len(trust) != 1 || !slices.Equal(texts(trust[0].Principal), []string{service}) {
			t.Errorf("the role can be taken on by %v, want %s", trust, service)
		}
		if got := trust[0].Condition["StringEquals"]["aws:SourceAccount"] == "123456789012"; got != want {
			t.Errorf("%s: for this account only is %t, want %t", service, got, want)
		}
		rights, ok := r.Find("aws:iam/rolePolicy:RolePolicy", "links-production-probe")
		user, _ := r.Find("aws:ec2/flowLog:FlowLog", "probe")
		if !ok || !slices.Contains(user.Needs, rights.URN) {
			t.Errorf("who uses the role does not wait for its rights: %v", user.Needs)
		}
	}
}

// Everything that takes tags has those of the stack; a configured one wins over them, and a thing's own over both.
func TestTags(t *testing.T) {
	r := networkOf(t, func(s *Settings) {
		s.Tags = map[string]string{"cost-center": "7", "Name": "configured", TagApp: "other"}
	})
	vpc, _ := r.Find("aws:ec2/vpc:Vpc", "vpc")
	for path, want := range map[string]string{
		"tags.Name": "links-production-vpc", "tags.cost-center": "7", "tags." + TagApp: "other", "tags." + TagStack: "slipway/production",
	} {
		if got := vpc.At(path); !slices.Equal(got, []any{want}) {
			t.Errorf("%s is %v, want %q", path, got, want)
		}
	}
	for _, one := range r.Resources {
		if len(one.At("tags.Name")) > 0 && len(one.At("tags."+TagStack)) == 0 {
			t.Errorf("%s %s has a name but not the stack's tags", one.Type, one.Name)
		}
	}
}

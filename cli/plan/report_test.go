package plan

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/slipway-iac/slipway/cli/simulate"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with a file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		must(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	must(t, err)
	if got != string(want) {
		t.Errorf("it differs from %s; if that is wanted: go test ./cli/plan -run %s -update\n%s", file, t.Name(), got)
	}
}

func one(component, token, name, store string) Resource {
	return Resource{Component: component, Type: token, Name: name, URN: "urn:pulumi:prod::slipway::" + token + "::" + name, DataStore: store}
}

var (
	instance = one("database", "aws:rds/instance:Instance", "links-prod-database", "RDS instance")
	secret1  = one("database", "aws:secretsmanager/secret:Secret", "links-prod-database-url", "secret")
	alarm1   = one("alarm", "aws:cloudwatch/metricAlarm:MetricAlarm", "links-prod-cpu", "")
	service1 = one("service links", "aws:ecs/service:Service", "links-prod-blue", "")
	task1    = one("service links", "aws:ecs/taskDefinition:TaskDefinition", "links-prod-blue", "")
	provider = one("platform", "pulumi:providers:aws", "aws", "")
	group1   = one("service links", "aws:lb/targetGroup:TargetGroup", "links-prod-blue", "")
	image1   = one("image links", "docker:index/registryImage:RegistryImage", "odd|name`s", "")
)

func inventory() Report {
	return Report{Project: "slipway", Stack: "prod", Cloud: "aws", Resources: []Resource{alarm1, instance, secret1, image1, provider, service1, task1}}
}

func compared() Report {
	r := inventory()
	r.Against = "base.json"
	r.Changes = []Change{
		{Resource: alarm1, Action: Added},
		{Resource: instance, Action: Replaced, Properties: []string{"instanceClass", "kmsKeyId"}, Forcing: []string{"kmsKeyId"}, Protection: "deletionProtection"},
		{Resource: secret1, Action: Deleted, Protection: "protect"},
		{Resource: image1, Action: Replaced},
		{Resource: service1, Action: Changed, Properties: []string{"loadBalancers[0].targetGroupArn", "loadBalancers[1].targetGroupArn", "taskDefinition"}},
		{Resource: task1, Action: Replaced, Properties: []string{"containerDefinitions"}, Forcing: []string{"containerDefinitions"}},
	}
	return r
}

// refused is a comparison with every reason but the place.
func refused() Report {
	r := inventory()
	r.Against = "base.json"
	r.Changes = append(compared().Changes[1:3], Change{Resource: group1, Action: Replaced, Forcing: []string{"vpcId"}, Serves: "target group"},
		Change{Resource: one("cache", "aws:elasticache/replicationGroup:ReplicationGroup", "links-prod-cache", "ElastiCache replication group"), Action: Deleted})
	r.Steps = []Step{
		{Does: "create the new", Component: "database", Type: instance.Type, Name: instance.Name, Effect: r.Changes[0].effect(apitype.OpCreateReplacement)},
		{Does: "delete the old", Component: "database", Type: instance.Type, Name: instance.Name, Effect: r.Changes[0].effect(apitype.OpDeleteReplaced)},
	}
	r.Refused = refusals(r.Changes, []simulate.Refusal{{URN: resource.URN(instance.URN), Says: "simulated cloud: DBInstanceAlreadyExists"}}, idleSlot(nil), nil)
	return r
}

func unchanged() Report {
	r := inventory()
	r.Against = "base.json"
	return r
}

func TestReports(t *testing.T) {
	for name, r := range map[string]Report{"inventory": inventory(), "compared": compared(), "unchanged": unchanged(), "refused": refused()} {
		t.Run(name, func(t *testing.T) {
			var text, markdown, machine bytes.Buffer
			must(t, r.Text(&text))
			must(t, r.Markdown(&markdown))
			must(t, r.JSON(&machine))
			golden(t, name+".txt", text.String())
			golden(t, name+".md", markdown.String())
			golden(t, name+".json", machine.String())
			for form, out := range map[string]string{"text": text.String(), "Markdown": markdown.String(), "JSON": machine.String()} {
				if !strings.Contains(strings.ToLower(out), "simulated") {
					t.Errorf("the %s does not say that it is simulated", form)
				}
			}
		})
	}
}

// What may lose data stands out, with what would stop it.
func TestDataStoresStandOut(t *testing.T) {
	var text, markdown, machine bytes.Buffer
	must(t, compared().Text(&text))
	must(t, compared().Markdown(&markdown))
	must(t, compared().JSON(&machine))
	for _, want := range []string{
		"! RDS instance links-prod-database would be replaced. Its deletion protection is on (deletionProtection): the update would fail there.",
		"! secret links-prod-database-url would be deleted. It is protected: the update would fail there.",
		"± rds.Instance links-prod-database (database): can't change in place: kmsKeyId",
		"~ ecs.Service links-prod-blue (service links): loadBalancers[*].targetGroupArn, taskDefinition",
	} {
		if !strings.Contains(text.String(), want+"\n") {
			t.Errorf("the text has no line %q", want)
		}
	}
	for _, want := range []string{
		"| component | added | changed | replaced | deleted |", "| database |  |  | **1** | **1** |", "| service links |  | 1 | 1 |  |",
		"- **RDS instance `links-prod-database` would be replaced.**", "- **replaced: rds.Instance `links-prod-database` (database)**: can't change in place: `kmsKeyId`",
		"<details><summary>6 changed resources</summary>", "`odd|name's`",
	} {
		if !strings.Contains(markdown.String(), want) {
			t.Errorf("the Markdown has no %q", want)
		}
	}
	var out struct {
		Simulated  bool
		Resources  int
		Comparison struct {
			Added, Changed, Replaced, Deleted, DataStoresAtRisk int
			Changes                                             []Change
		}
	}
	must(t, json.Unmarshal(machine.Bytes(), &out))
	if c := out.Comparison; !out.Simulated || out.Resources != 7 || c.Added != 1 || c.Changed != 1 || c.Replaced != 3 || c.Deleted != 1 || c.DataStoresAtRisk != 2 || len(c.Changes) != 6 {
		t.Errorf("the JSON is %+v", out)
	}
}

// A comment that is too long would not be posted at all.
func TestLongCommentsAreCut(t *testing.T) {
	r := compared()
	for range 400 {
		r.Changes = append(r.Changes, Change{Resource: alarm1, Action: Added})
	}
	var out bytes.Buffer
	must(t, r.Markdown(&out))
	if n := strings.Count(out.String(), "\n- added"); n > longest || !strings.Contains(out.String(), "and 206 more") {
		t.Errorf("%d resources are listed", n)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestReportsThatCannotBeWritten(t *testing.T) {
	for name, write := range map[string]func() error{
		"text": func() error { return inventory().Text(full{}) }, "comparison": func() error { return compared().Text(full{}) },
		"Markdown": func() error { return compared().Markdown(full{}) }, "JSON": func() error { return compared().JSON(full{}) },
	} {
		if err := write(); err == nil {
			t.Errorf("%s: there is no error", name)
		}
	}
}

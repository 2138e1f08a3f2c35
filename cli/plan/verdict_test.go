package plan

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"github.com/slipway-iac/slipway/cli/simulate/plugins"
)

const sqlURN = "urn:pulumi:dev::shop::slipway:components:Database$gcp:sql/databaseInstance:DatabaseInstance::links"

func refusalState(inputs map[string]any) *apitype.DeploymentV3 {
	const parent = "urn:pulumi:dev::shop::slipway:components:Database::database"
	return &apitype.DeploymentV3{Resources: []apitype.ResourceV3{
		{URN: parent, Type: "slipway:components:Database"},
		{URN: sqlURN, Type: "gcp:sql/databaseInstance:DatabaseInstance", Custom: true, Parent: parent, Inputs: inputs},
	}}
}

func TestRefusalNamesTheConfigurationKey(t *testing.T) {
	values := map[string]string{
		"shop:app": `{"name":"links","replicas":{"min":4}}`, "shop:database": `{"version":"POSTGRES_16","size":"medium","storage":4,"backups":true}`,
		"shop:region": "europe-west1", "shop:dns": `{"zone":"europe-west1"}`, "other:key": "odd", "shop:ha": "true",
	}
	for _, row := range []struct {
		name, property string
		value          any
		want           string
	}{
		{"the only one with the value", "databaseVersion", "POSTGRES_16", " The configuration key database.version has this value."},
		{"a short value of the own section", "diskSize", 4.0, " The configuration key database.storage has this value."},
		{"two keys have it", "region", "europe-west1", ""},
		{"a part of the value", "name", "links-dev-1", " The value of the configuration key app.name is part of it."},
		{"another namespace", "settings", "odd", ""},
		{"a truth value", "deletionProtection", true, ""},
		{"nobody", "settings", "db-custom-2-7680", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			all := []plugins.Refusal{{URN: sqlURN, Provider: "gcp", Version: "7.38.0", Property: row.property, Reason: "it is wrong"}}
			got := RefusedInputs(all, refusalState(map[string]any{row.property: row.value}), "shop", values)
			want := "gcp 7.38.0 refuses " + row.property + " of gcp:sql/databaseInstance:DatabaseInstance links (database): it is wrong" + row.want
			if len(got) != 1 || got[0].String() != want {
				t.Errorf("got %v, want %s", got, want)
			}
		})
	}
	got := RefusedInputs([]plugins.Refusal{{URN: sqlURN, Provider: "gcp", Version: "7.38.0", Reason: "no."}}, refusalState(nil), "shop", values)
	if want := "gcp 7.38.0 refuses inputs of gcp:sql/databaseInstance:DatabaseInstance links (database): no."; got[0].String() != want {
		t.Errorf("got %s, want %s", got[0], want)
	}
}

func TestReportSaysWhoHasChecked(t *testing.T) {
	state := refusalState(map[string]any{"tier": "huge"})
	v := plugins.Verdict{
		Providers: []plugins.Provider{
			{Name: "aws", Asked: "6.83.0", Unasked: "there is no plugin"},
			{
				Name: "gcp", Asked: "7.38.0", Version: "7.40.0", From: "PATH", Checked: 12, Compared: 2, Warnings: []string{"links: tier is deprecated"},
				Silences: []plugins.Silence{{What: "Diff", Reason: "it wants the network", Resources: []string{"a", "b", "c", "d", "e"}}},
			},
		},
		Refused: []plugins.Refusal{{URN: sqlURN, Provider: "gcp", Version: "7.40.0", Property: "tier", Reason: "too | huge"}},
		Defects: []plugins.Defect{{Type: "gcp:dns/policy:Policy", Property: "name", Table: "update", Real: "replacement"}},
	}
	r := Report{
		Project: "shop", Stack: "dev", Cloud: "gcp", Resources: Resources(state), Providers: append(v.Providers, Unasked(state, plugins.Verdict{}, "--providers=none")...),
		Inputs: RefusedInputs(v.Refused, state, "shop", nil), Defects: v.Defects,
	}
	lines := []string{
		"aws 6.83.0: not checked: there is no plugin",
		"gcp: 12 resources checked by gcp 7.40.0 (PATH); the program asks for 7.38.0; 2 changes judged; Diff not answered for a, b, c and 2 more: it wants the network",
		"warning: links: tier is deprecated",
		"gcp: not checked: --providers=none",
		"gcp:dns/policy:Policy: a change of name is taken for a change in place, and the provider makes it a replacement",
	}
	var text, markdown, raw bytes.Buffer
	must(t, r.Text(&text))
	must(t, r.Markdown(&markdown))
	must(t, r.JSON(&raw))
	for _, want := range lines {
		if !strings.Contains(text.String(), want) || !strings.Contains(markdown.String(), want) {
			t.Errorf("%q is missing in\n%s\nor in\n%s", want, text.String(), markdown.String())
		}
	}
	if !strings.Contains(markdown.String(), "**1 input refused by the provider: `up` would fail.**") || !strings.Contains(markdown.String(), `too \| huge`) {
		t.Errorf("what is refused is not called out:\n%s", markdown.String())
	}
	var out struct {
		Providers []struct {
			Name, Asked, Version, From, NotChecked string
			Checked                                int
			Unanswered                             []plugins.Silence
		}
		RefusedInputs []struct{ URN, Name, Property, Reason string }
		TableDefects  []struct{ Type, Property, Table, Provider string }
	}
	must(t, json.Unmarshal(raw.Bytes(), &out))
	if len(out.Providers) != 3 || out.Providers[0].NotChecked == "" || out.Providers[1].Checked != 12 || out.Providers[1].Unanswered[0].Resources[4] != "e" ||
		len(out.RefusedInputs) != 1 || out.RefusedInputs[0].URN != sqlURN || out.RefusedInputs[0].Name != "links" || out.TableDefects[0].Provider != "replacement" {
		t.Errorf("the JSON is %s", raw.String())
	}
}

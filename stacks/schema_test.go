package stacks

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
	"github.com/santhosh-tekuri/jsonschema/v5"
	"gopkg.in/yaml.v3"

	"github.com/slipway-iac/slipway/components"
)

var update = flag.Bool("update", false, "write the generated files instead of comparing them")

const project = "slipway"

// TestGenerated keeps the schema, Pulumi.yaml and docs/configuration.md in step
// with the types and tables of this package.
func TestGenerated(t *testing.T) {
	// After `pulumi new` the project has another name, and so have the keys.
	proj, err := workspace.LoadProject("../Pulumi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	schema, err := Schema(proj.Name.String())
	if err != nil {
		t.Fatal(err)
	}
	same(t, "../docs/config.schema.json", func(string) string { return string(schema) })
	same(t, "../Pulumi.yaml", func(old string) string {
		return between(t, old, "  # BEGIN generated", "  # END generated", pulumiKeys())
	})
	same(t, "../docs/configuration.md", func(old string) string {
		for name, text := range map[string]string{"keys": keyTable(), "sizes": sizeTable(), "signals": signalTable(), "guardrails": guardrailTable()} {
			old = between(t, old, "<!-- BEGIN generated "+name, "<!-- END generated "+name, text)
		}
		return old
	})
}

// same compares a file with what generate gives for it, or writes it with -update.
func same(t *testing.T, path string, generate func(old string) string) {
	t.Helper()
	old, err := os.ReadFile(path)
	if err != nil && !*update {
		t.Fatal(err)
	}
	want := generate(string(old))
	if want == string(old) {
		return
	}
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("%s is out of step with the types of package stacks; regenerate it with: go generate ./stacks", strings.TrimPrefix(path, "../"))
}

// between replaces what stands between the line with begin and the one with end.
func between(t *testing.T, text, begin, end, body string) string {
	t.Helper()
	head, rest, ok1 := strings.Cut(text, begin)
	line, rest, ok2 := strings.Cut(rest, "\n")
	_, tail, ok3 := strings.Cut(rest, end)
	if !ok1 || !ok2 || !ok3 {
		t.Fatalf("the lines %q and %q are missing", begin, end)
	}
	return head + begin + line + "\n" + body + end + tail
}

// pulumiKeys declares the top-level keys. A key without a default is required by
// Pulumi itself, which is right for cloud alone.
func pulumiKeys() string {
	var b strings.Builder
	for _, f := range fieldsOf(configType) {
		kind, value := "object", "{}"
		if f.typ.Kind() == reflect.String {
			kind, value = "string", `""`
			if v, ok := constantDefault(f.name); ok {
				value = v.(string)
			}
		}
		desc := f.desc
		if len(f.enum) > 0 {
			desc += " One of " + list(f.enum) + "."
		}
		if f.clouds != nil {
			desc += " Only for " + list(f.clouds) + "."
		}
		fmt.Fprintf(&b, "  %s:\n    type: %s\n    description: %s\n", f.name, kind, quote(desc))
		if !f.required {
			fmt.Fprintf(&b, "    default: %s\n", value)
		}
	}
	return b.String()
}

func keyTable() string {
	var b strings.Builder
	b.WriteString("| key | type | meaning | default |\n|---|---|---|---|\n")
	walk(configType, "", func(path string, f field) {
		text := f.desc
		if f.min != "" {
			text += " " + strings.ToUpper(rangeText(f)[:1]) + rangeText(f)[1:] + "."
		}
		if len(f.enum) > 0 {
			text += " One of `" + strings.Join(f.enum, "`, `") + "`."
		}
		if f.hint != "" && !strings.Contains(text, f.hint) {
			text += " It must be " + f.hint + "."
		}
		if f.clouds != nil {
			text += " *only " + list(f.clouds) + "*"
		}
		kind := typeName(f)
		if f.required {
			kind += ", required"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", path, kind, text, defaultText(path))
	})
	return b.String()
}

func typeName(f field) string {
	switch {
	case f.typ == secretType:
		return "secret"
	case f.typ == durationType:
		return "time"
	case f.typ == quantityType:
		return "quantity"
	}
	switch f.typ.Kind() {
	case reflect.Struct:
		return "section"
	case reflect.Map:
		return "map of " + typeName(field{typ: f.typ.Elem()})
	case reflect.Slice:
		return "list of " + typeName(field{typ: f.typ.Elem()})
	case reflect.Bool:
		return "true/false"
	case reflect.Float64:
		return "number"
	case reflect.Int:
		return "whole number"
	}
	return "text"
}

func sizeTable() string {
	var b strings.Builder
	b.WriteString("| cloud | `app.cpu` | `app.memory` |\n|---|---|---|\n")
	for _, r := range sizes {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", r.cloud, cores(r.cpu), r)
	}
	return b.String()
}

func signalTable() string {
	var b strings.Builder
	b.WriteString("| id | signal | alerts | gates |\n|---|---|---|---|\n")
	for _, s := range components.Signals(nil) {
		side, gates := "above", "no"
		if s.Below {
			side = "below"
		}
		if s.Gate {
			gates = "yes"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s %g %s | %s |\n", s.ID, s.Title, side, s.Threshold, s.Unit, gates)
	}
	return b.String()
}

func guardrailTable() string {
	var b strings.Builder
	b.WriteString("| id | tier | clouds | why |\n|---|---|---|---|\n")
	for _, g := range guardrails {
		names := "all"
		if g.Clouds != nil {
			names = strings.Trim(fmt.Sprint(g.Clouds), "[]")
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", g.ID, g.Tier, names, g.Why)
	}
	return b.String()
}

func compiledSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := os.ReadFile("../docs/config.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return jsonschema.MustCompileString("config.schema.json", string(text))
}

func document(t *testing.T, text []byte) any {
	t.Helper()
	var doc any
	if err := yaml.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	asJSON, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(asJSON, &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestSchemaAcceptsAndRefuses(t *testing.T) {
	schema := compiledSchema(t)
	for _, row := range []struct {
		ok   bool
		yaml string
	}{
		{true, `{slipway:cloud: docker}`},
		{true, `{slipway:cloud: aws, "aws:region": x, "pulumi:disable-default-providers": ["*"]}`},
		{true, `{slipway:cloud: aws, slipway:app: {cpu: "0.5", port: "3000", memory: 1Gi, drain: 1m30s, env: {A: 1, B: true}}}`},
		{true, `{slipway:cloud: aws, slipway:database: {version: "16", ha: "true"}, slipway:secrets: {A: {secure: v1}}}`},
		{true, `{slipway:cloud: aws, slipway:alerts: {webhook: "https://x.example", emails: [a@b.example]}}`},
		{true, `{slipway:cloud: aws, slipway:alerts: {webhook: {secure: v1}}, slipway:allow: {domain: internal tool only}}`},
		{true, `{cloud: aws, app: {port: 3000}, "aws:region": x}`},
		{true, `{cloud: aws, edge: {bodyLimit: 0}}`},
		{false, `{cloud: aws, edge: {bodyLimit: 5}}`},
		{false, `{cloud: asw}`},
		{false, `{cloud: aws, ap: {}}`},
		{false, `{cloud: aws, app: {prot: 3}}`},
		{false, `{}`},
		{false, `{slipway:cloud: asw}`},
		{false, `{slipway:cloud: aws, slipway:ap: {}}`},
		{false, `{slipway:cloud: aws, slipway:app: {prot: 3}}`},
		{false, `{slipway:cloud: aws, slipway:app: {port: 80}}`},
		{false, `{slipway:cloud: aws, slipway:app: {memory: 1GB}}`},
		{false, `{slipway:cloud: aws, slipway:app: {cpu: much}}`},
		{false, `{slipway:cloud: aws, slipway:database: {version: 9}}`},
		{false, `{slipway:cloud: aws, slipway:secrets: {A: plain}}`},
		{false, `{slipway:cloud: aws, slipway:secrets: {1A: {secure: v1}}}`},
		{false, `{slipway:cloud: aws, slipway:alerts: {webhook: "http://x.example"}}`},
		{false, `{slipway:cloud: aws, slipway:allow: {domian: because I say so}}`},
	} {
		err := schema.Validate(document(t, []byte("config: "+row.yaml)))
		if (err == nil) != row.ok {
			t.Errorf("%s: accepted is %v, want %v (%v)", row.yaml, err == nil, row.ok, err)
		}
	}
}

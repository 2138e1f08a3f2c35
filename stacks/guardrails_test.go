package stacks

import (
	"slices"
	"strings"
	"testing"
)

// prod is an input that breaks no guardrail.
func prod(kv ...string) []string {
	return append([]string{"cloud", "aws", "tier", "prod", "domain", `{"name":"a.example.com","zone":"example.com"}`, "alerts", `{"emails":["a@b.example"]}`}, kv...)
}

func ids(vs []Violation) []string {
	var out []string
	for _, v := range vs {
		out = append(out, v.Guardrail.ID)
	}
	return out
}

func TestGuardrails(t *testing.T) {
	reason := `"a reason long enough"`
	for _, row := range []struct {
		name     string
		kv       []string
		want     []string
		warnings []string
	}{
		{"prod is clean", prod(), nil, nil},
		{"prod breaks all", []string{"cloud", "aws", "tier", "prod", "database", `{"ha":false,"backupDays":6,"deletionProtection":false}`, "cache", `{"ha":false}`,
			"app", `{"replicas":{"min":1},"image":"x:latest"}`, "aws", `{"spot":true,"egress":"public"}`, "edge", `{"waf":false,"rateLimit":0}`, "logs", `{"retentionDays":60}`},
			[]string{"database-single-zone", "database-backups", "database-deletion-protection", "cache-single-zone", "single-replica", "mutable-image-tag",
				"interruptible-capacity", "public-tasks", "alert-recipients", "domain", "waf", "rate-limit", "log-retention"}, nil},
		{"dev may", []string{"cloud", "aws", "app", `{"image":"x:latest"}`}, nil, nil},
		{"what isn't there can't break", prod("database", `{"enabled":false,"ha":false}`, "cache", `{"enabled":false}`), nil, nil},
		{"digest", prod("app", `{"image":"x@sha256:abc"}`), nil, nil},
		{"webhook is a recipient", append(prod(), "alerts!", `{"webhook":"https://h.example"}`), nil, nil},
		{"allowed", prod("database", `{"ha":false}`, "allow", `{"database-single-zone":`+reason+`}`), nil, nil},
		{"allowed another", prod("database", `{"ha":false}`, "allow", `{"waf":`+reason+`}`), []string{"database-single-zone"},
			[]string{"slipway:allow.waf: not needed, this stack doesn't break it; remove it"}},
		{"allowed in dev", []string{"cloud", "aws", "allow", `{"domain":` + reason + `}`}, nil, []string{"slipway:allow.domain: not needed, this stack doesn't break it; remove it"}},
		{"docker in prod", []string{"cloud", "docker", "tier", "prod"}, nil, nil},
		{"docker in prod still guards itself", []string{"cloud", "docker", "tier", "prod", "app", `{"image":"x","replicas":{"min":1}}`, "edge", `{"rateLimit":0}`},
			[]string{"single-replica", "mutable-image-tag", "rate-limit"}, nil},
		{"azure behind a shared front door", []string{"cloud", "azure", "tier", "prod", "domain", `{"name":"a.example.com","zone":"example.com"}`, "alerts", `{"emails":["a@b.example"]}`,
			"azure", `{"frontDoor":"standard","dnsResourceGroup":"dns"}`, "edge", `{"waf":false}`}, []string{"shared-front-door", "waf"}, nil},
		{"gcp without load balancer", []string{"cloud", "gcp", "tier", "prod", "alerts", `{"emails":["a@b.example"]}`}, []string{"domain", "waf", "rate-limit"}, nil},
	} {
		violations, warnings := Guardrails(mustLoad(t, row.kv...))
		var texts []string
		for _, w := range warnings {
			texts = append(texts, w.String())
		}
		if !slices.Equal(ids(violations), row.want) || !slices.Equal(texts, row.warnings) {
			t.Errorf("%s: got %v, %v", row.name, violations, warnings)
		}
	}
}

func TestViolationSaysWhatToDo(t *testing.T) {
	violations, _ := Guardrails(mustLoad(t, prod("logs", `{"retentionDays":30}`)...))
	want := "log-retention: logs.retentionDays is 30, less than 90. Break-ins are found after months; without logs nobody can say what happened. " +
		"Fix it, or allow it with a reason: pulumi config set --path 'slipway:allow.log-retention' 'REASON' (docs/configuration.md#guardrails)"
	if len(violations) != 1 || violations[0].String() != want {
		t.Errorf("got %v", violations)
	}
}

func TestGuardrailRowsAreComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, g := range guardrails {
		if g.ID == "" || seen[g.ID] || g.Tier == "" || g.Check == nil || !strings.HasSuffix(g.Why, ".") || g.Docs == "" {
			t.Errorf("incomplete row: %+v", g)
		}
		seen[g.ID] = true
	}
}

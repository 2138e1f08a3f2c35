package aws

import (
	"slices"
	"testing"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/components/componentstest"
)

// bounded wants each role to have the permissions boundary, or none.
func bounded(want ...any) componentstest.Check {
	return componentstest.Check{Name: "roles are bounded", Test: func(t *testing.T, r *componentstest.Recording) {
		roles := r.Of("aws:iam/role:Role")
		if len(roles) < 3 {
			t.Errorf("there are %d roles only", len(roles))
		}
		for _, role := range roles {
			wantProperty(t, role, "permissionsBoundary", want...)
		}
	}}
}

// Each right of a task, and what it is for.
func TestRoles(t *testing.T) {
	secret := "arn:aws:secretsmanager:eu-west-1:123456789012:secret:links-AbCdEf"
	r := run{args: func(a *components.ServiceArgs) {
		a.Secrets = map[string]components.SecretRef{"TOKEN": {StringOutput: plainText(secret)}, "SAME": {StringOutput: plainText(secret + ":key::")}}
	}}.mustRecord(t)
	const repositories = "arn:aws:ecr:eu-west-1:123456789012:repository/slipway/"
	want := map[string][][2][]string{
		"links-production-execution": {
			{{"ecr:GetAuthorizationToken"}, {"*"}},
			{pull, {repositories + "links", repositories + "otel_collector"}},
			{{"logs:CreateLogStream", "logs:PutLogEvents"}, nil},
			{{"secretsmanager:GetSecretValue"}, {secret}},
			{{"kms:Decrypt"}, nil},
		},
		"links-production-task": {
			{{"xray:PutTraceSegments", "xray:PutTelemetryRecords"}, {"*"}},
			{{"logs:CreateLogStream", "logs:PutLogEvents"}, nil},
		},
	}
	for name, rows := range want {
		rights, ok := r.Find("aws:iam/rolePolicy:RolePolicy", name)
		if !ok {
			t.Fatalf("role %s has no rights", name)
		}
		got := clauses(t, rights, "policy")
		if len(got) != len(rows) {
			t.Errorf("%s has %d statements, want %d", name, len(got), len(rows))
		}
		for i, row := range rows[:min(len(rows), len(got))] {
			if !slices.Equal(texts(got[i].Action), row[0]) || row[1] != nil && !slices.Equal(texts(got[i].Resource), row[1]) || len(texts(got[i].Resource)) == 0 {
				t.Errorf("%s allows %v on %v, want %v", name, got[i].Action, got[i].Resource, row)
			}
		}
	}
	execution, _ := r.Find("aws:iam/rolePolicy:RolePolicy", "links-production-execution")
	if via := clauses(t, execution, "policy")[4].Condition["StringEquals"]["kms:ViaService"]; via != "secretsmanager.eu-west-1.amazonaws.com" {
		t.Errorf("the key can be used through %v", via)
	}
	for _, role := range r.Of("aws:iam/role:Role") {
		for _, c := range clauses(t, role, "assumeRolePolicy") {
			if slices.Equal(texts(c.Principal), []string{"ecs-tasks.amazonaws.com"}) && c.Condition["StringEquals"]["aws:SourceAccount"] != "123456789012" {
				t.Errorf("%s can be used for somebody else", role.Name)
			}
		}
	}
}

func TestSecretARN(t *testing.T) {
	for ref, want := range map[string]string{
		"arn:aws:secretsmanager:r:1:secret:name-AbCdEf":            "arn:aws:secretsmanager:r:1:secret:name-AbCdEf",
		"arn:aws:secretsmanager:r:1:secret:name-AbCdEf:password::": "arn:aws:secretsmanager:r:1:secret:name-AbCdEf",
		"text": "text",
	} {
		if got := secretARN(ref); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-iac/slipway/providers/aws/rights"
)

// rolesSuffice holds the roles that the stack makes against what is done with them: no statement is without effect, and ECS may read
// every image, secret and log group that a task definition names, and no secret that none does.
func (h held) rolesSuffice(t *testing.T) {
	t.Helper()
	policies := map[string]rights.Document{}
	for _, r := range h.plan.Resources {
		if r.Type != "aws:iam/rolePolicy:RolePolicy" {
			continue
		}
		d, err := rights.Parse([]byte(fmt.Sprint(r.Inputs["policy"])))
		if err != nil {
			t.Fatalf("%s: %v", r.Name, err)
		}
		policies[fmt.Sprint(r.Inputs["role"])] = d
		for _, s := range d.Statement {
			for _, action := range s.Action {
				if !slices.ContainsFunc(s.Resource, func(arn string) bool { return arn == "*" || len(h.known.TypesOf(action, arn)) > 0 }) {
					t.Errorf("%s: AWS has no %s on %v", r.Name, action, s.Resource)
				}
			}
		}
	}
	tasks := 0
	for _, r := range h.plan.Resources {
		if r.Type == "aws:ecs/taskDefinition:TaskDefinition" {
			tasks++
			h.starts(t, r, policies[lastOf(r.Inputs["executionRoleArn"])])
		}
	}
	if tasks == 0 {
		t.Error("there is no task definition")
	}
}

// starts wants ECS to be able to start the tasks of a definition.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html
func (h held) starts(t *testing.T, task rights.Resource, role rights.Document) {
	t.Helper()
	var containers []struct {
		Image            string
		Secrets          []struct{ ValueFrom string }
		LogConfiguration struct{ Options map[string]string }
	}
	if err := json.Unmarshal([]byte(fmt.Sprint(task.Inputs["containerDefinitions"])), &containers); err != nil {
		t.Fatalf("%s: %v", task.Name, err)
	}
	prefix := func(service string) string {
		return "arn:" + h.plan.Partition + ":" + service + ":" + task.Region + ":" + h.plan.Account + ":"
	}
	want := []rights.Request{{Action: "ecr:GetAuthorizationToken", Resource: "*"}}
	for _, c := range containers {
		if _, path, ok := strings.Cut(c.Image, ".amazonaws.com/"); ok {
			name, _, _ := strings.Cut(path, "@")
			want = append(want, rights.Request{Action: "ecr:BatchGetImage", Resource: prefix("ecr") + "repository/" + name})
		}
		for _, s := range c.Secrets {
			arn := strings.Join(strings.Split(s.ValueFrom, ":")[:7], ":")
			want = append(want, rights.Request{Action: "secretsmanager:GetSecretValue", Resource: arn})
		}
		want = append(want, rights.Request{Action: "logs:PutLogEvents", Resource: prefix("logs") + "log-group:" + c.LogConfiguration.Options["awslogs-group"] + ":log-stream:blue/app/1"})
	}
	for _, r := range want {
		if !rights.Decide([]rights.Document{role}, r).Allowed {
			t.Errorf("%s can't start: its execution role may not %s on %s", task.Name, r.Action, r.Resource)
		}
	}
	foreign := rights.Request{Action: "secretsmanager:GetSecretValue", Resource: prefix("secretsmanager") + "secret:another-AbCdEf"}
	if rights.Decide([]rights.Document{role}, foreign).Allowed {
		t.Errorf("the execution role of %s reads any secret", task.Name)
	}
}

func lastOf(arn any) string {
	text := fmt.Sprint(arn)
	return text[strings.LastIndex(text, "/")+1:]
}

package aws

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/components/componentstest"
)

// eachContainer tests every container of every task definition.
func eachContainer(test func(t *testing.T, c map[string]any)) func(*testing.T, *componentstest.Recording) {
	return func(t *testing.T, r *componentstest.Recording) {
		for _, task := range r.Of(taskType) {
			all := taskContainers(t, task)
			if len(all) != 4 {
				t.Errorf("%s has %d containers, want collector, dbinit, migrate and app", task.Name, len(all))
			}
			for name, c := range all {
				t.Run(task.Name+" "+name, func(t *testing.T) { test(t, c) })
			}
		}
	}
}

// at reads a value inside of JSON as text: at(c, "linuxParameters", "capabilities", "drop").
func at(value any, path ...string) string {
	for _, key := range path {
		object, _ := value.(map[string]any)
		value = object[key]
	}
	return fmt.Sprint(value)
}

func hardenedContainer(t *testing.T, c map[string]any) {
	for _, row := range []struct {
		want string
		path []string
	}{
		{"true", []string{"readonlyRootFilesystem"}},
		{"<nil>", []string{"privileged"}},
		{"[ALL]", []string{"linuxParameters", "capabilities", "drop"}},
		{"[]", []string{"linuxParameters", "capabilities", "add"}}, // not left out: ECS would give it back, and every update find a change
		{"true", []string{"linuxParameters", "initProcessEnabled"}},
		{"awslogs", []string{"logConfiguration", "logDriver"}},
		{"eu-west-1", []string{"logConfiguration", "options", "awslogs-region"}},
		{"non-blocking", []string{"logConfiguration", "options", "mode"}},
		{"[rw noexec nosuid nodev]", []string{"linuxParameters", "tmpfs", "mountOptions"}},
	} {
		var value any = c
		if row.path[len(row.path)-1] == "mountOptions" {
			value, row.path = c["linuxParameters"].(map[string]any)["tmpfs"].([]any)[0], row.path[2:]
		}
		if got := at(value, row.path...); got != row.want {
			t.Errorf("%v is %s, want %s", row.path, got, row.want)
		}
	}
	if user := at(c, "user"); user != appUser && user != collectorUser {
		t.Errorf("the user is %s", user)
	}
	if group := at(c, "logConfiguration", "options", "awslogs-group"); group != "/slipway/slipway/production/app" {
		t.Errorf("logs go to %s", group)
	}
}

// referringContainer wants values of secrets nowhere, and every variable once.
func referringContainer(t *testing.T, c map[string]any) {
	var plain, secret []string
	for _, key := range []string{"environment", "secrets"} {
		list, _ := c[key].([]any)
		for _, one := range list {
			name := at(one, "name")
			if key == "secrets" {
				secret = append(secret, name)
				if from := at(one, "valueFrom"); from == "" {
					t.Errorf("%s refers to nothing", name)
				}
			} else {
				plain = append(plain, name)
				if at(one, "value") == "" {
					t.Errorf("%s is empty", name)
				}
			}
		}
		if !slices.IsSorted(plain) || !slices.IsSorted(secret) {
			t.Errorf("%s are in no order: every update would make a new revision", key)
		}
	}
	for _, name := range []string{"DATABASE_URL", "CACHE_URL", "EXTRA_SECRET", "MASTER_SECRET", "APP_PASSWORD"} {
		if slices.Contains(plain, name) {
			t.Errorf("%s is given as plain text", name)
		}
	}
	want := map[string][]string{"app": {"CACHE_URL", "DATABASE_URL", "EXTRA_SECRET"}, "migrate": {"CACHE_URL", "DATABASE_URL", "EXTRA_SECRET"}, "dbinit": {"APP_PASSWORD", "MASTER_SECRET"}}
	if name := at(c, "name"); !slices.Equal(secret, want[name]) {
		t.Errorf("the secrets of %s are %v, want %v", name, secret, want[name])
	}
}

func TestTaskIsDividedUp(t *testing.T) {
	r := run{args: func(a *components.ServiceArgs) {
		a.Migrate = []string{"migrate", "up"}
		a.Init = []components.InitStep{{Name: "dbinit", Image: a.Tracks[0].Image}, {Name: "seed", Image: a.Tracks[0].Image, Command: []string{"seed"}}}
	}}.mustRecord(t)
	all := taskContainers(t, sole(t, r, taskType))
	for _, row := range []struct{ name, essential, cpu, memory, command, wait string }{
		{"otel-collector", "false", "32", "128", "<nil>", "<nil>"},
		{"dbinit", "false", "<nil>", "<nil>", "<nil>", "[map[condition:START containerName:otel-collector]]"},
		{"seed", "false", "<nil>", "<nil>", "[seed]", "[map[condition:START containerName:otel-collector] map[condition:SUCCESS containerName:dbinit]]"},
		{"migrate", "false", "<nil>", "<nil>", "[migrate up]", "[map[condition:START containerName:otel-collector] map[condition:SUCCESS containerName:seed]]"},
		{"app", "true", "224", "384", "<nil>", "[map[condition:START containerName:otel-collector] map[condition:SUCCESS containerName:migrate]]"},
	} {
		c := all[row.name]
		got := []string{at(c, "essential"), at(c, "cpu"), at(c, "memory"), at(c, "command"), at(c, "dependsOn")}
		if want := []string{row.essential, row.cpu, row.memory, row.command, row.wait}; !slices.Equal(got, want) {
			t.Errorf("%s is %v, want %v", row.name, got, want)
		}
	}
	if at(all["app"], "stopTimeout") != "30" || at(all["app"], "portMappings") != "[map[containerPort:8080 hostPort:8080 protocol:tcp]]" {
		t.Errorf("the app stops after %v s and listens on %v", all["app"]["stopTimeout"], all["app"]["portMappings"])
	}
}

func TestAppEnvironment(t *testing.T) {
	r := run{args: func(a *components.ServiceArgs) {
		a.Env = map[string]pulumi.StringInput{"CACHE_CA": pulumi.String(""), "OTEL_EXPORTER_OTLP_ENDPOINT": pulumi.String("https://elsewhere.example.com"), "BOTH": pulumi.String("plain")}
		a.Secrets = map[string]components.SecretRef{"BOTH": {StringOutput: plainText("arn:aws:secretsmanager:eu-west-1:123456789012:secret:both-AbCdEf")}}
	}}.mustRecord(t)
	app := taskContainers(t, sole(t, r, taskType))["app"]
	got := map[string]string{}
	for _, one := range app["environment"].([]any) {
		got[at(one, "name")] = at(one, "value")
	}
	want := map[string]string{
		"PORT": "8080", "TRUSTED_PROXIES": vpcCIDR, "SLIPWAY_VERSION": "0123456789ab", "SLIPWAY_SLOT": "blue", "OTEL_EXPORTER_OTLP_ENDPOINT": "https://elsewhere.example.com",
	}
	if !maps.Equal(got, want) {
		t.Errorf("the environment is %v, want %v", got, want)
	}
	if secrets := at(app, "secrets"); !strings.Contains(secrets, "BOTH") {
		t.Errorf("the secrets are %s", secrets)
	}
}

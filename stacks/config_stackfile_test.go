package stacks

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/config"
	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// stackFile reads a stack's file with Pulumi's own code, project defaults
// included, and hands it over as the engine would.
func stackFile(t *testing.T, stack string) Input {
	t.Helper()
	proj, err := workspace.LoadProject("../Pulumi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	file, err := workspace.LoadProjectStack(nil, proj, "../Pulumi."+stack+".yaml")
	if err != nil {
		t.Fatal(err)
	}
	for key, declared := range proj.Config {
		full := config.MustMakeKey(proj.Name.String(), key)
		if _, set := file.Config[full]; set || strings.Contains(key, ":") || declared.Default == nil {
			continue
		}
		text, isText := declared.Default.(string)
		if !isText {
			asJSON, err := json.Marshal(declared.Default)
			if err != nil {
				t.Fatal(err)
			}
			text = string(asJSON)
		}
		file.Config[full] = config.NewValue(text)
	}
	values, err := file.Config.Decrypt(config.NopDecrypter)
	if err != nil {
		t.Fatal(err)
	}
	in := Input{Project: proj.Name.String(), Stack: stack, Values: map[string]string{}}
	for k, v := range values {
		in.Values[k.String()] = v
	}
	return in
}

// TestStackFiles loads the example stacks as Pulumi would hand them over.
func TestStackFiles(t *testing.T) {
	for _, row := range []struct {
		stack    string
		cloud    Cloud
		tier     Tier
		strategy Strategy
	}{
		{"local", CloudDocker, TierDev, StrategyRolling},
		{"dev", CloudAWS, TierDev, StrategyRolling},
		{"prod", CloudAWS, TierProd, StrategyCanary},
		{"gcp-dev", CloudGCP, TierDev, StrategyRolling},
		{"gcp-prod", CloudGCP, TierProd, StrategyRolling},
	} {
		c, err := Load(stackFile(t, row.stack))
		if err != nil {
			t.Error(err)
			continue
		}
		if c.Cloud != row.cloud || c.Tier != row.tier || c.Rollout.Strategy != row.strategy || c.App.Name != "links" {
			t.Errorf("%s: %+v", row.stack, c)
		}
		if violations, warnings := Guardrails(c); len(violations)+len(warnings) > 0 {
			t.Errorf("%s: %v %v", row.stack, violations, warnings)
		}
		text, err := os.ReadFile("../Pulumi." + row.stack + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(text), "# yaml-language-server: $schema=docs/config.schema.json\n") {
			t.Errorf("%s: the first line doesn't name the schema", row.stack)
		}
		if err := compiledSchema(t).Validate(document(t, text)); err != nil {
			t.Errorf("%s: %v", row.stack, err)
		}
	}
}

func TestPulumiYAML(t *testing.T) {
	proj, err := workspace.LoadProject("../Pulumi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := proj.Validate(); err != nil {
		t.Error(err)
	}
	if got := fmt.Sprint(proj.Config["pulumi:disable-default-providers"].Value); got != "[*]" {
		t.Errorf("default providers: %s", got)
	}
	if proj.Runtime.Name() != "go" || proj.Template == nil || proj.Template.Config["cloud"].Default != "docker" {
		t.Errorf("runtime or template: %+v %+v", proj.Runtime, proj.Template)
	}
	for key, declared := range proj.Config {
		if declared.Default == nil && declared.Value == nil && key != "cloud" {
			t.Errorf("%s has no default, so Pulumi would require it", key)
		}
	}
}

func TestInputFromEnv(t *testing.T) {
	env := map[string]string{
		"PULUMI_PROJECT": "shop", "PULUMI_STACK": "dev",
		"PULUMI_CONFIG": `{"shop:cloud":"docker","shop:oops":"1"}`, "PULUMI_CONFIG_SECRET_KEYS": `["shop:secrets"]`,
	}
	in, err := InputFromEnv(func(k string) string { return env[k] })
	if err != nil || in.Project != "shop" || in.Stack != "dev" || in.Values["shop:oops"] != "1" || !in.isSecret("secrets") || in.isSecret("app") {
		t.Errorf("%+v %v", in, err)
	}
	if in, err := InputFromEnv(func(string) string { return "" }); err != nil || in.Values != nil {
		t.Errorf("%+v %v", in, err)
	}
	for _, name := range []string{"PULUMI_CONFIG", "PULUMI_CONFIG_SECRET_KEYS"} {
		_, err := InputFromEnv(func(k string) string {
			if k == name {
				return "t0p"
			}
			return ""
		})
		if err == nil || !strings.HasPrefix(err.Error(), name+" is not a JSON") || strings.Contains(err.Error(), "t0p") {
			t.Error(err)
		}
	}
}

// noResources is a monitor for programs that register nothing.
type noResources struct{ pulumi.MockResourceMonitor }

// fromContext runs a program with the given environment and returns its input.
func fromContext(t *testing.T, env map[string]string) (in Input, err error) {
	t.Helper()
	for _, k := range []string{"PULUMI_PROJECT", "PULUMI_STACK", "PULUMI_CONFIG", "PULUMI_CONFIG_SECRET_KEYS"} {
		t.Setenv(k, env[k])
	}
	runErr := pulumi.RunErr(func(ctx *pulumi.Context) error {
		in, err = InputFromContext(ctx)
		return nil
	}, pulumi.WithMocks("shop", "dev", noResources{}))
	if runErr != nil {
		t.Fatal(runErr)
	}
	return in, err
}

func TestInputFromContext(t *testing.T) {
	cfg := `{"shop:cloud":"docker","shop:secrets":"{}","shop:oops":"1","aws:region":"x"}`
	env := map[string]string{"PULUMI_PROJECT": "shop", "PULUMI_STACK": "dev", "PULUMI_CONFIG": cfg, "PULUMI_CONFIG_SECRET_KEYS": `["shop:secrets"]`}
	in, err := fromContext(t, env)
	if err != nil || in.Values["shop:oops"] != "1" || !in.isSecret("secrets") {
		t.Errorf("started by the language host: %+v %v", in, err)
	}
	// Another stack's environment is not trusted: only known keys, from the context.
	env["PULUMI_STACK"] = "prod"
	in, err = fromContext(t, env)
	if err != nil || in.Stack != "dev" || len(in.Values) != 2 || in.Values["shop:cloud"] != "docker" || !in.isSecret("secrets") {
		t.Errorf("inline: %+v %v", in, err)
	}
	env["PULUMI_CONFIG"] = "{"
	if _, err = fromContext(t, env); err == nil {
		t.Error("broken environment, but no error")
	}
}

func TestQuantity(t *testing.T) {
	for _, row := range []struct {
		text string
		want Quantity
		ok   bool
	}{
		{"512Mi", 512 * Mi, true}, {"20Gi", 20 * Gi, true}, {"1Ti", Ti, true}, {"3Ki", 3 * Ki, true}, {"0Gi", 0, true},
		{"1GB", 0, false}, {"1.5Gi", 0, false}, {"-1Gi", 0, false}, {"Gi", 0, false}, {"1", 0, false}, {"99999999Ti", 0, false}, {"", 0, false},
	} {
		got, err := ParseQuantity(row.text)
		if got != row.want || (err == nil) != row.ok {
			t.Errorf("%q: %v, %v", row.text, got, err)
		}
		if row.ok && got != 0 && got.String() != row.text {
			t.Errorf("%q is written as %q", row.text, got)
		}
	}
	if q := Gi + 1; q.MiB() != 1025 || q.GiB() != 2 || q.Bytes() != 1<<30+1 || q.String() != "1073741825" {
		t.Error(q.MiB(), q.GiB(), q)
	}
}

func TestSecretIsNeverPrinted(t *testing.T) {
	c := Config{Secrets: map[string]Secret{"A": "t0p"}, Alerts: Alerts{Webhook: "t0p"}}
	asJSON, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	texts := []string{string(asJSON), c.Alerts.Webhook.String()}
	for _, verb := range []string{"v", "+v", "#v", "s", "q", "d", "x"} {
		texts = append(texts, fmt.Sprintf("%"+verb, c))
	}
	for _, text := range texts {
		if strings.Contains(text, "t0p") || strings.Contains(text, "743070") {
			t.Error(text)
		}
	}
}

package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/cli/plan"
	"github.com/slipway-iac/slipway/stacks/release"
)

// A secret that is added, given another value or taken away: each update leaves in the app what the revision before it uses, under the
// same name and version, and the value that a candidate brings has a name of its own. One that changes nothing plans nothing, and what no
// revision uses any more goes with the next change.
func TestSecretsOfActiveRevisions(t *testing.T) {
	if testing.Short() {
		t.Skip("with the real engine: left out by -short")
	}
	if _, err := exec.LookPath("pulumi"); err != nil {
		t.Fatal("pulumi is not on PATH: `make test` puts it there; -short leaves this test out")
	}
	root, err := filepath.Abs("../..")
	must(t, err)
	value := "" // of API_KEY; none if empty
	var transition *release.Transition
	image := first
	engine, err := plan.Open(t.Context(), plan.Setup{Project: "slipway", Stack: "azure-prod", Program: func(ctx *pulumi.Context) error {
		conf, err := plan.Configure(root, "azure-prod", []string{"app.image=" + version(image)})
		if err != nil {
			return err
		}
		conf.Input.Transition = transition
		if value != "" {
			conf.Input.Values["slipway:secrets"], conf.Input.SecretKeys = fmt.Sprintf(`{"API_KEY":%q}`, value), []string{"slipway:secrets"}
		}
		return program.Inline(root, conf.Input)(ctx)
	}})
	must(t, err)
	defer func() { must(t, engine.Close()) }()
	var last, live map[string]string
	up := func(name string) {
		t.Helper()
		must(t, engine.Up(t.Context()))
		state, err := engine.State(t.Context())
		must(t, err)
		has, uses := secretsOf(t, state)
		for ref := range uses {
			if has[ref] == "" {
				t.Errorf("%s: a container uses %s, which the app does not have", name, ref)
			}
		}
		for ref, address := range live {
			if has[ref] != address {
				t.Errorf("%s: the revision before uses %s at %s, and it is %q now", name, ref, address, has[ref])
			}
		}
		last, live = has, map[string]string{}
		for ref := range uses {
			live[ref] = has[ref]
		}
	}
	up("first")
	value = "one"
	up("added")
	without := len(last)
	value = "two"
	up("another value")
	if len(last) != without+1 {
		t.Errorf("the app has %d secrets, and %d before its secret had another value", len(last), without)
	}
	before := last
	up("nothing changes")
	if len(last) != len(before) {
		t.Errorf("an update that changes nothing leaves %d secrets of %d", len(last), len(before))
	}
	value, image, transition = "three", second, move(release.Stage, "a", nil)
	up("a candidate with another value")
	serving := live
	transition = move(release.Abort, "a", nil)
	up("aborted")
	for ref, address := range serving {
		if last[ref] != address {
			t.Errorf("after the abort the app lacks %s", ref)
		}
	}
}

// secretsOf are the secrets of the app with their addresses, and those that its latest template uses.
func secretsOf(t *testing.T, state *apitype.DeploymentV3) (has map[string]string, uses map[string]bool) {
	t.Helper()
	has, uses = map[string]string{}, map[string]bool{}
	for _, r := range state.Resources {
		if kind(string(r.Type)) != "app:ContainerApp" {
			continue
		}
		inputs := resource.NewProperty(resource.NewPropertyMapFromMap(r.Inputs))
		at := func(path string) []resource.PropertyValue {
			parsed, err := resource.ParsePropertyPath(path)
			must(t, err)
			rows, _ := parsed.Get(inputs)
			return rows.ArrayValue()
		}
		for _, row := range at("configuration.secrets") {
			has[row.ObjectValue()["name"].StringValue()] = row.ObjectValue()["keyVaultUrl"].StringValue()
		}
		for _, container := range at("template.containers") {
			for _, v := range container.ObjectValue()["env"].ArrayValue() {
				if ref, ok := v.ObjectValue()["secretRef"]; ok {
					uses[ref.StringValue()] = true
				}
			}
		}
	}
	if len(has) == 0 || len(uses) == 0 {
		t.Fatal("the app has no secrets, or uses none")
	}
	return has, uses
}

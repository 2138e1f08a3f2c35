// Package plantest takes the stacks of a cloud through their simulated life: preview, up, a second up, destroy, on Pulumi's real
// engine. It needs the pulumi command on PATH, and no network, credentials or Docker Engine.
package plantest

import (
	"encoding/json"
	"maps"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/optpreview"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/slipway-iac/slipway/cli/plan"
	"github.com/slipway-iac/slipway/cli/simulate"
	"github.com/slipway-iac/slipway/stacks"
)

// life is one stack under test.
type life struct {
	root   string
	conf   plan.Configuration
	config stacks.Config
	setup  plan.Setup
	engine *plan.Engine
	state  *apitype.DeploymentV3
}

// Check looks at the state of a stack that is up.
type Check func(t *testing.T, stack string, state *apitype.DeploymentV3)

// Run tests every stack whose file names the program's cloud. root is the folder of Pulumi.yaml; checks are what else must hold.
func Run(t *testing.T, program stacks.Program, root string, checks ...Check) {
	t.Helper()
	if testing.Short() {
		t.Skip("with the real engine: left out by -short")
	}
	if _, err := exec.LookPath("pulumi"); err != nil {
		t.Fatal("pulumi is not on PATH: `make test` puts it there; -short leaves this test out")
	}
	root, err := filepath.Abs(root)
	must(t, err)
	files, err := filepath.Glob(filepath.Join(root, "Pulumi.*.yaml"))
	must(t, err)
	tested := 0
	for _, file := range files {
		stack := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), "Pulumi."), ".yaml")
		conf, err := plan.Configure(root, stack, nil)
		must(t, err)
		config, err := stacks.Load(conf.Input)
		if err != nil {
			t.Errorf("stack %s: %v", stack, err)
		}
		if config.Cloud != program.Cloud {
			continue
		}
		tested++
		t.Run(stack, func(t *testing.T) {
			l := &life{root: root, conf: conf, config: config, setup: plan.Setup{Project: conf.Input.Project, Stack: stack, Config: conf.Other, Program: program.Inline(root, conf.Input)}}
			l.setup.Cloud.Plugins, l.setup.Cloud.Audit = realProviders(t, root), true
			l.run(t, checks)
		})
	}
	if tested == 0 {
		t.Errorf("no stack file names the cloud %s", program.Cloud)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (l *life) run(t *testing.T, checks []Check) {
	var err error
	l.engine, err = plan.Open(t.Context(), l.setup)
	must(t, err)
	t.Cleanup(func() { must(t, l.engine.Close()) })
	planned := l.preview(t)
	must(t, l.engine.Up(t.Context()))
	t.Run("real providers", l.providers)
	l.state, err = l.engine.State(t.Context())
	must(t, err)
	if n := len(l.state.Resources); n != planned {
		t.Errorf("the preview, with every output unknown, has %d resources, and up %d", planned, n)
	}
	for _, m := range l.engine.Misfits() {
		t.Errorf("the tables of the simulation are wrong: %s", m)
	}
	for _, check := range checks {
		check(t, l.conf.Input.Stack, l.state)
	}
	t.Run("ids are unique and ARNs complete", l.values)
	t.Run("no secret is in the file", l.secrets)
	t.Run("a second up changes nothing", l.again)
	t.Run("a comparison with itself is empty", l.compare)
	t.Run("destroy", l.destroy)
}

func (l *life) preview(t *testing.T) int {
	t.Helper()
	result, err := l.engine.Stack.Preview(t.Context(), optpreview.SuppressProgress())
	must(t, err)
	if len(result.ChangeSummary) != 1 {
		t.Errorf("a preview of nothing has %v", result.ChangeSummary)
	}
	return result.ChangeSummary[apitype.OpCreate] + 2 // the stack's reference to itself, and the engine's provider of that
}

var arn = regexp.MustCompile(`^arn:(aws|aws-cn|aws-us-gov):[a-z0-9-]+:[a-z0-9-]*:(\d{12}|aws)?:.+$`)

// values looks at what the simulated clouds have made up.
func (l *life) values(t *testing.T) {
	ids := map[string]string{}
	for _, r := range l.state.Resources {
		if !r.Custom || strings.HasPrefix(string(r.Type), "random:") {
			continue
		}
		key := string(r.Type) + " " + string(r.ID)
		if other, twice := ids[key]; twice || r.ID == "" {
			t.Errorf("%s has the id %q, like %s", r.URN, r.ID, other)
		}
		ids[key] = string(r.URN)
		for name, v := range r.Outputs {
			if text, ok := v.(string); ok && strings.HasPrefix(text, "arn:") && !arn.MatchString(text) {
				t.Errorf("%s of %s is %q, which is no ARN", name, r.URN, text)
			}
		}
	}
}

// secrets looks for every secret of the state in what is written.
func (l *life) secrets(t *testing.T) {
	written, err := plan.Encode(l.root, l.state)
	must(t, err)
	found, open := map[string]bool{}, map[string]bool{}
	for _, r := range l.state.Resources {
		for _, m := range []map[string]any{r.Inputs, r.Outputs} {
			collect(t, m, found, open)
		}
	}
	for text := range open {
		delete(found, text) // what a provider made secret as a whole, of which this part is known
	}
	if len(found) == 0 {
		t.Error("the state has no secret at all")
	}
	for secret := range found {
		quoted, err := json.Marshal(secret)
		must(t, err)
		if len(secret) >= 8 && strings.Contains(string(written), strings.Trim(string(quoted), `"`)) {
			t.Errorf("the secret %.8s… is in the plan", secret)
		}
	}
	if strings.Contains(string(written), "ciphertext") {
		t.Error("a ciphertext is in the plan")
	}
	if strings.Contains(string(written), l.root) {
		t.Error("the folder of this checkout is in the plan")
	}
}

// collect finds the texts in secrets, and the others.
func collect(t *testing.T, v any, secret, open map[string]bool) {
	t.Helper()
	switch v := v.(type) {
	case string:
		open[v] = true
	case []any:
		for _, e := range v {
			collect(t, e, secret, open)
		}
	case map[string]any:
		if text, ok := v["plaintext"].(string); ok && v[resource.SigKey] == resource.SecretSig {
			var value any
			must(t, json.Unmarshal([]byte(text), &value))
			collect(t, value, secret, secret)
			return
		}
		for _, e := range v {
			collect(t, e, secret, open)
		}
	}
}

func (l *life) again(t *testing.T) {
	result, err := l.engine.Stack.Up(t.Context())
	must(t, err)
	// The stack reads its own outputs.
	if changes := result.Summary.ResourceChanges; changes == nil || len(*changes) != 2 || (*changes)["same"] == 0 || (*changes)["read"] != 1 {
		t.Errorf("the second up has %v", result.Summary.ResourceChanges)
	}
}

// compare goes through a file, as two runs do.
func (l *life) compare(t *testing.T) {
	file := filepath.Join(t.TempDir(), "plan.json")
	must(t, plan.Write(file, l.root, l.state))
	base, err := plan.Read(file, l.setup.Project, l.setup.Stack)
	must(t, err)
	changes, err := plan.Compare(t.Context(), l.setup, base, l.state, l.root)
	must(t, err)
	for _, c := range changes {
		t.Errorf("%s would be %s: %v", c.URN, c.Action, c.Properties)
	}
}

// destroy must go in the order of the dependencies. What a cloud protects must stop it, with the reason.
func (l *life) destroy(t *testing.T) {
	guarded := map[string]string{}
	for i := range l.state.Resources {
		r := &l.state.Resources[i]
		r.Protect = false // Pulumi's own protection is not what is tested
		if key := simulate.Protection(string(r.Type), resource.NewPropertyMapFromMap(r.Inputs)); key != "" {
			guarded[r.URN.Name()] = key
		}
	}
	must(t, l.engine.Import(t.Context(), l.state))
	_, err := l.engine.Stack.Destroy(t.Context())
	if len(guarded) == 0 {
		must(t, err)
		left, err := l.engine.State(t.Context())
		must(t, err)
		if len(left.Resources) > 0 {
			t.Errorf("%d resources are left", len(left.Resources))
		}
		return
	}
	if err == nil {
		t.Fatalf("it succeeds, although %v are protected", guarded)
	}
	named := func(name string) bool {
		return strings.Contains(err.Error(), `"`+name+`" can't be deleted: its deletion protection is on (`+guarded[name]+")")
	}
	if !slices.ContainsFunc(slices.Collect(maps.Keys(guarded)), named) {
		t.Errorf("the error names none of %v:\n%v", guarded, err)
	}
	if strings.Contains(err.Error(), "still names it") {
		t.Errorf("the order is wrong:\n%v", err)
	}
}

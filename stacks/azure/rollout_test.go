package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/cli/plan"
	"github.com/slipway-iac/slipway/stacks/release"
)

// version is a ready-made image whose digest begins with these twelve digits.
func version(digits string) string {
	return "registry.example.com/links@sha256:" + digits + strings.Repeat("0", 52)
}

const first, second, third = "111111111111", "222222222222", "333333333333"

// step is one update of a stack, with the traffic that it must end in: for each entry "label weight", or "latest weight".
type step struct {
	name, version string
	transition    *release.Transition
	traffic       []string
}

func move(action release.Action, id string, more func(*release.Transition)) *release.Transition {
	t := &release.Transition{Action: action, ID: id, Lease: release.Lease{Holder: "test@host", PID: 1}, Steps: []int{25, 100}}
	if more != nil {
		more(t)
	}
	return t
}

func to(i int) func(*release.Transition) { return func(t *release.Transition) { t.Step = i } }

// Every update of a canary that is promoted, then of one that is aborted, on Pulumi's engine. No step replaces or deletes a resource of
// Azure, and each ends in exactly these weights.
func TestRollouts(t *testing.T) {
	if testing.Short() {
		t.Skip("with the real engine: left out by -short")
	}
	if _, err := exec.LookPath("pulumi"); err != nil {
		t.Fatal("pulumi is not on PATH: `make test` puts it there; -short leaves this test out")
	}
	steps := []step{
		{"first", first, nil, []string{"latest 100"}},
		{"staged", second, move(release.Stage, "a", nil), []string{"blue 100", "green 0"}},
		{"a quarter", second, move(release.Shift, "a", to(0)), []string{"blue 75", "green 25"}},
		{"all", second, move(release.Shift, "a", to(1)), []string{"blue 0", "green 100"}},
		{"promoted", second, move(release.Promote, "a", nil), []string{"blue 0", "green 100"}},
		{"cleared", second, move(release.Clear, "", nil), []string{"latest 100"}},
		{"unchanged", second, nil, []string{"latest 100"}},
		{"staged again", third, move(release.Stage, "b", nil), []string{"green 100", "blue 0"}},
		{"a quarter again", third, move(release.Shift, "b", to(0)), []string{"green 75", "blue 25"}},
		{"aborted", third, move(release.Abort, "b", nil), []string{"green 100", "blue 0"}},
		{"cleared after the abort", third, move(release.Clear, "b", nil), []string{"green 100"}},
		{"an update after it", third, nil, []string{"green 100"}},
		{"staged once more", third, move(release.Stage, "c", nil), []string{"green 100", "blue 0"}},
	}
	root, err := filepath.Abs("../..")
	must(t, err)
	var now step
	engine, err := plan.Open(t.Context(), plan.Setup{Project: "slipway", Stack: "azure-prod", Program: func(ctx *pulumi.Context) error {
		conf, err := plan.Configure(root, "azure-prod", []string{"app.image=" + version(now.version)})
		if err != nil {
			return err
		}
		conf.Input.Transition = now.transition
		return program.Inline(root, conf.Input)(ctx)
	}})
	must(t, err)
	defer func() { must(t, engine.Close()) }()
	before, names := map[string]string{}, map[string]string{}
	for _, now = range steps {
		t.Run(now.name, func(t *testing.T) {
			must(t, engine.Up(t.Context()))
			state, err := engine.State(t.Context())
			must(t, err)
			after := map[string]string{}
			for _, r := range state.Resources {
				if strings.HasPrefix(string(r.Type), "azure-native:") {
					after[string(r.URN)] = string(r.ID)
				}
			}
			for urn, id := range before {
				if after[urn] != id {
					t.Errorf("%s was %s and is %q", urn, id, after[urn])
				}
			}
			before = after
			traffic(t, state, now, names)
		})
	}
}

// traffic compares the app's traffic with what the step wants. A label's revision keeps its name as long as its version runs, and no
// name is ever given to another version.
func traffic(t *testing.T, state *apitype.DeploymentV3, s step, names map[string]string) {
	t.Helper()
	for _, r := range state.Resources {
		if kind(string(r.Type)) != "app:ContainerApp" {
			continue
		}
		var got []string
		path, err := resource.ParsePropertyPath("configuration.ingress.traffic")
		must(t, err)
		rows, _ := path.Get(resource.NewProperty(resource.NewPropertyMapFromMap(r.Inputs)))
		for _, v := range rows.ArrayValue() {
			row := v.ObjectValue()
			label := "latest"
			if row.HasValue("label") {
				label = row["label"].StringValue()
				names[row["revisionName"].StringValue()] += " " + label
			}
			got = append(got, fmt.Sprintf("%s %.0f", label, row["weight"].NumberValue()))
		}
		if !slices.Equal(got, s.traffic) {
			t.Errorf("the traffic is %v, want %v", got, s.traffic)
		}
	}
	for name, labels := range names {
		if all := strings.Fields(labels); len(slices.Compact(all)) != 1 {
			t.Errorf("revision %s had the labels %v", name, all)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

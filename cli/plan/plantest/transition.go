package plantest

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/cli/plan"
	"github.com/slipway-iac/slipway/cli/simulate"
	"github.com/slipway-iac/slipway/stacks"
	"github.com/slipway-iac/slipway/stacks/release"
)

// Transition is a change of a stack that is up, and its way back.
type Transition struct {
	// Name says what changes.
	Name string
	// Set are the settings that make the change, as on the command line.
	Set []string
	// There and Back are why the change and its way back are refused: "reason: name of the resource", "" for those that nothing stops.
	There, Back []string
}

// Journey is a stack that is up, from which changes go out.
type Journey struct {
	// Name says what is up, Stack whose file it is.
	Name, Stack string
	// Set are settings on top of the file.
	Set []string
	// Slots brings a second version up beside the first, and moves half of the traffic to it.
	Slots bool
	// Rows are the changes.
	Rows []Transition
}

// Transitions takes stacks through changes and back, on clouds that note what they would refuse. A row asks for the refusals that it
// names, and for no other.
func Transitions(t *testing.T, program stacks.Program, root string, journeys []Journey) {
	t.Helper()
	if testing.Short() {
		t.Skip("with the real engine: left out by -short")
	}
	if _, err := exec.LookPath("pulumi"); err != nil {
		t.Fatal("pulumi is not on PATH: `make test` puts it there; -short leaves this test out")
	}
	root, err := filepath.Abs(root)
	must(t, err)
	for _, j := range journeys {
		t.Run(j.Name, func(t *testing.T) {
			t.Parallel()
			w := &walk{root: root, program: program, journey: j}
			w.open(t)
			for _, row := range j.Rows {
				t.Run(row.Name, func(t *testing.T) {
					there := w.go1(t, row.Set)
					back := w.go1(t, nil)
					expect(t, "there", there, row.There)
					expect(t, "back", back, row.Back)
				})
			}
		})
	}
}

// walk is a journey under way.
type walk struct {
	root    string
	program stacks.Program
	journey Journey
	engine  *plan.Engine
	input   stacks.Input
}

// source is a version of the app.
func source(digit string) string {
	return "app.image=registry.example.com/links@sha256:" + strings.Repeat(digit, 64)
}

func (w *walk) configure(t *testing.T, set []string) plan.Configuration {
	t.Helper()
	conf, err := plan.Configure(w.root, w.journey.Stack, slices.Concat([]string{source("1")}, w.journey.Set, set))
	must(t, err)
	w.input = conf.Input
	return conf
}

func (w *walk) open(t *testing.T) {
	t.Helper()
	conf := w.configure(t, nil)
	var err error
	w.engine, err = plan.Open(t.Context(), plan.Setup{
		Project: conf.Input.Project, Stack: w.journey.Stack, Config: conf.Other, Cloud: simulate.Options{Yield: true},
		Program: func(ctx *pulumi.Context) error { return w.program.Inline(w.root, w.input)(ctx) },
	})
	must(t, err)
	t.Cleanup(func() { must(t, w.engine.Close()) })
	must(t, w.engine.Up(t.Context()))
	if !w.journey.Slots {
		return
	}
	lease := release.Lease{Holder: "ci@runner", PID: 1, Until: time.Now().Add(time.Hour)}
	for _, do := range []release.Transition{{Action: release.Stage}, {Action: release.Shift}} {
		do.ID, do.Lease, do.Steps, do.Keep = "r1", lease, []int{50, 100}, time.Hour
		w.configure(t, []string{source("2")})
		w.input.Transition = &do
		must(t, w.engine.Up(t.Context()))
	}
	if refused := w.engine.Refusals(); len(refused) > 0 {
		t.Errorf("the clouds refuse the rollout: %v", refused)
	}
}

// go1 updates the stack to its file with some settings, and returns the refusals.
func (w *walk) go1(t *testing.T, set []string) []plan.Refusal {
	t.Helper()
	w.configure(t, set)
	config, err := stacks.Load(w.input)
	must(t, err)
	found := plan.NewPreview()
	must(t, w.engine.Up(t.Context(), found.Events))
	path := found.Taken(w.engine.Refusals())
	return path.Refusals(stacks.PlacementOf(config), nil)
}

// expect compares refusals with what a row says.
func expect(t *testing.T, way string, got []plan.Refusal, want []string) {
	t.Helper()
	var lines []string
	for _, r := range got {
		lines = append(lines, fmt.Sprintf("%s: %s", r.Reason, r.Name))
	}
	for i, line := range lines {
		if !slices.Contains(want, strings.TrimSpace(line)) {
			t.Errorf("%s: refused, which the row does not say: %q\n    %s\n    %s", way, line, got[i].Says, got[i].Do)
		}
	}
	for _, line := range want {
		if !slices.Contains(lines, line) {
			t.Errorf("%s: not refused: %q", way, line)
		}
	}
}

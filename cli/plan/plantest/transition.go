package plantest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
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
	// Set are the settings that make the change, as on the command line. File is the stack whose file takes the place of this one's.
	Set  []string
	File string
	// Secrets are values of the app's secrets, which no plan reads.
	Secrets map[string]string
	// OneWay leaves the way back out: it says nothing that another row does not.
	OneWay bool
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
			w := &walk{root: root, program: program, journey: j, version: "1", protected: map[string]bool{}}
			w.open(t)
			for _, row := range j.Rows {
				t.Run(row.Name, func(t *testing.T) {
					expect(t, "there", w.update(t, row), row.There)
					back := w.update(t, Transition{})
					if !row.OneWay {
						expect(t, "back", back, row.Back)
					}
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
	version string // of the source, a digit

	mu        sync.Mutex
	protected map[string]bool // names of what the program protects
}

// unprotect takes Pulumi's protection off, which would end an update in its middle, and notes it.
func (w *walk) unprotect(a *pulumi.ResourceTransformationArgs) *pulumi.ResourceTransformationResult {
	options, err := pulumi.NewResourceOptions(a.Opts...)
	if err != nil || !options.Protect {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.protected[a.Type+" "+a.Name] = true
	return &pulumi.ResourceTransformationResult{Props: a.Props, Opts: append(a.Opts, pulumi.Protect(false))}
}

// source is a version of the app.
func source(digit string) string {
	return "app.image=registry.example.com/links@sha256:" + strings.Repeat(digit, 64)
}

func (w *walk) configure(t *testing.T, version string, row Transition) plan.Configuration {
	t.Helper()
	file := filepath.Join(w.root, "Pulumi."+cmp.Or(row.File, w.journey.Stack)+".yaml")
	set := []string{source(version)}
	if row.File == "" {
		set = append(set, w.journey.Set...)
	}
	conf, err := plan.ConfigureFrom(w.root, w.journey.Stack, file, append(set, row.Set...))
	must(t, err)
	if len(row.Secrets) > 0 {
		text, err := json.Marshal(row.Secrets)
		must(t, err)
		conf.Input.Values[conf.Input.Project+":secrets"] = string(text)
		conf.Input.SecretKeys = append(conf.Input.SecretKeys, conf.Input.Project+":secrets")
	}
	w.input = conf.Input
	return conf
}

func (w *walk) open(t *testing.T) {
	t.Helper()
	conf := w.configure(t, "1", Transition{})
	var err error
	w.engine, err = plan.Open(t.Context(), plan.Setup{
		Project: conf.Input.Project, Stack: w.journey.Stack, Config: conf.Other, Cloud: simulate.Options{Yield: true},
		Program: func(ctx *pulumi.Context) error {
			if err := ctx.RegisterStackTransformation(w.unprotect); err != nil {
				return err
			}
			return w.program.Inline(w.root, w.input)(ctx)
		},
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
		w.configure(t, "2", Transition{})
		w.input.Transition = &do
		must(t, w.engine.Up(t.Context()))
	}
	w.version = "2"
	if refused := w.engine.Refusals(); len(refused) > 0 {
		t.Errorf("the clouds refuse the rollout: %v", refused)
	}
}

// update brings the stack to its file with the change of a row, and returns the refusals.
func (w *walk) update(t *testing.T, row Transition) []plan.Refusal {
	t.Helper()
	w.configure(t, w.version, row)
	config, err := stacks.Load(w.input)
	must(t, err)
	before := w.protected
	w.protected = map[string]bool{}
	found := plan.NewPreview()
	must(t, w.engine.Up(t.Context(), found.Events))
	path := found.Taken(w.engine.Refusals())
	for i, c := range path.Changes {
		if c.Destroys() && before[c.Type+" "+c.Name] && c.Protection == "" {
			path.Changes[i].Protection = "protect"
		}
	}
	return path.Refusals(stacks.PlacementOf(config), nil)
}

// moves is the refusal of a stack that would leave its data.
const moves = "moved"

// expect compares refusals with what a row says.
func expect(t *testing.T, way string, got []plan.Refusal, want []string) {
	t.Helper()
	if slices.Contains(want, moves) && len(got) > 0 && got[0].Reason == plan.Moved {
		return // the rest of the list is everything that there is
	}
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

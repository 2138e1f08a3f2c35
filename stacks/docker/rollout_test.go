package main

import (
	"fmt"
	"maps"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/cli/plan"
	"github.com/slipway-iac/slipway/stacks"
	"github.com/slipway-iac/slipway/stacks/release"
)

// step is one update on the simulated engine, and what must come of it.
type step struct {
	version string // of the source, a digit
	do      release.Transition
	live    string // the slot whose containers must be untouched
	green   int    // weight that the proxy is told
	slots   string // those with containers
}

func TestRollout(t *testing.T) {
	if testing.Short() {
		t.Skip("with the real engine: left out by -short")
	}
	if _, err := exec.LookPath("pulumi"); err != nil {
		t.Fatal("pulumi is not on PATH: `make test` puts it there; -short leaves this test out")
	}
	stage := func(steps ...int) release.Transition {
		return release.Transition{Action: release.Stage, ID: "r", Steps: steps}
	}
	shift := func(n int) release.Transition { return release.Transition{Action: release.Shift, ID: "r", Step: n} }
	promote := release.Transition{Action: release.Promote, ID: "r", Keep: time.Hour}
	undo, tidy := release.Transition{Action: release.Abort, ID: "r2", Promoted: true}, release.Transition{Action: release.Clear, ID: "r2"}
	travel(t, "canary", []step{
		{version: "1", slots: "blue"},
		{version: "2", do: stage(10, 100), live: "blue", slots: "blue green"},
		{version: "2", do: shift(0), live: "blue", green: 10, slots: "blue green"},
		{version: "3", live: "blue", green: 10, slots: "blue green"}, // a plain update with another source
		{version: "2", do: shift(1), live: "blue", green: 100, slots: "blue green"},
		{version: "2", do: promote, live: "green", green: 100, slots: "blue green"},
		{version: "2", do: undo, live: "blue", slots: "blue green"}, // within the time that the version before is kept
		{version: "2", do: tidy, live: "blue", slots: "blue"},
		{version: "3", do: stage(100), live: "blue", slots: "blue green"},
	})
}

func travel(t *testing.T, strategy string, steps []step) {
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	configure := func(version string) plan.Configuration {
		conf, err := plan.Configure("../..", "local", []string{"rollout.strategy=" + strategy, "app.image=registry.example.com/links@sha256:" + strings.Repeat(version, 64)})
		must(err)
		return conf
	}
	conf := configure("1")
	input := conf.Input
	program := stacks.Program{Cloud: stacks.CloudDocker, Platform: platform}
	engine, err := plan.Open(t.Context(), plan.Setup{Project: conf.Input.Project, Stack: "local", Config: conf.Other, Program: func(ctx *pulumi.Context) error {
		return program.Inline("../..", input)(ctx)
	}})
	must(err)
	t.Cleanup(func() { must(engine.Close()) })
	before := map[string]string{}
	for i, s := range steps {
		name := fmt.Sprintf("step %d, %s", i, s.do.Action)
		input = configure(s.version).Input
		if s.do.Action != "" {
			s.do.Lease = release.Lease{Holder: "me@here", PID: 1, Until: time.Now().Add(time.Hour)}
			input.Transition = &s.do
		}
		if err := engine.Up(t.Context()); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		state, err := engine.State(t.Context())
		must(err)
		now := map[string]string{}
		for _, r := range state.Resources {
			if string(r.Type) == "docker:index/container:Container" {
				now[r.URN.Name()] = string(r.ID)
			}
		}
		if got := told(state); got != fmt.Sprintf("[green %d]", s.green) {
			t.Errorf("%s: the proxy is told %s, want green at %d", name, got, s.green)
		}
		var slots []string
		for _, slot := range []string{"blue", "green"} {
			if now["links-"+slot+"-1"] != "" && now["links-"+slot+"-2"] != "" {
				slots = append(slots, slot)
			}
		}
		if got := strings.Join(slots, " "); got != s.slots {
			t.Errorf("%s: containers run in %q, want %q", name, got, s.slots)
		}
		for was, id := range maps.All(before) {
			serves := was == "edge" || was == "database" || was == "cache" || s.live != "" && strings.HasPrefix(was, "links-"+s.live)
			if serves && now[was] != id {
				t.Errorf("%s: container %s was replaced", name, was)
			}
		}
		before = now
	}
}

// told is the command of the container that tells the proxy how to divide the traffic.
func told(state *apitype.DeploymentV3) string {
	for _, r := range state.Resources {
		if r.URN.Name() == "edge-weights" && string(r.Type) == "docker:index/container:Container" {
			return fmt.Sprint(r.Inputs["command"])
		}
	}
	return "nothing"
}

package main

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/cli/plan"
	"github.com/slipway-iac/slipway/stacks"
	"github.com/slipway-iac/slipway/stacks/release"
)

// Types of resources whose change would be felt by who is served.
const (
	serviceType  = "aws:ecs/service:Service"
	taskType     = "aws:ecs/taskDefinition:TaskDefinition"
	groupType    = "aws:lb/targetGroup:TargetGroup"
	listenerType = "aws:lb/listener:Listener"
	imageType    = "docker:index/registryImage:RegistryImage"
)

// journey is a stack on the simulated engine, on which updates follow each other.
type journey struct {
	root, stack, strategy string
	engine                *plan.Engine
	input                 stacks.Input
	state                 *apitype.DeploymentV3
}

func newJourney(t *testing.T, stack, strategy string) *journey {
	t.Helper()
	if testing.Short() {
		t.Skip("with the real engine: left out by -short")
	}
	if _, err := exec.LookPath("pulumi"); err != nil {
		t.Fatal("pulumi is not on PATH: `make test` puts it there; -short leaves this test out")
	}
	j := &journey{root: "../..", stack: stack, strategy: strategy}
	program := stacks.Program{Cloud: stacks.CloudAWS, Platform: platform}
	conf := j.configure(t, "1")
	var err error
	j.engine, err = plan.Open(t.Context(), plan.Setup{Project: conf.Input.Project, Stack: stack, Config: conf.Other, Program: func(ctx *pulumi.Context) error {
		return program.Inline(j.root, j.input)(ctx)
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.engine.Close(); err != nil {
			t.Error(err)
		}
	})
	return j
}

// configure makes a version of the app, a digit, what the configuration says.
func (j *journey) configure(t *testing.T, version string) plan.Configuration {
	t.Helper()
	conf, err := plan.Configure(j.root, j.stack, []string{"rollout.strategy=" + j.strategy, "app.image=registry.example.com/links@sha256:" + strings.Repeat(version, 64)})
	if err != nil {
		t.Fatal(err)
	}
	j.input = conf.Input
	return conf
}

// step is one update: what it is asked for, and what must come of it.
type step struct {
	name    string
	version string // of the source
	do      *release.Transition
	// blue and green are the weights afterwards.
	blue, green float64
	// live is the slot that traffic belonged to before, and that must not be touched: "" for none.
	live string
	// changes are the operations, "update <type> <logical name>", without those of images. Nil: not compared.
	changes []string
	// order is how some of the operations follow each other.
	order []string
	// services are the slots that have an ECS service afterwards.
	services string
}

// run makes an update and looks at it.
func (j *journey) run(t *testing.T, s step) {
	t.Helper()
	j.configure(t, s.version)
	j.input.Transition = s.do
	before := j.state
	channel := make(chan events.EngineEvent, 64)
	steps := make(chan []apitype.StepEventMetadata)
	go func() {
		var all []apitype.StepEventMetadata
		for e := range channel {
			if e.ResourcePreEvent != nil {
				all = append(all, e.ResourcePreEvent.Metadata)
			}
		}
		steps <- all
	}()
	if err := j.engine.Up(t.Context(), channel); err != nil {
		t.Fatalf("%s: %v", s.name, err)
	}
	var err error
	if j.state, err = j.engine.State(t.Context()); err != nil {
		t.Fatal(err)
	}
	j.compare(t, s, <-steps)
	j.untouched(t, s, before)
	listener := find(t, j.state, listenerType, "serve")
	if got, want := fmt.Sprint(weightsOf(t, listener)), fmt.Sprint([]float64{s.blue, s.green}); got != want {
		t.Errorf("%s: the weights are %s, want %s", s.name, got, want)
	}
	if got := j.services(); got != s.services {
		t.Errorf("%s: there are services in %q, want %q", s.name, got, s.services)
	}
	j.keyConcealed(t)
	if s.do != nil && s.do.Action == release.Stage {
		entitled(t, j.stack, j.state)
	}
}

// compare looks at the operations: whatever else, nothing is replaced.
func (j *journey) compare(t *testing.T, s step, steps []apitype.StepEventMetadata) {
	t.Helper()
	var got []string
	for _, m := range steps {
		name := resource.URN(m.URN).Name()
		switch {
		case m.Op == apitype.OpSame || m.Op == apitype.OpRead || m.Type == imageType:
		case m.Op == apitype.OpCreate || m.Op == apitype.OpUpdate || m.Op == apitype.OpDelete:
			got = append(got, string(m.Op)+" "+m.Type[strings.LastIndex(m.Type, ":")+1:]+" "+strings.TrimPrefix(name, "links-"+j.stack+"-"))
		default:
			t.Errorf("%s: %s %s of type %s", s.name, m.Op, name, m.Type)
		}
	}
	for i := 1; i < len(s.order); i++ {
		if first, then := slices.Index(got, s.order[i-1]), slices.Index(got, s.order[i]); first < 0 || then < first {
			t.Errorf("%s: %s is not before %s in\n  %s", s.name, s.order[i-1], s.order[i], strings.Join(got, "\n  "))
		}
	}
	slices.Sort(got)
	slices.Sort(s.changes)
	if s.changes != nil && !slices.Equal(got, s.changes) {
		t.Errorf("%s: the update does\n  %s\nwant\n  %s", s.name, strings.Join(got, "\n  "), strings.Join(s.changes, "\n  "))
	}
}

// untouched wants what serves to be the same in every output.
func (j *journey) untouched(t *testing.T, s step, before *apitype.DeploymentV3) {
	t.Helper()
	if s.live == "" {
		return
	}
	name := "links-" + j.stack + "-" + s.live
	for _, kind := range []string{serviceType, taskType, groupType} {
		was, is := find(t, before, kind, name), find(t, j.state, kind, name)
		if text(t, was.Outputs) != text(t, is.Outputs) || was.ID != is.ID {
			t.Errorf("%s: %s %s was changed", s.name, kind, name)
		}
	}
	for _, r := range before.Resources {
		if string(r.Type) == imageType && r.Inputs["keepRemotely"] != true {
			t.Errorf("%s: an image is deleted with its resource: %s", s.name, r.URN)
		}
	}
}

// find is the resource of a type whose logical name begins so.
func find(t *testing.T, state *apitype.DeploymentV3, kind, name string) apitype.ResourceV3 {
	t.Helper()
	for _, r := range state.Resources {
		if string(r.Type) == kind && strings.HasPrefix(r.URN.Name(), name) {
			return r
		}
	}
	t.Fatalf("there is no %s %s", kind, name)
	return apitype.ResourceV3{}
}

func text(t *testing.T, v any) string {
	t.Helper()
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// weightsOf are the weights of the slots, blue first.
func weightsOf(t *testing.T, listener apitype.ResourceV3) []float64 {
	t.Helper()
	var actions []struct {
		Forward struct{ TargetGroups []struct{ Weight float64 } }
	}
	if err := json.Unmarshal([]byte(text(t, listener.Inputs["defaultActions"])), &actions); err != nil || len(actions) != 1 {
		t.Fatalf("the listener does %v: %v", listener.Inputs["defaultActions"], err)
	}
	var out []float64
	for _, g := range actions[0].Forward.TargetGroups {
		out = append(out, g.Weight)
	}
	return out
}

// services are the slots that have an ECS service.
func (j *journey) services() string {
	var got []string
	for _, r := range j.state.Resources {
		if string(r.Type) == serviceType {
			got = append(got, strings.TrimPrefix(r.URN.Name(), "links-"+j.stack+"-"))
		}
	}
	slices.Sort(got)
	return strings.Join(got, " ")
}

// keyConcealed wants the key of the slots in no plain text of the state.
func (j *journey) keyConcealed(t *testing.T) {
	t.Helper()
	var key string
	secret, ok := find(t, j.state, "random:index/randomPassword:RandomPassword", "slot-key").Outputs["result"].(map[string]any)
	if !ok || json.Unmarshal([]byte(fmt.Sprint(secret["plaintext"])), &key) != nil || key == "" {
		t.Fatal("the key of the slots is no secret")
	}
	for _, r := range j.state.Resources {
		for side, values := range map[string]map[string]any{"inputs": r.Inputs, "outputs": r.Outputs} {
			if strings.Contains(text(t, open(values)), key) {
				t.Errorf("the key of the slots is in plain text in the %s of %s", side, r.URN)
			}
		}
	}
}

// open is a value without the secrets in it.
func open(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if v[resource.SigKey] == resource.SecretSig {
			return nil
		}
		out := map[string]any{}
		for k, e := range v {
			out[k] = open(e)
		}
		return out
	case []any:
		var out []any
		for _, e := range v {
			out = append(out, open(e))
		}
		return out
	}
	return v
}

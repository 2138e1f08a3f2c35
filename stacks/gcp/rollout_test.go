package main

import (
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/cli/plan"
	"github.com/slipway-iac/slipway/stacks"
	"github.com/slipway-iac/slipway/stacks/release"
)

// train is a stack on which the steps of rollouts follow each other.
type train struct {
	engine *plan.Engine
	in     stacks.Input
	state  *apitype.DeploymentV3
	// promoted says that the rollout is over.
	promoted bool
	// did are the operations of the last step, as "operation type name".
	did []string
}

// newTrain deploys the prod stack with a ready-made image as the source.
func newTrain(t *testing.T, strategy string) *train {
	t.Helper()
	if testing.Short() {
		t.Skip("with the real engine: left out by -short")
	}
	if _, err := exec.LookPath("pulumi"); err != nil {
		t.Fatal("pulumi is not on PATH: `make test` puts it there; -short leaves this test out")
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	conf, err := plan.Configure(root, "gcp-prod", nil)
	if err != nil {
		t.Fatal(err)
	}
	r := &train{in: conf.Input}
	r.in.Values["slipway:rollout"] = fmt.Sprintf(`{"strategy":%q}`, strategy)
	r.source("1", "")
	program := stacks.Program{Cloud: stacks.CloudGCP, Platform: platform}
	r.engine, err = plan.Open(t.Context(), plan.Setup{Project: r.in.Project, Stack: "gcp-prod", Config: conf.Other, Program: func(ctx *pulumi.Context) error {
		return program.Inline(root, r.in)(ctx)
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.engine.Close(); err != nil {
			t.Error(err)
		}
	})
	r.step(t, nil)
	return r
}

// source makes another version of the app, and another environment for it.
func (r *train) source(version, greeting string) {
	r.in.Values["slipway:app"] = fmt.Sprintf(`{"name":"links","cpu":1,"memory":"1Gi","replicas":{"min":2,"max":12},"migrate":["migrate"],"env":{"GREETING":%q},"image":"registry.example.com/links@sha256:%s"}`,
		greeting, strings.Repeat(version, 64))
}

// step runs one update and notes what it did.
func (r *train) step(t *testing.T, do *release.Transition) {
	t.Helper()
	if do != nil {
		do.Lease = release.Lease{Holder: "me@here", PID: 1, Until: time.Now().Add(time.Hour)}
		if !r.promoted { // what is kept afterwards belongs to no rollout
			do.ID = "r1"
		}
		r.promoted = r.promoted || do.Action == release.Promote
	}
	r.in.Transition = do
	seen := make(chan events.EngineEvent, 64)
	done := make(chan []string)
	go func() {
		var out []string
		for e := range seen {
			if e.ResourcePreEvent == nil || e.ResourcePreEvent.Planning {
				continue
			}
			if m := e.ResourcePreEvent.Metadata; m.Op != apitype.OpSame && m.Op != apitype.OpRead {
				out = append(out, fmt.Sprintf("%s %s %s", m.Op, m.Type, m.URN[strings.LastIndex(m.URN, "::")+2:]))
			}
		}
		slices.Sort(out)
		done <- out
	}()
	if err := r.engine.Up(t.Context(), seen); err != nil {
		t.Fatal(err)
	}
	r.did = <-done
	var err error
	if r.state, err = r.engine.State(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// traffic is the share of each revision, by tag, and the revision whose template the service has.
func (r *train) traffic(t *testing.T) (weights map[string]float64, revisions map[string]string, template string) {
	t.Helper()
	weights, revisions = map[string]float64{}, map[string]string{}
	for _, one := range r.state.Resources {
		if one.Type != serviceType {
			continue
		}
		for _, v := range one.Inputs["traffics"].([]any) {
			to := v.(map[string]any)
			weights[to["tag"].(string)], revisions[to["tag"].(string)] = to["percent"].(float64), to["revision"].(string)
		}
		template = one.Inputs["template"].(map[string]any)["revision"].(string)
	}
	return weights, revisions, template
}

// tokens are those of the executions, by job.
func (r *train) tokens() map[string]string {
	out := map[string]string{}
	for _, one := range r.state.Resources {
		if one.Type == jobType {
			out[one.URN.Name()] = fmt.Sprint(one.Inputs["runExecutionToken"])
		}
	}
	return out
}

// careful wants that a step replaces nothing, and deletes nothing but what it may.
func (r *train) careful(t *testing.T, may ...string) {
	t.Helper()
	for _, op := range r.did {
		allowed := strings.HasPrefix(op, "create ") || strings.HasPrefix(op, "update ") || strings.HasPrefix(op, "delete docker:index/registryImage:RegistryImage ")
		if !allowed && !slices.Contains(may, op) {
			t.Errorf("this step must not do: %s", op)
		}
	}
}

// only wants that a step changes the service's traffic, and nothing else that serves.
func (r *train) only(t *testing.T) {
	t.Helper()
	if want := []string{"update " + serviceType + " links"}; !slices.Equal(r.did, want) {
		t.Errorf("the step did %q, want %q", r.did, want)
	}
}

func (r *train) wants(t *testing.T, weights map[string]float64) {
	t.Helper()
	if got, _, _ := r.traffic(t); !maps.Equal(got, weights) {
		t.Errorf("the traffic is %v, want %v", got, weights)
	}
}

func TestCanary(t *testing.T) {
	r := newTrain(t, "canary")
	r.wants(t, map[string]float64{"blue": 100})
	_, first, _ := r.traffic(t)
	migrated := r.tokens()

	r.source("2", "")
	r.step(t, &release.Transition{Action: release.Stage, Steps: []int{10, 50, 100}})
	r.careful(t)
	r.wants(t, map[string]float64{"blue": 100, "green": 0})
	_, staged, template := r.traffic(t)
	if staged["blue"] != first["blue"] || staged["green"] == first["blue"] || template != staged["green"] {
		t.Errorf("the revisions were %v and are %v with the template of %s", first, staged, template)
	}
	if got := r.tokens(); got["migrate-1"] != migrated["migrate-1"] || got["dbinit"] != migrated["dbinit"] || got["migrate-2"] == "" {
		t.Errorf("the executions were %v and are %v", migrated, got)
	}
	for i, share := range []float64{10, 50, 100} {
		r.step(t, &release.Transition{Action: release.Shift, Step: i})
		r.only(t)
		r.wants(t, map[string]float64{"blue": 100 - share, "green": share})
	}
	r.step(t, &release.Transition{Action: release.Promote, Keep: time.Hour})
	r.wants(t, map[string]float64{"blue": 0, "green": 100})

	// What the configuration says now is not what the version before was made of.
	r.source("2", "hello")
	r.step(t, nil)
	r.careful(t, replaced("random:index/randomId:RandomId", "revision-green-2", "migrate-2")...)
	if _, now, template := r.traffic(t); now["blue"] != staged["blue"] || now["green"] == staged["green"] || template != now["green"] {
		t.Errorf("the revisions were %v and are %v with the template of %s", staged, now, template)
	}
	r.step(t, &release.Transition{Action: release.Clear})
	r.careful(t, gone("blue", 1)...)
	r.wants(t, map[string]float64{"green": 100})
}

func TestAbort(t *testing.T) {
	r := newTrain(t, "blue-green")
	_, first, _ := r.traffic(t)
	migrated := r.tokens()["migrate-1"]
	r.source("2", "")
	r.step(t, &release.Transition{Action: release.Stage, Steps: []int{100}})
	r.wants(t, map[string]float64{"blue": 100, "green": 0})
	r.step(t, &release.Transition{Action: release.Shift})
	r.only(t)
	r.wants(t, map[string]float64{"blue": 0, "green": 100})
	r.step(t, &release.Transition{Action: release.Abort, Reason: "by hand"})
	r.only(t)
	r.wants(t, map[string]float64{"blue": 100, "green": 0})
	r.step(t, &release.Transition{Action: release.Clear})
	r.careful(t, gone("green", 2)...)
	r.wants(t, map[string]float64{"blue": 100})
	if _, now, template := r.traffic(t); now["blue"] != first["blue"] || template != first["blue"] {
		t.Errorf("after going back %s serves, with the template of %s; it was %s", now["blue"], template, first["blue"])
	}
	if got := r.tokens()["migrate-1"]; got != migrated {
		t.Error("going back has migrated again")
	}
	// The next version does not get the name of the one that was aborted.
	r.source("3", "")
	r.step(t, &release.Transition{Action: release.Stage, Steps: []int{100}})
	if _, now, _ := r.traffic(t); !strings.Contains(now["green"], "-3-") {
		t.Errorf("the third version is %s", now["green"])
	}
}

func TestRolling(t *testing.T) {
	r := newTrain(t, "rolling")
	_, first, _ := r.traffic(t)
	r.source("2", "")
	r.step(t, nil)
	r.careful(t, gone("blue", 1)...)
	r.wants(t, map[string]float64{"blue": 100})
	if _, now, _ := r.traffic(t); now["blue"] == first["blue"] {
		t.Errorf("the new version has the revision %s of the old one", now["blue"])
	}
}

// A changed label changes the jobs. Cloud Run is asked for another execution then: one of the name before exists already.
func TestChangedTagsRunJobsAgain(t *testing.T) {
	r := newTrain(t, "blue-green")
	r.source("2", "")
	r.step(t, &release.Transition{Action: release.Stage, Steps: []int{100}})
	before, inputs := r.tokens(), r.jobs()
	r.in.Values["slipway:tags"] = `{"project":"links","environment":"gcp-prod","team":"platform"}`
	r.step(t, nil)
	changed := 0
	for name, token := range r.tokens() {
		if inputs[name] == r.jobs()[name] {
			continue
		}
		if changed++; token == before[name] {
			t.Errorf("job %s is changed under the token %s, which is used", name, token)
		}
	}
	if changed != 2 {
		t.Errorf("%d jobs changed, want dbinit's and the newest migration's: %q", changed, r.did)
	}
}

// jobs are the inputs of the jobs without the token.
func (r *train) jobs() map[string]string {
	out := map[string]string{}
	for _, one := range r.state.Resources {
		if one.Type == jobType {
			inputs := maps.Clone(one.Inputs)
			delete(inputs, "runExecutionToken")
			out[one.URN.Name()] = fmt.Sprint(inputs)
		}
	}
	return out
}

// gone is what ends with a version: its job, and what Pulumi remembers of it. The revision itself stays in Cloud Run, without traffic.
func gone(slot string, sequence int) []string {
	return []string{
		fmt.Sprintf("delete %s migrate-%d", jobType, sequence),
		fmt.Sprintf("delete random:index/randomId:RandomId migrate-%d", sequence),
		fmt.Sprintf("delete random:index/randomId:RandomId revision-%s-%d", slot, sequence),
	}
}

// replaced are the operations of a replacement.
func replaced(kind string, names ...string) []string {
	var out []string
	for _, name := range names {
		for _, op := range []string{"create-replacement", "replace", "delete-replaced"} {
			out = append(out, op+" "+kind+" "+name)
		}
	}
	return out
}

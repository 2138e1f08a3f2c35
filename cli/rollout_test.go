package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/slipway-iac/slipway/cli/progress"
	"github.com/slipway-iac/slipway/cli/rollout"
	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/stacks"
	"github.com/slipway-iac/slipway/stacks/release"
)

// calm is a health without any trouble.
type calm struct{}

func (calm) Slot(context.Context, components.Slot, time.Time) (rollout.Figures, error) {
	return rollout.Figures{Requests: 120, P99: 12 * time.Millisecond}, nil
}

func (calm) Gates(context.Context, components.Slot, time.Time) ([]rollout.Alarm, error) {
	return []rollout.Alarm{{ID: "uptime", Text: "100 %"}}, nil
}

func (calm) Lag() time.Duration { return time.Second }

// canaryProject is a checkout whose stack has a release.
func canaryProject(t *testing.T, transitions ...release.Transition) *project {
	t.Helper()
	p := newProject(t)
	p.target.health = calm{}
	p.answer(t, "config.json", `{"slipway:cloud":{"value":"docker"},"slipway:rollout":{"value":"{\"strategy\":\"canary\"}"}}`)
	r, err := release.Parse("")
	must(t, err)
	r = r.Deploy("v1", false, time.Now())
	for _, do := range transitions {
		do.ID, do.Lease = "r1", release.Lease{Holder: "you@there", PID: 7, Until: time.Now().Add(time.Hour)}
		if do.Action == release.Take {
			do.Lease.Until = time.Time{} // as a rollout that waits for a person
		}
		version := "v2"
		if r.Serving().Version == version {
			version = "v3"
		}
		r, err = r.Next(do, version, time.Now())
		must(t, err)
	}
	text, err := r.Text()
	must(t, err)
	url, ca := app(t, "v1")
	p.outputs(t, map[string]any{"url": url, "version": "v1", "ca": ca, "dashboard": url, "slotKey": "key", "release": text})
	return p
}

func TestRolloutRefusesEarly(t *testing.T) {
	for _, row := range []struct {
		name string
		set  func(*testing.T) *project
		args []string
		code int
		want string
	}{
		{"no verb", func(t *testing.T) *project { return newProject(t) }, nil, exitUsage, "start, status, promote, abort"},
		{"an unknown verb", func(t *testing.T) *project { return newProject(t) }, []string{"dance"}, exitUsage, `"dance"`},
		{"nothing deployed", func(t *testing.T) *project { return newProject(t) }, []string{"start"}, exitRefused, "go run . up -s local"},
		{"strategy rolling", func(t *testing.T) *project {
			p := canaryProject(t)
			p.answer(t, "config.json", `{"slipway:cloud":{"value":"docker"}}`)
			return p
		}, []string{"start"}, exitRefused, "rollout.strategy is rolling"},
		{"strategy rolling during a rollout", func(t *testing.T) *project {
			p := canaryProject(t, release.Transition{Action: release.Stage, Steps: []int{25, 100}})
			p.answer(t, "config.json", `{"slipway:cloud":{"value":"docker"}}`)
			return p
		}, []string{"promote"}, exitRefused, "go run . rollout abort -s local"},
		{"strategy rolling, and nothing to abort", func(t *testing.T) *project {
			p := canaryProject(t)
			p.answer(t, "config.json", `{"slipway:cloud":{"value":"docker"}}`)
			return p
		}, []string{"abort"}, exitRefused, "not kept any more"},
		{"no key of the slots", func(t *testing.T) *project {
			p := canaryProject(t)
			p.outputs(t, map[string]any{"release": `{"format":1,"live":"blue","slots":{"blue":{"version":"a","weight":100}}}`})
			return p
		}, []string{"start"}, exitRefused, "does not know its slots"},
		{"a release of another version", func(t *testing.T) *project {
			p := canaryProject(t)
			p.outputs(t, map[string]any{"release": `{"format":9}`})
			return p
		}, []string{"start"}, exitFailed, "format 9"},
		{"promoting nothing", func(t *testing.T) *project { return canaryProject(t) }, []string{"promote"}, exitRefused, "no rollout is under way"},
		{"aborting nothing", func(t *testing.T) *project { return canaryProject(t) }, []string{"abort"}, exitRefused, "not kept any more"},
		{"another run of this checkout", func(t *testing.T) *project {
			p := canaryProject(t)
			lock := filepath.Join(p.root, ".slipway", "work", "local.lock")
			must(t, os.MkdirAll(filepath.Dir(lock), 0o755))
			free, err := hold(lock)
			must(t, err)
			t.Cleanup(free)
			return p
		}, []string{"start"}, exitRefused, "another run of this checkout"},
		{"the engine is busy", func(t *testing.T) *project {
			p := canaryProject(t)
			p.answer(t, "fail-up", "error: the stack is currently locked by 1 lock(s). Either wait")
			return p
		}, []string{"start"}, exitRefused, `another run holds stack "local"`},
	} {
		t.Run(row.name, func(t *testing.T) {
			code, _, errOut := row.set(t).run(t, nil, append([]string{"rollout"}, row.args...)...)
			if code != row.code || !strings.Contains(errOut, row.want) {
				t.Errorf("exit code %d, want %d with %q:\n%s", code, row.code, row.want, errOut)
			}
		})
	}
}

// TestCandidateThatTheEngineRefuses has the update of a candidate fail: it is removed again, and the reason is the resource's.
func TestCandidateThatTheEngineRefuses(t *testing.T) {
	p := canaryProject(t)
	p.answer(t, "fail-up", "much noise")
	p.answer(t, "events.json", `{"diagnosticEvent":{"urn":"urn:pulumi:local::slipway::a:b:C::links","message":"migrate ended with exit code 1","severity":"error"}}`+"\n"+
		`{"diagnosticEvent":{"urn":"urn:pulumi:local::slipway::pulumi:pulumi:Stack::slipway-local","message":"update failed","severity":"error"}}`+"\n")
	code, out, errOut := p.run(t, nil, "rollout", "start", "--json")
	if code != exitBroken { // removing it fails here too
		t.Errorf("exit code %d", code)
	}
	contains(t, out, `"kind":"breach"`, "migrate ended with exit code 1")
	contains(t, errOut, "removing the candidate, which did not come up (migrate ended with exit code 1)", "No traffic was moved", "go run . up -s local")
	if n := len(p.calls(t, "up")); n != 2 {
		t.Errorf("there were %d updates, want the candidate's and the one that removes it", n)
	}
}

// A candidate that the target sees fail ends the update at once, and is removed.
func TestCandidateThatTheTargetSeesFail(t *testing.T) {
	p := canaryProject(t)
	p.answer(t, "slow-up", "")
	p.target.broken = "its tasks failed to start"
	begun := time.Now()
	code, out, _ := p.run(t, nil, "rollout", "start", "--json")
	contains(t, out, `"kind":"breach"`, "the candidate did not come up: its tasks failed to start")
	if took := time.Since(begun); code != exitRolledBack || took > 30*time.Second {
		t.Errorf("exit code %d after %s", code, took)
	}
	if n := len(p.calls(t, "up")); n != 2 {
		t.Errorf("there were %d updates, want the candidate's and the one that removes it", n)
	}
}

func TestRolloutStatus(t *testing.T) {
	p := canaryProject(t, release.Transition{Action: release.Stage, Steps: []int{25, 100}}, release.Transition{Action: release.Shift})
	code, out, errOut := p.run(t, nil, "rollout", "status")
	if code != exitOK {
		t.Fatalf("exit code %d: %s", code, errOut)
	}
	contains(t, out, "green  v2   25 %  candidate  120 requests, 0.0 % errors, p99 12ms", "blue   v1   75 %  live", "Rollout r1: step 1 of 2 [25 100]", "driven by you@there (process 7)")
	_, out, _ = p.run(t, nil, "rollout", "status", "--json")
	var status struct {
		Release release.Release
		Slots   map[components.Slot]rollout.Side
	}
	must(t, json.Unmarshal([]byte(out), &status))
	if status.Release.Rollout == nil || status.Slots[components.Green].Figures.Requests != 120 {
		t.Errorf("got %s", out)
	}
	waiting := canaryProject(t, release.Transition{Action: release.Stage, Steps: []int{25, 100}, Manual: true}, release.Transition{Action: release.Take})
	_, out, _ = waiting.run(t, nil, "rollout", "status")
	contains(t, out, "waiting for `go run . rollout promote -s local`")
	aborted := canaryProject(t, release.Transition{Action: release.Stage, Steps: []int{100}}, release.Transition{Action: release.Abort, Reason: "too many errors"})
	_, out, _ = aborted.run(t, nil, "rollout", "status")
	contains(t, out, "goes back: too many errors")
	kept := canaryProject(t, release.Transition{Action: release.Stage, Steps: []int{100}}, release.Transition{Action: release.Shift}, release.Transition{Action: release.Promote, Keep: time.Hour})
	_, out, _ = kept.run(t, nil, "rollout", "status")
	contains(t, out, "blue   v1    0 %  kept until", "No rollout is under way.")
}

// move opens the stack as the verb does.
func (p *project) move(t *testing.T) (*moving, *bytes.Buffer) {
	t.Helper()
	said := &bytes.Buffer{}
	c := &command{program: stacks.Program{Cloud: stacks.CloudDocker}, target: p.target, stack: "local", root: p.root, rest: []string{"start"}, out: said, err: said, progress: progress.New(said), release: func() {}}
	m, err := c.move(t.Context())
	must(t, err)
	return m, said
}

// TestFailedUpdateIsRepaired: the next attempt would else find what has failed in the state, and take it for done.
func TestFailedUpdateIsRepaired(t *testing.T) {
	p := canaryProject(t, release.Transition{Action: release.Stage, Steps: []int{100}})
	p.answer(t, "fail-up", "edge-weights ended with exit code 3")
	m, _ := p.move(t)
	for _, want := range []int{0, 1, 2} {
		if _, err := m.Apply(t.Context(), release.Transition{Action: release.Abort}); err == nil || !strings.Contains(err.Error(), "exit code 3") {
			t.Errorf("got %v", err)
		}
		if len(p.target.asked) != want {
			t.Errorf("asked %q, want %d repairs", p.target.asked, want)
		}
	}
	contains(t, m.wayOn(), "No traffic was moved", "go run . up -s local")
	m.c.rest[0] = "abort"
	contains(t, m.wayOn(), "rollout abort -s local` tries again")
}

// TestKeptIsTidiedOnce: the process that waits leaves alone what others have done meanwhile, and an update that fails then is no failure of
// the rollout.
func TestKeptIsTidiedOnce(t *testing.T) {
	kept := []release.Transition{{Action: release.Stage, Steps: []int{100}}, {Action: release.Shift}, {Action: release.Promote, Keep: time.Hour}}
	for _, row := range []struct {
		name        string
		transitions []release.Transition
		updates     int
		said        string
	}{
		{"kept", kept, 1, ""},
		{"the update fails", kept, 1, "removes it"},
		{"somebody has gone back", append(kept, release.Transition{Action: release.Abort, Promoted: true}, release.Transition{Action: release.Clear}), 0, ""},
		{"the next one has begun", append(kept, release.Transition{Action: release.Stage, Steps: []int{100}}), 0, ""},
	} {
		p := canaryProject(t, row.transitions...)
		if row.said != "" {
			p.answer(t, "fail-up", "a bad moment")
		}
		m, said := p.move(t)
		m.Config.Rollout.Keep = 0
		if err := m.waitAndTidy(t.Context()); err != nil || !strings.Contains(said.String(), row.said) {
			t.Errorf("%s: %v\n%s", row.name, err, said.String())
		}
		if n := len(p.calls(t, "up")); n != row.updates {
			t.Errorf("%s: there were %d updates, want %d", row.name, n, row.updates)
		}
	}
}

// TestSourceIsLive: who resumes another version's rollout is told that the source's has not begun.
func TestSourceIsLive(t *testing.T) {
	c, _ := newCommand(t)
	root := t.TempDir()
	write(t, filepath.Join(root, "app", "Dockerfile"), "FROM scratch\n")
	m := &moving{c: c, session: &session{Stack: Stack{Root: root, Name: "prod"}}}
	m.Config.App.Path, m.Config.App.Dockerfile, m.Config.App.Architecture = "app", "Dockerfile", "native"
	source, err := stacks.SourceVersion(root, m.Config)
	must(t, err)
	if err := m.sourceIsLive(source); err != nil {
		t.Error(err)
	}
	if err := m.sourceIsLive("another"); err == nil || !strings.Contains(err.Error(), "its rollout has not begun: `go run . rollout start -s prod`") {
		t.Errorf("got %v", err)
	}
}

// TestUpDuringARollout: either version may answer.
func TestUpDuringARollout(t *testing.T) {
	p := canaryProject(t, release.Transition{Action: release.Stage, Steps: []int{25, 100}}, release.Transition{Action: release.Shift})
	url, ca := app(t, "v2")
	r, err := release.Parse("")
	must(t, err)
	r = r.Deploy("v1", false, time.Now())
	for _, action := range []release.Action{release.Stage, release.Shift} {
		r, err = r.Next(release.Transition{Action: action, Steps: []int{25, 100}}, "v2", time.Now())
		must(t, err)
	}
	text, err := r.Text()
	must(t, err)
	p.outputs(t, map[string]any{"url": url, "version": "v1", "ca": ca, "release": text})
	if code, _, errOut := p.run(t, nil, "up"); code != exitOK {
		t.Errorf("exit code %d: %s", code, errOut)
	}
}

func TestShower(t *testing.T) {
	c, said := newCommand(t)
	s := newShower(c)
	e := rollout.Event{
		Kind: rollout.Looked, Text: "gates clean", Candidate: components.Green, Live: components.Blue, Weights: map[components.Slot]int{components.Green: 25, components.Blue: 75}, Left: 61.5,
		Versions: map[components.Slot]string{components.Green: "v2", components.Blue: "v1"},
		Sides:    map[components.Slot]rollout.Side{components.Green: {Figures: rollout.Figures{Requests: 10}}, components.Blue: {Figures: rollout.Figures{Requests: 30, Errors: 3}}},
	}
	s.event(e)
	s.event(e) // says nothing new, and too soon
	e.Text = "waiting: gate uptime"
	s.event(e)
	s.event(rollout.Event{Kind: rollout.Ended, Text: "version v2 is live"})
	want := "look        gates clean | 1m1s left | green v2 25 %: 10 requests, 0.0 % errors | blue v1 75 %: 30 requests, 10.0 % errors\n"
	if got := said.String(); !strings.HasPrefix(got, want) || strings.Count(got, "\n") != 3 || !strings.HasSuffix(got, "ended       version v2 is live\n") {
		t.Errorf("got\n%s", got)
	}
}

func TestAbandoned(t *testing.T) {
	gone := release.Lease{Holder: holder(), PID: 1 << 22}
	for _, row := range []struct {
		l    release.Lease
		want bool
	}{{gone, true}, {release.Lease{Holder: holder(), PID: os.Getpid()}, false}, {release.Lease{Holder: "you@there", PID: 1 << 22}, false}} {
		if got := abandoned(row.l); got != row.want {
			t.Errorf("%+v: %t", row.l, got)
		}
	}
	if l := lease(time.Minute, "x"); time.Until(l.Until) < 30*time.Minute || l.PID != os.Getpid() || l.Token != "x" {
		t.Errorf("the lease is %+v", l)
	}
}

// TestAbortWaits: the process that drives the rollout is in the middle of an update when somebody wants the version before back.
func TestAbortWaits(t *testing.T) {
	for name, until := range map[string]func(*testing.T, *project) (free func()){
		"another run of this checkout": func(t *testing.T, p *project) func() {
			lock := filepath.Join(p.root, ".slipway", "work", "local.lock")
			must(t, os.MkdirAll(filepath.Dir(lock), 0o755))
			free, err := hold(lock)
			must(t, err)
			return free
		},
		"another run holds stack": func(t *testing.T, p *project) func() { // on another machine, which the repair meets first
			p.target.refresh = []string{"urn:pulumi:local::slipway::a:b:C::edge"}
			p.answer(t, "fail-refresh", "error: the stack is currently locked by 1 lock(s). Either wait")
			return func() { _ = os.Remove(filepath.Join(p.fake, "fail-refresh")) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := canaryProject(t, release.Transition{Action: release.Stage, Steps: []int{25, 100}}, release.Transition{Action: release.Shift})
			time.AfterFunc(time.Second, until(t, p))
			_, _, errOut := p.run(t, nil, "rollout", "abort")
			if strings.Contains(errOut, name) || len(p.calls(t, "up")) == 0 {
				t.Errorf("abort has not waited:\n%s", errOut)
			}
		})
	}
}

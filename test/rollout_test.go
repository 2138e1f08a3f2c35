package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/slipway-iac/slipway/cli/rollout"
	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/stacks/release"
)

// canaryConfig makes rollouts short. A machine that other tests keep busy is no reason to go back: a candidate that is slow by itself is
// judged by a margin of its own. A quarter of 50 requests a second is enough for a look, so that what judges is traffic.
const canaryConfig = `  slipway:rollout:
    strategy: canary
    steps: [25, 100]
    bake: 5s
    keep: 5m
    minRequests: 20
    smokePath: /
    margin: {latency: 20}
`

// firstStep is the share of the first step in percent.
const firstStep = 25

// TestRollouts moves traffic from version to version of one stack under constant load, with every answer checked; docs/rollouts.md has
// the figures. With 50 requests a second a gap of some milliseconds may stay unseen: -parallel 1 gives both tests of rollouts the machine
// for itself, and 200.
func TestRollouts(t *testing.T) {
	if testing.Short() {
		t.Skip("end to end: left out by -short")
	}
	t.Parallel()
	s := rolloutSuite(t, "-r")
	s.steps(t, []step{
		{"by hand", s.manualRollout},
		{"canary of a good version", s.goodCanary},
		{"abort after the promotion", s.abortKept},
		{"blue/green of a good version", s.goodBlueGreen},
		{"killed at each step", s.killedRollout},
	})
	s.clean(t)
}

// rolloutSuite brings up a stack with one link.
func rolloutSuite(t *testing.T, suffix string) *suite {
	t.Helper()
	requireEngine(t)
	s := &suite{project: newProject(t, suffix, canaryConfig)}
	s.beside = parallel() > 1
	t.Cleanup(func() { s.tearDown(t) })
	s.must(t, "up")
	s.outputs = s.project.outputs(t)
	s.site = newSite(t, s.outputs["url"], s.outputs["ca"])
	s.site.create(t, keptSlug, keptTarget)
	return s
}

// rollout calls the verb and returns what it printed as events.
func (s *suite) rollout(t *testing.T, args ...string) (result, []rollout.Event) {
	t.Helper()
	r := s.run(t, "rollout", append(args, "--json")...)
	return r, events(t, r.stdout)
}

func events(t *testing.T, stdout string) []rollout.Event {
	t.Helper()
	var out []rollout.Event
	for line := range strings.Lines(stdout) {
		var e rollout.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Errorf("no event: %s", line)
			continue
		}
		out = append(out, e)
	}
	return out
}

func (s *suite) release(t *testing.T) release.Release {
	t.Helper()
	r, err := release.Parse(s.project.outputs(t)["release"])
	must(t, err)
	return r
}

// settled asserts that one version has all traffic, and that nothing else is left of a rollout.
func (s *suite) settled(t *testing.T, version string) {
	t.Helper()
	now := s.release(t)
	if now.Rollout != nil || len(now.Slots) != 1 || now.Serving().Version != version || now.Serving().Weight != 100 {
		t.Errorf("the release is %+v, want version %s alone", now, version)
	}
	replicas := s.replicas(t)
	if len(replicas) != 2 {
		t.Errorf("%d replicas run, want 2", len(replicas))
	}
	for _, c := range replicas {
		if !strings.Contains(c.raw, version) {
			t.Errorf("%s does not run version %s", c.name(), version)
		}
	}
	for range 20 {
		if got := s.site.ask(t, http.MethodGet, "/healthz", "").header.Get("Slipway-Version"); got != version {
			t.Errorf("version %s answers, want %s", got, version)
		}
	}
	s.site.follow(t, keptSlug, keptTarget)
}

// row logs one row of the table in docs/rollouts.md.
func row(t *testing.T, l *load, r result, all []rollout.Event) {
	t.Helper()
	took := "–"
	for _, e := range all {
		if e.Kind == rollout.Back {
			took = fmt.Sprintf("%.1f s", e.Took)
		}
	}
	t.Logf("| %s | exit code %d | %s | %d requests | %d failed | back in %s |", t.Name(), r.code, r.took.Round(time.Second), l.sent.Load(), len(l.failures), took)
}

// good moves traffic to the version of the source; no request may fail, and no link and no click may be lost.
func (s *suite) good(t *testing.T, args ...string) string {
	t.Helper()
	l := s.startLoad(t)
	r, all := s.rollout(t, append([]string{"start"}, args...)...)
	l.stop(t, true)
	row(t, l, r, all)
	if r.code != 0 {
		t.Fatalf("a good version was not promoted: %s", r)
	}
	return s.release(t).Serving().Version
}

// goodCanary takes up the version that manualRollout has turned back.
func (s *suite) goodCanary(t *testing.T) {
	old := s.release(t).Serving().Version
	version := s.good(t, "--no-wait")
	now := s.release(t)
	if kept, ok := now.Kept(); !ok || kept.Version != old || version == old {
		t.Errorf("the version before is not kept: %+v", now)
	}
}

// abortKept brings the version before back while it is kept: it is there, so nothing has to start.
func (s *suite) abortKept(t *testing.T) {
	kept, ok := s.release(t).Kept()
	if !ok {
		t.Fatal("no version is kept")
	}
	l := s.startLoad(t)
	r, all := s.rollout(t, "abort")
	l.stop(t, true)
	row(t, l, r, all)
	if r.code != 0 {
		t.Fatalf("abort: %s", r)
	}
	s.settled(t, kept.Version)
}

// goodBlueGreen takes up the version that abortKept has left.
func (s *suite) goodBlueGreen(t *testing.T) {
	version := s.good(t, "-c", "rollout.strategy=blue-green", "-c", "rollout.steps=[100]", "-c", "rollout.keep=0s")
	s.settled(t, version)
}

// await waits until a running rollout has printed an event.
func await(t *testing.T, r *running, what string, found func(rollout.Event) bool) {
	t.Helper()
	eventually(t, 3*time.Minute, func() string {
		text := r.stdout.String()
		if i := strings.LastIndexByte(text, '\n'); i >= 0 && slices.ContainsFunc(events(t, text[:i+1]), found) {
			return ""
		}
		if strings.Contains(r.stderr.String(), "\nslipway: ") {
			t.Fatalf("%s has not come, and the rollout has ended: %s", what, r.stderr.String())
		}
		return what + " has not come: " + r.stderr.String()
	})
}

func kind(k rollout.Kind, weight int) func(rollout.Event) bool {
	return func(e rollout.Event) bool { return e.Kind == k && e.Weights[e.Candidate] == weight }
}

// killedRollout kills the process while the candidate comes up, at the first step and at the last. Each time another one goes on with
// one command. A second one at the same time is refused, and no request fails.
func (s *suite) killedRollout(t *testing.T) {
	s.versionBefore(t)
	l := s.startLoad(t)
	killed := func(until func(*testing.T, *running), args ...string) {
		r := s.start(t, "rollout", append([]string{"start", "--json"}, args...)...)
		until(t, r)
		must(t, syscall.Kill(-r.cmd.Process.Pid, syscall.SIGKILL))
		s.wait(t, r)
	}
	old := len(s.replicas(t))
	killed(func(t *testing.T, r *running) {
		eventually(t, 3*time.Minute, func() string {
			if len(s.replicas(t)) > old {
				return ""
			}
			return "no replica of the candidate is made: " + r.stderr.String()
		})
	})
	killed(func(t *testing.T, r *running) {
		await(t, r, "the first step", kind(rollout.Stepped, firstStep))
		if second, _ := s.rollout(t, "start"); second.code != 5 || !strings.Contains(second.stderr, "driven by") {
			t.Errorf("a second rollout must be refused: %s", second)
		}
	}, "-c", "rollout.bake=30s") // the step does not end before the second one has
	before := s.release(t)
	if before.Rollout == nil || before.Slots[before.Rollout.Candidate].Weight != firstStep {
		t.Errorf("after the kill the release is %+v", before)
	}
	s.must(t, "up") // moves nothing
	if after := s.release(t); after.Slots[components.Blue].Weight != before.Slots[components.Blue].Weight {
		t.Errorf("up has moved traffic: %+v", after)
	}
	killed(func(t *testing.T, r *running) { await(t, r, "the last step", kind(rollout.Stepped, 100)) })
	if before = s.release(t); before.Rollout == nil || before.Slots[before.Rollout.Candidate].Weight != 100 {
		t.Errorf("after the kill at the last step the release is %+v", before)
	}
	r, all := s.rollout(t, "start", "-c", "rollout.keep=0s")
	l.stop(t, true)
	row(t, l, r, all)
	if r.code != 0 {
		t.Fatalf("the rollout was not taken to its end: %s", r)
	}
	s.settled(t, s.release(t).Serving().Version)
}

// manualRollout waits for a person, who turns it back. Before it begins, an update moves no traffic.
func (s *suite) manualRollout(t *testing.T) {
	live, before := s.release(t).Serving().Version, s.replicas(t)
	s.newVersion(t, "by hand")
	if r := s.must(t, "up"); !strings.Contains(r.stderr, "rollout start") {
		t.Errorf("up does not say how the app is deployed: %s", r)
	}
	for i, c := range s.replicas(t) {
		if c.ID != before[i].ID {
			t.Errorf("%s was replaced", c.name())
		}
	}
	s.settled(t, live)
	r, _ := s.rollout(t, "start", "--manual")
	if now := s.release(t); r.code != 0 || now.Rollout == nil || now.Rollout.Step != release.Staged {
		t.Fatalf("the rollout does not wait without traffic: %+v: %s", now, r)
	}
	if status := s.must(t, "rollout", "status").stdout; !strings.Contains(status, "candidate") || !strings.Contains(status, "step 0 of 2") {
		t.Errorf("status says %s", status)
	}
	if r, _ = s.rollout(t, "abort"); r.code != 0 {
		t.Errorf("abort: %s", r)
	}
	s.settled(t, live)
	if r, _ = s.rollout(t, "promote"); r.code != 5 {
		t.Errorf("promoting nothing must be refused: %s", r)
	}
}

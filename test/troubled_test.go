package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipway-iac/slipway/cli/rollout"
)

// TestTroubledRollouts begins rollouts of bad versions under constant load, each of which is taken back and does as little harm as its
// steps allow; then one of a good version, which the trouble of others does not stop.
func TestTroubledRollouts(t *testing.T) {
	if testing.Short() {
		t.Skip("end to end: left out by -short")
	}
	t.Parallel()
	s := rolloutSuite(t, "-t")
	s.steps(t, []step{
		{"candidate that fails one request in five", s.failing},
		{"candidate that crashes at start", s.crashing},
		{"candidate that never becomes ready", s.neverReady},
		{"candidate whose migration fails", s.migrationFails},
		{"candidate that is slow", s.slow},
		{"proxy, cache and a live replica fail meanwhile", s.disturbed},
	})
	s.clean(t)
}

// bad starts a rollout of a version that must be rolled back for one of the reasons; clean means without a failed request.
func (s *suite) bad(t *testing.T, args []string, clean bool, reasons ...string) (*load, []rollout.Event) {
	t.Helper()
	live := s.release(t).Serving().Version
	l := s.startLoad(t)
	r, all := s.rollout(t, append([]string{"start"}, args...)...)
	if clean {
		l.stop(t, true)
	} else {
		l.halt(t)
	}
	row(t, l, r, all)
	_, said, _ := strings.Cut(r.stderr, "slipway: rolled back: ")
	if r.code != 4 || !slices.ContainsFunc(reasons, func(reason string) bool { return strings.HasPrefix(said, reason) }) {
		t.Errorf("want exit code 4 and one of the reasons %q: %s", reasons, r)
	}
	s.settled(t, live)
	return l, all
}

func (s *suite) failing(t *testing.T) {
	undo := s.edit(t, "internal/web/server.go", "if s.admit(rec, r, rt, start) {", `if rt.limited && start.UnixMicro()%5 == 0 {
			fail(rec, internal, "", "")
		} else if s.admit(rec, r, rt, start) {`)
	defer undo()
	l, all := s.bad(t, nil, false, "the candidate fails", "gate error-rate is crossed by the candidate")
	for _, failure := range l.failures {
		if !strings.Contains(failure, " answered 500 ") {
			t.Errorf("another failure than the candidate's own: %s", failure)
		}
	}
	// A fifth of the share of the traffic that the candidate had at most, of all requests that were sent meanwhile.
	if share := 100 * float64(len(l.failures)) / float64(l.sent.Load()); share > firstStep/5 || len(l.failures) == 0 {
		t.Errorf("clients saw %.1f %% errors, at most %d %% are due to a step of %d %%", share, firstStep/5, firstStep)
	}
	for _, e := range all {
		if e.Weights[e.Candidate] > firstStep {
			t.Errorf("the bad candidate had %d %% of the traffic", e.Weights[e.Candidate])
		}
	}
}

func (s *suite) slow(t *testing.T) {
	undo := s.edit(t, "internal/web/server.go", "if s.admit(rec, r, rt, start) {", `if rt.limited {
			time.Sleep(600 * time.Millisecond)
		}
		if s.admit(rec, r, rt, start) {`)
	defer undo()
	// A moment in which the live version is slow too must not hide it: there is no good candidate here that a narrow margin would hit, and
	// a step of 15 s has looks to spare.
	s.bad(t, []string{"-c", "rollout.margin.latency=1.5", "-c", "rollout.bake=15s"}, true, "the candidate's p99 latency is", "gate latency-p99 is crossed by the candidate")
}

// impatient is for versions that never become ready: nothing is won by waiting for them.
var impatient = []string{"-c", "docker.readyTimeout=8s"}

func (s *suite) crashing(t *testing.T) {
	undo := s.edit(t, "main.go", "		return serve(ctx, conf, log)", `		return fmt.Errorf("crashed on purpose: %v", log == nil)`)
	defer undo()
	_, all := s.bad(t, impatient, true, "links-green-ready", "links-blue-ready")
	told := ""
	for _, e := range all {
		told += e.Text + "\n"
	}
	for _, want := range []string{"ended with exit code 1, and was started again", "crashed on purpose"} {
		if !strings.Contains(told, want) {
			t.Errorf("the rollout does not tell %q:\n%s", want, told)
		}
	}
}

func (s *suite) neverReady(t *testing.T) {
	undo := s.edit(t, "internal/web/probes.go", "if s.draining.Load() {", `if s.draining.Load() || s.Version != "" {`)
	defer undo()
	s.bad(t, impatient, true, "links-green-ready", "links-blue-ready")
}

func (s *suite) migrationFails(t *testing.T) {
	file := filepath.Join(s.dir, "app", "internal", "store", "migrations", "0099_broken.up.sql")
	must(t, os.WriteFile(file, []byte("SELECT no_such_function_at_all();\n"), 0o644))
	defer func() { must(t, os.Remove(file)) }()
	s.bad(t, nil, true, "green-migrate", "blue-migrate")
}

// disturbed restarts the proxy, kills a live replica and takes the cache away at the first step: none of it is the candidate's fault.
func (s *suite) disturbed(t *testing.T) {
	s.newVersion(t, "disturbed")
	l := s.startLoad(t)
	// Time for all faults within the first step.
	r := s.start(t, "rollout", "start", "--json", "-c", "rollout.keep=0s", "-c", "rollout.bake=18s")
	await(t, r, "the first step", kind(rollout.Stepped, firstStep))
	now := s.release(t)
	engine(t, "restart", "--time", "1", s.container(t, "edge").ID)
	for _, c := range s.replicas(t) {
		if strings.Contains(c.name(), "-"+string(now.Live)+"-1") {
			engine(t, "restart", "--time", "0", c.ID)
		}
	}
	cache := s.container(t, "cache")
	engine(t, "stop", "--time", "1", cache.ID)
	time.Sleep(5 * time.Second)
	engine(t, "start", cache.ID)
	if now = s.release(t); now.Rollout == nil || now.Slots[now.Rollout.Candidate].Weight != firstStep {
		t.Errorf("the first step was over before the faults were: %+v", now)
	}
	done := s.wait(t, r)
	l.halt(t) // a restarted proxy drops connections, and there is only one
	row(t, l, done, events(t, done.stdout))
	if done.code != 0 {
		t.Errorf("what is not the candidate's fault has stopped it: %s", done)
	}
	s.settled(t, s.release(t).Serving().Version)
}

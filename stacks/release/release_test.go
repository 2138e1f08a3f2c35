package release_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/stacks/release"
)

var (
	noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	mine = release.Lease{Holder: "me@here", PID: 7, Until: noon.Add(time.Hour)}
)

// first is a stack whose first version is up.
func first(t *testing.T) release.Release {
	t.Helper()
	r, err := release.Parse("")
	if err != nil {
		t.Fatal(err)
	}
	return r.Deploy("a", false, noon)
}

// step is one transition with what must be there after it: the weights, 0 for an occupied slot without traffic, -1 for an empty one.
type step struct {
	do          release.Transition
	version     string
	blue, green int
}

func follow(t *testing.T, r release.Release, steps ...step) release.Release {
	t.Helper()
	for i, s := range steps {
		s.do.ID, s.do.Lease = "r1", mine
		next, err := r.Next(s.do, s.version, noon)
		if err != nil {
			t.Fatalf("step %d, %s: %v", i, s.do.Action, err)
		}
		for slot, want := range map[components.Slot]int{components.Blue: s.blue, components.Green: s.green} {
			o, ok := next.Slots[slot]
			if ok != (want >= 0) || ok && o.Weight != want {
				t.Fatalf("step %d, %s: slot %s is %+v, want weight %d", i, s.do.Action, slot, o, want)
			}
		}
		if next.Revision != r.Revision+1 {
			t.Errorf("step %d: the revision is %d after %d", i, next.Revision, r.Revision)
		}
		r = through(t, next)
	}
	return r
}

// through writes a release and reads it again, as two updates do.
func through(t *testing.T, r release.Release) release.Release {
	t.Helper()
	text, err := r.Text()
	if err != nil {
		t.Fatal(err)
	}
	again, err := release.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(again, r) {
		t.Errorf("read again\n%+v\nwritten\n%+v", again, r)
	}
	return again
}

var canary = []int{10, 50, 100}

func TestCanaryThenTheNext(t *testing.T) {
	r := follow(t, first(t),
		step{release.Transition{Action: release.Stage, Steps: canary}, "b", 100, 0},
		step{release.Transition{Action: release.Shift, Step: 0}, "b", 90, 10},
		step{release.Transition{Action: release.Shift, Step: 1}, "c", 50, 50}, // the source has changed meanwhile
		step{release.Transition{Action: release.Shift, Step: 2}, "b", 0, 100},
		step{release.Transition{Action: release.Promote, Keep: time.Hour}, "b", 0, 100},
	)
	if r.Live != components.Green || r.Serving().Version != "b" || r.Rollout != nil {
		t.Errorf("after the promotion: %+v", r)
	}
	if kept, ok := r.Kept(); !ok || kept.Version != "a" {
		t.Errorf("the version before is not kept: %+v", r)
	}
	r = follow(t, r,
		step{release.Transition{Action: release.Stage, Steps: []int{100}}, "c", 0, 100},
		step{release.Transition{Action: release.Shift}, "c", 100, 0},
		step{release.Transition{Action: release.Promote}, "c", 100, 0},
	)
	if r.Slots[components.Blue].Sequence != 3 || r.Serving().Version != "c" {
		t.Errorf("after the next rollout: %+v", r)
	}
	if r = r.Deploy("c", false, noon); len(r.Slots) != 1 {
		t.Errorf("a version whose time is over is still there: %+v", r.Slots)
	}
}

func TestAbort(t *testing.T) {
	staged := follow(t, first(t), step{release.Transition{Action: release.Stage, Steps: canary}, "b", 100, 0})
	half := follow(t, staged, step{release.Transition{Action: release.Shift, Step: 1}, "b", 50, 50})
	back := follow(t, half, step{release.Transition{Action: release.Abort, Reason: "errors"}, "b", 100, 0})
	if back.Rollout == nil || back.Rollout.Aborted != "errors" || back.Serving().Version != "a" {
		t.Errorf("after the abort: %+v", back)
	}
	if _, err := back.Next(release.Transition{Action: release.Shift, ID: "r1", Lease: mine, Step: 2}, "b", noon); !errors.Is(err, release.ErrRefused) {
		t.Errorf("an aborted rollout goes forward: %v", err)
	}
	if r := follow(t, back, step{release.Transition{Action: release.Clear}, "b", 100, -1}); r.Rollout != nil {
		t.Errorf("after clearing: %+v", r)
	}
	promoted := follow(t, half,
		step{release.Transition{Action: release.Shift, Step: 2}, "b", 0, 100},
		step{release.Transition{Action: release.Promote, Keep: time.Hour}, "b", 0, 100},
		step{release.Transition{Action: release.Abort, Promoted: true}, "b", 100, 0},
	)
	if promoted.Live != components.Blue || promoted.Rollout.Aborted == "" {
		t.Errorf("the abort of a promoted version: %+v", promoted)
	}
	if r := follow(t, promoted, step{release.Transition{Action: release.Clear}, "b", 100, -1}); r.Serving().Version != "a" {
		t.Errorf("after clearing: %+v", r)
	}
}

// TestDeploy: an update that was asked for no transition moves no traffic.
func TestDeploy(t *testing.T) {
	r := first(t)
	if got := r.Deploy("b", false, noon); !reflect.DeepEqual(got, r) {
		t.Errorf("changed source, not in place: %+v", got)
	}
	got := r.Deploy("b", true, noon)
	if o := got.Slots[components.Blue]; o.Version != "b" || o.Weight != 100 || o.Sequence != 2 || o.Image != "" {
		t.Errorf("in place: %+v", o)
	}
	half := follow(t, r,
		step{release.Transition{Action: release.Stage, Steps: canary}, "b", 100, 0},
		step{release.Transition{Action: release.Shift, Step: 1}, "b", 50, 50})
	for _, inPlace := range []bool{false, true} {
		if got := half.Deploy("c", inPlace, noon.Add(24*time.Hour)); !reflect.DeepEqual(got, half) {
			t.Errorf("during a rollout: %+v", got)
		}
	}
	kept := follow(t, half,
		step{release.Transition{Action: release.Shift, Step: 2}, "b", 0, 100},
		step{release.Transition{Action: release.Promote, Keep: time.Hour}, "b", 0, 100})
	if got := kept.Deploy("b", false, noon.Add(59*time.Minute)); len(got.Slots) != 2 {
		t.Error("the version before goes too early")
	}
	if got := kept.Deploy("b", false, noon.Add(time.Hour)); len(got.Slots) != 1 || got.Live != components.Green {
		t.Errorf("the version before stays too long: %+v", got)
	}
}

func TestRefused(t *testing.T) {
	staged := follow(t, first(t), step{release.Transition{Action: release.Stage, Steps: canary}, "b", 100, 0})
	other := release.Lease{Holder: "you@there", PID: 7}
	promoted := follow(t, staged,
		step{release.Transition{Action: release.Shift, Step: 2}, "b", 0, 100},
		step{release.Transition{Action: release.Promote, Keep: time.Hour}, "b", 0, 100})
	for _, row := range []struct {
		name string
		from release.Release
		do   release.Transition
		want string
	}{
		{"nothing deployed", release.Release{}, release.Transition{Action: release.Stage}, "go run . up"},
		{"the same version", first(t), release.Transition{Action: release.Stage, ID: "r1"}, "live already"},
		{"a second rollout", staged, release.Transition{Action: release.Stage, ID: "r2", Lease: other}, "driven by me@here"},
		{"another holder", staged, release.Transition{Action: release.Shift, ID: "r1", Lease: other}, "--take-over"},
		{"another rollout", staged, release.Transition{Action: release.Shift, ID: "r0", Lease: mine}, "not r0"},
		{"no such step", staged, release.Transition{Action: release.Shift, ID: "r1", Lease: mine, Step: 3}, "no step 3"},
		{"promotion without traffic", staged, release.Transition{Action: release.Promote, ID: "r1", Lease: mine}, "all of the traffic"},
		{"clearing what goes on", staged, release.Transition{Action: release.Clear, ID: "r1", Lease: mine}, "goes on"},
		{"promotion of nothing", first(t), release.Transition{Action: release.Promote, Lease: mine}, "no rollout"},
		{"abort of nothing", first(t), release.Transition{Action: release.Abort, Promoted: true, Lease: mine}, "no version before"},
		{"abort of what another process has promoted", promoted, release.Transition{Action: release.Abort, ID: "r1", Lease: mine}, "another process has ended it, and version b is live"},
		{"clearing what is kept after another's rollout", promoted, release.Transition{Action: release.Clear, ID: "r1", Lease: mine}, "another process has ended it"},
		{"abort of the promoted, too late", staged, release.Transition{Action: release.Abort, Promoted: true, ID: "r9", Lease: mine}, "has begun meanwhile"},
		{"a process made alike", staged, release.Transition{Action: release.Shift, ID: "r1", Lease: release.Lease{Holder: mine.Holder, PID: mine.PID, Token: "another"}}, "--take-over"},
		{"nonsense", staged, release.Transition{Action: "dance", ID: "r1", Lease: mine}, "dance"},
	} {
		version := "b"
		if row.name == "the same version" {
			version = "a"
		}
		_, err := row.from.Next(row.do, version, noon)
		if !errors.Is(err, release.ErrRefused) || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got %v, want a refusal with %q", row.name, err, row.want)
		}
	}
}

func TestLease(t *testing.T) {
	staged := follow(t, first(t), step{release.Transition{Action: release.Stage, Steps: canary}, "b", 100, 0})
	other := release.Lease{Holder: "you@there", PID: 9, Until: noon.Add(2 * time.Hour)}
	take := release.Transition{Action: release.Take, ID: "r1", Lease: other}
	for _, row := range []struct {
		name   string
		change func(*release.Transition)
		now    time.Time
		ok     bool
	}{
		{"held", func(*release.Transition) {}, noon, false},
		{"expired", func(*release.Transition) {}, mine.Until, true},
		{"by force", func(x *release.Transition) { x.Force = true }, noon, true},
		{"holder gone", func(x *release.Transition) { x.Abandoned = func(l release.Lease) bool { return l.PID == 7 } }, noon, true},
		{"given back", func(*release.Transition) {}, time.Time{}, true},
		{"holder alive", func(x *release.Transition) { x.Abandoned = func(release.Lease) bool { return false } }, noon, false},
	} {
		x, from := take, staged
		if row.change(&x); row.now.IsZero() {
			from = follow(t, staged, step{release.Transition{Action: release.Take}, "b", 100, 0})
			from.Rollout.Lease.Until, row.now = time.Time{}, noon
		}
		next, err := from.Next(x, "b", row.now)
		if (err == nil) != row.ok {
			t.Errorf("%s: %v", row.name, err)
		}
		if row.ok && next.Rollout.Lease != other {
			t.Errorf("%s: the lease is %+v", row.name, next.Rollout.Lease)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		`{`:                               "release",
		`{"format":2}`:                    "format 2",
		`{"format":1,"slots":{"red":{}}}`: "red",
		`{"format":1,"live":"blue","slots":{"blue":{"version":"a","weight":90}}}`:                                                      "add up to 90",
		`{"format":1,"live":"green","slots":{"blue":{"version":"a","weight":100}}}`:                                                    `"green" is live`,
		`{"format":1,"live":"blue","slots":{"blue":{"version":"a","weight":100}},"rollout":{"id":"x","candidate":"green","steps":[]}}`: "rollout x",
	} {
		if _, err := release.Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}

package rollout

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/stacks/release"
)

// world is a stack, its front door and its health, without any of them.
type world struct {
	now     release.Release
	version string // of the source
	serving string // what the public address says; empty for the right version
	smoke   int    // status of the smoke path
	mu      sync.Mutex
	asked   map[components.Slot]int // several requests come at once

	done []string // transitions, with the weights after them
	fail map[release.Action][]error
	// health of a slot at a time since the step began
	health func(slot components.Slot, share int, since time.Duration) (Side, error)
	tidied bool
}

func newWorld(t *testing.T) *world {
	t.Helper()
	first, err := release.Parse("")
	if err != nil {
		t.Fatal(err)
	}
	return &world{now: first.Deploy("a", false, time.Now()), version: "b", smoke: http.StatusOK, asked: map[components.Slot]int{}, fail: map[release.Action][]error{}, health: func(components.Slot, int, time.Duration) (Side, error) {
		return Side{Figures: Figures{Requests: 1000, P99: 10 * time.Millisecond}}, nil
	}}
}

func (w *world) Apply(_ context.Context, t release.Transition) (release.Release, error) {
	if errs := w.fail[t.Action]; len(errs) > 0 {
		w.fail[t.Action] = errs[1:]
		if errs[0] != nil {
			return release.Release{}, errs[0]
		}
	}
	next, err := w.now.Next(t, w.version, time.Now())
	if err != nil {
		return release.Release{}, err
	}
	// Nothing but the text lives on from update to update.
	text, err := next.Text()
	if err != nil {
		return release.Release{}, err
	}
	if w.now, err = release.Parse(text); err != nil {
		return release.Release{}, err
	}
	w.done = append(w.done, fmt.Sprintf("%s %d/%d", t.Action, next.Slots[components.Blue].Weight, next.Slots[components.Green].Weight))
	return release.Parse(text)
}

func (w *world) Tidy(context.Context) error {
	if errs := w.fail["tidy"]; len(errs) > 0 {
		w.fail["tidy"] = errs[1:]
		return errs[0]
	}
	w.tidied = true
	return nil
}

func (w *world) Serves(_ context.Context, version string) error {
	if w.serving != "" && w.serving != version {
		return fmt.Errorf("version %s answers, wanted is %s", w.serving, version)
	}
	return nil
}

func (w *world) Slot(_ context.Context, slot components.Slot, since time.Time) (Figures, error) {
	s, err := w.health(slot, w.now.Slots[slot].Weight, time.Since(since))
	return s.Figures, err
}

func (w *world) Gates(_ context.Context, slot components.Slot, since time.Time) ([]Alarm, error) {
	s, err := w.health(slot, w.now.Slots[slot].Weight, time.Since(since))
	return s.Gates, err
}

func (*world) Lag() time.Duration { return 10 * time.Second }

// RoundTrip is the front door.
func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	slot := components.Slot(r.Header.Get(components.SlotHeader))
	w.mu.Lock()
	w.asked[slot]++
	w.mu.Unlock()
	rec := httptest.NewRecorder()
	if r.Header.Get(components.SlotKeyHeader) != "key" {
		rec.WriteHeader(http.StatusForbidden)
	} else if rec.Header().Set("Version", w.now.Slots[slot].Version); r.URL.Path == "/smoke" {
		rec.WriteHeader(w.smoke)
	}
	return rec.Result(), nil
}

// runner drives it, with everything in fake time.
func (w *world) runner(said *[]Event) *Runner {
	return &Runner{
		Stack: w, Health: w, Criteria: Criteria{MinRequests: 100, ErrorRate: 1, Latency: 1.5},
		Door: Door{Client: &http.Client{Transport: w}, URL: "https://app", Key: "key", HealthPath: "/healthz", SmokePath: "/smoke", VersionHeader: "Version"},
		Bake: 30 * time.Second, Keep: time.Hour, Every: 5 * time.Second,
		Lease: func() release.Lease {
			return release.Lease{Holder: "me@here", PID: 1, Until: time.Now().Add(time.Hour)}
		},
		Report: func(e Event) { *said = append(*said, e) },
	}
}

var canary = []int{25, 100}

// drive runs a rollout from the start in fake time.
func drive(t *testing.T, change func(*world, *Runner)) (w *world, got Result, said []Event, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w = newWorld(t)
		r := w.runner(&said)
		if change != nil {
			change(w, r)
		}
		got, err = r.Start(t.Context(), "r1", canary, false)
	})
	return w, got, said, err
}

func texts(all []Event) string {
	var out []string
	for _, e := range all {
		out = append(out, string(e.Kind)+" "+e.Text)
	}
	return strings.Join(out, "\n")
}

func TestPromoted(t *testing.T) {
	w, got, said, err := drive(t, nil)
	if err != nil || got.Outcome != Promoted {
		t.Fatalf("%+v, %v\n%s", got, err, texts(said))
	}
	want := []string{"stage 100/0", "shift 75/25", "shift 0/100", "promote 0/100"}
	if !slices.Equal(w.done, want) {
		t.Errorf("done: %v, want %v", w.done, want)
	}
	looks := 0
	for _, e := range said {
		if e.Kind == Looked {
			looks++
		}
	}
	if looks != 16 { // 40 s with the lag, every 5 s, in two steps
		t.Errorf("%d looks", looks)
	}
}

// TestRolledBack: whatever is wrong with the candidate, traffic goes back and the candidate is removed.
func TestRolledBack(t *testing.T) {
	candidate := func(bad Side) func(*world, *Runner) {
		return func(w *world, _ *Runner) {
			fine := w.health
			w.health = func(slot components.Slot, share int, since time.Duration) (Side, error) {
				if slot == components.Green {
					return bad, nil
				}
				return fine(slot, share, since)
			}
		}
	}
	for _, row := range []struct {
		name   string
		change func(*world, *Runner)
		reason string
		done   []string
	}{
		{"smoke test", func(w *world, _ *Runner) { w.smoke = http.StatusInternalServerError }, "/smoke (rollout.smokePath) answers 500", []string{"stage 100/0", "abort 100/0", "clear 100/0"}},
		{"errors", candidate(Side{Figures: Figures{Requests: 100, Errors: 20}}), "fails 20.0 %", []string{"stage 100/0", "shift 75/25", "abort 100/0", "clear 100/0"}},
		{"slowness that persists", candidate(Side{Figures: Figures{Requests: 1000, P99: time.Second}}), "p99 latency is 1s", []string{"stage 100/0", "shift 75/25", "abort 100/0", "clear 100/0"}},
		{"a gate", candidate(Side{Figures: Figures{Requests: 1000}, Gates: []Alarm{{ID: "restarts", Firing: true, Text: "4"}}}), "gate restarts", []string{"stage 100/0", "shift 75/25", "abort 100/0", "clear 100/0"}},
		{"no traffic for too long", candidate(Side{}), "only 0 requests", []string{"stage 100/0", "shift 75/25", "abort 100/0", "clear 100/0"}},
		{"blindness", func(w *world, _ *Runner) {
			w.health = func(components.Slot, int, time.Duration) (Side, error) { return Side{}, errors.New("no metrics") }
		}, "could not be read for 1m0s: no metrics", []string{"stage 100/0", "shift 75/25", "abort 100/0", "clear 100/0"}},
		{"trouble of both that does not end", func(w *world, _ *Runner) {
			w.health = func(components.Slot, int, time.Duration) (Side, error) {
				return Side{Figures: Figures{Requests: 1000}, Gates: []Alarm{{ID: "error-rate", Firing: true, Text: "3 %"}}}, nil
			}
		}, "held up for 2m", []string{"stage 100/0", "shift 75/25", "abort 100/0", "clear 100/0"}},
		{"an update that fails half-way", func(w *world, _ *Runner) {
			w.fail[release.Shift] = []error{nil, errors.New("the proxy did not take it")}
		}, "moving traffic failed: the proxy did not take it", []string{"stage 100/0", "shift 75/25", "abort 100/0", "clear 100/0"}},
		{"abort that fails twice", func(w *world, r *Runner) {
			w.smoke = http.StatusInternalServerError
			w.fail[release.Abort] = []error{errors.New("bad moment"), fmt.Errorf("%w", ErrBusy)}
		}, "/smoke", []string{"stage 100/0", "abort 100/0", "clear 100/0"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			w, got, said, err := drive(t, row.change)
			if err != nil || got.Outcome != RolledBack || !strings.Contains(got.Reason, row.reason) {
				t.Fatalf("%+v, %v, want %q\n%s", got, err, row.reason, texts(said))
			}
			if !slices.Equal(w.done, row.done) {
				t.Errorf("done: %v, want %v", w.done, row.done)
			}
			if !slices.ContainsFunc(said, func(e Event) bool { return e.Kind == Back && e.Weights[components.Green] == 0 }) {
				t.Errorf("it is not said when the traffic was back:\n%s", texts(said))
			}
		})
	}
}

func TestCandidateThatDoesNotComeUp(t *testing.T) {
	w, got, _, err := drive(t, func(w *world, _ *Runner) {
		w.fail[release.Stage] = []error{errors.New("migrate ended with exit code 1")}
	})
	if err != nil || got.Outcome != RolledBack || !strings.Contains(got.Reason, "exit code 1") || !w.tidied || len(w.done) > 0 {
		t.Errorf("%+v, %v, tidied %t, done %v", got, err, w.tidied, w.done)
	}
	w, got, _, err = drive(t, func(w *world, _ *Runner) {
		w.fail[release.Stage], w.fail["tidy"] = []error{errors.New("no")}, []error{ErrBusy}
	})
	if err != nil || got.Outcome != RolledBack || !w.tidied {
		t.Errorf("while another update is under way: %+v, %v, tidied %t", got, err, w.tidied)
	}
	w, _, _, err = drive(t, func(w *world, _ *Runner) { w.version = "a" })
	if !errors.Is(err, release.ErrLive) || w.tidied {
		t.Errorf("the live version: %v", err)
	}
}

// TestWrongVersion: the public address must answer with the candidate before it is promoted, and with the version before after going
// back.
func TestWrongVersion(t *testing.T) {
	w, got, _, err := drive(t, func(w *world, _ *Runner) { w.serving = "a" })
	if err != nil || got.Outcome != RolledBack || !strings.Contains(got.Reason, "version a answers") || w.now.Serving().Version != "a" {
		t.Errorf("%+v, %v", got, err)
	}
	_, _, _, err = drive(t, func(w *world, _ *Runner) { w.serving = "z" })
	if err == nil || !strings.Contains(err.Error(), "version z answers") {
		t.Errorf("got %v, want a failure", err)
	}
}

func TestSyntheticRequests(t *testing.T) {
	w, got, said, err := drive(t, func(w *world, r *Runner) {
		r.Synthetic = true
		w.health = func(slot components.Slot, _ int, _ time.Duration) (Side, error) {
			return Side{Figures: Figures{Requests: float64(w.asked[slot])}}, nil
		}
	})
	if err != nil || got.Outcome != Promoted {
		t.Fatalf("%+v, %v\n%s", got, err, texts(said))
	}
	if w.asked[components.Green] < 100 || w.asked[components.Blue] < 100 || !strings.Contains(texts(said), "sending synthetic ones") {
		t.Errorf("asked %v\n%s", w.asked, texts(said))
	}
}

func TestInterruptedAndResumed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, said := newWorld(t), []Event{}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(20*time.Second, cancel)
		if _, err := w.runner(&said).Start(ctx, "r1", canary, false); !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v", err)
		}
		if o := w.now.Rollout; o == nil || o.Step != 0 {
			t.Fatalf("the release is %+v", w.now)
		}
		other := w.runner(&said)
		other.Lease = func() release.Lease {
			return release.Lease{Holder: "you@there", PID: 2, Until: time.Now().Add(time.Hour)}
		}
		if _, err := other.Resume(t.Context(), w.now, false, false); !errors.Is(err, release.ErrRefused) {
			t.Errorf("another one goes on with it: %v", err)
		}
		other.Force = true
		got, err := other.Resume(t.Context(), w.now, false, false)
		if err != nil || got.Outcome != Promoted || w.now.Serving().Version != "b" {
			t.Errorf("%+v, %v", got, err)
		}
		if want := []string{"stage 100/0", "shift 75/25", "take 75/25", "shift 0/100", "promote 0/100"}; !slices.Equal(w.done, want) {
			t.Errorf("done: %v, want %v", w.done, want)
		}
		// It is kept, so it comes back at once.
		if got, err = other.Abort(t.Context(), w.now, "r2", "by hand"); err != nil || got.Outcome != RolledBack || w.now.Serving().Version != "a" || len(w.now.Slots) != 1 {
			t.Errorf("%+v, %v, %+v", got, err, w.now)
		}
	})
}

func TestByHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, said := newWorld(t), []Event{}
		got, err := w.runner(&said).Start(t.Context(), "r1", canary, true)
		for _, want := range []struct {
			outcome Outcome
			green   int
		}{{Paused, 0}, {Paused, 25}, {Paused, 100}, {Promoted, 100}} {
			if err != nil || got.Outcome != want.outcome || w.now.Slots[components.Green].Weight != want.green {
				t.Fatalf("%+v, %v, %+v; want %+v", got, err, w.now, want)
			}
			if want.outcome == Paused {
				another := w.runner(&said)
				another.Lease = func() release.Lease {
					return release.Lease{Holder: "you@there", PID: 2, Until: time.Now().Add(time.Hour)}
				}
				got, err = another.Resume(t.Context(), w.now, true, false)
			}
		}
		w.version = "c"
		if got, err = w.runner(&said).Start(t.Context(), "r2", canary, true); err != nil || got.Outcome != Paused || !w.now.Rollout.Lease.Until.IsZero() {
			t.Fatalf("%+v, %v, %+v", got, err, w.now.Rollout)
		}
		if got, err = w.runner(&said).Resume(t.Context(), w.now, true, true); err != nil || got.Outcome != Promoted || w.now.Serving().Version != "c" {
			t.Errorf("all at once: %+v, %v", got, err)
		}
	})
}

// TestAbortIsFinished: a process that ended between giving the traffic back and removing the candidate is made up for.
func TestAbortIsFinished(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, said := newWorld(t), []Event{}
		w.smoke = http.StatusInternalServerError
		w.fail[release.Clear] = []error{errors.New("killed")}
		if _, err := w.runner(&said).Start(t.Context(), "r1", canary, false); err == nil || !strings.Contains(err.Error(), "killed") {
			t.Fatalf("got %v", err)
		}
		got, err := w.runner(&said).Resume(t.Context(), w.now, false, false)
		if err != nil || got.Outcome != RolledBack || !strings.Contains(got.Reason, "/smoke") || len(w.now.Slots) != 1 {
			t.Errorf("%+v, %v, %+v", got, err, w.now)
		}
	})
}

// TestLooksFallOnTheEnd: a step lasts as long as rollout.bake and the lag of the metrics, also where that is no multiple of the time
// between two looks.
func TestLooksFallOnTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said []Event
		w := newWorld(t)
		r := w.runner(&said)
		r.Every = 15 * time.Second // 40 s are to be watched
		began := time.Now()
		got, err := r.Start(t.Context(), "r1", []int{100}, false)
		if err != nil || got.Outcome != Promoted {
			t.Fatalf("%+v, %v\n%s", got, err, texts(said))
		}
		looks := 0
		for _, e := range said {
			if e.Kind == Looked {
				looks++
			}
		}
		if took := time.Since(began); looks != 3 || took < 40*time.Second || took > 41*time.Second {
			t.Errorf("%d looks in %s, want 3 in 40 s\n%s", looks, took, texts(said))
		}
	})
}

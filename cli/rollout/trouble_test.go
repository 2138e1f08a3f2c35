package rollout

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/stacks/release"
)

// broken makes the live version cross a gate, from so long after the beginning of a step.
func broken(w *world, from time.Duration) {
	w.health = func(slot components.Slot, share int, since time.Duration) (Side, error) {
		s := Side{Figures: Figures{Requests: 1000, P99: 10 * time.Millisecond}}
		if slot == components.Blue && (from == 0 || share == 75 && since >= from) {
			s.Figures.Errors, s.Gates = 500, []Alarm{{ID: "error-rate", Firing: true, Text: "50 %"}}
		}
		return s, nil
	}
}

// TestLiveVersionInTrouble: a candidate that mends a broken version must get through, at once if it was broken before.
func TestLiveVersionInTrouble(t *testing.T) {
	for _, row := range []struct {
		name  string
		from  time.Duration
		looks int
		said  string
	}{
		{"before the rollout", 0, 2 * 8, "error-rate is crossed by the live version already: 50 %. It holds nothing up"},
		{"during a step", 5 * time.Second, 26 + 8, "The candidate is the better one"},
	} {
		_, got, said, err := drive(t, func(w *world, _ *Runner) { broken(w, row.from) })
		looks := 0
		for _, e := range said {
			if e.Kind == Looked && e.Sides != nil {
				looks++
			}
		}
		if err != nil || got.Outcome != Promoted || !strings.Contains(texts(said), row.said) || looks != row.looks {
			t.Errorf("%s: %+v, %v, %d looks, want %d\n%s", row.name, got, err, looks, row.looks, texts(said))
		}
	}
}

// TestAnotherUpdateMeanwhile: a rollout that has begun waits for somebody's `up`; it is no reason to leave traffic divided.
func TestAnotherUpdateMeanwhile(t *testing.T) {
	_, got, said, err := drive(t, func(w *world, _ *Runner) {
		w.fail[release.Shift] = []error{nil, ErrBusy, ErrBusy}
		w.fail[release.Promote] = []error{ErrBusy}
	})
	if err != nil || got.Outcome != Promoted || strings.Count(texts(said), "look waiting: ") != 2 {
		t.Errorf("%+v, %v\n%s", got, err, texts(said))
	}
	_, _, _, err = drive(t, func(w *world, _ *Runner) {
		w.fail[release.Promote] = slices.Repeat([]error{ErrBusy}, 1000)
	})
	if err == nil || errors.Is(err, release.ErrRefused) || !strings.Contains(err.Error(), "waited for 10m") {
		t.Errorf("an update that does not end: %v", err)
	}
	_, _, _, err = drive(t, func(w *world, _ *Runner) { w.fail[release.Stage] = []error{ErrBusy} })
	if !errors.Is(err, ErrBusy) {
		t.Errorf("a rollout that has not begun: %v", err)
	}
}

// TestLateProcess: one that slept while another took over does nothing any more, even if it had taken over by force itself.
func TestLateProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, said := newWorld(t), []Event{}
		driver := func(holder string) *Runner {
			r := w.runner(&said)
			r.Force = true
			r.Lease = func() release.Lease {
				return release.Lease{Holder: holder, PID: 1, Until: time.Now().Add(time.Hour)}
			}
			return r
		}
		first, second := driver("me@here"), driver("you@there")
		if _, err := first.Start(t.Context(), "r1", canary, true); err != nil {
			t.Fatal(err)
		}
		before := w.now
		if _, err := first.Resume(t.Context(), before, true, false); err != nil {
			t.Fatal(err)
		}
		late := *first
		if _, err := second.Resume(t.Context(), w.now, false, false); err != nil {
			t.Fatal(err)
		}
		w.now.Rollout.Lease = release.Lease{Holder: "you@there", PID: 1, Until: time.Now().Add(time.Hour)}
		if err := late.shift(t.Context()); !errors.Is(err, release.ErrRefused) {
			t.Errorf("it moves traffic: %v", err)
		}
		if got, err := second.Resume(t.Context(), w.now, true, true); err != nil || got.Outcome != Promoted {
			t.Fatalf("%+v, %v", got, err)
		}
		if _, err := late.back(t.Context(), "no figures"); !errors.Is(err, release.ErrRefused) || w.now.Serving().Version != "b" {
			t.Errorf("it undoes the promotion: %v, %+v", err, w.now)
		}
	})
}

// TestResumedAtTheLastStep: the candidate is compared with what the live version was like since the rollout began.
func TestResumedAtTheLastStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, said := newWorld(t), []Event{}
		w.health = func(slot components.Slot, share int, since time.Duration) (Side, error) {
			s := Side{Figures: Figures{Requests: 1000, Errors: 30, P99: 10 * time.Millisecond}}
			if slot == components.Blue && share == 0 && since < time.Minute {
				s = Side{}
			}
			return s, nil
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(70*time.Second, cancel)
		if _, err := w.runner(&said).Start(ctx, "r1", canary, false); !errors.Is(err, context.Canceled) || w.now.Rollout.Step != 1 {
			t.Fatalf("%v, %+v", err, w.now.Rollout)
		}
		if got, err := w.runner(&said).Resume(t.Context(), w.now, false, false); err != nil || got.Outcome != Promoted {
			t.Errorf("%+v, %v\n%s", got, err, texts(said))
		}
	})
}

package rollout

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-iac/slipway/components"
)

// waiting is a world in which bringing a candidate up does not wait until it is ready.
type waiting struct {
	*world
	err    error
	before map[components.Slot]int // what the front door had been asked by then
}

func (w *waiting) Await(_ context.Context, slot components.Slot) error {
	w.before = map[components.Slot]int{slot: w.asked[slot]}
	return w.err
}

func TestCandidateIsAwaited(t *testing.T) {
	for _, err := range []error{nil, errors.New("its tasks don't become ready")} {
		var health *waiting
		w, got, said, failed := drive(t, func(w *world, r *Runner) {
			health = &waiting{world: w, err: err}
			r.Health = health
		})
		if asked, ok := health.before[components.Green]; failed != nil || !ok || asked != 0 {
			t.Fatalf("the candidate was asked %d times before it was ready, awaited is %t: %v", asked, ok, failed)
		}
		switch {
		case err == nil && got.Outcome != Promoted:
			t.Errorf("%+v\n%s", got, texts(said))
		case err != nil && (got.Outcome != RolledBack || !strings.Contains(got.Reason, err.Error()) || slices.Contains(w.done, "shift 75/25")):
			t.Errorf("%+v after %v\n%s", got, w.done, texts(said))
		}
	}
}

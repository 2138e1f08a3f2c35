package rollout

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/stacks/release"
)

// Stack is what a rollout moves.
type Stack interface {
	// Apply updates the stack for one transition and returns the release after it. The error wraps release.ErrRefused if the
	// transition is not allowed or another update is under way; nothing has changed then.
	Apply(ctx context.Context, t release.Transition) (release.Release, error)
	// Tidy updates the stack for no transition: it removes what a failed one has left, and what has been kept long enough.
	Tidy(ctx context.Context) error
	// Serves fails if the public address does not answer with a version.
	Serves(ctx context.Context, version string) error
}

// ErrBusy is wrapped by errors of Apply and Tidy that say that another update is under way. It is a release.ErrRefused.
var ErrBusy = fmt.Errorf("%w: the stack is being updated", release.ErrRefused)

// Outcome is how a rollout has ended, for this process.
type Outcome string

// The outcomes.
const (
	Promoted   Outcome = "promoted"
	RolledBack Outcome = "rolled back"
	Paused     Outcome = "paused"
)

// Result is an outcome with its reason, for RolledBack.
type Result struct {
	Outcome Outcome
	Reason  string
}

// Runner drives one rollout.
type Runner struct {
	Stack  Stack
	Door   Door
	Health Health
	Criteria
	// Bake is how long the health is watched at each step, Keep how long the version before stays, Every the time between two looks.
	Bake, Keep, Every time.Duration
	// Synthetic sends requests of its own where there are too few to judge.
	Synthetic bool
	// Lease is a new lease of this process.
	Lease func() release.Lease
	// Force takes over from another process; Abandoned tells whose process is gone.
	Force     bool
	Abandoned func(release.Lease) bool
	// Report is told what happens.
	Report func(Event)

	now      release.Release
	baseline Figures
}

func (r *Runner) transition(action release.Action) release.Transition {
	t := release.Transition{Action: action, Lease: r.Lease(), Force: r.Force, Abandoned: r.Abandoned}
	if r.now.Rollout != nil {
		t.ID = r.now.Rollout.ID
	}
	return t
}

func (r *Runner) apply(ctx context.Context, t release.Transition) error {
	next, err := r.Stack.Apply(ctx, t)
	if err != nil {
		return err
	}
	r.now = next
	return nil
}

func (r *Runner) say(kind Kind, text string, a ...any) {
	r.Report(event(kind, r.now, fmt.Sprintf(text, a...)))
}

// Start brings the candidate up and moves traffic to it; with manual it stops as soon as the candidate has passed its smoke test. A
// candidate that does not come up is removed again.
func (r *Runner) Start(ctx context.Context, id string, steps []int, manual bool) (Result, error) {
	t := r.transition(release.Stage)
	t.ID, t.Steps, t.Manual = id, steps, manual
	err := r.apply(ctx, t)
	switch {
	case err == nil:
	case ctx.Err() != nil || errors.Is(err, release.ErrRefused):
		return Result{}, err
	default:
		r.say(Breach, "the candidate did not come up: %v", err)
		if tidy := r.Stack.Tidy(ctx); tidy != nil {
			return Result{}, fmt.Errorf("removing the candidate, which did not come up (%w): %w", err, tidy)
		}
		return Result{RolledBack, err.Error()}, nil
	}
	r.say(Stepped, "version %s runs in slot %s without traffic", r.candidate().Version, r.now.Rollout.Candidate)
	return r.drive(ctx, false)
}

// Resume goes on with a rollout that another process has left. With promote it goes one step further than a manual one has come,
// with all to the end.
func (r *Runner) Resume(ctx context.Context, now release.Release, promote, all bool) (Result, error) {
	r.now = now
	if err := r.apply(ctx, r.transition(release.Take)); err != nil {
		return Result{}, err
	}
	if r.now.Rollout.Aborted != "" {
		return r.clear(ctx)
	}
	if all {
		r.now.Rollout.Manual = false
	}
	r.say(Stepped, "going on at %s", r.position())
	return r.drive(ctx, promote)
}

// drive takes the rollout from where it is to its end, or, if it is manual, to the end of the present step. advance leaves the
// present step at once: it has been baked before.
func (r *Runner) drive(ctx context.Context, advance bool) (Result, error) {
	for {
		if !advance {
			reason, err := r.prove(ctx)
			if err != nil {
				return Result{}, err
			}
			if reason != "" {
				return r.back(ctx, reason)
			}
			if r.now.Rollout.Manual {
				return r.pause(ctx)
			}
		}
		advance = false
		if r.now.Rollout.Step == len(r.now.Rollout.Steps)-1 {
			return r.promote(ctx)
		}
		if err := r.shift(ctx); err != nil {
			return Result{}, err
		}
	}
}

// prove looks whether the candidate is good at the present step: the reason says why not.
func (r *Runner) prove(ctx context.Context) (reason string, err error) {
	o := r.now.Rollout
	if o.Step != release.Staged {
		return r.bake(ctx)
	}
	if a, ok := r.Health.(Awaiter); ok {
		r.say(Smoking, "waiting until every instance of the candidate is ready")
		if err := a.Await(ctx, o.Candidate); err != nil {
			if ctx.Err() != nil {
				return "", ctx.Err()
			}
			return err.Error(), nil
		}
	}
	r.say(Smoking, "asking the candidate through the front door")
	err = r.Door.smoke(ctx, o.Candidate, r.candidate().Version)
	if err != nil && ctx.Err() == nil {
		return err.Error(), nil
	}
	return "", err
}

func (r *Runner) shift(ctx context.Context) error {
	if r.now.Rollout.Step == release.Staged {
		// What the live version is like by itself; without it a step of 100 % would have nothing to be compared with.
		if f, err := r.Health.Slot(ctx, r.now.Live, time.Now().Add(-max(r.Bake, time.Minute)-r.Health.Lag())); err == nil {
			r.remember(f)
		}
	}
	t := r.transition(release.Shift)
	t.Step = r.now.Rollout.Step + 1
	if err := r.apply(ctx, t); err != nil {
		return err
	}
	r.say(Stepped, "%s", r.position())
	return nil
}

// remember keeps what the live version was like when it had traffic.
func (r *Runner) remember(f Figures) {
	if f.Requests >= float64(max(r.MinRequests, 1)) || f.Requests > r.baseline.Requests {
		r.baseline = f
	}
}

// pause gives the lease back, so that anyone may go on.
func (r *Runner) pause(ctx context.Context) (Result, error) {
	t := r.transition(release.Take)
	t.Lease.Until = time.Now()
	if err := r.apply(ctx, t); err != nil {
		return Result{}, err
	}
	r.say(PausedHere, "stopped at %s", r.position())
	return Result{Outcome: Paused}, nil
}

func (r *Runner) promote(ctx context.Context) (Result, error) {
	version := r.candidate().Version
	if err := r.Stack.Serves(ctx, version); err != nil {
		if ctx.Err() != nil {
			return Result{}, err
		}
		return r.back(ctx, err.Error())
	}
	t := r.transition(release.Promote)
	t.Keep = r.Keep
	if err := r.apply(ctx, t); err != nil {
		return Result{}, err
	}
	r.say(Ended, "version %s is live", version)
	return Result{Outcome: Promoted}, nil
}

// Abort gives all traffic back to the version before: of the rollout under way, or of the version that was promoted last and whose
// predecessor is kept.
func (r *Runner) Abort(ctx context.Context, now release.Release, id, reason string) (Result, error) {
	r.now = now
	if now.Rollout == nil {
		t := r.transition(release.Abort)
		t.ID, t.Reason = id, reason
		return r.abort(ctx, t)
	}
	return r.back(ctx, reason)
}

func (r *Runner) back(ctx context.Context, reason string) (Result, error) {
	r.say(Breach, "%s", reason)
	t := r.transition(release.Abort)
	t.Reason = reason
	return r.abort(ctx, t)
}

// attempts is how often going back is tried: it must not fail because of one bad moment of a cloud. While another update is under
// way, it is tried again every pause, at most for patienceWithOthers.
const (
	attempts           = 3
	pause              = 3 * time.Second
	patienceWithOthers = 10 * time.Minute
)

func (r *Runner) abort(ctx context.Context, t release.Transition) (Result, error) {
	begun := time.Now()
	var err error
	for left := attempts; left > 0; {
		err = r.apply(ctx, t)
		busy := errors.Is(err, ErrBusy) && time.Since(begun) < patienceWithOthers
		if err == nil || ctx.Err() != nil || errors.Is(err, release.ErrRefused) && !busy {
			break
		}
		if !busy {
			left--
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
	if err != nil {
		return Result{}, fmt.Errorf("giving the traffic back, because %s: %w", t.Reason, err)
	}
	e := event(Back, r.now, fmt.Sprintf("all traffic is back at version %s, %s after the decision", r.now.Serving().Version, time.Since(begun).Round(100*time.Millisecond)))
	e.Took = time.Since(begun).Seconds()
	r.Report(e)
	return r.clear(ctx)
}

// clear removes the candidate that has no traffic any more.
func (r *Runner) clear(ctx context.Context) (Result, error) {
	reason := r.now.Rollout.Aborted
	if err := r.Stack.Serves(ctx, r.now.Serving().Version); err != nil {
		return Result{}, fmt.Errorf("after going back (%s): %w", reason, err)
	}
	if err := r.apply(ctx, r.transition(release.Clear)); err != nil {
		return Result{}, fmt.Errorf("removing the candidate, which has no traffic any more: %w", err)
	}
	r.say(Ended, "version %s is live, as before", r.now.Serving().Version)
	return Result{RolledBack, reason}, nil
}

func (r *Runner) candidate() release.Occupant { return r.now.Slots[r.now.Rollout.Candidate] }

// position names the present step.
func (r *Runner) position() string {
	o := r.now.Rollout
	if o.Step == release.Staged {
		return "step 0, without traffic"
	}
	return fmt.Sprintf("step %d of %d: %d %% to version %s in slot %s", o.Step+1, len(o.Steps), o.Steps[o.Step], r.candidate().Version, o.Candidate)
}

// Look reads both slots once; live is the zero Side where only one slot runs.
func Look(ctx context.Context, h Health, now release.Release, since time.Time) (map[components.Slot]Side, error) {
	sides := map[components.Slot]Side{}
	for slot := range now.Slots {
		f, err := h.Slot(ctx, slot, since)
		if err != nil {
			return nil, err
		}
		gates, err := h.Gates(ctx, slot, since)
		if err != nil {
			return nil, err
		}
		sides[slot] = Side{Figures: f, Gates: gates}
	}
	return sides, nil
}

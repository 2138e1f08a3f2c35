package rollout

import (
	"context"
	"errors"
	"fmt"
	"time"

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
	// Bake is how long the health is watched at each step, Keep how long the version before stays, Every the longest time between two looks.
	Bake, Keep, Every time.Duration
	// Synthetic sends requests of its own where there are too few to judge.
	Synthetic bool
	// Lease is a new lease of this process.
	Lease func() release.Lease
	// Force takes over from another process, once: Resume. Abandoned tells whose process is gone.
	Force     bool
	Abandoned func(release.Lease) bool
	// Manual stops at each step even if the rollout was begun without that.
	Manual bool
	// Report is told what happens.
	Report func(Event)

	now release.Release
	// all goes on where a manual rollout would stop.
	all bool
	// baseline is what the live version is like by itself, and ailing are the gates that it has crossed before the candidate had traffic.
	baseline Figures
	ailing   map[string]bool
}

// UnderWay tells whether a rollout is under way, as far as this process knows.
func (r *Runner) UnderWay() bool { return r.now.Rollout != nil }

func (r *Runner) transition(action release.Action) release.Transition {
	t := release.Transition{Action: action, Lease: r.Lease(), Abandoned: r.Abandoned}
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

// patienceWithOthers is how long a rollout that has begun waits for another update to end, asking again every pause.
const (
	pause              = 3 * time.Second
	patienceWithOthers = 10 * time.Minute
)

// insist applies a transition of a rollout that has begun.
func (r *Runner) insist(ctx context.Context, t release.Transition) error {
	return r.whileBusy(ctx, func() error { return r.apply(ctx, t) })
}

// whileBusy tries again while another update is under way, such as somebody's `up`: giving up would leave traffic divided with nobody
// watching. After patienceWithOthers the error is no refusal, since the rollout is not where it should be.
func (r *Runner) whileBusy(ctx context.Context, do func() error) error {
	begun := time.Now()
	for said := false; ; said = true {
		err := do()
		switch {
		case !errors.Is(err, ErrBusy):
			return err
		case time.Since(begun) >= patienceWithOthers:
			return errors.New("waited for " + patienceWithOthers.String() + ", and still: " + err.Error())
		case !said:
			r.say(Looked, "waiting: %v", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
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
		if tidy := r.whileBusy(ctx, func() error { return r.Stack.Tidy(ctx) }); tidy != nil {
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
	r.now, r.all = now, all
	t := r.transition(release.Take)
	t.Force = r.Force
	if err := r.apply(ctx, t); err != nil {
		return Result{}, err
	}
	if r.now.Rollout.Aborted != "" {
		return r.clear(ctx)
	}
	if o := r.now.Rollout; o.Step != release.Staged {
		// The process before has looked at the live version by itself; what it was like since then comes nearest.
		r.remember(ctx, o.Began)
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
			if r.Manual || r.now.Rollout.Manual && !r.all {
				return r.pause(ctx)
			}
		}
		advance = false
		if r.now.Rollout.Step == len(r.now.Rollout.Steps)-1 {
			return r.promote(ctx)
		}
		err := r.shift(ctx)
		switch {
		case err == nil:
		case ctx.Err() != nil || errors.Is(err, release.ErrRefused):
			return Result{}, err
		default:
			// How far it has come is not known, and nobody may be there to look.
			return r.back(ctx, "moving traffic failed: "+err.Error())
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
		r.examine(ctx)
	}
	t := r.transition(release.Shift)
	t.Step = r.now.Rollout.Step + 1
	if err := r.insist(ctx, t); err != nil {
		return err
	}
	r.say(Stepped, "%s", r.position())
	return nil
}

// pause gives the lease back, so that anyone may go on.
func (r *Runner) pause(ctx context.Context) (Result, error) {
	t := r.transition(release.Take)
	t.Lease.Until, t.Manual = time.Time{}, true
	if err := r.insist(ctx, t); err != nil {
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
	if err := r.insist(ctx, t); err != nil {
		return Result{}, err
	}
	r.say(Ended, "version %s is live", version)
	return Result{Outcome: Promoted}, nil
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

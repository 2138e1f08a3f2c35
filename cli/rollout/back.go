package rollout

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/slipway-iac/slipway/stacks/release"
)

// attempts is how often going back is tried: it must not fail because of one bad moment of a cloud.
const attempts = 3

// Abort gives all traffic back to the version before: of the rollout under way, whoever drives it, or of the version that was promoted
// last and whose predecessor is kept.
func (r *Runner) Abort(ctx context.Context, now release.Release, id, reason string) (Result, error) {
	r.now = now
	t := r.transition(release.Abort)
	t.Force, t.Reason = true, reason
	if now.Rollout == nil {
		t.ID, t.Promoted = id, true
	}
	r.say(Breach, "%s", reason)
	return r.abort(ctx, t)
}

// back aborts the rollout that this process drives.
func (r *Runner) back(ctx context.Context, reason string) (Result, error) {
	r.say(Breach, "%s", reason)
	t := r.transition(release.Abort)
	t.Reason = reason
	return r.abort(ctx, t)
}

func (r *Runner) abort(ctx context.Context, t release.Transition) (Result, error) {
	begun := time.Now()
	var err error
	for range attempts {
		if err = r.insist(ctx, t); err == nil || ctx.Err() != nil || errors.Is(err, release.ErrRefused) {
			break
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
	if err := r.insist(ctx, r.transition(release.Clear)); err != nil {
		return Result{}, fmt.Errorf("removing the candidate, which has no traffic any more (%s): %w", reason, err)
	}
	r.say(Ended, "version %s is live, as before", r.now.Serving().Version)
	return Result{RolledBack, reason}, nil
}

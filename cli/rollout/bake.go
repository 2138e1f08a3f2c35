package rollout

import (
	"context"
	"fmt"
	"time"
)

const (
	// blind is how long the health may be unreadable before the rollout goes back, but at least blindLooks looks: without eyes nothing
	// may be promoted, and one bad moment of the source is no reason.
	blind      = time.Minute
	blindLooks = 3
	// patience is how many times the bake time a step may be held up without a break, but at least leastPatience.
	patience      = 3
	leastPatience = 2 * time.Minute
	// quietPatience is the same for a step without enough requests, with a minimum of leastQuiet.
	quietPatience = 10
	leastQuiet    = 10 * time.Minute
	// portion is how many synthetic requests a slot gets after each look.
	portion = 40
)

// stretch is how long something has lasted without a break.
type stretch struct{ begun time.Time }

func (s *stretch) lasts(still bool) time.Duration {
	switch {
	case !still:
		s.begun = time.Time{}
		return 0
	case s.begun.IsZero():
		s.begun = time.Now()
	}
	return time.Since(s.begun)
}

// bake watches both slots for the bake time. The reason says why the rollout must go back, and is empty if it may go on. The time is
// counted anew after an interruption.
func (r *Runner) bake(ctx context.Context) (reason string, err error) {
	since, seen, slow := time.Now(), time.Now(), 0
	var holding, waiting stretch
	every := evenly(r.Bake+r.Health.Lag(), r.Every)
	limits := struct{ held, quiet, blind time.Duration }{max(patience*r.Bake, leastPatience), max(quietPatience*r.Bake, leastQuiet), max(blind, blindLooks*r.Every)}
	for {
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(every):
		}
		o := r.now.Rollout
		sides, err := Look(ctx, r.Health, r.now, since)
		switch {
		case err != nil && ctx.Err() != nil:
			return "", ctx.Err()
		case err != nil && time.Since(seen) > limits.blind:
			return fmt.Sprintf("the health of the slots could not be read for %s: %v", limits.blind, err), nil
		case err != nil:
			r.say(Looked, "the health of the slots can't be read: %v", err)
			continue
		}
		seen = time.Now()
		candidate, live := sides[o.Candidate], sides[r.now.Live]
		v := r.judge(candidate, live, r.baseline, r.ailing)
		if v.slow != "" {
			slow++
		} else {
			slow = 0
		}
		if v.breach == "" && slow >= persistent {
			v.breach = v.slow
		}
		took, held, waited := time.Since(since), holding.lasts(v.hold != ""), waiting.lasts(v.wait != "")
		due := max(0, r.Bake+r.Health.Lag()-took)
		// Traffic has half of the time to come by itself.
		quiet := v.few && took > (r.Bake+r.Health.Lag())/2
		e := event(Looked, r.now, r.notes(v, quiet))
		e.Sides, e.Left = sides, due.Seconds()
		r.Report(e)
		switch {
		case v.breach != "":
			return v.breach, nil
		case held > limits.held:
			return fmt.Sprintf("held up for %s: %s", held.Round(time.Second), v.hold), nil
		case v.few && took > limits.quiet:
			return fmt.Sprintf("only %.0f requests reached the candidate in %s, and rollout.minRequests wants %d", candidate.Figures.Requests, took.Round(time.Second), r.MinRequests), nil
		case due == 0 && v.hold == "" && v.slow == "" && !v.few && (v.wait == "" || waited > limits.held):
			if v.wait != "" {
				r.say(Looked, "going on after %s: %s. The candidate is the better one", waited.Round(time.Second), v.wait)
			}
			if o.Steps[o.Step] < 100 {
				r.keep(live.Figures)
			}
			return "", nil
		}
		if quiet && r.Synthetic {
			r.Door.exercise(ctx, o.Candidate, portion)
			if o.Steps[o.Step] < 100 && live.Figures.Requests < float64(r.MinRequests) {
				r.Door.exercise(ctx, r.now.Live, portion)
			}
		}
	}
}

// evenly is the time between looks, no longer than most, with which one of them falls on the end of the whole time.
func evenly(whole, most time.Duration) time.Duration {
	if whole <= 0 {
		return most
	}
	looks := (whole + most - 1) / most
	return (whole + looks - 1) / looks
}

// examine looks at the live version while it has all of the traffic: without that, a step of 100 % would have nothing to be compared
// with, and a version that can't be worse than a broken one would wait for it to heal.
func (r *Runner) examine(ctx context.Context) {
	since := time.Now().Add(-max(r.Bake, time.Minute))
	r.remember(ctx, since)
	r.ailing = map[string]bool{}
	gates, err := r.Health.Gates(ctx, r.now.Live, since)
	if err != nil {
		return // then the live version's trouble is waited for, like one that comes later
	}
	for _, a := range gates {
		if a.Firing {
			r.ailing[a.ID] = true
			r.say(Looked, "gate %s is crossed by the live version already: %s. It holds nothing up", a.ID, a.Text)
		}
	}
}

// remember reads what the live version was like since a time, and a little before, for as long as it had traffic.
func (r *Runner) remember(ctx context.Context, since time.Time) {
	if f, err := r.Health.Slot(ctx, r.now.Live, since.Add(-r.Health.Lag())); err == nil {
		r.keep(f)
	}
}

// keep keeps the newest figures that are enough to compare with.
func (r *Runner) keep(f Figures) {
	if f.Requests >= float64(max(r.MinRequests, 1)) || f.Requests > r.baseline.Requests {
		r.baseline = f
	}
}

// notes says what a look has found, for people.
func (r *Runner) notes(v verdict, quiet bool) string {
	switch {
	case v.breach != "":
		return v.breach
	case v.hold != "":
		return "waiting: " + v.hold
	case v.wait != "":
		return "waiting: " + v.wait
	case v.slow != "":
		return "looking again: " + v.slow
	case quiet && r.Synthetic:
		return fmt.Sprintf("fewer than %d requests, too few to judge: sending synthetic ones", r.MinRequests)
	case quiet:
		return fmt.Sprintf("fewer than %d requests, too few to judge: waiting for more", r.MinRequests)
	}
	return "gates clean"
}

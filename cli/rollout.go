package cli

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/user"
	"time"

	"github.com/slipway-iac/slipway/cli/rollout"
	"github.com/slipway-iac/slipway/stacks"
	"github.com/slipway-iac/slipway/stacks/release"
)

// Exit codes of a rollout, beside 0 for one that was promoted or stops for a person, and 1 and 2 as everywhere.
const (
	exitRolledBack = 4 // the version before has all of the traffic
	exitRefused    = 5 // nothing was changed
	exitBroken     = 6 // the rollout stands where it is: it can be resumed or aborted
)

// exit is an error with an exit code of its own.
type exit struct {
	code int
	err  error
}

func (e *exit) Error() string { return e.err.Error() }
func (e *exit) Unwrap() error { return e.err }

// rolloutOptions are the flags of the verb.
type rolloutOptions struct {
	manual, noWait, takeOver, all bool
}

// rolloutVerb moves traffic from one version to the next, or says how far that is.
func rolloutVerb(ctx context.Context, c *command) error {
	if len(c.rest) != 1 {
		return &exit{exitUsage, errors.New("rollout takes one of start, status, promote, abort")}
	}
	run, ok := map[string]func(context.Context, *command, *moving) error{"start": startRollout, "status": showRollout, "promote": promoteRollout, "abort": abortRollout}[c.rest[0]]
	if !ok {
		return &exit{exitUsage, fmt.Errorf("rollout %q is none of start, status, promote, abort", c.rest[0])}
	}
	m, err := c.move(ctx)
	if err != nil {
		return err
	}
	defer m.show.end()
	return run(ctx, c, m)
}

// moving is a stack with its release and what drives it.
type moving struct {
	*session
	c      *command
	now    release.Release
	runner *rollout.Runner
	show   *shower
}

// move opens the stack and reads its release.
func (c *command) move(ctx context.Context) (*moving, error) {
	s, err := c.open(ctx)
	if err != nil {
		return nil, err
	}
	o, err := s.outputs(ctx)
	if err != nil {
		return nil, err
	}
	m := &moving{session: s, c: c, show: newShower(c)}
	if m.now, err = release.Parse(o.Release); err != nil {
		return nil, err
	}
	switch {
	case !m.now.Deployed():
		return nil, &exit{exitRefused, fmt.Errorf("nothing is deployed yet, so there is no traffic to move: `go run . up -s %s` brings the first version up", s.Name)}
	case s.Config.Rollout.Strategy == stacks.StrategyRolling && m.now.Rollout == nil && c.rest[0] != "status":
		return nil, &exit{exitRefused, fmt.Errorf("rollout.strategy is rolling: `go run . up -s %s` replaces the version in place; set it to blue-green or canary to move traffic step by step", s.Name)}
	case o.SlotKey == "":
		return nil, &exit{exitRefused, fmt.Errorf("the front door does not know its slots yet: `go run . up -s %s` first", s.Name)}
	}
	health, err := c.target.Health(ctx, s.Stack, o)
	if err != nil {
		return nil, err
	}
	client, err := clientFor(o.CA)
	if err != nil {
		return nil, err
	}
	r := s.Config.Rollout
	m.runner = &rollout.Runner{
		Stack: m, Health: health, Report: m.show.event,
		Door:     rollout.Door{Client: client, URL: o.URL, Key: o.SlotKey, HealthPath: s.Config.App.HealthPath, SmokePath: r.SmokePath, VersionHeader: VersionHeader},
		Criteria: rollout.Criteria{MinRequests: r.MinRequests, ErrorRate: r.Margin.ErrorRate, Latency: r.Margin.Latency},
		Bake:     r.Bake, Keep: r.Keep, Every: max(5*time.Second, health.Lag()/2), Synthetic: r.WhenQuiet == "synthetic",
		Lease: func() release.Lease { return lease(r.Bake) }, Force: c.rollout.takeOver, Abandoned: abandoned,
	}
	return m, nil
}

// lease is long enough for a step with all that may hold it up, and then some.
func lease(bake time.Duration) release.Lease {
	return release.Lease{Holder: holder(), PID: os.Getpid(), Until: time.Now().UTC().Truncate(time.Second).Add(10*bake + 30*time.Minute)}
}

func holder() string {
	name := "somebody"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	host, _ := os.Hostname()
	return name + "@" + host
}

// abandoned tells whether a lease's holder was a process of this machine that is gone.
func abandoned(l release.Lease) bool { return l.Holder == holder() && !alive(l.PID) }

func startRollout(ctx context.Context, c *command, m *moving) error {
	if err := m.ready(ctx); err != nil {
		return err
	}
	if o := m.now.Rollout; o != nil {
		c.progress.Println(fmt.Sprintf("Rollout %s of version %s is under way since %s: going on with it.", o.ID, m.now.Slots[o.Candidate].Version, o.Began.Local().Format(time.DateTime)))
		result, err := m.runner.Resume(ctx, m.now, false, false)
		return m.ended(ctx, result, err)
	}
	result, err := m.runner.Start(ctx, newID(), m.Config.Rollout.Steps, c.rollout.manual)
	if errors.Is(err, release.ErrLive) {
		fmt.Fprintf(c.err, "Nothing to do: %v.\n", err)
		return nil
	}
	return m.ended(ctx, result, err)
}

func promoteRollout(ctx context.Context, c *command, m *moving) error {
	if m.now.Rollout == nil {
		return &exit{exitRefused, fmt.Errorf("no rollout is under way: `go run . rollout start -s %s` begins one", m.Name)}
	}
	if err := m.ready(ctx); err != nil {
		return err
	}
	result, err := m.runner.Resume(ctx, m.now, true, c.rollout.all)
	return m.ended(ctx, result, err)
}

// abortRollout needs no --take-over: whoever wants the version before back is in a hurry, and the process that drives the rollout is
// refused its next step.
func abortRollout(ctx context.Context, c *command, m *moving) error {
	if _, kept := m.now.Kept(); m.now.Rollout == nil && !kept {
		return &exit{exitRefused, errors.New("no rollout is under way, and the version before is not kept any more: deploy its source again")}
	}
	if err := m.ready(ctx); err != nil {
		return err
	}
	m.runner.Force = true
	result, err := m.runner.Abort(ctx, m.now, newID(), "aborted by "+holder())
	if err == nil && result.Outcome == rollout.RolledBack {
		return nil
	}
	return m.ended(ctx, result, err)
}

func newID() string {
	id := make([]byte, 4)
	_, _ = rand.Read(id) // it never fails
	return hex.EncodeToString(id)
}

// ended turns the end of a rollout into an exit code, and waits until the version before may go.
func (m *moving) ended(ctx context.Context, r rollout.Result, err error) error {
	switch {
	case err != nil && ctx.Err() != nil:
		return &exit{exitBroken, fmt.Errorf("interrupted. Traffic stays divided as it is. `go run . rollout start -s %s` goes on from here, `go run . rollout abort -s %s` goes back", m.Name, m.Name)}
	case errors.Is(err, release.ErrRefused):
		return &exit{exitRefused, err}
	case err != nil:
		return &exit{exitBroken, fmt.Errorf("%w\nTraffic stays divided as it is. `go run . rollout start -s %s` goes on from here, `go run . rollout abort -s %s` goes back", err, m.Name, m.Name)}
	case r.Outcome == rollout.RolledBack:
		return &exit{exitRolledBack, fmt.Errorf("rolled back: %s", r.Reason)}
	case r.Outcome == rollout.Paused:
		fmt.Fprintf(m.c.err, "The rollout waits for you: `go run . rollout promote -s %s` goes one step further (--all to the end), `go run . rollout abort -s %s` goes back.\n", m.Name, m.Name)
		return nil
	}
	return m.waitAndTidy(ctx)
}

// waitAndTidy removes the version before when its time is over. Ending earlier is no failure: the next update removes it.
func (m *moving) waitAndTidy(ctx context.Context) error {
	if m.c.rollout.noWait && m.Config.Rollout.Keep > 0 {
		fmt.Fprintf(m.c.err, "The version before is kept for %s; the next update after that removes it. Until then `go run . rollout abort -s %s` brings it back at once.\n", m.Config.Rollout.Keep, m.Name)
		return nil
	}
	if m.Config.Rollout.Keep > 0 {
		step := m.c.progress.Start(fmt.Sprintf("keeping the version before for %s, in which `go run . rollout abort -s %s` brings it back at once; Ctrl-C leaves that to the next update", m.Config.Rollout.Keep, m.Name))
		defer step.Drop()
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(m.Config.Rollout.Keep):
		}
		step.Drop()
	}
	if err := m.Tidy(ctx); err != nil && ctx.Err() == nil {
		return fmt.Errorf("the new version is live, but removing the one before failed; the next `go run . up -s %s` does it: %w", m.Name, err)
	}
	return nil
}

package cli

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/user"
	"slices"
	"time"

	"github.com/slipway-iac/slipway/cli/rollout"
	"github.com/slipway-iac/slipway/components"
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
	last   Outputs // of the last update that this process knows of
	runner *rollout.Runner
	show   *shower
	failed bool // the last update
	// guarded says that an update of this process has been looked at before it began.
	guarded bool
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
	m.last = o
	if m.now, err = release.Parse(o.Release); err != nil {
		return nil, err
	}
	// A destruction that keeps the data keeps the stack's outputs with it.
	resources, _, err := s.state(ctx)
	if err != nil {
		return nil, err
	}
	if len(resources) > 0 && !slices.ContainsFunc(resources, func(r Resource) bool { return r.Type == components.ServiceType }) {
		m.now = m.now.Gone()
	}
	switch {
	case !m.now.Deployed():
		return nil, &exit{exitRefused, fmt.Errorf("nothing is deployed yet, so there is no traffic to move: `go run . up -s %s` brings the first version up", s.Name)}
	case s.Config.Rollout.Strategy == stacks.StrategyRolling && m.now.Rollout != nil && (c.rest[0] == "start" || c.rest[0] == "promote"):
		return nil, &exit{exitRefused, fmt.Errorf("rollout.strategy is rolling now, which has neither steps nor margins to go on with rollout %s by: set it back to blue-green or canary, for this run with -c rollout.strategy=canary, or give the traffic back with `go run . rollout abort -s %s`", m.now.Rollout.ID, s.Name)}
	case s.Config.Rollout.Strategy == stacks.StrategyRolling && (c.rest[0] == "start" || c.rest[0] == "promote"):
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
	r, token := s.Config.Rollout, newID()
	m.runner = &rollout.Runner{
		Stack: m, Health: health, Report: m.show.event,
		Door:     rollout.Door{Client: client, URL: o.URL, Key: o.SlotKey, HealthPath: s.Config.App.HealthPath, SmokePath: r.SmokePath, VersionHeader: VersionHeader},
		Criteria: rollout.Criteria{MinRequests: r.MinRequests, ErrorRate: r.Margin.ErrorRate, Latency: r.Margin.Latency},
		Bake:     r.Bake, Keep: r.Keep, Every: max(5*time.Second, health.Lag()/2), Synthetic: r.WhenQuiet == "synthetic",
		Lease: func() release.Lease { return lease(r.Bake, token) }, Force: c.rollout.takeOver, Abandoned: abandoned, Manual: c.rollout.manual,
	}
	return m, nil
}

// lease is long enough for a step with all that may hold it up, and then some.
func lease(bake time.Duration, token string) release.Lease {
	return release.Lease{Holder: holder(), PID: os.Getpid(), Token: token, Until: time.Now().UTC().Truncate(time.Second).Add(10*bake + 30*time.Minute)}
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
		if err := m.ended(ctx, result, err); err != nil || result.Outcome != rollout.Promoted {
			return err
		}
		return m.sourceIsLive(m.now.Slots[o.Candidate].Version)
	}
	result, err := m.runner.Start(ctx, newID(), m.Config.Rollout.Steps, c.rollout.manual)
	if errors.Is(err, release.ErrLive) {
		fmt.Fprintf(c.err, "Nothing to do: %v.\n", err)
		return nil
	}
	return m.ended(ctx, result, err)
}

// sourceIsLive fails where a rollout that was resumed has brought another version in than the source's: whoever calls start, such as a
// job of CI that deploys, takes success for the source's being live.
func (m *moving) sourceIsLive(live string) error {
	source, err := stacks.SourceVersion(m.Root, m.Config)
	if err != nil {
		return err
	}
	if source != live {
		return fmt.Errorf("version %s, whose rollout was under way, is live. The source at hand is version %s, and its rollout has not begun: `go run . rollout start -s %s` again begins it", live, source, m.Name)
	}
	return nil
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
	// The process that drives the rollout may be in the middle of an update, which may well end it.
	if err := m.readyWhenFree(ctx); err != nil {
		return err
	}
	if _, kept := m.now.Kept(); m.now.Rollout == nil && !kept {
		return &exit{exitRefused, fmt.Errorf("no rollout is under way, and the version before is not kept any more: deploy its source again. What a start that was cut off has left, `go run . up -s %s` removes", m.Name)}
	}
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
		return &exit{exitBroken, errors.New("interrupted. " + m.wayOn())}
	case errors.Is(err, release.ErrRefused):
		return &exit{exitRefused, err}
	case err != nil:
		return &exit{exitBroken, fmt.Errorf("%w\n%s", err, m.wayOn())}
	case r.Outcome == rollout.RolledBack:
		return &exit{exitRolledBack, fmt.Errorf("rolled back: %s", r.Reason)}
	case r.Outcome == rollout.Paused:
		fmt.Fprintf(m.c.err, "The rollout waits for you: `go run . rollout promote -s %s` goes one step further (--all to the end), `go run . rollout abort -s %s` goes back.\n", m.Name, m.Name)
		return nil
	}
	return m.waitAndTidy(ctx)
}

// wayOn says what a person can do where a rollout stands.
func (m *moving) wayOn() string {
	switch {
	case m.runner.UnderWay():
		return fmt.Sprintf("Traffic stays divided as it is. `go run . rollout start -s %[1]s` goes on from here, `go run . rollout abort -s %[1]s` goes back", m.Name)
	case m.c.rest[0] == "abort":
		return fmt.Sprintf("`go run . rollout status -s %[1]s` says where the traffic is, `go run . rollout abort -s %[1]s` tries again", m.Name)
	}
	return fmt.Sprintf("No traffic was moved. `go run . rollout start -s %[1]s` begins again, `go run . up -s %[1]s` removes what there is of the candidate", m.Name)
}

// waitAndTidy removes the version before when its time is over. Ending earlier is no failure, and neither is an update that fails: the
// new version is live, and the next update does it.
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
	if err := m.tidyKept(ctx); err != nil && ctx.Err() == nil {
		fmt.Fprintf(m.c.err, "The new version is live, but the one before is still there; the next `go run . up -s %s` removes it: %v\n", m.Name, err)
	}
	return nil
}

// tidyKept updates the stack if the version before is still kept. Where somebody has gone back or begun the next rollout meanwhile, an
// update from here would only bring this checkout's configuration over theirs.
func (m *moving) tidyKept(ctx context.Context) error {
	o, err := m.outputs(ctx)
	if err != nil {
		return err
	}
	now, err := release.Parse(o.Release)
	if _, kept := now.Kept(); err != nil || !kept {
		return err
	}
	return m.Tidy(ctx)
}

package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/cli/progress"
	"github.com/slipway-iac/slipway/cli/rollout"
	"github.com/slipway-iac/slipway/stacks/release"
)

// moving implements rollout.Stack.
var _ rollout.Stack = (*moving)(nil)

// ready makes sure of what updates need on this machine, and of a state that an interrupted run has not left half done.
func (m *moving) ready(ctx context.Context) error {
	if err := m.c.target.Prepare(ctx, m.c.progress, m.Stack); err != nil {
		return err
	}
	err := m.alone(func() error { return m.repair(ctx, m.c) })
	if errors.Is(err, release.ErrRefused) {
		return &exit{exitRefused, err}
	}
	return err
}

// othersFor is how long an abort waits for another run to end, asking again every askOthers.
const (
	othersFor = 10 * time.Minute
	askOthers = 2 * time.Second
)

// readyWhenFree is ready, but waits for another run on the stack to end, and then reads the release anew.
func (m *moving) readyWhenFree(ctx context.Context) error {
	var step *progress.Step
	for begun := time.Now(); ; {
		err := m.ready(ctx)
		if err == nil {
			break
		}
		if !errors.Is(err, rollout.ErrBusy) || time.Since(begun) > othersFor {
			return err
		}
		if step == nil {
			step = m.c.progress.Start("waiting for another run on the stack to end (if it is gone, `pulumi cancel` clears its lock)")
			defer step.Drop()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(askOthers):
		}
	}
	o, err := m.outputs(ctx)
	if err != nil {
		return err
	}
	m.last = o
	m.now, err = release.Parse(o.Release)
	return err
}

// alone keeps other runs of this checkout out. A rollout lasts longer than its updates: between them, others may work on the stack.
func (m *moving) alone(do func() error) error {
	free, err := hold(filepath.Join(m.c.home(), "work", m.c.stack+".lock"))
	if err != nil {
		return fmt.Errorf("locking stack %q: %w", m.c.stack, err)
	}
	if free == nil {
		return fmt.Errorf("%w: another run of this checkout is working on stack %q", rollout.ErrBusy, m.c.stack)
	}
	defer free()
	if err := m.c.clearStaleLock(m.env); err != nil {
		return fmt.Errorf("%w: %w", rollout.ErrBusy, err)
	}
	if err = do(); isLocked(err) {
		return m.busy()
	}
	return err
}

func (m *moving) busy() error {
	return fmt.Errorf("%w: another run holds stack %q; if it is gone, clear its lock with `pulumi cancel`", rollout.ErrBusy, m.Name)
}

// Apply updates the stack for one transition.
func (m *moving) Apply(ctx context.Context, t release.Transition) (now release.Release, err error) {
	what := map[release.Action]string{
		release.Stage: "bringing the candidate up", release.Take: "taking the rollout", release.Shift: "moving traffic",
		release.Promote: "promoting the candidate", release.Abort: "giving the traffic back", release.Clear: "removing the candidate",
	}[t.Action]
	err = m.alone(func() error {
		if m.failed {
			// What has failed would else be taken for done: a container that has ended badly is not run again by itself.
			if err := m.repair(ctx, m.c); err != nil {
				return err
			}
		}
		now, err = m.update(ctx, what, &t)
		m.failed = err != nil && !errors.Is(err, release.ErrRefused)
		return err
	})
	return now, err
}

// Tidy updates the stack for no transition.
func (m *moving) Tidy(ctx context.Context) error {
	return m.alone(func() error {
		if err := m.repair(ctx, m.c); err != nil {
			return err
		}
		_, err := m.update(ctx, "tidying up", nil)
		return err
	})
}

// Serves reads the version back from the public address.
func (m *moving) Serves(ctx context.Context, version string) error {
	o := m.last
	err := m.c.verify(ctx, m.session, o, version)
	var limited rateLimited
	if ctx.Err() == nil && errors.As(err, &limited) {
		// It says nothing about the version, and going back because of it would punish a good one.
		m.c.progress.Println(fmt.Sprintf("version %s could not be read back from %s: %v", version, o.URL, limited))
		return nil
	}
	return err
}

func (m *moving) update(ctx context.Context, what string, t *release.Transition) (release.Release, error) {
	in := m.input
	in.Transition = t
	if !m.guarded { // each step applies the same configuration, which may be another one than the process before had
		if err := m.guard(ctx, m.c, in); err != nil {
			return release.Release{}, fmt.Errorf("%w: %w", release.ErrRefused, err)
		}
		m.guarded = true
	}
	defer m.workspace.expectExports(&in)()
	program := m.c.program.Inline(m.c.root, in)
	var refusal atomic.Pointer[error] // set by the program, read by what shows the engine's messages
	m.auto.Workspace().SetProgram(func(ctx *pulumi.Context) error {
		err := program(ctx)
		if errors.Is(err, release.ErrRefused) {
			refusal.Store(&err)
		}
		return err
	})
	m.show.rest()
	f := newFollow(m.c.err, m.c.progress, what)
	f.caller = func() bool { return refusal.Load() != nil }
	watched, broken := m.watch(ctx, t)
	result, err := m.auto.Up(watched, optup.EventStreams(f.events), optup.SuppressProgress())
	f.wait()
	reason := broken()
	switch {
	case refusal.Load() != nil:
		return release.Release{}, *refusal.Load()
	case err != nil && reason != "":
		return release.Release{}, errors.New(reason)
	case isLocked(err):
		return release.Release{}, m.busy()
	case err != nil && f.last != "":
		return release.Release{}, errors.New(f.last + m.explain(ctx, m.c))
	case err != nil:
		return release.Release{}, err
	}
	o := outputsOf(result.Outputs)
	// Where a slot is measured is known when something runs in it: not before the candidate was brought up.
	if m.runner.Health, err = m.c.target.Health(ctx, m.Stack, o); err != nil {
		return release.Release{}, err
	}
	m.last = o
	return release.Parse(o.Release)
}

// watch is that of the session, for an update that brings a candidate up.
func (m *moving) watch(ctx context.Context, t *release.Transition) (watched context.Context, broken func() string) {
	if t == nil || t.Action != release.Stage {
		return ctx, func() string { return "" }
	}
	return m.session.watch(ctx, m.c)
}

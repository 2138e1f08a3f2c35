// Package health watches what the app depends on, and keeps an outage of it from slowing every request down.
package health

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"
)

const (
	tripAfter   = 3                      // failures in a row: one slow answer is no outage
	probeUp     = 2 * time.Second        // rhythm of the check while all is well
	probeDown   = 250 * time.Millisecond // and during an outage: it bounds how long recovery goes unnoticed
	probeBudget = 2 * time.Second        // more than a busy disk holds up the connections that it waits for
)

// ErrDown is returned at once, without asking, while a dependency is known to be down.
var ErrDown = errors.New("dependency is down")

// Dependency is a circuit breaker: three failures in a row open it, a successful probe closes it.
type Dependency struct {
	Name  string
	Log   *slog.Logger
	Probe func(context.Context) error
	// Settle is optional. It runs after each probe that succeeds, during an outage before requests are let through again. Its error
	// counts as the probe's.
	Settle func(context.Context) error

	down     atomic.Bool
	failures atomic.Int32
	wake     chan struct{}
	told     bool // that it answers again and Settle fails; only Check uses it
}

// New returns a dependency that counts as up until it fails.
func New(name string, log *slog.Logger, probe func(context.Context) error) *Dependency {
	return &Dependency{Name: name, Log: log, Probe: probe, wake: make(chan struct{}, 1)}
}

// Up says whether requests are let through.
func (d *Dependency) Up() bool { return !d.down.Load() }

// Do runs f unless the dependency is down (then ErrDown). failed decides which errors count as the dependency's fault.
func (d *Dependency) Do(f func() error, failed func(error) bool) error {
	if d.down.Load() {
		return ErrDown
	}
	err := f()
	d.report(err != nil && failed(err), err)
	return err
}

func (d *Dependency) report(failed bool, err error) {
	if !failed {
		if d.failures.Load() != 0 { // a plain load first: a store would make every CPU share the line on the hot path
			d.failures.Store(0)
		}
		return
	}
	if d.failures.Add(1) >= tripAfter {
		d.trip(err)
	}
}

func (d *Dependency) trip(err error) {
	if d.down.CompareAndSwap(false, true) {
		d.Log.Error("dependency is down", "dependency", d.Name, "error", err.Error())
		d.check()
	}
}

// Wake has Run check at once, unless the dependency is down: it is then checked often enough.
func (d *Dependency) Wake() {
	if d.Up() {
		d.check()
	}
}

func (d *Dependency) check() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// Check probes once and moves the state: called before serving, so that the first /readyz is true.
func (d *Dependency) Check(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, probeBudget)
	defer cancel()
	err := d.Probe(ctx)
	if err == nil && d.Settle != nil {
		if err = d.Settle(ctx); err != nil && !d.Up() && !d.told {
			d.told = true
			d.Log.Warn("dependency answers again but can't be used yet", "dependency", d.Name, "error", err.Error())
		}
	}
	if err != nil {
		if !errors.Is(err, context.Canceled) {
			d.trip(err) // the probe is alone and cheap: its failure needs no confirmation
		}
		return
	}
	if d.down.Load() {
		d.told = false
		d.failures.Store(0)
		d.down.Store(false)
		d.Log.Info("dependency is up again", "dependency", d.Name)
		d.Wake() // what was refused since Settle began is settled now
	}
}

// Run probes until ctx ends.
func (d *Dependency) Run(ctx context.Context) {
	for {
		wait := probeUp
		if d.down.Load() {
			wait = probeDown
		}
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-d.wake:
			t.Stop()
			if d.Up() {
				d.Check(ctx)
			}
		case <-t.C:
			d.Check(ctx)
		}
	}
}

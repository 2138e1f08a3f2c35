// Package rollout drives one rollout: it asks the stack for one transition of its release after the other, and decides by the health
// of both slots whether to go on or back. It knows neither Pulumi nor a cloud. See docs/rollouts.md.
package rollout

import (
	"context"
	"time"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/stacks/release"
)

// Figures are what a slot has answered in some time.
type Figures struct {
	// Requests counts answers, Errors those with a status of 500 or more.
	Requests float64 `json:"requests"`
	Errors   float64 `json:"errors"`
	// P99 is the 99th percentile of the latency, 0 if it is not known.
	P99 time.Duration `json:"p99"`
}

// ErrorRate is in percent.
func (f Figures) ErrorRate() float64 {
	if f.Requests <= 0 {
		return 0
	}
	return 100 * f.Errors / f.Requests
}

// Alarm is the present state of one gate in one slot.
type Alarm struct {
	// ID is the signal's (components.Signals).
	ID string `json:"id"`
	// Firing says that the threshold is crossed for long enough.
	Firing bool `json:"firing"`
	// Text is the value with the threshold, for people.
	Text string `json:"text"`
}

// Health is where the figures of the slots come from: Prometheus on Docker, the cloud's own metrics elsewhere.
type Health interface {
	// Slot reads what a slot has answered since a time. It fails if the source can't be read; a slot without traffic is no failure.
	Slot(ctx context.Context, slot components.Slot, since time.Time) (Figures, error)
	// Gates reads the gates of a slot, as far as the source can by what has happened since a time.
	Gates(ctx context.Context, slot components.Slot, since time.Time) ([]Alarm, error)
	// Lag is how long the source takes to show what has happened.
	Lag() time.Duration
}

// Awaiter is a Health that sees when the instances of a slot can take traffic, where the update that brings them up does not wait for
// all of that.
type Awaiter interface {
	// Await returns when every instance of a slot is ready. It fails when they won't be.
	Await(ctx context.Context, slot components.Slot) error
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

// Package rollout brings a new version of the app into a stack, promoted on health.
package rollout

import (
	"context"
	"time"

	"github.com/slipway-iac/slipway/components"
)

// Figures are what a slot served in a stretch of time.
type Figures struct {
	// Requests and Errors are counts; errors are among the requests.
	Requests, Errors float64
	// P99 is the time that 99 of 100 requests were answered in.
	P99 time.Duration
}

// Alarm is the state of a gate.
type Alarm struct {
	ID     string
	Firing bool
	// Value and Threshold are for people.
	Value, Threshold string
}

// Health is where a cloud's figures are read.
type Health interface {
	// Slot returns what a slot served since a time.
	Slot(ctx context.Context, slot components.Slot, since time.Time) (Figures, error)
	// Gates returns the gate alarms.
	Gates(ctx context.Context) ([]Alarm, error)
	// Lag is how old the newest figures are.
	Lag() time.Duration
}

package components

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// AlarmArgs describes who is told when a signal crosses its threshold.
type AlarmArgs struct {
	// Signals are the rows to watch (see Signals). Required.
	Signals []Signal
	// Scopes say where the signals are read. Required.
	Scopes Scopes
	// Emails are the addresses that are told. Default: none.
	Emails []string
	// Webhook is a URL that is posted to; it is kept secret. Default: none.
	Webhook pulumi.StringInput
}

// AlarmState is what a driver made.
type AlarmState struct {
	// Scope is where the state of the alarms is read: by the dashboard and by the gates of a rollout.
	Scope Scope
}

// AlarmDriver watches signals and tells people.
type AlarmDriver interface {
	WatchSignals(ctx *pulumi.Context, name string, a AlarmArgs, opts ...pulumi.ResourceOption) (AlarmState, error)
}

// Alarm watches every signal of the stack and notifies its recipients. The same alarms gate rollouts.
type Alarm struct {
	pulumi.ResourceState
	AlarmState
}

// NewAlarm watches signals. It fails without signals or on what the driver cannot do (ErrUnsupported).
func NewAlarm(ctx *pulumi.Context, d AlarmDriver, name string, a AlarmArgs, opts ...pulumi.ResourceOption) (*Alarm, error) {
	if len(a.Signals) == 0 {
		return nil, fmt.Errorf("alarm %q: %w", name, errors.New("Signals is required"))
	}
	a.Signals = a.Scopes.keep(a.Signals)
	c := &Alarm{}
	if err := ctx.RegisterComponentResource("slipway:components:Alarm", name, c, opts...); err != nil {
		return nil, fmt.Errorf("alarm %q: %w", name, err)
	}
	s, err := d.WatchSignals(ctx, name, a, pulumi.Parent(c))
	if err != nil {
		return nil, fmt.Errorf("alarm %q: %w", name, err)
	}
	c.AlarmState = s
	return c, ctx.RegisterResourceOutputs(c, pulumi.Map{})
}

package components

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// DashboardArgs describes the stack's dashboard.
type DashboardArgs struct {
	// Signals are the panels, the same rows that make the alarms. Required.
	Signals []Signal
	// Scopes say where the signals are read. Required.
	Scopes Scopes
	// Alarm is where the state of the alarms is read. Required.
	Alarm Scope
}

// DashboardState is what a driver made.
type DashboardState struct {
	// URL opens the dashboard.
	URL pulumi.StringOutput
}

// DashboardDriver draws the signals.
type DashboardDriver interface {
	DrawDashboard(ctx *pulumi.Context, name string, a DashboardArgs, opts ...pulumi.ResourceOption) (DashboardState, error)
}

// Dashboard shows each signal with its threshold, and the alarms that fire.
type Dashboard struct {
	pulumi.ResourceState
	DashboardState
}

// NewDashboard draws a dashboard. It fails without signals.
func NewDashboard(ctx *pulumi.Context, d DashboardDriver, name string, a DashboardArgs, opts ...pulumi.ResourceOption) (*Dashboard, error) {
	if len(a.Signals) == 0 || a.Alarm == nil {
		return nil, fmt.Errorf("dashboard %q: %w", name, errors.New("Signals and Alarm are required"))
	}
	a.Signals = a.Scopes.keep(a.Signals)
	c := &Dashboard{}
	if err := ctx.RegisterComponentResource("slipway:components:Dashboard", name, c, opts...); err != nil {
		return nil, fmt.Errorf("dashboard %q: %w", name, err)
	}
	s, err := d.DrawDashboard(ctx, name, a, pulumi.Parent(c))
	if err != nil {
		return nil, fmt.Errorf("dashboard %q: %w", name, err)
	}
	c.DashboardState = s
	return c, ctx.RegisterResourceOutputs(c, pulumi.Map{"url": s.URL})
}

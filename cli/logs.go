package cli

import (
	"context"
	"fmt"
	"time"
)

// LogOptions choose which log lines are shown.
type LogOptions struct {
	// Component is one of the stack's components (service, database, edge …). Default: all.
	Component string
	// Since leaves out older lines: a duration such as 10m, or a time. Default: all that are kept.
	Since string
	// Follow goes on as new lines come.
	Follow bool
}

// sinceDefault is how far back From reads if nothing is said: weeks of a busy app are no use on a terminal.
const sinceDefault = time.Hour

// From is when the lines begin, for targets whose logs are asked by time: Since as a time, or an hour before now. It fails where Since is
// neither a duration nor a time.
func (o LogOptions) From(now time.Time) (time.Time, error) {
	if o.Since == "" {
		return now.Add(-sinceDefault), nil
	}
	if d, err := time.ParseDuration(o.Since); err == nil {
		return now.Add(-d.Abs()), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", time.DateOnly} {
		if at, err := time.ParseInLocation(layout, o.Since, time.Local); err == nil {
			return at, nil
		}
	}
	return time.Time{}, fmt.Errorf("--since %s: not a duration such as 10m, nor a time such as 2026-01-31T15:04", o.Since)
}

// logs prints what the stack's containers have written.
func logs(ctx context.Context, c *command) error {
	s, err := c.open(ctx)
	if err != nil {
		return err
	}
	if len(c.rest) == 1 {
		c.logOptions.Component = c.rest[0]
	}
	err = c.target.Logs(ctx, c.out, s.Stack, c.logOptions)
	if c.logOptions.Follow && ctx.Err() != nil {
		return nil //nolint:nilerr // Ctrl-C is how following ends
	}
	return err
}

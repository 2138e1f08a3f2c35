package cli

import (
	"context"
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

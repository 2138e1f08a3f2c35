package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// output prints all outputs, or one without its name so that a shell can use it. Secrets are not shown. The stack is not opened: what is
// deployed does not depend on today's configuration, and a stack that does not exist is not made by a look at it.
func output(ctx context.Context, c *command) error {
	w, err := c.openWorkspace(ctx)
	if err != nil {
		return err
	}
	step := c.progress.Start("reading the outputs of stack " + c.stack)
	values, err := w.outputs(ctx, c.qualified())
	step.Drop()
	if err != nil && !strings.Contains(err.Error(), "no stack named") {
		return err
	}
	if len(values) == 0 {
		return fmt.Errorf("stack %q has no outputs: `go run . up -s %s` makes it", c.stack, c.stack)
	}
	names := slices.Sorted(maps.Keys(values))
	if len(c.rest) == 1 {
		value, ok := values[c.rest[0]]
		if !ok {
			return fmt.Errorf("there is no output %q: the outputs are %v", c.rest[0], names)
		}
		if c.jsonOut {
			return printJSON(c, value)
		}
		fmt.Fprintln(c.out, value)
		return nil
	}
	if c.jsonOut {
		return printJSON(c, values)
	}
	for _, name := range names {
		fmt.Fprintf(c.out, "%-18s %v\n", name, values[name])
	}
	return nil
}

func printJSON(c *command, v any) error {
	e := json.NewEncoder(c.out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

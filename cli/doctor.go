package cli

import (
	"context"
	"fmt"

	"github.com/slipway-iac/slipway/cli/toolchain"
)

// doctor reports what the stack needs on this machine, without changing anything. It fails if something is missing.
func doctor(ctx context.Context, c *command) error {
	missing := 0
	for _, f := range toolchain.Check(ctx, c.root, string(c.program.Cloud)) {
		fmt.Fprintf(c.out, "%-8s %-24s %s\n", f.Status, f.Name, f.Detail)
		if f.Fix != "" {
			fmt.Fprintf(c.out, "%-8s %-24s → %s\n", "", "", f.Fix)
		}
		if f.Status != toolchain.OK {
			missing++
		}
	}
	if missing > 0 {
		return fmt.Errorf("%d of these are not ready; `make up` gets what it can by itself", missing)
	}
	return nil
}

package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/slipway-iac/slipway/cli/plan"
	"github.com/slipway-iac/slipway/cli/toolchain"
	"github.com/slipway-iac/slipway/stacks"
)

// examineFor is how long the account may take to answer all questions.
const examineFor = 30 * time.Second

// doctor reports what the stack needs on this machine and, where the target can ask, in the cloud's account, without changing anything. It
// fails if something is missing.
func doctor(ctx context.Context, c *command) error {
	missing := 0
	for _, f := range append(toolchain.Check(ctx, c.root, string(c.program.Cloud)), c.examine(ctx)...) {
		fmt.Fprintf(c.out, "%-8s %-24s %s\n", f.Status, f.Name, f.Detail)
		if f.Fix != "" {
			fmt.Fprintf(c.out, "%-8s %-24s → %s\n", "", "", f.Fix)
		}
		if f.Status != toolchain.OK {
			missing++
		}
	}
	if missing > 0 {
		return fmt.Errorf("%d of these are not ready; `make up` gets what this machine lacks by itself, what an account lacks only its owner can give", missing)
	}
	return nil
}

// examine asks the account of the stack. Encrypted configuration is not decrypted for that.
func (c *command) examine(ctx context.Context) []toolchain.Finding {
	examiner, ok := c.target.(Examiner)
	if !ok {
		return nil
	}
	conf, err := plan.Configure(c.root, c.stack, c.overrides)
	if err != nil {
		return []toolchain.Finding{misconfigured(err)}
	}
	checked, err := stacks.Load(conf.Input)
	if err != nil {
		return []toolchain.Finding{misconfigured(err)}
	}
	step := c.progress.Start("asking the account")
	defer step.Drop()
	ctx, cancel := context.WithTimeout(ctx, examineFor)
	defer cancel()
	return examiner.Examine(ctx, checked)
}

func misconfigured(err error) toolchain.Finding {
	return toolchain.Finding{Name: "configuration", Status: toolchain.Missing, Detail: err.Error(), Fix: "correct it: the account is asked for what it describes"}
}

package cli

import (
	"context"
	"io"

	"github.com/slipway-iac/slipway/cli/progress"
	"github.com/slipway-iac/slipway/cli/rollout"
	"github.com/slipway-iac/slipway/cli/toolchain"
	"github.com/slipway-iac/slipway/stacks"
)

// Target is what the command line does on one cloud beside running Pulumi.
type Target interface {
	// Prepare makes sure that what the program needs on this machine is there, before it runs.
	Prepare(ctx context.Context, p *progress.Printer, s Stack) error
	// Repair compares Pulumi's state with what exists, removes what an interrupted run left half done, and returns the URNs that
	// Pulumi must read again. It changes nothing that serves.
	Repair(ctx context.Context, p *progress.Printer, s Stack, state []Resource) (refresh []string, err error)
	// Cleaned runs after all of the stack's resources are destroyed, except kept data.
	Cleaned(ctx context.Context, p *progress.Printer, s Stack) error
	// Health is where a rollout reads how the slots do.
	Health(ctx context.Context, s Stack, o Outputs) (rollout.Health, error)
	// Logs copies the app's logs to w until they end or ctx does.
	Logs(ctx context.Context, w io.Writer, s Stack, o LogOptions) error
}

// Preflighter is a Target that needs more of this machine than tools, and looks for it before those are downloaded or built, which may
// take minutes.
type Preflighter interface {
	Preflight(ctx context.Context, p *progress.Printer) error
}

// Settler is what a target implements on which something is not there yet when Pulumi is done, and which must be there before the public
// address can answer: a certificate that its provider does not wait for.
type Settler interface {
	// Settle waits for it, bounded, with progress.
	Settle(ctx context.Context, p *progress.Printer, s Stack, o Outputs) error
}

// Sweeper is a Target on which a run that was cut off can leave what no state knows and what takes traffic all the same.
type Sweeper interface {
	// Unknown lists what the stack has and the state has not. Another run may just be making it.
	Unknown(ctx context.Context, s Stack, state []Resource) ([]string, error)
	// Remove removes some of what Unknown has listed.
	Remove(ctx context.Context, p *progress.Printer, s Stack, unknown []string) error
}

// Unblocker is a Target on which what is no resource of the stack can hold a destruction up: connections that a service keeps for a while.
type Unblocker interface {
	// Unblock removes, of what holds the rest of a stack up, what can be removed. held says that there is such a thing: destroying again
	// may succeed. advice says until when a person has to wait if it does not.
	Unblock(ctx context.Context, p *progress.Printer, s Stack, left []Resource) (held bool, advice string, err error)
}

// Examiner is a Target that can ask its account, before anything is made, whether what the configuration wants can be made there: quotas,
// what the region offers, what must be enabled, what an organization forbids.
type Examiner interface {
	// Examine asks, reads only, and takes seconds. Each finding that is not OK says what to do. Without credentials there is one finding,
	// which says so.
	Examine(ctx context.Context, c stacks.Config) []toolchain.Finding
}

// Explainer is a Target that knows more of a failed update than its providers say.
type Explainer interface {
	// Explain returns what the app itself says of why it does not come up, or nothing.
	Explain(ctx context.Context, s Stack) string
}

// Watcher is a Target that sees a version fail before the update which brings it up does. Every update is watched: a first one, one of a
// rolling stack, and one that brings a candidate up.
type Watcher interface {
	// Watch returns why what an update makes beyond the state won't come up, or nothing when ctx ends.
	Watch(ctx context.Context, s Stack, state []Resource) (reason string)
}

package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/optpreview"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/cli/plan"
	"github.com/slipway-iac/slipway/stacks"
	"github.com/slipway-iac/slipway/stacks/release"
)

// guard lets an update begin only if it loses no data, stops no traffic, and does not run into what the cloud refuses, unless --replace names
// what may go. It asks the engine for a preview, with the real providers, and looks at the steps. That is left out where nothing can come of
// it: for a stack that was never up, and where neither the settings nor the program have changed since the last update, so that only a new
// version of the app is deployed.
func (s *session) guard(ctx context.Context, c *command, in stacks.Input) error {
	next := stacks.PlacementOf(s.Config)
	if len(c.consent) == 0 && (len(s.known) < 2 || s.settled(next)) {
		return nil
	}
	path, err := s.announced(ctx, c, in)
	if err != nil || path == nil {
		return err
	}
	if unknown := c.consent.Unknown(path.Changes); len(unknown) > 0 {
		return fmt.Errorf("--replace %s: the update would neither replace nor delete anything of that name. Nothing was changed", strings.Join(unknown, ", "))
	}
	if refused := path.Refusals(next, c.consent); len(refused) > 0 {
		plan.RefusedText(c.err, refused)
		return errors.New("refused: nothing was changed. The list above says why, and what to do")
	}
	return c.confirmReplacing(ctx, path)
}

// last is where the last update has left the stack.
func (s *session) last() (stacks.Placement, error) {
	for _, r := range s.known {
		if r.Type == "pulumi:pulumi:Stack" {
			return placementOf(r.Outputs["placement"])
		}
	}
	return stacks.Placement{}, nil
}

func placementOf(output any) (stacks.Placement, error) {
	text, _ := output.(string)
	return stacks.ParsePlacement(text)
}

// settleFirst goes on where a run was cut off after it had given the stack a domain: the update to come closes the other door, so the domain
// must be served before.
func (s *session) settleFirst(ctx context.Context, c *command) error {
	t, ok := c.target.(Settler)
	last, err := s.last()
	if err != nil || !ok || !last.Opening || last.Door != s.Config.Domain.Name {
		return err
	}
	o, err := s.outputs(ctx)
	if err != nil {
		return err
	}
	return t.Settle(ctx, c.progress, s.Stack, o)
}

// settled tells whether the last update had the same settings, and came from the same program.
func (s *session) settled(next stacks.Placement) bool {
	last, err := s.last()
	return err == nil && next.Settings != "" && last == next
}

// announced is the way that the update would go; nil if the program refuses the transition, which the update will say.
func (s *session) announced(ctx context.Context, c *command, in stacks.Input) (*plan.Path, error) {
	in.Exports = nil
	run := c.program.Inline(c.root, in)
	var refused atomic.Bool
	s.workspace.SetProgram(func(ctx *pulumi.Context) error {
		err := run(ctx)
		refused.Store(errors.Is(err, release.ErrRefused))
		return err
	})
	step := c.progress.Start("looking for what the update would replace or delete")
	defer step.Drop()
	found, f := plan.NewPreview(), newMessages(c.err, c.progress, true)
	f.caller = refused.Load
	_, err := s.auto.Preview(ctx, optpreview.EventStreams(found.Events, f.events), optpreview.SuppressProgress())
	f.wait()
	switch {
	case refused.Load():
		return nil, nil
	case err != nil && isLocked(err) || ctx.Err() != nil:
		return nil, err
	case err != nil && f.errors > 0:
		return nil, errors.New("the preview fails, so nothing was changed: see above")
	case err != nil:
		first, _, _ := strings.Cut(err.Error(), "\n")
		return nil, fmt.Errorf("the preview fails, so nothing was changed: %s", first)
	}
	path := found.Path()
	return &path, nil
}

// confirmReplacing asks for the stack's name before what --replace names goes, at a terminal.
func (c *command) confirmReplacing(ctx context.Context, path *plan.Path) error {
	if len(c.consent) == 0 || c.yes || !terminal(c.in) {
		return nil
	}
	var going []string
	for _, one := range path.Changes {
		if one.Destroys() && (one.DataStore != "" || one.Serves != "") {
			going = append(going, one.Name)
		}
	}
	if len(going) == 0 {
		return nil
	}
	return c.typeName(ctx, fmt.Sprintf("This replaces or deletes in stack %s, with what it holds and serves: %s.", c.stack, strings.Join(going, ", ")))
}

package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optrefresh"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"

	"github.com/slipway-iac/slipway/stacks"
)

// up brings the stack to what the configuration and the source say, and does not succeed before the public address answers
// with the new version.
func up(ctx context.Context, c *command) error {
	begun := time.Now()
	if first, ok := c.target.(Preflighter); ok {
		if err := first.Preflight(ctx, c.progress); err != nil {
			return err
		}
	}
	s, err := c.open(ctx)
	if err != nil {
		return err
	}
	if err := stacks.CheckSource(c.root, s.Config); err != nil {
		return err
	}
	if err := c.target.Prepare(ctx, c.progress, s.Stack); err != nil {
		return err
	}
	if err := s.repair(ctx, c); err != nil {
		return err
	}
	if err := s.guard(ctx, c, s.input); err != nil {
		return err
	}
	result, f, err := s.deploy(ctx, c)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.err, "Stack %s is up (%s, %s).\n", s.Name, f.summary(), time.Since(begun).Round(time.Second))
	for _, name := range []string{"url", "dashboard", "version"} {
		if v, ok := result.Outputs[name].Value.(string); ok {
			fmt.Fprintf(c.out, "%-10s %s\n", name, v)
		}
	}
	if ca, _ := result.Outputs["ca"].Value.(string); ca != "" {
		fmt.Fprintf(c.err, "The certificate is signed by the stack's own CA: `go run . output ca -s %s > ca.pem` saves it for curl --cacert or your browser.\n", s.Name)
	}
	return nil
}

// deploy updates the stack and waits until the public address answers with the new version: twice, where the first update leaves a door open
// that the second one closes.
func (s *session) deploy(ctx context.Context, c *command) (result auto.UpResult, f *follow, err error) {
	if err := s.settleFirst(ctx, c); err != nil {
		return result, nil, err
	}
	for _, what := range []string{"updating stack " + s.Name, "closing the platform's own host name, now that the domain is served"} {
		if result, f, err = s.update(ctx, c, what); err != nil {
			return result, f, err
		}
		if err := c.verifyUp(ctx, s, outputsOf(result.Outputs)); err != nil {
			return result, f, err
		}
		if place, err := placementOf(result.Outputs["placement"].Value); err != nil || !place.Opening {
			return result, f, err
		}
	}
	return result, f, nil
}

func (s *session) update(ctx context.Context, c *command, what string) (auto.UpResult, *follow, error) {
	in := s.input
	defer s.workspace.expectExports(&in)()
	s.workspace.SetProgram(c.program.Inline(c.root, in))
	f := newFollow(c.err, c.progress, what)
	watched, broken := s.watch(ctx, c)
	result, err := s.auto.Up(watched, optup.EventStreams(f.events), optup.SuppressProgress())
	f.wait()
	if reason := broken(); err != nil && reason != "" {
		return result, f, fmt.Errorf("updating stack %q: %s", s.Name, reason)
	}
	if err != nil {
		if !isLocked(err) {
			fmt.Fprint(c.err, strings.TrimPrefix(s.explain(ctx, c)+"\n", "\n"))
		}
		return result, f, failed(f, err)
	}
	return result, f, nil
}

// failed returns the engine's error, or errReported if what went wrong has been printed already.
func failed(f *follow, err error) error {
	if f.errors > 0 && !isLocked(err) {
		return errReported
	}
	return err
}

// repair brings Pulumi's state and what exists together again after a run that was cut off or failed.
func (s *session) repair(ctx context.Context, c *command) error {
	look := c.progress.Start("looking for what the last run has left")
	defer look.Drop()
	resources, pending, err := s.state(ctx)
	if err != nil {
		return err
	}
	s.known = resources
	urns, err := c.target.Repair(ctx, c.progress, s.Stack, resources)
	if err != nil {
		return fmt.Errorf("repairing stack %q: %w", s.Name, err)
	}
	unknown, err := s.unknown(ctx, c, resources)
	if err != nil {
		return err
	}
	look.Drop()
	if len(urns) == 0 && !pending && len(unknown) == 0 {
		return nil
	}
	step := c.progress.Start(fmt.Sprintf("repairing the state after an interrupted or failed run (%d resources)", len(urns)))
	options := []optrefresh.Option{optrefresh.SuppressProgress(), optrefresh.ClearPendingCreates()}
	if len(urns) == 0 && !pending {
		urns = []string{resources[0].URN} // the stack itself: only the lock is wanted
	}
	if len(urns) > 0 {
		options = append(options, optrefresh.Target(urns))
	}
	_, err = s.auto.Refresh(ctx, options...)
	step.Done(err)
	if err != nil {
		return fmt.Errorf("repairing stack %q: %w", s.Name, err)
	}
	return s.sweep(ctx, c, unknown)
}

func (s *session) unknown(ctx context.Context, c *command, state []Resource) ([]string, error) {
	sweeper, ok := c.target.(Sweeper)
	if !ok || len(state) == 0 {
		return nil, nil
	}
	unknown, err := sweeper.Unknown(ctx, s.Stack, state)
	if err != nil {
		return nil, fmt.Errorf("repairing stack %q: %w", s.Name, err)
	}
	return unknown, nil
}

// sweep removes what was unknown before a refresh and still is. The refresh has had the lock of the stack, so no run was under way that
// could be making it, and one that had just ended has noted it in the state.
func (s *session) sweep(ctx context.Context, c *command, before []string) error {
	if len(before) == 0 {
		return nil
	}
	state, _, err := s.state(ctx)
	if err != nil {
		return err
	}
	now, err := s.unknown(ctx, c, state)
	if err != nil {
		return err
	}
	left := slices.DeleteFunc(now, func(one string) bool { return !slices.Contains(before, one) })
	if sweeper, ok := c.target.(Sweeper); ok && len(left) > 0 {
		if err := sweeper.Remove(ctx, c.progress, s.Stack, left); err != nil {
			return fmt.Errorf("repairing stack %q: %w", s.Name, err)
		}
	}
	return nil
}

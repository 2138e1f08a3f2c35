package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optrefresh"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"
)

// up brings the stack to what the configuration and the source say, and does not succeed before the public address answers
// with the new version.
func up(ctx context.Context, c *command) error {
	begun := time.Now()
	s, err := c.open(ctx)
	if err != nil {
		return err
	}
	if err := c.target.Prepare(ctx, c.progress, s.Stack); err != nil {
		return err
	}
	if err := s.repair(ctx, c); err != nil {
		return err
	}
	f := newFollow(c.err, c.progress, "updating stack "+s.Name)
	result, err := s.auto.Up(ctx, optup.EventStreams(f.events), optup.SuppressProgress())
	f.wait()
	if err != nil {
		return failed(f, err)
	}
	if err := c.verifyUp(ctx, s, outputsOf(result.Outputs)); err != nil {
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

// failed returns the engine's error, or errReported if what went wrong has been printed already.
func failed(f *follow, err error) error {
	if f.errors > 0 && !auto.IsConcurrentUpdateError(err) {
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
	urns, err := c.target.Repair(ctx, c.progress, s.Stack, resources)
	if err != nil {
		return fmt.Errorf("repairing stack %q: %w", s.Name, err)
	}
	look.Drop()
	if len(urns) == 0 && !pending {
		return nil
	}
	step := c.progress.Start(fmt.Sprintf("repairing the state after an interrupted or failed run (%d resources)", len(urns)))
	options := []optrefresh.Option{optrefresh.SuppressProgress(), optrefresh.ClearPendingCreates()}
	if len(urns) > 0 {
		options = append(options, optrefresh.Target(urns))
	}
	_, err = s.auto.Refresh(ctx, options...)
	step.Done(err)
	if err != nil {
		return fmt.Errorf("repairing stack %q: %w", s.Name, err)
	}
	return nil
}

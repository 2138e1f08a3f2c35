package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"github.com/slipway-iac/slipway/cli/plan"
	"github.com/slipway-iac/slipway/cli/toolchain"
	"github.com/slipway-iac/slipway/stacks"
)

// planOptions are the flags of plan.
type planOptions struct {
	// file is written, and against is compared with; both may be empty.
	file, against string
	markdown      bool
}

// makePlan runs the program on Pulumi's real engine against simulated clouds. It asks no cloud, no Docker Engine and no network, once
// the pulumi command is there, and needs neither credentials nor the key to the stack's secrets.
func makePlan(ctx context.Context, c *command) error {
	if err := c.simulate(ctx); err != nil {
		return fmt.Errorf("simulated plan of stack %q: %w", c.stack, err)
	}
	return nil
}

func (c *command) simulate(ctx context.Context) error {
	begun := time.Now()
	conf, err := plan.Configure(c.root, c.stack, c.overrides)
	if err != nil {
		return err
	}
	checked, err := stacks.Load(conf.Input)
	if err != nil {
		return err
	}
	var base *apitype.DeploymentV3
	if c.plan.against != "" {
		if base, err = plan.Read(c.plan.against, conf.Input.Project, c.stack); err != nil {
			return err
		}
	}
	if len(conf.Concealed) > 0 {
		fmt.Fprintf(c.err, "Simulated: a placeholder stands for encrypted configuration, which is not decrypted: %s.\n", strings.Join(conf.Concealed, ", "))
	}
	tools, err := toolchain.Ensure(ctx, c.progress, c.root, toolchain.Command()...)
	if err != nil {
		return err
	}
	setup := plan.Setup{
		Project: conf.Input.Project, Stack: c.stack, Config: conf.Other, Program: c.program.Inline(c.root, conf.Input), Pulumi: tools.PulumiRoot(), Env: tools.Env(),
	}
	now, err := c.simulated(ctx, setup)
	if err != nil {
		return err
	}
	if c.plan.file != "" {
		if err := plan.Write(c.plan.file, c.root, now); err != nil {
			return err
		}
	}
	report := plan.Report{Project: conf.Input.Project, Stack: c.stack, Cloud: string(checked.Cloud), Resources: plan.Resources(now), Against: c.plan.against}
	if base != nil {
		if report.Changes, err = c.compared(ctx, setup, base, now); err != nil {
			return err
		}
	}
	fmt.Fprintf(c.err, "Simulated in %s: no cloud was asked.\n", time.Since(begun).Round(100*time.Millisecond))
	switch {
	case c.jsonOut:
		return report.JSON(c.out)
	case c.plan.markdown:
		return report.Markdown(c.out)
	}
	return report.Text(c.out)
}

// simulated deploys the stack from nothing.
func (c *command) simulated(ctx context.Context, setup plan.Setup) (state *apitype.DeploymentV3, err error) {
	step := c.progress.Start("simulating stack " + c.stack)
	defer func() { step.Done(err) }()
	engine, err := plan.Open(ctx, setup)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, engine.Close()) }()
	f := newMessages(c.err, c.progress, false)
	err = engine.Up(ctx, f.events)
	f.wait()
	if err != nil {
		return nil, failed(f, err)
	}
	return engine.State(ctx)
}

// compared deploys the stack over another state.
func (c *command) compared(ctx context.Context, setup plan.Setup, base, now *apitype.DeploymentV3) (changes []plan.Change, err error) {
	step := c.progress.Start("simulating stack " + c.stack + " on top of " + c.plan.against)
	defer func() { step.Done(err) }()
	f := newMessages(c.err, c.progress, true) // the first run has said the rest
	changes, err = plan.Compare(ctx, setup, base, now, c.root, f.events)
	f.wait()
	if err != nil {
		return nil, failed(f, err)
	}
	return changes, nil
}

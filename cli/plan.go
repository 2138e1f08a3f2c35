package cli

import (
	"cmp"
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
	// file is written; against, or from, is compared with. All may be empty.
	file, against, from string
	markdown            bool
	// providers says which real providers are asked.
	providers string
}

// errRefused says that a plan ends in a list of refusals, which stands in its report.
var errRefused = errors.New("the update would be refused: the list above says why, and what to do")

// makePlan runs the program on Pulumi's real engine against simulated clouds. It asks no cloud, no Docker Engine and no network, once
// the pulumi command is there, and needs neither credentials nor the key to the stack's secrets.
func makePlan(ctx context.Context, c *command) error {
	if err := c.simulate(ctx); err != nil {
		return fmt.Errorf("simulated plan of stack %q: %w", c.stack, err)
	}
	return nil
}

func (c *command) simulate(ctx context.Context) (err error) {
	begun := time.Now()
	conf, err := plan.Configure(c.root, c.stack, c.overrides)
	if err != nil {
		return err
	}
	checked, err := stacks.Load(conf.Input)
	if err != nil {
		return err
	}
	if err := stacks.CheckSource(c.root, checked); err != nil {
		return err
	}
	if c.plan.against != "" { // soon told, if it is not there
		if _, err = plan.Read(c.plan.against, conf.Input.Project, c.stack); err != nil {
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
	base, err := c.base(ctx, setup)
	if err != nil {
		return err
	}
	pool, err := c.askProviders(tools)
	if err != nil {
		return err
	}
	if pool != nil {
		setup.Cloud.Plugins, setup.Cloud.Audit = pool, c.plan.providers == providersAudit
		defer func() { err = errors.Join(err, pool.Close()) }()
	}
	now, err := c.simulated(ctx, setup, "simulating stack "+c.stack)
	if err != nil {
		return err
	}
	report := plan.Report{Project: conf.Input.Project, Stack: c.stack, Cloud: string(checked.Cloud), Resources: plan.Resources(now), Against: cmp.Or(c.plan.against, c.plan.from)}
	if err := c.refused(&report, pool, now, conf.Input.Values); err != nil {
		return err
	}
	if c.plan.file != "" {
		if err := plan.Write(c.plan.file, c.root, now); err != nil {
			return err
		}
	}
	if base != nil {
		path, err := c.compared(ctx, setup, base, now)
		if err != nil {
			return err
		}
		report.Changes, report.Steps, report.Refused = path.Changes, path.Steps, path.Refusals(stacks.PlacementOf(checked), c.consent)
	}
	c.said(&report, pool, now)
	fmt.Fprintf(c.err, "Simulated in %s: no cloud was asked.\n", time.Since(begun).Round(100*time.Millisecond))
	if err := c.printPlan(report); err != nil {
		return err
	}
	if len(report.Refused) > 0 {
		return errRefused
	}
	return nil
}

func (c *command) printPlan(report plan.Report) error {
	switch {
	case c.jsonOut:
		return report.JSON(c.out)
	case c.plan.markdown:
		return report.Markdown(c.out)
	}
	return report.Text(c.out)
}

// simulated deploys a stack from nothing.
func (c *command) simulated(ctx context.Context, setup plan.Setup, what string) (state *apitype.DeploymentV3, err error) {
	step := c.progress.Start(what)
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
func (c *command) compared(ctx context.Context, setup plan.Setup, base, now *apitype.DeploymentV3) (path plan.Path, err error) {
	step := c.progress.Start("simulating stack " + c.stack + " on top of " + cmp.Or(c.plan.against, c.plan.from))
	defer func() { step.Done(err) }()
	f := newMessages(c.err, c.progress, true) // the first run has said the rest
	path, err = plan.Follow(ctx, setup, base, now, c.root, f.events)
	f.wait()
	if err != nil {
		return plan.Path{}, failed(f, err)
	}
	return path, nil
}

package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"github.com/slipway-iac/slipway/cli/plan"
	"github.com/slipway-iac/slipway/cli/simulate/plugins"
	"github.com/slipway-iac/slipway/cli/toolchain"
)

// Which real providers a plan asks.
const (
	providersHere     = "auto"
	providersNone     = "none"
	providersDownload = "download"
	// providersAudit asks those that are here, and holds the tables of what replaces a resource against them.
	providersAudit = "audit"
)

// defaultProviders is the value of SLIPWAY_PROVIDERS, which a script can set for programs of other versions too.
func defaultProviders() string { return cmp.Or(os.Getenv("SLIPWAY_PROVIDERS"), providersHere) }

// askProviders makes the pool of the real providers' plugins, or nil if none is to be asked.
func (c *command) askProviders(tools *toolchain.Tools) (*plugins.Pool, error) {
	switch c.plan.providers {
	case providersNone:
		return nil, nil
	case providersHere, providersDownload, providersAudit:
	default:
		return nil, fmt.Errorf("--providers must be auto, none, download or audit, not %q", c.plan.providers)
	}
	find := func(ctx context.Context, name, version string) (plugins.Program, error) {
		var with *toolchain.Tools
		if c.plan.providers == providersDownload {
			with = tools
		}
		found, err := toolchain.FindPlugin(ctx, c.progress, c.root, name, version, with)
		if err != nil {
			return plugins.Program{}, err
		}
		return plugins.Program{File: found.File, Paths: found.Paths, From: found.From}, nil
	}
	return plugins.New(find, plugins.Limits{})
}

// refused prints what the real providers refuse, and makes it the plan's failure.
func (c *command) refused(report *plan.Report, pool *plugins.Pool, now *apitype.DeploymentV3, values map[string]string) error {
	if pool == nil {
		return nil
	}
	step := c.progress.Start("asking the real providers")
	all := pool.Verdict().Refused
	if len(all) == 0 {
		step.Done(nil)
		return nil
	}
	report.Inputs = plan.RefusedInputs(all, now, report.Project, values)
	report.Against = "" // nothing was compared
	c.said(report, pool, now)
	err := fmt.Errorf("%d inputs are refused by the provider: see above", len(all))
	step.Done(errors.New("inputs are refused"))
	if len(all) == 1 {
		err = errors.New(report.Inputs[0].String())
	}
	return errors.Join(c.printPlan(*report), err)
}

// said completes the report with what the real providers have said.
func (c *command) said(report *plan.Report, pool *plugins.Pool, now *apitype.DeploymentV3) {
	reason, v := "--providers=none", plugins.Verdict{}
	if pool != nil {
		reason, v = "no resource of it was registered with its provider", pool.Verdict()
	}
	report.Providers, report.Defects = append(v.Providers, plan.Unasked(now, v, reason)...), v.Defects
}

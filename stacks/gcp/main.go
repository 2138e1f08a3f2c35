// The program of stacks on Google Cloud.
package main

import (
	"os"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/cli"
	"github.com/slipway-iac/slipway/cli/gcpcloud"
	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/providers/gcp"
	"github.com/slipway-iac/slipway/stacks"
)

func main() {
	os.Exit(cli.Main(program, gcpcloud.Target{}))
}

var program = stacks.Program{Cloud: stacks.CloudGCP, Platform: platform, Doors: true}

func platform(ctx *pulumi.Context, root string, c stacks.Config) (components.Platform, error) {
	s := gcp.Settings{
		Root: root, App: c.App.Name, Project: c.GCP.Project, Region: c.Region, Labels: c.Tags,
		Prod: c.Tier == stacks.TierProd, Protect: c.Tier == stacks.TierProd && c.Database.DeletionProtection,
		Concurrency: c.App.Scale.Concurrency, LogDays: c.Logs.RetentionDays,
		Domain: strings.ToLower(c.Domain.Name), ManagedZone: c.GCP.ManagedZone, ZoneProject: c.GCP.DNSProject, Slots: c.Rollout.Strategy != stacks.StrategyRolling,
		CMEK: c.GCP.CMEK, Opening: c.Opening,
	}
	if c.Simulated && s.ManagedZone == "" {
		s.ManagedZone = strings.ReplaceAll(c.Domain.Zone, ".", "-") // no project has a zone that could be found
	}
	return gcp.NewPlatform(ctx, s)
}

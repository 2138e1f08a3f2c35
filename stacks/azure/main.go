// The program of stacks on Microsoft Azure.
package main

import (
	"context"
	"os"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/cli"
	"github.com/slipway-iac/slipway/cli/azurecloud"
	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/providers/azure"
	"github.com/slipway-iac/slipway/stacks"
)

func main() {
	os.Exit(cli.Main(stacks.Program{Cloud: stacks.CloudAzure, Platform: platform}, azurecloud.Target{}))
}

// simulated does nothing where the cloud is simulated: every job would succeed, and every revision stop.
type simulated struct{}

func (simulated) RunJob(context.Context, azure.Token, string, string) error { return nil }

func (simulated) StopRevisions(context.Context, azure.Token, string, []string) error { return nil }

func platform(ctx *pulumi.Context, root string, c stacks.Config) (components.Platform, error) {
	s := azure.Settings{
		Root: root, App: c.App.Name, Region: c.Region, Tags: c.Tags, SubscriptionID: c.Azure.SubscriptionID,
		Prod: c.Tier == stacks.TierProd, Rolling: c.Rollout.Strategy == stacks.StrategyRolling, Protect: c.Tier == stacks.TierProd && c.Database.DeletionProtection,
		FrontDoor: c.Azure.FrontDoor, DNSResourceGroup: c.Azure.DNSResourceGroup, GeoBackup: c.Azure.GeoBackup,
		EntraAdmin:   azure.Principal{ID: c.Azure.EntraAdmin, Name: c.Azure.EntraAdminName, Kind: c.Azure.EntraAdminType},
		DrainSeconds: int(c.App.Drain.Seconds()), LogDays: c.Logs.RetentionDays,
		Scale: azure.Scale{CPU: c.App.Scale.CPU, Memory: c.App.Scale.Memory, Concurrency: c.App.Scale.Concurrency},
	}
	if c.Simulated {
		s.RegistryToken = func(_ context.Context, registry, _, _ string) (string, error) {
			return "simulated token of " + registry, nil
		}
		s.Operations = simulated{}
	}
	return azure.NewPlatform(ctx, s)
}

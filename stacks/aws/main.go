// The program of stacks on Amazon Web Services.
package main

import (
	"context"
	"os"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/cli"
	"github.com/slipway-iac/slipway/cli/awscloud"
	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/providers/aws"
	"github.com/slipway-iac/slipway/stacks"
)

func main() {
	os.Exit(cli.Main(stacks.Program{Cloud: stacks.CloudAWS, Platform: platform}, awscloud.Target{}))
}

func platform(ctx *pulumi.Context, root string, c stacks.Config) (components.Platform, error) {
	s := aws.Settings{
		Root: root, App: c.App.Name, Region: c.Region, Tags: c.Tags, AccountID: c.AWS.AccountID,
		Prod: c.Tier == stacks.TierProd, Protect: c.Tier == stacks.TierProd && c.Database.DeletionProtection,
		Egress: c.AWS.Egress, Spot: c.AWS.Spot, BackupRegion: c.AWS.BackupRegion, PermissionsBoundary: c.AWS.PermissionsBoundary,
		Architecture: c.App.Architecture, DrainSeconds: int(c.App.Drain.Seconds()), LogDays: c.Logs.RetentionDays,
		CloudFront: len(c.Edge.CDN) > 0 || c.Domain.Name == "",
		HSTS:       components.HSTS{MaxAge: c.Edge.HSTS.MaxAge, IncludeSubdomains: c.Edge.HSTS.IncludeSubdomains},
		Scale:      aws.Scale{CPU: c.App.Scale.CPU, Memory: c.App.Scale.Memory, RequestsPerMinute: c.App.Scale.RequestsPerMinute},
	}
	if c.Simulated {
		s.DatabaseRoot = func(_ context.Context, region string) (string, error) {
			return "simulated root of RDS in " + region, nil
		}
	}
	return aws.NewPlatform(ctx, s)
}

// The program of stacks on the local Docker Engine.
package main

import (
	"os"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/cli"
	"github.com/slipway-iac/slipway/cli/localdocker"
	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/providers/docker"
	"github.com/slipway-iac/slipway/stacks"
)

func main() {
	os.Exit(cli.Main(stacks.Program{Cloud: stacks.CloudDocker, Platform: platform}, localdocker.Target{}))
}

func platform(ctx *pulumi.Context, root string, c stacks.Config) (components.Platform, error) {
	return docker.NewPlatform(ctx, docker.Settings{
		Root: root, App: c.App.Name, DrainSeconds: int(c.App.Drain.Seconds()), ReadySeconds: int(c.Docker.ReadyTimeout.Seconds()),
		HTTPSPort: c.Docker.HTTPSPort, HTTPPort: c.Docker.HTTPPort, DashboardPort: c.Docker.DashboardPort,
	})
}

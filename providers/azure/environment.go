package azure

import (
	"fmt"

	app "github.com/pulumi/pulumi-azure-native-sdk/app/v2/v20241002preview"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// environment is what the app runs in. domain is the end of host names in it.
type environment struct {
	id, name, domain, address pulumi.StringOutput
	verification              pulumi.StringOutput // what proves to Azure that a custom domain is ours
	made                      pulumi.Resource
}

// consumption is the workload profile that is paid for by use.
// https://learn.microsoft.com/azure/container-apps/workload-profiles-overview
const consumption = "Consumption"

// makeEnvironment makes the Container Apps environment in the app's subnet, spread over zones in production. With Front Door Premium it
// has an inner address only and no public access: Front Door's private link is the only way in. Logs leave by a diagnostic setting,
// which needs no key of the workspace. Its network and its zones can't be changed later: premium instead of another front door, or tier
// prod instead of dev, makes another environment, and the app with it. A subnet holds one environment, so the old one goes first, and
// nothing serves until the new one does: some 20 minutes.
//   - https://learn.microsoft.com/azure/container-apps/environment
//   - https://learn.microsoft.com/azure/container-apps/networking
//   - https://learn.microsoft.com/azure/container-apps/custom-virtual-networks#subnet
//   - https://learn.microsoft.com/azure/container-apps/front-door-custom-virtual-network-private-link
//   - https://learn.microsoft.com/azure/container-apps/log-options
func (p *Platform) makeEnvironment(ctx *pulumi.Context) error {
	opts := []pulumi.ResourceOption{pulumi.Parent(p)}
	private := p.settings.FrontDoor == FrontDoorPremium
	made, err := app.NewManagedEnvironment(ctx, p.name("", 60), &app.ManagedEnvironmentArgs{
		ResourceGroupName:    p.group,
		VnetConfiguration:    app.VnetConfigurationArgs{InfrastructureSubnetId: p.network.apps, Internal: pulumi.Bool(private)},
		PublicNetworkAccess:  pulumi.String(enabled(!private)),
		ZoneRedundant:        pulumi.Bool(p.settings.Prod),
		WorkloadProfiles:     app.WorkloadProfileArray{app.WorkloadProfileArgs{Name: pulumi.String(consumption), WorkloadProfileType: pulumi.String(consumption)}},
		AppLogsConfiguration: app.AppLogsConfigurationArgs{Destination: pulumi.String("azure-monitor")},
	}, p.cloudOpts(opts, pulumi.DeleteBeforeReplace(true))...)
	if err != nil {
		return fmt.Errorf("creating Container Apps environment: %w", err)
	}
	p.cluster = environment{
		made: made,
		id:   made.ID().ToStringOutput(), name: made.Name, domain: made.DefaultDomain, address: made.StaticIp,
		verification: made.CustomDomainConfiguration.CustomDomainVerificationId().Elem(),
	}
	return p.diagnose(ctx, "environment", made.ID(), true, true, opts)
}

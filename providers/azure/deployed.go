package azure

import (
	"fmt"

	app "github.com/pulumi/pulumi-azure-native-sdk/app/v2/v20241002preview"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// deployed is the name of the latest revision that is ready, and fails if that is not the one which was to be deployed. Azure waits for
// a new revision and reports some of its failures, but not all: containers that end after they have answered once, or a probe that
// fails late. A preview asks nothing: after such an update, what is ready is not what is to run, and the next update is what mends it.
//   - https://learn.microsoft.com/azure/container-apps/revisions#provisioning-status
//   - https://learn.microsoft.com/rest/api/resource-manager/containerapps/container-apps/get
func (p *Platform) deployed(ctx *pulumi.Context, made *app.ContainerApp, wanted pulumi.StringOutput) pulumi.StringOutput {
	if ctx.DryRun() {
		return wanted
	}
	found := app.LookupContainerAppOutput(ctx, app.LookupContainerAppOutputArgs{
		ResourceGroupName: p.group, ContainerAppName: after(ctx, made.Name, made),
	}, pulumi.Parent(p), pulumi.Provider(p.cloud))
	return pulumi.All(found.LatestReadyRevisionName(), wanted, made.Name, p.group).ApplyT(func(v []any) (string, error) {
		ready, wanted := v[0].(string), v[1].(string)
		if ready == wanted {
			return ready, nil
		}
		return "", fmt.Errorf("revision %s has not become ready; the latest that is ready is %q, which goes on serving. The reason stands in the logs of what ran before the app (dbinit, migrate), in the app's own, and in: "+
			"az containerapp revision show --name %s --resource-group %s --revision %s --query properties.[healthState,provisioningError,runningStateDetails]", wanted, ready, v[2], v[3], wanted)
	}).(pulumi.StringOutput)
}

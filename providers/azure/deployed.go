package azure

import (
	"context"
	"fmt"
	"time"

	app "github.com/pulumi/pulumi-azure-native-sdk/app/v2/v20241002preview"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// becomesReady is how long a revision may take to become ready after Azure has said that the app is as it shall be: the startup probe
// alone has two minutes, and the steps before the app come before it.
var becomesReady = watching{limit: 10 * time.Minute, pause: 10 * time.Second}

// deployed is the name of the latest revision that is ready, and fails if that is not the one which was to be deployed. Azure's word that
// the app is made does not mean so: a new revision is the latest one from then on, and the latest one that is ready when its probes
// have passed for the first time. So it is asked for again while the new one is still on its way. A preview asks nothing: after an
// update that failed, what is ready is not what is to run, and the next update is what mends it. Then the revisions are stopped that have
// neither traffic nor a slot: nothing else would, and each costs as much as one that serves.
//   - https://github.com/microsoft/azure-container-apps/wiki/Zero-Downtime-deployment-for-single-and-multiple-revsions
//   - https://learn.microsoft.com/azure/container-apps/revisions#provisioning-status
//   - https://learn.microsoft.com/rest/api/resource-manager/containerapps/container-apps/get
func (p *Platform) deployed(ctx *pulumi.Context, d deployment, made *app.ContainerApp, wanted pulumi.StringOutput) pulumi.StringOutput {
	if ctx.DryRun() {
		return wanted
	}
	keep := pulumi.StringArray{}
	for _, r := range d.revisions {
		keep = append(keep, r.name)
	}
	return pulumi.All(wanted, after(ctx, made.Name, made), p.group, made.ID(), keep).ApplyTWithContext(ctx.Context(), func(call context.Context, v []any) (string, error) {
		wanted, name, group := v[0].(string), v[1].(string), v[2].(string)
		ready, done, err := becomesReady.until(call, func() (string, bool, error) {
			found, err := app.LookupContainerApp(ctx, &app.LookupContainerAppArgs{ResourceGroupName: group, ContainerAppName: name}, pulumi.Parent(p), pulumi.Provider(p.cloud))
			if err != nil {
				return "", false, fmt.Errorf("asking for the app as it runs: %w", err)
			}
			ready := found.LatestReadyRevisionName
			if ready != wanted && found.LatestRevisionName != wanted {
				return ready, false, notReady(wanted, ready, name, group) // nothing more will come
			}
			return ready, ready == wanted, nil
		})
		if err == nil && !done {
			err = notReady(wanted, ready, name, group)
		}
		if err != nil {
			return ready, err
		}
		if err := p.settings.Operations.StopRevisions(call, p.deployer(ctx), string(v[3].(pulumi.ID)), v[4].([]string)); err != nil {
			return ready, ctx.Log.Warn("what serves no more goes on running, and costing, until the next update: "+err.Error(), nil)
		}
		return ready, nil
	}).(pulumi.StringOutput)
}

// notReady says where the reason is.
func notReady(wanted, ready, name, group string) error {
	return fmt.Errorf("revision %s has not become ready; the latest that is ready is %q, which goes on serving. The reason stands in the logs of what ran before the app (dbinit, migrate), in the app's own, and in: "+
		"az containerapp revision show --name %s --resource-group %s --revision %s --query properties.[healthState,provisioningError,runningStateDetails]", wanted, ready, name, group, wanted)
}

package azurecloud

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-iac/slipway/cli"
	"github.com/slipway-iac/slipway/cli/progress"
	driver "github.com/slipway-iac/slipway/providers/azure"
)

// typeApp is the end of Pulumi's type of a container app, after the API version.
const typeApp = ":ContainerApp"

// containerApp is what Azure says of an app, and revision of one of its revisions.
type (
	containerApp struct {
		Properties struct {
			LatestRevisionName      string
			LatestReadyRevisionName string
			Configuration           struct {
				Ingress struct {
					Traffic []struct {
						RevisionName string
						Label        string
						Weight       int
					}
				}
			}
		}
	}
	revision struct {
		Name       string
		Properties struct {
			Active        bool
			TrafficWeight int
		}
	}
)

// Repair returns the container app if its latest revision is not the one that the state says, or nothing: an update that was cut off
// or failed may have left either behind. It also deactivates revisions that nobody calls any more: in multiple-revision mode each goes
// on running, and costing, until somebody does. Those with traffic, with a slot's label, the latest one and the latest one that is ready
// stay: the last of these is what serves while the latest one does not come up. Nothing that serves changes.
//   - https://learn.microsoft.com/rest/api/resource-manager/containerapps/container-apps/get
//   - https://learn.microsoft.com/rest/api/resource-manager/containerapps/container-apps-revisions/deactivate-revision
func (t Target) Repair(ctx context.Context, p *progress.Printer, s cli.Stack, state []cli.Resource) ([]string, error) {
	var refresh []string
	if err := t.unknown(ctx, s, state); err != nil {
		return nil, err
	}
	for _, r := range state {
		if !strings.HasPrefix(r.Type, "azure-native:app/") || !strings.HasSuffix(r.Type, typeApp) || r.Deleting || r.Broken || r.ID == "" {
			continue
		}
		c := t.client()
		var live containerApp
		err := c.get(ctx, r.ID, apiApps, nil, &live)
		switch {
		case errors.Is(err, errAbsent):
			refresh = append(refresh, r.URN)
			continue
		case err != nil:
			return nil, fmt.Errorf("asking for the app as it runs: %w", err)
		}
		template, _ := r.Outputs["template"].(map[string]any)
		suffix, _ := template["revisionSuffix"].(string)
		if suffix != "" && !strings.HasSuffix(live.Properties.LatestRevisionName, "--"+suffix) {
			refresh = append(refresh, r.URN)
		}
		if err := c.deactivate(ctx, p, r.ID, live); err != nil {
			return nil, err
		}
	}
	return refresh, nil
}

// unknown fails if the app is there and the state does not know it: a request that was cut off has made it all the same, and an update
// would end with "already exists". No version of the stack has come up in it, so nothing serves.
// https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling
func (t Target) unknown(ctx context.Context, s cli.Stack, state []cli.Resource) error {
	made := false
	for _, r := range state {
		if strings.HasPrefix(r.Type, "azure-native:app/") && strings.HasSuffix(r.Type, typeApp) {
			return nil
		}
		made = made || strings.HasPrefix(r.Type, "azure-native:app/") && strings.HasSuffix(r.Type, ":ManagedEnvironment")
	}
	if !made {
		return nil
	}
	c := t.client()
	group, err := t.group(ctx, c, s)
	if err != nil {
		return err
	}
	name := driver.AppName(s.Config.App.Name, s.Name)
	err = c.get(ctx, group+"/providers/Microsoft.App/containerApps/"+name, apiApps, nil, &struct{}{})
	switch {
	case errors.Is(err, errAbsent):
		return nil
	case err != nil:
		return fmt.Errorf("asking for the app as it runs: %w", err)
	}
	return fmt.Errorf("the container app %s is there and the stack's state does not know it: an update that was cut off has left it, and no version has come up in it. "+
		"Delete it, and run the update again: az containerapp delete --yes --name %s --resource-group %s", name, name, group[strings.LastIndex(group, "/")+1:])
}

// deactivate stops the revisions of an app that nobody calls any more.
func (c *Client) deactivate(ctx context.Context, p *progress.Printer, app string, live containerApp) error {
	all, err := list[revision](ctx, c, app+"/revisions", apiApps, nil)
	if err != nil {
		return fmt.Errorf("listing revisions: %w", err)
	}
	wanted := []string{live.Properties.LatestRevisionName, live.Properties.LatestReadyRevisionName}
	for _, row := range live.Properties.Configuration.Ingress.Traffic {
		wanted = append(wanted, row.RevisionName)
	}
	for _, r := range all {
		if !r.Properties.Active || r.Properties.TrafficWeight > 0 || slices.Contains(wanted, r.Name) {
			continue
		}
		step := p.Start("stopping revision " + r.Name + ", which has no traffic")
		err := c.post(ctx, app+"/revisions/"+r.Name+"/deactivate", apiApps)
		step.Done(err)
		if err != nil {
			return fmt.Errorf("stopping revision %s: %w", r.Name, err)
		}
	}
	return nil
}

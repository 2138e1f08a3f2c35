package azurecloud

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-iac/slipway/cli"
	"github.com/slipway-iac/slipway/cli/progress"
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
func (t Target) Repair(ctx context.Context, p *progress.Printer, _ cli.Stack, state []cli.Resource) ([]string, error) {
	var refresh []string
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

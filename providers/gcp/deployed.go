package gcp

import (
	"fmt"

	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/cloudrunv2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// serving is known when every track's revision has its share of the traffic, and fails if Cloud Run could not bring that about. The
// provider waits by itself, but once it has failed it takes the service for changed, and the next update would call that unchanged. A
// preview asks nothing.
//   - https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services#TrafficTargetStatus
//   - https://www.pulumi.com/registry/packages/gcp/api-docs/cloudrunv2/getservice/
func (p *Platform) serving(ctx *pulumi.Context, service *cloudrunv2.Service, d deployment) pulumi.Output {
	if ctx.DryRun() {
		return service.Uri
	}
	found := cloudrunv2.LookupServiceOutput(ctx, cloudrunv2.LookupServiceOutputArgs{
		Name: service.Name, Project: pulumi.String(p.account), Location: pulumi.String(p.settings.Region),
	}, pulumi.Parent(p), pulumi.Provider(p.cloud), pulumi.DependsOn([]pulumi.Resource{service}))
	values := []any{service.Name, found.TerminalConditions(), found.TrafficStatuses()}
	for _, t := range d.args.Tracks {
		values = append(values, d.revisions[t.Slot])
	}
	return pulumi.All(values...).ApplyT(func(v []any) (string, error) {
		name, conditions, statuses := v[0].(string), v[1].([]cloudrunv2.GetServiceTerminalCondition), v[2].([]cloudrunv2.GetServiceTrafficStatus)
		if len(conditions) != 1 || conditions[0].State != succeeded {
			return "", fmt.Errorf("the revision of %s did not become ready (%v); the version before goes on serving. The reason: gcloud run services describe %s --region %s. "+
				"After a change, or with another version, run the update again", name, conditions, name, p.settings.Region)
		}
		for i, t := range d.args.Tracks {
			if revision := v[3+i].(string); !shares(statuses, revision, t) {
				return "", fmt.Errorf("revision %s does not have its %d %% of the traffic of %s: %v. pulumi refresh tells Pulumi so, and the next update sets it", revision, t.Weight, name, statuses)
			}
		}
		return name, nil
	})
}

// shares tells whether a revision has the share of the traffic that its track says, under the slot's tag.
func shares(statuses []cloudrunv2.GetServiceTrafficStatus, revision string, t components.Track) bool {
	for _, s := range statuses {
		if lastPart(s.Revision) == revision && s.Tag == string(t.Slot) && s.Percent == t.Weight {
			return true
		}
	}
	return false
}

package gcp

import (
	"fmt"

	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/monitoring"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// checkUptime asks the public address for the health path every minute from all over the world, and looks at its certificate. It returns the check's id.
//   - https://cloud.google.com/monitoring/uptime-checks
//   - https://www.pulumi.com/registry/packages/gcp/api-docs/monitoring/uptimecheckconfig/
func (p *Platform) checkUptime(ctx *pulumi.Context, name string, edge components.Scope, opts []pulumi.ResourceOption) (pulumi.StringOutput, error) {
	made, err := monitoring.NewUptimeCheckConfig(ctx, p.name(name, longest), &monitoring.UptimeCheckConfigArgs{
		Project: pulumi.String(p.account), DisplayName: pulumi.String(p.fixed("front-door", 100)), CheckerType: pulumi.String("STATIC_IP_CHECKERS"),
		Period: pulumi.String("60s"), Timeout: pulumi.String("10s"),
		MonitoredResource: monitoring.UptimeCheckConfigMonitoredResourceArgs{
			Type: pulumi.String("uptime_url"), Labels: pulumi.StringMap{"host": edge[scopeHost], "project_id": pulumi.String(p.account)},
		},
		HttpCheck: monitoring.UptimeCheckConfigHttpCheckArgs{
			Path: edge[scopeHealthPath], Port: pulumi.Int(443), UseSsl: pulumi.Bool(true), ValidateSsl: pulumi.Bool(true), RequestMethod: pulumi.String("GET"),
			AcceptedResponseStatusCodes: monitoring.UptimeCheckConfigHttpCheckAcceptedResponseStatusCodeArray{
				monitoring.UptimeCheckConfigHttpCheckAcceptedResponseStatusCodeArgs{StatusClass: pulumi.String("STATUS_CLASS_2XX")},
			},
		},
	}, p.cloudOpts(opts)...)
	if err != nil {
		return pulumi.StringOutput{}, fmt.Errorf("creating uptime check: %w", err)
	}
	return made.UptimeCheckId, nil
}

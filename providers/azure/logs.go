package azure

import (
	"fmt"

	insights "github.com/pulumi/pulumi-azure-native-sdk/insights/v2/v20200202"
	diagnostics "github.com/pulumi/pulumi-azure-native-sdk/insights/v2/v20210501preview"
	operationalinsights "github.com/pulumi/pulumi-azure-native-sdk/operationalinsights/v2/v20250201"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// logs is where logs, traces and metrics end up.
type logs struct {
	workspace   pulumi.StringOutput // id
	customer    pulumi.StringOutput // the workspace's id in queries
	application pulumi.StringOutput // id of Application Insights
	connection  pulumi.StringOutput // what a sender of traces needs; a secret
}

// makeLogs makes the Log Analytics workspace that all logs of the stack go to, and Application Insights over it for traces. Both end
// after LogDays. Nobody gets in with a key: logs come from Azure's own diagnostic settings, and traces with the connection string.
//   - https://learn.microsoft.com/azure/azure-monitor/logs/log-analytics-workspace-overview
//   - https://learn.microsoft.com/azure/azure-monitor/logs/data-retention-configure
//   - https://learn.microsoft.com/azure/azure-monitor/app/create-workspace-resource
func (p *Platform) makeLogs(ctx *pulumi.Context) error {
	opts := []pulumi.ResourceOption{pulumi.Parent(p)}
	workspace, err := operationalinsights.NewWorkspace(ctx, p.name("logs", 63), &operationalinsights.WorkspaceArgs{
		ResourceGroupName: p.group,
		Sku:               operationalinsights.WorkspaceSkuArgs{Name: pulumi.String("PerGB2018")},
		RetentionInDays:   pulumi.Int(p.settings.LogDays),
		WorkspaceCapping:  operationalinsights.WorkspaceCappingArgs{DailyQuotaGb: pulumi.Float64(p.dailyGigabytes())},
		Features:          operationalinsights.WorkspaceFeaturesArgs{DisableLocalAuth: pulumi.Bool(true), EnableLogAccessUsingOnlyResourcePermissions: pulumi.Bool(true)},
	}, p.cloudOpts(opts)...)
	if err != nil {
		return fmt.Errorf("creating log workspace: %w", err)
	}
	application, err := insights.NewComponent(ctx, p.name("traces", 260), &insights.ComponentArgs{
		ResourceGroupName: p.group, Kind: pulumi.String("web"), ApplicationType: pulumi.String("web"),
		WorkspaceResourceId: workspace.ID(), IngestionMode: pulumi.String("LogAnalytics"),
	}, p.cloudOpts(opts, pulumi.AdditionalSecretOutputs([]string{"connectionString", "instrumentationKey"}))...)
	if err != nil {
		return fmt.Errorf("creating Application Insights: %w", err)
	}
	p.logs = logs{
		workspace: workspace.ID().ToStringOutput(), customer: workspace.CustomerId,
		application: application.ID().ToStringOutput(), connection: pulumi.ToSecret(application.ConnectionString).(pulumi.StringOutput),
	}
	return nil
}

// dailyGigabytes is what the workspace takes in a day at most, so that an app that logs in a loop costs $3 or $28 a day and no more. What
// is above it is lost until the next day, and alerts that read logs are blind so long; those that read metrics are not.
// https://learn.microsoft.com/azure/azure-monitor/logs/daily-cap
func (p *Platform) dailyGigabytes() float64 {
	if p.settings.Prod {
		return 10
	}
	return 1
}

// diagnose sends the logs of a resource to the workspace, where it has some, and in production its metrics too: Azure keeps those for 93
// days by itself. How long both are kept here is the workspace's matter.
//   - https://learn.microsoft.com/azure/azure-monitor/essentials/diagnostic-settings
//   - https://learn.microsoft.com/azure/azure-monitor/essentials/data-platform-metrics#retention-of-metrics
func (p *Platform) diagnose(ctx *pulumi.Context, name string, resource pulumi.StringInput, logs, metrics bool, opts []pulumi.ResourceOption) error {
	args := &diagnostics.DiagnosticSettingArgs{Name: pulumi.String("slipway"), ResourceUri: resource, WorkspaceId: p.logs.workspace}
	metrics = metrics && p.settings.Prod
	if logs {
		args.Logs = diagnostics.LogSettingsArray{diagnostics.LogSettingsArgs{CategoryGroup: pulumi.String("allLogs"), Enabled: pulumi.Bool(true)}}
	}
	if metrics {
		args.Metrics = diagnostics.MetricSettingsArray{diagnostics.MetricSettingsArgs{Category: pulumi.String("AllMetrics"), Enabled: pulumi.Bool(true)}}
	}
	if !logs && !metrics {
		return nil
	}
	if _, err := diagnostics.NewDiagnosticSetting(ctx, name, args, p.cloudOpts(opts)...); err != nil {
		return fmt.Errorf("creating diagnostic setting of %s: %w", name, err)
	}
	return nil
}

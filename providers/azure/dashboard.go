package azure

import (
	"fmt"
	"strings"

	workbooks "github.com/pulumi/pulumi-azure-native-sdk/insights/v2/v20230601"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// errorsQuery finds the errors of the app and of what runs before it: lines of JSON by their level, other lines by what they say.
// https://learn.microsoft.com/azure/azure-monitor/reference/tables/containerappconsolelogs
const errorsQuery = `ContainerAppConsoleLogs | where ContainerAppName == "%s" and ContainerName != "` + collectorContainer + `"` +
	` | extend level = tolower(tostring(parse_json(Log).level))` +
	` | where level in ("error", "fatal") or (isempty(level) and Log matches regex "(?i)(error|exception|panic|fatal)")` +
	` | project TimeGenerated, RevisionName, ContainerName, Log | order by TimeGenerated desc | take 50`

// DrawDashboard makes a workbook: a panel for each signal with its threshold in the title, and the app's latest errors. Web tests have
// their own place in Application Insights. The URL opens it in the portal, for whoever may read the resource group.
//   - https://learn.microsoft.com/azure/azure-monitor/visualize/workbooks-overview
//   - https://learn.microsoft.com/azure/templates/microsoft.insights/2023-06-01/workbooks
func (p *Platform) DrawDashboard(ctx *pulumi.Context, name string, a components.DashboardArgs, opts ...pulumi.ResourceOption) (components.DashboardState, error) {
	none := components.DashboardState{}
	measured, err := measurements(a.Signals, a.Scopes)
	if err != nil {
		return none, err
	}
	items := pulumi.Array{}
	for _, row := range measured {
		switch {
		case row.query != "":
			items = append(items, p.queryPanel(row))
		case row.test == "":
			items = append(items, metricPanel(row))
		}
	}
	if app, ok := a.Scopes.Service[scopeAppName]; ok {
		items = append(items, logPanel("errors", "Errors of the app", "table", pulumi.Sprintf(errorsQuery, app), a.Scopes.Service[scopeWorkspace], "100"))
	}
	made, err := workbooks.NewWorkbook(ctx, name, &workbooks.WorkbookArgs{
		ResourceGroupName: p.group, ResourceName: pulumi.String(guid("slipway workbook", p.subscription, p.groupName())), Kind: pulumi.String("shared"), Category: pulumi.String("workbook"),
		DisplayName: pulumi.String("Slipway " + p.project + "/" + p.stack), SourceId: pulumi.String("azure monitor"), Version: pulumi.String("Notebook/1.0"),
		SerializedData: pulumi.JSONMarshal(pulumi.Map{
			"version": pulumi.String("Notebook/1.0"), "items": items, "isLocked": pulumi.Bool(false), "fallbackResourceIds": pulumi.StringArray{p.logs.workspace},
		}),
	}, p.cloudOpts(opts)...)
	if err != nil {
		return none, fmt.Errorf("creating workbook: %w", err)
	}
	return components.DashboardState{URL: pulumi.Sprintf("https://portal.azure.com/#@%s/resource%s/workbook", p.tenant, made.ID())}, nil
}

// panelTitle names a signal with its threshold.
func panelTitle(row components.Signal) string {
	relation := "over"
	if row.Below {
		relation = "under"
	}
	return fmt.Sprintf("%s (%s %s %g %s)", row.Title, row.Severity, relation, row.Threshold, row.Unit)
}

// aggregations are the numbers by which workbooks know them.
// https://learn.microsoft.com/azure/azure-monitor/visualize/workbooks-data-sources#metrics
var aggregations = map[string]int{"Total": 1, "Minimum": 2, "Maximum": 3, "Average": 4, "Count": 7}

// metricPanel draws a metric of the last day.
func metricPanel(row measuredSignal) pulumi.Map {
	metric := row.namespace + "--" + row.metric
	return pulumi.Map{"type": pulumi.Int(10), "name": pulumi.String(row.ID), "customWidth": pulumi.String("50"), "content": pulumi.Map{
		"version": pulumi.String("MetricsItem/2.0"), "chartType": pulumi.Int(2), "size": pulumi.Int(0), "title": pulumi.String(panelTitle(row.Signal)),
		"resourceType": pulumi.String(row.namespace), "metricScope": pulumi.Int(0), "resourceIds": pulumi.StringArray{row.scope[row.needs[0]]},
		"timeContext": pulumi.Map{"durationMs": pulumi.Int(86400000)},
		"metrics": pulumi.Array{pulumi.Map{
			"namespace": pulumi.String(row.namespace), "metric": pulumi.String(metric), "aggregation": pulumi.Int(aggregations[row.aggregation]),
		}},
	}}
}

// queryPanel draws what the alert's query gives over the last day, in steps of the alert's window.
func (p *Platform) queryPanel(row measuredSignal) pulumi.Map {
	step := int(row.window(row.Signal).Minutes())
	text := row.queryText().ApplyT(func(query string) string { return overTime(query, step) }).(pulumi.StringOutput)
	return logPanel(row.ID, panelTitle(row.Signal), "timechart", text, row.scope[scopeWorkspace], "50")
}

// logPanel shows the answer to a query of the workspace.
func logPanel(name, title, kind string, query, workspace pulumi.StringInput, width string) pulumi.Map {
	return pulumi.Map{"type": pulumi.Int(3), "name": pulumi.String(name), "customWidth": pulumi.String(width), "content": pulumi.Map{
		"version": pulumi.String("KqlItem/1.0"), "query": query, "size": pulumi.Int(0), "title": pulumi.String(title), "queryType": pulumi.Int(0),
		"resourceType": pulumi.String("microsoft.operationalinsights/workspaces"), "crossComponentResources": pulumi.StringArray{workspace},
		"visualization": pulumi.String(kind), "timeContext": pulumi.Map{"durationMs": pulumi.Int(86400000)},
	}}
}

// overTime makes a query that gives one value give one for each step of so many minutes: every summarize goes by time too.
// https://learn.microsoft.com/kusto/query/bin-function
func overTime(query string, minutes int) string {
	step := fmt.Sprintf("bin(TimeGenerated, %dm)", minutes)
	parts := strings.Split(query, " | ")
	for i, part := range parts {
		switch {
		case !strings.HasPrefix(part, "summarize "):
		case strings.Contains(part, " by "):
			parts[i] = part + ", TimeGenerated = " + step
		default:
			parts[i] = part + " by TimeGenerated = " + step
		}
	}
	return strings.Join(parts, " | ")
}

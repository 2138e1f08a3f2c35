package aws

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// consoles are the host names of the console, by partition.
// https://docs.aws.amazon.com/govcloud-us/latest/UserGuide/using-govcloud-endpoints.html
var consoles = map[string]string{"aws": "console.aws.amazon.com", "aws-cn": "console.amazonaws.cn", "aws-us-gov": "console.amazonaws-us-gov.com"}

// The dashboard's grid is 24 columns wide. A panel takes half of it.
const (
	gridWidth    = 24
	alarmsHeight = 3
	panelHeight  = 6
	errorsHeight = 8
)

// errorsQuery finds the errors of the app and of what runs before it: lines of JSON by their level, other lines by what they say.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
const errorsQuery = `SOURCE '%s' | fields @timestamp, @message, @logStream` +
	` | filter @logStream not like "/` + CollectorContainer + `/"` +
	` | filter level in ["ERROR", "error", "FATAL", "fatal"] or (not ispresent(level) and @message like /(?i)(error|exception|panic|fatal)/)` +
	` | sort @timestamp desc | limit 50`

// DrawDashboard makes a CloudWatch dashboard: the state of the alarms, a panel for each signal with its threshold, and the app's
// latest errors. The URL opens it in the console, for whoever is signed in to the account.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
func (p *Platform) DrawDashboard(ctx *pulumi.Context, name string, a components.DashboardArgs, opts ...pulumi.ResourceOption) (components.DashboardState, error) {
	none := components.DashboardState{}
	measured, err := measurements(a.Signals, a.Scopes)
	if err != nil {
		return none, err
	}
	widgets := pulumi.Array{p.alarmsWidget(a.Alarm)}
	for i, row := range measured {
		widgets = append(widgets, p.panel(i, row))
	}
	if group, ok := a.Scopes.Service[scopeLogs]; ok {
		widgets = append(widgets, widget("log", 0, alarmsHeight+panelHeight*((len(measured)+1)/2), gridWidth, errorsHeight, pulumi.Map{
			"title": pulumi.String("Errors of the app"), "region": pulumi.String(p.settings.Region), "view": pulumi.String("table"),
			"query": pulumi.Sprintf(errorsQuery, group),
		}))
	}
	made, err := cloudwatch.NewDashboard(ctx, p.name(name, 255), &cloudwatch.DashboardArgs{
		DashboardName: pulumi.String(p.dashboardName()),
		DashboardBody: pulumi.JSONMarshal(pulumi.Map{"start": pulumi.String("-P1D"), "periodOverride": pulumi.String("inherit"), "widgets": widgets}),
	}, p.cloudOpts(opts)...)
	if err != nil {
		return none, fmt.Errorf("creating dashboard: %w", err)
	}
	return components.DashboardState{URL: pulumi.Sprintf("https://%s/cloudwatch/home?region=%s#dashboards/dashboard/%s", consoles[p.part], p.settings.Region, made.DashboardName)}, nil
}

// dashboardName is the same from run to run, as nothing names a dashboard by itself. Dashboards of all regions share one space of
// names, and making one overwrites another of its name, so the project is part of it. Letters, digits, - and _ are allowed.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html
func (p *Platform) dashboardName() string { return strings.ReplaceAll(p.path(), "/", "-") }

func widget(kind string, x, y, width, height int, properties pulumi.Map) pulumi.Map {
	return pulumi.Map{
		"type": pulumi.String(kind), "x": pulumi.Int(x), "y": pulumi.Int(y), "width": pulumi.Int(width), "height": pulumi.Int(height), "properties": properties,
	}
}

// alarmsWidget shows the state of all alarms, those that are off first.
func (p *Platform) alarmsWidget(alarm components.Scope) pulumi.Map {
	arns := pulumi.StringArray{}
	for _, key := range slices.Sorted(maps.Keys(alarm)) {
		if strings.HasPrefix(key, scopeArn) {
			arns = append(arns, alarm[key])
		}
	}
	return widget("alarm", 0, 0, gridWidth, alarmsHeight, pulumi.Map{"title": pulumi.String("Alarms"), "alarms": arns, "sortBy": pulumi.String("stateUpdatedTimestamp")})
}

// panel draws one signal, with its threshold as a line and the side that is bad filled in.
func (p *Platform) panel(i int, row measuredSignal) pulumi.Map {
	side := "above"
	if row.Below {
		side = "below"
	}
	axis := pulumi.Map{"label": pulumi.String(row.Unit), "showUnits": pulumi.Bool(false), "min": pulumi.Int(0)}
	half := gridWidth / 2
	return widget("metric", i%2*half, alarmsHeight+panelHeight*(i/2), half, panelHeight, pulumi.Map{
		"title": pulumi.String(row.Title), "region": pulumi.String(p.settings.Region), "view": pulumi.String("timeSeries"), "period": pulumi.Int(row.period),
		"metrics": row.scope.ApplyT(func(scope map[string]string) []any { return row.lines(scope, row.Title) }),
		"yAxis":   pulumi.Map{"left": axis}, "legend": pulumi.Map{"position": pulumi.String("hidden")},
		"annotations": pulumi.Map{"horizontal": pulumi.Array{pulumi.Map{
			"label": pulumi.String(string(row.Severity)), "value": pulumi.Float64(row.Threshold), "fill": pulumi.String(side), "color": pulumi.String(colors[row.Severity]),
		}}},
	})
}

// colors of thresholds, those of the console.
var colors = map[components.Severity]string{components.Critical: "#d62728", components.Warning: "#ff7f0e"}

// lines are the queries in the words of dashboards. Only the last is drawn.
func (m measurement) lines(scope map[string]string, label string) []any {
	all := m.read(scope)
	out := make([]any, len(all))
	for i, q := range all {
		options := map[string]any{"id": q.id, "visible": i == len(all)-1}
		if i == len(all)-1 {
			options["label"] = label
		}
		if q.expression != "" {
			options["expression"] = q.expression
			out[i] = []any{options}
			continue
		}
		options["stat"] = q.stat
		line := []any{q.namespace, q.metric}
		for _, d := range q.dimensions {
			line = append(line, d[0], d[1])
		}
		out[i] = append(line, options)
	}
	return out
}

package gcp

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/monitoring"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// The dashboard's grid is 48 columns wide. A panel takes a third of it.
const (
	gridWidth, panelWidth, panelHeight = 48, 16, 14
	logHeight                          = 20
)

// DrawDashboard makes a dashboard of Cloud Monitoring: a panel for each signal with its threshold, errors counted in the app's log, the
// incidents that are open, and the latest errors. The URL opens it in the console, for whoever is signed in.
//   - https://cloud.google.com/monitoring/api/ref_v3/rest/v1/projects.dashboards
//   - https://www.pulumi.com/registry/packages/gcp/api-docs/monitoring/dashboard/
func (p *Platform) DrawDashboard(ctx *pulumi.Context, name string, a components.DashboardArgs, opts ...pulumi.ResourceOption) (components.DashboardState, error) {
	none := components.DashboardState{}
	if id, ok := a.Alarm[scopeUptime]; ok && a.Scopes.Edge != nil {
		a.Scopes.Edge = withUptime(a.Scopes.Edge, id)
	}
	measured, err := measurements(a.Signals, a.Scopes)
	if err != nil {
		return none, err
	}
	var tiles pulumi.Array
	columns := gridWidth / panelWidth
	place := func(widget pulumi.Map) {
		i := len(tiles)
		tiles = append(tiles, tile(i%columns*panelWidth, i/columns*panelHeight, panelWidth, panelHeight, widget))
	}
	for _, row := range measured {
		place(row.panel())
	}
	if metric, ok := a.Scopes.Service[scopeErrors]; ok {
		filter := pulumi.Sprintf(`resource.type="cloud_run_revision" AND resource.labels.service_name="%s" AND metric.type="%s"`, a.Scopes.Service[scopeService], metric)
		place(chart("Errors in the app's log", "per second", series(filter, pulumi.String("ALIGN_RATE"), pulumi.String("REDUCE_SUM"), 60), nil))
	}
	tiles = append(tiles, p.latest(len(tiles), columns)...)
	made, err := monitoring.NewDashboard(ctx, p.name(name, longest), &monitoring.DashboardArgs{
		Project: pulumi.String(p.account),
		DashboardJson: pulumi.JSONMarshal(pulumi.Map{
			"displayName":  pulumi.String(fmt.Sprintf("Slipway %s/%s", p.project, p.stack)),
			"mosaicLayout": pulumi.Map{"columns": pulumi.Int(gridWidth), "tiles": tiles},
		}),
	}, p.cloudOpts(opts)...)
	if err != nil {
		return none, fmt.Errorf("creating dashboard: %w", err)
	}
	url := made.ID().ToStringOutput().ApplyT(func(id string) string {
		return fmt.Sprintf("https://console.cloud.google.com/monitoring/dashboards/builder/%s?project=%s", id[strings.LastIndex(id, "/")+1:], p.account)
	}).(pulumi.StringOutput)
	return components.DashboardState{URL: url}, nil
}

// tile puts a widget on the grid. What is zero is left out: Google does not give it back, and the provider would see a difference at every
// update.
// https://cloud.google.com/monitoring/api/ref_v3/rest/v1/projects.dashboards#Tile
func tile(x, y, width, height int, widget pulumi.Map) pulumi.Map {
	out := pulumi.Map{"width": pulumi.Int(width), "height": pulumi.Int(height), "widget": widget}
	if x > 0 {
		out["xPos"] = pulumi.Int(x)
	}
	if y > 0 {
		out["yPos"] = pulumi.Int(y)
	}
	return out
}

// latest are the incidents that are open and the app's latest errors, below the panels.
func (p *Platform) latest(panels, columns int) pulumi.Array {
	y, half := (panels+columns-1)/columns*panelHeight, gridWidth/2
	errors := fmt.Sprintf(`resource.type="cloud_run_revision" AND resource.labels.service_name="%s" AND severity>=ERROR`, p.serviceName())
	return pulumi.Array{
		tile(0, y, half, logHeight, pulumi.Map{"title": pulumi.String("Open incidents"), "incidentList": pulumi.Map{}}),
		tile(half, y, half, logHeight, pulumi.Map{"title": pulumi.String("Errors of the app"), "logsPanel": pulumi.Map{"filter": pulumi.String(errors), "resourceNames": pulumi.Array{pulumi.Sprintf("%s/views/_AllLogs", p.logs.id)}}}),
	}
}

// panel draws one signal in the metric's unit, with its threshold as a line.
func (m measuredSignal) panel() pulumi.Map {
	aligner, reducer := m.field(func(q query) string { return q.aligner }), m.field(func(q query) string { return q.reducer })
	data := series(m.field(func(q query) string { return q.filter }), aligner, reducer, m.period)
	if m.ID == shareOf {
		part := func(of func(query) string) pulumi.Map {
			return pulumi.Map{"filter": m.field(of), "aggregation": aggregation(aligner, reducer, m.period)}
		}
		data = pulumi.Map{"timeSeriesFilterRatio": pulumi.Map{
			"numerator": part(func(q query) string { return q.filter }), "denominator": part(func(q query) string { return q.denominator }),
		}}
	}
	line := pulumi.Map{"label": pulumi.String(string(m.Severity))}
	if m.Threshold != 0 {
		line["value"] = m.threshold() // see tile
	}
	return chart(m.Title, m.Unit, data, pulumi.Array{line})
}

// chart is a line over time. thresholds may be nil.
func chart(title, unit string, data pulumi.Map, thresholds pulumi.ArrayInput) pulumi.Map {
	chart := pulumi.Map{
		"dataSets": pulumi.Array{pulumi.Map{"plotType": pulumi.String("LINE"), "targetAxis": pulumi.String("Y1"), "timeSeriesQuery": data}},
		"yAxis":    pulumi.Map{"label": pulumi.String(unit), "scale": pulumi.String("LINEAR")},
	}
	if thresholds != nil {
		chart["thresholds"] = thresholds
	}
	return pulumi.Map{"title": pulumi.String(title), "xyChart": chart}
}

func series(filter, aligner, reducer pulumi.StringInput, period int) pulumi.Map {
	return pulumi.Map{"timeSeriesFilter": pulumi.Map{"filter": filter, "aggregation": aggregation(aligner, reducer, period)}}
}

func aggregation(aligner, reducer pulumi.StringInput, period int) pulumi.Map {
	return pulumi.Map{"alignmentPeriod": pulumi.String(fmt.Sprintf("%ds", period)), "perSeriesAligner": aligner, "crossSeriesReducer": reducer}
}

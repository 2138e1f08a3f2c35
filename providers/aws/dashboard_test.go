package aws

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/components/componentstest"
)

type drawn struct {
	Type                string
	X, Y, Width, Height int
	Properties          struct {
		Title, Region, Query string
		Alarms               []string
		Metrics              [][]any
		Annotations          struct {
			Horizontal []struct {
				Value float64
				Fill  string
			}
		}
	}
}

// draw records a dashboard in a partition, and returns its widgets and its URL.
func draw(t *testing.T, partition string, preview bool) ([]drawn, string) {
	t.Helper()
	r, err := componentstest.Record(func(ctx *pulumi.Context) error {
		p, err := watcher(ctx)
		if err != nil {
			return err
		}
		p.part = partition
		scopes := wholeScopes()
		scopes.Service[scopeLogs] = pulumi.String("/slipway/links/app").ToStringOutput()
		rows := components.Signals(map[string]float64{"cpu": 70})
		alarm, err := components.NewAlarm(ctx, p, "alarm", components.AlarmArgs{Signals: rows, Scopes: scopes}, pulumi.Parent(p))
		if err != nil {
			return err
		}
		dashboard, err := components.NewDashboard(ctx, p, "dashboard", components.DashboardArgs{Signals: rows, Scopes: scopes, Alarm: alarm.Scope}, pulumi.Parent(p))
		if err == nil {
			ctx.Export("url", dashboard.URL)
		}
		return err
	}, componentstest.Options{Preview: preview})
	if err != nil {
		t.Fatal(err)
	}
	if preview {
		return nil, ""
	}
	made := only(t, r, "aws:cloudwatch/dashboard:Dashboard")
	if name := made.At("dashboardName"); !slices.Equal(name, []any{"slipway-slipway-production"}) {
		t.Errorf("it is called %v", name)
	}
	var body struct{ Widgets []drawn }
	if err := json.Unmarshal([]byte(made.At("dashboardBody")[0].(string)), &body); err != nil {
		t.Fatal(err)
	}
	return body.Widgets, r.Exports["url"].StringValue()
}

func TestPanels(t *testing.T) {
	widgets, _ := draw(t, "aws", false)
	rows := components.Signals(map[string]float64{"cpu": 70})
	if len(widgets) != len(rows)+2 {
		t.Fatalf("there are %d widgets for %d signals", len(widgets), len(rows))
	}
	if first := widgets[0]; first.Type != "alarm" || len(first.Properties.Alarms) != len(rows) || first.Y != 0 {
		t.Errorf("on top is %v", first)
	}
	if last := widgets[len(widgets)-1]; last.Type != "log" || !strings.HasPrefix(last.Properties.Query, "SOURCE '/slipway/links/app' | ") {
		t.Errorf("at the bottom is %v", last)
	}
	for i, row := range rows {
		w := widgets[i+1]
		line := w.Properties.Annotations.Horizontal
		fill := map[bool]string{true: "below", false: "above"}[row.Below]
		if w.Type != "metric" || w.Properties.Title != row.Title || len(line) != 1 || line[0].Value != cmp.Or(ownThresholds[row.ID], row.Threshold) || line[0].Fill != fill {
			t.Errorf("%s is drawn as %v", row.ID, w)
		}
		visible := 0
		for _, m := range w.Properties.Metrics {
			options := m[len(m)-1].(map[string]any)
			if options["visible"] == true {
				visible++
			}
			if _, calculated := options["expression"]; !calculated && len(m)%2 == 0 {
				t.Errorf("%s: the metric %v has half a dimension", row.ID, m)
			}
		}
		if visible != 1 {
			t.Errorf("%s draws %d lines", row.ID, visible)
		}
	}
	taken := map[string]string{}
	for _, w := range widgets {
		if w.Type != "alarm" && w.Properties.Region != "ap-southeast-1" {
			t.Errorf("%s is of %q", w.Properties.Title, w.Properties.Region)
		}
		if w.X+w.Width > gridWidth {
			t.Errorf("%s does not fit", w.Properties.Title)
		}
		for x := w.X; x < w.X+w.Width; x++ {
			for y := w.Y; y < w.Y+w.Height; y++ {
				place := fmt.Sprint(x, ",", y)
				if other, ok := taken[place]; ok {
					t.Fatalf("%s covers %s", w.Properties.Title, other)
				}
				taken[place] = w.Properties.Title
			}
		}
	}
}

func TestDashboardURL(t *testing.T) {
	for partition, host := range map[string]string{"aws": "console.aws.amazon.com", "aws-cn": "console.amazonaws.cn", "aws-us-gov": "console.amazonaws-us-gov.com"} {
		_, url := draw(t, partition, false)
		if want := "https://" + host + "/cloudwatch/home?region=ap-southeast-1#dashboards/dashboard/slipway-slipway-production"; url != want {
			t.Errorf("got %s, want %s", url, want)
		}
	}
}

func TestDashboardPreview(t *testing.T) { draw(t, "aws", true) }

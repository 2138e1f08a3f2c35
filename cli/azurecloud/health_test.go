package azurecloud

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipway-iac/slipway/cli"
	"github.com/slipway-iac/slipway/cli/rollout"
	"github.com/slipway-iac/slipway/components"
)

var output = cli.Outputs{Health: map[string]string{
	"app": appID, "customer": "w", "gates": "error-rate>1,latency-p99>1,uptime<100,restarts>3",
	"revision.blue": "links--s1-a", "version.blue": "0123456789ab", "revision.green": "links--s2-b", "version.green": "ba9876543210",
}}

func series(category string, values ...float64) map[string]any {
	var data []any
	for _, v := range values {
		data = append(data, map[string]any{"total": v, "minimum": v})
	}
	return map[string]any{"metadatavalues": []any{map[string]any{"name": map[string]string{"value": "statuscodecategory"}, "value": category}}, "data": data}
}

// healthOf reads the figures of a stack whose slot green has failures.
func healthOf(t *testing.T) health {
	t.Helper()
	target, _ := azureWith(t, answers{
		"GET " + appID + "/providers/Microsoft.Insights/metrics": func(_ string, q map[string][]string) any {
			if filter := q["$filter"][0]; !strings.Contains(filter, "revisionName eq 'links--s2-b'") {
				t.Errorf("the filter is %s", filter)
			}
			all := []any{series("2xx", 90, 5), series("5xx", 3, 2)}
			if q["metricnames"][0] == "Replicas" {
				all = []any{series("", 2, 0)}
			}
			return map[string]any{"value": []any{map[string]any{"timeseries": all}}}
		},
		"POST /v1/workspaces/w/query": func(body string, _ map[string][]string) any {
			switch {
			case strings.Contains(body, "AppRequests") && strings.Contains(body, "ba9876543210"):
				return table([]string{"Value"}, []any{0.25})
			case strings.Contains(body, "links--s2-b"):
				return table([]string{"Value"})
			}
			t.Errorf("the logs were asked %s", body)
			return nil
		},
	})
	h, err := target.Health(t.Context(), stack, output)
	if err != nil {
		t.Fatal(err)
	}
	own, _ := h.(health)
	own.now = func() time.Time { return time.Date(2026, 11, 25, 12, 10, 30, 0, time.UTC) }
	return own
}

func TestHealthOfSlot(t *testing.T) {
	h := healthOf(t)
	f, err := h.Slot(t.Context(), components.Green, h.now().Add(-5*time.Minute))
	if err != nil || f.Requests != 100 || f.Errors != 5 || f.P99 != 250*time.Millisecond {
		t.Errorf("got %+v, %v", f, err)
	}
	if f, err := h.Slot(t.Context(), components.Green, h.now()); err != nil || f.Requests != 0 {
		t.Errorf("before the first minute has ended: %+v, %v", f, err)
	}
	h.output = map[string]string{"app": appID}
	if _, err := h.Slot(t.Context(), components.Green, h.now().Add(-time.Hour)); err == nil {
		t.Error("a slot that is not there has figures")
	}
	if h.Lag() < time.Minute {
		t.Errorf("figures are %s old", h.Lag())
	}
	if _, err := (Target{}).Health(t.Context(), stack, cli.Outputs{}); err == nil {
		t.Error("a stack without the output has a health")
	}
}

// Gates are judged on the slot's own figures; one without figures does not fire.
func TestGatesOfSlot(t *testing.T) {
	h := healthOf(t)
	gates, err := h.Gates(t.Context(), components.Green, h.now().Add(-time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, g := range gates {
		got = append(got, fmt.Sprintf("%s %t %s", g.ID, g.Firing, g.Text))
	}
	want := []string{"error-rate true 5, wanted not > 1", "latency-p99 false 0.25, wanted not > 1", "uptime true 0, wanted not < 100", "restarts false wanted not > 3"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	// What was before the step is not the step's.
	early, err := h.Gates(t.Context(), components.Green, h.now())
	if err != nil || slices.ContainsFunc(early, func(a rollout.Alarm) bool { return a.Firing }) {
		t.Errorf("at the beginning of a step: %v, %v", early, err)
	}
}

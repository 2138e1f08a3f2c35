package gcpcloud

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/slipway-iac/slipway/cli"
	"github.com/slipway-iac/slipway/cli/rollout"
	"github.com/slipway-iac/slipway/components"
)

const seriesOf = "GET /monitoring/v3/projects/links-production/timeSeries"

// watched is the output health of a stack in the middle of a rollout.
var watched = map[string]string{
	"project": "links-production", "service": "links-prod", "revision.blue": "links-prod-1-0a1b2c3d", "revision.green": "links-prod-2-4e5f6a7b",
	"gates.blue": "[]",
	"gates.green": `[{"id":"error-rate","unit":"%","filter":"failed","denominator":"all","aligner":"ALIGN_DELTA","reducer":"REDUCE_SUM","period":60,"threshold":1,"scale":0.01,"for":60},
		{"id":"latency-p99","unit":"s","filter":"slow","aligner":"ALIGN_DELTA","reducer":"REDUCE_PERCENTILE_99","period":60,"threshold":1,"scale":1000,"for":120},
		{"id":"uptime","unit":"%","filter":"up","aligner":"ALIGN_FRACTION_TRUE","reducer":"REDUCE_MAX","period":120,"threshold":100,"scale":0.01,"for":60,"below":true}]`,
}

// now is 20 s into a minute.
var now = time.Date(2026, 1, 1, 12, 10, 20, 0, time.UTC)

func healthAt(t *testing.T, at time.Time) health {
	t.Helper()
	h, err := Target{}.Health(t.Context(), stack, cli.Outputs{Health: watched})
	if err != nil {
		t.Fatal(err)
	}
	set := h.(health)
	set.now = func() time.Time { return at }
	return set
}

// points are values of the minutes before now, the oldest first; Google gives the newest first.
func points(values ...any) any {
	var out []any
	for i := len(values) - 1; i >= 0; i-- {
		end := now.Truncate(time.Minute).Add(-time.Duration(len(values)-1-i) * time.Minute).Format(time.RFC3339)
		out = append(out, map[string]any{"interval": map[string]any{"endTime": end}, "value": values[i]})
	}
	return map[string]any{"timeSeries": []any{map[string]any{"points": out}}}
}

func double(v float64) any { return map[string]any{"doubleValue": v} }
func whole(v string) any   { return map[string]any{"int64Value": v} }

func TestSlotFigures(t *testing.T) {
	standIn(t, map[string]answer{seriesOf: func(query url.Values, _ map[string]any) (int, any) {
		// The step began 40 s into a minute, which holds requests of before.
		if query.Get("interval.startTime") != "2026-01-01T12:01:00Z" || query.Get("interval.endTime") != "2026-01-01T12:10:00Z" || query.Get("aggregation.alignmentPeriod") != "540s" {
			t.Errorf("asked for %v", query)
		}
		filter := query.Get("filter")
		if !strings.Contains(filter, `revision_name="links-prod-2-4e5f6a7b"`) || !strings.Contains(filter, `service_name="links-prod"`) {
			t.Errorf("asked for %s", filter)
		}
		switch {
		case strings.Contains(filter, "request_latencies"):
			return http.StatusOK, points(double(123.4565))
		case strings.Contains(filter, "5xx"):
			return http.StatusOK, points(whole("8"))
		}
		return http.StatusOK, points(whole("1000"))
	}})
	got, err := healthAt(t, now).Slot(t.Context(), components.Green, time.Date(2026, 1, 1, 12, 0, 40, 0, time.UTC))
	if want := (rollout.Figures{Requests: 1000, Errors: 8, P99: 123457 * time.Microsecond}); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

func TestSlotWithoutFigures(t *testing.T) {
	standIn(t, map[string]answer{seriesOf: says(map[string]any{})})
	h := healthAt(t, now)
	for _, since := range []time.Time{now.Add(-30 * time.Second), now.Add(-time.Hour)} {
		if got, err := h.Slot(t.Context(), components.Green, since); err != nil || got != (rollout.Figures{}) {
			t.Errorf("since %s: %+v, %v", since, got, err)
		}
	}
	h.output = map[string]string{"project": "links-production"}
	if _, err := h.Slot(t.Context(), components.Green, now.Add(-time.Hour)); err == nil || !strings.Contains(err.Error(), "does not name slot green") {
		t.Errorf("got %v", err)
	}
}

func TestGates(t *testing.T) {
	for _, row := range []struct {
		name               string
		failed, all, slow  any
		up                 any
		errors, late, down bool
	}{
		{"all well", points(double(0)), points(double(50)), points(double(200), double(300)), points(double(1)), false, false, false},
		{"errors", points(double(2)), points(double(50)), points(double(200), double(300)), points(double(1)), true, false, false},
		{"slow for a minute only", points(double(0)), points(double(50)), points(double(200), double(3000)), points(double(1)), false, false, false},
		{"slow", points(double(0)), points(double(50)), points(double(2000), double(3000)), points(double(1)), false, true, false},
		{"down", points(double(0)), points(double(50)), points(double(2), double(3)), points(double(0.9)), false, false, true},
		{"no requests", map[string]any{}, map[string]any{}, map[string]any{}, points(double(1)), false, false, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			standIn(t, map[string]answer{seriesOf: func(query url.Values, _ map[string]any) (int, any) {
				return http.StatusOK, map[string]any{"failed": row.failed, "all": row.all, "slow": row.slow, "up": row.up}[query.Get("filter")]
			}})
			got, err := healthAt(t, now).Gates(t.Context(), components.Green, now.Add(-time.Hour))
			if err != nil || len(got) != 3 {
				t.Fatalf("got %+v, %v", got, err)
			}
			if got[0].Firing != row.errors || got[1].Firing != row.late || got[2].Firing != row.down {
				t.Errorf("got %+v", got)
			}
		})
	}
	standIn(t, map[string]answer{seriesOf: says(points(double(2)))})
	if got, err := healthAt(t, now).Gates(t.Context(), components.Green, now.Add(-time.Hour)); err != nil || got[0].Text != "100, wanted not > 1 %" {
		t.Errorf("got %+v, %v", got, err)
	}
	standIn(t, map[string]answer{seriesOf: refused(http.StatusForbidden, "PERMISSION_DENIED", "no")})
	if _, err := healthAt(t, now).Gates(t.Context(), components.Green, now.Add(-time.Hour)); err == nil || !strings.Contains(err.Error(), "gate error-rate of slot green") {
		t.Errorf("got %v", err)
	}
}

// What was before a step is not the step's: gates look at whole minutes since its beginning.
func TestGatesOfStep(t *testing.T) {
	for _, row := range []struct {
		since time.Duration
		asked map[string]string // filter: start, period
	}{
		{30 * time.Second, nil},
		{90 * time.Second, map[string]string{"failed": "12:09 60s", "all": "12:09 60s", "slow": "12:09 60s", "up": "12:09 60s"}},
		{4*time.Minute - 10*time.Second, map[string]string{"failed": "12:07 60s", "all": "12:07 60s", "slow": "12:07 60s", "up": "12:08 120s"}},
		{time.Hour, map[string]string{"failed": "12:06 60s", "all": "12:06 60s", "slow": "12:05 60s", "up": "12:05 120s"}},
	} {
		t.Run(row.since.String(), func(t *testing.T) {
			asked := map[string]string{}
			standIn(t, map[string]answer{seriesOf: func(query url.Values, _ map[string]any) (int, any) {
				from, err := time.Parse(time.RFC3339, query.Get("interval.startTime"))
				if err != nil {
					t.Error(err)
				}
				asked[query.Get("filter")] = from.Format("15:04") + " " + query.Get("aggregation.alignmentPeriod")
				return http.StatusOK, points(double(2000))
			}})
			got, err := healthAt(t, now).Gates(t.Context(), components.Green, now.Add(-row.since))
			if err != nil || !maps.Equal(asked, row.asked) {
				t.Errorf("asked for %v, %v, want %v", asked, err, row.asked)
			}
			if firing := row.asked != nil; len(got) != 3 || got[0].Firing != firing {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestHealthNeedsTheOutput(t *testing.T) {
	standIn(t, nil)
	if _, err := (Target{}).Health(t.Context(), stack, cli.Outputs{}); err == nil || !strings.Contains(err.Error(), "`go run . up -s prod` makes it") {
		t.Errorf("got %v", err)
	}
	if lag := healthAt(t, now).Lag(); lag < time.Minute || lag > 5*time.Minute {
		t.Errorf("the lag is %s", lag)
	}
}

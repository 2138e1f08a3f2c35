package azurecloud

import (
	"context"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/slipway-iac/slipway/cli"
	"github.com/slipway-iac/slipway/cli/rollout"
	"github.com/slipway-iac/slipway/components"
	driver "github.com/slipway-iac/slipway/providers/azure"
)

const (
	// lag is how long Azure Monitor takes to show a minute of a container app, in most cases; logs and traces take some more.
	//   - https://learn.microsoft.com/azure/azure-monitor/essentials/data-platform-metrics
	//   - https://learn.microsoft.com/azure/azure-monitor/logs/data-ingestion-time
	lag = 3 * time.Minute
	// gateLook is how far back a gate that is read from logs looks: what an alert's query does.
	gateLook = 10 * time.Minute
	// apiMetrics is the API version of Azure Monitor's metrics.
	apiMetrics = "2023-10-01"
)

// health implements rollout.Health.
type health struct {
	client *Client
	output map[string]string // the stack's output health
	now    func() time.Time
}

// Health reads the figures of a stack's slots from Azure Monitor: requests and errors from the app's metrics by revision, latencies from
// the app's traces in Application Insights by version.
func (t Target) Health(_ context.Context, s cli.Stack, o cli.Outputs) (rollout.Health, error) {
	if driver.HealthOf(o.Health, components.Blue).App == "" {
		return nil, fmt.Errorf("stack %q does not say where its health is measured: `go run . up -s %s` makes it", s.Name, s.Name)
	}
	return health{t.client(), o.Health, time.Now}, nil
}

// Lag is how old the newest figures are.
func (health) Lag() time.Duration { return lag }

// Slot returns what a slot served in whole minutes since a time.
// https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/microsoft-app-containerapps-metrics
func (h health) Slot(ctx context.Context, slot components.Slot, since time.Time) (rollout.Figures, error) {
	where, none := driver.HealthOf(h.output, slot), rollout.Figures{}
	if where.Revision == "" {
		return none, fmt.Errorf("the stack's output health does not name slot %s", slot)
	}
	to := h.now().UTC().Truncate(time.Minute)
	from := since.UTC().Add(time.Minute - 1).Truncate(time.Minute)
	if !from.Before(to) {
		return none, nil
	}
	f, err := h.requests(ctx, where, from, to)
	if err != nil {
		return none, err
	}
	seconds, known, err := h.value(ctx, where, driver.SlotQueries["latency-p99"], from, to)
	if known {
		f.P99 = time.Duration(math.Round(seconds*1e6)) * time.Microsecond
	}
	return f, err
}

// requests sums up the metric Requests of a revision, with those that were answered with 5xx apart.
// https://learn.microsoft.com/rest/api/monitor/metrics/list
func (h health) requests(ctx context.Context, where driver.SlotHealth, from, to time.Time) (rollout.Figures, error) {
	var f rollout.Figures
	err := h.metric(ctx, where, "Requests", "Total", "statusCodeCategory", from, to, func(category string, v point) {
		if v.Total == nil {
			return
		}
		f.Requests += *v.Total
		if strings.HasPrefix(category, "5") {
			f.Errors += *v.Total
		}
	})
	return f, err
}

// point is one value of a metric.
type point struct{ Total, Minimum, Maximum *float64 }

// metric reads a metric of a revision by the minute, apart by one more dimension if it is not "".
func (h health) metric(ctx context.Context, where driver.SlotHealth, name, aggregation, apart string, from, to time.Time, visit func(string, point)) error {
	filter := "revisionName eq '" + where.Revision + "'"
	if apart != "" {
		filter += " and " + apart + " eq '*'"
	}
	var answer struct {
		Value []struct {
			Timeseries []struct {
				MetadataValues []struct {
					Name  struct{ Value string }
					Value string
				}
				Data []point
			}
		}
	}
	query := url.Values{
		"metricnames": {name}, "aggregation": {aggregation}, "interval": {"PT1M"}, "$filter": {filter},
		"timespan": {from.Format(time.RFC3339) + "/" + to.Format(time.RFC3339)},
	}
	if err := h.client.get(ctx, where.App+"/providers/Microsoft.Insights/metrics", apiMetrics, query, &answer); err != nil {
		return fmt.Errorf("asking Azure Monitor for %s of slot %s: %w", name, where.Slot, err)
	}
	for _, m := range answer.Value {
		for _, series := range m.Timeseries {
			key := ""
			for _, d := range series.MetadataValues {
				if strings.EqualFold(d.Name.Value, apart) {
					key = d.Value
				}
			}
			for _, v := range series.Data {
				visit(key, v)
			}
		}
	}
	return nil
}

// value asks the logs for the one value of a query; known is false if there is none.
func (h health) value(ctx context.Context, where driver.SlotHealth, query string, from, to time.Time) (value float64, known bool, err error) {
	rows, err := h.client.rows(ctx, where.Customer, where.Fill(query), from, to)
	if err != nil || len(rows) == 0 {
		return 0, false, err
	}
	value, known = rows[0]["Value"].(float64)
	return value, known && !math.IsNaN(value), nil
}

// Gates judges a slot by the same rows that make the alerts, measured on the slot's revision alone, over what an alert looks at but not
// beyond since.
func (h health) Gates(ctx context.Context, slot components.Slot, since time.Time) ([]rollout.Alarm, error) {
	where := driver.HealthOf(h.output, slot)
	if where.Revision == "" {
		return nil, fmt.Errorf("the stack's output health does not name slot %s", slot)
	}
	var out []rollout.Alarm
	for _, g := range where.Gates {
		value, known, err := h.gate(ctx, where, g.Signal, since)
		if err != nil {
			return nil, err
		}
		sign, firing := ">", value > g.Threshold
		if g.Below {
			sign, firing = "<", value < g.Threshold
		}
		text := "wanted not " + sign + " " + number(g.Threshold)
		if known {
			text = number(value) + ", " + text
		}
		out = append(out, rollout.Alarm{ID: g.Signal, Firing: known && firing, Text: text})
	}
	return out, nil
}

// gate measures a signal on a slot, in the signal's unit. No data is good: a revision that never becomes ready fails the update.
func (h health) gate(ctx context.Context, where driver.SlotHealth, signal string, since time.Time) (value float64, known bool, err error) {
	to := h.now().UTC().Truncate(time.Minute)
	from := to.Add(-gateLook)
	if began := since.UTC().Add(time.Minute - 1).Truncate(time.Minute); began.After(from) {
		from = began
	}
	if !from.Before(to) {
		return 0, false, nil
	}
	switch signal {
	case "error-rate":
		f, err := h.requests(ctx, where, from, to)
		return f.ErrorRate(), f.Requests > 0, err
	case "uptime":
		err := h.metric(ctx, where, "Replicas", "Minimum", "", from, to, func(_ string, v point) {
			if v.Minimum != nil { // the last one counts
				value, known = min(*v.Minimum, 1)*100, true
			}
		})
		return value, known, err
	}
	return h.value(ctx, where, driver.SlotQueries[signal], from, to)
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }

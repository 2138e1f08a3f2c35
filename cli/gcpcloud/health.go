package gcpcloud

import (
	"context"
	"fmt"
	"maps"
	"math"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/slipway-iac/slipway/cli"
	"github.com/slipway-iac/slipway/cli/rollout"
	"github.com/slipway-iac/slipway/components"
	driver "github.com/slipway-iac/slipway/providers/gcp"
)

const (
	// lag is how long after its end Cloud Monitoring has a minute of Cloud Run.
	// https://cloud.google.com/monitoring/api/metrics_gcp_p_z#gcp-run
	lag = 3 * time.Minute
	// longestLook bounds how far back figures are read: the longest that a step may bake.
	longestLook = 24 * time.Hour
)

// health implements rollout.Health.
type health struct {
	client *client
	output map[string]string // the stack's output health
	now    func() time.Time
}

// Health reads the figures of a stack's slots from Cloud Monitoring.
func (Target) Health(ctx context.Context, s cli.Stack, o cli.Outputs) (rollout.Health, error) {
	where, err := driver.HealthOf(o.Health, components.Blue)
	if err != nil {
		return nil, err
	}
	if where.Project == "" {
		return nil, fmt.Errorf("stack %q does not say where its health is measured: `go run . up -s %s` makes it", s.Name, s.Name)
	}
	s.Config.GCP.Project = where.Project
	c, err := connect(ctx, s)
	if err != nil {
		return nil, err
	}
	return health{c, o.Health, time.Now}, nil
}

// Lag is how old the newest figures are.
func (health) Lag() time.Duration { return lag }

// Slot returns what a slot served in whole minutes since a time, but at most in a day. Before the first one has ended that is nothing.
// https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.timeSeries/list
func (h health) Slot(ctx context.Context, slot components.Slot, since time.Time) (rollout.Figures, error) {
	none := rollout.Figures{}
	where, err := driver.HealthOf(h.output, slot)
	if err != nil {
		return none, err
	}
	if where.Revision == "" {
		return none, fmt.Errorf("the stack's output health does not name slot %s", slot)
	}
	to := h.now().UTC().Truncate(time.Minute)
	from := since.UTC().Add(time.Minute - 1).Truncate(time.Minute)
	if from.Before(to.Add(-longestLook)) {
		from = to.Add(-longestLook)
	}
	if !from.Before(to) {
		return none, nil
	}
	of := func(metric string) string {
		return fmt.Sprintf(`resource.type="cloud_run_revision" AND resource.labels.service_name="%s" AND resource.labels.revision_name="%s" AND metric.type="run.googleapis.com/%s"`, where.Service, where.Revision, metric)
	}
	f := rollout.Figures{}
	for _, row := range []struct {
		filter, reducer string
		add             func(float64)
	}{
		{of("request_count"), "REDUCE_SUM", func(v float64) { f.Requests += v }},
		{of("request_count") + ` AND metric.labels.response_code_class="5xx"`, "REDUCE_SUM", func(v float64) { f.Errors += v }},
		{of("request_latencies"), "REDUCE_PERCENTILE_99", func(v float64) { f.P99 = max(f.P99, time.Duration(math.Round(v*1e3))*time.Microsecond) }},
	} {
		points, err := h.points(ctx, where.Project, look{row.filter, "ALIGN_DELTA", row.reducer, to.Sub(from)}, from, to)
		if err != nil {
			return none, fmt.Errorf("asking Cloud Monitoring for the figures of slot %s: %w", slot, err)
		}
		for _, v := range points {
			row.add(v)
		}
	}
	return f, nil
}

// look is what one question reads.
type look struct {
	filter, aligner, reducer string
	period                   time.Duration
}

// points reads one series: a value for the end of each period. Before anything was written there is none.
func (h health) points(ctx context.Context, project string, l look, from, to time.Time) (map[time.Time]float64, error) {
	query := url.Values{
		"filter": {l.filter}, "interval.startTime": {from.Format(time.RFC3339)}, "interval.endTime": {to.Format(time.RFC3339)},
		"aggregation.alignmentPeriod":  {fmt.Sprintf("%ds", int(l.period.Seconds()))},
		"aggregation.perSeriesAligner": {l.aligner}, "aggregation.crossSeriesReducer": {l.reducer},
	}
	out := map[time.Time]float64{}
	for {
		var answer struct {
			TimeSeries []struct {
				Points []struct {
					Interval struct{ EndTime time.Time }
					Value    struct {
						DoubleValue *float64
						Int64Value  string
					}
				}
			}
			NextPageToken string
		}
		if err := h.client.get(ctx, h.client.host("monitoring")+"/v3/projects/"+project+"/timeSeries", query, &answer); err != nil {
			return nil, err
		}
		for _, series := range answer.TimeSeries {
			for _, p := range series.Points {
				v, err := strconv.ParseFloat(p.Value.Int64Value, 64)
				if p.Value.DoubleValue != nil {
					v = *p.Value.DoubleValue
				} else if err != nil {
					return nil, fmt.Errorf("reading a value: %w", err)
				}
				out[p.Interval.EndTime.UTC()] += v
			}
		}
		if answer.NextPageToken == "" {
			return out, nil
		}
		query.Set("pageToken", answer.NextPageToken)
	}
}

// Gates evaluates the gates of a slot by the rows that make the alert policies, but on its revision alone and not beyond since. Without
// figures a gate does not hold anything up: a slot without requests has no errors.
func (h health) Gates(ctx context.Context, slot components.Slot, since time.Time) ([]rollout.Alarm, error) {
	where, err := driver.HealthOf(h.output, slot)
	if err != nil {
		return nil, err
	}
	var out []rollout.Alarm
	for _, gate := range where.Gates {
		values, err := h.gate(ctx, where.Project, gate, since)
		if err != nil {
			return nil, fmt.Errorf("asking Cloud Monitoring for gate %s of slot %s: %w", gate.ID, slot, err)
		}
		out = append(out, judge(gate, values))
	}
	return out, nil
}

// gate reads the values that a gate is judged by, in its unit, oldest first: of whole periods since a time, or of less than one if no
// more has passed.
func (h health) gate(ctx context.Context, project string, g driver.Gate, since time.Time) ([]float64, error) {
	period := time.Duration(g.Period) * time.Second
	periods := max(1, (g.For+g.Period-1)/g.Period)
	to := h.now().UTC().Truncate(time.Minute)
	from := to.Add(-lag - time.Duration(periods)*period)
	if began := since.UTC().Add(time.Minute - 1).Truncate(time.Minute); began.After(from) {
		if !began.Before(to) {
			return nil, nil
		}
		period = min(period, to.Sub(began))
		from = to.Add(-to.Sub(began).Truncate(period))
	}
	points, err := h.points(ctx, project, look{g.Filter, g.Aligner, g.Reducer, period}, from, to)
	if err != nil {
		return nil, err
	}
	if g.Denominator != "" {
		all, err := h.points(ctx, project, look{g.Denominator, g.Aligner, g.Reducer, period}, from, to)
		if err != nil {
			return nil, err
		}
		share := map[time.Time]float64{}
		for at, of := range all {
			if of > 0 {
				share[at] = points[at] / of
			}
		}
		points = share
	}
	var values []float64
	for _, at := range slices.SortedFunc(maps.Keys(points), time.Time.Compare) {
		values = append(values, points[at]/g.Scale)
	}
	return values[max(0, len(values)-periods):], nil
}

// judge tells whether all values are beyond the threshold. Fewer than the time asks for are not enough.
func judge(g driver.Gate, values []float64) rollout.Alarm {
	sign := ">"
	if g.Below {
		sign = "<"
	}
	wanted := fmt.Sprintf("wanted not %s %s %s", sign, number(g.Threshold), g.Unit)
	if len(values) == 0 {
		return rollout.Alarm{ID: g.ID, Text: "no figures, " + wanted}
	}
	beyond := len(values) >= max(1, (g.For+g.Period-1)/g.Period)
	for _, v := range values {
		beyond = beyond && (g.Below && v < g.Threshold || !g.Below && v > g.Threshold)
	}
	return rollout.Alarm{ID: g.ID, Firing: beyond, Text: number(values[len(values)-1]) + ", " + wanted}
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }

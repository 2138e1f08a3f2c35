package azure

import (
	"fmt"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// meter is how a signal is measured: by a metric of Azure Monitor, by a query of the logs, or by a web test. One of the three is set.
type meter struct {
	// needs are the keys that the scope must have; the first one is the id of the resource that a metric belongs to.
	needs []string

	namespace, metric, aggregation string
	// limit is the key of what 100 % is, where the metric is not in percent. Default: the threshold is the metric's own.
	limit string
	// apart is a dimension of the metric whose values are looked at each by itself: an average over revisions that idle hides the one that
	// works. Default: the metric as a whole.
	apart string
	// volume is a metric that must have counted leastVolume in the window too. Default: none.
	volume string
	// perWindow says that the metric counts, and the threshold is per second.
	perWindow bool

	// query returns one row with the column Value, in the signal's unit, or none. The scope's values stand for {key}.
	query string

	// test is a web test that asks the public address: "uptime" or "certificate".
	test string
}

// measurement is how one signal is read from one scope.
type measurement struct {
	meter
	scope components.Scope
}

// measuredSignal is a signal with the way it is measured.
type measuredSignal struct {
	components.Signal
	measurement
}

// measure returns how a signal is read from a scope, or false if the scope does not hold what it is read from. Of several meters the
// first that fits counts.
func measure(id string, s components.Scope) (measurement, bool) {
	for _, m := range meters[id] {
		fits := true
		for _, key := range m.needs {
			_, has := s[key]
			fits = fits && has
		}
		if fits {
			return measurement{m, s}, true
		}
	}
	return measurement{}, false
}

// measurements finds how every signal is measured. It leaves out those that the stack has no figures for, and refuses thresholds
// that would be set in vain.
func measurements(rows []components.Signal, scopes components.Scopes) ([]measuredSignal, error) {
	from := map[components.Source]components.Scope{
		components.FromService: scopes.Service, components.FromDatabase: scopes.Database, components.FromCache: scopes.Cache, components.FromEdge: scopes.Edge,
	}
	var out []measuredSignal
	for _, row := range rows {
		m, ok := measure(row.ID, from[row.Source])
		switch {
		case ok:
			out = append(out, measuredSignal{row, m})
		case row.Configured:
			why := unmeasured[row.ID]
			if why == "" {
				why = "this stack has no figures for it"
			}
			return nil, components.Unsupported("azure", "alerts.thresholds."+row.ID, why)
		}
	}
	return out, nil
}

// windows are what an alert may look at at once, and what the least of them is where logs are read, which arrive some minutes late.
//   - https://learn.microsoft.com/azure/templates/microsoft.insights/2018-03-01/metricalerts
//   - https://learn.microsoft.com/azure/templates/microsoft.insights/2023-12-01/scheduledqueryrules
//   - https://learn.microsoft.com/azure/azure-monitor/logs/data-ingestion-time
var windows = []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 6 * time.Hour}

const logWindow = 10 * time.Minute

// window is the shortest one that is no shorter than what the row asks for.
func (m measurement) window(row components.Signal) time.Duration {
	if m.query != "" {
		return max(row.For, logWindow)
	}
	for _, w := range windows {
		if w >= row.For {
			return w
		}
	}
	return windows[len(windows)-1]
}

// iso writes a duration as Azure does: PT5M.
// https://en.wikipedia.org/wiki/ISO_8601#Durations
func iso(d time.Duration) string {
	if d%time.Hour == 0 {
		return fmt.Sprintf("PT%dH", int(d.Hours()))
	}
	return fmt.Sprintf("PT%dM", int(d.Minutes()))
}

// threshold is the row's in the unit of the metric.
func (m measurement) threshold(row components.Signal) pulumi.Float64Output {
	switch {
	case m.perWindow:
		return pulumi.Float64(row.Threshold * m.window(row).Seconds()).ToFloat64Output()
	case m.limit == "":
		return pulumi.Float64(row.Threshold).ToFloat64Output()
	}
	return m.scope[m.limit].ApplyT(func(text string) (float64, error) {
		var all float64
		if _, err := fmt.Sscan(text, &all); err != nil {
			return 0, fmt.Errorf("reading the limit of %s: %w", row.ID, err)
		}
		return row.Threshold / 100 * all, nil
	}).(pulumi.Float64Output)
}

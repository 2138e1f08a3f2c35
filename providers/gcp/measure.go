package gcp

import (
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// What an alert makes of periods without data; the values of evaluationMissingData.
// https://cloud.google.com/monitoring/alerts/concepts-indepth#partial-metric-data
const (
	absentIsGood = "EVALUATION_MISSING_DATA_INACTIVE"
	absentIsBad  = "EVALUATION_MISSING_DATA_ACTIVE"
	absentKeeps  = "EVALUATION_MISSING_DATA_NO_OP"
)

// query is what is read: series that a filter finds, each brought to periods by the aligner, all brought to one by the reducer. With a
// denominator it is a share.
//   - https://cloud.google.com/monitoring/api/v3/filters
//   - https://cloud.google.com/monitoring/api/v3/aggregation
type query struct {
	filter, denominator string
	aligner, reducer    string
	// scale turns the signal's unit into the metric's.
	scale float64
}

// meter is how a signal is measured.
type meter struct {
	// needs are the keys that the scope must have.
	needs []string
	// read makes the query of the values of a scope.
	read func(scope map[string]string) query
	// missing is one of the constants above.
	missing string
	// period is in seconds, 60 at least.
	period int
}

// measurement is how one signal is read from one scope.
type measurement struct {
	meter
	query pulumi.Output // of a query
}

// measuredSignal is a signal with the way it is measured.
type measuredSignal struct {
	components.Signal
	measurement
}

// measure returns how a signal is read from a scope: by the first of its meters for which the scope holds everything.
func measure(id string, s components.Scope) (measurement, bool) {
	for _, m := range meters[id] {
		if slices.ContainsFunc(m.needs, func(key string) bool { _, has := s[key]; return !has }) {
			continue
		}
		values := pulumi.StringMap{}
		for _, key := range m.needs {
			values[key] = s[key]
		}
		return measurement{m, values.ToStringMapOutput().ApplyT(m.read)}, true
	}
	return measurement{}, false
}

// measurements finds how every signal is measured. It leaves out those that the stack has no figures for, and refuses thresholds that
// would be set in vain.
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
			return nil, components.Unsupported("gcp", "alerts.thresholds."+row.ID, "this stack has no figures for it")
		}
	}
	return out, nil
}

// field is one text of the query, in terms of its scope's values.
func (m measurement) field(of func(query) string) pulumi.StringOutput {
	return m.query.ApplyT(func(v any) string {
		q, _ := v.(query)
		return of(q)
	}).(pulumi.StringOutput)
}

// threshold is the signal's threshold in the metric's unit.
func (m measuredSignal) threshold() pulumi.Float64Output {
	return m.query.ApplyT(func(v any) float64 {
		q, _ := v.(query)
		return m.Threshold * q.scale
	}).(pulumi.Float64Output)
}

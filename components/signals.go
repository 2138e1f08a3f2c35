package components

import "time"

// Source is the kind of resource a signal is read from.
type Source string

// The sources of signals.
const (
	FromService  Source = "service"
	FromDatabase Source = "database"
	FromCache    Source = "cache"
	FromEdge     Source = "edge"
)

// Severity says how fast a person should look.
type Severity string

// The severities of an alarm.
const (
	Critical Severity = "critical" // users are hurt now
	Warning  Severity = "warning"  // users will be hurt if nothing is done
)

// Signal is one row of the table that makes the alarms, the dashboard's panels and the gates of a rollout. How it is measured
// is the driver's affair: each keeps a table of its own from ID to expression.
type Signal struct {
	// ID is what configuration calls the signal (alerts.thresholds.<id>).
	ID string
	// Title is the panel's and the alarm's name.
	Title string
	// Source is the kind of resource it is read from.
	Source Source
	// Unit is the unit of Threshold: percent, seconds, count, days, percent of a limit.
	Unit string
	// Below fires when the value is under the threshold; otherwise it fires when the value is over it.
	Below bool
	// Threshold is in Unit.
	Threshold float64
	// For is how long the threshold must be crossed.
	For time.Duration
	// Severity of the alarm.
	Severity Severity
	// Gate makes a rollout go back when the alarm fires.
	Gate bool
	// Configured says that Threshold comes from configuration.
	Configured bool
	// Meaning says what the reader of the alarm should think of first.
	Meaning string
}

// signals is the table. Thresholds are defaults; configuration overrides them by ID.
var signals = []Signal{
	{ID: "error-rate", Title: "Requests answered with 5xx", Source: FromEdge, Unit: "%", Threshold: 1, For: time.Minute, Severity: Critical, Gate: true,
		Meaning: "The app or the proxy fails requests."},
	{ID: "latency-p99", Title: "Latency, 99th percentile", Source: FromService, Unit: "s", Threshold: 1, For: 2 * time.Minute, Severity: Critical, Gate: true,
		Meaning: "One request in a hundred is slower than the threshold."},
	{ID: "unhealthy-instances", Title: "Instances not ready", Source: FromEdge, Unit: "count", Threshold: 0, For: time.Minute, Severity: Critical, Gate: true,
		Meaning: "At least one instance answers its readiness check with an error."},
	{ID: "uptime", Title: "Front door answering", Source: FromEdge, Unit: "%", Below: true, Threshold: 100, For: time.Minute, Severity: Critical, Gate: true,
		Meaning: "The public address has no instance to send requests to."},
	{ID: "restarts", Title: "Restarts of one instance in 10 minutes", Source: FromService, Unit: "count", Threshold: 3, For: 0, Severity: Warning, Gate: true,
		Meaning: "Instances crash or are killed, often for lack of memory."},
	{ID: "cpu", Title: "App CPU of its limit", Source: FromService, Unit: "%", Threshold: 85, For: 10 * time.Minute, Severity: Warning,
		Meaning: "Instances are near their CPU limit: add replicas or CPU."},
	{ID: "memory", Title: "App memory of its limit", Source: FromService, Unit: "%", Threshold: 90, For: 10 * time.Minute, Severity: Warning,
		Meaning: "Instances are near their memory limit and may be killed."},
	{ID: "database-cpu", Title: "Database CPU of its limit", Source: FromDatabase, Unit: "%", Threshold: 85, For: 10 * time.Minute, Severity: Warning,
		Meaning: "Look at the slowest statements, then at the size."},
	{ID: "database-storage", Title: "Database storage used", Source: FromDatabase, Unit: "%", Threshold: 85, For: 10 * time.Minute, Severity: Critical,
		Meaning: "A full disk stops every write."},
	{ID: "database-connections", Title: "Database connections of the limit", Source: FromDatabase, Unit: "%", Threshold: 80, For: 5 * time.Minute, Severity: Warning,
		Meaning: "New connections will soon be refused: look at pool sizes."},
	{ID: "cache-memory", Title: "Cache memory of its limit", Source: FromCache, Unit: "%", Threshold: 90, For: 10 * time.Minute, Severity: Warning,
		Meaning: "The cache will evict entries that are in use."},
	{ID: "cache-evictions", Title: "Cache evictions per second", Source: FromCache, Unit: "1/s", Threshold: 10, For: 10 * time.Minute, Severity: Warning,
		Meaning: "The cache is too small for what is asked of it."},
	{ID: "certificate-expiry", Title: "Days until the certificate expires", Source: FromEdge, Unit: "days", Below: true, Threshold: 14, For: time.Hour, Severity: Critical,
		Meaning: "Renewal has failed; browsers will refuse the site."},
}

// Signals returns the table with the given thresholds, in each signal's unit, in place of the defaults. Unknown ids are
// ignored: configuration has refused them.
func Signals(thresholds map[string]float64) []Signal {
	out := make([]Signal, len(signals))
	copy(out, signals)
	for i := range out {
		if t, ok := thresholds[out[i].ID]; ok {
			out[i].Threshold, out[i].Configured = t, true
		}
	}
	return out
}

// keep drops the signals whose source the stack does not have.
func (s Scopes) keep(all []Signal) []Signal {
	has := map[Source]bool{FromService: s.Service != nil, FromDatabase: s.Database != nil, FromCache: s.Cache != nil, FromEdge: s.Edge != nil}
	var out []Signal
	for _, row := range all {
		if has[row.Source] {
			out = append(out, row)
		}
	}
	return out
}

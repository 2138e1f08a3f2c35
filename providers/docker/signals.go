package docker

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/providers/docker/images"
)

// expressions say how Prometheus measures each signal. LIMIT_CPU and LIMIT_MEMORY stand for the limits of one instance, EXPIRES
// for the end of the certificate. The app's own metrics are those of the app contract; the others come from HAProxy and the
// exporters.
// https://docs.haproxy.org/3.0/management.html#9.1 and https://prometheus.io/docs/prometheus/2.53/querying/functions/
var expressions = map[string]string{
	"error-rate": `100 * sum(rate(haproxy_backend_http_responses_total{proxy=~"blue|green",code="5xx"}[1m]))` +
		` / clamp_min(sum(rate(haproxy_backend_http_responses_total{proxy=~"blue|green"}[1m])), 0.01)`,
	"latency-p99":          `histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket{job="app",` + Served + `}[2m])))`,
	"unhealthy-instances":  `sum(haproxy_server_status{proxy=~"(blue|green)-replicas",state="DOWN"}) or vector(0)`,
	"uptime":               `100 * ((sum(haproxy_backend_active_servers{proxy=~"blue|green"}) or vector(0)) > bool 0)`,
	"restarts":             `max(changes(process_start_time_seconds{job="app"}[10m])) or vector(0)`,
	"cpu":                  `100 * max(rate(process_cpu_seconds_total{job="app"}[2m])) / LIMIT_CPU`,
	"memory":               `100 * max(process_resident_memory_bytes{job="app"}) / LIMIT_MEMORY`,
	"database-connections": `100 * sum(pg_stat_activity_count) / max(pg_settings_max_connections)`,
	"cache-memory":         `100 * max(redis_memory_used_bytes) / max(redis_memory_max_bytes > 0)`,
	"cache-evictions":      `sum(rate(redis_evicted_keys_total[5m]))`,
	"certificate-expiry":   `vector((EXPIRES - time()) / 86400)`,
}

// Served leaves out the requests of proxies and of Prometheus itself, which are many and fast.
const Served = `route!~".*/(healthz|readyz|metrics)"`

// gateExpressions measure the gates in one slot, SLOT, over a stretch of time, WINDOW: a rollout must tell the candidate's fault from
// the live version's, and from that of the candidate before, which was in the same slot.
var gateExpressions = map[string]struct {
	expression string
	longest    time.Duration // of WINDOW
}{
	"error-rate": {`100 * sum(rate(haproxy_backend_http_responses_total{proxy="SLOT",code="5xx"}[WINDOW]))` +
		` / clamp_min(sum(rate(haproxy_backend_http_responses_total{proxy="SLOT"}[WINDOW])), 0.01)`, time.Minute},
	"latency-p99":         {`histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket{job="app",slot="SLOT",` + Served + `}[WINDOW])))`, 2 * time.Minute},
	"unhealthy-instances": {`sum(haproxy_server_status{proxy="SLOT",state="DOWN"}) or vector(0)`, 0},
	"uptime":              {`100 * ((sum(haproxy_backend_active_servers{proxy="SLOT"}) or vector(0)) > bool 0)`, 0},
	"restarts":            {`max(changes(process_start_time_seconds{job="app",slot="SLOT"}[WINDOW])) or vector(0)`, 10 * time.Minute},
}

// Lag is how long Prometheus takes to show what has happened: two scrapes.
const Lag = 2 * images.DefaultScrapeInterval

// persistence is how far back a gate must be crossed, at each scrape of that time: one bad moment is no breach. It is shorter than the
// shortest step, 5 s and Lag.
const persistence = 4 * images.DefaultScrapeInterval

// GateExpression is the PromQL that measures a gate in a slot since a time ago: the value that is nearest to being fine of all scrapes
// within persistence. Rates need three scrapes before each of those, so in the first 14 s it reaches back before that time. It is empty
// for a signal that is no gate.
// https://prometheus.io/docs/prometheus/2.53/querying/basics/#subquery
func GateExpression(s components.Signal, slot components.Slot, ago time.Duration) string {
	gate, ok := gateExpressions[s.ID]
	if !ok {
		return ""
	}
	nearest := "min_over_time"
	if s.Below {
		nearest = "max_over_time"
	}
	seconds := func(d time.Duration) string { return fmt.Sprintf("%ds", int(d.Seconds())) }
	// A rate needs two scrapes; with one more, one may fail.
	window := seconds(max(3*images.DefaultScrapeInterval, min(ago-persistence, gate.longest)))
	return nearest + "((" + strings.NewReplacer("SLOT", string(slot), "WINDOW", window).Replace(gate.expression) + ")[" + seconds(persistence) + ":" + seconds(images.DefaultScrapeInterval) + "])"
}

// unmeasured signals have no source on a laptop; a threshold for one is refused.
var unmeasured = map[string]string{
	"database-cpu":     "Docker tells the CPU time of a container only to a privileged agent, which the stack does not run; see docker stats",
	"database-storage": "a local volume has no size of its own; watch the free space of this host",
}

// panelUnits are the dashboard's words for the units of signals.
var panelUnits = map[string]string{"%": "percent", "s": "seconds", "1/s": "per second", "count": "count", "days": "count"}

// measured is a signal with the expression that measures it.
type measured struct {
	components.Signal
	expression string
}

// measure finds the expression of every signal. It refuses thresholds that would be set in vain.
func measure(all []components.Signal, fill *strings.Replacer) ([]measured, error) {
	var out []measured
	for _, s := range all {
		if why, ok := unmeasured[s.ID]; ok {
			if s.Configured {
				return nil, components.Unsupported("docker", "alerts.thresholds."+s.ID, why)
			}
			continue
		}
		e, ok := expressions[s.ID]
		if !ok {
			return nil, fmt.Errorf("signal %q has no expression on docker", s.ID)
		}
		out = append(out, measured{s, fill.Replace(e)})
	}
	return out, nil
}

// rules renders the alert rules. JSON is YAML, and needs no quoting of our own.
// https://prometheus.io/docs/prometheus/2.53/configuration/alerting_rules/
func rules(all []measured) (string, error) {
	var out []map[string]any
	for _, m := range all {
		relation := ">"
		if m.Below {
			relation = "<"
		}
		out = append(out, map[string]any{
			"alert":       m.ID,
			"expr":        fmt.Sprintf("(%s) %s %g", m.expression, relation, m.Threshold),
			"for":         fmt.Sprintf("%ds", m.For/time.Second),
			"labels":      map[string]string{"severity": string(m.Severity), "source": string(m.Source), "gate": fmt.Sprint(m.Gate)},
			"annotations": map[string]string{"summary": m.Title, "description": m.Meaning, "value": "{{ $value }} " + m.Unit, "threshold": fmt.Sprintf("%s %g %s", relation, m.Threshold, m.Unit)},
		})
	}
	text, err := json.MarshalIndent(map[string]any{"groups": []any{map[string]any{"name": "slipway", "rules": out}}}, "", "  ")
	if err != nil {
		return "", fmt.Errorf("rendering alert rules: %w", err)
	}
	return string(text) + "\n", nil
}

// panels turns the signals into the dashboard's rows.
func panels(all []measured) []images.DashboardRow {
	var out []images.DashboardRow
	for _, m := range all {
		threshold := m.Threshold
		title := m.Title
		if m.Unit == "days" {
			title += " (days)"
		}
		out = append(out, images.DashboardRow{
			Title: title, Unit: panelUnits[m.Unit], Expression: m.expression, Threshold: &threshold, Below: m.Below, Severity: string(m.Severity), Alert: m.ID,
		})
	}
	return out
}

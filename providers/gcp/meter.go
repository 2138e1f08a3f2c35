package gcp

import (
	"fmt"
	"strconv"
)

// The share of a percent, which most of Google's metrics are in.
const percent = 0.01

// meters say how each signal is measured; of several, the first that the stack has figures for. What is always reported leaves its alert
// as it is while it is not.
//   - https://cloud.google.com/monitoring/api/metrics_gcp_p_z#gcp-run
//   - https://cloud.google.com/monitoring/api/metrics_gcp_i_o#gcp-loadbalancing
//   - https://cloud.google.com/monitoring/api/metrics_gcp_c#gcp-cloudsql
//   - https://cloud.google.com/monitoring/api/metrics_gcp_p_z#gcp-redis
//   - https://cloud.google.com/monitoring/api/metrics_gcp_i_o#gcp-monitoring
var meters = map[string][]meter{
	// A request that the load balancer itself fails counts too.
	"error-rate": {
		{needs: []string{scopeURLMap}, missing: absentIsGood, period: 60, read: func(s map[string]string) query {
			all := balanced(s, "https/request_count")
			return query{filter: all + ` AND metric.labels.response_code_class=500`, denominator: all, aligner: "ALIGN_RATE", reducer: "REDUCE_SUM", scale: percent}
		}},
		{needs: []string{scopeService}, missing: absentIsGood, period: 60, read: func(s map[string]string) query {
			all := served(s, "run.googleapis.com/request_count")
			return query{filter: all + ` AND metric.labels.response_code_class="5xx"`, denominator: all, aligner: "ALIGN_RATE", reducer: "REDUCE_SUM", scale: percent}
		}},
	},
	// In milliseconds, of a distribution.
	"latency-p99": {{needs: []string{scopeService}, missing: absentIsGood, period: 60, read: func(s map[string]string) query {
		return query{filter: served(s, "run.googleapis.com/request_latencies"), aligner: "ALIGN_DELTA", reducer: "REDUCE_PERCENTILE_99", scale: 1000}
	}}},
	// Probes that failed for good: an instance that never became ready, or one that is ended because it no longer answers.
	"unhealthy-instances": {{needs: []string{scopeService}, missing: absentIsGood, period: 300, read: func(s map[string]string) query {
		return query{filter: served(s, "run.googleapis.com/container/completed_probe_count") + ` AND metric.labels.is_healthy=false`, aligner: "ALIGN_DELTA", reducer: "REDUCE_SUM", scale: 1}
	}}},
	// The best of the places that ask: the network of one of them may be broken.
	"uptime": {{needs: []string{scopeUptime}, missing: absentIsBad, period: 120, read: func(s map[string]string) query {
		return query{filter: checked(s, "check_passed"), aligner: "ALIGN_FRACTION_TRUE", reducer: "REDUCE_MAX", scale: percent}
	}}},
	"certificate-expiry": {{needs: []string{scopeUptime}, missing: absentKeeps, period: 300, read: func(s map[string]string) query {
		return query{filter: checked(s, "time_until_ssl_cert_expires"), aligner: "ALIGN_MIN", reducer: "REDUCE_MIN", scale: 1}
	}}},
	// Of the whole service: Cloud Run does not number its instances.
	"restarts": {{needs: []string{scopeService, scopeRestarts}, missing: absentIsGood, period: 600, read: func(s map[string]string) query {
		return query{filter: served(s, s[scopeRestarts]), aligner: "ALIGN_DELTA", reducer: "REDUCE_SUM", scale: 1}
	}}},
	"cpu":    {{needs: []string{scopeService}, missing: absentIsGood, period: 60, read: used("run.googleapis.com/container/cpu/utilizations")}},
	"memory": {{needs: []string{scopeService}, missing: absentIsGood, period: 60, read: used("run.googleapis.com/container/memory/utilizations")}},

	"database-cpu": {{needs: []string{scopeDatabase}, missing: absentKeeps, period: 60, read: stored("cpu/utilization")}},
	// Of the configured storage, not of the disk: that grows before it is full, small ones at 70 %, so its own use would never be too much.
	// https://cloud.google.com/sql/docs/postgres/instance-settings#automatic-storage-increase-2ndgen
	"database-storage": {{needs: []string{scopeDatabase, scopeStorage}, missing: absentKeeps, period: 60, read: func(s map[string]string) query {
		gib, _ := strconv.ParseFloat(s[scopeStorage], 64)
		return query{filter: database(s, "disk/bytes_used"), aligner: "ALIGN_MEAN", reducer: "REDUCE_MAX", scale: gib * (1 << 30) * percent}
	}}},
	"database-connections": {{needs: []string{scopeDatabase, scopeConnections}, missing: absentKeeps, period: 60, read: func(s map[string]string) query {
		most, _ := strconv.ParseFloat(s[scopeConnections], 64)
		return query{filter: database(s, "postgresql/num_backends"), aligner: "ALIGN_MEAN", reducer: "REDUCE_SUM", scale: most * percent}
	}}},

	"cache-memory": {{needs: []string{scopeCache}, missing: absentKeeps, period: 60, read: func(s map[string]string) query {
		return query{filter: cached(s, "stats/memory/usage_ratio"), aligner: "ALIGN_MEAN", reducer: "REDUCE_MAX", scale: percent}
	}}},
	"cache-evictions": {{needs: []string{scopeCache}, missing: absentIsGood, period: 60, read: func(s map[string]string) query {
		return query{filter: cached(s, "stats/evicted_keys"), aligner: "ALIGN_RATE", reducer: "REDUCE_SUM", scale: 1}
	}}},
}

// served finds a metric of the Cloud Run service.
func served(s map[string]string, metric string) string {
	return fmt.Sprintf(`resource.type="cloud_run_revision" AND resource.labels.service_name="%s" AND metric.type="%s"`, s[scopeService], metric)
}

// used reads the busiest hundredth of all instances, as a share of their limit.
func used(metric string) func(map[string]string) query {
	return func(s map[string]string) query {
		return query{filter: served(s, metric), aligner: "ALIGN_PERCENTILE_99", reducer: "REDUCE_MAX", scale: percent}
	}
}

// balanced finds a metric of the load balancer.
func balanced(s map[string]string, metric string) string {
	return fmt.Sprintf(`resource.type="https_lb_rule" AND resource.labels.url_map_name="%s" AND metric.type="loadbalancing.googleapis.com/%s"`, s[scopeURLMap], metric)
}

// checked finds a metric of the uptime check.
func checked(s map[string]string, metric string) string {
	return fmt.Sprintf(`resource.type="uptime_url" AND metric.labels.check_id="%s" AND metric.type="monitoring.googleapis.com/uptime_check/%s"`, s[scopeUptime], metric)
}

// database finds a metric of the Cloud SQL instance; stored reads its mean.
func database(s map[string]string, metric string) string {
	return fmt.Sprintf(`resource.type="cloudsql_database" AND resource.labels.database_id="%s" AND metric.type="cloudsql.googleapis.com/database/%s"`, s[scopeDatabase], metric)
}

func stored(metric string) func(map[string]string) query {
	return func(s map[string]string) query {
		return query{filter: database(s, metric), aligner: "ALIGN_MEAN", reducer: "REDUCE_MAX", scale: percent}
	}
}

// cached finds a metric of the Memorystore instance.
func cached(s map[string]string, metric string) string {
	return fmt.Sprintf(`resource.type="redis_instance" AND resource.labels.instance_id="%s" AND metric.type="redis.googleapis.com/%s"`, s[scopeCache], metric)
}

package aws

import (
	"fmt"
	"strings"
)

// meters say how each signal is measured on a whole stack. What is always reported leaves its alarm as it is while it is not: a
// database that restarts says nothing about its disk. Alarms are made last, when the load balancer has had healthy instances for a
// while, so that there is something to find.
//   - https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
//   - https://docs.aws.amazon.com/AmazonECS/latest/developerguide/available-metrics.html
//   - https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-metrics.html
//   - https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/CacheMetrics.Redis.html
//   - https://docs.aws.amazon.com/acm/latest/userguide/cloudwatch-metrics.html
var meters = map[string]meter{
	"error-rate":           {[]string{scopeBalancer}, readErrorRate, absentIsGood, 60, late, 0},
	"latency-p99":          {[]string{scopeBalancer}, readLatency, absentIsGood, 60, 0, 0},
	"unhealthy-instances":  {[]string{scopeBalancer, scopeBlue, scopeGreen}, readUnhealthy, absentIsGood, 60, late, 0},
	"uptime":               {[]string{scopeBalancer, scopeBlue, scopeGreen}, readUptime, absentIsBad, 60, late, 0},
	"restarts":             {[]string{scopeRestarts}, readRestarts, absentIsGood, 600, 0, 0},
	"cpu":                  {[]string{scopeCluster, scopeService}, readTask("CPUUtilization", "Average"), absentKeeps, 60, 0, 0},
	"memory":               {[]string{scopeCluster, scopeService, scopeTaskMemory, scopeAppMemory}, readMemory, absentKeeps, 60, 0, 0},
	"database-cpu":         {[]string{scopeInstance}, readDatabase("CPUUtilization", "Average"), absentKeeps, 60, 0, 0},
	"database-storage":     {[]string{scopeInstance, scopeStorage}, readShare("FreeStorageSpace", "Minimum", "100 - 100 * m / %s", scopeStorage), absentKeeps, 60, 0, 0},
	"database-connections": {[]string{scopeInstance, scopeConnections}, readShare("DatabaseConnections", "Maximum", "100 * m / %s", scopeConnections), absentKeeps, 60, 0, 0},
	"cache-memory":         {[]string{scopeNodes}, readCacheMemory, absentKeeps, 60, 0, 0},
	"cache-evictions":      {[]string{scopeNodes}, readEvictions, absentKeeps, 60, 0, 0},
	"certificate-expiry":   {[]string{scopeCertificate}, readExpiry, absentKeeps, 24 * 60 * 60, 0, 0},
}

// slotMeters take the place of meters where the scope has one slot only, as for the gates of a deployment. No data is good here:
// a slot has none before its first instance is registered, and instances that never come are the circuit breaker's affair.
// A gate that goes off on a slot that only starts would undo every first deployment.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html
var slotMeters = map[string]meter{
	"error-rate":          {[]string{scopeBalancer, slotGroup}, readSlotErrorRate, absentIsGood, 60, late, 0},
	"latency-p99":         {[]string{scopeBalancer, slotGroup}, readLatency, absentIsGood, 60, 0, 0},
	"unhealthy-instances": {[]string{scopeBalancer, slotGroup}, readSlotUnhealthy, absentIsGood, 60, 0, settle},
	"uptime":              {[]string{scopeBalancer, slotGroup}, readSlotUptime, absentIsGood, 60, 0, settle},
}

// ownThresholds take the place of the table's defaults where AWS needs others. Storage autoscaling acts when a tenth of the disk is free,
// so an alarm before that would tell of what mends itself: this one means that the disk does not grow, or not fast enough.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIOPS.Autoscaling.html
var ownThresholds = map[string]float64{"database-storage": 95}

// unmeasured says why a stack may have nothing that a signal is read from.
var unmeasured = map[string]string{
	"certificate-expiry": "without domain.name the certificate is CloudFront's own, which AWS renews and does not report on",
}

// balancerQuery reads a metric of the load balancer: of one target group, or of all where group is "".
func balancerQuery(id, metric, stat, loadBalancer, group string) query {
	q := query{id: id, namespace: "AWS/ApplicationELB", metric: metric, stat: stat, dimensions: [][2]string{{"LoadBalancer", loadBalancer}}}
	if group != "" {
		q.dimensions = append(q.dimensions, [2]string{"TargetGroup", group})
	}
	return q
}

// What it takes in one minute until an error rate is one: so many errors, or, where half of the requests fail, fewer. A single error
// among a few requests is no rate, and must neither wake somebody nor undo a deployment.
const manyErrors, someErrors = 5, 2

// errorShare are the last steps of both error rates. Requests that no target could be chosen for are not in RequestCount: where there
// are more errors than requests, all of them have failed.
var errorShare = []query{
	{id: "share", expression: "IF(total > errors, 100 * errors / total, IF(errors > 0, 100, 0))"},
	{id: "value", expression: fmt.Sprintf("IF(errors >= %d, share, IF(errors >= %d, IF(share >= 50, share, 0), 0))", manyErrors, someErrors)},
}

// readErrorRate is the share of requests that were answered with 5xx, by the app or by the load balancer. Errors are reported only
// when there are some; FILL stands in for those that never were.
func readErrorRate(s map[string]string) []query {
	return append([]query{
		balancerQuery("app", "HTTPCode_Target_5XX_Count", "Sum", s[scopeBalancer], ""),
		balancerQuery("own", "HTTPCode_ELB_5XX_Count", "Sum", s[scopeBalancer], ""),
		balancerQuery("requests", "RequestCount", "Sum", s[scopeBalancer], ""),
		{id: "errors", expression: "FILL(app, 0) + FILL(own, 0)"},
		{id: "total", expression: "FILL(requests, 0)"},
	}, errorShare...)
}

// readSlotErrorRate is the same for one slot. What the load balancer answers itself, such as for an app that hangs up, is not
// reported by target group: it is the slot's as long as that takes all requests. Otherwise refused connections are counted.
func readSlotErrorRate(s map[string]string) []query {
	return append([]query{
		balancerQuery("app", "HTTPCode_Target_5XX_Count", "Sum", s[scopeBalancer], s[slotGroup]),
		balancerQuery("refused", "TargetConnectionErrorCount", "Sum", s[scopeBalancer], s[slotGroup]),
		balancerQuery("requests", "RequestCount", "Sum", s[scopeBalancer], s[slotGroup]),
		balancerQuery("own", "HTTPCode_ELB_5XX_Count", "Sum", s[scopeBalancer], ""),
		balancerQuery("everywhere", "RequestCount", "Sum", s[scopeBalancer], ""),
		{id: "total", expression: "FILL(requests, 0)"},
		{id: "other", expression: "IF(total > 0 && total >= FILL(everywhere, 0), FILL(own, 0), FILL(refused, 0))"},
		{id: "errors", expression: "FILL(app, 0) + other"},
	}, errorShare...)
}

// fewRequests are too few in a minute for a 99th percentile: it would be the slowest one.
const fewRequests = 20

// readLatency is the time until the app answers, as the load balancer sees it: in a minute with few requests the median, so that a
// single slow one is no alarm and an app that is slow throughout still is.
func readLatency(s map[string]string) []query {
	return []query{
		balancerQuery("slowest", "TargetResponseTime", "p99", s[scopeBalancer], s[slotGroup]),
		balancerQuery("median", "TargetResponseTime", "p50", s[scopeBalancer], s[slotGroup]),
		balancerQuery("answers", "TargetResponseTime", "SampleCount", s[scopeBalancer], s[slotGroup]),
		{id: "value", expression: fmt.Sprintf("IF(answers >= %d, slowest, median)", fewRequests)},
	}
}

// readUnhealthy counts the instances of both slots. The minimum of a minute is what every node of the load balancer agrees on, as
// AWS recommends for alarms. A target group without targets reports nothing; FILL stands in for it.
func readUnhealthy(s map[string]string) []query {
	return append(hostQueries(s, "UnHealthyHostCount", "Minimum"), query{id: "value", expression: "FILL(blue, 0) + FILL(green, 0)"})
}

func readSlotUnhealthy(s map[string]string) []query {
	return []query{balancerQuery("value", "UnHealthyHostCount", "Minimum", s[scopeBalancer], s[slotGroup])}
}

// readUptime is 100 in every minute in which the load balancer had an instance to send requests to, at least for a moment, and 0
// otherwise. The metric ends with the last target. FILL sees that: an alarm that only calls missing data bad looks at older
// data first, for longer than is documented.
func readUptime(s map[string]string) []query {
	return append(hostQueries(s, "HealthyHostCount", "Maximum"), query{id: "value", expression: "IF(FILL(blue, 0) + FILL(green, 0) > 0, 100, 0)"})
}

// readSlotUptime is 100 for each healthy instance, so that it is under 100 without one, and nothing before the first is registered:
// how a comparison takes missing data is not documented.
func readSlotUptime(s map[string]string) []query {
	return []query{
		balancerQuery("hosts", "HealthyHostCount", "Maximum", s[scopeBalancer], s[slotGroup]),
		{id: "value", expression: "100 * hosts"},
	}
}

func hostQueries(s map[string]string, metric, stat string) []query {
	return []query{
		balancerQuery("blue", metric, stat, s[scopeBalancer], s[scopeBlue]),
		balancerQuery("green", metric, stat, s[scopeBalancer], s[scopeGreen]),
	}
}

// readRestarts counts what the service's metric filter found in ten minutes, in all instances: that one of them restarts so often
// is seen no later.
func readRestarts(s map[string]string) []query {
	return []query{{id: "value", namespace: s[scopeRestarts], metric: restartMetric, stat: "Sum"}}
}

// restartMetric is the name of the metric that the service's metric filter counts restarts with.
const restartMetric = "Restarts"

// readTask reads a metric of the service in percent of what its tasks have. CPU is read as the average, as more instances take
// load off each; memory as the maximum, as it is one instance that is killed.
func readTask(metric, stat string) reading {
	return func(s map[string]string) []query {
		return []query{{id: "value", namespace: "AWS/ECS", metric: metric, stat: stat, dimensions: [][2]string{{"ClusterName", s[scopeCluster]}, {"ServiceName", s[scopeService]}}}}
	}
}

// readMemory is the app's, in percent of its container's limit, at which the kernel kills it. ECS publishes that of the whole task, so
// what the collector takes at rest is taken off; a collector that takes more makes the alarm come a little early, never too late.
func readMemory(s map[string]string) []query {
	task := readTask("MemoryUtilization", "Maximum")(s)
	task[0].id = "task"
	return append(task, query{id: "value", expression: fmt.Sprintf("task * %[1]s / %[3]s - 100 * %[2]d / %[3]s", s[scopeTaskMemory], collectorAtRest, s[scopeAppMemory])})
}

func readDatabase(metric, stat string) reading {
	return func(s map[string]string) []query {
		return []query{{id: "m", namespace: "AWS/RDS", metric: metric, stat: stat, dimensions: [][2]string{{"DBInstanceIdentifier", s[scopeInstance]}}}}
	}
}

// readShare is a metric in percent of a limit in the scope; in the expression m is the metric and %s the limit.
//
// RDS does not report how large the disk is, so free space is compared with the size in the scope. After storage autoscaling has
// enlarged the disk, the alarm comes with as many free bytes as before, which are a smaller share of it: later than its percentage
// says, but never with less room than on the first day. By then autoscaling has acted, at 10 % free of the larger disk, or cannot.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIOPS.Autoscaling.html
func readShare(metric, stat, expression, limit string) reading {
	read := readDatabase(metric, stat)
	return func(s map[string]string) []query {
		return append(read(s), query{id: "value", expression: fmt.Sprintf(expression, s[limit])})
	}
}

// nodeQueries reads a metric of every node of the cache, and returns the expression of the greatest too. CacheNodeId is the same
// for all caches but Memcached.
// https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/CacheMetrics.html
func nodeQueries(s map[string]string, metric, stat string) (all []query, greatest string) {
	var ids []string
	for i, cluster := range strings.Split(s[scopeNodes], ",") {
		q := query{id: fmt.Sprintf("n%d", i), namespace: "AWS/ElastiCache", metric: metric, stat: stat, dimensions: [][2]string{{"CacheClusterId", cluster}, {"CacheNodeId", "0001"}}}
		all, ids = append(all, q), append(ids, q.id)
	}
	if len(ids) == 1 {
		return all, ids[0]
	}
	return all, "MAX([" + strings.Join(ids, ", ") + "])"
}

// readCacheMemory is that of the fullest node.
func readCacheMemory(s map[string]string) []query {
	all, greatest := nodeQueries(s, "DatabaseMemoryUsagePercentage", "Maximum")
	if len(all) == 1 {
		return all
	}
	return append(all, query{id: "value", expression: greatest})
}

// readEvictions is the rate of the node that evicts most: the primary evicts, and its replicas follow.
func readEvictions(s map[string]string) []query {
	all, greatest := nodeQueries(s, "Evictions", "Sum")
	return append(all, query{id: "value", expression: greatest + " / PERIOD(n0)"})
}

// readExpiry is published about once a day, and no more once the certificate has expired. So an alarm keeps its state without data:
// it does not go off on the first day, and does not end when the certificate does.
func readExpiry(s map[string]string) []query {
	return []query{{id: "value", namespace: "AWS/CertificateManager", metric: "DaysToExpiry", stat: "Minimum", dimensions: [][2]string{{"CertificateArn", s[scopeCertificate]}}}}
}

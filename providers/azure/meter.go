package azure

import "fmt"

// leastVolume is how many requests the window of an error rate must have seen: one failure of three is no rate.
const leastVolume = 20

// The ends of the queries of the system log. A probe that fails before the instance has started is the startup's, which has two minutes;
// three bad answers after it take an instance out of the traffic. Each container of an instance ends once when the instance is stopped,
// and once more for each restart, so ends are counted by container. A revision without traffic is counted too, but by itself: a candidate
// that crashes is worth a look, and its name in a rule would change the rules with every step of a rollout.
// https://learn.microsoft.com/azure/azure-monitor/reference/tables/containerappsystemlogs
const (
	unhealthy = ` and Reason in ("ProbeFailed", "ReplicaUnhealthy") and Log !has "startup"` +
		` | summarize Failed = count() by ReplicaName | where Failed >= 3 | summarize Value = todouble(dcount(ReplicaName))`
	restarts = ` and Reason == "ContainerTerminated" | extend Container = extract("Container '([^']+)'", 1, Log)` +
		` | summarize Ends = count() by ReplicaName, Container | summarize Value = todouble(max(Ends))`
)

// meters say how each signal is measured. Metrics come before logs, which are later and cost; where Azure measures in other terms than
// the signal, a query of the logs does it.
//
// Errors are those that Front Door has answered. Without it, and for the time that answers take, the app's own traces are read, which
// Application Insights gets as the app samples them: an app that sends none has no such alarms, and nothing else breaks.
//   - https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/microsoft-cdn-profiles-metrics
//   - https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/microsoft-app-containerapps-metrics
//   - https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/microsoft-dbforpostgresql-flexibleservers-metrics
//   - https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/microsoft-cache-redisenterprise-metrics
//   - https://learn.microsoft.com/azure/azure-monitor/reference/tables/apprequests
//   - https://learn.microsoft.com/azure/azure-monitor/reference/tables/containerappsystemlogs
var meters = map[string][]meter{
	"error-rate": {
		{needs: []string{scopeFrontDoor}, namespace: "Microsoft.Cdn/profiles", metric: "Percentage5XX", aggregation: "Average", volume: "RequestCount"},
		{needs: []string{scopeWorkspace, scopeAppName}, query: `AppRequests | summarize Failed = sumif(ItemCount, toint(ResultCode) >= 500), All = sum(ItemCount)` +
			fmt.Sprintf(` | where All >= %d | extend Value = 100.0 * Failed / All`, leastVolume)},
	},
	"latency-p99":          {{needs: []string{scopeWorkspace, scopeAppName}, query: `AppRequests | summarize Value = percentilew(DurationMs, ItemCount, 99) / 1000`}},
	"unhealthy-instances":  {{needs: []string{scopeWorkspace, scopeAppName}, query: `ContainerAppSystemLogs | where ContainerAppName == "{appName}"` + unhealthy}},
	"uptime":               {{needs: []string{scopeURL}, test: testUptime}},
	"restarts":             {{needs: []string{scopeWorkspace, scopeAppName}, query: `ContainerAppSystemLogs | where ContainerAppName == "{appName}"` + restarts}},
	"cpu":                  {{needs: []string{scopeApp, scopeCPU}, namespace: "Microsoft.App/containerapps", metric: "UsageNanoCores", aggregation: "Average", limit: scopeCPU, apart: "revisionName"}},
	"memory":               {{needs: []string{scopeApp, scopeMemory}, namespace: "Microsoft.App/containerapps", metric: "WorkingSetBytes", aggregation: "Maximum", limit: scopeMemory, apart: "revisionName"}},
	"database-cpu":         {{needs: []string{scopeServer}, namespace: "Microsoft.DBforPostgreSQL/flexibleServers", metric: "cpu_percent", aggregation: "Average"}},
	"database-storage":     {{needs: []string{scopeServer}, namespace: "Microsoft.DBforPostgreSQL/flexibleServers", metric: "storage_percent", aggregation: "Average"}},
	"database-connections": {{needs: []string{scopeServer, scopeConnections}, namespace: "Microsoft.DBforPostgreSQL/flexibleServers", metric: "active_connections", aggregation: "Average", limit: scopeConnections}},
	"cache-memory":         {{needs: []string{scopeCache}, namespace: "Microsoft.Cache/redisEnterprise", metric: "usedmemorypercentage", aggregation: "Maximum"}},
	"cache-evictions":      {{needs: []string{scopeCache}, namespace: "Microsoft.Cache/redisEnterprise", metric: "evictedkeys", aggregation: "Total", perWindow: true}},
	"certificate-expiry":   {{needs: []string{scopeURL, scopeDomain}, test: testCertificate}},
}

// unmeasured says why a stack may have nothing that a signal is read from.
var unmeasured = map[string]string{
	"certificate-expiry": "without domain.name the certificate is Azure's own, which Azure renews",
}

package azure

import (
	"fmt"
	"strconv"
	"strings"

	app "github.com/pulumi/pulumi-azure-native-sdk/app/v2/v20241002preview"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// scopeGates is the key of the gates in the output health: "error-rate>1,uptime<100".
const scopeGates = "gates"

// SlotQueries measure a signal on one slot, in the signal's unit; {revision} and {version} stand for the slot's. What is not here is read
// from metrics by the revision.
//   - https://learn.microsoft.com/azure/azure-monitor/reference/tables/apprequests
//   - https://learn.microsoft.com/azure/azure-monitor/reference/tables/containerappsystemlogs
var SlotQueries = map[string]string{
	"latency-p99":         `AppRequests | where AppVersion == "{version}" or tostring(Properties["service.version"]) == "{version}" | summarize Value = percentilew(DurationMs, ItemCount, 99) / 1000`,
	"unhealthy-instances": `ContainerAppSystemLogs | where RevisionName == "{revision}"` + unhealthy,
	"restarts":            `ContainerAppSystemLogs | where RevisionName == "{revision}"` + restarts,
}

// slotMetrics are the gates that are read from metrics.
var slotMetrics = map[string]bool{"error-rate": true, "uptime": true}

// health is what the command line finds the figures of the slots by. It holds names, which are no secret.
func (p *Platform) health(d deployment, made *app.ContainerApp) components.Scope {
	var gates []string
	for _, row := range d.args.Gates {
		sign := ">"
		if row.Below {
			sign = "<"
		}
		gates = append(gates, fmt.Sprintf("%s%s%g", row.ID, sign, row.Threshold))
	}
	scope := components.Scope{
		scopeApp: made.ID().ToStringOutput(), scopeCustomer: p.logs.customer, scopeGates: pulumi.String(strings.Join(gates, ",")).ToStringOutput(),
	}
	for _, t := range d.args.Tracks {
		scope[scopeRevision+string(t.Slot)] = d.revisions[t.Slot].name
		scope[scopeVersion+string(t.Slot)] = pulumi.String(t.Version).ToStringOutput()
	}
	return scope
}

// checkGates refuses gates that are measured in no slot by itself.
func checkGates(gates []components.Signal) error {
	for _, row := range gates {
		if _, byQuery := SlotQueries[row.ID]; !byQuery && !slotMetrics[row.ID] {
			return components.Unsupported("azure", "rollout.gates", row.ID+" is measured in no slot by itself")
		}
	}
	return nil
}

// SlotHealth is where one slot is measured.
type SlotHealth struct {
	Slot components.Slot
	// App is the id of the container app, Customer the id of the log workspace in queries.
	App, Customer string
	// Revision and Version are the slot's; empty in a slot without a version.
	Revision, Version string
	// Gates are the signals that undo a rollout.
	Gates []Gate
}

// Gate is a signal with its threshold, in the signal's unit.
type Gate struct {
	Signal    string
	Below     bool
	Threshold float64
}

// Fill puts the slot's revision and version into a query.
func (h SlotHealth) Fill(query string) string {
	return strings.NewReplacer("{revision}", h.Revision, "{version}", h.Version).Replace(query)
}

// HealthOf reads one slot out of ServiceState.Health, as the stack's output has it.
func HealthOf(output map[string]string, s components.Slot) SlotHealth {
	h := SlotHealth{Slot: s, App: output[scopeApp], Customer: output[scopeCustomer], Revision: output[scopeRevision+string(s)], Version: output[scopeVersion+string(s)]}
	for _, text := range strings.Split(output[scopeGates], ",") {
		i := strings.IndexAny(text, "<>")
		if i < 0 {
			continue
		}
		if threshold, err := strconv.ParseFloat(text[i+1:], 64); err == nil {
			h.Gates = append(h.Gates, Gate{Signal: text[:i], Below: text[i] == '<', Threshold: threshold})
		}
	}
	return h
}

package aws

import (
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// What ServiceState.Health holds beside keys of the service's scope. Those of a slot without a version are not there.
const (
	healthRegion  = "region"
	healthService = "service" // and Blue or Green: the name of the slot's ECS service
	healthGroup   = "targetGroupArn"
	healthGates   = "gates" // likewise: its gates, as slotRun has them. Without a slot: the signals that are gates, comma-separated
)

// health is what the command line needs to ask CloudWatch how each slot does. It holds names, which are no secret.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
func (p *Platform) health(d deployment, running []slotRun) components.Scope {
	var signals []string
	for _, row := range d.args.Gates {
		signals = append(signals, row.ID)
	}
	out := components.Scope{
		healthRegion:  pulumi.String(p.settings.Region).ToStringOutput(),
		healthGates:   pulumi.String(strings.Join(signals, ",")).ToStringOutput(),
		scopeCluster:  d.cluster.Name,
		scopeBalancer: d.balancing.made.ArnSuffix,
		scopeBlue:     d.balancing.groups[components.Blue].ArnSuffix,
		scopeGreen:    d.balancing.groups[components.Green].ArnSuffix,
	}
	for _, slot := range slots {
		out[ofSlot(healthGroup, slot)] = d.balancing.groups[slot].Arn
	}
	for _, r := range running {
		out[ofSlot(healthService, r.slot)], out[ofSlot(healthGates, r.slot)] = r.service.Name, r.gates
	}
	return out
}

// SlotHealth is where one slot is measured.
type SlotHealth struct {
	// Region is where CloudWatch is asked.
	Region string
	// LoadBalancer and TargetGroup are the dimensions of the metrics of requests: the ends of the ARNs.
	LoadBalancer, TargetGroup string
	// TargetGroupARN, Cluster and Service are where the slot's tasks are. Service is empty in a slot without a version.
	TargetGroupARN, Cluster, Service string
	// Gates are the names of the alarms, by signal. Empty in a slot without a version.
	Gates map[string]string
	// Unwatched are the signals that should be gates and have no alarm.
	Unwatched []string
}

// HealthOf reads one slot out of ServiceState.Health, as the stack's output has it.
func HealthOf(output map[string]string, s components.Slot) SlotHealth {
	h := SlotHealth{
		Region: output[healthRegion], LoadBalancer: output[scopeBalancer], TargetGroup: output[ofSlot(slotGroup, s)], Gates: map[string]string{},
		TargetGroupARN: output[ofSlot(healthGroup, s)], Cluster: output[scopeCluster], Service: output[ofSlot(healthService, s)],
	}
	for _, pair := range strings.Split(output[ofSlot(healthGates, s)], ",") {
		if signal, alarm, ok := strings.Cut(pair, "="); ok {
			h.Gates[signal] = alarm
		}
	}
	for _, signal := range strings.Split(output[healthGates], ",") {
		if signal != "" && h.Gates[signal] == "" {
			h.Unwatched = append(h.Unwatched, signal)
		}
	}
	return h
}

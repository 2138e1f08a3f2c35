package aws

import (
	"strconv"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// What the service's Scope holds, for the drivers of this package. The names are CloudWatch's dimensions where there are any.
const (
	scopeCluster      = "cluster"          // name of the ECS cluster
	scopeService      = "service"          // name of the ECS service of the slot with the greatest weight
	scopeBalancer     = "loadBalancer"     // app/<name>/<id>: the end of the load balancer's ARN
	scopeBalancerARN  = "loadBalancerArn"  // the whole of it, for what is attached to the load balancer
	scopeBalancerDNS  = "loadBalancerDns"  // its own host name
	scopeBalancerZone = "loadBalancerZone" // the Route 53 zone of that host name, for alias records
	scopeBlue         = "targetGroupBlue"  // targetgroup/<name>/<id>: the end of the target group's ARN
	scopeGreen        = "targetGroupGreen" // likewise
	scopeRestarts     = "restarts"         // namespace of the metric that counts restarts
	scopeTaskMemory   = "taskMemory"       // what a task has, in MiB
	scopeAppMemory    = "appMemory"        // and what the app's container may take of it
	scopeLogs         = "logGroup"         // name of the app's log group
	scopeSlotKey      = "slotKey"          // what opens a slot directly; a secret
)

// slots are both slots, whether or not a track is in them.
var slots = []components.Slot{components.Blue, components.Green}

// slotScope is where one slot is measured, for the gates of its deployments. It must be known before the slot's ECS service is
// there, as ECS takes the names of the gates' alarms with the service: so it does not hold the service's name.
func (d deployment) slotScope(s components.Slot) components.Scope {
	return components.Scope{
		scopeBalancer:        d.balancing.made.ArnSuffix,
		ofSlot(slotGroup, s): d.balancing.groups[s].ArnSuffix,
		scopeRestarts:        d.restarts[s],
	}
}

// scope is where the whole service is measured, and what the edge sends traffic to. live is the name of the ECS service with the
// greatest weight.
func (d deployment) scope(live pulumi.StringOutput) components.Scope {
	return components.Scope{
		scopeCluster:      d.cluster.Name,
		scopeService:      live,
		scopeBalancer:     d.balancing.made.ArnSuffix,
		scopeBalancerARN:  d.balancing.made.Arn,
		scopeBalancerDNS:  d.balancing.made.DnsName,
		scopeBalancerZone: d.balancing.made.ZoneId,
		scopeBlue:         d.balancing.groups[components.Blue].ArnSuffix,
		scopeGreen:        d.balancing.groups[components.Green].ArnSuffix,
		scopeRestarts:     d.restarts[everySlot],
		scopeTaskMemory:   pulumi.String(strconv.Itoa(d.args.MemoryMiB)).ToStringOutput(),
		scopeAppMemory:    pulumi.String(strconv.Itoa(appMemory(d.args))).ToStringOutput(),
		scopeLogs:         d.logs.Name,
		scopeSlotKey:      d.balancing.slotKey,
	}
}

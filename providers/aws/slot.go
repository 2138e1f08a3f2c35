package aws

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// slotRun is what runs in a slot.
type slotRun struct {
	slot    components.Slot
	service *ecs.Service
	// task is the ARN of the task definition that runs in the end.
	task pulumi.StringOutput
	// gates are the alarms that its deployments are watched by: <signal>=<name of the alarm>, comma-separated.
	gates pulumi.StringOutput
}

// SlotServices are the beginnings of the names of a stack's ECS services, as Pulumi makes them.
func SlotServices(app, project, stack string) (beginnings []string) {
	p := &Platform{settings: Settings{App: app}, project: project, stack: stack}
	for _, slot := range slots {
		beginnings = append(beginnings, p.serviceName(slot)+"-")
	}
	return beginnings
}

// ClusterName is the beginning of the name of a stack's ECS cluster; Pulumi adds a hyphen and seven characters.
func ClusterName(app, project, stack string) string {
	p := &Platform{settings: Settings{App: app}, project: project, stack: stack}
	return p.name("", 255)
}

// startCount is how many tasks a version starts with. Beside another one it is as many as ECS wants of that, within the bounds: the
// candidate is to take over traffic that the least number of tasks may not be enough for. The number counts once only, when the
// service is made; from then on it is autoscaling's.
//   - https://www.pulumi.com/registry/packages/aws/api-docs/ecs/getservice/
//   - https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Service.html
func (p *Platform) startCount(ctx *pulumi.Context, d deployment, beside []slotRun) pulumi.IntInput {
	least, most := d.args.MinReplicas, d.args.MaxReplicas
	if len(beside) == 0 {
		return pulumi.Int(least)
	}
	found := ecs.LookupServiceOutput(ctx, ecs.LookupServiceOutputArgs{ClusterArn: d.cluster.Arn, ServiceName: beside[0].service.Name}, pulumi.Parent(p), pulumi.Provider(p.cloud))
	return found.DesiredCount().ApplyT(func(wanted int) int { return max(least, min(wanted, most)) }).(pulumi.IntOutput)
}

// ofSlot is the key of a slot: targetGroupBlue.
func ofSlot(key string, s components.Slot) string {
	if s == components.Green {
		return key + "Green"
	}
	return key + "Blue"
}

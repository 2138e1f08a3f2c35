package aws

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/appautoscaling"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// Autoscaling adds tasks at once and takes them away slowly, in seconds.
const scaleOutCooldown, scaleInCooldown = 60, 300

// scale keeps the number of a slot's tasks between MinReplicas and MaxReplicas, and between these at the targets of
// Settings.Scale. Application Auto Scaling owns the number: updates of the ECS service leave it alone, so a deployment in the rush
// hour does not fall back to the minimum. It does so where both bounds are the same too, without any policy: registering the
// bounds moves a service that lies outside of them, so a changed app.replicas.min takes effect although the service's own
// desiredCount is ignored.
//
// While two versions run, neither is made smaller: a candidate has little traffic until it has all of it, and the version before
// must be able to take it back at once.
//   - https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html
//   - https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-auto-scaling.html
//   - https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-target-tracking.html
//   - https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-suspend-resume-scaling.html
func (p *Platform) scale(ctx *pulumi.Context, d deployment, slot components.Slot, service *ecs.Service, opts []pulumi.ResourceOption) error {
	name, a := p.serviceName(slot), d.args
	bounds, err := appautoscaling.NewTarget(ctx, name, &appautoscaling.TargetArgs{
		ServiceNamespace:  pulumi.String("ecs"),
		ScalableDimension: pulumi.String("ecs:service:DesiredCount"),
		ResourceId:        pulumi.Sprintf("service/%s/%s", d.cluster.Name, service.Name),
		MinCapacity:       pulumi.Int(a.MinReplicas),
		MaxCapacity:       pulumi.Int(a.MaxReplicas),
		SuspendedState: appautoscaling.TargetSuspendedStateArgs{
			DynamicScalingInSuspended: pulumi.Bool(len(a.Tracks) > 1), DynamicScalingOutSuspended: pulumi.Bool(false), ScheduledScalingSuspended: pulumi.Bool(false),
		},
	}, p.cloudOpts(opts)...)
	if err != nil {
		return fmt.Errorf("registering slot %s for scaling: %w", slot, err)
	}
	if a.MaxReplicas == a.MinReplicas {
		return nil
	}
	group := pulumi.Sprintf("%s/%s", d.balancing.made.ArnSuffix, d.balancing.groups[slot].ArnSuffix)
	for _, row := range []struct {
		part, metric string
		target       int
		label        pulumi.StringPtrInput
	}{
		{"cpu", "ECSServiceAverageCPUUtilization", p.settings.Scale.CPU, nil},
		{"memory", "ECSServiceAverageMemoryUtilization", ofTask(p.settings.Scale.Memory, a), nil},
		{"requests", "ALBRequestCountPerTarget", p.settings.Scale.RequestsPerMinute, group.ToStringPtrOutput()},
	} {
		if row.target == 0 {
			continue
		}
		if _, err := appautoscaling.NewPolicy(ctx, name+"-"+row.part, &appautoscaling.PolicyArgs{
			PolicyType: pulumi.String("TargetTrackingScaling"), ServiceNamespace: bounds.ServiceNamespace, ScalableDimension: bounds.ScalableDimension, ResourceId: bounds.ResourceId,
			TargetTrackingScalingPolicyConfiguration: appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationArgs{
				TargetValue: pulumi.Float64(row.target), ScaleOutCooldown: pulumi.Int(scaleOutCooldown), ScaleInCooldown: pulumi.Int(scaleInCooldown),
				PredefinedMetricSpecification: appautoscaling.PolicyTargetTrackingScalingPolicyConfigurationPredefinedMetricSpecificationArgs{
					PredefinedMetricType: pulumi.String(row.metric), ResourceLabel: row.label,
				},
			},
		}, p.cloudOpts(opts)...); err != nil {
			return fmt.Errorf("creating scaling policy of slot %s on %s: %w", slot, row.part, err)
		}
	}
	return nil
}

// ofTask is a share of what the app's container may take, in percent of the task, which is what ECS publishes. A share of the task
// itself could be one that the app never reaches: the kernel would kill it before.
func ofTask(percent int, a components.ServiceArgs) int {
	if percent == 0 {
		return 0
	}
	return (percent*appMemory(a) + 100*collectorAtRest) / a.MemoryMiB
}

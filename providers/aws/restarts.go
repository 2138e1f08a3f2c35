package aws

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// everySlot stands for all slots together.
const everySlot components.Slot = ""

// countRestarts makes the metric of restarts, which ECS does not publish: a rule catches the events of tasks of this cluster that
// ended by themselves or failed their health checks, not of those that a deployment or scaling stopped; the events go to a log
// group of their own, and metric filters count them, for all slots and for each slot by itself. It returns the namespaces of the
// metric. ECS puts a stopped task's cause into words only where it was a health check.
//
// EventBridge writes to log groups by their resource policy, of which an account may have ten in a region.
//   - https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html
//   - https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
//   - https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-cloudwatchlogs-permissions
//   - https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntaxForMetricFilters.html
func (p *Platform) countRestarts(ctx *pulumi.Context, cluster *ecs.Cluster, opts []pulumi.ResourceOption) (map[components.Slot]pulumi.StringOutput, error) {
	name := p.name("restarts", 64)
	rule, err := cloudwatch.NewEventRule(ctx, name, &cloudwatch.EventRuleArgs{
		Description:  pulumi.Sprintf("Slipway %s/%s: tasks that ended by themselves", p.project, p.stack),
		EventPattern: restartEvents(cluster.Arn),
	}, p.cloudOpts(opts)...)
	if err != nil {
		return nil, fmt.Errorf("creating rule of restarts: %w", err)
	}
	// Only groups below this path can be chosen and seen as targets in the console.
	group, err := p.logGroup(ctx, "restarts", pulumi.String("/aws/events/"+p.path("restarts")), opts)
	if err != nil {
		return nil, err
	}
	if err := p.deliverEvents(ctx, name, rule, group, opts); err != nil {
		return nil, err
	}
	filters := map[components.Slot]string{everySlot: `{ $.detail.lastStatus = "STOPPED" }`}
	for _, slot := range slots {
		filters[slot] = fmt.Sprintf(`{ $.detail.group = "service:%s-*" }`, p.serviceName(slot))
	}
	namespaces := map[components.Slot]pulumi.StringOutput{}
	for _, slot := range append([]components.Slot{everySlot}, slots...) {
		namespace := strings.TrimSuffix(p.path(string(slot)), "/")
		filter, err := cloudwatch.NewLogMetricFilter(ctx, strings.TrimSuffix("restarts-"+string(slot), "-"), &cloudwatch.LogMetricFilterArgs{
			LogGroupName: group.Name,
			Pattern:      pulumi.String(filters[slot]),
			MetricTransformation: cloudwatch.LogMetricFilterMetricTransformationArgs{
				Namespace: pulumi.String(namespace), Name: pulumi.String(restartMetric), Value: pulumi.String("1"), Unit: pulumi.String("Count"),
			},
		}, p.cloudOpts(opts)...)
		if err != nil {
			return nil, fmt.Errorf("creating metric filter of restarts: %w", err)
		}
		namespaces[slot] = after(ctx, pulumi.String(namespace).ToStringOutput(), filter)
	}
	return namespaces, nil
}

// restartEvents is the pattern of the events.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
func restartEvents(cluster pulumi.StringOutput) pulumi.StringOutput {
	return pulumi.JSONMarshal(pulumi.Map{
		"source":      list("aws.ecs"),
		"detail-type": list("ECS Task State Change"),
		"detail": pulumi.Map{
			"clusterArn": pulumi.StringArray{cluster},
			"lastStatus": list("STOPPED"),
			"$or": pulumi.Array{
				pulumi.Map{"stopCode": list("EssentialContainerExited", "TaskFailedToStart")},
				pulumi.Map{"stoppedReason": pulumi.Array{pulumi.Map{"prefix": pulumi.String("Task failed ")}}},
			},
		},
	})
}

// deliverEvents makes a rule write its events into a log group, and allows it to, this rule alone.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-cloudwatchlogs-permissions
func (p *Platform) deliverEvents(ctx *pulumi.Context, name string, rule *cloudwatch.EventRule, group *cloudwatch.LogGroup, opts []pulumi.ResourceOption) error {
	writers := pulumi.Map{"Service": list("events.amazonaws.com", "delivery.logs.amazonaws.com")}
	streams := pulumi.Sprintf("%s:*", group.Arn)
	allowed, err := cloudwatch.NewLogResourcePolicy(ctx, name, &cloudwatch.LogResourcePolicyArgs{
		PolicyName: pulumi.String(strings.ReplaceAll(p.path("restarts"), "/", "-")),
		PolicyDocument: policy(
			statement{"Sid": pulumi.String("Stream"), "Effect": pulumi.String("Allow"), "Principal": writers, "Action": pulumi.String("logs:CreateLogStream"), "Resource": streams},
			statement{
				"Sid": pulumi.String("Write"), "Effect": pulumi.String("Allow"), "Principal": writers, "Action": pulumi.String("logs:PutLogEvents"), "Resource": streams,
				"Condition": pulumi.Map{"ArnEquals": pulumi.Map{"aws:SourceArn": rule.Arn}},
			},
		),
	}, p.cloudOpts(opts)...)
	if err != nil {
		return fmt.Errorf("allowing restarts to be logged: %w", err)
	}
	if _, err := cloudwatch.NewEventTarget(ctx, name, &cloudwatch.EventTargetArgs{Rule: rule.Name, Arn: group.Arn}, p.cloudOpts(opts, pulumi.DependsOn([]pulumi.Resource{allowed}))...); err != nil {
		return fmt.Errorf("sending restarts to their log group: %w", err)
	}
	return nil
}

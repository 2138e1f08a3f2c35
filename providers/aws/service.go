package aws

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

const (
	// grace is how long a task may take to its first good health check, in seconds: the database is waited for (2 min at most), then
	// migrated, then the app starts. ECS takes nobody out for the load balancer's checks before.
	grace = 300
	// patience bounds how long one deployment is waited for. The circuit breaker needs rounds of tasks until three have failed, and gates
	// are watched for as long as they look back.
	patience = "45m"
	// firstPatience is the same for the first deployment of a slot. There is nothing to go back to: when the circuit breaker has given
	// up, ECS starts no more tasks, and the provider goes on waiting for them.
	firstPatience = "25m"
)

// deployment is what the slots of a service share.
type deployment struct {
	args             components.ServiceArgs
	cluster          *ecs.Cluster
	capacity         pulumi.Resource
	logs, metrics    *cloudwatch.LogGroup
	balancing        loadBalancing
	restarts         map[components.Slot]pulumi.StringOutput // namespaces of the metric
	collector        components.ImageRef
	execution, tasks pulumi.StringOutput // ARNs of the roles
}

// RunService runs the app on ECS Fargate behind a load balancer: one ECS service for each track, in the slot's target group, with
// weights between them. A deployment starts new tasks beside the old ones, waits until they are healthy, watches the gates, and is
// undone otherwise; then the update fails and the version before goes on serving. It fails on sizes that Fargate does not have,
// and on gates that are measured in no slot.
//   - https://docs.aws.amazon.com/AmazonECS/latest/developerguide/AWS_Fargate.html
//   - https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html
//   - https://docs.aws.amazon.com/securityhub/latest/userguide/ecs-controls.html
func (p *Platform) RunService(ctx *pulumi.Context, _ string, a components.ServiceArgs, opts ...pulumi.ResourceOption) (components.ServiceState, error) {
	none := components.ServiceState{}
	if a.MemoryMiB < smallestMemory {
		return none, components.Unsupported("aws", "app.memory", fmt.Sprintf("Fargate's smallest task has %d MiB, of which the app has all but the %d MiB of the telemetry collector", smallestMemory, collectorMemory))
	}
	d := deployment{args: a}
	for _, step := range []func(*pulumi.Context, *deployment, []pulumi.ResourceOption) error{p.makeCluster, p.makeLogs, p.makeRoles} {
		if err := step(ctx, &d, opts); err != nil {
			return none, err
		}
	}
	var err error
	if d.balancing, err = p.loadBalance(ctx, a, opts); err != nil {
		return none, err
	}
	if d.restarts, err = p.countRestarts(ctx, d.cluster, opts); err != nil {
		return none, err
	}
	var live pulumi.StringOutput
	var running []slotRun
	var ready []any
	greatest := -1
	for _, t := range a.Tracks {
		made, err := p.runTrack(ctx, d, t, p.startCount(ctx, d, running), opts)
		if err != nil {
			return none, err
		}
		if t.Weight > greatest {
			live, greatest = made.service.Name, t.Weight
		}
		running, ready = append(running, made), append(ready, made.task)
	}
	return components.ServiceState{Ready: pulumi.All(ready...), Scope: d.scope(live), Health: p.health(d, running)}, nil
}

// makeCluster makes the cluster, which costs nothing by itself, with Container Insights: in prod with those of each task and
// container. Commands can't be run inside tasks; nothing in a task would allow it.
//   - https://docs.aws.amazon.com/AmazonECS/latest/developerguide/clusters.html
//   - https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-container-insights.html
//   - https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-capacity-providers.html
func (p *Platform) makeCluster(ctx *pulumi.Context, d *deployment, opts []pulumi.ResourceOption) error {
	insights := "enabled"
	if p.settings.Prod {
		insights = "enhanced"
	}
	var err error
	d.cluster, err = ecs.NewCluster(ctx, p.name("", 255), &ecs.ClusterArgs{
		Settings: ecs.ClusterSettingArray{ecs.ClusterSettingArgs{Name: pulumi.String("containerInsights"), Value: pulumi.String(insights)}},
	}, p.cloudOpts(opts)...)
	if err != nil {
		return fmt.Errorf("creating cluster: %w", err)
	}
	d.capacity, err = ecs.NewClusterCapacityProviders(ctx, p.name("", 255), &ecs.ClusterCapacityProvidersArgs{
		ClusterName:       d.cluster.Name,
		CapacityProviders: list("FARGATE", "FARGATE_SPOT"),
	}, p.cloudOpts(opts)...)
	if err != nil {
		return fmt.Errorf("giving the cluster its capacity: %w", err)
	}
	return nil
}

// makeLogs makes the log group of the containers' output and the one that the app's own metrics are written to.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format.html
func (p *Platform) makeLogs(ctx *pulumi.Context, d *deployment, opts []pulumi.ResourceOption) (err error) {
	if d.logs, err = p.logGroup(ctx, "app", nil, opts); err != nil {
		return err
	}
	d.metrics, err = p.logGroup(ctx, "app-metrics", nil, opts)
	return err
}

// makeRoles makes the collector's image and the two roles, which list what the tasks use.
func (p *Platform) makeRoles(ctx *pulumi.Context, d *deployment, opts []pulumi.ResourceOption) (err error) {
	if d.collector, err = p.collectorImage(ctx, opts); err != nil {
		return err
	}
	images := []components.ImageRef{d.collector}
	var secrets []components.SecretRef
	for _, ref := range d.args.Secrets {
		secrets = append(secrets, ref)
	}
	for _, t := range d.args.Tracks {
		images = append(images, t.Image)
	}
	for _, s := range d.args.Init {
		images = append(images, s.Image)
		for _, ref := range s.Secrets {
			secrets = append(secrets, ref)
		}
	}
	execution, err := p.executionRole(ctx, d.logs, images, secrets, opts)
	if err != nil {
		return err
	}
	tasks, err := p.taskRole(ctx, d.metrics, opts)
	if err != nil {
		return err
	}
	d.execution, d.tasks = execution.Arn, tasks.Arn
	return nil
}

// serviceName is the logical name of what runs in a slot; the ECS service's own name begins with it.
func (p *Platform) serviceName(slot components.Slot) string { return p.name(string(slot), 255) }

// runTrack runs a track in its slot.
//
// A change of the capacity provider is a new deployment and not another service, which forceNewDeployment is for: without it the
// provider deletes the service that serves. It makes a deployment of each other change of the service too, and there are none but
// those that the tasks must be made anew for, and the names of gates.
//
// The number of tasks is given once, at the beginning (see startCount); from then on it is autoscaling's (see scale). The service
// waits until the load balancer can send it requests, which AWS demands, and until its roles have their rights. So weights move
// before services change, never after: a rollout brings a version up at weight 0 in one update and moves weights in later ones,
// which change no service. A slot that is given up has had weight 0 by then; ECS takes its tasks out of the target group and lets
// them finish what they have.
//   - https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service_definition_parameters.html
//   - https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
//   - https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-rebalancing.html
//   - https://github.com/hashicorp/terraform-provider-aws/issues/22408
func (p *Platform) runTrack(ctx *pulumi.Context, d deployment, t components.Track, count pulumi.IntInput, opts []pulumi.ResourceOption) (slotRun, error) {
	none := slotRun{}
	task, err := p.taskDefinition(ctx, d, t, opts)
	if err != nil {
		return none, err
	}
	gates, listed, err := p.gates(ctx, d, t.Slot, opts)
	if err != nil {
		return none, err
	}
	provider, subnets, public := "FARGATE", p.network.private, p.settings.Egress == EgressPublic
	if p.settings.Spot {
		provider = "FARGATE_SPOT"
	}
	if public {
		subnets = p.network.public
	}
	args := &ecs.ServiceArgs{
		Cluster:                         d.cluster.Arn,
		TaskDefinition:                  task.Arn,
		DesiredCount:                    count,
		CapacityProviderStrategies:      ecs.ServiceCapacityProviderStrategyArray{ecs.ServiceCapacityProviderStrategyArgs{CapacityProvider: pulumi.String(provider), Weight: pulumi.Int(1)}},
		PlatformVersion:                 pulumi.String("LATEST"),
		NetworkConfiguration:            ecs.ServiceNetworkConfigurationArgs{Subnets: subnets, SecurityGroups: pulumi.StringArray{p.network.tasks}, AssignPublicIp: pulumi.Bool(public)},
		LoadBalancers:                   ecs.ServiceLoadBalancerArray{ecs.ServiceLoadBalancerArgs{TargetGroupArn: d.balancing.groups[t.Slot].Arn, ContainerName: pulumi.String(AppContainer), ContainerPort: pulumi.Int(d.args.Port)}},
		HealthCheckGracePeriodSeconds:   pulumi.Int(grace),
		DeploymentMinimumHealthyPercent: pulumi.Int(100),
		DeploymentMaximumPercent:        pulumi.Int(200),
		DeploymentCircuitBreaker:        ecs.ServiceDeploymentCircuitBreakerArgs{Enable: pulumi.Bool(true), Rollback: pulumi.Bool(true)},
		AvailabilityZoneRebalancing:     pulumi.String("ENABLED"),
		EnableExecuteCommand:            pulumi.Bool(false),
		EnableEcsManagedTags:            pulumi.Bool(true),
		ForceNewDeployment:              pulumi.Bool(true),
		PropagateTags:                   pulumi.String("SERVICE"),
		WaitForSteadyState:              pulumi.Bool(true),
	}
	if len(gates) > 0 {
		args.Alarms = ecs.ServiceAlarmsArgs{AlarmNames: gates, Enable: pulumi.Bool(true), Rollback: pulumi.Bool(true)}
	}
	first := append([]pulumi.Resource{d.capacity}, d.balancing.ready...)
	service, err := ecs.NewService(ctx, p.serviceName(t.Slot), args, p.cloudOpts(opts,
		pulumi.DependsOn(first),
		pulumi.IgnoreChanges([]string{"desiredCount"}),
		pulumi.Timeouts(&pulumi.CustomTimeouts{Create: firstPatience, Update: patience, Delete: "20m"}))...)
	if err != nil {
		return none, fmt.Errorf("running slot %s: %w", t.Slot, err)
	}
	if err := p.scale(ctx, d, t.Slot, service, opts); err != nil {
		return none, err
	}
	return slotRun{t.Slot, service, p.deployed(ctx, d, service, task), listed}, nil
}

// taskDefinition makes the task definition of a track. A change makes a new revision, and the one before is only deregistered once
// the service runs the new one; what still runs of it goes on.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html
func (p *Platform) taskDefinition(ctx *pulumi.Context, d deployment, t components.Track, opts []pulumi.ResourceOption) (*ecs.TaskDefinition, error) {
	architecture, ok := map[string]string{"amd64": "X86_64", "arm64": "ARM64"}[p.settings.Architecture]
	if !ok {
		return nil, components.Unsupported("aws", "app.architecture", fmt.Sprintf("%q is neither amd64 nor arm64", p.settings.Architecture))
	}
	made, err := ecs.NewTaskDefinition(ctx, p.serviceName(t.Slot), &ecs.TaskDefinitionArgs{
		Family:                  pulumi.String(p.fixed(string(t.Slot), 255)),
		ContainerDefinitions:    definitions(d.logs.Name, p.containers(d, t)),
		RequiresCompatibilities: list("FARGATE"),
		NetworkMode:             pulumi.String("awsvpc"),
		RuntimePlatform:         ecs.TaskDefinitionRuntimePlatformArgs{OperatingSystemFamily: pulumi.String("LINUX"), CpuArchitecture: pulumi.String(architecture)},
		Cpu:                     pulumi.String(strconv.Itoa(cpuUnits(d.args.CPU))),
		Memory:                  pulumi.String(strconv.Itoa(d.args.MemoryMiB)),
		ExecutionRoleArn:        d.execution,
		TaskRoleArn:             d.tasks,
	}, p.cloudOpts(opts)...)
	if err != nil {
		return nil, fmt.Errorf("creating task definition of slot %s: %w", t.Slot, err)
	}
	return made, nil
}

// gates makes the alarms that undo a slot's deployment and returns their names, for ECS and in the form of slotRun. They tell nobody:
// people hear from the alarms of the whole stack. ECS reads their states while it deploys: one that goes off ends the deployment, and one without data does not.
// But if a single one is on already when a deployment starts, ECS watches none of them, so that a broken version can be replaced.
// So no gate is on without data, as in a slot where nothing runs yet.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html
func (p *Platform) gates(ctx *pulumi.Context, d deployment, slot components.Slot, opts []pulumi.ResourceOption) (names pulumi.StringArray, listed pulumi.StringOutput, err error) {
	var pairs pulumi.StringArray
	for _, row := range d.args.Gates {
		m, ok := measure(row.ID, d.slotScope(slot))
		if !ok {
			return nil, listed, components.Unsupported("aws", "rollout.gates", row.ID+" is measured in no slot by itself")
		}
		m.missing = absentIsGood
		alarm, err := p.watch(ctx, p.name("gate-"+string(slot)+"-"+row.ID, 255), row, m, nil, opts)
		if err != nil {
			return nil, listed, err
		}
		names, pairs = append(names, alarm.Name), append(pairs, pulumi.Sprintf("%s=%s", row.ID, alarm.Name))
	}
	listed = pairs.ToStringArrayOutput().ApplyT(func(all []string) string { return strings.Join(all, ",") }).(pulumi.StringOutput)
	return names, listed, nil
}

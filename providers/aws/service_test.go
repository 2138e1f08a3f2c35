package aws

import (
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecs"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/components/componentstest"
)

// run is a service on a platform of its own.
type run struct {
	change  func(*Settings)
	args    func(*components.ServiceArgs)
	preview bool
	outputs []componentstest.Output
}

// record runs one track behind a public load balancer, if nothing else is said.
func (s run) record() (*componentstest.Recording, error) {
	return componentstest.Record(func(ctx *pulumi.Context) error {
		settings, err := testSettings("links")
		if err != nil {
			return err
		}
		if s.change != nil {
			s.change(&settings)
		}
		p, err := NewPlatform(ctx, settings)
		if err != nil {
			return err
		}
		image := components.ImageRef{StringOutput: plainText("123456789012.dkr.ecr.eu-west-1.amazonaws.com/slipway/links@sha256:1")}
		args := components.ServiceArgs{
			App: "links", Port: 8080, CPU: 0.25, MemoryMiB: 512, MinReplicas: 2, MaxReplicas: 2,
			Tracks:      []components.Track{{Slot: components.Blue, Image: image, Version: "0123456789ab", Weight: 100}},
			Certificate: components.CertificateRef{StringOutput: plainText("arn:aws:acm:eu-west-1:123456789012:certificate/1")},
		}
		if s.args != nil {
			s.args(&args)
		}
		service, err := components.NewService(ctx, p, "links", args, pulumi.Parent(p))
		if err != nil {
			return err
		}
		for key, value := range service.Scope {
			ctx.Export(key, value)
		}
		health := pulumi.Map{}
		for key, value := range service.Health {
			health[key] = value
		}
		ctx.Export("health", health)
		return nil
	}, componentstest.Options{Preview: s.preview, Outputs: append(testAnswers(), s.outputs...)})
}

func (s run) mustRecord(t *testing.T) *componentstest.Recording {
	t.Helper()
	r, err := s.record()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A deployment that ECS has undone ends in a steady state, which the provider takes for success.
func TestUndoneDeploymentFailsTheUpdate(t *testing.T) {
	before := "arn:aws:ecs:eu-west-1:123456789012:task-definition/links:6"
	undone := []componentstest.Output{{Type: serviceLookup, Property: "taskDefinition", Value: before}}
	_, err := run{outputs: undone}.record()
	if err == nil || !strings.Contains(err.Error(), testTask) || !strings.Contains(err.Error(), before+" runs") || !strings.Contains(err.Error(), "describe-services") {
		t.Errorf("got %v, want both revisions and where the reason stands", err)
	}
	// Before the next update everything about the service is known, and what runs is what it is to replace.
	_, err = componentstest.Record(func(ctx *pulumi.Context) error {
		p, err := newNetworkPlatform(ctx, nil)
		if err != nil {
			return err
		}
		d := deployment{cluster: &ecs.Cluster{Arn: plainText("arn:cluster"), Name: plainText("cluster")}}
		ctx.Export("running", p.deployed(ctx, d, &ecs.Service{Name: plainText("blue")}, &ecs.TaskDefinition{Arn: plainText(testTask)}))
		return nil
	}, componentstest.Options{Preview: true, Outputs: append(testAnswers(), undone...)})
	if err != nil {
		t.Errorf("the preview of the update that mends it fails: %v", err)
	}
}

func TestScope(t *testing.T) {
	r := run{args: func(a *components.ServiceArgs) {
		green := a.Tracks[0]
		green.Slot, green.Weight, a.Tracks[0].Weight = components.Green, 60, 40
		a.Tracks = append(a.Tracks, green)
	}, outputs: []componentstest.Output{{Type: serviceType, Property: "name", Value: "{name}-1234567"}}}.mustRecord(t)
	wantExport(t, r, scopeService, "links-production-green-1234567")
	wantExport(t, r, scopeRestarts, "slipway/slipway/production")
	wantExport(t, r, scopeLogs, "/slipway/slipway/production/app")
	for _, key := range []string{scopeCluster, scopeBalancer, scopeBalancerARN, scopeBalancerDNS, scopeBalancerZone, scopeBlue, scopeGreen} {
		if !r.Exports.HasValue(resource.PropertyKey(key)) {
			t.Errorf("the scope has no %s", key)
		}
	}
	listener, _ := r.Find(listenerType, "serve")
	wantProperty(t, listener, "defaultActions[*].forward.targetGroups[*].weight", 40.0, 60.0)
}

func TestScaling(t *testing.T) {
	const target, scalingPolicy = "aws:appautoscaling/target:Target", "aws:appautoscaling/policy:Policy"
	fixed := run{}.mustRecord(t)
	wantProperty(t, sole(t, fixed, target), "minCapacity", 2.0)
	wantProperty(t, sole(t, fixed, target), "maxCapacity", 2.0)
	if n := len(fixed.Of(scalingPolicy)); n != 0 {
		t.Errorf("a fixed number of tasks has %d scaling policies", n)
	}
	service := sole(t, fixed, serviceType)
	wantProperty(t, service, "desiredCount", 2.0)
	if !slices.Contains(service.IgnoreChanges, "desiredCount") {
		t.Error("an update takes back what autoscaling did")
	}
	many := func(a *components.ServiceArgs) { a.MaxReplicas = 10 }
	moving := run{args: many}.mustRecord(t)
	for part, value := range map[string]float64{"cpu": 60, "memory": 65, "requests": 1000} {
		row, ok := moving.Find(scalingPolicy, "links-production-blue-"+part)
		if !ok {
			t.Errorf("there is no policy on %s", part)
			continue
		}
		wantProperty(t, row, "targetTrackingScalingPolicyConfiguration.targetValue", value)
	}
	quiet := run{args: many, change: func(s *Settings) { s.Scale.RequestsPerMinute = 0 }}.mustRecord(t)
	if n := len(quiet.Of(scalingPolicy)); n != 2 {
		t.Errorf("there are %d policies, want none on requests", n)
	}
}

func TestCapacity(t *testing.T) {
	for _, row := range []struct {
		name, provider string
		change         func(*Settings)
		public         bool
		subnets        string
	}{
		{"production", "FARGATE", nil, false, "private"},
		{"spot, public", "FARGATE_SPOT", func(s *Settings) { s.Spot, s.Egress = true, EgressPublic }, true, "public"},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := run{change: row.change, outputs: []componentstest.Output{{Type: "aws:ec2/subnet:Subnet", Property: "id", Value: "{name}"}}}.mustRecord(t)
			s := sole(t, r, serviceType)
			wantProperty(t, s, "capacityProviderStrategies[*].capacityProvider", row.provider)
			wantProperty(t, s, "networkConfiguration.assignPublicIp", row.public)
			wantProperty(t, s, "platformVersion", "LATEST")
			wantProperty(t, s, "deploymentMinimumHealthyPercent", 100.0)
			wantProperty(t, s, "deploymentMaximumPercent", 200.0)
			wantProperty(t, s, "availabilityZoneRebalancing", "ENABLED")
			wantProperty(t, s, "enableExecuteCommand", false)
			wantProperty(t, s, "enableEcsManagedTags", true)
			wantProperty(t, s, "propagateTags", "SERVICE")
		})
	}
}

// ECS takes a target group only once a load balancer sends to it, and capacity only once the cluster has it.
func TestServiceWaits(t *testing.T) {
	r := run{}.mustRecord(t)
	task := sole(t, r, taskType)
	wantProperty(t, task, "networkMode", "awsvpc")
	wantProperty(t, task, "cpu", "256")
	wantProperty(t, task, "memory", "512")
	wantProperty(t, task, "runtimePlatform.cpuArchitecture", "ARM64")
	for _, role := range []string{"links-production-execution", "links-production-task"} {
		rights, ok := r.Find("aws:iam/rolePolicy:RolePolicy", role)
		if !ok || !slices.Contains(task.Needs, rights.URN) {
			t.Errorf("tasks may start before %s has its rights", role)
		}
	}
	if task.At("executionRoleArn")[0] == task.At("taskRoleArn")[0] {
		t.Error("the app may do what ECS may do")
	}
}

func TestGates(t *testing.T) {
	rows := slices.DeleteFunc(components.Signals(nil), func(s components.Signal) bool { return !s.Gate })
	r := run{args: func(a *components.ServiceArgs) { a.Gates = rows }}.mustRecord(t)
	alarms := r.Of("aws:cloudwatch/metricAlarm:MetricAlarm")
	if len(alarms) != len(rows) || len(rows) == 0 {
		t.Fatalf("there are %d alarms for %d gates", len(alarms), len(rows))
	}
	service := sole(t, r, serviceType)
	for _, alarm := range alarms {
		// One that is on before a deployment makes ECS watch none.
		wantProperty(t, alarm, "treatMissingData", "notBreaching")
		wantProperty(t, alarm, "alarmActions[*]")
		if !slices.Contains(service.Needs, alarm.URN) {
			t.Errorf("a deployment may begin before the gate %s stands", alarm.Name)
		}
	}
	if none := (run{}).mustRecord(t); len(sole(t, none, serviceType).At("alarms.enable")) != 0 {
		t.Error("without gates there are alarms")
	}
}

func TestServiceRefuses(t *testing.T) {
	for _, row := range []struct {
		want string
		run  run
	}{
		{"app.memory", run{args: func(a *components.ServiceArgs) { a.MemoryMiB = 256 }}},
		{"app.architecture", run{change: func(s *Settings) { s.Architecture = "native" }}},
		{"rollout.gates", run{args: func(a *components.ServiceArgs) { a.Gates = []components.Signal{{ID: "cpu"}} }}},
		{"needs a certificate", run{args: func(a *components.ServiceArgs) { a.Certificate = components.CertificateRef{} }}},
	} {
		if _, err := row.run.record(); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("got %v, want %s", err, row.want)
		}
	}
}

func TestRestarts(t *testing.T) {
	r := run{}.mustRecord(t)
	rule := sole(t, r, "aws:cloudwatch/eventRule:EventRule")
	pattern, _ := rule.At("eventPattern")[0].(string)
	for _, part := range []string{`"ECS Task State Change"`, `"STOPPED"`, `"EssentialContainerExited"`, `"clusterArn":["`, `{"prefix":"Task failed "}`} {
		if !strings.Contains(pattern, part) {
			t.Errorf("the pattern lacks %s: %s", part, pattern)
		}
	}
	target := sole(t, r, "aws:cloudwatch/eventTarget:EventTarget")
	group, ok := r.Find("aws:cloudwatch/logGroup:LogGroup", "restarts")
	if !ok || !slices.Contains(target.Needs, group.URN) {
		t.Error("the events go to no log group")
	}
	wantProperty(t, group, "name", "/aws/events/slipway/slipway/production/restarts")
	for name, row := range map[string][2]string{
		"restarts":       {"slipway/slipway/production", `{ $.detail.lastStatus = "STOPPED" }`},
		"restarts-blue":  {"slipway/slipway/production/blue", `{ $.detail.group = "service:links-production-blue-*" }`},
		"restarts-green": {"slipway/slipway/production/green", `{ $.detail.group = "service:links-production-green-*" }`},
	} {
		filter, ok := r.Find("aws:cloudwatch/logMetricFilter:LogMetricFilter", name)
		if !ok {
			t.Errorf("there is no filter %s", name)
			continue
		}
		wantProperty(t, filter, "metricTransformation.namespace", row[0])
		wantProperty(t, filter, "metricTransformation.name", restartMetric)
		wantProperty(t, filter, "pattern", row[1])
	}
	for _, c := range clauses(t, sole(t, r, "aws:cloudwatch/logResourcePolicy:LogResourcePolicy"), "policyDocument") {
		if c.Sid == "Write" && c.Condition["ArnEquals"]["aws:SourceArn"] == nil {
			t.Error("any rule of anybody may write")
		}
	}
}

func TestServicePreview(t *testing.T) {
	for name, row := range map[string]run{"public": {preview: true}, "internal": {preview: true, change: behindCloudFront}} {
		if _, err := row.record(); err != nil {
			t.Errorf("%s, with every output unknown: %v", name, err)
		}
	}
}

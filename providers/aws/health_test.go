package aws

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/components/componentstest"
)

func TestHealth(t *testing.T) {
	r := rollout(10, componentstest.Output{Type: "aws:cloudwatch/metricAlarm:MetricAlarm", Property: "name", Value: "{name}-7654321"},
		componentstest.Output{Type: "aws:lb/targetGroup:TargetGroup", Property: "arnSuffix", Value: "targetgroup of {name}"}).mustRecord(t)
	exported := r.Exports["health"]
	for exported.IsSecret() || exported.IsOutput() {
		t.Fatal("where the health of the slots is read is a secret")
	}
	got := exported.ObjectValue()
	output := map[string]string{}
	for key, value := range got {
		output[string(key)] = value.StringValue()
	}
	for key, want := range map[resource.PropertyKey]string{
		"region": "eu-west-1", "serviceBlue": "links-production-blue-1234567", "serviceGreen": "links-production-green-1234567",
		"gatesGreen": "error-rate=links-production-gate-green-error-rate-7654321,latency-p99=links-production-gate-green-latency-p99-7654321," +
			"unhealthy-instances=links-production-gate-green-unhealthy-instances-7654321,uptime=links-production-gate-green-uptime-7654321," +
			"restarts=links-production-gate-green-restarts-7654321",
	} {
		if v := got[key]; !v.IsString() || v.StringValue() != want {
			t.Errorf("%s is %v, want %s", key, v, want)
		}
	}
	for _, key := range []resource.PropertyKey{"cluster", "loadBalancer", "targetGroupBlue", "targetGroupGreen", "targetGroupArnBlue", "targetGroupArnGreen", "gatesBlue"} {
		if !got.HasValue(key) {
			t.Errorf("%s is missing", key)
		}
	}
	group, _ := r.Find("aws:lb/targetGroup:TargetGroup", "links-production-green")
	green := HealthOf(output, components.Green)
	if green.Region != "eu-west-1" || green.LoadBalancer == "" || green.TargetGroup != "targetgroup of "+group.Name || green.Gates["uptime"] != "links-production-gate-green-uptime-7654321" || len(green.Gates) != 5 || len(green.Unwatched) != 0 || green.TargetGroupARN == "" || green.Cluster == "" || green.Service != "links-production-green-1234567" {
		t.Errorf("read was %+v", green)
	}
	if alone := rollout(-1).mustRecord(t).Exports["health"].ObjectValue(); alone.HasValue("serviceGreen") || alone.HasValue("gatesGreen") {
		t.Error("a slot without a version has a service")
	}
	if without := (run{}).mustRecord(t).Exports["health"].ObjectValue()["gatesBlue"]; !without.IsString() || without.StringValue() != "" {
		t.Errorf("without gates they are %v", without)
	}
}

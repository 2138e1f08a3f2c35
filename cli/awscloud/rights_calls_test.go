package awscloud

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-iac/slipway/providers/aws"
	"github.com/slipway-iac/slipway/providers/aws/rights"
)

// calls are what the command line asks of AWS beside Pulumi, and about what: "*" is no one thing. STS asks nobody for a right to tell
// the caller who he is.
var calls = map[string]string{
	"cloudwatch:DescribeAlarms": "*", "cloudwatch:GetMetricData": "*",
	"ec2:DescribeAddresses": "*", "ec2:DescribeRegions": "*", "ec2:DescribeVpcs": "*",
	"ecs:DeleteService": ownService, "ecs:DescribeClusters": "*", "ecs:DescribeServices": ownService, "ecs:DescribeTasks": "*",
	"ecs:ListClusters": "*", "ecs:ListServices": "*", "ecs:ListTasks": "*",
	"elasticloadbalancing:DescribeTargetHealth": "*", "freetier:GetAccountPlanState": "*",
	"iam:CreateServiceLinkedRole": linkedRole, "iam:GetRole": linkedRole,
	"logs:DescribeLogGroups": "*", "logs:FilterLogEvents": ownLogs, "logs:GetLogEvents": ownLogs + "blue/app/1",
	"rds:DescribeOrderableDBInstanceOptions": "*", "servicequotas:GetAWSDefaultServiceQuota": "*", "servicequotas:GetServiceQuota": "*", "sts:GetCallerIdentity": "",
}

const (
	ownService = "arn:aws:ecs:eu-west-1:111122223333:service/links-dev-1a2b3c4/links-dev-blue-1a2b3c4"
	linkedRole = "arn:aws:iam::111122223333:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"
	ownLogs    = "arn:aws:logs:eu-west-1:111122223333:log-group:/slipway/slipway/dev/app:log-stream:"
)

// The deployer may make every call that this package's source has; the reader may make those of doctor, and changes nothing.
func TestCallsAreGranted(t *testing.T) {
	s := aws.Rights("links", "slipway", "dev", nil)
	s.Account, s.Partition, s.Region = "111122223333", "aws", "eu-west-1"
	policies, err := rights.Deployer(s)
	if err != nil {
		t.Fatal(err)
	}
	var deployer []rights.Document
	for _, p := range policies {
		deployer = append(deployer, p.Document)
	}
	reads, err := rights.Reader(s)
	if err != nil {
		t.Fatal(err)
	}
	reader := []rights.Document{reads.Document}
	made := callsOf(t)
	for _, action := range slices.Sorted(maps.Keys(made)) {
		on, ok := calls[action]
		if !ok {
			t.Errorf("%s is new here: put it into the table, with what it is about", action)
		}
		if !ok || on == "" {
			continue
		}
		r := rights.Request{Action: action, Resource: on, Context: map[string][]string{"iam:AWSServiceName": {"ecs.amazonaws.com"}}}
		if !rights.Decide(deployer, r).Allowed {
			t.Errorf("the deployer may not %s on %s", action, on)
		}
		own := slices.Contains([]string{"ecs:DeleteService", "iam:CreateServiceLinkedRole", "logs:FilterLogEvents", "logs:GetLogEvents"}, action)
		if got := rights.Decide(reader, r).Allowed; got == own {
			t.Errorf("whether the reader may %s on %s: %v", action, on, got)
		}
	}
	for action := range calls {
		if !made[action] {
			t.Errorf("%s is in the table, and nothing asks it", action)
		}
	}
}

var calling = regexp.MustCompile(`&(\w+)\.(\w+)Input\{|query\(ctx, [\w.]+, "(\w+)", "[\d-]+", "(\w+)"|"AWSFreeTierService\.(\w+)"`)

// callsOf reads the source of this package.
func callsOf(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]string{"cloudwatchlogs": "logs", "elasticloadbalancingv2": "elasticloadbalancing"}
	out := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, m := range calling.FindAllStringSubmatch(string(text), -1) {
			prefix, name := m[1]+m[3], m[2]+m[4]+m[5]
			if m[5] != "" {
				prefix = "freetier"
			}
			if real, ok := names[prefix]; ok {
				prefix = real
			}
			out[prefix+":"+name] = true
		}
	}
	return out
}

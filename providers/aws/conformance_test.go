package aws

import (
	"context"
	"encoding/json"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/components/componentstest"
)

// testSettings are those of a stack in production, with the load balancer in front.
func testSettings(app string) (Settings, error) {
	root, err := filepath.Abs("../..")
	return Settings{
		Root: root, App: app, Region: "eu-west-1", Prod: true, Protect: true, Egress: EgressNATPerZone, BackupRegion: "eu-central-1", Architecture: "arm64",
		DrainSeconds: 30, LogDays: 365, HSTS: securityHSTS, Scale: Scale{CPU: 60, Memory: 75, RequestsPerMinute: 1000}, Tags: map[string]string{"team": "links"},
		DatabaseRoot: testRoot, PermissionsBoundary: testBoundary,
	}, err
}

func testRoot(_ context.Context, region string) (string, error) { return "root of " + region, nil }

func testPlatform(ctx *pulumi.Context, app string) (components.Platform, error) {
	s, err := testSettings(app)
	if err != nil {
		return nil, err
	}
	return NewPlatform(ctx, s)
}

// testAnswers are what AWS says, and outputs of a form that drivers read.
func testAnswers() []componentstest.Output {
	return append(networkAnswers("eu-west-1a", "eu-west-1b", "eu-west-1c"),
		componentstest.Output{Type: "aws:route53/getZone:getZone", Property: "zoneId", Value: "Z0ZONE"},
		componentstest.Output{Type: tokenOfRegistry, Property: "userName", Value: "AWS"},
		componentstest.Output{Type: tokenOfRegistry, Property: "password", Value: testToken},
		componentstest.Output{Type: tokenOfRegistry, Property: "expiresAt", Value: "2026-11-24T12:00:00Z"},
		componentstest.Output{Type: tokenOfRegistry, Property: "proxyEndpoint", Value: "https://123456789012.dkr.ecr.eu-west-1.amazonaws.com"},
		componentstest.Output{Type: repositoryType, Property: "repositoryUrl", Value: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/slipway/{name}"},
		componentstest.Output{Type: taskType, Property: "arn", Value: testTask},
		componentstest.Output{Type: serviceLookup, Property: "taskDefinition", Value: testTask},
		componentstest.Output{Type: "aws:rds/instance:Instance", Property: "masterUserSecrets", Value: []any{map[string]any{"secretArn": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:master-AbCdEf"}}},
		componentstest.Output{Type: "aws:acm/certificate:Certificate", Property: "domainValidationOptions", Value: []any{map[string]any{
			"domainName": "links.example.com", "resourceRecordName": "_a1.links.example.com.", "resourceRecordType": "CNAME", "resourceRecordValue": "_b2.acm-validations.aws.",
		}}},
	)
}

const (
	testBoundary    = "arn:aws:iam::123456789012:policy/boundary"
	testToken       = "eyJ-a-token-of-the-registry"
	testTask        = "arn:aws:ecs:eu-west-1:123456789012:task-definition/links:7"
	tokenOfRegistry = "aws:ecr/getAuthorizationToken:getAuthorizationToken"
	serviceLookup   = "aws:ecs/getService:getService"
	repositoryType  = "aws:ecr/repository:Repository"
	pushType        = "docker:index/registryImage:RegistryImage"
	serviceType     = "aws:ecs/service:Service"
	taskType        = "aws:ecs/taskDefinition:TaskDefinition"
	listenerType    = "aws:lb/listener:Listener"
	balancerType    = "aws:lb/loadBalancer:LoadBalancer"
	functionType    = "aws:cloudfront/function:Function"
)

// Where AWS documents no pattern, letters, digits, hyphens and the separators that it arranges names by.
var (
	hyphened   = regexp.MustCompile(`^[a-zA-Z]([a-zA-Z0-9]|-[a-zA-Z0-9])*$`)
	lower      = regexp.MustCompile(`^[a-z]([a-z0-9]|-[a-z0-9])*$`)
	repository = regexp.MustCompile(`^[a-z0-9]+([._-][a-z0-9]+)*(/[a-z0-9]+([._-][a-z0-9]+)*)*$`)
	slashed    = regexp.MustCompile(`^[.\-_/#A-Za-z0-9]+$`)
	titled     = regexp.MustCompile(`^[\w+=,.@-]+$`)
)

// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html and its like of each service.
var nameLimits = []componentstest.Limit{
	{Type: balancerType, Property: "name", Max: 32, Pattern: hyphened},
	{Type: "aws:lb/targetGroup:TargetGroup", Property: "name", Max: 32, Pattern: hyphened},
	{Type: "aws:iam/role:Role", Property: "name", Max: 64, Pattern: titled},
	{Type: "aws:iam/rolePolicy:RolePolicy", Property: "name", Max: 128, Pattern: titled},
	{Type: repositoryType, Property: "name", Max: 256, Pattern: repository},
	{Type: "aws:rds/instance:Instance", Property: "identifier", Max: 63, Pattern: lower},
	{Type: "aws:rds/parameterGroup:ParameterGroup", Property: "name", Max: 255, Pattern: lower},
	{Type: "aws:rds/subnetGroup:SubnetGroup", Property: "name", Max: 255, Pattern: lower},
	{Type: "aws:elasticache/replicationGroup:ReplicationGroup", Property: "replicationGroupId", Max: 40, Pattern: lower},
	{Type: "aws:elasticache/subnetGroup:SubnetGroup", Property: "name", Max: 255, Pattern: lower},
	{Type: "aws:s3/bucketV2:BucketV2", Property: "bucket", Max: 63, Pattern: lower},
	{Type: "aws:cloudwatch/logGroup:LogGroup", Property: "name", Max: 512, Pattern: slashed},
	{Type: "aws:cloudwatch/metricAlarm:MetricAlarm", Property: "name", Max: 255, Pattern: hyphened},
	{Type: "aws:cloudwatch/eventRule:EventRule", Property: "name", Max: 64, Pattern: hyphened},
	{Type: "aws:secretsmanager/secret:Secret", Property: "name", Max: 512, Pattern: regexp.MustCompile(`^[\w/+=.@-]+$`)},
	{Type: "aws:backup/vault:Vault", Property: "name", Max: 50, Pattern: hyphened},
	{Type: "aws:ecs/cluster:Cluster", Property: "name", Max: 255, Pattern: hyphened},
	{Type: serviceType, Property: "name", Max: 255, Pattern: hyphened},
	{Type: taskType, Property: "family", Max: 255, Pattern: hyphened},
	{Type: "aws:appautoscaling/policy:Policy", Property: "name", Max: 255, Pattern: hyphened},
	{Type: "aws:ec2/securityGroup:SecurityGroup", Property: "name", Max: 255, Pattern: hyphened},
	{Type: "aws:sns/topic:Topic", Property: "name", Max: 256, Pattern: regexp.MustCompile(`^[\w-]+$`)},
}

func TestConformance(t *testing.T) {
	componentstest.Run(t, componentstest.Case{
		Cloud: "aws", Setup: testPlatform, Outputs: testAnswers(), Limits: nameLimits, Empty: []string{"certificate.ca", "cache.ca"}, Divides: []string{"aws:lb/listener:Listener serve"}, Follows: []string{"aws:appautoscaling/target:Target"},
		Change: func(a *componentstest.Args) {
			a.Service.MaxReplicas, a.Edge.WAF = 10, true
			a.Database.HA, a.Database.BackupDays, a.Database.DeletionProtection, a.Cache.HA = true, 14, true, true
		},
		Checks: append(everywhere(), bounded(testBoundary),
			componentstest.Check{Name: "only the load balancer has a public door", Test: opened("public-http", "public-https")},
			componentstest.Check{Name: "tasks have no public addresses", Test: func(t *testing.T, r *componentstest.Recording) {
				for _, s := range r.Of(serviceType) {
					wantProperty(t, s, "networkConfiguration.assignPublicIp", false)
				}
			}},
		),
		Unsupported: []componentstest.Unsupported{
			{Key: "app.memory", Change: func(a *componentstest.Args) { a.Service.MemoryMiB = 256 }},
			{Key: "rollout.gates", Change: func(a *componentstest.Args) {
				a.Service.Gates = []components.Signal{{ID: "database-cpu", Gate: true}}
			}},
			{Key: "edge.cdn", Change: func(a *componentstest.Args) { a.Edge.CachePaths = []string{"/static/"} }},
			{Key: "database.version", Change: func(a *componentstest.Args) { a.Database.Version = "9" }},
		},
	})
}

// The cheap shape: CloudFront in front, tasks with public addresses, nothing protected.
func TestConformanceBehindCloudFront(t *testing.T) {
	componentstest.Run(t, componentstest.Case{
		Cloud: "aws", Outputs: testAnswers(), Empty: []string{"certificate.ca", "cache.ca"}, Divides: []string{"aws:lb/listener:Listener serve"}, Follows: []string{"aws:appautoscaling/target:Target"},
		Setup: func(ctx *pulumi.Context, app string) (components.Platform, error) {
			s, err := testSettings(app)
			if err != nil {
				return nil, err
			}
			s.Prod, s.Protect, s.CloudFront, s.Spot, s.Egress, s.BackupRegion = false, false, true, true, EgressPublic, ""
			s.PermissionsBoundary = ""
			return NewPlatform(ctx, s)
		},
		Limits: append(slices.DeleteFunc(slices.Clone(nameLimits), func(l componentstest.Limit) bool { return l.Type == "aws:backup/vault:Vault" }),
			componentstest.Limit{Type: functionType, Property: "name", Max: 64, Pattern: hyphened}),
		Change: func(a *componentstest.Args) { a.Edge.CachePaths, a.Service.MaxReplicas = []string{"/static/"}, 4 },
		Checks: append(everywhere(), bounded(), componentstest.Check{Name: "nothing but CloudFront gets in", Test: opened()}),
	})
}

// everywhere are the checks that hold in every shape.
func everywhere() []componentstest.Check {
	return []componentstest.Check{
		{Name: "data is encrypted", Test: encrypted},
		{Name: "policies are narrow", Test: narrowPolicies},
		{Name: "deployments can be undone", Test: undoable},
		{Name: "containers are hardened", Test: eachContainer(hardenedContainer)},
		{Name: "secrets are given by reference", Test: eachContainer(referringContainer)},
		{Name: "everything that takes tags has them", Test: tagged},
		{Name: "nothing is replaced by deleting it first", Test: func(t *testing.T, r *componentstest.Recording) {
			for _, one := range r.Resources {
				if one.DeleteBeforeReplace {
					t.Errorf("%s is deleted before its replacement is made, and all that depends on it too", one.URN)
				}
			}
		}},
	}
}

// encrypted wants the stack's key wherever one can be given.
func encrypted(t *testing.T, r *componentstest.Recording) {
	for _, row := range []struct {
		kind, property string
		want           any // nil: any text, which only can be the key's
	}{
		{repositoryType, "encryptionConfigurations[*].encryptionType", "KMS"},
		{repositoryType, "encryptionConfigurations[*].kmsKey", nil},
		{"aws:cloudwatch/logGroup:LogGroup", "kmsKeyId", nil},
		{"aws:secretsmanager/secret:Secret", "kmsKeyId", nil},
		{"aws:sns/topic:Topic", "kmsMasterKeyId", nil},
		{"aws:rds/instance:Instance", "storageEncrypted", true},
		{"aws:rds/instance:Instance", "kmsKeyId", nil},
		{"aws:elasticache/replicationGroup:ReplicationGroup", "atRestEncryptionEnabled", true},
		{"aws:elasticache/replicationGroup:ReplicationGroup", "transitEncryptionEnabled", true},
		{"aws:elasticache/replicationGroup:ReplicationGroup", "kmsKeyId", nil},
		{"aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2", "rules[*].applyServerSideEncryptionByDefault.sseAlgorithm", "AES256"},
	} {
		all := r.Of(row.kind)
		if len(all) == 0 {
			t.Errorf("there is no %s", row.kind)
		}
		for _, one := range all {
			if got := one.At(row.property); len(got) != 1 || got[0] == "" || row.want != nil && got[0] != row.want {
				t.Errorf("%s %s: %s is %v", row.kind, one.Name, row.property, got)
			}
		}
	}
	if keys, buckets := len(r.Of("aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2")), len(r.Of("aws:s3/bucketV2:BucketV2")); keys != buckets {
		t.Errorf("%d of %d buckets are encrypted", keys, buckets)
	}
}

// opened wants that these rules alone let in what comes from anywhere, on the ports of the web.
func opened(doors ...string) func(*testing.T, *componentstest.Recording) {
	return func(t *testing.T, r *componentstest.Recording) {
		var got []string
		for _, rule := range r.Of("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule") {
			for _, source := range append(rule.At("cidrIpv4"), rule.At("cidrIpv6")...) {
				got = append(got, rule.Name)
				if port := rule.At("fromPort"); source != anywhere || !slices.Contains([]any{80.0, 443.0}, port[0]) || !slices.Equal(port, rule.At("toPort")) {
					t.Errorf("%s opens port %v to %v", rule.Name, port, source)
				}
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, doors) {
			t.Errorf("open to the public: %v, want %v", got, doors)
		}
		for _, one := range r.Of("aws:rds/instance:Instance") {
			wantProperty(t, one, "publiclyAccessible", false)
		}
		for _, one := range r.Of(balancerType) {
			wantProperty(t, one, "internal", len(doors) == 0)
		}
		closed := r.Of("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock")
		if len(closed) != len(r.Of("aws:s3/bucketV2:BucketV2")) {
			t.Error("not every bucket is closed to the public")
		}
		for _, one := range closed {
			for _, property := range []string{"blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"} {
				wantProperty(t, one, property, true)
			}
		}
	}
}

// undoable wants that every ECS service is waited for and goes back by circuit breaker and gates.
func undoable(t *testing.T, r *componentstest.Recording) {
	services := r.Of(serviceType)
	if len(services) != 2 {
		t.Fatalf("there are %d ECS services, want one for each track", len(services))
	}
	for _, s := range services {
		wantProperty(t, s, "deploymentCircuitBreaker.enable", true)
		wantProperty(t, s, "deploymentCircuitBreaker.rollback", true)
		wantProperty(t, s, "alarms.enable", true)
		wantProperty(t, s, "alarms.rollback", true)
		wantProperty(t, s, "waitForSteadyState", true)
		if n := len(s.At("alarms.alarmNames[*]")); n != 5 {
			t.Errorf("%s has %d gates, want 5", s.Name, n)
		}
	}
}

func tagged(t *testing.T, r *componentstest.Recording) {
	count := 0
	for _, one := range r.Resources {
		if got := one.At("tags.slipway:stack"); len(got) == 1 {
			count++
			wantProperty(t, one, "tags.team", "links")
		} else if strings.HasPrefix(one.Type, "aws:") && one.Inputs.HasValue("tags") {
			t.Errorf("%s has tags without the stack's", one.URN)
		}
	}
	if count < 40 {
		t.Errorf("only %d resources have tags", count)
	}
}

// taskContainers reads the container definitions of a task definition, by name.
func taskContainers(t *testing.T, task componentstest.Resource) map[string]map[string]any {
	t.Helper()
	text, _ := task.At("containerDefinitions")[0].(string)
	var all []map[string]any
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		t.Fatalf("the container definitions are no JSON: %v", err)
	}
	out := map[string]map[string]any{}
	for _, c := range all {
		out[c["name"].(string)] = c
	}
	return out
}

package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"github.com/slipway-iac/slipway/cli/plan/plantest"
	"github.com/slipway-iac/slipway/stacks"
)

func TestSimulated(t *testing.T) {
	plantest.Run(t, stacks.Program{Cloud: stacks.CloudAWS, Platform: platform}, "../..", plantest.Golden, plantest.Kept, promised)
}

// promises are properties that every resource of a type has, by the stack file of the repository: what the page docs/aws.md says of
// them in one place. The drivers' own tests go into the rest.
var promises = []plantest.Promise{
	{"no subnet gives public addresses", "aws:ec2/subnet:Subnet", "mapPublicIpOnLaunch", "false", "false"},
	{"tasks have public addresses in dev only, which has no NAT", "aws:ecs/service:Service", "networkConfiguration.assignPublicIp", "true", "false"},
	{"NAT gateways in prod only", "aws:ec2/natGateway:NatGateway", "connectivityType", "", "-"},
	{"the default security group lets nothing in", "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", "ingress", "[]", "[]"},
	{"or out", "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", "egress", "[]", "[]"},
	{"image tags never move", "aws:ecr/repository:Repository", "imageTagMutability", "IMMUTABLE", "IMMUTABLE"},
	{"images are scanned", "aws:ecr/repository:Repository", "imageScanningConfiguration.scanOnPush", "true", "true"},
	{"images are encrypted with the stack's key", "aws:ecr/repository:Repository", "encryptionConfigurations[0].encryptionType", "KMS", "KMS"},
	{"platform version", "aws:ecs/service:Service", "platformVersion", "LATEST", "LATEST"},
	{"a broken deployment is undone", "aws:ecs/service:Service", "deploymentCircuitBreaker.rollback", "true", "true"},
	{"alarms undo a deployment", "aws:ecs/service:Service", "alarms.rollback", "true", "true"},
	{"up waits for the service", "aws:ecs/service:Service", "waitForSteadyState", "true", "true"},
	{"no exec", "aws:ecs/service:Service", "enableExecuteCommand", "false", "false"},
	{"other capacity is a deployment, not another service", "aws:ecs/service:Service", "forceNewDeployment", "true", "true"},
	{"Spot in dev", "aws:ecs/service:Service", "capacityProviderStrategies[0].capacityProvider", "FARGATE_SPOT", "FARGATE"},
	{"the load balancer is internal behind CloudFront", "aws:lb/loadBalancer:LoadBalancer", "internal", "true", "false"},
	{"invalid headers are dropped", "aws:lb/loadBalancer:LoadBalancer", "dropInvalidHeaderFields", "true", "true"},
	{"load balancer: access logs", "aws:lb/loadBalancer:LoadBalancer", "accessLogs.enabled", "true", "true"},
	{"load balancer: deletion protection", "aws:lb/loadBalancer:LoadBalancer", "enableDeletionProtection", "false", "true"},
	{"the app's own headers pass it", "aws:lb/listener:Listener", "routingHttpResponseXFrameOptionsHeaderValue", "-", "-"},
	{"CloudFront adds what the app leaves out", "aws:cloudfront/distribution:Distribution", "defaultCacheBehavior.responseHeadersPolicyId", "67f7725c-6f97-4210-82d7-5512b31e9d03", ""},
	{"CloudFront where there is no domain", "aws:cloudfront/distribution:Distribution", "defaultCacheBehavior.viewerProtocolPolicy", "redirect-to-https", ""},
	{"the database is private", "aws:rds/instance:Instance", "publiclyAccessible", "false", "false"},
	{"the database is encrypted", "aws:rds/instance:Instance", "storageEncrypted", "true", "true"},
	{"its master's password is RDS's own", "aws:rds/instance:Instance", "manageMasterUserPassword", "true", "true"},
	{"two zones in prod", "aws:rds/instance:Instance", "multiAz", "false", "true"},
	{"database: deletion protection", "aws:rds/instance:Instance", "deletionProtection", "false", "true"},
	{"a final snapshot", "aws:rds/instance:Instance", "skipFinalSnapshot", "false", "false"},
	{"backups", "aws:rds/instance:Instance", "backupRetentionPeriod", "1", "14"},
	{"no Extended Support by itself", "aws:rds/instance:Instance", "engineLifecycleSupport", "open-source-rds-extended-support-disabled", "open-source-rds-extended-support-disabled"},
	{"enhanced monitoring in prod", "aws:rds/instance:Instance", "monitoringInterval", "-", "60"},
	{"performance insights", "aws:rds/instance:Instance", "performanceInsightsEnabled", "true", "true"},
	{"the cache is encrypted at rest", "aws:elasticache/replicationGroup:ReplicationGroup", "atRestEncryptionEnabled", "true", "true"},
	{"and in transit", "aws:elasticache/replicationGroup:ReplicationGroup", "transitEncryptionMode", "required", "required"},
	{"and fails over in prod", "aws:elasticache/replicationGroup:ReplicationGroup", "automaticFailoverEnabled", "false", "true"},
	{"keys rotate", "aws:kms/key:Key", "enableKeyRotation", "true", "true"},
	{"logs end", "aws:cloudwatch/logGroup:LogGroup", "retentionInDays", "30", "365"},
	{"buckets are private", "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "restrictPublicBuckets", "true", "true"},
	{"alarms act", "aws:cloudwatch/metricAlarm:MetricAlarm", "actionsEnabled", "true", "true"},
}

func promised(t *testing.T, stack string, state *apitype.DeploymentV3) {
	if stack == "dev" || stack == "prod" {
		plantest.Promised(t, state, stack == "prod", nil, promises)
	}
	associated(t, state)
	if stack == "dev" || stack == "prod" {
		alarmsCanFire(t, stack, state)
	}
	if stack == "prod" {
		writesPass(t, state)
		if got := find(t, state, listenerType, "serve").Inputs["routingHttpResponseStrictTransportSecurityHeaderValue"]; got != "max-age=31536000" {
			t.Errorf("the load balancer sends the Strict-Transport-Security %v", got)
		}
	}
	entitled(t, stack, state)
	for _, r := range state.Resources {
		if tags, ok := r.Outputs["tags"].(map[string]any); strings.HasPrefix(string(r.Type), "aws:") && r.Inputs["tags"] != nil && (!ok || tags["slipway:stack"] == nil || tags["environment"] != stack) {
			t.Errorf("%s has the tags %v", r.URN, tags)
		}
	}
}

// associated wants the web ACL to be attached to the front door, not merely declared.
func associated(t *testing.T, state *apitype.DeploymentV3) {
	t.Helper()
	acl, doors := "", 0
	for _, r := range state.Resources {
		if r.Type == "aws:wafv2/webAcl:WebAcl" {
			acl = fmt.Sprint(r.Outputs["arn"])
		}
	}
	for _, r := range state.Resources {
		switch {
		case r.Type == "aws:wafv2/webAclAssociation:WebAclAssociation" && strings.Contains(fmt.Sprint(r.Inputs["resourceArn"]), ":loadbalancer/app/"):
			doors++
			if r.Inputs["webAclArn"] != acl {
				t.Errorf("the load balancer has the web ACL %v, want %s", r.Inputs["webAclArn"], acl)
			}
		case r.Type == "aws:cloudfront/distribution:Distribution":
			doors++
			if r.Inputs["webAclId"] != acl {
				t.Errorf("CloudFront has the web ACL %v, want %s", r.Inputs["webAclId"], acl)
			}
		}
	}
	if acl == "" || doors != 1 {
		t.Errorf("the web ACL %q is attached to %d front doors, want one", acl, doors)
	}
}

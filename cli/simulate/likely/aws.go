package likely

import (
	"regexp"
	"slices"
	"strings"
)

// awsForms are the outputs of AWS's resources. Ids are what Pulumi's provider uses as such.
//   - ARNs: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
//   - ids of EC2: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html
var awsForms = map[string]form{
	"acm/certificate:Certificate": {
		"arn": "{acm}:certificate/{uuid}", "id": "{arn}", "status": "ISSUED",
		"domainValidationOptions[*].resourceRecordType":  "CNAME",
		"domainValidationOptions[*].resourceRecordValue": "_{hex:32}.xlfgrmvvlj.acm-validations.aws.",
	},
	"acm/certificateValidation:CertificateValidation": {"id": "2020-01-01 00:00:00 +0000 UTC {hex:8}", "certificateArn": "{acm}:certificate/{uuid}"},
	"appautoscaling/target:Target":                    {"id": "{resourceId}", "arn": "{application-autoscaling}:scalable-target/{hex:24}", "roleArn": "{iam}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService"},
	"appautoscaling/policy:Policy":                    {"id": "{name}", "arn": "{autoscaling}:scalingPolicy:{uuid}:resource/{serviceNamespace}/{resourceId}:policyName/{name}"},
	"backup/plan:Plan":                                {"id": "{uuid}", "arn": "{backup}:backup-plan:{id}", "version": "{letters:48}"},
	"backup/selection:Selection":                      {"id": "{uuid}"},
	"backup/vault:Vault":                              {"id": "{name}", "arn": "{backup}:backup-vault:{name}"},
	"cloudfront/cachePolicy:CachePolicy":              {"id": "{uuid}", "etag": "E{upper:13}"},
	"cloudfront/distribution:Distribution": {
		"id": "E{upper:13}", "arn": "{cloudfront}:distribution/{id}", "domainName": "d{lower:13}.cloudfront.net",
		"hostedZoneId": "Z2FDTNDATAQYW2", "status": "Deployed", "etag": "E{upper:13}",
	},
	"cloudfront/function:Function":                           {"id": "{name}", "arn": "{cloudfront}:function/{name}", "etag": "E{upper:12}", "status": "UNASSOCIATED"},
	"cloudfront/originAccessControl:OriginAccessControl":     {"id": "E{upper:13}", "etag": "E{upper:12}"},
	"cloudfront/originRequestPolicy:OriginRequestPolicy":     {"id": "{uuid}", "etag": "E{upper:13}"},
	"cloudfront/responseHeadersPolicy:ResponseHeadersPolicy": {"id": "{uuid}", "etag": "E{upper:13}"},
	"cloudfront/vpcOrigin:VpcOrigin":                         {"id": "vo_{letters:22}", "arn": "{cloudfront}:vpcorigin/{id}", "etag": "E{upper:13}"},
	"cloudwatch/compositeAlarm:CompositeAlarm":               {"id": "{name}", "arn": "{cloudwatch}:alarm:{name}"},
	"cloudwatch/dashboard:Dashboard":                         {"id": "{name}", "dashboardArn": "{cloudwatch-global}:dashboard/{name}"},
	"cloudwatch/eventApiDestination:EventApiDestination":     {"id": "{name}", "arn": "{events}:api-destination/{name}/{uuid}"},
	"cloudwatch/eventConnection:EventConnection":             {"id": "{name}", "arn": "{events}:connection/{name}/{uuid}", "secretArn": "{secretsmanager}:secret:events!connection/{name}/{uuid}-{letters:6}"},
	"cloudwatch/eventRule:EventRule":                         {"id": "{name}", "arn": "{events}:rule/{name}"},
	"cloudwatch/eventTarget:EventTarget":                     {"id": "{rule}-{targetId}", "targetId": "{logical}-{hex:8}"},
	"cloudwatch/logResourcePolicy:LogResourcePolicy":         {"id": "{policyName}"},
	"cloudwatch/logGroup:LogGroup":                           {"id": "{name}", "arn": "{logs}:log-group:{name}", "logGroupClass": "STANDARD"},
	"cloudwatch/logMetricFilter:LogMetricFilter":             {"id": "{name}"},
	"cloudwatch/metricAlarm:MetricAlarm":                     {"id": "{name}", "arn": "{cloudwatch}:alarm:{name}"},
	"ec2/defaultNetworkAcl:DefaultNetworkAcl":                {"id": "acl-{hex:17}", "arn": "{ec2}:network-acl/{id}"},
	"ec2/defaultSecurityGroup:DefaultSecurityGroup":          {"id": "sg-{hex:17}", "arn": "{ec2}:security-group/{id}", "name": "default", "description": "default VPC security group"},
	"ec2/defaultRouteTable:DefaultRouteTable":                {"id": "rtb-{hex:17}", "arn": "{ec2}:route-table/{id}"},
	"ec2/eip:Eip":                                           {"id": "eipalloc-{hex:17}", "allocationId": "{id}", "arn": "{ec2}:elastic-ip/{id}", "publicDns": "ec2-{hex:8}.compute-1.amazonaws.com"},
	"ec2/flowLog:FlowLog":                                   {"id": "fl-{hex:17}", "arn": "{ec2}:vpc-flow-log/{id}"},
	"ec2/internetGateway:InternetGateway":                   {"id": "igw-{hex:17}", "arn": "{ec2}:internet-gateway/{id}"},
	"ec2/natGateway:NatGateway":                             {"id": "nat-{hex:17}", "networkInterfaceId": "eni-{hex:17}"},
	"ec2/route:Route":                                       {"id": "r-{routeTableId}{digits:10}", "origin": "CreateRoute", "state": "active"},
	"ec2/routeTable:RouteTable":                             {"id": "rtb-{hex:17}", "arn": "{ec2}:route-table/{id}"},
	"ec2/routeTableAssociation:RouteTableAssociation":       {"id": "rtbassoc-{hex:17}"},
	"ec2/securityGroup:SecurityGroup":                       {"id": "sg-{hex:17}", "arn": "{ec2}:security-group/{id}"},
	"ec2/subnet:Subnet":                                     {"id": "subnet-{hex:17}", "arn": "{ec2}:subnet/{id}", "availabilityZoneId": "use1-az{digits:1}", "privateDnsHostnameTypeOnLaunch": "ip-name"},
	"ec2/vpc:Vpc":                                           {"id": "vpc-{hex:17}", "arn": "{ec2}:vpc/{id}", "ipv6CidrBlock": "", "ipv6AssociationId": ""},
	"ec2/vpcEndpoint:VpcEndpoint":                           {"id": "vpce-{hex:17}", "arn": "{ec2}:vpc-endpoint/{id}", "prefixListId": "pl-{hex:8}", "state": "available", "cidrBlocks[*]": "198.51.100.0/24", "serviceRegion": "{region}"},
	"ecr/lifecyclePolicy:LifecyclePolicy":                   {"id": "{repository}", "registryId": "{account}"},
	"ecr/repository:Repository":                             {"id": "{name}", "arn": "{ecr}:repository/{name}", "repositoryUrl": "{account}.dkr.ecr.{region}.{dns}/{name}"},
	"ecs/cluster:Cluster":                                   {"id": "{arn}", "arn": "{ecs}:cluster/{name}"},
	"ecs/clusterCapacityProviders:ClusterCapacityProviders": {"id": "{clusterName}"},
	"ecs/service:Service":                                   {"id": "{ecs}:service/{cluster:last}/{name}", "iamRole": "{iam}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS", "launchType": "FARGATE"},
	"ecs/taskDefinition:TaskDefinition":                     {"id": "{family}", "arn": "{arnWithoutRevision}:{digits:2}", "arnWithoutRevision": "{ecs}:task-definition/{family}"},
	"elasticache/parameterGroup:ParameterGroup":             {"id": "{name}", "arn": "{elasticache}:parametergroup:{name}"},
	"elasticache/replicationGroup:ReplicationGroup": {
		"id": "{name}", "arn": "{elasticache}:replicationgroup:{name}", "memberClusters[*]": "{name}-00{number}",
		"primaryEndpointAddress": "master.{name}.{lower:6}.use1.cache.{dns}", "readerEndpointAddress": "replica.{name}.{lower:6}.use1.cache.{dns}",
		"configurationEndpointAddress": "", "engineVersionActual": "8.0.1",
	},
	"elasticache/subnetGroup:SubnetGroup":           {"id": "{name}", "arn": "{elasticache}:subnetgroup:{name}"},
	"iam/policy:Policy":                             {"id": "{arn}", "arn": "{iam}:policy/{name}", "policyId": "ANPA{upper:17}"},
	"iam/role:Role":                                 {"id": "{name}", "arn": "{iam}:role/{name}", "uniqueId": "AROA{upper:17}"},
	"iam/rolePolicy:RolePolicy":                     {"id": "{role}:{name}"},
	"iam/rolePolicyAttachment:RolePolicyAttachment": {"id": "{role}-{digits:26}"},
	"kms/alias:Alias":                               {"id": "{name}", "arn": "{kms}:{name}", "targetKeyArn": "{kms}:key/{targetKeyId}"},
	"kms/key:Key":                                   {"id": "{keyId}", "keyId": "{hex:8}-{hex:4}-4{hex:3}-a{hex:3}-{hex:12}", "arn": "{kms}:key/{keyId}"},
	"kms/replicaKey:ReplicaKey":                     {"id": "{keyId}", "keyId": "mrk-{hex:32}", "arn": "{kms}:key/{keyId}"},
	"lb/listener:Listener":                          {"id": "{arn}", "arn": "{elasticloadbalancing}:listener/app/{loadBalancerArn:app}/{hex:16}", "sslPolicy": ""},
	"lb/listenerRule:ListenerRule":                  {"id": "{arn}", "arn": "{elasticloadbalancing}:listener-rule/app/{listenerArn:app}/{hex:16}"},
	"lb/listenerCertificate:ListenerCertificate":    {"id": "{listenerArn}_{certificateArn}"},
	"lb/loadBalancer:LoadBalancer":                  {"id": "{arn}", "arn": "{elasticloadbalancing}:loadbalancer/{arnSuffix}", "arnSuffix": "app/{name}/{hex:16}", "dnsName": "{name}-{digits:10}.{region}.elb.{dns}", "zoneId": "Z35SXDOTRQ7X7K"},
	"lb/targetGroup:TargetGroup":                    {"id": "{arn}", "arn": "{elasticloadbalancing}:{arnSuffix}", "arnSuffix": "targetgroup/{name}/{hex:16}", "loadBalancerArns[*]": "{elasticloadbalancing}:loadbalancer/app/{name}/{hex:16}", "protocolVersion": "HTTP1", "stickiness.type": "lb_cookie"},
	"rds/instance:Instance": {
		"id": "db-{upper:26}", "resourceId": "{id}", "arn": "{rds}:db:{name}", "address": "{name}.{lower:12}.{region}.rds.{dns}", "endpoint": "{address}:5432",
		"masterUserSecrets[*].secretArn": "{secretsmanager}:secret:rds!db-{hex:8}-{hex:4}-4{hex:3}-a{hex:3}-{hex:12}-{letters:6}", "masterUserSecrets[*].secretStatus": "active",
		"masterUserSecrets[*].kmsKeyId": "{kms}:key/{uuid}", "status": "available", "engineVersionActual": "17.5",
	},
	"rds/parameterGroup:ParameterGroup": {"id": "{name}", "arn": "{rds}:pg:{name}"},
	"rds/subnetGroup:SubnetGroup":       {"id": "{name}", "arn": "{rds}:subgrp:{name}", "supportedNetworkTypes[*]": "IPV4"},
	"route53/healthCheck:HealthCheck":   {"id": "{uuid}", "arn": "arn:{partition}:route53:::healthcheck/{id}"},
	"route53/record:Record":             {"id": "{zoneId}_{name}_{type}", "fqdn": "{name}"},
	"route53/zone:Zone":                 {"id": "{zoneId}", "zoneId": "Z{upper:20}", "arn": "arn:{partition}:route53:::hostedzone/{id}", "nameServers[*]": "ns-{digits:3}.awsdns-0{number}.com"},
	"s3/bucket:Bucket":                  {"id": "{name}", "arn": "arn:{partition}:s3:::{name}", "bucketDomainName": "{name}.s3.{dns}", "bucketRegionalDomainName": "{name}.s3.{region}.{dns}", "hostedZoneId": "Z3AQBSTGFYJSTF"},
	"s3/bucketV2:BucketV2":              {"id": "{name}", "arn": "arn:{partition}:s3:::{name}", "bucketDomainName": "{name}.s3.{dns}", "bucketRegionalDomainName": "{name}.s3.{region}.{dns}", "hostedZoneId": "Z3AQBSTGFYJSTF"},
	"s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2":                       {"id": "{bucket}", "transitionDefaultMinimumObjectSize": "all_storage_classes_128K"},
	"s3/bucketLoggingV2:BucketLoggingV2":                                                     {"id": "{bucket}"},
	"s3/bucketOwnershipControls:BucketOwnershipControls":                                     {"id": "{bucket}"},
	"s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2": {"id": "{bucket}"},
	"s3/bucketVersioningV2:BucketVersioningV2":                                               {"id": "{bucket}"},
	"s3/bucketPolicy:BucketPolicy":                                                           {"id": "{bucket}"},
	"s3/bucketPublicAccessBlock:BucketPublicAccessBlock":                                     {"id": "{bucket}"},
	"secretsmanager/secret:Secret":                                                           {"id": "{arn}", "arn": "{secretsmanager}:secret:{name}-{letters:6}"},
	"secretsmanager/secretVersion:SecretVersion":                                             {"id": "{secretId}|{versionId}", "arn": "{secretId}", "versionId": "{hex:8}-{hex:4}-4{hex:3}-a{hex:3}-{hex:12}"},
	"sns/topic:Topic":                                             {"id": "{arn}", "arn": "{sns}:{name}"},
	"sns/topicPolicy:TopicPolicy":                                 {"id": "{arn}"},
	"sns/topicSubscription:TopicSubscription":                     {"id": "{arn}", "arn": "{topic}:{uuid}"},
	"vpc/securityGroupEgressRule:SecurityGroupEgressRule":         {"id": "sgr-{hex:17}", "securityGroupRuleId": "{id}", "arn": "{ec2}:security-group-rule/{id}"},
	"vpc/securityGroupIngressRule:SecurityGroupIngressRule":       {"id": "sgr-{hex:17}", "securityGroupRuleId": "{id}", "arn": "{ec2}:security-group-rule/{id}"},
	"wafv2/webAcl:WebAcl":                                         {"id": "{hex:8}-{hex:4}-4{hex:3}-a{hex:3}-{hex:12}", "arn": "{wafv2}:{scope:waf}/webacl/{name}/{id}", "lockToken": "{uuid}"},
	"wafv2/webAclAssociation:WebAclAssociation":                   {"id": "{webAclArn},{resourceArn}"},
	"wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": {"id": "{resourceArn}"},
}

// awsNamed are the forms of properties that many of AWS's resources share.
var awsNamed = []named{
	{regexp.MustCompile(`^(ownerId|accountId|registryId|awsAccountId)$`), "{account}"},
	{regexp.MustCompile(`^(region|networkBorderGroup)$`), "{region}"},
	// What AWS leaves empty unless it is asked for.
	{regexp.MustCompile(`^routingHttp|(?i)namePrefix$|(?i)identifierPrefix$|(?i)bucketPrefix$|^policy$|^website|^(acl|accelerationStatus|characterSetName|continuousDeploymentPolicyId|domainFqdn|` +
		`enforceSecurityGroupInboundRulesOnPrivateLinkTraffic|expectedBucketOwner|fifoThroughputScope|globalReplicationGroupId|instance|instanceId|instanceOwnerId|ipamPoolId|` +
		`ipv6CidrBlockNetworkBorderGroup|logFormat|logGroupName|monitoringRoleArn|ncharCharacterSetName|ptrRecord|replicaMode|snapshotIdentifier|timezone)$`), ""},
	{regexp.MustCompile(`^owner$`), "{account}"},
	// Words of which AWS has a few, with what it takes by default.
	{regexp.MustCompile(`^(networkType|ipAddressType|ipDiscovery)$`), "ipv4"},
	{regexp.MustCompile(`^(clusterMode|accelerationStatus)$`), "disabled"},
	{regexp.MustCompile(`^backupTarget$`), "region"},
	{regexp.MustCompile(`^engineLifecycleSupport$`), "open-source-rds-extended-support"},
	{regexp.MustCompile(`^evaluateLowSampleCountPercentiles$`), "evaluate"},
	{regexp.MustCompile(`^filterPolicyScope$`), "MessageAttributes"},
	{regexp.MustCompile(`^licenseModel$`), "postgresql-license"},
	{regexp.MustCompile(`^loadBalancingAlgorithmType$`), "round_robin"},
	{regexp.MustCompile(`^loadBalancingCrossZoneEnabled$`), "use_load_balancer_configuration"},
	{regexp.MustCompile(`^(loadBalancingAnomalyMitigation|mode)$`), "off"},
	{regexp.MustCompile(`^optionGroupName$`), "default:postgres-17"},
	{regexp.MustCompile(`^publicIpv4Pool$`), "amazon"},
	{regexp.MustCompile(`^renewalEligibility$`), "INELIGIBLE"},
	{regexp.MustCompile(`^requestPayer$`), "BucketOwner"},
	{regexp.MustCompile(`^tracingConfig$`), "PassThrough"},
	{regexp.MustCompile(`^not(Before|After)$`), "2100-01-01T00:00:00Z"},
	{regexp.MustCompile(`^arn$`), "arn:{partition}:{module}:{region}:{account}:{kind}/{name}-{hex:8}"},
	{regexp.MustCompile(`(?i)kmsKey(Id|Arn)$|encryptionKey$`), "{kms}:key/{uuid}"},
	{regexp.MustCompile(`(?i)roleArn$`), "{iam}:role/{name}-{hex:8}"},
	{regexp.MustCompile(`(?i)arns?(\[\*\])?$`), "arn:{partition}:{module}:{region}:{account}:{kind}/{name}-{hex:12}"},
	{regexp.MustCompile(`(?i)vpcId$`), "vpc-{hex:17}"},
	{regexp.MustCompile(`(?i)subnet(Id)?s?(\[\*\])?$`), "subnet-{hex:17}"},
	{regexp.MustCompile(`(?i)securityGroup(Id)?s?(\[\*\])?$`), "sg-{hex:17}"},
	{regexp.MustCompile(`(?i)routeTableId$`), "rtb-{hex:17}"},
	{regexp.MustCompile(`(?i)networkAclId$`), "acl-{hex:17}"},
	{regexp.MustCompile(`(?i)networkInterface(Id)?s?(\[\*\])?$`), "eni-{hex:17}"},
	{regexp.MustCompile(`(?i)associationId$`), "assoc-{hex:17}"},
	{regexp.MustCompile(`^dhcpOptionsId$`), "dopt-{hex:17}"},
	{regexp.MustCompile(`^availabilityZones?(\[\*\])?$`), "{region}a"},
	{regexp.MustCompile(`(?i)(hostedZone|zone)Id$`), "Z{upper:20}"},
	{regexp.MustCompile(`(?i)(maintenanceWindow|PreferredMaintenanceWindow)$`), "sun:05:00-sun:06:00"},
	{regexp.MustCompile(`(?i)(backupWindow|snapshotWindow)$`), "03:00-04:00"},
}

// arnServices are the services whose ARNs have region and account; in those of globalServices the region is empty.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
var (
	arnServices = []string{
		"acm", "application-autoscaling", "autoscaling", "backup", "cloudwatch", "ec2", "ecr", "ecs", "elasticache", "elasticloadbalancing", "kms", "logs", "rds",
		"secretsmanager", "sns", "ssm", "events", "wafv2",
	}
	globalServices = map[string]string{"cloudfront": "cloudfront", "cloudwatch-global": "cloudwatch", "iam": "iam"}
)

// arn answers for placeholders of AWS: the beginning of an ARN by the service's name, and parts of ARNs among the inputs, such as
// {cluster:last}.
func (t Thing) arn(what string) (string, bool) {
	if t.cloud() != "aws" {
		return "", false
	}
	if slices.Contains(arnServices, what) {
		return t.expand("arn:{partition}:"+what+":{region}:{account}", "", 0), true
	}
	if service, ok := globalServices[what]; ok {
		return t.expand("arn:{partition}:"+service+"::{account}", "", 0), true
	}
	input, part, ok := strings.Cut(what, ":")
	if !ok {
		return "", false
	}
	text, _ := textAt(t.Inputs, input)
	switch part {
	case "last": // after the last slash
		return text[strings.LastIndex(text, "/")+1:], true
	case "app": // what names an Application Load Balancer and its listener
		_, name, _ := strings.Cut(text, "/app/")
		return name, true
	case "waf":
		if text == "CLOUDFRONT" {
			return "global", true
		}
		return "regional", true
	}
	return "", false
}

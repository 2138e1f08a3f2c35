package simulate

// awsReplaces lists, for each type, the inputs that AWS can't change in place, so that Pulumi makes a new resource and deletes the old
// one. The lists follow "Forces new resource" of the Terraform provider (v5) that Pulumi's provider (v6) is built on; those of
// databases, caches, target groups and services were compared with its source. What is not here is updated in place.
//   - https://registry.terraform.io/providers/hashicorp/aws/5.100.0/docs
//   - identifier of a database is a rename: https://github.com/hashicorp/terraform-provider-aws/pull/32687
var awsReplaces = map[string]string{
	// https://docs.aws.amazon.com/acm/latest/userguide/acm-certificate.html
	"acm/certificate:Certificate":                     "domainName subjectAlternativeNames validationMethod keyAlgorithm certificateAuthorityArn validationOptions",
	"acm/certificateValidation:CertificateValidation": "certificateArn validationRecordFqdns",
	// https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html
	"appautoscaling/target:Target": "resourceId scalableDimension serviceNamespace",
	"appautoscaling/policy:Policy": "name resourceId scalableDimension serviceNamespace",
	// https://docs.aws.amazon.com/aws-backup/latest/devguide/API_CreateBackupVault.html
	"backup/plan:Plan":                                     "name",
	"backup/selection:Selection":                           "name planId iamRoleArn resources notResources selectionTags conditions",
	"backup/vault:Vault":                                   "name kmsKeyArn",
	"backup/vaultLockConfiguration:VaultLockConfiguration": "backupVaultName changeableForDays maxRetentionDays minRetentionDays",
	// https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_UpdateDistribution.html
	"cloudfront/distribution:Distribution":               "staging",
	"cloudfront/function:Function":                       "name",
	"cloudfront/originAccessControl:OriginAccessControl": "name",
	// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/Welcome.html
	"cloudwatch/compositeAlarm:CompositeAlarm":   "alarmName",
	"cloudwatch/dashboard:Dashboard":             "dashboardName",
	"cloudwatch/eventRule:EventRule":             "name namePrefix eventBusName",
	"cloudwatch/eventTarget:EventTarget":         "rule targetId eventBusName",
	"cloudwatch/logGroup:LogGroup":               "name namePrefix logGroupClass",
	"cloudwatch/logMetricFilter:LogMetricFilter": "name logGroupName",
	"cloudwatch/metricAlarm:MetricAlarm":         "name",
	// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Welcome.html
	"ec2/defaultSecurityGroup:DefaultSecurityGroup": "vpcId",
	"ec2/eip:Eip":                                           "address customerOwnedIpv4Pool domain ipamPoolId networkBorderGroup publicIpv4Pool",
	"ec2/flowLog:FlowLog":                                   "deliverCrossAccountRole destinationOptions eniId iamRoleArn logDestination logDestinationType logFormat maxAggregationInterval subnetId trafficType vpcId",
	"ec2/natGateway:NatGateway":                             "allocationId connectivityType privateIp subnetId",
	"ec2/route:Route":                                       "destinationCidrBlock destinationIpv6CidrBlock destinationPrefixListId routeTableId",
	"ec2/routeTable:RouteTable":                             "vpcId",
	"ec2/routeTableAssociation:RouteTableAssociation":       "gatewayId subnetId",
	"ec2/securityGroup:SecurityGroup":                       "description name namePrefix vpcId",
	"ec2/subnet:Subnet":                                     "availabilityZone availabilityZoneId cidrBlock ipv6Native outpostArn vpcId",
	"ec2/vpc:Vpc":                                           "cidrBlock ipv4IpamPoolId ipv4NetmaskLength",
	"ec2/vpcEndpoint:VpcEndpoint":                           "serviceName serviceRegion vpcEndpointType vpcId",
	"vpc/securityGroupEgressRule:SecurityGroupEgressRule":   "securityGroupId",
	"vpc/securityGroupIngressRule:SecurityGroupIngressRule": "securityGroupId",
	// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html
	"ecr/lifecyclePolicy:LifecyclePolicy":   "policy repository",
	"ecr/repository:Repository":             "encryptionConfigurations name",
	"ecr/repositoryPolicy:RepositoryPolicy": "repository",
	// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html; a task definition never changes, it gets a new revision.
	"ecs/cluster:Cluster": "name",
	"ecs/clusterCapacityProviders:ClusterCapacityProviders": "clusterName",
	"ecs/service:Service": "cluster deploymentController.type iamRole launchType name schedulingStrategy",
	"ecs/taskDefinition:TaskDefinition": "containerDefinitions cpu enableFaultInjection ephemeralStorage executionRoleArn family inferenceAccelerators ipcMode memory " +
		"networkMode pidMode placementConstraints proxyConfiguration requiresCompatibilities runtimePlatform taskRoleArn volumes",
	// https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ModifyReplicationGroup.html
	"elasticache/parameterGroup:ParameterGroup": "description family name",
	"elasticache/replicationGroup:ReplicationGroup": "atRestEncryptionEnabled dataTieringEnabled globalReplicationGroupId kmsKeyId networkType port replicationGroupId " +
		"securityGroupNames snapshotArns snapshotName subnetGroupName",
	"elasticache/subnetGroup:SubnetGroup": "name",
	// https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateRole.html
	"iam/policy:Policy":                             "description name namePrefix path",
	"iam/role:Role":                                 "name namePrefix path",
	"iam/rolePolicy:RolePolicy":                     "name namePrefix role",
	"iam/rolePolicyAttachment:RolePolicyAttachment": "policyArn role",
	// https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html
	"kms/alias:Alias":           "name namePrefix",
	"kms/key:Key":               "customKeyStoreId customerMasterKeySpec keyUsage multiRegion xksKeyId",
	"kms/replicaKey:ReplicaKey": "primaryKeyArn",
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/Welcome.html
	"lb/listener:Listener":                       "loadBalancerArn",
	"lb/listenerCertificate:ListenerCertificate": "certificateArn listenerArn",
	"lb/listenerRule:ListenerRule":               "listenerArn",
	"lb/loadBalancer:LoadBalancer":               "customerOwnedIpv4Pool internal loadBalancerType name namePrefix",
	"lb/targetGroup:TargetGroup":                 "ipAddressType name namePrefix port protocol protocolVersion targetType vpcId",
	// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBInstance.html
	"rds/instance:Instance": "availabilityZone backupTarget characterSetName customIamInstanceProfile dbName engine kmsKeyId ncharCharacterSetName " +
		"restoreToPointInTime s3Import snapshotIdentifier storageEncrypted timezone username",
	"rds/parameterGroup:ParameterGroup": "description family name namePrefix",
	"rds/subnetGroup:SubnetGroup":       "name namePrefix",
	// https://docs.aws.amazon.com/Route53/latest/APIReference/Welcome.html
	"route53/healthCheck:HealthCheck": "measureLatency referenceName requestInterval routingControlArn type",
	"route53/record:Record":           "name zoneId",
	"route53/zone:Zone":               "delegationSetId name",
	// https://docs.aws.amazon.com/AmazonS3/latest/API/Welcome.html
	"s3/bucket:Bucket":     "bucket bucketPrefix",
	"s3/bucketV2:BucketV2": "bucket bucketPrefix objectLockEnabled",
	"s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2":                       "bucket expectedBucketOwner",
	"s3/bucketLoggingV2:BucketLoggingV2":                                                     "bucket expectedBucketOwner",
	"s3/bucketOwnershipControls:BucketOwnershipControls":                                     "bucket",
	"s3/bucketPolicy:BucketPolicy":                                                           "bucket",
	"s3/bucketPublicAccessBlock:BucketPublicAccessBlock":                                     "bucket",
	"s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2": "bucket expectedBucketOwner",
	"s3/bucketVersioningV2:BucketVersioningV2":                                               "bucket expectedBucketOwner",
	// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecret.html
	"secretsmanager/secret:Secret":                 "name namePrefix",
	"secretsmanager/secretPolicy:SecretPolicy":     "secretArn",
	"secretsmanager/secretRotation:SecretRotation": "secretId",
	"secretsmanager/secretVersion:SecretVersion":   "secretBinary secretId secretString",
	// https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
	"sns/topic:Topic":                         "fifoTopic name namePrefix",
	"sns/topicPolicy:TopicPolicy":             "arn",
	"sns/topicSubscription:TopicSubscription": "endpoint protocol topic",
	// https://docs.aws.amazon.com/waf/latest/APIReference/API_UpdateWebACL.html
	"wafv2/ipSet:IpSet":                                           "ipAddressVersion name scope",
	"wafv2/webAcl:WebAcl":                                         "name scope",
	"wafv2/webAclAssociation:WebAclAssociation":                   "resourceArn webAclArn",
	"wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": "resourceArn",
}

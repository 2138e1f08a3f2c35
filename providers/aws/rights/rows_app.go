package rights

// appRows are what ECS, its autoscaling and the registry take.
//   - https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html
//   - https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerregistry.html
//   - https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsapplicationautoscaling.html
var appRows = []Row{
	{Type: "aws:ecs/cluster:Cluster", ARN: "{arn}", Calls: []Call{
		made("ecs:CreateCluster ecs:TagResource"), linked("ecs.amazonaws.com", "AWSServiceRoleForECS"), looked("ecs:DescribeClusters"),
		changed("ecs:UpdateCluster ecs:UpdateClusterSettings ecs:TagResource ecs:UntagResource"), removed("ecs:DeleteCluster"),
	}},
	{Type: "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders", ARN: "ecs:cluster/{clusterName}", Calls: []Call{
		made("ecs:PutClusterCapacityProviders"), looked("ecs:DescribeClusters"), changed("ecs:PutClusterCapacityProviders"), removed("ecs:PutClusterCapacityProviders"),
	}},
	{Type: "aws:ecs/taskDefinition:TaskDefinition", ARN: "{arn}", Calls: []Call{
		made("ecs:RegisterTaskDefinition ecs:TagResource"), passed(Create, "executionRoleArn", "ecs-tasks.amazonaws.com"), passed(Create, "taskRoleArn", "ecs-tasks.amazonaws.com"),
		read("ecs:DescribeTaskDefinition"), changed("ecs:TagResource ecs:UntagResource"), {When: Delete, Actions: "ecs:DeregisterTaskDefinition", On: "*"},
	}},
	// The command line reads why a deployment fails, and ends what an interrupted run has left.
	{Type: "aws:ecs/service:Service", ARN: "{id}", Calls: []Call{
		made("ecs:CreateService ecs:TagResource"), looked("ecs:DescribeServices ecs:ListTagsForResource"), read("ecs:DescribeTaskDefinition ecs:ListServices"),
		looked("ecs:ListServiceDeployments"), changed("ecs:UpdateService ecs:TagResource ecs:UntagResource"), removed("ecs:UpdateService ecs:DeleteService"),
	}},
	{Type: "aws:appautoscaling/target:Target", ARN: "{arn}", Calls: []Call{
		made("application-autoscaling:RegisterScalableTarget application-autoscaling:TagResource"),
		linked("ecs.application-autoscaling.amazonaws.com", "AWSServiceRoleForApplicationAutoScaling_ECSService"),
		made("ecs:DescribeServices ecs:UpdateService").on("ecs:{resourceId}"),
		read("application-autoscaling:DescribeScalableTargets"), looked("application-autoscaling:ListTagsForResource"),
		changed("application-autoscaling:RegisterScalableTarget application-autoscaling:TagResource application-autoscaling:UntagResource"),
		removed("application-autoscaling:DeregisterScalableTarget"),
	}},
	// The alarms of target tracking are made, changed and deleted in the caller's name.
	// https://docs.aws.amazon.com/autoscaling/application/userguide/security_iam_service-with-iam.html
	{Type: "aws:appautoscaling/policy:Policy", ARN: "{target}", Calls: []Call{
		made("application-autoscaling:PutScalingPolicy"), made("cloudwatch:PutMetricAlarm cloudwatch:DescribeAlarms").on(trackingAlarm),
		read("application-autoscaling:DescribeScalingPolicies"), changed("application-autoscaling:PutScalingPolicy"),
		{When: Update, Actions: "cloudwatch:PutMetricAlarm cloudwatch:DeleteAlarms cloudwatch:DescribeAlarms", On: trackingAlarm},
		removed("application-autoscaling:DeleteScalingPolicy"), removed("cloudwatch:DeleteAlarms").on(trackingAlarm),
	}},
	// Images are encrypted by a grant on the key, made and retired in the caller's name.
	// https://docs.aws.amazon.com/AmazonECR/latest/userguide/encryption-at-rest.html#encryption-at-rest-considerations
	{Type: "aws:ecr/repository:Repository", ARN: "{arn}", Calls: []Call{
		made("ecr:CreateRepository ecr:TagResource"), made("kms:DescribeKey kms:CreateGrant").on("{encryptionConfigurations[0].kmsKey}"),
		looked("ecr:DescribeRepositories ecr:ListTagsForResource"),
		changed("ecr:PutImageTagMutability ecr:PutImageScanningConfiguration ecr:TagResource ecr:UntagResource"),
		removed("ecr:DeleteRepository"), removed("kms:RetireGrant").on("{encryptionConfigurations[0].kmsKey}"),
	}},
	{Type: "aws:ecr/lifecyclePolicy:LifecyclePolicy", ARN: "ecr:repository/{repository}", Calls: []Call{
		made("ecr:PutLifecyclePolicy"), looked("ecr:GetLifecyclePolicy"), changed("ecr:PutLifecyclePolicy"), removed("ecr:DeleteLifecyclePolicy"),
	}},
	// https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html
	{Type: "docker:index/registryImage:RegistryImage", ARN: "ecr:repository/{name:repository}", Calls: []Call{
		{When: Create, Actions: "ecr:GetAuthorizationToken", On: "*"},
		made("ecr:BatchCheckLayerAvailability ecr:InitiateLayerUpload ecr:UploadLayerPart ecr:CompleteLayerUpload ecr:PutImage ecr:BatchGetImage ecr:GetDownloadUrlForLayer"),
		read("ecr:GetAuthorizationToken"), looked("ecr:BatchGetImage ecr:BatchCheckLayerAvailability ecr:GetDownloadUrlForLayer"),
	}},
}

const trackingAlarm = "cloudwatch:alarm:TargetTracking-{resourceId}-AlarmHigh-01234567-89ab-cdef-0123-456789abcdef"

// alarmRows are what CloudWatch, its logs, SNS and EventBridge take.
//   - https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html
//   - https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html
//   - https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html
//   - https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html
var alarmRows = []Row{
	{Type: "aws:cloudwatch/metricAlarm:MetricAlarm", ARN: "{arn}", Calls: []Call{
		made("cloudwatch:PutMetricAlarm cloudwatch:TagResource"), looked("cloudwatch:DescribeAlarms cloudwatch:ListTagsForResource"),
		changed("cloudwatch:PutMetricAlarm cloudwatch:TagResource cloudwatch:UntagResource"), removed("cloudwatch:DeleteAlarms"),
	}},
	{Type: "aws:cloudwatch/dashboard:Dashboard", ARN: "{dashboardArn}", Calls: []Call{
		made("cloudwatch:PutDashboard"), looked("cloudwatch:GetDashboard"), changed("cloudwatch:PutDashboard"), removed("cloudwatch:DeleteDashboards"),
	}},
	// Actions on a log group name it with its streams; tags are put on the group alone.
	// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
	{Type: "aws:cloudwatch/logGroup:LogGroup", ARN: "{arn}:log-stream:", Calls: []Call{
		made("logs:CreateLogGroup logs:PutRetentionPolicy"), made("logs:AssociateKmsKey").given("kmsKeyId"), made("logs:TagResource").on("{arn}"),
		read("logs:DescribeLogGroups"), looked("logs:ListTagsForResource").on("{arn}"),
		changed("logs:PutRetentionPolicy logs:DeleteRetentionPolicy logs:AssociateKmsKey logs:DisassociateKmsKey"), changed("logs:TagResource logs:UntagResource").on("{arn}"),
		removed("logs:DeleteLogGroup"),
	}},
	{Type: "aws:cloudwatch/logMetricFilter:LogMetricFilter", ARN: "logs:log-group:{logGroupName}:log-stream:", Calls: []Call{
		made("logs:PutMetricFilter"), looked("logs:DescribeMetricFilters"), changed("logs:PutMetricFilter"), removed("logs:DeleteMetricFilter"),
	}},
	{Type: "aws:cloudwatch/logResourcePolicy:LogResourcePolicy", ARN: "*", Calls: []Call{
		made("logs:PutResourcePolicy"), looked("logs:DescribeResourcePolicies"), changed("logs:PutResourcePolicy"), removed("logs:DeleteResourcePolicy"),
	}},
	{Type: "aws:cloudwatch/eventRule:EventRule", ARN: "{arn}", Calls: []Call{
		made("events:PutRule events:TagResource"), looked("events:DescribeRule events:ListTagsForResource"),
		changed("events:PutRule events:TagResource events:UntagResource"), removed("events:DeleteRule"),
	}},
	{Type: "aws:cloudwatch/eventTarget:EventTarget", ARN: "events:rule/{rule}", Calls: []Call{
		made("events:PutTargets"), passed(Create, "roleArn", "events.amazonaws.com"), looked("events:ListTargetsByRule"), changed("events:PutTargets"), removed("events:RemoveTargets"),
	}},
	// EventBridge keeps a connection's key in a secret, in the caller's name.
	// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-target-connection.html
	{Type: "aws:cloudwatch/eventConnection:EventConnection", ARN: "events:connection/{name}", Calls: []Call{
		made("events:CreateConnection"), made("secretsmanager:CreateSecret secretsmanager:UpdateSecret secretsmanager:GetSecretValue secretsmanager:PutSecretValue").on(connectionSecret),
		linked("apidestinations.events.amazonaws.com", "AWSServiceRoleForAmazonEventBridgeApiDestinations"), looked("events:DescribeConnection"),
		changed("events:UpdateConnection"), {When: Update, Actions: "secretsmanager:UpdateSecret secretsmanager:GetSecretValue secretsmanager:PutSecretValue", On: connectionSecret},
		removed("events:DeleteConnection"), removed("secretsmanager:DeleteSecret").on(connectionSecret),
	}},
	{Type: "aws:cloudwatch/eventApiDestination:EventApiDestination", ARN: "events:api-destination/{name}", Calls: []Call{
		made("events:CreateApiDestination").on("events:api-destination/{name} {connectionArn}"), looked("events:DescribeApiDestination").on("events:api-destination/{name} {connectionArn}"),
		changed("events:UpdateApiDestination"), removed("events:DeleteApiDestination"),
	}},
	{Type: "aws:sns/topic:Topic", ARN: "{arn}", Calls: []Call{
		made("sns:CreateTopic sns:TagResource sns:SetTopicAttributes"), looked("sns:GetTopicAttributes sns:ListTagsForResource"),
		changed("sns:SetTopicAttributes sns:TagResource sns:UntagResource"), removed("sns:DeleteTopic"),
	}},
	{Type: "aws:sns/topicPolicy:TopicPolicy", ARN: "{arn}", Calls: []Call{
		made("sns:SetTopicAttributes"), looked("sns:GetTopicAttributes"), changed("sns:SetTopicAttributes"), removed("sns:SetTopicAttributes"),
	}},
	{Type: "aws:sns/topicSubscription:TopicSubscription", ARN: "{topic}", Calls: []Call{
		made("sns:Subscribe"), looked("sns:GetSubscriptionAttributes sns:ListSubscriptionsByTopic"), removed("sns:Unsubscribe"),
	}},
}

const connectionSecret = "secretsmanager:secret:events!connection/{name}/01234567-89ab-cdef-0123-456789abcdef-AbCdEf"

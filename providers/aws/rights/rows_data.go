package rights

// roleRows are what IAM takes. A role with a boundary has it in each request that changes the role.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
var roleRows = []Row{
	{Type: "aws:iam/role:Role", ARN: "{arn}", Calls: []Call{
		made("iam:CreateRole iam:TagRole").with(boundary, "{permissionsBoundary}"), looked("iam:GetRole iam:ListRolePolicies iam:ListAttachedRolePolicies"),
		changed("iam:UpdateRole iam:UpdateRoleDescription iam:UpdateAssumeRolePolicy iam:TagRole iam:UntagRole"),
		changed("iam:PutRolePermissionsBoundary").with(boundary, "{permissionsBoundary}").given("permissionsBoundary"),
		removed("iam:ListInstanceProfilesForRole iam:DeleteRole").with(boundary, "{permissionsBoundary}"),
	}},
	{Type: "aws:iam/rolePolicy:RolePolicy", ARN: "iam:role/{role}", Calls: []Call{
		made("iam:PutRolePolicy").with(boundary, "{role:boundary}"), looked("iam:GetRolePolicy"),
		changed("iam:PutRolePolicy").with(boundary, "{role:boundary}"), removed("iam:DeleteRolePolicy").with(boundary, "{role:boundary}"),
	}},
	{Type: "aws:iam/rolePolicyAttachment:RolePolicyAttachment", ARN: "iam:role/{role}", Calls: []Call{
		made("iam:AttachRolePolicy").with(boundary, "{role:boundary}").with("iam:PolicyARN", "{policyArn}"), looked("iam:ListAttachedRolePolicies"),
		removed("iam:DetachRolePolicy").with(boundary, "{role:boundary}").with("iam:PolicyARN", "{policyArn}"),
	}},
}

const boundary = "iam:PermissionsBoundary"

// dataRows are what keys, secrets, database, cache and backups take. A service that encrypts for somebody asks for that one's right
// to the key.
//   - https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html
//   - https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html
//   - https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrds.html
//   - https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticache.html
//   - https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsbackup.html
var dataRows = []Row{
	{Type: "aws:kms/key:Key", ARN: "{arn}", Calls: []Call{
		made("kms:CreateKey").on("*"), made("kms:TagResource kms:EnableKeyRotation"), looked("kms:DescribeKey kms:GetKeyPolicy kms:GetKeyRotationStatus kms:ListResourceTags"),
		changed("kms:PutKeyPolicy kms:UpdateKeyDescription kms:EnableKeyRotation kms:TagResource kms:UntagResource"), removed("kms:ScheduleKeyDeletion"),
	}},
	{Type: "aws:kms/alias:Alias", ARN: "{arn} {targetKeyArn}", Calls: []Call{
		made("kms:CreateAlias"), read("kms:ListAliases"), changed("kms:UpdateAlias"), removed("kms:DeleteAlias"),
	}},
	// https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html#security-encryption-authz
	{Type: "aws:secretsmanager/secret:Secret", ARN: "{arn}", Calls: []Call{
		made("secretsmanager:CreateSecret secretsmanager:TagResource"), looked("secretsmanager:DescribeSecret secretsmanager:GetResourcePolicy"),
		changed("secretsmanager:UpdateSecret secretsmanager:TagResource secretsmanager:UntagResource"), removed("secretsmanager:DeleteSecret"),
		{When: Update, Actions: "kms:GenerateDataKey kms:Decrypt", On: "{kmsKeyId}"},
	}},
	{Type: "aws:secretsmanager/secretVersion:SecretVersion", ARN: "{arn}", Calls: []Call{
		made("secretsmanager:PutSecretValue"), made("kms:GenerateDataKey kms:Decrypt").on("{arn:key}").with("kms:ViaService", "secretsmanager.{region}.amazonaws.com"),
		looked("secretsmanager:GetSecretValue secretsmanager:DescribeSecret secretsmanager:ListSecretVersionIds"),
		looked("kms:Decrypt").on("{arn:key}").with("kms:ViaService", "secretsmanager.{region}.amazonaws.com"),
		changed("secretsmanager:PutSecretValue secretsmanager:UpdateSecretVersionStage"), removed("secretsmanager:UpdateSecretVersionStage"),
	}},
	// The master's password is a secret that RDS makes in the caller's name.
	//   - https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html#rds-secrets-manager-permissions
	//   - https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.Encryption.Keys.html
	{Type: "aws:rds/instance:Instance", ARN: "{arn}", Calls: []Call{
		made("rds:CreateDBInstance").on("{arn} rds:pg:{parameterGroupName} rds:subgrp:{dbSubnetGroupName} rds:og:default:postgres-17"), made("rds:AddTagsToResource"),
		linked("rds.amazonaws.com", "AWSServiceRoleForRDS"), passed(Create, "monitoringRoleArn", "monitoring.rds.amazonaws.com"),
		made("kms:DescribeKey kms:CreateGrant kms:GenerateDataKey kms:Decrypt").on("{kmsKeyId}"),
		made("secretsmanager:CreateSecret secretsmanager:TagResource").on("{masterUserSecrets[0].secretArn}"),
		looked("rds:DescribeDBInstances rds:ListTagsForResource"), read("ec2:DescribeSecurityGroups ec2:DescribeSubnets ec2:DescribeVpcs"),
		changed("rds:ModifyDBInstance").on("{arn} rds:pg:{parameterGroupName} rds:subgrp:{dbSubnetGroupName} rds:og:default:postgres-17"),
		changed("rds:RebootDBInstance rds:AddTagsToResource rds:RemoveTagsFromResource"), passed(Update, "monitoringRoleArn", "monitoring.rds.amazonaws.com"),
		{When: Update, Actions: "secretsmanager:CreateSecret secretsmanager:RotateSecret secretsmanager:TagResource", On: "{masterUserSecrets[0].secretArn}"},
		removed("rds:DeleteDBInstance"), removed("rds:CreateDBSnapshot").on("{arn} rds:snapshot:{finalSnapshotIdentifier}"), removed("rds:AddTagsToResource").on("rds:snapshot:{finalSnapshotIdentifier}"),
	}},
	{Type: "aws:rds/parameterGroup:ParameterGroup", ARN: "{arn}", Calls: []Call{
		made("rds:CreateDBParameterGroup rds:ModifyDBParameterGroup rds:AddTagsToResource"), looked("rds:DescribeDBParameterGroups rds:DescribeDBParameters rds:ListTagsForResource"),
		changed("rds:ModifyDBParameterGroup rds:ResetDBParameterGroup rds:AddTagsToResource rds:RemoveTagsFromResource"), removed("rds:DeleteDBParameterGroup"),
	}},
	{Type: "aws:rds/subnetGroup:SubnetGroup", ARN: "{arn}", Calls: []Call{
		made("rds:CreateDBSubnetGroup rds:AddTagsToResource"), looked("rds:DescribeDBSubnetGroups rds:ListTagsForResource"),
		changed("rds:ModifyDBSubnetGroup rds:AddTagsToResource rds:RemoveTagsFromResource"), removed("rds:DeleteDBSubnetGroup"),
	}},
	// https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Log_Delivery.html
	{Type: "aws:elasticache/replicationGroup:ReplicationGroup", ARN: "{arn}", Calls: []Call{
		made("elasticache:CreateReplicationGroup").on(cacheThings), made("elasticache:AddTagsToResource"), linked("elasticache.amazonaws.com", "AWSServiceRoleForElastiCache"),
		made("kms:DescribeKey kms:CreateGrant").on("{kmsKeyId}"), made(cacheLogs).on("*"),
		looked("elasticache:DescribeReplicationGroups elasticache:ListTagsForResource"), looked("elasticache:DescribeCacheClusters").on("elasticache:cluster:{memberClusters}"),
		changed("elasticache:ModifyReplicationGroup").on("{arn} elasticache:parametergroup:{parameterGroupName}"), changed("elasticache:IncreaseReplicaCount elasticache:DecreaseReplicaCount elasticache:AddTagsToResource elasticache:RemoveTagsFromResource"),
		{When: Update, Actions: cacheLogs, On: "*"}, removed("elasticache:DeleteReplicationGroup"), removed("kms:RetireGrant").on("{kmsKeyId}"), removed("logs:DeleteLogDelivery").on("*"),
	}},
	{Type: "aws:elasticache/parameterGroup:ParameterGroup", ARN: "{arn}", Calls: []Call{
		made("elasticache:CreateCacheParameterGroup elasticache:ModifyCacheParameterGroup elasticache:AddTagsToResource"),
		looked("elasticache:DescribeCacheParameterGroups elasticache:DescribeCacheParameters elasticache:ListTagsForResource"),
		changed("elasticache:ModifyCacheParameterGroup elasticache:ResetCacheParameterGroup elasticache:AddTagsToResource elasticache:RemoveTagsFromResource"),
		removed("elasticache:DeleteCacheParameterGroup"),
	}},
	{Type: "aws:elasticache/subnetGroup:SubnetGroup", ARN: "{arn}", Calls: []Call{
		made("elasticache:CreateCacheSubnetGroup elasticache:AddTagsToResource"), looked("elasticache:DescribeCacheSubnetGroups elasticache:ListTagsForResource"),
		changed("elasticache:ModifyCacheSubnetGroup elasticache:AddTagsToResource elasticache:RemoveTagsFromResource"), removed("elasticache:DeleteCacheSubnetGroup"),
	}},
	// https://docs.aws.amazon.com/aws-backup/latest/devguide/access-control.html
	{Type: "aws:backup/vault:Vault", ARN: "{arn}", Calls: []Call{
		made("backup:CreateBackupVault backup:TagResource"), made("backup-storage:MountCapsule").on("*"),
		made("kms:DescribeKey kms:CreateGrant kms:GenerateDataKey kms:Decrypt kms:RetireGrant").on("{kmsKeyArn}"), linked("backup.amazonaws.com", "AWSServiceRoleForBackup"),
		looked("backup:DescribeBackupVault backup:ListTags"), changed("backup:TagResource backup:UntagResource"), removed("backup:ListRecoveryPointsByBackupVault backup:DeleteBackupVault"),
		removed("backup:DeleteRecoveryPoint").on("rds:snapshot:awsbackup:job-01234567-89ab-cdef-0123-456789abcdef").given("forceDestroy"),
	}},
	{Type: "aws:backup/plan:Plan", ARN: "{arn}", Calls: []Call{
		made("backup:CreateBackupPlan backup:TagResource"), looked("backup:GetBackupPlan backup:ListTags"),
		changed("backup:UpdateBackupPlan backup:TagResource backup:UntagResource"), removed("backup:DeleteBackupPlan"),
	}},
	{Type: "aws:backup/selection:Selection", ARN: "backup:backup-plan:{planId}", Calls: []Call{
		made("backup:CreateBackupSelection"), passed(Create, "iamRoleArn", "backup.amazonaws.com"), looked("backup:GetBackupSelection"), removed("backup:DeleteBackupSelection"),
	}},
}

const (
	cacheThings = "{arn} elasticache:parametergroup:{parameterGroupName} elasticache:subnetgroup:{subnetGroupName}"
	cacheLogs   = "logs:CreateLogDelivery logs:GetLogDelivery logs:UpdateLogDelivery logs:ListLogDeliveries logs:DescribeLogGroups logs:DescribeResourcePolicies logs:PutResourcePolicy"
)

package rights

// edgeRows are what WAF, CloudFront, Certificate Manager and Route 53 take. CloudFront asks for GetBucketAcl and PutBucketAcl of the
// bucket that it logs to, and for what a VPC origin leads to.
//   - https://docs.aws.amazon.com/service-authorization/latest/reference/list_awswafv2.html
//   - https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudfront.html
//   - https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging-legacy-s3.html#AccessLogsBucketAndFileOwnership
//   - https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-vpc-origins.html
var edgeRows = []Row{
	{Type: "aws:wafv2/webAcl:WebAcl", ARN: "{arn}", Calls: []Call{
		made("wafv2:CreateWebACL").on("{arn} " + managedRules), made("wafv2:TagResource"), looked("wafv2:GetWebACL wafv2:ListTagsForResource"),
		changed("wafv2:UpdateWebACL").on("{arn} " + managedRules), changed("wafv2:TagResource wafv2:UntagResource"), removed("wafv2:DeleteWebACL"),
	}},
	// https://docs.aws.amazon.com/waf/latest/developerguide/security_iam_id-based-policy-examples.html
	{Type: "aws:wafv2/webAclAssociation:WebAclAssociation", ARN: "{webAclArn} {resourceArn}", Calls: []Call{
		made("wafv2:AssociateWebACL"), made("elasticloadbalancing:SetWebAcl").on("*"), made("elasticloadbalancing:CreateWebACLAssociation").on("{resourceArn}"),
		looked("wafv2:GetWebACLForResource").on("{webAclArn} {resourceArn}"), looked("elasticloadbalancing:GetLoadBalancerWebACL").on("{resourceArn}"), looked("wafv2:GetWebACL").on("{webAclArn}"),
		removed("wafv2:DisassociateWebACL elasticloadbalancing:DeleteWebACLAssociation").on("{resourceArn}"), removed("elasticloadbalancing:SetWebAcl").on("*"),
	}},
	// https://docs.aws.amazon.com/waf/latest/developerguide/logging-cw-logs.html
	{Type: "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration", ARN: "{resourceArn}", Calls: []Call{
		made("wafv2:PutLoggingConfiguration"), made("logs:CreateLogDelivery logs:DescribeLogGroups logs:DescribeResourcePolicies logs:PutResourcePolicy").on("*"),
		linked("wafv2.amazonaws.com", "AWSServiceRoleForWAFV2Logging"), looked("wafv2:GetLoggingConfiguration"), changed("wafv2:PutLoggingConfiguration"),
		removed("wafv2:DeleteLoggingConfiguration"), removed("logs:DeleteLogDelivery").on("*"),
	}},
	{Type: "aws:cloudfront/distribution:Distribution", ARN: "{arn}", Calls: []Call{
		made("cloudfront:CreateDistribution").on("*"), made("cloudfront:TagResource"), looked("cloudfront:GetDistribution cloudfront:ListTagsForResource"),
		changed("cloudfront:UpdateDistribution cloudfront:TagResource cloudfront:UntagResource"), removed("cloudfront:UpdateDistribution cloudfront:DeleteDistribution"),
	}},
	{Type: "aws:cloudfront/vpcOrigin:VpcOrigin", ARN: "{arn}", Calls: []Call{
		made("cloudfront:CreateVpcOrigin").on("*"), made("cloudfront:TagResource"),
		made("ec2:DescribeInternetGateways ec2:DescribeSecurityGroups ec2:DescribeSubnets elasticloadbalancing:DescribeLoadBalancers elasticloadbalancing:DescribeListeners").on("*"),
		linked("vpcorigin.cloudfront.amazonaws.com", "AWSServiceRoleForCloudFrontVPCOrigin"),
		looked("cloudfront:GetVpcOrigin cloudfront:ListTagsForResource"), changed("cloudfront:UpdateVpcOrigin cloudfront:TagResource cloudfront:UntagResource"), removed("cloudfront:DeleteVpcOrigin"),
	}},
	{Type: "aws:cloudfront/function:Function", ARN: "arn:{partition}:cloudfront::{account}:function/{name}", Calls: []Call{
		made("cloudfront:CreateFunction").on("*"), made("cloudfront:PublishFunction"), looked("cloudfront:DescribeFunction cloudfront:GetFunction"),
		changed("cloudfront:UpdateFunction cloudfront:PublishFunction"), removed("cloudfront:DeleteFunction"),
	}},
	{Type: "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy", ARN: "arn:{partition}:cloudfront::{account}:response-headers-policy/{id}", Calls: []Call{
		made("cloudfront:CreateResponseHeadersPolicy").on("*"), looked("cloudfront:GetResponseHeadersPolicy"),
		changed("cloudfront:UpdateResponseHeadersPolicy"), removed("cloudfront:DeleteResponseHeadersPolicy"),
	}},
	{Type: "aws:acm/certificate:Certificate", ARN: "{arn}", Calls: []Call{
		made("acm:RequestCertificate").on("*"), made("acm:AddTagsToCertificate"), looked("acm:DescribeCertificate acm:ListTagsForCertificate"),
		changed("acm:UpdateCertificateOptions acm:AddTagsToCertificate acm:RemoveTagsFromCertificate"), removed("acm:DeleteCertificate"),
	}},
	{Type: "aws:acm/certificateValidation:CertificateValidation", ARN: "{certificateArn}", Calls: []Call{looked("acm:DescribeCertificate")}},
	{Type: "aws:route53/record:Record", ARN: "arn:{partition}:route53:::hostedzone/{zoneId}", Calls: []Call{
		records(Create, "CREATE"), records(Create, "UPSERT"), looked("route53:GetHostedZone route53:ListResourceRecordSets"),
		looked("route53:GetChange").on("arn:{partition}:route53:::change/C0123456789EXAMPLE"), records(Update, "UPSERT"), records(Delete, "DELETE"),
	}},
}

const managedRules = "arn:{partition}:wafv2:{region}:aws:{scope:waf}/managedruleset/AWS/AWSManagedRulesCommonRuleSet"

// records is a change of a zone's records. Names in the request are in lower case and without a final dot.
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-rrset-conditions.html
func records(phase Phase, action string) Call {
	return Call{When: phase, Actions: "route53:ChangeResourceRecordSets"}.
		with("route53:ChangeResourceRecordSetsNormalizedRecordNames", "{name:dns}").
		with("route53:ChangeResourceRecordSetsRecordTypes", "{type}").
		with("route53:ChangeResourceRecordSetsActions", action)
}

// bucketRows are what S3 takes. The provider reads every setting of a bucket, whatever is set.
//   - https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
//   - https://github.com/hashicorp/terraform-provider-aws/blob/v5.100.0/internal/service/s3/bucket.go
var bucketRows = []Row{
	{Type: "aws:s3/bucketV2:BucketV2", ARN: "{arn}", Calls: []Call{
		made("s3:CreateBucket s3:PutBucketTagging"), changed("s3:PutBucketTagging"),
		looked("s3:ListBucket s3:GetBucketPolicy s3:GetBucketAcl s3:GetBucketCORS s3:GetBucketWebsite s3:GetBucketVersioning s3:GetAccelerateConfiguration s3:GetBucketRequestPayment " +
			"s3:GetBucketLogging s3:GetLifecycleConfiguration s3:GetReplicationConfiguration s3:GetEncryptionConfiguration s3:GetBucketObjectLockConfiguration s3:GetBucketLocation s3:GetBucketTagging"),
		{When: Create, Actions: "s3:GetBucketAcl s3:PutBucketAcl"}, // CloudFront, for its logs
		removed("s3:ListBucket s3:ListBucketVersions s3:DeleteBucket"),
		removed("s3:DeleteObject s3:DeleteObjectVersion").on("{arn}/requests/AWSLogs/x").given("forceDestroy"),
	}},
	bucketSetting("bucketOwnershipControls:BucketOwnershipControls", "s3:PutBucketOwnershipControls", "s3:GetBucketOwnershipControls", ""),
	bucketSetting("bucketPublicAccessBlock:BucketPublicAccessBlock", "s3:PutBucketPublicAccessBlock", "s3:GetBucketPublicAccessBlock", ""),
	bucketSetting("bucketPolicy:BucketPolicy", "s3:PutBucketPolicy", "s3:GetBucketPolicy", "s3:DeleteBucketPolicy"),
	bucketSetting("bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2", "s3:PutEncryptionConfiguration", "s3:GetEncryptionConfiguration", ""),
	bucketSetting("bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2", "s3:PutLifecycleConfiguration", "s3:GetLifecycleConfiguration", ""),
}

// bucketSetting is one setting of a bucket. S3 has no action of its own to delete most of them: that is putting, too.
func bucketSetting(kind, put, get, remove string) Row {
	if remove == "" {
		remove = put
	}
	return Row{Type: "aws:s3/" + kind, ARN: "arn:{partition}:s3:::{bucket}", Calls: []Call{made(put), looked(get), changed(put), removed(remove)}}
}

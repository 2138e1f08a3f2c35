package aws

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// The folders of the bucket with the load balancer's logs.
const (
	requestLogs    = "requests"
	connectionLogs = "connections"
)

// accessLogs makes the private bucket that the load balancer writes its logs to. Nothing but Elastic Load Balancing, for load
// balancers of this account, may write, and nobody may read without TLS. It is encrypted with S3's own key: the load
// balancer can write to no other. Objects are deleted after LogDays. There are no versions, as no object is ever written twice: they
// would only keep what has expired.
//
// The second output is the bucket's name once its policy stands: a load balancer refuses a bucket that it can't write to.
//   - https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
//   - https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html
func (p *Platform) accessLogs(ctx *pulumi.Context, opts []pulumi.ResourceOption) (pulumi.StringOutput, error) {
	name, opts := p.name("alb-logs", 63), p.cloudOpts(opts)
	bucket, err := s3.NewBucketV2(ctx, name, &s3.BucketV2Args{ForceDestroy: pulumi.Bool(!p.settings.Protect)}, opts...)
	if err != nil {
		return pulumi.StringOutput{}, fmt.Errorf("creating bucket of access logs: %w", err)
	}
	closed, err := s3.NewBucketPublicAccessBlock(ctx, name, &s3.BucketPublicAccessBlockArgs{
		Bucket: bucket.ID(), BlockPublicAcls: pulumi.Bool(true), BlockPublicPolicy: pulumi.Bool(true), IgnorePublicAcls: pulumi.Bool(true), RestrictPublicBuckets: pulumi.Bool(true),
	}, opts...)
	if err != nil {
		return pulumi.StringOutput{}, fmt.Errorf("closing bucket of access logs: %w", err)
	}
	if _, err := s3.NewBucketOwnershipControls(ctx, name, &s3.BucketOwnershipControlsArgs{
		Bucket: bucket.ID(), Rule: s3.BucketOwnershipControlsRuleArgs{ObjectOwnership: pulumi.String("BucketOwnerEnforced")},
	}, opts...); err != nil {
		return pulumi.StringOutput{}, fmt.Errorf("owning bucket of access logs: %w", err)
	}
	if _, err := s3.NewBucketServerSideEncryptionConfigurationV2(ctx, name, &s3.BucketServerSideEncryptionConfigurationV2Args{
		Bucket: bucket.ID(),
		Rules: s3.BucketServerSideEncryptionConfigurationV2RuleArray{s3.BucketServerSideEncryptionConfigurationV2RuleArgs{
			ApplyServerSideEncryptionByDefault: s3.BucketServerSideEncryptionConfigurationV2RuleApplyServerSideEncryptionByDefaultArgs{SseAlgorithm: pulumi.String("AES256")},
		}},
	}, opts...); err != nil {
		return pulumi.StringOutput{}, fmt.Errorf("encrypting bucket of access logs: %w", err)
	}
	if _, err := s3.NewBucketLifecycleConfigurationV2(ctx, name, &s3.BucketLifecycleConfigurationV2Args{
		Bucket: bucket.ID(),
		Rules: s3.BucketLifecycleConfigurationV2RuleArray{s3.BucketLifecycleConfigurationV2RuleArgs{
			Id: pulumi.String("expire"), Status: pulumi.String("Enabled"),
			Filter:                         s3.BucketLifecycleConfigurationV2RuleFilterArgs{Prefix: pulumi.String("")},
			Expiration:                     s3.BucketLifecycleConfigurationV2RuleExpirationArgs{Days: pulumi.Int(p.settings.LogDays)},
			AbortIncompleteMultipartUpload: s3.BucketLifecycleConfigurationV2RuleAbortIncompleteMultipartUploadArgs{DaysAfterInitiation: pulumi.Int(7)},
		}},
	}, opts...); err != nil {
		return pulumi.StringOutput{}, fmt.Errorf("limiting bucket of access logs: %w", err)
	}
	// S3 takes one change of a bucket's access at a time.
	policed, err := s3.NewBucketPolicy(ctx, name, &s3.BucketPolicyArgs{Bucket: bucket.ID(), Policy: p.accessLogsPolicy(bucket.Arn)}, append(opts, pulumi.DependsOn([]pulumi.Resource{closed}))...)
	if err != nil {
		return pulumi.StringOutput{}, fmt.Errorf("creating policy of the bucket of access logs: %w", err)
	}
	return policed.Bucket, nil
}

// accessLogsPolicy lets Elastic Load Balancing write, and refuses everything that comes without TLS. It writes the logs of another
// account's load balancer below that account's number, so the paths are what binds it. A condition on the source would turn the
// permission into none: unlike other services it does not say whom it writes for.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html#attach-bucket-policy
func (p *Platform) accessLogsPolicy(bucket pulumi.StringOutput) pulumi.StringOutput {
	var folders pulumi.StringArray
	for _, folder := range []string{requestLogs, connectionLogs} {
		folders = append(folders, pulumi.Sprintf("%s/%s/AWSLogs/%s/*", bucket, folder, p.account))
	}
	return policy(
		statement{
			"Sid": pulumi.String("LoadBalancersOfThisAccount"), "Effect": pulumi.String("Allow"), "Action": pulumi.String("s3:PutObject"), "Resource": folders,
			"Principal": pulumi.Map{"Service": pulumi.String("logdelivery.elasticloadbalancing.amazonaws.com")},
		},
		statement{
			"Sid": pulumi.String("NothingWithoutTLS"), "Effect": pulumi.String("Deny"), "Action": pulumi.String("s3:*"), "Principal": pulumi.String("*"),
			"Resource":  pulumi.StringArray{bucket, pulumi.Sprintf("%s/*", bucket)},
			"Condition": pulumi.Map{"Bool": pulumi.Map{"aws:SecureTransport": pulumi.String("false")}},
		},
	)
}

package aws

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// logBucket makes a private bucket for a service of AWS to write logs to. S3 encrypts it with a key of its own, since that is what
// every such service can write to, and deletes objects after LogDays. Nobody reaches it without TLS. There are no versions: no log
// is written twice, so they would only keep what has expired. A stack without Settings.Protect takes its logs with it.
//
// ownership is "BucketOwnerEnforced", or "BucketOwnerPreferred" for a service that writes by an access control list. more are the
// statements of the bucket's policy that let a service write, for the bucket's ARN; it may be nil. here are the resources'
// options, provider included. The second result is what a writer must wait for.
//   - https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html
//   - https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
//   - https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lifecycle-mgmt.html
func (p *Platform) logBucket(ctx *pulumi.Context, part, ownership string, more func(bucket pulumi.StringOutput) []statement, here []pulumi.ResourceOption) (*s3.BucketV2, []pulumi.Resource, error) {
	name := p.name(part, 63)
	bucket, err := s3.NewBucketV2(ctx, name, &s3.BucketV2Args{ForceDestroy: pulumi.Bool(!p.settings.Protect)}, here...)
	if err != nil {
		return nil, nil, fmt.Errorf("creating bucket %s: %w", part, err)
	}
	owned, err := s3.NewBucketOwnershipControls(ctx, name, &s3.BucketOwnershipControlsArgs{
		Bucket: bucket.ID(), Rule: s3.BucketOwnershipControlsRuleArgs{ObjectOwnership: pulumi.String(ownership)},
	}, here...)
	if err != nil {
		return nil, nil, fmt.Errorf("owning bucket %s: %w", part, err)
	}
	closed, err := s3.NewBucketPublicAccessBlock(ctx, name, &s3.BucketPublicAccessBlockArgs{
		Bucket:          bucket.ID(),
		BlockPublicAcls: pulumi.Bool(true), BlockPublicPolicy: pulumi.Bool(true), IgnorePublicAcls: pulumi.Bool(true), RestrictPublicBuckets: pulumi.Bool(true),
	}, here...)
	if err != nil {
		return nil, nil, fmt.Errorf("closing bucket %s: %w", part, err)
	}
	if err := p.limitLogs(ctx, name, bucket, here); err != nil {
		return nil, nil, err
	}
	statements := []statement{{
		"Sid": pulumi.String("NothingWithoutTLS"), "Effect": pulumi.String("Deny"), "Principal": pulumi.String("*"), "Action": pulumi.String("s3:*"),
		"Resource":  pulumi.StringArray{bucket.Arn, pulumi.Sprintf("%s/*", bucket.Arn)},
		"Condition": pulumi.Map{"Bool": pulumi.Map{"aws:SecureTransport": pulumi.String("false")}},
	}}
	if more != nil {
		statements = append(statements, more(bucket.Arn)...)
	}
	// S3 takes one change of a bucket's access at a time.
	ordered := append([]pulumi.ResourceOption{pulumi.DependsOn([]pulumi.Resource{owned, closed})}, here...)
	policed, err := s3.NewBucketPolicy(ctx, name, &s3.BucketPolicyArgs{Bucket: bucket.ID(), Policy: policy(statements...)}, ordered...)
	if err != nil {
		return nil, nil, fmt.Errorf("creating policy of bucket %s: %w", part, err)
	}
	return bucket, []pulumi.Resource{owned, closed, policed}, nil
}

// limitLogs sets how a bucket's objects are encrypted and when they are deleted.
//   - https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-bucket-encryption.html
//   - https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-expire-general-considerations.html
func (p *Platform) limitLogs(ctx *pulumi.Context, name string, bucket *s3.BucketV2, here []pulumi.ResourceOption) error {
	_, err := s3.NewBucketServerSideEncryptionConfigurationV2(ctx, name, &s3.BucketServerSideEncryptionConfigurationV2Args{
		Bucket: bucket.ID(),
		Rules: s3.BucketServerSideEncryptionConfigurationV2RuleArray{s3.BucketServerSideEncryptionConfigurationV2RuleArgs{
			ApplyServerSideEncryptionByDefault: s3.BucketServerSideEncryptionConfigurationV2RuleApplyServerSideEncryptionByDefaultArgs{SseAlgorithm: pulumi.String("AES256")},
		}},
	}, here...)
	if err != nil {
		return fmt.Errorf("encrypting bucket %s: %w", name, err)
	}
	_, err = s3.NewBucketLifecycleConfigurationV2(ctx, name, &s3.BucketLifecycleConfigurationV2Args{
		Bucket: bucket.ID(),
		Rules: s3.BucketLifecycleConfigurationV2RuleArray{s3.BucketLifecycleConfigurationV2RuleArgs{
			Id: pulumi.String("expire"), Status: pulumi.String("Enabled"),
			Filter:     s3.BucketLifecycleConfigurationV2RuleFilterArgs{Prefix: pulumi.String("")},
			Expiration: s3.BucketLifecycleConfigurationV2RuleExpirationArgs{Days: pulumi.Int(p.settings.LogDays)},
			AbortIncompleteMultipartUpload: s3.BucketLifecycleConfigurationV2RuleAbortIncompleteMultipartUploadArgs{
				DaysAfterInitiation: pulumi.Int(7),
			},
		}},
	}, here...)
	if err != nil {
		return fmt.Errorf("limiting bucket %s: %w", name, err)
	}
	return nil
}

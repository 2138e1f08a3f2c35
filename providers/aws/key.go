package aws

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// key is the stack's own encryption key.
type key struct{ arn, id pulumi.StringOutput }

// makeKey makes the key that database, cache, secrets, logs, images and notifications are encrypted with.
func (p *Platform) makeKey(ctx *pulumi.Context) error {
	made, err := p.newKey(ctx, "key", p.settings.Region, p.cloudOpts([]pulumi.ResourceOption{pulumi.Parent(p)}))
	if err != nil {
		return err
	}
	p.key = key{arn: made.Arn, id: made.KeyId}
	return nil
}

// newKey makes an encryption key in a region, and a name for it. It is rotated once a year, and its deletion takes 30 days, in
// which it can be called off: what it encrypts is lost with it. In production it is not even deleted with the stack, since the
// last snapshot of the database and the backups, which outlive the stack, could not be opened without it: they end up as an
// account's own key, which costs one dollar a month until somebody schedules its deletion by hand.
//   - https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html
//   - https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html
//   - https://www.pulumi.com/docs/iac/concepts/options/retainondelete/
func (p *Platform) newKey(ctx *pulumi.Context, part, region string, opts []pulumi.ResourceOption) (*kms.Key, error) {
	made, err := kms.NewKey(ctx, p.name(part, 128), &kms.KeyArgs{
		Description:          pulumi.Sprintf("Slipway %s/%s: data at rest", p.project, p.stack),
		EnableKeyRotation:    pulumi.Bool(true),
		DeletionWindowInDays: pulumi.Int(30),
		Policy:               policy(p.keyStatements(region)...),
	}, append(opts, pulumi.RetainOnDelete(p.settings.Prod))...)
	if err != nil {
		return nil, fmt.Errorf("creating encryption key: %w", err)
	}
	if _, err := kms.NewAlias(ctx, p.name(part, 128), &kms.AliasArgs{TargetKeyId: made.KeyId}, opts...); err != nil {
		return nil, fmt.Errorf("creating the key's alias: %w", err)
	}
	return made, nil
}

// keyStatements say who may use the key. The first one lets the account's own IAM policies decide, and is all that the services need
// which use a key on behalf of whoever calls them: Secrets Manager, and by grants RDS, ElastiCache, ECR and AWS Backup. CloudWatch
// uses the key by itself, to keep logs and to send alarms to an encrypted topic, and is named. EventBridge is not: nothing of the
// stack sends to the topic through it, and its statement could hold no condition, which it does not support there. In a key's
// policy the resource "*" is the key itself.
//   - https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
//   - https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
//   - https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.Encryption.Keys.html
//   - https://docs.aws.amazon.com/AmazonECR/latest/userguide/encryption-at-rest.html
//   - https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/at-rest-encryption.html
//   - https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
//   - https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#compatibility-with-aws-services
func (p *Platform) keyStatements(region string) []statement {
	allow := func(id string, principal pulumi.Map, condition pulumi.Map, actions ...string) statement {
		s := statement{
			"Sid": pulumi.String(id), "Effect": pulumi.String("Allow"), "Principal": principal, "Action": list(actions...), "Resource": pulumi.String("*"),
		}
		if condition != nil {
			s["Condition"] = condition
		}
		return s
	}
	return []statement{
		allow("AccountAdministers", pulumi.Map{"AWS": pulumi.Sprintf("arn:%s:iam::%s:root", p.part, p.account)}, nil, "kms:*"),
		allow("LogGroupsOfThisAccount", pulumi.Map{"Service": pulumi.Sprintf("logs.%s.%s", region, p.dns)},
			pulumi.Map{"ArnLike": pulumi.Map{"kms:EncryptionContext:aws:logs:arn": pulumi.Sprintf("arn:%s:logs:%s:%s:log-group:*", p.part, region, p.account)}},
			"kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"),
		allow("AlarmsOfThisAccount", pulumi.Map{"Service": pulumi.String("cloudwatch.amazonaws.com")},
			pulumi.Map{"StringEquals": pulumi.Map{"aws:SourceAccount": pulumi.String(p.account)}},
			"kms:Decrypt", "kms:GenerateDataKey*"),
	}
}

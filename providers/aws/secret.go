package aws

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/secretsmanager"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// StoreSecret puts a secret into Secrets Manager. The reference is the ARN of the secret with the version that holds the value, in the
// form that a container definition takes: a new value makes a new task definition, so that it reaches the tasks with this update and
// not whenever one of them happens to start.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
func (p *Platform) StoreSecret(ctx *pulumi.Context, name string, a components.SecretArgs, opts ...pulumi.ResourceOption) (components.SecretState, error) {
	ref, err := p.storeSecret(ctx, name, a.Value, opts)
	return components.SecretState{Ref: ref}, err
}

// storeSecret makes a secret, encrypted with the stack's key, and its only version. Pulumi makes the name unique, so that neither
// the days in which a deleted secret can be restored (30 in prod, else 7) nor a second stack stand in the way of making it again.
// The reference is known when the value is stored: a task that starts earlier would not start at all. The version before stays
// readable, for a deployment that goes back.
//   - https://docs.aws.amazon.com/secretsmanager/latest/userguide/create_secret.html
//   - https://docs.aws.amazon.com/secretsmanager/latest/userguide/manage_delete-secret.html
//   - https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html
func (p *Platform) storeSecret(ctx *pulumi.Context, name string, value pulumi.StringInput, opts []pulumi.ResourceOption) (components.SecretRef, error) {
	days := 7
	if p.settings.Prod {
		days = 30
	}
	secret, err := secretsmanager.NewSecret(ctx, p.name(name, 512), &secretsmanager.SecretArgs{
		Description:          pulumi.Sprintf("Slipway %s/%s: %s", p.project, p.stack, name),
		KmsKeyId:             p.key.arn,
		RecoveryWindowInDays: pulumi.Int(days),
	}, p.cloudOpts(opts)...)
	if err != nil {
		return components.SecretRef{}, fmt.Errorf("creating secret %s: %w", name, err)
	}
	version, err := secretsmanager.NewSecretVersion(ctx, p.name(name, 512), &secretsmanager.SecretVersionArgs{
		SecretId:     secret.ID(),
		SecretString: pulumi.ToSecret(value).(pulumi.StringOutput),
	}, p.cloudOpts(opts)...)
	if err != nil {
		return components.SecretRef{}, fmt.Errorf("storing secret %s: %w", name, err)
	}
	return components.SecretRef{StringOutput: pulumi.Sprintf("%s:::%s", version.Arn, version.VersionId)}, nil
}

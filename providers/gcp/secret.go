package gcp

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/secretmanager"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// StoreSecret puts a secret into Secret Manager, for the app's account alone. The reference names the version that holds the value: a new
// value makes a new revision, so that it reaches the instances with this update and not whenever one of them happens to start.
// https://cloud.google.com/run/docs/configuring/services/secrets
func (p *Platform) StoreSecret(ctx *pulumi.Context, name string, a components.SecretArgs, opts ...pulumi.ResourceOption) (components.SecretState, error) {
	ref, err := p.storeSecret(ctx, name, a.Value, []identity{p.run}, opts)
	return components.SecretState{Ref: ref}, err
}

// storeSecret makes a secret in the stack's region, encrypted with its key if it has one, and gives it to those who read it. The
// reference is known when they may. The version before is kept: a revision that goes on serving, or goes back to serving, starts its
// instances with it. All versions end with the secret.
//
// Secret Manager doesn't change where a secret is or what it is encrypted with, so both are part of its id.
//   - https://cloud.google.com/secret-manager/docs/choosing-replication
//   - https://cloud.google.com/secret-manager/docs/cmek
//   - https://cloud.google.com/secret-manager/docs/manage-access-to-secrets
func (p *Platform) storeSecret(ctx *pulumi.Context, name string, value pulumi.StringInput, readers []identity, opts []pulumi.ResourceOption) (components.SecretRef, error) {
	none, part := components.SecretRef{}, name
	replica := secretmanager.SecretReplicationUserManagedReplicaArgs{Location: pulumi.String(p.settings.Region)}
	if p.key.made {
		part += "-own-key"
		replica.CustomerManagedEncryption = secretmanager.SecretReplicationUserManagedReplicaCustomerManagedEncryptionArgs{KmsKeyName: p.key.id}
	}
	secret, err := secretmanager.NewSecret(ctx, p.name(name, 255), &secretmanager.SecretArgs{
		SecretId: pulumi.String(p.fixed(part, 255)), Project: pulumi.String(p.account),
		Replication: secretmanager.SecretReplicationArgs{UserManaged: secretmanager.SecretReplicationUserManagedArgs{
			Replicas: secretmanager.SecretReplicationUserManagedReplicaArray{replica},
		}},
	}, p.cloudOpts(opts)...)
	if err != nil {
		return none, fmt.Errorf("creating secret %s: %w", name, err)
	}
	version, err := secretmanager.NewSecretVersion(ctx, p.name(name, 255), &secretmanager.SecretVersionArgs{
		Secret: secret.ID(), SecretData: pulumi.ToSecret(value).(pulumi.StringOutput), DeletionPolicy: pulumi.String("ABANDON"),
	}, p.cloudOpts(opts)...)
	if err != nil {
		return none, fmt.Errorf("storing secret %s: %w", name, err)
	}
	var given []pulumi.Resource
	for _, who := range readers {
		member, err := secretmanager.NewSecretIamMember(ctx, p.name(name+"-"+who.name, 255), &secretmanager.SecretIamMemberArgs{
			Project: pulumi.String(p.account), SecretId: secret.SecretId, Role: pulumi.String("roles/secretmanager.secretAccessor"), Member: who.member,
		}, p.cloudOpts(opts)...)
		if err != nil {
			return none, fmt.Errorf("giving secret %s to %s: %w", name, who.name, err)
		}
		given = append(given, member)
	}
	return components.SecretRef{StringOutput: after(ctx, pulumi.Sprintf("%s/versions/%s", secret.SecretId, version.Version), given...)}, nil
}

// secretVersion takes a reference apart: the secret's id and the number of its version.
func secretVersion(ref components.SecretRef) (id, version pulumi.StringOutput) {
	part := func(i int) pulumi.StringOutput {
		return ref.ApplyT(func(text string) (string, error) {
			id, version, ok := strings.Cut(text, "/versions/")
			if !ok || id == "" || version == "" {
				return "", fmt.Errorf("a secret has the reference %q, which names no version", text)
			}
			return []string{id, version}[i], nil
		}).(pulumi.StringOutput)
	}
	return part(0), part(1)
}

package azure

import (
	"fmt"
	"strings"

	keyvault "github.com/pulumi/pulumi-azure-native-sdk/keyvault/v2/v20241101"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// StoreSecret puts a secret into the stack's vault. The reference is the secret's address with its version: a new value makes a new
// revision of the app, so that it reaches the instances with this update and not whenever one of them happens to start. Names in a vault
// know no case: those of the app's own variables begin with app-, and no other does.
// https://learn.microsoft.com/azure/container-apps/manage-secrets#reference-secret-from-key-vault
func (p *Platform) StoreSecret(ctx *pulumi.Context, name string, a components.SecretArgs, opts ...pulumi.ResourceOption) (components.SecretState, error) {
	ref, err := p.storeSecret(ctx, "app-"+name, a.Value, opts)
	return components.SecretState{Ref: ref}, err
}

// storeSecret writes a secret through Azure's management. Its name takes hyphens but no underscores, which names of environment
// variables have instead. Versions before stay readable, for a revision that is gone back to. A secret that leaves the program stays
// in the vault: deleting one is a matter of the vault's own interface, which this program has no way and no right to. It is gone with
// the vault. They are written one after the other: two at a time can end in a conflict. None has a date of expiry: nothing here would renew it, so it would only be the date of an outage.
//   - https://learn.microsoft.com/azure/templates/microsoft.keyvault/2024-11-01/vaults/secrets
//   - https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates#objects-identifiers-and-versioning
//   - https://www.pulumi.com/docs/iac/concepts/options/retainondelete/
//   - https://github.com/pulumi/pulumi-azure-native/issues/1013
func (p *Platform) storeSecret(ctx *pulumi.Context, name string, value pulumi.StringInput, opts []pulumi.ResourceOption) (components.SecretRef, error) {
	more := []pulumi.ResourceOption{pulumi.RetainOnDelete(true)}
	if p.vault.last != nil {
		more = append(more, pulumi.DependsOn([]pulumi.Resource{p.vault.last}))
	}
	made, err := keyvault.NewSecret(ctx, name, &keyvault.SecretArgs{
		ResourceGroupName: p.group, VaultName: p.vault.name, SecretName: pulumi.String(strings.ReplaceAll(name, "_", "-")),
		Properties: keyvault.SecretPropertiesArgs{
			Value:       pulumi.ToSecret(value).(pulumi.StringOutput),
			ContentType: pulumi.String("text/plain"),
			Attributes:  keyvault.SecretAttributesArgs{Enabled: pulumi.Bool(true)},
		},
	}, p.cloudOpts(opts, more...)...)
	if err != nil {
		return components.SecretRef{}, fmt.Errorf("storing secret %s: %w", name, err)
	}
	p.vault.last = made
	return components.SecretRef{StringOutput: public(made.Properties.SecretUriWithVersion())}, nil
}

// public takes the mark off what comes out of a resource with a secret in it and is none itself: the address of a secret.
// https://www.pulumi.com/docs/iac/concepts/secrets/
func public(text pulumi.StringOutput) pulumi.StringOutput {
	return pulumi.Unsecret(text).(pulumi.StringOutput)
}

package azure

import (
	"fmt"

	keyvault "github.com/pulumi/pulumi-azure-native-sdk/keyvault/v2/v20241101"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// vault holds the stack's secrets. name is known when the app may read what is in it.
type vault struct {
	name pulumi.StringOutput
	last pulumi.Resource // the secret that was written last
}

// Days in which a deleted vault can be restored. In that time it can't be purged by anybody, and nobody else can have its name.
const deletedDaysDev, deletedDaysProd = 7, 90

// makeVault makes the vault: rights by roles, purge protection, and a private endpoint as the only way in, in dev too: whether Container
// Apps reads a secret from a subnet's service endpoint or from an address of its own has changed more than once. Secrets are written
// through Azure's management, which the vault's network rules don't concern, so a pipeline needs no way into the network.
//
// The stack's identities may read every secret in it and nothing else: the vault is made for this one app, and holds nothing that is not
// for it. No container is offered either of them, so the app has what its definition gives it, and not the database's administrator. The
// assignments are on the vault and not on each secret because it takes up to ten minutes until one holds, and they then stand before the
// first secret does. Its name has the stack's random end: a vault that was deleted stays in the way of its name.
//   - https://learn.microsoft.com/azure/key-vault/general/rbac-guide
//   - https://learn.microsoft.com/azure/key-vault/general/soft-delete-overview
//   - https://learn.microsoft.com/azure/key-vault/general/network-security
//   - https://github.com/microsoft/azure-container-apps/issues/1287
//   - https://learn.microsoft.com/azure/role-based-access-control/troubleshooting#symptom---role-assignment-changes-are-not-being-detected
func (p *Platform) makeVault(ctx *pulumi.Context) error {
	opts := []pulumi.ResourceOption{pulumi.Parent(p)}
	days := deletedDaysDev
	if p.settings.Prod {
		days = deletedDaysProd
	}
	made, err := keyvault.NewVault(ctx, "vault", &keyvault.VaultArgs{
		ResourceGroupName: p.group, VaultName: p.global(24, "-"), Properties: keyvault.VaultPropertiesArgs{
			TenantId: pulumi.String(p.tenant), Sku: keyvault.SkuArgs{Family: pulumi.String("A"), Name: keyvault.SkuNameStandard},
			EnableRbacAuthorization: pulumi.Bool(true), EnablePurgeProtection: pulumi.Bool(true),
			EnableSoftDelete: pulumi.Bool(true), SoftDeleteRetentionInDays: pulumi.Int(days),
			PublicNetworkAccess: pulumi.String("Disabled"),
			NetworkAcls:         keyvault.NetworkRuleSetArgs{DefaultAction: pulumi.String("Deny"), Bypass: pulumi.String("AzureServices")},
		},
	}, p.cloudOpts(opts, pulumi.Protect(p.settings.Protect))...)
	if err != nil {
		return fmt.Errorf("creating key vault: %w", err)
	}
	ready, err := p.assignAll(ctx, "vault-secrets", readSecrets, made.ID(), opts)
	if err != nil {
		return err
	}
	reachable, err := p.connect(ctx, "vault", "vault", "privatelink.vaultcore.azure.net", made.ID(), opts)
	if err != nil {
		return err
	}
	if err := p.diagnose(ctx, "vault", made.ID(), true, true, opts); err != nil {
		return err
	}
	p.vault = vault{name: after(ctx, made.Name, append(ready, reachable)...)}
	return nil
}

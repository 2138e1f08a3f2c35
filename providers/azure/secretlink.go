package azure

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	app "github.com/pulumi/pulumi-azure-native-sdk/app/v2/v20241002preview"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// secretLink is a secret of an app or a job: whose it is, the variable that it becomes, and its address in the vault, with its version.
type secretLink struct {
	owner, variable string
	ref             pulumi.StringOutput
}

// secretName is the name of a secret in an app or a job. It holds a hash of the address, and so of the version: secrets belong to the app
// as a whole, and under a name that stays, a value that a candidate brings would reach the next replica of the revision that serves.
// https://learn.microsoft.com/azure/container-apps/manage-secrets
func secretName(owner, variable, address string) string {
	sum := sha256.Sum256([]byte(address))
	return clean(owner+"-"+variable) + "-" + hex.EncodeToString(sum[:4])
}

// links are the secrets of one container, in a fixed order.
func links(owner string, secrets map[string]components.SecretRef) []secretLink {
	var all []secretLink
	for _, variable := range slices.Sorted(maps.Keys(secrets)) {
		all = append(all, secretLink{owner, variable, secrets[variable].StringOutput})
	}
	return all
}

// addresses are the secrets' addresses, in the same order.
func addresses(all []secretLink) pulumi.StringArray {
	out := pulumi.StringArray{}
	for _, s := range all {
		out = append(out, s.ref)
	}
	return out
}

// secrets refers to the vault; Azure reads the values with an identity, and none stands in the definition. kept are added behind them.
// https://learn.microsoft.com/azure/container-apps/manage-secrets#reference-secret-from-key-vault
func (p *Platform) secrets(all []secretLink, running *runningApp, who identity) app.SecretArrayOutput {
	return pulumi.All(addresses(all), who.id).ApplyT(func(v []any) []app.Secret {
		known, reader := v[0].([]string), v[1].(string)
		var out []app.Secret
		for i, s := range all {
			name := secretName(s.owner, s.variable, known[i])
			out = append(out, app.Secret{Name: &name, KeyVaultUrl: &known[i], Identity: &reader})
		}
		return append(out, running.kept(out)...)
	}).(app.SecretArrayOutput)
}

// digestOf is a hash of values as they are once they are known.
func digestOf(values ...any) pulumi.StringOutput {
	return pulumi.All(values...).ApplyT(func(v []any) (string, error) {
		text, err := json.Marshal(v)
		if err != nil {
			return "", fmt.Errorf("hashing: %w", err)
		}
		sum := sha256.Sum256(text)
		return hex.EncodeToString(sum[:6]), nil
	}).(pulumi.StringOutput)
}

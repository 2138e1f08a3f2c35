package simulate

import (
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// providerReplaces lists the settings of a provider whose change replaces everything that it has made.
//   - aws: pulumi-aws v6 replaces where the region changes (https://github.com/pulumi/pulumi-aws/pull/4000; v7 does so no more,
//     https://github.com/pulumi/pulumi-aws/pull/5656). Another account only fails: the credentials are of another one.
//   - gcp: each resource without a project of its own compares the provider's with the one in its state, and is replaced
//     (https://github.com/hashicorp/terraform-provider-google/blob/main/google/tpgresource/common_diff_suppress.go and
//     DefaultProviderProject in field_helpers.go beside it); the region stands in each resource.
//   - azure-native: its DiffConfig answers nothing at all, so resources stay in the old subscription, and new ones go to the new one
//     (https://github.com/pulumi/pulumi-azure-native/blob/v2/provider/pkg/provider/provider.go).
var providerReplaces = map[string]string{"aws": "region", "gcp": "project"}

// providerRule is the rule of a provider. A setting that the old state does not have replaces nothing, since it may only not be recorded.
// https://github.com/pulumi/pulumi-terraform-bridge/pull/1958
func providerRule(urn resource.URN, olds resource.PropertyMap) rule {
	if !urn.IsValid() {
		return rule{}
	}
	name := strings.TrimPrefix(string(urn.Type()), "pulumi:providers:")
	return rule{replaces: slices.DeleteFunc(strings.Fields(providerReplaces[name]), func(key string) bool {
		v, ok := olds[resource.PropertyKey(key)]
		return !ok || v.IsNull()
	})}
}

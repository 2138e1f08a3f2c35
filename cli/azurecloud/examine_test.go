package azurecloud

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-iac/slipway/cli/toolchain"
	"github.com/slipway-iac/slipway/providers/azure/spec"
	"github.com/slipway-iac/slipway/stacks"
)

// subscribed is a subscription in which a stack of tier prod can be made in Sweden Central.
func subscribed() answers {
	var providers []any
	for _, name := range spec.Providers {
		kinds := map[string]string{"Microsoft.App": "managedEnvironments", "Microsoft.Cache": "redisEnterprise", "Microsoft.DBforPostgreSQL": "flexibleServers"}
		providers = append(providers, map[string]any{"namespace": name, "registrationState": "Registered", "resourceTypes": []any{
			map[string]any{"resourceType": kinds[name], "locations": []string{"West Europe", "Sweden Central"}},
		}})
	}
	return answers{
		"GET /subscriptions/s":           map[string]any{},
		"GET /subscriptions/s/providers": map[string]any{"value": providers},
		"GET /subscriptions/s/providers/Microsoft.App/locations/swedencentral/usages": map[string]any{"value": []any{
			map[string]any{"name": map[string]any{"value": "ManagedEnvironmentCount"}, "currentValue": 3, "limit": 20},
		}},
		"GET /subscriptions/s/providers/Microsoft.DBforPostgreSQL/locations/swedencentral/capabilities": map[string]any{"value": []any{capabilities("Enabled", "Disabled", "Standard_D4ds_v5")}},
	}
}

func capabilities(offered, restricted, sku string) map[string]any {
	return map[string]any{
		"restricted": restricted, "zoneRedundantHaSupported": offered, "geoBackupSupported": offered, "supportedServerVersions": []any{map[string]any{"name": "16"}},
		"supportedServerEditions": []any{map[string]any{"supportedServerSkus": []any{map[string]any{"name": sku}}}},
	}
}

func TestExamine(t *testing.T) {
	conf := stacks.Config{Tier: stacks.TierProd, Region: "swedencentral", App: stacks.App{Name: "links", CPU: 0.5}, Azure: stacks.Azure{SubscriptionID: "s", GeoBackup: true}}
	conf.App.Replicas.Max, conf.Cache.Enabled = 10, true
	conf.Database = stacks.Database{Enabled: true, Size: "medium", Version: 16, HA: true}
	for _, row := range []struct {
		name   string
		change func(answers, *stacks.Config)
		want   []string // names of what is missing
	}{
		{"everything is there", nil, nil},
		{"a provider is not registered", func(a answers, _ *stacks.Config) {
			list := a["GET /subscriptions/s/providers"].(map[string]any)["value"].([]any)
			list[1].(map[string]any)["registrationState"] = "NotRegistered"
		}, []string{"azure resource providers"}},
		{"Managed Redis is not sold there", func(a answers, _ *stacks.Config) {
			list := a["GET /subscriptions/s/providers"].(map[string]any)["value"].([]any)
			list[1].(map[string]any)["resourceTypes"].([]any)[0].(map[string]any)["locations"] = []string{"West Europe"}
		}, []string{"Microsoft.Cache/redisEnterprise"}},
		{"no environment is left", func(a answers, _ *stacks.Config) {
			a["GET /subscriptions/s/providers/Microsoft.App/locations/swedencentral/usages"] = map[string]any{"value": []any{
				map[string]any{"name": map[string]any{"value": "ManagedEnvironmentCount"}, "currentValue": 20, "limit": 20},
			}}
		}, []string{"Container Apps environments"}},
		{"too many cores", func(_ answers, c *stacks.Config) { c.App.Replicas.Max, c.App.CPU = 60, 2 }, []string{"Container Apps cores"}},
		{"PostgreSQL offers none of it", func(a answers, _ *stacks.Config) {
			a["GET /subscriptions/s/providers/Microsoft.DBforPostgreSQL/locations/swedencentral/capabilities"] = map[string]any{"value": []any{capabilities("Disabled", "Enabled", "Standard_B1ms")}}
		}, []string{"region", "database.size", "database.ha", "azure.geoBackup"}},
		{"PostgreSQL can't be asked", func(a answers, _ *stacks.Config) {
			delete(a, "GET /subscriptions/s/providers/Microsoft.DBforPostgreSQL/locations/swedencentral/capabilities")
		}, []string{"azure"}},
	} {
		all, c := subscribed(), conf
		if row.change != nil {
			row.change(all, &c)
		}
		target, asked := azureWith(t, all)
		var missing []string
		for _, f := range target.Examine(t.Context(), c) {
			if (f.Status == toolchain.OK) != (f.Fix == "") || f.Detail == "" {
				t.Errorf("%s: %+v", row.name, f)
			}
			if f.Status != toolchain.OK {
				missing = append(missing, f.Name)
			}
		}
		if !slices.Equal(missing, row.want) {
			t.Errorf("%s: missing are %q, want %q", row.name, missing, row.want)
		}
		for _, call := range *asked {
			if !strings.HasPrefix(call, "GET ") {
				t.Errorf("%s: %s changes something", row.name, call)
			}
		}
	}
	target := Target{Client: &Client{Management: "http://127.0.0.1:1", Token: func(context.Context, string) (string, error) { return "", errors.New("not signed in") }}}
	if got := target.Examine(t.Context(), conf); len(got) != 1 || got[0].Status == toolchain.OK || got[0].Fix != signInAdvice {
		t.Errorf("without credentials: %+v", got)
	}
}

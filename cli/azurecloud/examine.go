package azurecloud

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/slipway-iac/slipway/cli"
	"github.com/slipway-iac/slipway/cli/toolchain"
	"github.com/slipway-iac/slipway/providers/azure/spec"
	"github.com/slipway-iac/slipway/stacks"
)

var _ cli.Examiner = Target{}

// examination asks one subscription about one configuration.
type examination struct {
	client       *Client
	subscription string // the path
	config       stacks.Config
	found        []toolchain.Finding
}

// Examine asks the subscription, before anything is made, whether the configuration can be made there: resource providers, what the region
// offers it of Container Apps, PostgreSQL and Managed Redis, and what is left of its quotas. Where nobody is signed in, that is the one finding.
func (t Target) Examine(ctx context.Context, c stacks.Config) []toolchain.Finding {
	client := t.client()
	id, err := client.subscription(ctx, c.Azure.SubscriptionID)
	e := &examination{client: client, subscription: "/subscriptions/" + id, config: c}
	if err == nil {
		err = client.get(ctx, e.subscription, "2022-12-01", nil, &struct{}{})
	}
	if err != nil {
		return []toolchain.Finding{{Name: "azure subscription", Status: toolchain.Missing, Detail: err.Error(), Fix: signInAdvice}}
	}
	e.note("azure subscription", id, "")
	for _, ask := range []func(context.Context) error{e.providers, e.environments, e.database} {
		if err := ask(ctx); err != nil {
			e.note("azure", "the subscription can't be asked: "+err.Error(), "give whoever is signed in the role Reader, and try again")
		}
	}
	return e.found
}

// note adds a finding; with a fix it is one that something must be done about.
func (e *examination) note(name, detail, fix string) {
	status := toolchain.OK
	if fix != "" {
		status = toolchain.Missing
	}
	e.found = append(e.found, toolchain.Finding{Name: name, Status: status, Detail: detail, Fix: fix})
}

// sold are the types of which a region may have none, with the provider that has them.
func (e *examination) sold() map[string][]string {
	all := map[string][]string{"Microsoft.App": {"managedEnvironments", "containerApps", "jobs"}}
	if e.config.Database.Enabled {
		all["Microsoft.DBforPostgreSQL"] = []string{"flexibleServers"}
	}
	if e.config.Cache.Enabled {
		all["Microsoft.Cache"] = []string{"redisEnterprise"}
	}
	return all
}

// providers asks which resource providers are registered, and in which regions what they make is sold.
// https://learn.microsoft.com/rest/api/resources/providers/list
func (e *examination) providers(ctx context.Context) error {
	type provider struct {
		Namespace, RegistrationState string
		ResourceTypes                []struct {
			ResourceType string
			Locations    []string
		}
	}
	all, err := list[provider](ctx, e.client, e.subscription+"/providers", "2021-04-01", nil)
	if err != nil {
		return err
	}
	var missing []string
	for _, name := range spec.Providers {
		registered := func(p provider) bool {
			return strings.EqualFold(p.Namespace, name) && p.RegistrationState == "Registered"
		}
		if !slices.ContainsFunc(all, registered) {
			missing = append(missing, name)
		}
	}
	fix := ""
	if len(missing) > 0 {
		fix = "for p in " + strings.Join(missing, " ") + "; do az provider register --namespace $p; done"
	}
	e.note("azure resource providers", fmt.Sprintf("%d of %d are registered", len(spec.Providers)-len(missing), len(spec.Providers)), fix)
	sold := e.sold()
	for _, p := range all {
		for _, kind := range p.ResourceTypes {
			if !slices.Contains(sold[p.Namespace], kind.ResourceType) {
				continue
			}
			if !slices.ContainsFunc(kind.Locations, func(place string) bool { return strings.EqualFold(strings.ReplaceAll(place, " ", ""), e.config.Region) }) {
				e.note(p.Namespace+"/"+kind.ResourceType, "not in "+e.config.Region+" for this subscription", "another region: it is in "+strings.Join(kind.Locations, ", "))
			}
		}
	}
	return nil
}

// environments asks how many more environments the subscription may have, and compares what the app may grow to with what one may hold.
//   - https://learn.microsoft.com/rest/api/resource-manager/containerapps/usages/list
//   - https://learn.microsoft.com/azure/container-apps/quotas
func (e *examination) environments(ctx context.Context) error {
	usages, err := list[struct {
		Name                struct{ Value string }
		CurrentValue, Limit float64
	}](ctx, e.client, e.subscription+"/providers/Microsoft.App/locations/"+e.config.Region+"/usages", "2024-03-01", nil)
	if err != nil {
		return err
	}
	for _, u := range usages {
		if u.Name.Value != "ManagedEnvironmentCount" {
			continue
		}
		fix := ""
		if u.CurrentValue >= u.Limit {
			fix = "unless the stack's own is one of them: delete one, or ask for more (https://learn.microsoft.com/azure/container-apps/quotas)"
		}
		e.note("Container Apps environments", fmt.Sprintf("%g of %g in %s", u.CurrentValue, u.Limit, e.config.Region), fix)
	}
	slots := 1.0
	if e.config.Rollout.Strategy != stacks.StrategyRolling {
		slots = 2
	}
	cores, fix := float64(e.config.App.Replicas.Max)*e.config.App.CPU*slots, ""
	if cores > spec.EnvironmentCores {
		fix = "ask for more cores in the environment, or set app.replicas.max or app.cpu lower (https://learn.microsoft.com/azure/container-apps/quotas)"
	}
	e.note("Container Apps cores", fmt.Sprintf("%g at most, of the %d that an environment has by itself", cores, spec.EnvironmentCores), fix)
	return nil
}

// database asks what PostgreSQL offers this subscription in the region.
// https://learn.microsoft.com/rest/api/postgresql/location-based-capabilities/execute
func (e *examination) database(ctx context.Context) error {
	db := e.config.Database
	if !db.Enabled {
		return nil
	}
	type named struct{ Name string }
	all, err := list[struct {
		Restricted, ZoneRedundantHaSupported, GeoBackupSupported string
		SupportedServerVersions                                  []named
		SupportedServerEditions                                  []struct{ SupportedServerSkus []named }
	}](ctx, e.client, e.subscription+"/providers/Microsoft.DBforPostgreSQL/locations/"+e.config.Region+"/capabilities", apiDatabases, nil)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		e.note("PostgreSQL", "not in "+e.config.Region+" for this subscription", "another region: "+strings.Join(spec.Regions(0), ", "))
		return nil
	}
	offer, sku, version := all[0], spec.DatabaseSKU(db.Size, e.config.Tier == stacks.TierProd), fmt.Sprint(db.Version)
	has := func(rows []named, name string) bool { return slices.Contains(rows, named{name}) }
	machine := false
	for _, edition := range offer.SupportedServerEditions {
		machine = machine || has(edition.SupportedServerSkus, sku)
	}
	for _, row := range []struct {
		key, lacks, fix string
		fails           bool
	}{
		{"region", "new servers are restricted in " + e.config.Region, "another region, or a support request for this one", offer.Restricted == "Enabled"},
		{"database.size", sku + " is not offered in " + e.config.Region, "another database.size, or another region", !machine},
		{"database.version", "version " + version + " is not offered", "another database.version", !has(offer.SupportedServerVersions, version)},
		{"database.ha", "no standby in another zone of " + e.config.Region, "database.ha: false, or another region", db.HA && offer.ZoneRedundantHaSupported != "Enabled"},
		{"azure.geoBackup", "backups are not copied from " + e.config.Region, "azure.geoBackup: false, or another region", e.config.Azure.GeoBackup && offer.GeoBackupSupported != "Enabled"},
	} {
		if row.fails {
			e.note(row.key, row.lacks, row.fix)
		}
	}
	e.note("PostgreSQL", "this subscription was asked for "+sku+" in "+e.config.Region, "")
	return nil
}

package azure

import (
	"slices"
	"strings"
	"testing"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/components/componentstest"
)

func TestDatabaseServer(t *testing.T) {
	r := recorded(t, nil, nil)
	server := sole(t, r, token("dbforpostgresql:Server"))
	wantProperty(t, server, "sku.name", "Standard_D2ds_v5")
	wantProperty(t, server, "version", "16")
	wantProperty(t, server, "backup.backupRetentionDays", 14.0)
	wantProperty(t, server, "storage.storageSizeGB", 32.0)
	wantProperty(t, server, "maintenanceWindow.customWindow", "Enabled")
	wantProperty(t, server, "administratorLogin", "slipway")
	if subnet := server.At("network.delegatedSubnetResourceId")[0].(string); !strings.HasSuffix(subnet, "/subnets/database") {
		t.Errorf("the server is in %s", subnet)
	}
	if !server.Protect {
		t.Error("Pulumi would delete the server")
	}
	for _, chosen := range []string{"availabilityZone", "highAvailability.standbyAvailabilityZone"} {
		if !slices.Contains(server.IgnoreChanges, chosen) {
			t.Errorf("after a failover and a refresh, %s would be changed, which replaces the server", chosen)
		}
	}
	lock := sole(t, r, token("authorization:ManagementLockByScope"))
	wantProperty(t, lock, "level", "CanNotDelete")
	if !strings.Contains(lock.At("scope")[0].(string), "/flexibleServers/") {
		t.Errorf("the lock is on %v", lock.At("scope"))
	}
	zone, _ := r.Find(token("network:PrivateZone"), "database")
	wantProperty(t, zone, "privateZoneName", "links-production.private.postgres.database.azure.com")
}

// In dev there is neither a standby nor a lock, and no administrator but the generated one.
func TestSmallDatabase(t *testing.T) {
	r := recorded(t, standard, func(w *whole) { w.database.HA, w.database.DeletionProtection, w.edge.WAF = false, false, false })
	server := sole(t, r, token("dbforpostgresql:Server"))
	wantProperty(t, server, "sku.name", "Standard_B1ms")
	wantProperty(t, server, "sku.tier", "Burstable")
	wantProperty(t, server, "highAvailability.mode", "Disabled")
	wantProperty(t, server, "authConfig.activeDirectoryAuth", "Disabled")
	wantProperty(t, server, "authConfig.tenantId")
	wantProperty(t, sole(t, r, token("network:PrivateEndpoint")), "privateLinkServiceConnections[*].groupIds[*]", "vault") // and no other
	for _, kind := range []string{"authorization:ManagementLockByScope", "dbforpostgresql:Administrator"} {
		if n := len(r.Of(token(kind))); n > 0 || server.Protect {
			t.Errorf("there are %d of %s", n, kind)
		}
	}
}

// A server that changes one parameter refuses the next: they come one after the other, and the administrator last.
func TestParametersInOrder(t *testing.T) {
	r := recorded(t, nil, nil)
	if n := len(r.Of(token("dbforpostgresql:Configuration"))); n != len(databaseParameters) {
		t.Fatalf("%d parameters are set, want %d", n, len(databaseParameters))
	}
	for _, row := range []struct{ name, value string }{{"require_secure_transport", "on"}, {"log_checkpoints", "on"}, {"connection_throttle.enable", "on"}, {"log_connections", "on"}} {
		one, ok := r.Find(token("dbforpostgresql:Configuration"), "database-"+row.name)
		if !ok {
			t.Errorf("%s is not set", row.name)
			continue
		}
		wantProperty(t, one, "value", row.value)
	}
}

func TestDatabaseTiers(t *testing.T) {
	for sku, want := range map[string]struct {
		tier        string
		connections int
	}{
		"Standard_B1ms": {"Burstable", 50}, "Standard_B2s": {"Burstable", 429}, "Standard_D2ds_v5": {"GeneralPurpose", 858}, "Standard_D64ds_v5": {"GeneralPurpose", 5000},
		"Standard_E4ds_v5": {"MemoryOptimized", 3436}, "db.t4g.micro": {"", 0}, "Standard_Dx": {"", 0}, "small": {"", 0},
	} {
		if tier, n := databaseTier(sku); tier != want.tier || n != want.connections {
			t.Errorf("%s: %q with %d connections, want %q with %d", sku, tier, n, want.tier, want.connections)
		}
	}
}

// The key of the cache is Base64: inside a URL it must be escaped, and it is a secret.
func TestCacheURL(t *testing.T) {
	r := recorded(t, nil, nil)
	secret, _ := r.Find(token("keyvault:Secret"), "cache-url")
	url := secret.At("properties.value")[0].(string)
	if !strings.HasPrefix(url, "rediss://:a%2Bkey%2Fof%3Dthe%3Dcache@") || !strings.HasSuffix(url, ":10000") {
		t.Errorf("the URL is %s", url)
	}
}

// Each subnet has its service and its security group, and nobody but the app reaches the stores.
func TestSubnets(t *testing.T) {
	r := recorded(t, nil, nil)
	made := sole(t, r, token("network:VirtualNetwork"))
	wantProperty(t, made, "subnets[*].name", "apps", "database", "endpoints")
	wantProperty(t, made, "subnets[*].delegations[*].serviceName", "Microsoft.App/environments", "Microsoft.DBforPostgreSQL/flexibleServers")
	if groups := made.At("subnets[*].networkSecurityGroup.id"); len(groups) != 3 {
		t.Errorf("%d of 3 subnets have a security group", len(groups))
	}
	for _, group := range r.Of(token("network:NetworkSecurityGroup")) {
		names := group.At("securityRules[*].name")
		if strings.HasSuffix(group.Name, "-apps") {
			if len(names) > 0 {
				t.Errorf("behind a private link the app's subnet lets in %v", names)
			}
			continue
		}
		if !slices.Contains(names, any("deny-network")) || !slices.Contains(names, any("allow-app")) {
			t.Errorf("%s has the rules %v", group.Name, names)
		}
	}
}

// A vault that is deleted stays in the way of its name: the stack's random end is part of it, and it can be read before the app starts.
func TestVault(t *testing.T) {
	r := recorded(t, nil, nil)
	vault := sole(t, r, token("keyvault:Vault"))
	if name := vault.At("vaultName")[0].(string); !strings.HasPrefix(name, "links-") || !strings.HasSuffix(name, "-0a1b2c3d") || len(name) > 24 {
		t.Errorf("the vault is called %s", name)
	}
	wantProperty(t, vault, "properties.enablePurgeProtection", true)
	wantProperty(t, vault, "properties.enableRbacAuthorization", true)
	wantProperty(t, vault, "properties.softDeleteRetentionInDays", 90.0)
	for _, secret := range r.Of(token("keyvault:Secret")) {
		for _, first := range []string{"vault-secrets-app", "vault-secrets-setup", "vault"} {
			kind := token("authorization:RoleAssignment")
			if first == "vault" {
				kind = token("network:PrivateDnsZoneGroup")
			}
			one, _ := r.Find(kind, first)
			if !slices.Contains(secret.Needs, one.URN) {
				t.Errorf("secret %s does not wait for %s %s", secret.Name, kind, first)
			}
		}
	}
}

func TestRegistry(t *testing.T) {
	for _, row := range []struct {
		change func(*Settings)
		sku    string
	}{{nil, "Standard"}, {standard, "Basic"}} {
		r := recorded(t, row.change, func(w *whole) {
			if row.change != nil {
				w.database.HA, w.edge.WAF = false, false
			}
		})
		one := sole(t, r, token("containerregistry:Registry"))
		wantProperty(t, one, "sku.name", row.sku)
		wantProperty(t, one, "adminUserEnabled", false)
		// What only Premium has would be refused, and zones that are said at creation would replace the registry on the way to production.
		wantProperty(t, one, "policies.retentionPolicy.status")
		if zones := one.At("zoneRedundancy"); slices.Contains(zones, any("Enabled")) {
			t.Errorf("%s has the zones %v", row.sku, zones)
		}
		wantProperty(t, sole(t, r, appKind), "configuration.registries[*].server", serverOf(one))
		push := r.Of("docker:index/registryImage:RegistryImage")[0]
		wantProperty(t, push, "authConfig.username", registryUser)
		for _, leaf := range push.Leaves() {
			if leaf.Path == "authConfig.password" && (!leaf.Secret || !strings.HasPrefix(leaf.Text(), "token of ")) {
				t.Errorf("the token is %q, secret is %t", leaf.Text(), leaf.Secret)
			}
		}
	}
}

func serverOf(registry componentstest.Resource) any {
	return registry.At("registryName")[0].(string) + ".azurecr.io"
}

// What a region lacks is refused by the driver too, for those who use it without the configuration's checks.
func TestDatabaseInRegionsThatLackSomething(t *testing.T) {
	for _, row := range []struct{ region, key string }{{"westeurope", "database.ha"}, {"israelcentral", "database.size"}, {"italynorth", "azure.geoBackup"}} {
		w := whole{
			settings: func(s *Settings) { s.Region = row.region }, rows: components.Signals(nil),
			database: components.DatabaseArgs{Name: "links", Version: "16", Size: "small", StorageGiB: 32, HA: true, BackupDays: 14},
		}
		if _, err := w.record(); err == nil || !strings.Contains(err.Error(), row.key+": not supported on azure") {
			t.Errorf("%s: %v", row.region, err)
		}
	}
}

// A disk that has grown by itself is not made smaller, which Azure refuses; one that is configured larger grows.
func TestDiskThatHasGrown(t *testing.T) {
	for grown, want := range map[int]float64{0: 64, 32: 64, 256: 256} {
		w := defaultWhole(nil)
		w.database.StorageGiB = 64
		r, err := w.record(componentstest.Output{Type: "azure-native:dbforpostgresql/v20240801:getServer", Property: "storage", Value: map[string]any{"storageSizeGB": grown}})
		if err != nil {
			t.Fatal(err)
		}
		wantProperty(t, sole(t, r, token("dbforpostgresql:Server")), "storage.storageSizeGB", want)
	}
}

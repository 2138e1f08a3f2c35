package azure

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// documented are the properties of each bound token, as Azure's reference of that API version has them: those of the body beside those
// inside its "properties", with the names in the resource's address.
var documented = map[string]struct {
	page       string
	properties string
	inputs     reflect.Type
}{
	"network:VirtualNetwork": {"microsoft.network/2024-05-01/virtualnetworks",
		"virtualNetworkName location tags extendedLocation addressSpace bgpCommunities ddosProtectionPlan dhcpOptions enableDdosProtection enableVmProtection encryption flowTimeoutInMinutes ipAllocations privateEndpointVNetPolicies subnets virtualNetworkPeerings",
		virtualNetworkArgs{}.ElementType()},
	"network:NetworkSecurityGroup": {"microsoft.network/2024-05-01/networksecuritygroups", "networkSecurityGroupName location tags flushConnection securityRules", securityGroupArgs{}.ElementType()},
	"network:PrivateEndpoint": {"microsoft.network/2024-05-01/privateendpoints",
		"privateEndpointName location tags extendedLocation applicationSecurityGroups customDnsConfigs customNetworkInterfaceName ipConfigurations manualPrivateLinkServiceConnections privateLinkServiceConnections subnet",
		privateEndpointArgs{}.ElementType()},
	"network:PrivateDnsZoneGroup": {"microsoft.network/2024-05-01/privateendpoints/privatednszonegroups", "privateEndpointName privateDnsZoneGroupName privateDnsZoneConfigs", privateZoneGroupArgs{}.ElementType()},
	"network:PrivateZone":         {"microsoft.network/2024-06-01/privatednszones", "privateZoneName location tags", privateZoneArgs{}.ElementType()},
	"network:VirtualNetworkLink": {"microsoft.network/2024-06-01/privatednszones/virtualnetworklinks",
		"privateZoneName virtualNetworkLinkName location tags registrationEnabled resolutionPolicy virtualNetwork", zoneLinkArgs{}.ElementType()},
	"network:RecordSet": {"microsoft.network/2018-05-01/dnszones/txt",
		"zoneName recordType relativeRecordSetName metadata ttl targetResource aRecords aaaaRecords mxRecords nsRecords ptrRecords srvRecords txtRecords cnameRecord soaRecord caaRecords", recordSetArgs{}.ElementType()},
	"network:Policy": {"microsoft.network/2024-02-01/frontdoorwebapplicationfirewallpolicies", "policyName location tags sku customRules managedRules policySettings", wafPolicyArgs{}.ElementType()},
	"dbforpostgresql:Server": {"microsoft.dbforpostgresql/2024-08-01/flexibleservers",
		"serverName location tags sku identity administratorLogin administratorLoginPassword authConfig availabilityZone backup createMode dataEncryption highAvailability maintenanceWindow network pointInTimeUTC replica replicationRole sourceServerResourceId storage version",
		databaseServerArgs{}.ElementType()},
	"dbforpostgresql:Configuration": {"microsoft.dbforpostgresql/2024-08-01/flexibleservers/configurations", "serverName configurationName source value", databaseParameterArgs{}.ElementType()},
	"dbforpostgresql:Administrator": {"microsoft.dbforpostgresql/2024-08-01/flexibleservers/administrators", "serverName objectId principalName principalType tenantId", databaseAdministratorArgs{}.ElementType()},
	"cache:RedisEnterprise":         {"microsoft.cache/2024-09-01-preview/redisenterprise", "clusterName location tags sku zones identity encryption highAvailability minimumTlsVersion", redisClusterArgs{}.ElementType()},
	"cache:Database": {"microsoft.cache/2024-09-01-preview/redisenterprise/databases",
		"clusterName databaseName accessKeysAuthentication clientProtocol clusteringPolicy deferUpgrade evictionPolicy geoReplication modules persistence port", redisDatabaseArgs{}.ElementType()},
}

func TestNarrowBindingsAreDocumented(t *testing.T) {
	for _, v := range versions {
		row, ok := documented[v.kind]
		if v.narrow != ok {
			t.Errorf("%s: bound by hand is %t, documented here is %t", v.kind, v.narrow, ok)
			continue
		}
		if !ok {
			continue
		}
		if dated := strings.Split(row.page, "/")[1]; strings.ReplaceAll(dated, "-", "") != strings.TrimPrefix(v.api, "v") {
			t.Errorf("%s has the API version %s, and the page of %s", v.kind, v.api, dated)
		}
		all := append(strings.Fields(row.properties), "resourceGroupName")
		for i := range row.inputs.NumField() {
			if name := row.inputs.Field(i).Tag.Get("pulumi"); !slices.Contains(all, name) {
				t.Errorf("%s has no property %q: https://learn.microsoft.com/azure/templates/%s", v.kind, name, row.page)
			}
		}
	}
}

// What is registered carries what was said: each binding, with its values in place.
func TestNarrowBindingsCarryTheirValues(t *testing.T) {
	r := recorded(t, nil, nil)
	for kind, paths := range map[string]map[string]any{
		"network:VirtualNetwork":        {"addressSpace.addressPrefixes[*]": "10.0.0.0/16", "location": "swedencentral"},
		"network:Policy":                {"sku.name": "Premium_AzureFrontDoor", "policySettings.mode": "Prevention", "customRules.rules[*].rateLimitThreshold": 600.0, "location": "Global"},
		"dbforpostgresql:Server":        {"sku.tier": "GeneralPurpose", "highAvailability.mode": "ZoneRedundant", "backup.geoRedundantBackup": "Enabled", "authConfig.activeDirectoryAuth": "Enabled", "storage.autoGrow": "Enabled"},
		"dbforpostgresql:Administrator": {"principalName": "database-admins", "principalType": "Group"},
		"cache:RedisEnterprise":         {"sku.name": "Balanced_B1", "highAvailability": "Enabled"},
		"cache:Database":                {"port": 10000.0, "databaseName": "default"},
	} {
		one := sole(t, r, token(kind))
		for path, want := range paths {
			wantProperty(t, one, path, want)
		}
	}
	for _, zone := range r.Of(token("network:PrivateZone")) {
		wantProperty(t, zone, "location", "global")
	}
}

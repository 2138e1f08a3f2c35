package simulate

// azureFunctions are what Azure answers when it is asked.
// https://www.pulumi.com/registry/packages/azure-native/api-docs/
var azureFunctions = map[string]function{
	"authorization:getClientConfig": fixed(map[string]any{"clientId": "{uuid}", "objectId": "{uuid}", "subscriptionId": "{subscription}", "tenantId": "{tenant}"}),
	"authorization:getClientToken":  fixed(map[string]any{"token": "{letters:64}"}),
	"containerregistry:listRegistryCredentials": fixed(map[string]any{"username": "{registryName}", "passwords": []any{
		map[string]any{"name": "password", "value": "simulated"},
	}}),
	"dbforpostgresql:getServer":         fixed(map[string]any{"fullyQualifiedDomainName": "{serverName}.postgres.database.azure.com", "state": "Ready"}),
	"insights:getComponent":             fixed(map[string]any{"connectionString": "InstrumentationKey={uuid}", "instrumentationKey": "{uuid}"}),
	"cache:listDatabaseKeys":            fixed(map[string]any{"primaryKey": "{letters:43}=", "secondaryKey": "{letters:43}="}),
	"cache:listRedisKeys":               fixed(map[string]any{"primaryKey": "{letters:43}=", "secondaryKey": "{letters:43}="}),
	"keyvault:getVault":                 fixed(map[string]any{"id": "/subscriptions/{subscription}/resourceGroups/{resourceGroupName}/providers/Microsoft.KeyVault/vaults/{vaultName}", "name": "{vaultName}"}),
	"network:getZone":                   fixed(map[string]any{"id": "/subscriptions/{subscription}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/dnsZones/{zoneName}", "name": "{zoneName}", "nameServers": []any{"ns1-01.azure-dns.com.", "ns2-01.azure-dns.net."}}),
	"operationalinsights:getSharedKeys": fixed(map[string]any{"primarySharedKey": "{letters:86}==", "secondarySharedKey": "{letters:86}=="}),
	"operationalinsights:getWorkspace":  fixed(map[string]any{"customerId": "{uuid}"}),
	"resources:getResourceGroup":        fixed(map[string]any{"id": "/subscriptions/{subscription}/resourceGroups/{resourceGroupName}", "name": "{resourceGroupName}", "location": "{region}"}),
	"storage:listStorageAccountKeys":    fixed(map[string]any{"keys": []any{map[string]any{"keyName": "key1", "permissions": "FULL", "value": "simulated"}}}),
}

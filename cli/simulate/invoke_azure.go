package simulate

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// azureFunctions are what Azure answers when it is asked.
// https://www.pulumi.com/registry/packages/azure-native/api-docs/
var azureFunctions = map[string]function{
	"app:getContainerApp":           runningApp,
	"app:getManagedEnvironment":     linkedEnvironment,
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

// azureThing finds what exists of a type by its name, or says what Azure does where there is no such thing.
// https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-not-found
func azureThing(c call, kind, input string) (thing, error) {
	for _, t := range c.cloud.things() {
		token := string(t.urn.Type())
		if !strings.HasPrefix(token, "azure-native:app/") || !strings.HasSuffix(token, ":"+kind) {
			continue
		}
		if own, ok := at(t.outputs, "name"); ok && own.IsString() && own.StringValue() == c.text(input) {
			return t, nil
		}
	}
	return thing{}, fmt.Errorf("Code=\"ResourceNotFound\" Message=\"there is no %s %q\"", kind, c.text(input))
}

// runningApp is the app as it was deployed: in the simulation every revision becomes ready. Its latest one is what its template names.
func runningApp(c call) (map[string]any, error) {
	t, err := azureThing(c, "ContainerApp", "containerAppName")
	if err != nil {
		return nil, err
	}
	latest := c.text("containerAppName")
	if suffix, ok := at(t.outputs, "template.revisionSuffix"); ok && suffix.IsString() {
		latest += "--" + suffix.StringValue()
	}
	out := map[string]any{"id": t.id, "latestRevisionName": latest, "latestReadyRevisionName": latest, "runningStatus": "Running", "provisioningState": "Succeeded"}
	configuration := map[string]any{}
	if traffic := rowsAt(t.outputs, "configuration.ingress.traffic"); traffic != nil {
		configuration["ingress"] = map[string]any{"traffic": traffic, "exposedPort": 0, "fqdn": ""}
	}
	if secrets := rowsAt(t.outputs, "configuration.secrets"); secrets != nil {
		configuration["secrets"] = secrets
	}
	out["configuration"] = configuration
	if containers := rowsAt(t.outputs, "template.containers"); containers != nil {
		out["template"] = map[string]any{"containers": containers}
	}
	return out, nil
}

// rowsAt is a list in the outputs of a resource.
func rowsAt(outputs resource.PropertyMap, path string) []any {
	var rows []any
	if list, ok := at(outputs, path); ok && list.IsArray() {
		for _, row := range list.ArrayValue() {
			rows = append(rows, row.MapRepl(nil, nil))
		}
	}
	return rows
}

// linkedEnvironment is an environment that one private link is asked for: with the message of the origins of Front Door, if there are any.
// https://learn.microsoft.com/azure/container-apps/how-to-use-private-endpoint
func linkedEnvironment(c call) (map[string]any, error) {
	t, err := azureThing(c, "ManagedEnvironment", "environmentName")
	if err != nil {
		return nil, err
	}
	name, message := c.expand("{uuid}"), ""
	for _, one := range c.cloud.things() {
		if said, ok := at(one.outputs, "sharedPrivateLinkResource.requestMessage"); ok && said.IsString() {
			message = said.StringValue()
		}
	}
	return map[string]any{"id": t.id, "name": c.text("environmentName"), "privateEndpointConnections": []any{map[string]any{
		"id": t.id + "/privateEndpointConnections/" + fmt.Sprint(name), "name": name, "type": "Microsoft.App/managedEnvironments/privateEndpointConnections", "provisioningState": "Succeeded",
		"privateLinkServiceConnectionState": map[string]any{"status": "Pending", "description": message},
	}}}, nil
}

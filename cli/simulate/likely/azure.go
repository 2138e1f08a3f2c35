package likely

import (
	"regexp"
	"strings"
)

// azureTypes are the resource types of Azure Resource Manager with their names: a placeholder stands for the input of that name.
// The last input names the resource itself.
// https://learn.microsoft.com/azure/azure-resource-manager/templates/resource-name-rules
var azureTypes = map[string]string{
	"app:Certificate":                         "Microsoft.App/managedEnvironments/{environmentName}/certificates/{certificateName}",
	"app:ContainerApp":                        "Microsoft.App/containerApps/{containerAppName}",
	"app:Job":                                 "Microsoft.App/jobs/{jobName}",
	"app:ManagedCertificate":                  "Microsoft.App/managedEnvironments/{environmentName}/managedCertificates/{managedCertificateName}",
	"app:ManagedEnvironment":                  "Microsoft.App/managedEnvironments/{environmentName}",
	"authorization:ManagementLockByScope":     "Microsoft.Authorization/locks/{lockName}",
	"authorization:RoleAssignment":            "Microsoft.Authorization/roleAssignments/{roleAssignmentName}",
	"cache:Database":                          "Microsoft.Cache/redisEnterprise/{clusterName}/databases/{databaseName}",
	"cache:Redis":                             "Microsoft.Cache/redis/{name}",
	"cache:RedisEnterprise":                   "Microsoft.Cache/redisEnterprise/{clusterName}",
	"cdn:AFDCustomDomain":                     "Microsoft.Cdn/profiles/{profileName}/customDomains/{customDomainName}",
	"cdn:AFDEndpoint":                         "Microsoft.Cdn/profiles/{profileName}/afdEndpoints/{endpointName}",
	"cdn:AFDOrigin":                           "Microsoft.Cdn/profiles/{profileName}/originGroups/{originGroupName}/origins/{originName}",
	"cdn:AFDOriginGroup":                      "Microsoft.Cdn/profiles/{profileName}/originGroups/{originGroupName}",
	"cdn:Profile":                             "Microsoft.Cdn/profiles/{profileName}",
	"cdn:Route":                               "Microsoft.Cdn/profiles/{profileName}/afdEndpoints/{endpointName}/routes/{routeName}",
	"cdn:Rule":                                "Microsoft.Cdn/profiles/{profileName}/ruleSets/{ruleSetName}/rules/{ruleName}",
	"cdn:RuleSet":                             "Microsoft.Cdn/profiles/{profileName}/ruleSets/{ruleSetName}",
	"cdn:SecurityPolicy":                      "Microsoft.Cdn/profiles/{profileName}/securityPolicies/{securityPolicyName}",
	"containerregistry:Registry":              "Microsoft.ContainerRegistry/registries/{registryName}",
	"dataprotection:BackupInstance":           "Microsoft.DataProtection/backupVaults/{vaultName}/backupInstances/{backupInstanceName}",
	"dataprotection:BackupPolicy":             "Microsoft.DataProtection/backupVaults/{vaultName}/backupPolicies/{backupPolicyName}",
	"dataprotection:BackupVault":              "Microsoft.DataProtection/backupVaults/{vaultName}",
	"dbforpostgresql:Administrator":           "Microsoft.DBforPostgreSQL/flexibleServers/{serverName}/administrators/{objectId}",
	"dbforpostgresql:Configuration":           "Microsoft.DBforPostgreSQL/flexibleServers/{serverName}/configurations/{configurationName}",
	"dbforpostgresql:Database":                "Microsoft.DBforPostgreSQL/flexibleServers/{serverName}/databases/{databaseName}",
	"dbforpostgresql:FirewallRule":            "Microsoft.DBforPostgreSQL/flexibleServers/{serverName}/firewallRules/{firewallRuleName}",
	"dbforpostgresql:Server":                  "Microsoft.DBforPostgreSQL/flexibleServers/{serverName}",
	"insights:ActionGroup":                    "Microsoft.Insights/actionGroups/{actionGroupName}",
	"insights:Component":                      "Microsoft.Insights/components/{resourceName}",
	"insights:DiagnosticSetting":              "Microsoft.Insights/diagnosticSettings/{name}",
	"insights:MetricAlert":                    "Microsoft.Insights/metricAlerts/{ruleName}",
	"insights:ScheduledQueryRule":             "Microsoft.Insights/scheduledQueryRules/{ruleName}",
	"insights:WebTest":                        "Microsoft.Insights/webtests/{webTestName}",
	"insights:Workbook":                       "Microsoft.Insights/workbooks/{resourceName}",
	"keyvault:Key":                            "Microsoft.KeyVault/vaults/{vaultName}/keys/{keyName}",
	"keyvault:Secret":                         "Microsoft.KeyVault/vaults/{vaultName}/secrets/{secretName}",
	"keyvault:Vault":                          "Microsoft.KeyVault/vaults/{vaultName}",
	"managedidentity:UserAssignedIdentity":    "Microsoft.ManagedIdentity/userAssignedIdentities/{resourceName}",
	"network:FrontDoorWebApplicationFirewall": "Microsoft.Network/frontDoorWebApplicationFirewallPolicies/{policyName}",
	"network:NatGateway":                      "Microsoft.Network/natGateways/{natGatewayName}",
	"network:NetworkSecurityGroup":            "Microsoft.Network/networkSecurityGroups/{networkSecurityGroupName}",
	"network:Policy":                          "Microsoft.Network/frontDoorWebApplicationFirewallPolicies/{policyName}",
	"network:PrivateDnsZoneGroup":             "Microsoft.Network/privateEndpoints/{privateEndpointName}/privateDnsZoneGroups/{privateDnsZoneGroupName}",
	"network:PrivateEndpoint":                 "Microsoft.Network/privateEndpoints/{privateEndpointName}",
	"network:PrivateRecordSet":                "Microsoft.Network/privateDnsZones/{privateZoneName}/{recordType}/{relativeRecordSetName}",
	"network:PrivateZone":                     "Microsoft.Network/privateDnsZones/{privateZoneName}",
	"network:PublicIPAddress":                 "Microsoft.Network/publicIPAddresses/{publicIpAddressName}",
	"network:RecordSet":                       "Microsoft.Network/dnsZones/{zoneName}/{recordType}/{relativeRecordSetName}",
	"network:Subnet":                          "Microsoft.Network/virtualNetworks/{virtualNetworkName}/subnets/{subnetName}",
	"network:VirtualNetwork":                  "Microsoft.Network/virtualNetworks/{virtualNetworkName}",
	"network:VirtualNetworkLink":              "Microsoft.Network/privateDnsZones/{privateZoneName}/virtualNetworkLinks/{virtualNetworkLinkName}",
	"network:Zone":                            "Microsoft.Network/dnsZones/{zoneName}",
	"operationalinsights:Workspace":           "Microsoft.OperationalInsights/workspaces/{workspaceName}",
	"portal:Dashboard":                        "Microsoft.Portal/dashboards/{dashboardName}",
	"recoveryservices:ProtectionPolicy":       "Microsoft.RecoveryServices/vaults/{vaultName}/backupPolicies/{policyName}",
	"recoveryservices:Vault":                  "Microsoft.RecoveryServices/vaults/{vaultName}",
	"resources:Deployment":                    "Microsoft.Resources/deployments/{deploymentName}",
	"storage:BlobContainer":                   "Microsoft.Storage/storageAccounts/{accountName}/blobServices/default/containers/{containerName}",
	"storage:StorageAccount":                  "Microsoft.Storage/storageAccounts/{accountName}",
}

// azureForms are outputs that only one type has.
var azureForms = map[string]form{
	"app:ContainerApp": {
		"latestRevisionName": "{name}--{lower:7}", "latestReadyRevisionName": "{name}--{lower:7}", "latestRevisionFqdn": "{name}--{lower:7}.happysea-{hex:8}.{region}.azurecontainerapps.io",
		"configuration.ingress.fqdn": "{name}.happysea-{hex:8}.{region}.azurecontainerapps.io", "customDomainVerificationId": "{HEX:64}",
		"eventStreamEndpoint": "https://{region}.azurecontainerapps.dev/subscriptions/{subscription}/resourceGroups/{resourceGroupName}/containerApps/{name}/eventstream",
	},
	"app:ManagedEnvironment":               {"defaultDomain": "happysea-{hex:8}.{region}.azurecontainerapps.io", "customDomainConfiguration.customDomainVerificationId": "{HEX:64}"},
	"authorization:RoleAssignment":         {"id": "{scope}/providers/Microsoft.Authorization/roleAssignments/{roleAssignmentName}", "roleAssignmentName": "{uuid}"},
	"authorization:ManagementLockByScope":  {"id": "{scope}/providers/Microsoft.Authorization/locks/{lockName}"},
	"cache:Redis":                          {"hostName": "{name}.redis.cache.windows.net"},
	"cache:RedisEnterprise":                {"hostName": "{name}.{region}.redis.azure.net"},
	"cdn:AFDCustomDomain":                  {"validationProperties.validationToken": "_{lower:31}"},
	"cdn:AFDEndpoint":                      {"hostName": "{name}-{lower:16}.z01.azurefd.net"},
	"cdn:Profile":                          {"frontDoorId": "{uuid}"},
	"containerregistry:Registry":           {"loginServer": "{name}.azurecr.io"},
	"dbforpostgresql:Server":               {"fullyQualifiedDomainName": "{name}.postgres.database.azure.com"},
	"insights:Component":                   {"instrumentationKey": "{uuid}", "appId": "{uuid}", "connectionString": "InstrumentationKey={instrumentationKey};IngestionEndpoint=https://{region}-8.in.applicationinsights.azure.com/"},
	"insights:DiagnosticSetting":           {"id": "{resourceUri}|{name}"},
	"keyvault:Key":                         {"keyUri": "https://{vaultName}.vault.azure.net/keys/{name}", "keyUriWithVersion": "{keyUri}/{hex:32}"},
	"keyvault:Secret":                      {"properties.secretUri": "https://{vaultName}.vault.azure.net/secrets/{name}", "properties.secretUriWithVersion": "{properties.secretUri}/{version:properties.value}"},
	"keyvault:Vault":                       {"properties.vaultUri": "https://{name}.vault.azure.net/"},
	"managedidentity:UserAssignedIdentity": {"principalId": "{uuid}", "clientId": "{uuid}"},
	"network:Zone":                         {"nameServers[*]": "ns{number}-0{digits:1}.azure-dns.com."},
	"operationalinsights:Workspace":        {"customerId": "{uuid}"},
	"resources:ResourceGroup":              {"id": "/subscriptions/{subscription}/resourceGroups/{name}", "type": "Microsoft.Resources/resourceGroups"},
	"storage:StorageAccount": {
		"primaryEndpoints.blob": "https://{name}.blob.core.windows.net/", "primaryEndpoints.file": "https://{name}.file.core.windows.net/", "primaryEndpoints.web": "https://{name}.z13.web.core.windows.net/",
	},
}

// azureNamed are the forms of properties that many of Azure's resources share.
var azureNamed = []named{
	{regexp.MustCompile(`^provisioningState$`), "Succeeded"},
	{regexp.MustCompile(`^location$`), "{region}"},
	{regexp.MustCompile(`(?i)tenantId$`), "{tenant}"},
	{regexp.MustCompile(`(?i)subscriptionId$`), "{subscription}"},
	{regexp.MustCompile(`(?i)(principalId|clientId|objectId|resourceGuid|uniqueId|appId|immutableId)$`), "{uuid}"},
	{regexp.MustCompile(`(?i)(createdBy|lastModifiedBy)$`), "deployer@example.com"},
	{regexp.MustCompile(`(?i)(createdByType|lastModifiedByType)$`), "Application"},
	{regexp.MustCompile(`(?i)id$`), "/subscriptions/{subscription}/resourceGroups/{resourceGroupName}/providers/{azureType}/{hex:12}"},
}

var apiVersion = regexp.MustCompile(`^(azure-native):([a-z]+)(/v[0-9a-z]+)?:`)

// azureType is a token without provider and version of the API: "app:ContainerApp".
func azureType(token string) string { return apiVersion.ReplaceAllString(token, "$2:") }

// azurePath is the type with names, as it stands in an id. Types that aren't listed are made up from the token.
func azurePath(token string) string {
	if path, ok := azureTypes[azureType(token)]; ok {
		return path
	}
	module, kind, _ := strings.Cut(azureType(token), ":")
	return "Microsoft." + strings.ToUpper(module[:min(1, len(module))]) + module[min(1, len(module)):] + "/" + strings.ToLower(kind[:min(1, len(kind))]) + kind[min(1, len(kind)):] + "s/{name}"
}

// azureName is the input that names a resource: the last one of its path.
func azureName(token string) string {
	if azureType(token) == "resources:ResourceGroup" {
		return "resourceGroupName"
	}
	path := azurePath(token)
	return strings.TrimSuffix(path[strings.LastIndex(path, "{")+1:], "}")
}

// AzureType is a token without provider and version of the API ("app:ContainerApp"), with the inputs that its id is made of.
func AzureType(token string) (kind string, names []string) {
	for _, p := range placeholder.FindAllString(azurePath(token), -1) {
		names = append(names, strings.Trim(p, "{}"))
	}
	if azureType(token) == "resources:ResourceGroup" {
		names = nil
	}
	return azureType(token), names
}

// AzureName is the name that Pulumi gives to a resource without one: a random end, unless the name is inside another resource.
// https://www.pulumi.com/registry/packages/azure-native/how-to-guides/azure-autonaming/
func AzureName(token, logical, hash string) string {
	_, names := AzureType(token)
	switch {
	case azureType(token) == "authorization:RoleAssignment":
		return hash[:8] + "-" + hash[8:12] + "-4" + hash[13:16] + "-a" + hash[17:20] + "-" + hash[20:32]
	case len(names) > 1:
		return logical
	}
	return logical + hash[:8]
}

// azureOwn are the three properties that every resource has: id, name and type.
func (t Thing) azureOwn(path string) (string, bool) {
	full := azurePath(t.Token)
	switch path {
	case "id":
		own := full[:strings.LastIndex(full, "{")] + "{name}"
		return "/subscriptions/{subscription}/resourceGroups/{resourceGroupName}/providers/" + own, true
	case "name":
		return "{name}", true
	case "type":
		return t.azureKind(), true
	}
	return "", false
}

// azureKind is the type without names: Microsoft.App/managedEnvironments/certificates.
func (t Thing) azureKind() string {
	return placeholder.ReplaceAllString(regexp.MustCompile(`/\{[^{}]+\}`).ReplaceAllString(azurePath(t.Token), ""), "")
}

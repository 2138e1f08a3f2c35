package simulate

import (
	"strings"

	"github.com/slipway-iac/slipway/cli/simulate/likely"
)

// azureReplaces lists, for each type, the inputs that Azure can't change in place, beside the names in the resource's id, the resource
// group and the location, which replace any resource. They are those that Azure's API descriptions let be given at creation only.
// What is not here is updated in place.
//   - https://www.pulumi.com/registry/packages/azure-native/
//   - https://learn.microsoft.com/azure/templates/
var azureReplaces = map[string]string{
	// https://learn.microsoft.com/azure/container-apps/networking
	"app:ContainerApp":       "environmentId managedEnvironmentId",
	"app:Job":                "environmentId",
	"app:ManagedCertificate": "properties.domainControlValidation properties.subjectName",
	"app:ManagedEnvironment": "infrastructureResourceGroup vnetConfiguration zoneRedundant",
	// https://learn.microsoft.com/azure/role-based-access-control/role-assignments-template
	"authorization:ManagementLockByScope": "scope",
	"authorization:RoleAssignment":        "delegatedManagedIdentityResourceId principalId principalType roleDefinitionId scope",
	// https://learn.microsoft.com/azure/redis/configure
	"cache:Database": "clusteringPolicy port",
	"cache:Redis":    "staticIP subnetId zones",
	// https://learn.microsoft.com/azure/frontdoor/domain
	"cdn:AFDCustomDomain": "hostName",
	// https://learn.microsoft.com/azure/container-registry/tutorial-enable-customer-managed-keys
	"containerregistry:Registry": "encryption zoneRedundancy",
	// https://learn.microsoft.com/azure/backup/backup-vault-overview
	"dataprotection:BackupInstance": "properties.dataSourceInfo",
	"dataprotection:BackupVault":    "properties.storageSettings",
	// https://learn.microsoft.com/azure/postgresql/flexible-server/concepts-limits
	"dbforpostgresql:Database": "charset collation",
	"dbforpostgresql:Server":   "administratorLogin availabilityZone backup.geoRedundantBackup network.delegatedSubnetResourceId",
	// https://learn.microsoft.com/azure/key-vault/keys/about-keys
	"keyvault:Key": "properties.curveName properties.keySize properties.kty",
	// https://learn.microsoft.com/azure/virtual-network/
	"network:NatGateway":         "sku zones",
	"network:PrivateEndpoint":    "privateLinkServiceConnections.privateLinkServiceId subnet",
	"network:PublicIPAddress":    "publicIPAddressVersion publicIPAllocationMethod sku zones",
	"network:VirtualNetworkLink": "virtualNetwork",
	// https://learn.microsoft.com/azure/storage/common/storage-account-create
	"storage:StorageAccount": "enableNfsV3 encryption.requireInfrastructureEncryption isHnsEnabled",
}

func azureRule(token string) rule {
	kind, names := likely.AzureType(token)
	return rule{replaces: append(append(names, "resourceGroupName", "location"), strings.Fields(azureReplaces[kind])...)}
}

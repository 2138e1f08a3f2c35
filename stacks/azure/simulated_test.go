package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"github.com/slipway-iac/slipway/cli/plan/plantest"
	"github.com/slipway-iac/slipway/stacks"
)

var program = stacks.Program{Cloud: stacks.CloudAzure, Platform: platform}

func TestSimulated(t *testing.T) {
	plantest.Run(t, program, "../..", plantest.Golden, plantest.Kept, promised)
}

// promises are properties that every resource of a type has, by the stack file of the repository: what the page docs/azure.md says of
// them in one place. The drivers' own tests go into the rest.
var promises = []plantest.Promise{
	{"one revision at a time, or two", "app:ContainerApp", "configuration.activeRevisionsMode", "Single", "Multiple"},
	{"the app's containers have no identity", "app:ContainerApp", "configuration.identitySettings[0].lifecycle", "None", "None"},
	{"nor have those of jobs", "app:Job", "configuration.identitySettings[0].lifecycle", "None", "None"},
	{"a step that fails is looked at", "app:Job", "configuration.replicaRetryLimit", "0", "0"},
	{"HTTP is redirected", "app:ContainerApp", "configuration.ingress.allowInsecure", "false", "false"},
	{"the app has an identity of its own", "app:ContainerApp", "identity.type", "UserAssigned", "UserAssigned"},
	{"instances", "app:ContainerApp", "template.scale.minReplicas", "1", "3"},
	{"requests don't stick to an instance", "app:ContainerApp", "configuration.ingress.stickySessions.affinity", "none", "none"},
	{"zones in prod", "app:ManagedEnvironment", "zoneRedundant", "false", "true"},
	{"an inner address behind the private link", "app:ManagedEnvironment", "vnetConfiguration.internal", "false", "true"},
	{"no public access behind it", "app:ManagedEnvironment", "publicNetworkAccess", "Enabled", "Disabled"},
	{"logs without a key", "app:ManagedEnvironment", "appLogsConfiguration.destination", "azure-monitor", "azure-monitor"},
	{"the registry has no admin user", "containerregistry:Registry", "adminUserEnabled", "false", "false"},
	{"the registry's tier", "containerregistry:Registry", "sku.name", "Basic", "Standard"},
	{"the database is private", "dbforpostgresql:Server", "network.publicNetworkAccess", "Disabled", "Disabled"},
	{"and reaches its storage", "network:VirtualNetwork", "subnets[1].serviceEndpoints[0].service", "Microsoft.Storage", "Microsoft.Storage"},
	{"a standby in another zone", "dbforpostgresql:Server", "highAvailability.mode", "Disabled", "ZoneRedundant"},
	{"backups", "dbforpostgresql:Server", "backup.backupRetentionDays", "7", "14"},
	{"backups in the paired region", "dbforpostgresql:Server", "backup.geoRedundantBackup", "Disabled", "Enabled"},
	{"the disk grows", "dbforpostgresql:Server", "storage.autoGrow", "Enabled", "Enabled"},
	{"maintenance when we say", "dbforpostgresql:Server", "maintenanceWindow.customWindow", "Enabled", "Enabled"},
	{"nobody deletes the database", "authorization:ManagementLockByScope", "level", "", "CanNotDelete"},
	{"the cache takes TLS only", "cache:Database", "clientProtocol", "Encrypted", "Encrypted"},
	{"TLS 1.2 at least", "cache:RedisEnterprise", "minimumTlsVersion", "1.2", "1.2"},
	{"two nodes in prod", "cache:RedisEnterprise", "highAvailability", "Disabled", "Enabled"},
	{"the vault takes roles", "keyvault:Vault", "properties.enableRbacAuthorization", "true", "true"},
	{"the vault can't be purged", "keyvault:Vault", "properties.enablePurgeProtection", "true", "true"},
	{"a deleted vault is kept", "keyvault:Vault", "properties.softDeleteRetentionInDays", "7", "90"},
	{"the vault is closed", "keyvault:Vault", "properties.networkAcls.defaultAction", "Deny", "Deny"},
	{"and has a private endpoint", "keyvault:Vault", "properties.publicNetworkAccess", "Disabled", "Disabled"},
	{"logs have a limit a day", "operationalinsights:Workspace", "workspaceCapping.dailyQuotaGb", "1", "10"},
	{"logs end", "operationalinsights:Workspace", "retentionInDays", "30", "365"},
	{"nobody reads logs with a key", "operationalinsights:Workspace", "features.disableLocalAuth", "true", "true"},
	{"private endpoints follow rules too", "network:VirtualNetwork", "subnets[2].privateEndpointNetworkPolicies", "NetworkSecurityGroupEnabled", "NetworkSecurityGroupEnabled"},
	{"Front Door in prod", "cdn:Profile", "sku.name", "", "Premium_AzureFrontDoor"},
	{"its WAF blocks", "network:Policy", "policySettings.mode", "", "Prevention"},
	{"with Microsoft's rules", "network:Policy", "managedRules.managedRuleSets[0].ruleSetType", "", "Microsoft_DefaultRuleSet"},
	{"but not the sample's writes", "network:Policy", "managedRules.managedRuleSets[0].ruleGroupOverrides[0].rules[3].ruleId", "", "931130"},
	{"nor for another reason", "network:Policy", "managedRules.managedRuleSets[0].ruleGroupOverrides[0].rules[3].action", "", "Log"},
	{"the app is told the client's address", "app:ContainerApp", "template.containers[0].env[0].name", "OTEL_EXPORTER_OTLP_ENDPOINT", "CLIENT_IP_HEADER"},
	{"TLS 1.2 at the front door", "cdn:AFDCustomDomain", "tlsSettings.minimumTlsVersion", "", "TLS12"},
	{"plain HTTP never serves", "cdn:Route", "httpsRedirect", "", "Enabled"},
	{"nor goes on to the app", "cdn:Route", "forwardingProtocol", "", "HttpsOnly"},
	{"the app is reached by private link", "cdn:AFDOrigin", "sharedPrivateLinkResource.groupId", "", "managedEnvironments"},
	{"alerts act", "insights:MetricAlert", "enabled", "true", "true"},
}

// kind is a type without provider and API version.
func kind(t string) string {
	module, name, _ := strings.Cut(strings.TrimPrefix(t, "azure-native:"), ":")
	module, _, _ = strings.Cut(module, "/")
	return module + ":" + name
}

func promised(t *testing.T, stack string, state *apitype.DeploymentV3) {
	plantest.Promised(t, state, stack == "azure-prod", kind, promises)
	guarded(t, stack, state)
	for _, r := range state.Resources {
		if tags, ok := r.Inputs["tags"].(map[string]any); strings.HasPrefix(string(r.Type), "azure-native:") && ok && (tags["slipway-stack"] != "slipway."+stack || tags["project"] != "links") {
			t.Errorf("%s has the tags %v", r.URN, tags)
		}
	}
}

// guarded wants the WAF policy to be attached to every name of the front door, and a log of each resource that has one.
func guarded(t *testing.T, stack string, state *apitype.DeploymentV3) {
	t.Helper()
	ids, logged := map[string]string{}, []string{}
	for _, r := range state.Resources {
		ids[kind(string(r.Type))] = string(r.ID)
		if kind(string(r.Type)) == "insights:DiagnosticSetting" {
			logged = append(logged, fmt.Sprint(r.Inputs["resourceUri"]))
		}
	}
	for _, r := range state.Resources {
		if kind(string(r.Type)) != "cdn:SecurityPolicy" {
			continue
		}
		text := fmt.Sprint(r.Inputs["parameters"])
		for _, name := range []string{"network:Policy", "cdn:AFDEndpoint", "cdn:AFDCustomDomain"} {
			if !strings.Contains(text, ids[name]) {
				t.Errorf("the security policy does not name the %s", name)
			}
		}
	}
	for _, name := range []string{"app:ManagedEnvironment", "containerregistry:Registry", "keyvault:Vault", "dbforpostgresql:Server", "cdn:Profile"} {
		if id := ids[name]; id != "" && !slices.Contains(logged, id) {
			t.Errorf("stack %s: nothing logs the %s", stack, name)
		}
	}
}

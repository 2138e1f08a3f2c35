package azure

import (
	"encoding/json"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/components/componentstest"
)

// taken are the operations that a type of resource takes, beside reading, writing and deleting it. arm is the type in Azure's own terms.
// What another resource's request takes of it (to join a subnet, to assign an identity) is with the resource that is joined.
//   - https://learn.microsoft.com/azure/role-based-access-control/permissions/containers
//   - https://learn.microsoft.com/azure/role-based-access-control/permissions/networking
//   - https://learn.microsoft.com/azure/role-based-access-control/permissions/databases
//   - https://learn.microsoft.com/azure/role-based-access-control/permissions/monitor
//   - https://learn.microsoft.com/azure/role-based-access-control/permissions/security
var taken = map[string]struct {
	arm  string
	more []string
}{
	"app:ContainerApp": {"Microsoft.App/containerApps", []string{
		"Microsoft.App/containerApps/revisions/read", "Microsoft.App/containerApps/revisions/deactivate/action", "Microsoft.App/containerApps/revisions/replicas/read", "Microsoft.App/containerApps/getAuthToken/action",
	}},
	"app:Job": {"Microsoft.App/jobs", []string{
		"Microsoft.App/jobs/start/action", "Microsoft.App/jobs/executions/read", "Microsoft.App/jobs/executions/replicas/read", "Microsoft.App/jobs/getAuthToken/action",
	}},
	"app:ManagedCertificate": {"Microsoft.App/managedEnvironments/managedCertificates", nil},
	"app:ManagedEnvironment": {"Microsoft.App/managedEnvironments", []string{
		"Microsoft.App/managedEnvironments/join/action", "Microsoft.App/managedEnvironments/privateEndpointConnections/write", "Microsoft.App/managedEnvironments/privateEndpointConnectionsApproval/action",
	}},
	"authorization:ManagementLockByScope": {"Microsoft.Authorization/locks", nil},
	"cache:Database":                      {"Microsoft.Cache/redisEnterprise/databases", []string{"Microsoft.Cache/redisEnterprise/databases/listKeys/action"}},
	"cache:RedisEnterprise":               {"Microsoft.Cache/redisEnterprise", []string{"Microsoft.Cache/redisEnterprise/PrivateEndpointConnectionsApproval/action"}},
	"cdn:AFDCustomDomain":                 {"Microsoft.Cdn/profiles/customDomains", nil},
	"cdn:AFDEndpoint":                     {"Microsoft.Cdn/profiles/afdEndpoints", nil},
	"cdn:AFDOrigin":                       {"Microsoft.Cdn/profiles/originGroups/origins", nil},
	"cdn:AFDOriginGroup":                  {"Microsoft.Cdn/profiles/originGroups", nil},
	"cdn:Profile":                         {"Microsoft.Cdn/profiles", nil},
	"cdn:Route":                           {"Microsoft.Cdn/profiles/afdEndpoints/routes", nil},
	"cdn:Rule":                            {"Microsoft.Cdn/profiles/ruleSets/rules", nil},
	"cdn:RuleSet":                         {"Microsoft.Cdn/profiles/ruleSets", nil},
	"cdn:SecurityPolicy":                  {"Microsoft.Cdn/profiles/securityPolicies", nil},
	"containerregistry:Registry":          {"Microsoft.ContainerRegistry/registries", []string{"Microsoft.ContainerRegistry/registries/pull/read", "Microsoft.ContainerRegistry/registries/push/write"}},
	"dbforpostgresql:Administrator":       {"Microsoft.DBforPostgreSQL/flexibleServers/administrators", nil},
	"dbforpostgresql:Configuration":       {"Microsoft.DBforPostgreSQL/flexibleServers/configurations", nil},
	"dbforpostgresql:Server":              {"Microsoft.DBforPostgreSQL/flexibleServers", nil},
	"insights:ActionGroup":                {"Microsoft.Insights/actionGroups", nil},
	"insights:Component":                  {"Microsoft.Insights/components", nil},
	// What logs go to is linked: whoever writes the setting must be able to read the workspace's keys.
	// https://github.com/MicrosoftDocs/azure-docs/issues/80159
	"insights:DiagnosticSetting":  {"Microsoft.Insights/diagnosticSettings", []string{"Microsoft.OperationalInsights/workspaces/sharedKeys/action"}},
	"insights:MetricAlert":        {"Microsoft.Insights/metricAlerts", []string{"Microsoft.Insights/metrics/read"}},
	"insights:ScheduledQueryRule": {"Microsoft.Insights/scheduledQueryRules", []string{"Microsoft.OperationalInsights/workspaces/query/read"}},
	"insights:WebTest":            {"Microsoft.Insights/webtests", nil},
	"insights:Workbook":           {"Microsoft.Insights/workbooks", nil},
	"keyvault:Secret":             {"Microsoft.KeyVault/vaults/secrets", nil},
	"keyvault:Vault":              {"Microsoft.KeyVault/vaults", []string{"Microsoft.KeyVault/vaults/PrivateEndpointConnectionsApproval/action"}},
	"managedidentity:UserAssignedIdentity": {"Microsoft.ManagedIdentity/userAssignedIdentities", []string{
		"Microsoft.ManagedIdentity/userAssignedIdentities/assign/action",
	}},
	"network:NetworkSecurityGroup": {"Microsoft.Network/networkSecurityGroups", []string{"Microsoft.Network/networkSecurityGroups/join/action"}},
	"network:Policy":               {"Microsoft.Network/frontDoorWebApplicationFirewallPolicies", []string{"Microsoft.Network/frontDoorWebApplicationFirewallPolicies/join/action"}},
	"network:PrivateDnsZoneGroup":  {"Microsoft.Network/privateEndpoints/privateDnsZoneGroups", []string{"Microsoft.Network/privateDnsZones/join/action"}},
	"network:PrivateEndpoint":      {"Microsoft.Network/privateEndpoints", nil},
	"network:PrivateZone":          {"Microsoft.Network/privateDnsZones", nil},
	"network:RecordSet":            {"Microsoft.Network/dnszones", nil}, // by the type of record, below
	"network:VirtualNetwork":       {"Microsoft.Network/virtualNetworks", []string{"Microsoft.Network/virtualNetworks/subnets/join/action", "Microsoft.Network/virtualNetworks/join/action"}},
	"network:VirtualNetworkLink":   {"Microsoft.Network/privateDnsZones/virtualNetworkLinks", nil},
	"operationalinsights:Workspace": {"Microsoft.OperationalInsights/workspaces", []string{
		"Microsoft.OperationalInsights/workspaces/query/read",
	}},
	"resources:Deployment":    {"Microsoft.Resources/deployments", []string{"Microsoft.Resources/deployments/operationstatuses/read"}},
	"resources:ResourceGroup": {"Microsoft.Resources/subscriptions/resourceGroups", nil},
}

// undeletable are the types that a destroy leaves to another one's deletion: secrets go with the vault.
var undeletable = map[string]bool{"keyvault:Secret": true}

// definition is a role of Azure.
// https://learn.microsoft.com/azure/role-based-access-control/role-definitions
type definition struct{ Actions, NotActions, DataActions []string }

// allows tells whether an operation is one of the role's. A "*" stands for anything, and case does not count.
// https://learn.microsoft.com/azure/role-based-access-control/role-definitions#actions-format
func (d definition) allows(operation string) bool {
	in := func(patterns []string) bool {
		for _, pattern := range patterns {
			if regexp.MustCompile(`(?i)^` + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*") + "$").MatchString(operation) {
				return true
			}
		}
		return false
	}
	return in(d.Actions) && !in(d.NotActions)
}

func readRole(t *testing.T, file string) definition {
	t.Helper()
	text, err := os.ReadFile("rights/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var role definition
	if err := json.Unmarshal(text, &role); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return role
}

// operationsOf are those that a recorded resource takes.
func operationsOf(one componentstest.Resource) []string {
	module, name, _ := strings.Cut(strings.TrimPrefix(one.Type, "azure-native:"), ":")
	kind := path.Dir(module) + ":" + name
	row := taken[kind]
	if kind == "network:RecordSet" {
		row.arm += "/" + one.At("recordType")[0].(string)
	}
	all := append([]string{row.arm + "/read", row.arm + "/write"}, row.more...)
	if !undeletable[kind] {
		all = append(all, row.arm+"/delete")
	}
	return all
}

// The documented role of the deployer takes every resource of every shape, and gives neither roles, nor what reads a secret.
func TestDeployerRole(t *testing.T) {
	role := readRole(t, "deployer.json")
	seen := map[string]bool{}
	for _, r := range []*componentstest.Recording{
		recorded(t, nil, nil), recorded(t, standard, func(w *whole) { w.database.HA, w.edge.WAF = false, false }),
		recorded(t, small, func(w *whole) {
			w.database.HA, w.edge = false, components.EdgeArgs{Domain: "example.com", Zone: "example.com"}
		}),
	} {
		for _, one := range r.Resources {
			module, name, _ := strings.Cut(strings.TrimPrefix(one.Type, "azure-native:"), ":")
			kind := path.Dir(module) + ":" + name
			if !strings.HasPrefix(one.Type, "azure-native:") || kind == "authorization:RoleAssignment" {
				continue // the second is given by a role with a condition
			}
			seen[kind] = true
			if _, known := taken[kind]; !known {
				t.Errorf("no row says which operations %s takes", kind)
				continue
			}
			for _, operation := range operationsOf(one) {
				if !role.allows(operation) {
					t.Errorf("%s takes %s, which the role does not have", kind, operation)
				}
			}
		}
	}
	for kind := range taken {
		if !seen[kind] {
			t.Errorf("nothing is made of %s", kind)
		}
	}
	for _, never := range []string{
		"Microsoft.Authorization/roleAssignments/write", "Microsoft.Authorization/roleDefinitions/write", "Microsoft.Authorization/elevateAccess/action", "Microsoft.KeyVault/vaults/accessPolicies/write",
		"Microsoft.App/containerApps/listSecrets/action", "Microsoft.App/jobs/listSecrets/action", "Microsoft.App/containerApps/exec/action", "Microsoft.ContainerRegistry/registries/listCredentials/action",
		"Microsoft.Compute/virtualMachines/write", "Microsoft.Storage/storageAccounts/listKeys/action",
		"Microsoft.KeyVault/vaults/purge/action", "Microsoft.Network/dnszones/delete", "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write",
	} {
		if role.allows(never) {
			t.Errorf("the role has %s, which no deployment takes", never)
		}
	}
	// The streams of logs are data to Azure. Nothing else that is kept is read.
	if want := []string{"Microsoft.App/containerApps/logstream/action", "Microsoft.App/jobs/logstream/action"}; !slices.Equal(role.DataActions, want) {
		t.Errorf("the role reads the data %v, want %v", role.DataActions, want)
	}
	// Names that Azure does not know: one of them, and the whole role is refused.
	// https://github.com/Azure/azure-cli/issues/31926
	for _, unknown := range []string{"Microsoft.App/managedEnvironments/privateEndpointConnectionsApproval/action", "Microsoft.App/containerApps/eventstream/action", "Microsoft.App/jobs/executions/replicas/read"} {
		if slices.Contains(role.Actions, unknown) {
			t.Errorf("the role names %s, which Azure refuses in a role", unknown)
		}
	}
}

// Each of the role's actions is one that some resource, or a verb, takes.
func TestDeployerRoleHasNothingInVain(t *testing.T) {
	role := readRole(t, "deployer.json")
	verbs := []string{ // what is asked of the account, of regions, and of what a verb shows
		"Microsoft.App/locations/usages/read", "Microsoft.Authorization/roleAssignments/read",
		"Microsoft.Cache/locations/operationsStatus/read", "Microsoft.Cdn/operationresults/profileresults/read", "Microsoft.DBforPostgreSQL/locations/capabilities/read",
		"Microsoft.KeyVault/locations/operationResults/read", "Microsoft.Network/locations/operations/read", "Microsoft.Network/dnszones/read", "Microsoft.Resources/subscriptions/read",
		"Microsoft.Resources/subscriptions/providers/read", "Microsoft.Network/dnszones/A/write", "Microsoft.Network/dnszones/CNAME/write", "Microsoft.Network/dnszones/TXT/write",
	}
	for _, row := range taken {
		verbs = append(append(verbs, row.arm+"/read", row.arm+"/write", row.arm+"/delete"), row.more...)
	}
	for _, action := range role.Actions {
		one, used := definition{Actions: []string{action}}, false
		for _, operation := range verbs {
			used = used || one.allows(operation)
		}
		if !used {
			t.Errorf("nothing takes %s", action)
		}
	}
}

package azure

import "strings"

// version is the API version that one type of resource is made with. Azure-native's tokens without a version follow a default that
// moves with the SDK, and with it the properties that exist; so every token here has one.
type version struct {
	// kind is the module and the type, as in a token.
	kind string
	// api is the version as it stands in a token.
	api string
	// narrow tells a binding of this package (narrow*.go) from the SDK's own.
	narrow bool
	// why says what the choice rests on where it is not the rule.
	why string
}

// versions are all types that this package makes. The rule: the newest version without "preview" that SDK v2.90.0 has; a preview only
// where it alone has a property that is needed, which stands in the row. docs/adr/0017-azure-api-versions.md has the reasons, and a
// test holds every resource that is registered against this table.
// https://learn.microsoft.com/azure/azure-resource-manager/management/resource-providers-and-types
var versions = []version{
	{kind: "app:ContainerApp", api: "v20241002preview", why: "ingress.customDomains.bindingType Auto: the certificate in one run"},
	{kind: "app:Job", api: "v20241002preview", why: "identitySettings, and the same version as the app that it comes before"},
	{kind: "app:ManagedCertificate", api: "v20241002preview", why: "the same version as the app that it is bound to"},
	{kind: "app:ManagedEnvironment", api: "v20241002preview", why: "publicNetworkAccess and privateEndpointConnections: Front Door's private link"},
	{kind: "authorization:ManagementLockByScope", api: "v20200501"},
	{kind: "authorization:RoleAssignment", api: "v20220401"},
	{kind: "cache:Database", api: "v20240901preview", narrow: true, why: "belongs to its cluster"},
	{kind: "cache:RedisEnterprise", api: "v20240901preview", narrow: true, why: "the Balanced SKUs of Managed Redis, and highAvailability"},
	{kind: "cdn:AFDCustomDomain", api: "v20240901"},
	{kind: "cdn:AFDEndpoint", api: "v20240901"},
	{kind: "cdn:AFDOrigin", api: "v20240901"},
	{kind: "cdn:AFDOriginGroup", api: "v20240901"},
	{kind: "cdn:Profile", api: "v20240901"},
	{kind: "cdn:Route", api: "v20240901"},
	{kind: "cdn:Rule", api: "v20240901"},
	{kind: "cdn:RuleSet", api: "v20240901"},
	{kind: "cdn:SecurityPolicy", api: "v20240901"},
	{kind: "containerregistry:Registry", api: "v20230701"},
	{kind: "dbforpostgresql:Administrator", api: "v20240801", narrow: true},
	{kind: "dbforpostgresql:Configuration", api: "v20240801", narrow: true},
	{kind: "dbforpostgresql:Server", api: "v20240801", narrow: true},
	{kind: "insights:ActionGroup", api: "v20230101"},
	{kind: "insights:Component", api: "v20200202"},
	{kind: "insights:DiagnosticSetting", api: "v20210501preview", why: "the only one with log category groups; there is no later one"},
	{kind: "insights:MetricAlert", api: "v20180301"},
	{kind: "insights:ScheduledQueryRule", api: "v20231201"},
	{kind: "insights:WebTest", api: "v20220615"},
	{kind: "insights:Workbook", api: "v20230601"},
	{kind: "keyvault:Secret", api: "v20241101"},
	{kind: "keyvault:Vault", api: "v20241101"},
	{kind: "managedidentity:UserAssignedIdentity", api: "v20230131"},
	{kind: "network:NetworkSecurityGroup", api: "v20240501", narrow: true},
	{kind: "network:Policy", api: "v20240201", narrow: true},
	{kind: "network:PrivateDnsZoneGroup", api: "v20240501", narrow: true},
	{kind: "network:PrivateEndpoint", api: "v20240501", narrow: true},
	{kind: "network:PrivateZone", api: "v20240601", narrow: true},
	{kind: "network:RecordSet", api: "v20180501", narrow: true},
	{kind: "network:VirtualNetwork", api: "v20240501", narrow: true},
	{kind: "network:VirtualNetworkLink", api: "v20240601", narrow: true},
	{kind: "operationalinsights:Workspace", api: "v20250201"},
	{kind: "resources:Deployment", api: "v20241101"},
	{kind: "resources:ResourceGroup", api: "v20241101"},
}

// token writes the token of a type with its version: azure-native:network/v20240501:VirtualNetwork.
func token(kind string) string {
	module, name, _ := strings.Cut(kind, ":")
	for _, v := range versions {
		if v.kind == kind {
			return "azure-native:" + module + "/" + v.api + ":" + name
		}
	}
	return "azure-native:" + kind // a test wants every type to be in the table
}

package spec

// Providers are the resource providers of Azure that a subscription must have registered.
// https://learn.microsoft.com/azure/azure-resource-manager/management/resource-providers-and-types
var Providers = []string{
	"Microsoft.App", "Microsoft.Cache", "Microsoft.Cdn", "Microsoft.ContainerRegistry", "Microsoft.ContainerService", "Microsoft.DBforPostgreSQL",
	"Microsoft.Insights", "Microsoft.KeyVault", "Microsoft.ManagedIdentity", "Microsoft.Network", "Microsoft.OperationalInsights",
}

// EnvironmentCores is how many cores the apps of one environment may have unless Azure is asked for more.
// https://learn.microsoft.com/azure/container-apps/quotas
const EnvironmentCores = 100

package azure

// What the Scopes of this package's drivers hold.
const (
	scopeApp         = "app"         // id of the container app
	scopeAppName     = "appName"     // its name
	scopeEnvironment = "environment" // id of the Container Apps environment
	scopeHost        = "host"        // the app's own host name
	scopeSlotHost    = "host."       // and the slot: the host name that leads to one slot
	scopeRevision    = "revision."   // and the slot: name of its revision
	scopeVersion     = "version."    // and the slot: version of the app
	scopeWorkspace   = "workspace"   // id of the log workspace
	scopeCustomer    = "customer"    // the workspace's id in queries
	scopeCPU         = "cpu"         // limit of an instance, in nanocores
	scopeMemory      = "memory"      // limit of an instance, in bytes
	scopeServer      = "server"      // id of the database server
	scopeConnections = "connections" // its max_connections
	scopeCache       = "cache"       // id of the cache
	scopeFrontDoor   = "frontDoor"   // id of the Front Door profile; not there without one
	scopeURL         = "url"         // the public address
	scopeDomain      = "domain"      // the public name; not there without one
	scopeReady       = "readyPath"   // what the front door is asked for
	scopeGroup       = "resourceGroup"
)

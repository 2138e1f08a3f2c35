package gcp

import "github.com/slipway-iac/slipway/components"

// What the scopes hold, for the drivers of this package. The names are those of Cloud Monitoring's labels where there are any.
const (
	scopeService     = "service"     // name of the Cloud Run service
	scopeURI         = "uri"         // its own address, https://…
	scopeHealthPath  = "healthPath"  // what answers while the app is alive
	scopeRestarts    = "restarts"    // type of the metric that counts instances that ended by themselves
	scopeErrors      = "errors"      // type of the metric that counts errors in the app's log
	scopeDatabase    = "database"    // project:instance
	scopeConnections = "connections" // the instance's max_connections
	scopeStorage     = "storage"     // the configured storage in GiB, which the disk grows beyond by itself
	scopeCache       = "cache"       // projects/…/instances/…
	scopeHost        = "host"        // the public host name
	scopeURLMap      = "urlMap"      // name of the load balancer's URL map; not there without a load balancer
	scopeUptime      = "uptime"      // id of the check that asks the public address; WatchSignals adds it
)

// slots are both slots, whether or not a track is in them.
var slots = []components.Slot{components.Blue, components.Green}

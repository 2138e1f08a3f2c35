package gcp

import (
	"fmt"

	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/redis"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/providers/gcp/spec"
)

const (
	// cacheVersion is the newest that Memorystore for Redis has.
	// https://cloud.google.com/memorystore/docs/redis/supported-versions
	cacheVersion = "REDIS_7_2"
	// cacheNameLimit is what an instance's id may have: https://cloud.google.com/memorystore/docs/redis/create-instance-gcloud
	cacheNameLimit = 40
)

// cacheSizes are the capacities in GiB, as instances of Memorystore have no machine type.
var cacheSizes = []machineRow{
	{"small", "memory-1", "memory-1"},
	{"medium", "memory-2", "memory-5"},
	{"large", "memory-5", "memory-11"},
}

// RunCache runs Redis on Memorystore: with a private address, a password and TLS. What is no longer used is evicted. The server's
// certificate names an address in a way that few clients still read, and is signed by a root that the instance has for itself: the app
// verifies that root, not the name (see appEnvironment). It fails on a size that Memorystore does not have.
//   - https://cloud.google.com/memorystore/docs/redis/about-redis-auth
//   - https://cloud.google.com/memorystore/docs/redis/about-in-transit-encryption
//   - https://cloud.google.com/memorystore/docs/redis/networking
func (p *Platform) RunCache(ctx *pulumi.Context, name string, a components.CacheArgs, opts ...pulumi.ResourceOption) (components.CacheState, error) {
	none := components.CacheState{}
	gib := spec.CacheGiB(p.machine(cacheSizes, a.Size))
	if gib == 0 {
		return none, components.Unsupported("gcp", "cache.size", fmt.Sprintf("%q is none of small, medium, large, %s", a.Size, spec.CacheRule))
	}
	instance, err := p.cacheInstance(ctx, name, gib, a, opts)
	if err != nil {
		return none, err
	}
	address := pulumi.Sprintf("%s:%d", instance.Host, instance.Port)
	password := pulumi.ToSecret(instance.AuthString).(pulumi.StringOutput)
	url, err := p.storeSecret(ctx, name+"-url", pulumi.Sprintf("rediss://:%s@%s", password, address), []identity{p.run}, opts)
	if err != nil {
		return none, err
	}
	return components.CacheState{
		Endpoint: address,
		URL:      url,
		CA: certificates(instance.ServerCaCerts.ApplyT(func(all []redis.InstanceServerCaCert) []string {
			var out []string
			for _, one := range all {
				out = append(out, known(one.Cert))
			}
			return out
		}).(pulumi.StringArrayOutput)),
		Scope: components.Scope{scopeCache: instance.ID().ToStringOutput()},
	}, nil
}

// cacheInstance makes the instance: two nodes in two zones with failover under HA, otherwise one. It takes 10 minutes or so to be made.
//   - https://cloud.google.com/memorystore/docs/redis/redis-tiers
//   - https://cloud.google.com/memorystore/docs/redis/high-availability-for-memorystore-for-redis
//   - https://cloud.google.com/memorystore/docs/redis/supported-redis-configurations
func (p *Platform) cacheInstance(ctx *pulumi.Context, name string, gib int, a components.CacheArgs, opts []pulumi.ResourceOption) (*redis.Instance, error) {
	tier := "BASIC"
	if a.HA {
		tier = "STANDARD_HA"
	}
	made, err := redis.NewInstance(ctx, p.name(name, cacheNameLimit), &redis.InstanceArgs{
		Project: pulumi.String(p.account), Region: pulumi.String(p.settings.Region), DisplayName: pulumi.String(fmt.Sprintf("%.80s", "Slipway "+p.project+"/"+p.stack)),
		RedisVersion: pulumi.String(cacheVersion), Tier: pulumi.String(tier), MemorySizeGb: pulumi.Int(gib),
		AuthorizedNetwork: p.network.peered, ConnectMode: pulumi.String("PRIVATE_SERVICE_ACCESS"),
		AuthEnabled: pulumi.Bool(true), TransitEncryptionMode: pulumi.String("SERVER_AUTHENTICATION"), CustomerManagedKey: p.key.name(),
		RedisConfigs: pulumi.StringMap{"maxmemory-policy": pulumi.String("allkeys-lru")},
		MaintenancePolicy: redis.InstanceMaintenancePolicyArgs{
			WeeklyMaintenanceWindows: redis.InstanceMaintenancePolicyWeeklyMaintenanceWindowArray{redis.InstanceMaintenancePolicyWeeklyMaintenanceWindowArgs{
				Day: pulumi.String("SUNDAY"),
				StartTime: redis.InstanceMaintenancePolicyWeeklyMaintenanceWindowStartTimeArgs{
					Hours: pulumi.Int(5), Minutes: pulumi.Int(0), Seconds: pulumi.Int(0), Nanos: pulumi.Int(0),
				},
			}},
		},
	}, p.cloudOpts(opts, pulumi.Timeouts(&pulumi.CustomTimeouts{Create: "30m", Update: "30m", Delete: "30m"}))...)
	if err != nil {
		return nil, fmt.Errorf("creating cache: %w", err)
	}
	return made, nil
}

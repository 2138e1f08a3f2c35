package azure

import (
	"fmt"
	"net/url"
	"regexp"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/providers/azure/spec"
)

// cachePort is the only port of Managed Redis.
// https://learn.microsoft.com/azure/redis/private-link
const cachePort = 10000

var cacheSKU = regexp.MustCompile(`^(Balanced_B|MemoryOptimized_M|ComputeOptimized_X)\d+$`)

// RunCache runs Azure Managed Redis: TLS 1.2 only, with a key, and under HA on two nodes in two zones. In production a private endpoint
// is the only way in: of this API version, a cache with one has no public address. In dev it is reached by its public name, by TLS and
// with the key. One endpoint stands for the whole cluster, so clients that know no clusters work. What is no longer used is evicted. The
// certificate is of a public authority, which is in every system's store. It fails on a SKU that does not look like one.
//
// Azure Cache for Redis is no choice: it takes no new customers and ends in 2028.
//   - https://learn.microsoft.com/azure/redis/overview
//   - https://learn.microsoft.com/azure/redis/architecture#cluster-policies
//   - https://learn.microsoft.com/azure/redis/private-link
//   - https://learn.microsoft.com/azure/redis/high-availability
func (p *Platform) RunCache(ctx *pulumi.Context, name string, a components.CacheArgs, opts ...pulumi.ResourceOption) (components.CacheState, error) {
	none := components.CacheState{}
	sku := spec.CacheSKU(a.Size, p.settings.Prod)
	if !cacheSKU.MatchString(sku) {
		return none, components.Unsupported("azure", "cache.size", fmt.Sprintf("%q is neither small, medium or large nor a SKU such as Balanced_B5", a.Size))
	}
	cluster, err := create(ctx, "cache:RedisEnterprise", name, &redisClusterArgs{
		ResourceGroupName: p.group, ClusterName: p.global(60, "").ToStringPtrOutput(), Sku: redisSKU{Name: sku},
		HighAvailability: enabled(a.HA), MinimumTLSVersion: "1.2",
	}, &redisCluster{}, p.cloudOpts(opts))
	if err != nil {
		return none, err
	}
	database, err := create(ctx, "cache:Database", name, &redisDatabaseArgs{
		ResourceGroupName: p.group, ClusterName: cluster.Name, DatabaseName: "default", Port: cachePort, ClientProtocol: "Encrypted",
		ClusteringPolicy: "EnterpriseCluster", EvictionPolicy: "AllKeysLRU", AccessKeysAuthentication: "Enabled", DeferUpgrade: "NotDeferred",
	}, &redisDatabase{}, p.cloudOpts(opts))
	if err != nil {
		return none, err
	}
	host := after(ctx, cluster.HostName, database)
	if p.settings.Prod {
		// A cluster that changes something refuses the next change, so the endpoint waits for the database.
		whole := after(ctx, cluster.ID().ToStringOutput(), database)
		reachable, err := p.connect(ctx, name, "redisEnterprise", "privatelink.redis.azure.net", whole, opts)
		if err != nil {
			return none, err
		}
		host = after(ctx, host, reachable)
	}
	address, err := p.storeSecret(ctx, name+"-url", pulumi.Sprintf("rediss://:%s@%s:%d", p.cacheKey(ctx, cluster, database), host, cachePort), opts)
	if err != nil {
		return none, err
	}
	// Metrics are the cluster's, and who connects is the database's.
	if err := p.diagnose(ctx, name, cluster.ID(), false, true, opts); err != nil {
		return none, err
	}
	return components.CacheState{
		Endpoint: pulumi.Sprintf("%s:%d", host, cachePort),
		URL:      address,
		CA:       pulumi.String("").ToStringOutput(),
		Scope:    components.Scope{scopeCache: cluster.ID().ToStringOutput()},
	}, p.diagnose(ctx, name+"-database", database.ID(), true, false, opts)
}

// cacheKey is the key of the cache, written as it must be inside a URL: it is Base64.
// https://learn.microsoft.com/rest/api/redis/redisenterprisecache/databases/list-keys?view=rest-redis-redisenterprisecache-2024-09-01-preview
func (p *Platform) cacheKey(ctx *pulumi.Context, cluster *redisCluster, database *redisDatabase) pulumi.StringOutput {
	keys := ctx.InvokeOutput("azure-native:cache/v20240901preview:listDatabaseKeys", redisKeysArgs{
		ResourceGroupName: p.group, ClusterName: cluster.Name, DatabaseName: database.Name,
	}, redisKeysOutput{}, pulumi.InvokeOutputOptions{InvokeOptions: []pulumi.InvokeOption{pulumi.Parent(p), pulumi.Provider(p.cloud)}})
	return pulumi.ToSecret(keys.ApplyT(func(k redisKeys) string { return url.QueryEscape(k.PrimaryKey) })).(pulumi.StringOutput)
}

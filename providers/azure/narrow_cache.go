package azure

import (
	"reflect"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// redisCluster is an instance of Azure Managed Redis.
// https://learn.microsoft.com/azure/templates/microsoft.cache/2024-09-01-preview/redisenterprise
type redisCluster struct {
	pulumi.CustomResourceState

	HostName pulumi.StringOutput `pulumi:"hostName"`
	Name     pulumi.StringOutput `pulumi:"name"`
}

type redisClusterArgs struct {
	ClusterName       pulumi.StringPtrInput
	HighAvailability  string
	Location          pulumi.StringPtrInput
	MinimumTLSVersion string
	ResourceGroupName pulumi.StringInput
	Sku               redisSKU
	Tags              pulumi.StringMapInput
}

type redisClusterInputs struct {
	ClusterName       *string           `pulumi:"clusterName"`
	HighAvailability  string            `pulumi:"highAvailability"`
	Location          *string           `pulumi:"location"`
	MinimumTLSVersion string            `pulumi:"minimumTlsVersion"`
	ResourceGroupName string            `pulumi:"resourceGroupName"`
	Sku               redisSKU          `pulumi:"sku"`
	Tags              map[string]string `pulumi:"tags"`
}

// redisSKU is a size; Balanced SKUs take no capacity.
type redisSKU struct {
	Name string `pulumi:"name"`
}

// ElementType names the struct with the properties' names and resolved types.
func (redisClusterArgs) ElementType() reflect.Type { return reflect.TypeFor[redisClusterInputs]() }

// redisDatabase is the only database of an instance.
// https://learn.microsoft.com/azure/templates/microsoft.cache/2024-09-01-preview/redisenterprise/databases
type redisDatabase struct {
	pulumi.CustomResourceState

	Name pulumi.StringOutput `pulumi:"name"`
}

type redisDatabaseArgs struct {
	AccessKeysAuthentication string
	ClientProtocol           string
	ClusterName              pulumi.StringInput
	ClusteringPolicy         string
	DatabaseName             string
	DeferUpgrade             string
	EvictionPolicy           string
	Port                     int
	ResourceGroupName        pulumi.StringInput
}

type redisDatabaseInputs struct {
	AccessKeysAuthentication string `pulumi:"accessKeysAuthentication"`
	ClientProtocol           string `pulumi:"clientProtocol"`
	ClusterName              string `pulumi:"clusterName"`
	ClusteringPolicy         string `pulumi:"clusteringPolicy"`
	DatabaseName             string `pulumi:"databaseName"`
	DeferUpgrade             string `pulumi:"deferUpgrade"`
	EvictionPolicy           string `pulumi:"evictionPolicy"`
	Port                     int    `pulumi:"port"`
	ResourceGroupName        string `pulumi:"resourceGroupName"`
}

// ElementType names the struct with the properties' names and resolved types.
func (redisDatabaseArgs) ElementType() reflect.Type { return reflect.TypeFor[redisDatabaseInputs]() }

// redisKeys are what a client signs in with.
// https://learn.microsoft.com/rest/api/redis/redisenterprisecache/databases/list-keys?view=rest-redis-redisenterprisecache-2024-09-01-preview
type redisKeys struct {
	PrimaryKey string `pulumi:"primaryKey"`
}

type redisKeysArgs struct {
	ClusterName       pulumi.StringInput `pulumi:"clusterName"`
	DatabaseName      pulumi.StringInput `pulumi:"databaseName"`
	ResourceGroupName pulumi.StringInput `pulumi:"resourceGroupName"`
}

type redisKeysInputs struct {
	ClusterName       string `pulumi:"clusterName"`
	DatabaseName      string `pulumi:"databaseName"`
	ResourceGroupName string `pulumi:"resourceGroupName"`
}

// ElementType names the struct with the properties' names and resolved types.
func (redisKeysArgs) ElementType() reflect.Type { return reflect.TypeFor[redisKeysInputs]() }

// redisKeysOutput is the answer as an output.
type redisKeysOutput struct{ *pulumi.OutputState }

// ElementType is what the output resolves to.
func (redisKeysOutput) ElementType() reflect.Type { return reflect.TypeFor[redisKeys]() }

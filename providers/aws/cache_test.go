package aws

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/components/componentstest"
)

const replicationType = "aws:elasticache/replicationGroup:ReplicationGroup"

func cacheProgram(a components.CacheArgs) func(*pulumi.Context, *Platform) (pulumi.Map, error) {
	return func(ctx *pulumi.Context, p *Platform) (pulumi.Map, error) {
		cache, err := components.NewCache(ctx, p, "cache", a, pulumi.Parent(p))
		if err != nil {
			return nil, err
		}
		scope := pulumi.Map{}
		for k, v := range cache.Scope {
			scope[k] = v
		}
		return pulumi.Map{"endpoint": cache.Endpoint, "url": cache.URL.StringOutput, "ca": cache.CA, "scope": scope}, nil
	}
}

func TestCache(t *testing.T) {
	always := properties{
		"engine": "valkey", "engineVersion": "8.2", "autoMinorVersionUpgrade": true, "applyImmediately": true, "port": 6379.0,
		"atRestEncryptionEnabled": true, "transitEncryptionEnabled": true, "transitEncryptionMode": "required", "authTokenUpdateStrategy": "ROTATE",
		"snapshotWindow": "03:00-04:00", "maintenanceWindow": "sun:05:00-sun:06:00", "userGroupIds[*]": []any{},
		"logDeliveryConfigurations[*].logType": []any{"slow-log", "engine-log"}, "logDeliveryConfigurations[*].destinationType": []any{"cloudwatch-logs", "cloudwatch-logs"},
		"logDeliveryConfigurations[*].destination": []any{"/aws/vendedlogs/slipway/slipway/production/cache-slow-log", "/aws/vendedlogs/slipway/slipway/production/cache-engine-log"},
	}
	for _, row := range []struct {
		prod bool
		args components.CacheArgs
		want properties
	}{
		{false, components.CacheArgs{}, properties{"nodeType": "cache.t4g.micro", "numCacheClusters": 1.0, "automaticFailoverEnabled": false, "multiAzEnabled": false, "snapshotRetentionLimit": 1.0}},
		{true, components.CacheArgs{Size: "medium", HA: true}, properties{"nodeType": "cache.m7g.large", "numCacheClusters": 2.0, "automaticFailoverEnabled": true, "multiAzEnabled": true, "snapshotRetentionLimit": 7.0}},
		{false, components.CacheArgs{Size: "cache.r6gd.xlarge"}, properties{"nodeType": "cache.r6gd.xlarge", "dataTieringEnabled": true}},
	} {
		t.Run(fmt.Sprint(row.prod, row.args), func(t *testing.T) {
			r := storesOf(t, func(s *Settings) { s.Prod = row.prod }, cacheProgram(row.args))
			group := find(t, r, replicationType, "")
			always.check(t, group)
			row.want.check(t, group)
			if key := find(t, r, "aws:kms/key:Key", ""); len(group.At("kmsKeyId")) != 1 || !slices.Contains(group.Needs, key.URN) {
				t.Error("the cache is not encrypted with the stack's key")
			}
			parameters := find(t, r, "aws:elasticache/parameterGroup:ParameterGroup", "")
			properties{"family": "valkey8", "parameters[*].name": "maxmemory-policy", "parameters[*].value": "allkeys-lru"}.check(t, parameters)
			subnets := find(t, r, "aws:elasticache/subnetGroup:SubnetGroup", "")
			for _, one := range []componentstest.Resource{parameters, subnets} {
				if !slices.Contains(group.Needs, one.URN) {
					t.Errorf("the cache does not use %s", one.URN)
				}
			}
			checkReach(t, r, group, "securityGroupIds[*]", "tasks-to-cache", 6379)
		})
	}
}

// Pulumi adds eight characters to the logical name, and ElastiCache takes 40.
func TestCacheName(t *testing.T) {
	r := storesOf(t, func(s *Settings) { s.App = componentstest.App }, cacheProgram(components.CacheArgs{}))
	group := find(t, r, replicationType, "")
	properties{"replicationGroupId": []any{}}.check(t, group)
	if !regexp.MustCompile(`^[a-z](-?[a-z0-9])*$`).MatchString(group.Name) || len(group.Name)+suffix > 40 {
		t.Errorf("%q makes no id of a replication group", group.Name)
	}
}

func TestCacheState(t *testing.T) {
	r := storesOf(t, nil, cacheProgram(components.CacheArgs{}))
	probe, group := find(t, r, probeType, "probe"), find(t, r, replicationType, "")
	var token string
	for _, leaf := range group.Leaves() {
		if leaf.Path == "authToken" {
			token = leaf.Text()
			if !leaf.Secret {
				t.Error("the token is no secret of Pulumi's")
			}
		}
	}
	endpoint := text(t, probe, "endpoint")
	if !strings.HasSuffix(endpoint, ":6379") {
		t.Errorf("the endpoint is %q", endpoint)
	}
	if got, want := secretOf(t, r, "cache-url"), "rediss://:"+token+"@"+endpoint; got != want {
		t.Errorf("the URL is %q, want %q", got, want)
	}
	if !slices.Contains(probe.Needs, find(t, r, versionType, "cache-url").URN) {
		t.Error("the URL can be used before it is stored")
	}
	properties{"ca": ""}.check(t, probe)
	if text(t, probe, "scope.group") == "" || text(t, probe, "scope.nodes") == "" {
		t.Errorf("the scope is %v and %v", probe.At("scope.group"), probe.At("scope.nodes"))
	}
	password := find(t, r, "random:index/randomPassword:RandomPassword", "cache")
	properties{"length": 64.0, "special": false}.check(t, password) // 16 to 128 characters, few of them special
}

func TestCacheRefuses(t *testing.T) {
	for _, size := range []string{"db.t4g.micro", "m7g.large", "cache.m7g", "Balanced_B1"} {
		_, err := componentstest.Record(func(ctx *pulumi.Context) error {
			p, err := newNetworkPlatform(ctx, nil)
			if err != nil {
				return err
			}
			_, err = cacheProgram(components.CacheArgs{Size: size})(ctx, p)
			return err
		}, storesOptions(true))
		if !errors.Is(err, components.ErrUnsupported) || !strings.Contains(err.Error(), " cache.size: ") {
			t.Errorf("size %s: got %v, want ErrUnsupported with the key cache.size", size, err)
		}
	}
}

package aws

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/elasticache"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

const (
	cachePort = 6379
	// cacheVersion is the last minor version of its major one: ElastiCache goes on to later minor ones by itself, and the provider
	// would want to go back.
	cacheVersion, cacheFamily = "8.2", "valkey8"
	cacheSnapshots            = "03:00-04:00"
	cacheMaintenance          = "sun:05:00-sun:06:00"
)

// cacheSizes are burstable nodes with AWS's own processors where that is enough.
// https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/CacheNodes.SupportedTypes.html
var cacheSizes = []machineRow{
	{"small", "cache.t4g.micro", "cache.t4g.medium"},
	{"medium", "cache.t4g.small", "cache.m7g.large"},
	{"large", "cache.t4g.medium", "cache.r7g.xlarge"},
}

var nodeType = regexp.MustCompile(`^cache\.[a-z][a-z0-9]*\.(micro|small|medium|large|[0-9]*xlarge)$`)

// RunCache runs Valkey on ElastiCache: one shard, in private subnets, reached by the stack's tasks alone, encrypted with the stack's
// key and in transit, with a password. The password belongs to the default user, so the URL names none. What is no longer used is
// evicted. The server's certificate is Amazon Trust Services', which is in every system's store. It fails on a node type that does
// not look like one.
//   - https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/in-transit-encryption.html
//   - https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth.html
//   - https://docs.aws.amazon.com/securityhub/latest/userguide/elasticache-controls.html
func (p *Platform) RunCache(ctx *pulumi.Context, name string, a components.CacheArgs, opts ...pulumi.ResourceOption) (components.CacheState, error) {
	none := components.CacheState{}
	node := p.machine(cacheSizes, a.Size)
	if !nodeType.MatchString(node) {
		return none, components.Unsupported("aws", "cache.size", fmt.Sprintf("%q is neither small, medium or large nor a node type such as cache.m7g.large", a.Size))
	}
	// Letters and digits: safe inside a URL, and ElastiCache takes few other characters.
	token, err := p.password(ctx, name, 64, opts)
	if err != nil {
		return none, err
	}
	group, err := p.replicationGroup(ctx, name, node, token, a, opts)
	if err != nil {
		return none, err
	}
	url, err := p.storeSecret(ctx, name+"-url", pulumi.Sprintf("rediss://:%s@%s:%d", token, group.PrimaryEndpointAddress, cachePort), opts)
	if err != nil {
		return none, err
	}
	return components.CacheState{
		Endpoint: pulumi.Sprintf("%s:%d", group.PrimaryEndpointAddress, cachePort),
		URL:      url,
		CA:       pulumi.String("").ToStringOutput(),
		Scope: components.Scope{
			"group":    group.ReplicationGroupId,
			scopeNodes: group.MemberClusters.ApplyT(func(ids []string) string { return strings.Join(ids, ",") }).(pulumi.StringOutput),
		},
	}, nil
}

// replicationGroup makes the nodes: two in two zones with failover under HA, otherwise one.
//
// A change is made when it is run, as for the database; deliveries of logs can't be changed otherwise. A new token is taken beside
// the old one, so tasks that still have the old one go on. A cache may lose what it holds, so deleting it leaves no snapshot; the
// daily ones (a week of them in prod, else one) spare the database a cold start.
//   - https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/AutoFailover.html
//   - https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Log_Delivery.html
//   - https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/backups.html
//   - https://www.pulumi.com/registry/packages/aws/api-docs/elasticache/replicationgroup/
func (p *Platform) replicationGroup(ctx *pulumi.Context, name, node string, token pulumi.StringOutput, a components.CacheArgs, opts []pulumi.ResourceOption) (*elasticache.ReplicationGroup, error) {
	args := &elasticache.ReplicationGroupArgs{
		Description: pulumi.Sprintf("Slipway %s/%s", p.project, p.stack),
		Engine:      pulumi.String("valkey"), EngineVersion: pulumi.String(cacheVersion), AutoMinorVersionUpgrade: pulumi.Bool(true), ApplyImmediately: pulumi.Bool(true),
		NodeType: pulumi.String(node), DataTieringEnabled: pulumi.Bool(strings.HasPrefix(node, "cache.r6gd.")),
		Port: pulumi.Int(cachePort), NumCacheClusters: pulumi.Int(1), AutomaticFailoverEnabled: pulumi.Bool(a.HA), MultiAzEnabled: pulumi.Bool(a.HA),
		AtRestEncryptionEnabled: pulumi.Bool(true), KmsKeyId: p.key.arn, TransitEncryptionEnabled: pulumi.Bool(true), TransitEncryptionMode: pulumi.String("required"),
		AuthToken: token, AuthTokenUpdateStrategy: pulumi.String("ROTATE"),
		SnapshotRetentionLimit: pulumi.Int(1), SnapshotWindow: pulumi.String(cacheSnapshots), MaintenanceWindow: pulumi.String(cacheMaintenance),
	}
	if a.HA {
		args.NumCacheClusters = pulumi.Int(2)
	}
	if p.settings.Prod {
		args.SnapshotRetentionLimit = pulumi.Int(7)
	}
	if err := p.placeCache(ctx, name, args, opts); err != nil {
		return nil, err
	}
	parameters, err := elasticache.NewParameterGroup(ctx, p.name(name, 255), &elasticache.ParameterGroupArgs{
		Family: pulumi.String(cacheFamily), Description: pulumi.Sprintf("Slipway %s/%s", p.project, p.stack),
		Parameters: elasticache.ParameterGroupParameterArray{elasticache.ParameterGroupParameterArgs{Name: pulumi.String("maxmemory-policy"), Value: pulumi.String("allkeys-lru")}},
	}, p.cloudOpts(opts)...)
	if err != nil {
		return nil, fmt.Errorf("creating the cache's parameter group: %w", err)
	}
	args.ParameterGroupName = parameters.Name
	if args.LogDeliveryConfigurations, err = p.cacheLogs(ctx, name, opts); err != nil {
		return nil, err
	}
	group, err := elasticache.NewReplicationGroup(ctx, p.name(name, 40), args, p.cloudOpts(opts)...)
	if err != nil {
		return nil, fmt.Errorf("creating replication group: %w", err)
	}
	return group, nil
}

// placeCache puts the nodes into the private subnets and a security group of their own, which the tasks alone may reach.
// Who can use the cache finds the rules there, as it waits for them.
// https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/SubnetGroups.html
func (p *Platform) placeCache(ctx *pulumi.Context, name string, args *elasticache.ReplicationGroupArgs, opts []pulumi.ResourceOption) error {
	subnets, err := elasticache.NewSubnetGroup(ctx, p.name(name, 255), &elasticache.SubnetGroupArgs{
		Description: pulumi.Sprintf("Slipway %s/%s: private subnets", p.project, p.stack),
		SubnetIds:   p.network.private,
	}, p.cloudOpts(opts)...)
	if err != nil {
		return fmt.Errorf("creating the cache's subnet group: %w", err)
	}
	group, err := p.securityGroup(ctx, name, "The cache", opts)
	if err != nil {
		return err
	}
	rules, err := p.connect(ctx, "tasks-to-"+name, p.network.tasks, group, cachePort, "Valkey, from tasks of the app", opts)
	if err != nil {
		return err
	}
	args.SubnetGroupName, args.SecurityGroupIds = subnets.Name, pulumi.StringArray{after(ctx, group, rules...)}
	return nil
}

// cacheLogs makes the log groups of slow commands and of the engine. Their names begin as CloudWatch wants it of logs that a service
// delivers: the policy that lets it is limited in size, and holds these names already.
//   - https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Logging-destinations.html
//   - https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-CWL.html
func (p *Platform) cacheLogs(ctx *pulumi.Context, name string, opts []pulumi.ResourceOption) (elasticache.ReplicationGroupLogDeliveryConfigurationArray, error) {
	var deliveries elasticache.ReplicationGroupLogDeliveryConfigurationArray
	for _, kind := range []string{"slow-log", "engine-log"} {
		group, err := p.logGroup(ctx, name+"-"+kind, pulumi.String("/aws/vendedlogs/"+p.path(name+"-"+kind)), opts)
		if err != nil {
			return nil, err
		}
		deliveries = append(deliveries, elasticache.ReplicationGroupLogDeliveryConfigurationArgs{
			Destination: group.Name, DestinationType: pulumi.String("cloudwatch-logs"), LogFormat: pulumi.String("json"), LogType: pulumi.String(kind),
		})
	}
	return deliveries, nil
}

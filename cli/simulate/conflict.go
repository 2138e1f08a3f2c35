package simulate

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/slipway-iac/slipway/cli/simulate/likely"
)

// conflict is what a cloud lets no two resources of a type have at the same time, as a replacement that is created before the old one is
// deleted would.
type conflict struct {
	// same are paths of inputs: two resources that have equal values in all of them, and any in the first, are in conflict.
	same string
	// overlap is the path of an address range instead, which must not overlap another one's where same is equal.
	overlap string
	// says is what the cloud answers.
	says string
}

// equalName is the conflict of most types: a name that the cloud wants to be unique.
func equalName(paths, says string) []conflict { return []conflict{{same: paths, says: says}} }

// conflicts lists, for each type, what its cloud refuses.
var conflicts = map[string][]conflict{
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html
	"aws:lb/loadBalancer:LoadBalancer": equalName("name", "DuplicateLoadBalancerName"),
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html
	"aws:lb/targetGroup:TargetGroup": equalName("name", "DuplicateTargetGroupName"),
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateListener.html
	"aws:lb/listener:Listener": equalName("loadBalancerArn port", "DuplicateListener"),
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateRule.html
	"aws:lb/listenerRule:ListenerRule": equalName("listenerArn priority", "PriorityInUse"),
	// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
	"aws:ec2/securityGroup:SecurityGroup": equalName("name vpcId", "InvalidGroup.Duplicate"),
	"aws:ec2/subnet:Subnet":               {{same: "vpcId", overlap: "cidrBlock", says: "InvalidSubnet.Conflict"}},
	// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
	"aws:cloudwatch/logGroup:LogGroup": equalName("name", "ResourceAlreadyExistsException"),
	// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html
	"aws:ecr/repository:Repository": equalName("name", "RepositoryAlreadyExistsException"),
	// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html
	"aws:ecs/service:Service": equalName("name cluster", "Creation of service was not idempotent"),
	// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html
	"aws:rds/instance:Instance":             equalName("identifier", "DBInstanceAlreadyExists"),
	"aws:rds/parameterGroup:ParameterGroup": equalName("name", "DBParameterGroupAlreadyExists"),
	"aws:rds/subnetGroup:SubnetGroup":       equalName("name", "DBSubnetGroupAlreadyExists"),
	// https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateReplicationGroup.html
	"aws:elasticache/parameterGroup:ParameterGroup":     equalName("name", "CacheParameterGroupAlreadyExists"),
	"aws:elasticache/replicationGroup:ReplicationGroup": equalName("replicationGroupId", "ReplicationGroupAlreadyExists"),
	"aws:elasticache/subnetGroup:SubnetGroup":           equalName("name", "CacheSubnetGroupAlreadyExists"),
	// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
	"aws:iam/policy:Policy": equalName("name", "EntityAlreadyExists"),
	"aws:iam/role:Role":     equalName("name", "EntityAlreadyExists"),
	// https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html
	"aws:kms/alias:Alias": equalName("name", "AlreadyExistsException"),
	// https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html
	"aws:secretsmanager/secret:Secret": equalName("name", "ResourceExistsException"),
	// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
	"aws:s3/bucket:Bucket":     equalName("bucket", "BucketAlreadyOwnedByYou"),
	"aws:s3/bucketV2:BucketV2": equalName("bucket", "BucketAlreadyOwnedByYou"),
	// https://docs.aws.amazon.com/waf/latest/APIReference/API_CreateWebACL.html
	"aws:wafv2/webAcl:WebAcl": equalName("name scope", "WAFDuplicateItemException"),
	// https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateVpcOrigin.html
	"aws:cloudfront/function:Function":   equalName("name", "FunctionAlreadyExists"),
	"aws:cloudfront/vpcOrigin:VpcOrigin": equalName("vpcOriginEndpointConfig.name", "EntityAlreadyExists"),
	// https://docs.aws.amazon.com/aws-backup/latest/devguide/API_CreateBackupVault.html
	"aws:backup/vault:Vault": equalName("name", "AlreadyExistsException"),
	// https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
	"aws:route53/record:Record": equalName("name type zoneId", "InvalidChangeBatch: but it already exists"),

	// https://learn.microsoft.com/azure/container-apps/custom-virtual-networks: a subnet is for one environment alone.
	"azure-native:app:ManagedEnvironment": {
		{same: "vnetConfiguration.infrastructureSubnetId", says: "ManagedEnvironmentSubnetInUse: one environment a delegated subnet"},
	},
	// https://learn.microsoft.com/azure/dns/dns-zones-records
	"azure-native:network:RecordSet": equalName("relativeRecordSetName recordType zoneName resourceGroupName", "cannot create already existing resource"),
	// https://learn.microsoft.com/azure/frontdoor/domain: a host name is validated for one profile at a time.
	"azure-native:cdn:AFDCustomDomain": equalName("hostName", "Conflict: the host name is already in use"),
	// https://learn.microsoft.com/azure/role-based-access-control/troubleshooting
	"azure-native:authorization:RoleAssignment": equalName("scope roleDefinitionId principalId", "RoleAssignmentExists"),

	// https://cloud.google.com/vpc/docs/subnets: ranges of a network must not overlap.
	"gcp:compute/subnetwork:Subnetwork": {
		{same: "network", overlap: "ipCidrRange", says: "Invalid IPCidrRange: it conflicts with an existing subnetwork"},
		{same: "name region", says: "alreadyExists"},
	},
	// https://cloud.google.com/artifact-registry/docs/reference/rest/v1/projects.locations.repositories/create
	"gcp:artifactregistry/repository:Repository": equalName("repositoryId location project", "409 ALREADY_EXISTS"),
	// https://cloud.google.com/sql/docs/postgres/delete-instance: a name can't be used again for a week.
	"gcp:sql/databaseInstance:DatabaseInstance": equalName("name project", "409 instanceAlreadyExists"),
	"gcp:sql/database:Database":                 equalName("name instance", "409 databaseAlreadyExists"),
	// https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets/create
	"gcp:secretmanager/secret:Secret": equalName("secretId project", "409 ALREADY_EXISTS"),
	// https://cloud.google.com/kms/docs/resource-hierarchy: a key ring stays for ever.
	"gcp:kms/keyRing:KeyRing":     equalName("name location project", "409 ALREADY_EXISTS"),
	"gcp:kms/cryptoKey:CryptoKey": equalName("name keyRing", "409 ALREADY_EXISTS"),
	// https://cloud.google.com/memorystore/docs/redis/reference/rest/v1/projects.locations.instances/create
	"gcp:redis/cluster:Cluster":   equalName("name region project", "409 ALREADY_EXISTS"),
	"gcp:redis/instance:Instance": equalName("name region project", "409 ALREADY_EXISTS"),
	// https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services/create
	"gcp:cloudrunv2/job:Job":         equalName("name location project", "409 ALREADY_EXISTS"),
	"gcp:cloudrunv2/service:Service": equalName("name location project", "409 ALREADY_EXISTS"),
	// https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts/create
	"gcp:serviceaccount/account:Account": equalName("accountId project", "409 ALREADY_EXISTS"),
	// https://cloud.google.com/storage/docs/json_api/v1/buckets/insert
	"gcp:storage/bucket:Bucket": equalName("name", "409 conflict"),
	// https://cloud.google.com/dns/docs/reference/rest/v1/resourceRecordSets/create
	"gcp:dns/recordSet:RecordSet": equalName("name type managedZone", "409 alreadyExists"),
	// https://cloud.google.com/certificate-manager/docs/reference/certificate-manager/rest
	"gcp:certificatemanager/certificate:Certificate":           equalName("name location project", "409 ALREADY_EXISTS"),
	"gcp:certificatemanager/certificateMap:CertificateMap":     equalName("name project", "409 ALREADY_EXISTS"),
	"gcp:certificatemanager/dnsAuthorization:DnsAuthorization": equalName("name location project", "409 ALREADY_EXISTS"),
	// https://cloud.google.com/compute/docs/reference/rest/v1
	"gcp:compute/backendService:BackendService":     equalName("name", "409 alreadyExists"),
	"gcp:compute/globalAddress:GlobalAddress":       equalName("name", "409 alreadyExists"),
	"gcp:compute/network:Network":                   equalName("name", "409 alreadyExists"),
	"gcp:compute/securityPolicy:SecurityPolicy":     equalName("name", "409 alreadyExists"),
	"gcp:compute/targetHttpsProxy:TargetHttpsProxy": equalName("name", "409 alreadyExists"),
	"gcp:compute/uRLMap:URLMap":                     equalName("name", "409 alreadyExists"),
}

// clash tells why a cloud would not make a resource beside those that exist, or nothing.
func clash(t thing, others []thing) error {
	token := unversioned(string(t.urn.Type()))
	for _, rule := range conflicts[token] {
		for _, other := range others {
			if unversioned(string(other.urn.Type())) == token && rule.between(t.inputs, other.inputs) {
				return fmt.Errorf("simulated cloud: %s %q can't be created beside %q: %s (%s)", kindOf(token), t.urn.Name(), other.urn.Name(), rule.says, strings.TrimSpace(rule.same+" "+rule.overlap))
			}
		}
	}
	return nil
}

// between tells whether two resources are in conflict. What is not known is not.
func (c conflict) between(one, other resource.PropertyMap) bool {
	for i, path := range strings.Fields(c.same) {
		a, has := at(one, path)
		b, had := at(other, path)
		if i == 0 && !has || has != had || has && (a.IsComputed() || !a.DeepEquals(b)) {
			return false
		}
	}
	if c.overlap == "" {
		return true
	}
	a, ok := prefix(one, c.overlap)
	b, both := prefix(other, c.overlap)
	return ok && both && a.Overlaps(b)
}

func prefix(inputs resource.PropertyMap, path string) (netip.Prefix, bool) {
	v, ok := at(inputs, path)
	if !ok || !v.IsString() {
		return netip.Prefix{}, false
	}
	p, err := netip.ParsePrefix(v.StringValue())
	return p, err == nil
}

// plainInputs are the inputs of a resource in a state.
func plainInputs(m map[string]any) resource.PropertyMap {
	out := resource.NewPropertyMapFromMap(m)
	for key, v := range out {
		out[key] = likely.Plain(v)
	}
	return out
}

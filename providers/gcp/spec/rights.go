package spec

import (
	"maps"
	"slices"
	"strings"
)

// RightsDate is when permissions and roles were compared with Google's lists.
const RightsDate = "2026-12-01"

// needs are the permissions that it takes to create, read, update and delete a resource, by Pulumi's type; of Google Cloud's own types without
// the package's name. What the two service accounts alone must allow is in onAccounts.
//   - https://cloud.google.com/iam/docs/permissions-reference
//   - https://cloud.google.com/compute/docs/reference/rest/v1 (each method names its permissions)
//   - https://cloud.google.com/run/docs/reference/iam/permissions
var needs = map[string]string{
	"docker:index/registryImage:RegistryImage": "artifactregistry.repositories.uploadArtifacts artifactregistry.repositories.downloadArtifacts",
	"gcp:artifactregistry/repository:Repository": "artifactregistry.repositories.create artifactregistry.repositories.get " +
		"artifactregistry.repositories.update artifactregistry.repositories.delete",
	"gcp:certificatemanager/certificate:Certificate": "certificatemanager.certs.create certificatemanager.certs.get certificatemanager.certs.list certificatemanager.certs.update " +
		"certificatemanager.certs.delete certificatemanager.certs.use certificatemanager.operations.get",
	"gcp:certificatemanager/certificateMap:CertificateMap": "certificatemanager.certmaps.create certificatemanager.certmaps.get " +
		"certificatemanager.certmaps.update certificatemanager.certmaps.delete",
	"gcp:certificatemanager/certificateMapEntry:CertificateMapEntry": "certificatemanager.certmapentries.create certificatemanager.certmapentries.get " +
		"certificatemanager.certmapentries.update certificatemanager.certmapentries.delete",
	"gcp:certificatemanager/dnsAuthorization:DnsAuthorization": "certificatemanager.dnsauthorizations.create certificatemanager.dnsauthorizations.get " +
		"certificatemanager.dnsauthorizations.update certificatemanager.dnsauthorizations.delete " +
		"certificatemanager.dnsauthorizations.use",
	"gcp:cloudrunv2/job:Job": "run.jobs.create run.jobs.get run.jobs.update run.jobs.run run.jobs.delete run.operations.get " +
		"iam.serviceAccounts.actAs artifactregistry.repositories.downloadArtifacts",
	"gcp:cloudrunv2/service:Service": "run.services.create run.services.get run.services.update run.services.delete run.operations.get " +
		"iam.serviceAccounts.actAs artifactregistry.repositories.downloadArtifacts",
	"gcp:cloudrunv2/serviceIamMember:ServiceIamMember": "run.services.getIamPolicy run.services.setIamPolicy",
	"gcp:compute/backendService:BackendService": "compute.backendServices.create compute.backendServices.get compute.backendServices.update " +
		"compute.backendServices.setSecurityPolicy compute.backendServices.use compute.backendServices.delete",
	"gcp:compute/firewall:Firewall": "compute.firewalls.create compute.firewalls.get compute.firewalls.update compute.firewalls.delete " +
		"compute.networks.updatePolicy",
	"gcp:compute/globalAddress:GlobalAddress": "compute.globalAddresses.create compute.globalAddresses.createInternal compute.globalAddresses.get " +
		"compute.globalAddresses.setLabels compute.globalAddresses.use compute.globalAddresses.delete " +
		"compute.globalAddresses.deleteInternal compute.networks.use",
	"gcp:compute/globalForwardingRule:GlobalForwardingRule": "compute.globalForwardingRules.create compute.globalForwardingRules.get " +
		"compute.globalForwardingRules.setLabels compute.globalForwardingRules.setTarget " +
		"compute.globalForwardingRules.delete",
	"gcp:compute/network:Network": "compute.networks.create compute.networks.get compute.networks.delete compute.globalOperations.get",
	"gcp:compute/regionNetworkEndpointGroup:RegionNetworkEndpointGroup": "compute.regionNetworkEndpointGroups.create compute.regionNetworkEndpointGroups.get " +
		"compute.regionNetworkEndpointGroups.use compute.regionNetworkEndpointGroups.delete",
	"gcp:compute/sSLPolicy:SSLPolicy": "compute.sslPolicies.create compute.sslPolicies.get compute.sslPolicies.update " +
		"compute.sslPolicies.use compute.sslPolicies.delete",
	"gcp:compute/securityPolicy:SecurityPolicy": "compute.securityPolicies.create compute.securityPolicies.get compute.securityPolicies.update " +
		"compute.securityPolicies.use compute.securityPolicies.delete",
	"gcp:compute/subnetwork:Subnetwork": "compute.subnetworks.create compute.subnetworks.get compute.subnetworks.update " +
		"compute.subnetworks.setPrivateIpGoogleAccess compute.subnetworks.delete " +
		"compute.networks.updatePolicy compute.regionOperations.get",
	"gcp:compute/targetHttpProxy:TargetHttpProxy": "compute.targetHttpProxies.create compute.targetHttpProxies.get compute.targetHttpProxies.setUrlMap " +
		"compute.targetHttpProxies.use compute.targetHttpProxies.delete",
	"gcp:compute/targetHttpsProxy:TargetHttpsProxy": "compute.targetHttpsProxies.create compute.targetHttpsProxies.get " +
		"compute.targetHttpsProxies.setUrlMap compute.targetHttpsProxies.setSslPolicy " +
		"compute.targetHttpsProxies.setCertificateMap compute.targetHttpsProxies.use " +
		"compute.targetHttpsProxies.delete certificatemanager.certmaps.use",
	"gcp:compute/uRLMap:URLMap": "compute.urlMaps.create compute.urlMaps.get compute.urlMaps.update compute.urlMaps.use " +
		"compute.urlMaps.delete",
	"gcp:dns/policy:Policy": "dns.policies.create dns.policies.get dns.policies.update dns.policies.delete " +
		"dns.networks.bindPrivateDNSPolicy",
	"gcp:dns/recordSet:RecordSet": "dns.changes.create dns.changes.get dns.managedZones.get dns.managedZones.list " +
		"dns.resourceRecordSets.create dns.resourceRecordSets.list dns.resourceRecordSets.update " +
		"dns.resourceRecordSets.delete",
	"gcp:kms/cryptoKey:CryptoKey": "cloudkms.cryptoKeys.create cloudkms.cryptoKeys.get cloudkms.cryptoKeys.update " +
		"cloudkms.cryptoKeyVersions.list cloudkms.cryptoKeyVersions.destroy logging.settings.get",
	"gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember":       "cloudkms.cryptoKeys.getIamPolicy cloudkms.cryptoKeys.setIamPolicy",
	"gcp:kms/keyRing:KeyRing":                             "cloudkms.keyRings.create cloudkms.keyRings.get",
	"gcp:logging/metric:Metric":                           "logging.logMetrics.create logging.logMetrics.get logging.logMetrics.update logging.logMetrics.delete",
	"gcp:logging/projectBucketConfig:ProjectBucketConfig": "logging.buckets.create logging.buckets.get logging.buckets.update logging.buckets.delete",
	"gcp:logging/projectExclusion:ProjectExclusion":       "logging.exclusions.create logging.exclusions.get logging.exclusions.update logging.exclusions.delete",
	"gcp:logging/projectSink:ProjectSink":                 "logging.sinks.create logging.sinks.get logging.sinks.update logging.sinks.delete",
	"gcp:monitoring/alertPolicy:AlertPolicy": "monitoring.alertPolicies.create monitoring.alertPolicies.get monitoring.alertPolicies.update " +
		"monitoring.alertPolicies.delete",
	"gcp:monitoring/dashboard:Dashboard": "monitoring.dashboards.create monitoring.dashboards.get monitoring.dashboards.update " +
		"monitoring.dashboards.delete",
	"gcp:monitoring/notificationChannel:NotificationChannel": "monitoring.notificationChannels.create monitoring.notificationChannels.get " +
		"monitoring.notificationChannels.update monitoring.notificationChannels.delete",
	"gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig": "monitoring.uptimeCheckConfigs.create monitoring.uptimeCheckConfigs.get " +
		"monitoring.uptimeCheckConfigs.update monitoring.uptimeCheckConfigs.delete",
	"gcp:projects/iAMMember:IAMMember": "resourcemanager.projects.get resourcemanager.projects.getIamPolicy " +
		"resourcemanager.projects.setIamPolicy",
	"gcp:projects/service:Service":                 "serviceusage.services.enable serviceusage.services.get serviceusage.services.list",
	"gcp:projects/serviceIdentity:ServiceIdentity": "serviceusage.services.enable",
	"gcp:redis/instance:Instance": "redis.instances.create redis.instances.get redis.instances.getAuthString redis.instances.update " +
		"redis.instances.delete redis.operations.get",
	"gcp:secretmanager/secret:Secret": "secretmanager.secrets.create secretmanager.secrets.get secretmanager.secrets.update " +
		"secretmanager.secrets.delete",
	"gcp:secretmanager/secretIamMember:SecretIamMember": "secretmanager.secrets.getIamPolicy secretmanager.secrets.setIamPolicy",
	"gcp:secretmanager/secretVersion:SecretVersion":     "secretmanager.versions.add secretmanager.versions.get secretmanager.versions.access",
	"gcp:serviceaccount/account:Account":                "iam.serviceAccounts.create iam.serviceAccounts.get iam.serviceAccounts.delete",
	"gcp:servicenetworking/connection:Connection":       "servicenetworking.services.addPeering servicenetworking.services.get compute.networks.addPeering",
	"gcp:sql/databaseInstance:DatabaseInstance": "cloudsql.instances.create cloudsql.instances.get cloudsql.instances.update cloudsql.instances.delete " +
		"cloudsql.users.list servicenetworking.services.get",
	"gcp:sql/user:User": "cloudsql.users.create cloudsql.users.list cloudsql.users.update",
}

// verbs are what the command line asks and does beside Pulumi: repair, watch, logs, rollout, destroy and doctor.
var verbs = "serviceusage.services.use resourcemanager.projects.get run.jobs.list run.jobs.delete " +
	"run.services.get run.revisions.list cloudsql.instances.list cloudsql.instances.delete " +
	"logging.buckets.list logging.views.access monitoring.timeSeries.list monitoring.alertPolicies.list " +
	"monitoring.snoozes.create monitoring.snoozes.update " +
	"compute.networks.get compute.networks.removePeering compute.addresses.list compute.projects.get " +
	"serviceusage.services.get serviceusage.quotas.get run.locations.list " +
	"redis.locations.list"

// onAccounts are permissions that the deployer needs on the stack's two service accounts alone.
var onAccounts = []string{"iam.serviceAccounts.actAs", "iam.serviceAccounts.delete"}

// Permissions are those that a deployer needs for resources of some types, sorted, and whether each type is known.
func Permissions(types []string) (all []string, unknown []string) {
	set := map[string]bool{}
	for _, permission := range strings.Fields(verbs) {
		set[permission] = true
	}
	for _, kind := range types {
		row, ok := needs[kind]
		if !ok {
			unknown = append(unknown, kind)
		}
		for _, permission := range strings.Fields(row) {
			set[permission] = true
		}
	}
	return slices.Sorted(maps.Keys(set)), unknown
}

// with are the types that not every stack has, by the beginning of their names, and what brings them.
var with = []struct {
	begins             string
	domain, cmek, prod bool
}{
	{begins: "gcp:certificatemanager/", domain: true}, {begins: "gcp:dns/recordSet:", domain: true}, {begins: "gcp:dns/policy:", prod: true}, {begins: "gcp:kms/", cmek: true},
	{begins: "gcp:projects/serviceIdentity:", cmek: true}, {begins: "gcp:compute/region", domain: true}, {begins: "gcp:compute/backend", domain: true},
	{begins: "gcp:compute/security", domain: true}, {begins: "gcp:compute/sSL", domain: true}, {begins: "gcp:compute/uRL", domain: true},
	{begins: "gcp:compute/target", domain: true}, {begins: "gcp:compute/globalForwarding", domain: true},
}

// Types are the types of a stack's resources that take rights, with a domain, with a key of its own, in tier prod.
func Types(domain, cmek, prod bool) []string {
	var out []string
	for _, kind := range slices.Sorted(maps.Keys(needs)) {
		left := false
		for _, row := range with {
			left = left || strings.HasPrefix(kind, row.begins) && (row.domain && !domain || row.cmek && !cmek || row.prod && !prod)
		}
		if !left {
			out = append(out, kind)
		}
	}
	return out
}

// OnAccounts tells whether a permission is needed on the stack's service accounts alone.
func OnAccounts(permission string) bool { return slices.Contains(onAccounts, permission) }

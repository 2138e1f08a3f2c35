package likely

import "regexp"

// gcpForms are the outputs of Google Cloud's resources: relative resource names as ids.
// https://cloud.google.com/apis/design/resource_names
var gcpForms = map[string]form{
	"artifactregistry/repository:Repository":                     {"id": "projects/{project}/locations/{location}/repositories/{name}", "name": "{repositoryId}"},
	"certificatemanager/certificate:Certificate":                 {"id": "projects/{project}/locations/global/certificates/{name}"},
	"certificatemanager/certificateMap:CertificateMap":           {"id": "projects/{project}/locations/global/certificateMaps/{name}"},
	"certificatemanager/certificateMapEntry:CertificateMapEntry": {"id": "projects/{project}/locations/global/certificateMaps/{map}/certificateMapEntries/{name}"},
	"certificatemanager/dnsAuthorization:DnsAuthorization": {
		"id": "projects/{project}/locations/global/dnsAuthorizations/{name}", "dnsResourceRecords[*].name": "_acme-challenge.{domain}.",
		"dnsResourceRecords[*].type": "CNAME", "dnsResourceRecords[*].data": "{uuid}.{digits:2}.authorize.certificatemanager.goog.",
	},
	"cloudrunv2/job:Job":                            {"id": "projects/{project}/locations/{location}/jobs/{name}", "uid": "{uuid}"},
	"cloudrunv2/serviceIamMember:ServiceIamMember":  {"id": "projects/{project}/locations/{location}/services/{name}/{role}/{member}"},
	"kms/cryptoKeyIAMMember:CryptoKeyIAMMember":     {"id": "{cryptoKeyId}/{role}/{member}"},
	"secretmanager/secretIamMember:SecretIamMember": {"id": "projects/{project}/secrets/{secretId}/{role}/{member}"},
	"dns/policy:Policy":                             {"id": "projects/{project}/policies/{name}"},
	"cloudrunv2/service:Service": {
		"id": "projects/{project}/locations/{location}/services/{name}", "uri": "https://{name}-{lower:10}-uc.a.run.app", "uid": "{uuid}",
		"latestReadyRevision": "{id}/revisions/{name}-00001-{lower:3}", "latestCreatedRevision": "{id}/revisions/{name}-00001-{lower:3}",
	},
	"compute/address:Address":                                       {"id": "projects/{project}/regions/{region}/addresses/{name}"},
	"compute/backendService:BackendService":                         {"id": "projects/{project}/global/backendServices/{name}"},
	"compute/firewall:Firewall":                                     {"id": "projects/{project}/global/firewalls/{name}"},
	"compute/globalAddress:GlobalAddress":                           {"id": "projects/{project}/global/addresses/{name}"},
	"compute/globalForwardingRule:GlobalForwardingRule":             {"id": "projects/{project}/global/forwardingRules/{name}"},
	"compute/managedSslCertificate:ManagedSslCertificate":           {"id": "projects/{project}/global/sslCertificates/{name}"},
	"compute/network:Network":                                       {"id": "projects/{project}/global/networks/{name}", "gatewayIpv4": ""},
	"compute/regionNetworkEndpointGroup:RegionNetworkEndpointGroup": {"id": "projects/{project}/regions/{region}/networkEndpointGroups/{name}"},
	"compute/router:Router":                                         {"id": "projects/{project}/regions/{region}/routers/{name}"},
	"compute/routerNat:RouterNat":                                   {"id": "{project}/{region}/{router}/{name}"},
	"compute/sSLPolicy:SSLPolicy":                                   {"id": "projects/{project}/global/sslPolicies/{name}"},
	"compute/securityPolicy:SecurityPolicy":                         {"id": "projects/{project}/global/securityPolicies/{name}"},
	"compute/subnetwork:Subnetwork":                                 {"id": "projects/{project}/regions/{region}/subnetworks/{name}", "gatewayAddress": "10.0.0.1"},
	"compute/targetHttpProxy:TargetHttpProxy":                       {"id": "projects/{project}/global/targetHttpProxies/{name}"},
	"compute/targetHttpsProxy:TargetHttpsProxy":                     {"id": "projects/{project}/global/targetHttpsProxies/{name}"},
	"compute/uRLMap:URLMap":                                         {"id": "projects/{project}/global/urlMaps/{name}"},
	"dns/managedZone:ManagedZone":                                   {"id": "projects/{project}/managedZones/{name}", "nameServers[*]": "ns-cloud-a{number}.googledomains.com."},
	"dns/recordSet:RecordSet":                                       {"id": "projects/{project}/managedZones/{managedZone}/rrsets/{name}/{type}"},
	"kms/cryptoKey:CryptoKey":                                       {"id": "{keyRing}/cryptoKeys/{name}", "primaries[*].name": "{id}/cryptoKeyVersions/1", "primaries[*].state": "ENABLED"},
	"kms/keyRing:KeyRing":                                           {"id": "projects/{project}/locations/{location}/keyRings/{name}"},
	"logging/metric:Metric":                                         {"id": "{name}"},
	"logging/projectExclusion:ProjectExclusion":                     {"id": "projects/{project}/exclusions/{name}"},
	"logging/projectSink:ProjectSink":                               {"id": "projects/{project}/sinks/{name}", "writerIdentity": "serviceAccount:service-{projectNumber}@gcp-sa-logging.iam.gserviceaccount.com"},
	"logging/projectBucketConfig:ProjectBucketConfig":               {"id": "projects/{project}/locations/{location}/buckets/{bucketId}"},
	"monitoring/alertPolicy:AlertPolicy":                            {"id": "projects/{project}/alertPolicies/{digits:19}", "name": "{id}"},
	"monitoring/dashboard:Dashboard":                                {"id": "projects/{projectNumber}/dashboards/{uuid}"},
	"monitoring/notificationChannel:NotificationChannel":            {"id": "projects/{project}/notificationChannels/{digits:19}", "name": "{id}", "verificationStatus": ""},
	"monitoring/uptimeCheckConfig:UptimeCheckConfig":                {"id": "projects/{project}/uptimeCheckConfigs/{uptimeCheckId}", "name": "{id}", "uptimeCheckId": "{lower:16}"},
	"projects/iAMMember:IAMMember":                                  {"id": "{project}/{role}/{member}"},
	"projects/service:Service":                                      {"id": "{project}/{service}"},
	"projects/serviceIdentity:ServiceIdentity":                      {"id": "projects/{project}/services/{service}", "email": "service-{projectNumber}@gcp-sa-{lower:8}.iam.gserviceaccount.com"},
	"redis/instance:Instance": {
		"id": "projects/{project}/locations/{region}/instances/{name}", "host": "{ip}", "serverCaCerts[*].cert": "{certificate}", "readEndpoint": "", "authString": "{uuid}", "currentLocationId": "{region}-a",
		"effectiveReservedIpRange": "10.0.0.0/29", "persistenceIamIdentity": "serviceAccount:{projectNumber}-compute@developer.gserviceaccount.com",
	},
	"secretmanager/secret:Secret":               {"id": "projects/{project}/secrets/{secretId}", "name": "projects/{projectNumber}/secrets/{secretId}"},
	"secretmanager/secretVersion:SecretVersion": {"id": "{secret}/versions/{version}", "name": "{secret}/versions/{version}", "version": "1"},
	"serviceaccount/account:Account": {
		"id": "projects/{project}/serviceAccounts/{email}", "name": "projects/{project}/serviceAccounts/{email}",
		"email": "{accountId}@{project}.iam.gserviceaccount.com", "member": "serviceAccount:{email}", "uniqueId": "{digits:21}",
	},
	"servicenetworking/connection:Connection": {"id": "{network}:{service}", "peering": "servicenetworking-googleapis-com"},
	"sql/database:Database":                   {"id": "projects/{project}/instances/{instance}/databases/{name}"},
	"sql/databaseInstance:DatabaseInstance": {
		"id": "{name}", "connectionName": "{project}:{region}:{name}", "selfLink": "https://sqladmin.googleapis.com/sql/v1beta4/projects/{project}/instances/{name}",
		"publicIpAddress": "", "privateIpAddress": "{ip}", "firstIpAddress": "{privateIpAddress}", "dnsName": "{hex:12}.{lower:12}.{region}.sql.goog.",
		"serviceAccountEmailAddress": "p{projectNumber}-{lower:6}@gcp-sa-cloud-sql.iam.gserviceaccount.com", "serverCaCerts[*].cert": "{certificate}",
	},
	"sql/user:User":         {"id": "{name}//{instance}"},
	"storage/bucket:Bucket": {"id": "{name}", "url": "gs://{name}", "selfLink": "https://www.googleapis.com/storage/v1/b/{name}"},
}

// gcpNamed are the forms of properties that many of Google Cloud's resources share.
var gcpNamed = []named{
	{regexp.MustCompile(`^project$`), "{project}"},
	{regexp.MustCompile(`^address$`), "{ip}"},
	{regexp.MustCompile(`^(region|location)$`), "{region}"},
	{regexp.MustCompile(`^selfLink$`), "https://www.googleapis.com/{module}/v1/{id}"},
	{regexp.MustCompile(`^(generatedId|numericId|uniqueId|proxyId|mapId)$`), "{digits:19}"},
	{regexp.MustCompile(`^(uid|instanceUid)$`), "{uuid}"},
	{regexp.MustCompile(`(?i)ipRange$`), "10.0.0.0/24"},
	{regexp.MustCompile(`(?i)(creator|lastModifier|email)$`), "deployer@{project}.iam.gserviceaccount.com"},
}

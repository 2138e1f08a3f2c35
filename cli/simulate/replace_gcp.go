package simulate

// gcpReplaces lists, for each type, the inputs that Google Cloud can't change in place. The lists were taken from ForceNew in the
// schemas of the Terraform provider that Pulumi's provider is built on. What is not here is updated in place.
//   - https://registry.terraform.io/providers/hashicorp/google/latest/docs
//   - https://github.com/hashicorp/terraform-provider-google/tree/main/google/services
var gcpReplaces = map[string]string{
	// https://cloud.google.com/artifact-registry/docs/repositories/create-repos
	"artifactregistry/repository:Repository": "format kmsKeyName location mode project remoteRepositoryConfig repositoryId",
	// https://cloud.google.com/certificate-manager/docs/certificates
	"certificatemanager/certificate:Certificate":                 "location managed name project scope",
	"certificatemanager/certificateMap:CertificateMap":           "name project",
	"certificatemanager/certificateMapEntry:CertificateMapEntry": "hostname map matcher name project",
	"certificatemanager/dnsAuthorization:DnsAuthorization":       "domain location name project type",
	// https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services
	"cloudrunv2/job:Job":                           "location name project",
	"cloudrunv2/service:Service":                   "location name project",
	"cloudrunv2/serviceIamMember:ServiceIamMember": "condition location member name project role",
	// Of those that providers/gcp binds by hand, the inputs that it binds. https://cloud.google.com/compute/docs/reference/rest/v1
	"compute/address:Address":                                       "address addressType description ipVersion ipv6EndpointType name network networkTier prefixLength project purpose region subnetwork",
	"compute/backendService:BackendService":                         "name",
	"compute/firewall:Firewall":                                     "direction name",
	"compute/globalAddress:GlobalAddress":                           "address addressType ipVersion name network prefixLength purpose",
	"compute/globalForwardingRule:GlobalForwardingRule":             "ipAddress ipProtocol name portRange",
	"compute/managedSslCertificate:ManagedSslCertificate":           "description managed name project type",
	"compute/network:Network":                                       "autoCreateSubnetworks description name",
	"compute/regionNetworkEndpointGroup:RegionNetworkEndpointGroup": "cloudRun name networkEndpointType region",
	"compute/router:Router":                                         "encryptedInterconnectRouter name network project region",
	"compute/routerNat:RouterNat":                                   "endpointTypes initialNatIps name project region router type",
	"compute/sSLPolicy:SSLPolicy":                                   "name",
	"compute/securityPolicy:SecurityPolicy":                         "name type",
	"compute/subnetwork:Subnetwork":                                 "name network region",
	"compute/targetHttpProxy:TargetHttpProxy":                       "name",
	"compute/targetHttpsProxy:TargetHttpsProxy":                     "name",
	"compute/uRLMap:URLMap":                                         "name",
	// https://cloud.google.com/dns/docs/reference/rest/v1
	"dns/managedZone:ManagedZone": "dnsName name project visibility",
	"dns/policy:Policy":           "name project",
	"dns/recordSet:RecordSet":     "managedZone name project",
	// https://cloud.google.com/kms/docs/resource-hierarchy
	"kms/cryptoKey:CryptoKey":                   "cryptoKeyBackend destroyScheduledDuration importOnly keyRing name purpose versionTemplate.protectionLevel",
	"kms/cryptoKeyIAMMember:CryptoKeyIAMMember": "condition cryptoKeyId member role",
	"kms/keyRing:KeyRing":                       "location name project",
	// https://cloud.google.com/logging/docs/buckets
	"logging/metric:Metric":                           "metricDescriptor.labels project",
	"logging/projectBucketConfig:ProjectBucketConfig": "bucketId location project",
	"logging/projectExclusion:ProjectExclusion":       "name project",
	"logging/projectSink:ProjectSink":                 "name project uniqueWriterIdentity",
	// https://cloud.google.com/monitoring/api/ref_v3/rest
	"monitoring/alertPolicy:AlertPolicy":                 "project",
	"monitoring/dashboard:Dashboard":                     "project",
	"monitoring/notificationChannel:NotificationChannel": "project",
	"monitoring/uptimeCheckConfig:UptimeCheckConfig":     "checkerType httpCheck.requestMethod monitoredResource project resourceGroup syntheticMonitor",
	// https://cloud.google.com/iam/docs/reference/rest
	"projects/iAMMember:IAMMember":                  "condition member project role",
	"projects/service:Service":                      "project service",
	"projects/serviceIdentity:ServiceIdentity":      "project service",
	"serviceaccount/account:Account":                "accountId project",
	"serviceaccount/iAMMember:IAMMember":            "condition member role serviceAccountId",
	"secretmanager/secretIamMember:SecretIamMember": "condition member project role secretId",
	// https://cloud.google.com/memorystore/docs/redis/reference/rest
	"redis/cluster:Cluster":   "authorizationMode name project region transitEncryptionMode zoneDistributionConfig",
	"redis/instance:Instance": "alternativeLocationId authorizedNetwork connectMode customerManagedKey locationId name project region reservedIpRange tier transitEncryptionMode",
	// https://cloud.google.com/secret-manager/docs/reference/rest
	"secretmanager/secret:Secret":               "project replication secretId",
	"secretmanager/secretVersion:SecretVersion": "isSecretDataBase64 secret secretData",
	// https://cloud.google.com/service-infrastructure/docs/service-networking/reference/rest
	"servicenetworking/connection:Connection": "network service",
	// https://cloud.google.com/sql/docs/postgres/instance-settings
	"sql/database:Database":                 "instance name project",
	"sql/databaseInstance:DatabaseInstance": "encryptionKeyName name project region replicaConfiguration settings.collation",
	"sql/sslCert:SslCert":                   "commonName instance project",
	"sql/user:User":                         "host instance name project type",
	// https://cloud.google.com/storage/docs/json_api/v1/buckets
	"storage/bucket:Bucket": "customPlacementConfig.dataLocations enableObjectRetention hierarchicalNamespace location name project",
	// https://cloud.google.com/vpc/docs/serverless-vpc-access
	"vpcaccess/connector:Connector": "ipCidrRange name network project region subnet",
}

package spec

// Role is a role that docs/gcp.md gives to whoever deploys, with those of its permissions that a stack needs.
type Role struct {
	// Name is without "roles/".
	Name string
	// Accounts says that it is given on the stack's two service accounts, not on the project.
	Accounts bool
	// When says for what it is given; empty for every stack.
	When string
	// Permissions are separated by blanks.
	Permissions string
}

// Roles are those of docs/gcp.md. Which permissions a role has is what Google published on 2026-08-22; only those that a stack needs are here.
// https://cloud.google.com/iam/docs/roles-permissions
var Roles = []Role{
	{Name: "serviceusage.serviceUsageAdmin", Permissions: "monitoring.timeSeries.list serviceusage.quotas.get serviceusage.services.enable " +
		"serviceusage.services.get serviceusage.services.list serviceusage.services.use"},
	{Name: "compute.networkAdmin", Permissions: "compute.addresses.list compute.backendServices.create compute.backendServices.delete " +
		"compute.backendServices.get compute.backendServices.setSecurityPolicy compute.backendServices.update " +
		"compute.backendServices.use compute.firewalls.get compute.globalAddresses.create " +
		"compute.globalAddresses.createInternal compute.globalAddresses.delete " +
		"compute.globalAddresses.deleteInternal compute.globalAddresses.get compute.globalAddresses.setLabels " +
		"compute.globalAddresses.use compute.globalForwardingRules.create " +
		"compute.globalForwardingRules.delete compute.globalForwardingRules.get " +
		"compute.globalForwardingRules.setLabels compute.globalForwardingRules.setTarget " +
		"compute.globalOperations.get compute.networks.addPeering compute.networks.create " +
		"compute.networks.delete compute.networks.get compute.networks.removePeering " +
		"compute.networks.updatePolicy compute.networks.use compute.projects.get " +
		"compute.regionNetworkEndpointGroups.get compute.regionNetworkEndpointGroups.use " +
		"compute.regionOperations.get compute.securityPolicies.get compute.securityPolicies.use " +
		"compute.sslPolicies.create compute.sslPolicies.delete compute.sslPolicies.get " +
		"compute.sslPolicies.update compute.sslPolicies.use compute.subnetworks.create " +
		"compute.subnetworks.delete compute.subnetworks.get compute.subnetworks.setPrivateIpGoogleAccess " +
		"compute.subnetworks.update compute.targetHttpProxies.create compute.targetHttpProxies.delete " +
		"compute.targetHttpProxies.get compute.targetHttpProxies.setUrlMap compute.targetHttpProxies.use " +
		"compute.targetHttpsProxies.create compute.targetHttpsProxies.delete compute.targetHttpsProxies.get " +
		"compute.targetHttpsProxies.setCertificateMap compute.targetHttpsProxies.setSslPolicy " +
		"compute.targetHttpsProxies.setUrlMap compute.targetHttpsProxies.use compute.urlMaps.create " +
		"compute.urlMaps.delete compute.urlMaps.get compute.urlMaps.update compute.urlMaps.use " +
		"resourcemanager.projects.get servicenetworking.services.addPeering servicenetworking.services.get"},
	{Name: "compute.securityAdmin", Permissions: "compute.firewalls.create compute.firewalls.delete compute.firewalls.update " +
		"compute.securityPolicies.create compute.securityPolicies.delete compute.securityPolicies.update"},
	{Name: "compute.loadBalancerAdmin", Permissions: "certificatemanager.certmaps.get certificatemanager.certmaps.use " +
		"compute.regionNetworkEndpointGroups.create compute.regionNetworkEndpointGroups.delete"},
	{Name: "iam.serviceAccountCreator", Permissions: "iam.serviceAccounts.create iam.serviceAccounts.get"},
	{Name: "run.admin", Permissions: "run.jobs.create run.jobs.delete run.jobs.get run.jobs.list run.jobs.run run.jobs.update " +
		"run.locations.list run.operations.get run.revisions.list run.services.create run.services.delete " +
		"run.services.get run.services.getIamPolicy run.services.setIamPolicy run.services.update"},
	{Name: "artifactregistry.admin", Permissions: "artifactregistry.repositories.create artifactregistry.repositories.delete " +
		"artifactregistry.repositories.downloadArtifacts artifactregistry.repositories.get " +
		"artifactregistry.repositories.update artifactregistry.repositories.uploadArtifacts"},
	{Name: "secretmanager.admin", Permissions: "secretmanager.secrets.create secretmanager.secrets.delete secretmanager.secrets.get " +
		"secretmanager.secrets.getIamPolicy secretmanager.secrets.setIamPolicy secretmanager.secrets.update " +
		"secretmanager.versions.access secretmanager.versions.add secretmanager.versions.get"},
	{Name: "cloudsql.admin", Permissions: "cloudsql.instances.create cloudsql.instances.delete cloudsql.instances.get cloudsql.instances.list " +
		"cloudsql.instances.update cloudsql.users.create cloudsql.users.list cloudsql.users.update"},
	{Name: "redis.admin", Permissions: "redis.instances.create redis.instances.delete redis.instances.get redis.instances.getAuthString " +
		"redis.instances.update redis.locations.list redis.operations.get"},
	{Name: "logging.configWriter", Permissions: "logging.buckets.create logging.buckets.delete logging.buckets.get logging.buckets.list " +
		"logging.buckets.update logging.exclusions.create logging.exclusions.delete logging.exclusions.get " +
		"logging.exclusions.update logging.logMetrics.create logging.logMetrics.delete logging.logMetrics.get " +
		"logging.logMetrics.update logging.settings.get logging.sinks.create logging.sinks.delete " +
		"logging.sinks.get logging.sinks.update"},
	{Name: "logging.viewAccessor", Permissions: "logging.views.access"},
	{Name: "monitoring.editor", Permissions: "monitoring.alertPolicies.create monitoring.alertPolicies.delete monitoring.alertPolicies.get " +
		"monitoring.alertPolicies.list monitoring.alertPolicies.update monitoring.dashboards.create " +
		"monitoring.dashboards.delete monitoring.dashboards.get monitoring.dashboards.update " +
		"monitoring.notificationChannels.create monitoring.notificationChannels.delete " +
		"monitoring.notificationChannels.get monitoring.notificationChannels.update monitoring.snoozes.create " +
		"monitoring.snoozes.update monitoring.uptimeCheckConfigs.create monitoring.uptimeCheckConfigs.delete " +
		"monitoring.uptimeCheckConfigs.get monitoring.uptimeCheckConfigs.update"},
	{Name: "certificatemanager.owner", When: "domain", Permissions: "certificatemanager.certmapentries.create certificatemanager.certmapentries.delete " +
		"certificatemanager.certmapentries.get certificatemanager.certmapentries.update " +
		"certificatemanager.certmaps.create certificatemanager.certmaps.delete " +
		"certificatemanager.certmaps.update certificatemanager.certs.create certificatemanager.certs.delete " +
		"certificatemanager.certs.get certificatemanager.certs.list certificatemanager.certs.update " +
		"certificatemanager.certs.use certificatemanager.dnsauthorizations.create " +
		"certificatemanager.dnsauthorizations.delete certificatemanager.dnsauthorizations.get " +
		"certificatemanager.dnsauthorizations.update certificatemanager.dnsauthorizations.use " +
		"certificatemanager.operations.get"},
	{Name: "dns.admin", When: "domain", Permissions: "dns.changes.create dns.changes.get dns.managedZones.get dns.managedZones.list " +
		"dns.networks.bindPrivateDNSPolicy dns.policies.create dns.policies.delete dns.policies.get " +
		"dns.policies.update dns.resourceRecordSets.create dns.resourceRecordSets.delete " +
		"dns.resourceRecordSets.list dns.resourceRecordSets.update"},
	{Name: "cloudkms.admin", When: "cmek", Permissions: "cloudkms.cryptoKeyVersions.destroy cloudkms.cryptoKeyVersions.list cloudkms.cryptoKeys.create " +
		"cloudkms.cryptoKeys.get cloudkms.cryptoKeys.getIamPolicy cloudkms.cryptoKeys.setIamPolicy " +
		"cloudkms.cryptoKeys.update cloudkms.keyRings.create cloudkms.keyRings.get"},
	{Name: "resourcemanager.projectIamAdmin", Permissions: "resourcemanager.projects.getIamPolicy resourcemanager.projects.setIamPolicy"},
	{Name: "iam.serviceAccountUser", Accounts: true, Permissions: "iam.serviceAccounts.actAs"},
	{Name: "iam.serviceAccountDeleter", Accounts: true, Permissions: "iam.serviceAccounts.delete"},
}

package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/slipway-iac/slipway/cli/plan/plantest"
	"github.com/slipway-iac/slipway/stacks"
)

func TestSimulated(t *testing.T) {
	plantest.Run(t, stacks.Program{Cloud: stacks.CloudGCP, Platform: platform}, "../..", plantest.Golden, plantest.Kept, promised)
}

const (
	serviceType  = "gcp:cloudrunv2/service:Service"
	jobType      = "gcp:cloudrunv2/job:Job"
	databaseType = "gcp:sql/databaseInstance:DatabaseInstance"
	cacheType    = "gcp:redis/instance:Instance"
	registryType = "gcp:artifactregistry/repository:Repository"
	backendType  = "gcp:compute/backendService:BackendService"
	apiType      = "gcp:projects/service:Service"
)

// promises are properties that every resource of a type has, by the stack files of the repository: what the page docs/gcp.md says of
// them in one place. The drivers' own tests go into the rest.
var promises = []plantest.Promise{
	{"APIs stay on", apiType, "disableOnDestroy", "false", "false"},
	{"the network has no ready-made subnets", "gcp:compute/network:Network", "autoCreateSubnetworks", "false", "false"},
	{"Google's APIs without public addresses", "gcp:compute/subnetwork:Subnetwork", "privateIpGoogleAccess", "true", "true"},
	{"flow logs", "gcp:compute/subnetwork:Subnetwork", "logConfig.metadata", "INCLUDE_ALL_METADATA", "INCLUDE_ALL_METADATA"},
	{"firewall rules write logs", "gcp:compute/firewall:Firewall", "logConfig.metadata", "INCLUDE_ALL_METADATA", "INCLUDE_ALL_METADATA"},
	{"the connection to Google's services can be destroyed", "gcp:servicenetworking/connection:Connection", "deletionPolicy", "ABANDON", "ABANDON"},
	{"names that are looked up are logged in prod", "gcp:dns/policy:Policy", "enableLogging", "", "true"},
	{"image tags never move", registryType, "dockerConfig.immutableTags", "true", "true"},
	{"images are cleaned up for real", registryType, "cleanupPolicyDryRun", "false", "false"},
	{"what no tag names is removed", registryType, "cleanupPolicies[0].condition.tagState", "UNTAGGED", "UNTAGGED"},
	{"other images after half a year", registryType, "cleanupPolicies[1].condition.olderThan", "15552000s", "15552000s"},
	{"but not the newest", registryType, "cleanupPolicies[2].action", "KEEP", "KEEP"},
	{"ingress", serviceType, "ingress", "INGRESS_TRAFFIC_ALL", "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"},
	{"the least instances are the revision's, so that a candidate is warm before its first request", serviceType, "template.scaling.minInstanceCount", "1", "2"},
	{"the service's own address has no name behind a load balancer", serviceType, "defaultUriDisabled", "false", "true"},
	{"memory of the collector", serviceType, "template.containers[1].resources.limits.memory", "256Mi", "256Mi"},
	{"the most instances", serviceType, "template.scaling.maxInstanceCount", "2", "12"},
	{"concurrency", serviceType, "template.maxInstanceRequestConcurrency", "80", "80"},
	{"full Linux", serviceType, "template.executionEnvironment", "EXECUTION_ENVIRONMENT_GEN2", "EXECUTION_ENVIRONMENT_GEN2"},
	{"CPU outside of requests in prod only", serviceType, "template.containers[0].resources.cpuIdle", "true", "false"},
	{"traffic goes to a revision", serviceType, "traffics[0].type", "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"},
	{"under the slot's tag", serviceType, "traffics[0].tag", "blue", "blue"},
	{"to private addresses through the network", serviceType, "template.vpcAccess.egress", "PRIVATE_RANGES_ONLY", "PRIVATE_RANGES_ONLY"},
	{"startup probe", serviceType, "template.containers[0].startupProbe.httpGet.path", "/ready", "/ready"},
	{"liveness probe", serviceType, "template.containers[0].livenessProbe.httpGet.path", "/health", "/health"},
	{"a step that ends under a machine is tried again", jobType, "template.template.maxRetries", "3", "3"},
	{"the database is private", databaseType, "settings.ipConfiguration.ipv4Enabled", "false", "false"},
	{"TLS only", databaseType, "settings.ipConfiguration.sslMode", "ENCRYPTED_ONLY", "ENCRYPTED_ONLY"},
	{"the edition with shared cores", databaseType, "settings.edition", "ENTERPRISE", "ENTERPRISE"},
	{"tier", databaseType, "settings.tier", "db-f1-micro", "db-custom-2-7680"},
	{"two zones in prod", databaseType, "settings.availabilityType", "ZONAL", "REGIONAL"},
	{"backups", databaseType, "settings.backupConfiguration.backupRetentionSettings.retainedBackups", "1", "14"},
	{"point in time", databaseType, "settings.backupConfiguration.pointInTimeRecoveryEnabled", "true", "true"},
	{"Cloud SQL's deletion protection", databaseType, "settings.deletionProtectionEnabled", "false", "true"},
	{"and the provider's", databaseType, "deletionProtection", "false", "true"},
	{"query insights", databaseType, "settings.insightsConfig.queryInsightsEnabled", "true", "true"},
	{"password policy", databaseType, "settings.passwordValidationPolicy.complexity", "COMPLEXITY_DEFAULT", "COMPLEXITY_DEFAULT"},
	{"the cache has a password", cacheType, "authEnabled", "true", "true"},
	{"and TLS", cacheType, "transitEncryptionMode", "SERVER_AUTHENTICATION", "SERVER_AUTHENTICATION"},
	{"and fails over in prod", cacheType, "tier", "BASIC", "STANDARD_HA"},
	{"the version of a secret before stays", "gcp:secretmanager/secretVersion:SecretVersion", "deletionPolicy", "ABANDON", "ABANDON"},
	{"logs end", "gcp:logging/projectBucketConfig:ProjectBucketConfig", "retentionDays", "30", "365"},
	{"keys rotate", "gcp:kms/cryptoKey:CryptoKey", "rotationPeriod", "", "7776000s"},
	{"the certificate is proved by DNS", "gcp:certificatemanager/dnsAuthorization:DnsAuthorization", "type", "", "FIXED_RECORD"},
	{"TLS 1.2 or newer", "gcp:compute/sSLPolicy:SSLPolicy", "minTlsVersion", "", "TLS_1_2"},
	{"modern ciphers", "gcp:compute/sSLPolicy:SSLPolicy", "profile", "", "MODERN"},
	{"the load balancer writes logs", backendType, "logConfig.enable", "", "true"},
	{"adaptive protection", "gcp:compute/securityPolicy:SecurityPolicy", "adaptiveProtectionConfig.layer7DdosDefenseConfig.enable", "", "true"},
	{"alerts are on", "gcp:monitoring/alertPolicy:AlertPolicy", "enabled", "true", "true"},
	{"the public address is asked each minute", "gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig", "period", "60s", "60s"},
	{"with its certificate", "gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig", "httpCheck.validateSsl", "true", "true"},
}

func promised(t *testing.T, stack string, state *apitype.DeploymentV3) {
	if stack == "gcp-dev" || stack == "gcp-prod" {
		plantest.Promised(t, state, stack == "gcp-prod", nil, promises)
	}
	t.Run("APIs come first", func(t *testing.T) { ordered(t, state) })
	t.Run("the database's user postgres has a password", func(t *testing.T) { rooted(t, state) })
	t.Run("the key is used when the rights to it hold", func(t *testing.T) { granted(t, stack, state) })
	t.Run("no path is asked that Google keeps", func(t *testing.T) { asked(t, state) })
	t.Run("the front door is guarded", func(t *testing.T) { guarded(t, stack, state) })
	t.Run("links get through the firewall", func(t *testing.T) { written(t, stack, state) })
	t.Run("the documented roles suffice", func(t *testing.T) { permitted(t, stack, state) })
	t.Run("migrations come before the revision", func(t *testing.T) { migrated(t, state) })
}

// ordered wants everything of Google Cloud to wait for every API.
func ordered(t *testing.T, state *apitype.DeploymentV3) {
	var apis []resource.URN
	for _, r := range state.Resources {
		if r.Type == apiType {
			apis = append(apis, r.URN)
		}
	}
	for _, r := range state.Resources {
		if !strings.HasPrefix(string(r.Type), "gcp:") || r.Type == apiType {
			continue
		}
		for _, api := range apis {
			if !slices.Contains(r.Dependencies, api) {
				t.Errorf("%s does not wait for %s", r.URN, api)
			}
		}
	}
}

// guarded wants one security policy on every backend service, and a rule for what the stack files ask for.
func guarded(t *testing.T, stack string, state *apitype.DeploymentV3) {
	policy, backends := "", 0
	for _, r := range state.Resources {
		if r.Type == "gcp:compute/securityPolicy:SecurityPolicy" {
			policy = string(r.ID)
			rules := fmt.Sprint(r.Inputs["rules"])
			for _, text := range []string{"rate_based_ban", "deny(429)", "sqli-v33-stable", "/metrics", "2.147483647e+09"} {
				if !strings.Contains(rules, text) {
					t.Errorf("the security policy has no %s", text)
				}
			}
		}
	}
	for _, r := range state.Resources {
		if r.Type == backendType {
			backends++
			if r.Inputs["securityPolicy"] != policy {
				t.Errorf("%s has the security policy %v, want %s", r.URN, r.Inputs["securityPolicy"], policy)
			}
		}
	}
	if want := map[string]int{"gcp-prod": 4}[stack]; backends != want || (policy != "") != (want > 0) {
		t.Errorf("there are %d backend services and the policy %q, want %d", backends, policy, want)
	}
}

// migrated wants the service to wait for the migration, and the migration for dbinit.
func migrated(t *testing.T, state *apitype.DeploymentV3) {
	urns := map[string]resource.URN{}
	waits := map[string][]resource.URN{}
	for _, r := range state.Resources {
		if r.Type == jobType || r.Type == serviceType {
			name := r.URN.Name()
			urns[name], waits[name] = r.URN, r.Dependencies
		}
	}
	for _, pair := range [][2]string{{"links", "migrate-1"}, {"links", "dbinit"}, {"migrate-1", "dbinit"}} {
		if !slices.Contains(waits[pair[0]], urns[pair[1]]) {
			t.Errorf("%s does not wait for %s: %v", pair[0], pair[1], waits[pair[0]])
		}
	}
}

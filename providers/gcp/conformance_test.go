package gcp

import (
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/components/componentstest"
)

// testSettings are those of a stack in production, with a load balancer and a key of its own.
func testSettings(app string) (Settings, error) {
	root, err := filepath.Abs("../..")
	return Settings{
		Root: root, App: app, Project: "links-production", Region: "europe-west1", Prod: true, Protect: true, Concurrency: 80, LogDays: 365,
		Domain: "links.example.com", ManagedZone: "example-com", CMEK: true, Labels: map[string]string{"team": "links"},
	}, err
}

func testPlatform(ctx *pulumi.Context, app string) (components.Platform, error) {
	s, err := testSettings(app)
	if err != nil {
		return nil, err
	}
	return NewPlatform(ctx, s)
}

const (
	serviceType  = "gcp:cloudrunv2/service:Service"
	jobType      = "gcp:cloudrunv2/job:Job"
	databaseType = "gcp:sql/databaseInstance:DatabaseInstance"
	cacheType    = "gcp:redis/instance:Instance"
	secretType   = "gcp:secretmanager/secret:Secret"
	policyType   = "gcp:monitoring/alertPolicy:AlertPolicy"
	pushType     = "docker:index/registryImage:RegistryImage"
	testToken    = "ya29.a-token-of-the-registry"
)

var (
	held       = []any{map[string]any{"type": "Ready", "state": succeeded}}
	asked      = []any{map[string]any{"name": "_acme-challenge.links.example.com.", "type": "CNAME", "data": "abc.12.authorize.certificatemanager.goog."}}
	rootOf     = []any{map[string]any{"cert": "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"}}
	secretRows = []any{map[string]any{"cert": "-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----\n"}}
)

// testAnswers are what Google Cloud says, and outputs of a form that drivers read.
func testAnswers() []componentstest.Output {
	serving := []any{}
	for _, row := range []struct {
		slot     string
		percent  float64
		sequence string
	}{{"blue", 90, "0"}, {"green", 10, "1"}, {"blue", 100, "0"}, {"green", 0, "1"}} {
		serving = append(serving, map[string]any{"tag": row.slot, "percent": row.percent, "revision": testRevision(componentstest.App, row.sequence)})
	}
	return []componentstest.Output{
		{Type: "gcp:organizations/getClientConfig:getClientConfig", Property: "accessToken", Value: testToken},
		{Type: "gcp:organizations/getClientConfig:getClientConfig", Property: "project", Value: "links-production"},
		{Type: "gcp:logging/getProjectSettings:getProjectSettings", Property: "kmsServiceAccountId", Value: "cmek-p1@gcp-sa-logging.iam.gserviceaccount.com"},
		{Type: "gcp:cloudrunv2/getJob:getJob", Property: "terminalConditions", Value: held},
		{Type: "gcp:cloudrunv2/getService:getService", Property: "terminalConditions", Value: held},
		{Type: "gcp:cloudrunv2/getService:getService", Property: "trafficStatuses", Value: serving},
		{Type: serviceType, Property: "uri", Value: "https://links-abc-ew.a.run.app"},
		{Type: "random:index/randomId:RandomId", Property: "hex", Value: testHex},
		{Type: "gcp:certificatemanager/dnsAuthorization:DnsAuthorization", Property: "dnsResourceRecords", Value: asked},
		{Type: databaseType, Property: "serverCaCerts", Value: rootOf},
		{Type: cacheType, Property: "serverCaCerts", Value: secretRows},
		{Type: cacheType, Property: "port", Value: float64(cachePort)},
	}
}

const testHex = "0a1b2c3d"

func testRevision(app, sequence string) string {
	return ServiceName(app, componentstest.Stack) + "-" + sequence + "-" + testHex
}

var (
	label     = regexp.MustCompile(`^[a-z]([-a-z0-9]*[a-z0-9])?$`)
	emailName = regexp.MustCompile(`^[a-z]([-a-z0-9]{4,28}[a-z0-9])$`)
)

// https://cloud.google.com/compute/docs/naming-resources and its like of each service.
var nameLimits = []componentstest.Limit{
	{Type: serviceType, Property: "name", Max: 49, Pattern: label},
	{Type: serviceType, Property: "template.revision", Max: 63, Pattern: label},
	{Type: jobType, Property: "name", Max: 63 - 1 - len(testHex), Pattern: label},
	{Type: "gcp:serviceaccount/account:Account", Property: "accountId", Max: 30, Pattern: emailName},
	{Type: "gcp:artifactregistry/repository:Repository", Property: "repositoryId", Max: 63, Pattern: label},
	{Type: secretType, Property: "secretId", Max: 255, Pattern: regexp.MustCompile(`^[a-zA-Z0-9_-]+$`)},
	{Type: databaseType, Property: "name", Max: 98 - len("links-production:"), Pattern: label},
	{Type: cacheType, Property: "name", Max: 40, Pattern: label},
	{Type: "gcp:logging/projectBucketConfig:ProjectBucketConfig", Property: "bucketId", Max: 100, Pattern: regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]*$`)},
	{Type: "gcp:logging/metric:Metric", Property: "name", Max: 100, Pattern: label},
	{Type: "gcp:logging/projectSink:ProjectSink", Property: "name", Max: 100, Pattern: label},
	{Type: computeNetworkToken, Property: "name", Max: 63, Pattern: label},
	{Type: subnetworkToken, Property: "name", Max: 63, Pattern: label},
	{Type: firewallToken, Property: "name", Max: 63, Pattern: label},
}

// balancerLimits are those of what only a stack with a domain has.
var balancerLimits = []componentstest.Limit{
	{Type: urlMapToken, Property: "name", Max: 63, Pattern: label},
	{Type: backendServiceToken, Property: "name", Max: 63, Pattern: label},
	{Type: endpointGroupToken, Property: "name", Max: 63, Pattern: label},
	{Type: securityPolicyToken, Property: "name", Max: 63, Pattern: label},
	{Type: forwardingRuleToken, Property: "name", Max: 63, Pattern: label},
	{Type: "gcp:certificatemanager/certificate:Certificate", Property: "name", Max: 63, Pattern: label},
	{Type: "gcp:kms/keyRing:KeyRing", Property: "name", Max: 63, Pattern: label},
}

func TestConformance(t *testing.T) {
	componentstest.Run(t, componentstest.Case{
		Cloud: "gcp", Setup: testPlatform, Outputs: testAnswers(), Limits: append(slices.Clone(nameLimits), balancerLimits...), Empty: []string{"certificate.ca"}, Divides: []string{serviceType}, Follows: []string{serviceType},
		Change: func(a *componentstest.Args) {
			a.Service.Tracks[1].Sequence = 1
			a.Service.CPU, a.Service.MaxReplicas, a.Edge.WAF, a.Edge.CachePaths = 1, 10, true, []string{"/static/"}
			a.Database.HA, a.Database.BackupDays, a.Database.DeletionProtection, a.Cache.HA = true, 14, true, true
		},
		Checks: append(everywhere(),
			componentstest.Check{Name: "data is encrypted with the stack's own key", Test: encrypted},
			componentstest.Check{Name: "every right is expected", Test: rights(append(commonRights(), keyRights()...))},
			componentstest.Check{Name: "only the load balancer gets in", Test: func(t *testing.T, r *componentstest.Recording) {
				want(t, r, serviceType, "ingress", "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER")
			}},
			componentstest.Check{Name: "every way to the app is guarded", Test: guarded},
		),
		Unsupported: []componentstest.Unsupported{
			{Key: "app.cpu", Change: func(a *componentstest.Args) { a.Service.CPU = 0.5 }},
			{Key: "app.memory", Change: func(a *componentstest.Args) { a.Service.MemoryMiB = 256 }},
			{Key: "app.architecture", Change: func(a *componentstest.Args) { a.Image.Platform = "linux/arm64" }},
			{Key: "database.version", Change: func(a *componentstest.Args) { a.Database.Version = "9" }},
			{Key: "database.size", Change: func(a *componentstest.Args) { a.Database.Size = "db-custom-3-7680" }},
			{Key: "database.storage", Change: func(a *componentstest.Args) { a.Database.StorageGiB = 5 }},
			{Key: "database.backupDays", Change: func(a *componentstest.Args) { a.Database.BackupDays = 400 }},
			{Key: "database.ha", Change: func(a *componentstest.Args) { a.Database.BackupDays = 0 }},
			{Key: "edge.wafExclusions", Change: func(a *componentstest.Args) { a.Edge.WAFExclusions = []string{"GenericRFI_BODY"} }},
			{Key: "cache.size", Change: func(a *componentstest.Args) { a.Cache.Size = "memory-301" }},
		},
	})
}

// The cheap shape: Cloud Run's own host name, Google's own keys, nothing protected.
func TestConformanceWithoutDomain(t *testing.T) {
	componentstest.Run(t, componentstest.Case{
		Cloud: "gcp", Outputs: testAnswers(), Empty: []string{"certificate.ca", "certificate.ref"}, Limits: nameLimits,
		Setup: func(ctx *pulumi.Context, app string) (components.Platform, error) {
			s, err := testSettings(app)
			if err != nil {
				return nil, err
			}
			s.Prod, s.Protect, s.Domain, s.ManagedZone, s.CMEK, s.Project = false, false, "", "", false, ""
			return NewPlatform(ctx, s)
		},
		Change: func(a *componentstest.Args) {
			a.Service.CPU, a.Edge.RateLimit, a.Edge.Domain, a.Edge.Zone, a.Certificate = 1, 0, "", "", components.CertificateArgs{}
			a.Service.Tracks = a.Service.Tracks[:1]
			a.Service.Tracks[0].Weight = 100
		},
		Checks: append(everywhere(), componentstest.Check{Name: "every right is expected", Test: rights(commonRights())}),
		Unsupported: []componentstest.Unsupported{
			{Key: "edge.rateLimit", Change: func(a *componentstest.Args) { a.Edge.RateLimit = 600 }},
			{Key: "edge.waf", Change: func(a *componentstest.Args) { a.Edge.WAF = true }},
			{Key: "edge.cdn", Change: func(a *componentstest.Args) { a.Edge.CachePaths = []string{"/static/"} }},
			{Key: "edge.bodyLimit", Change: func(a *componentstest.Args) { a.Edge.BodyLimit = 1 }},
			{Key: "edge.hsts.maxAge", Change: func(a *componentstest.Args) { a.Edge.HSTS.MaxAge = 1 }},
			{Key: "rollout.strategy", Change: func(a *componentstest.Args) {
				other := a.Service.Tracks[0]
				other.Slot, other.Weight = components.Green, 0
				a.Service.Tracks = append(a.Service.Tracks, other)
			}},
		},
	})
}

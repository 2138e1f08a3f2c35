package azure

import (
	"context"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/components/componentstest"
)

// testSettings are those of a stack in production, behind Front Door Premium.
func testSettings(app string) (Settings, error) {
	root, err := filepath.Abs("../..")
	return Settings{
		Root: root, App: app, Region: "swedencentral", FrontDoor: FrontDoorPremium, Prod: true, Protect: true, DrainSeconds: 30, LogDays: 365,
		Scale: Scale{CPU: 60, Memory: 75, Concurrency: 50}, Tags: map[string]string{"team": "links"}, DNSResourceGroup: "dns", GeoBackup: true,
		EntraAdmin:    Principal{ID: "11111111-2222-3333-4444-555555555555", Name: "database-admins", Kind: "Group"},
		RegistryToken: testToken, Operations: &operations{},
	}, err
}

// operations notes what is done beside making resources.
type operations struct {
	mu      sync.Mutex
	run     []string // jobs
	content []string
	stopped []string // apps
	kept    []string
	fail    string // the job that fails
}

func (o *operations) RunJob(_ context.Context, token Token, job, content string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if key, err := token(); err != nil || key != "a-token-of-the-deployer" {
		return fmt.Errorf("the token is %q: %w", key, err)
	}
	o.run, o.content = append(o.run, path.Base(job)), append(o.content, content)
	if o.fail != "" && strings.HasSuffix(job, o.fail) {
		return errors.New("exit code 3")
	}
	return nil
}

func (o *operations) StopRevisions(_ context.Context, _ Token, app string, keep []string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.stopped, o.kept = append(o.stopped, path.Base(app)), keep
	return nil
}

func testToken(_ context.Context, registry, tenant, _ string) (string, error) {
	return "token of " + registry + " for " + tenant, nil
}

// platformWith makes a platform of changed test settings.
func platformWith(change func(*Settings)) func(*pulumi.Context, string) (components.Platform, error) {
	return func(ctx *pulumi.Context, app string) (components.Platform, error) {
		s, err := testSettings(app)
		if err != nil {
			return nil, err
		}
		if change != nil {
			change(&s)
		}
		return NewPlatform(ctx, s)
	}
}

// The shapes of a stack beside the one of the test settings.
func standard(s *Settings) {
	s.Prod, s.Protect, s.FrontDoor, s.GeoBackup, s.EntraAdmin, s.LogDays = false, false, FrontDoorStandard, false, Principal{}, 30
}

func small(s *Settings) {
	standard(s)
	s.FrontDoor = FrontDoorNone
}

const (
	appKind      = "azure-native:app/v20241002preview:ContainerApp"
	clusterKind  = "azure-native:app/v20241002preview:ManagedEnvironment"
	functionOf   = "azure-native:app/v20241002preview:get"
	subscription = "12345678-1234-9876-4563-123456789012"
	tenant       = "87654321-4321-6789-3654-210987654321"
)

// testAnswers are what Azure says. The app is found as the stack of the conformance suite names its newest revision.
func testAnswers() []componentstest.Output {
	return []componentstest.Output{
		{Type: "azure-native:authorization:getClientConfig", Property: "subscriptionId", Value: subscription},
		{Type: "azure-native:authorization:getClientConfig", Property: "tenantId", Value: tenant},
		{Type: "azure-native:authorization:getClientToken", Property: "token", Value: "a-token-of-the-deployer"},
		{Type: functionOf + "ManagedEnvironment", Property: "privateEndpointConnections", Value: requests("slipway/production", "door-7f3a")},
		{Type: "azure-native:cache/v20240901preview:listDatabaseKeys", Property: "primaryKey", Value: "a+key/of=the=cache"},
		{Type: "azure-native:cdn/v20240901:AFDCustomDomain", Property: "validationProperties", Value: map[string]any{"validationToken": "_proof", "expirationDate": "2026-12-01T00:00:00Z"}},
		{Type: clusterKind, Property: "customDomainConfiguration", Value: map[string]any{"customDomainVerificationId": "ABCDEF"}},
		{Type: "random:index/randomId:RandomId", Property: "hex", Value: "0a1b2c3d"},
		{Type: functionOf + "ContainerApp", Property: "latestReadyRevisionName", Value: (&Platform{settings: Settings{App: componentstest.App}, stack: componentstest.Stack}).fixed("", 32) + "--s0-0a1b2c3d"},
	}
}

// requests are connections that a front door of a stack has asked for, behind one of a stranger.
func requests(stack, name string) []any {
	state := func(said string) map[string]any { return map[string]any{"status": "Pending", "description": said} }
	return []any{
		map[string]any{"name": "stranger", "id": "y", "privateLinkServiceConnectionState": state("please")},
		map[string]any{"name": name, "id": "x", "privateLinkServiceConnectionState": state("slipway " + stack)},
	}
}

var (
	hyphened = regexp.MustCompile(`^[a-zA-Z]([a-zA-Z0-9]|-[a-zA-Z0-9])*$`)
	lower    = regexp.MustCompile(`^[a-z]([a-z0-9]|-[a-z0-9])*$`)
	alnum    = regexp.MustCompile(`^[a-z][a-z0-9]*$`)
)

// https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
func nameLimits() []componentstest.Limit {
	return []componentstest.Limit{
		{Type: token("containerregistry:Registry"), Property: "registryName", Max: 50, Pattern: regexp.MustCompile(`^[a-z][a-z0-9]{4,}$`)},
		{Type: token("keyvault:Vault"), Property: "vaultName", Max: 24, Pattern: lower},
		{Type: token("keyvault:Secret"), Property: "secretName", Max: 127, Pattern: regexp.MustCompile(`^[a-zA-Z0-9-]+$`)},
		{Type: appKind, Property: "containerAppName", Max: 32, Pattern: lower},
		{Type: token("app:Job"), Property: "jobName", Max: 32, Pattern: lower},
		{Type: clusterKind, Property: "environmentName", Max: 60, Pattern: hyphened},
		{Type: token("resources:ResourceGroup"), Property: "resourceGroupName", Max: 90, Pattern: hyphened},
		{Type: token("dbforpostgresql:Server"), Property: "serverName", Max: 63, Pattern: lower},
		{Type: token("cache:RedisEnterprise"), Property: "clusterName", Max: 60, Pattern: alnum},
		{Type: token("operationalinsights:Workspace"), Property: "workspaceName", Max: 63, Pattern: hyphened},
		{Type: token("managedidentity:UserAssignedIdentity"), Property: "resourceName", Max: 128, Pattern: hyphened},
		{Type: token("network:VirtualNetwork"), Property: "virtualNetworkName", Max: 64, Pattern: hyphened},
		{Type: token("network:NetworkSecurityGroup"), Property: "networkSecurityGroupName", Max: 80, Pattern: hyphened},
		{Type: token("insights:MetricAlert"), Property: "ruleName", Max: 260, Pattern: hyphened},
		{Type: token("insights:ScheduledQueryRule"), Property: "ruleName", Max: 260, Pattern: hyphened},
		{Type: token("insights:ActionGroup"), Property: "groupShortName", Max: 12, Pattern: hyphened},
	}
}

// doorLimits are those of what only Front Door and production have.
func doorLimits() []componentstest.Limit {
	return []componentstest.Limit{
		{Type: token("cdn:Profile"), Property: "profileName", Max: 260, Pattern: hyphened},
		{Type: token("cdn:AFDEndpoint"), Property: "endpointName", Max: 46, Pattern: hyphened},
		{Type: token("cdn:Rule"), Property: "ruleName", Max: 260, Pattern: alnum},
		{Type: token("cdn:RuleSet"), Property: "ruleSetName", Max: 60, Pattern: alnum},
		{Type: token("network:Policy"), Property: "policyName", Max: 128, Pattern: alnum},
		{Type: token("network:PrivateEndpoint"), Property: "privateEndpointName", Max: 64, Pattern: hyphened},
	}
}

func TestConformance(t *testing.T) {
	componentstest.Run(t, componentstest.Case{
		Cloud: "azure", Setup: platformWith(nil), Outputs: testAnswers(), Limits: append(nameLimits(), doorLimits()...),
		Empty: []string{"certificate.ca", "certificate.ref", "cache.ca", "database.ca"}, Divides: []string{appKind}, Follows: []string{appKind, token("app:Job") + " migrate"},
		Change: func(a *componentstest.Args) {
			a.Service.MaxReplicas, a.Edge.WAF, a.Edge.CachePaths = 10, true, []string{"/static/"}
			typicalDatabase(a)
			a.Database.HA, a.Database.DeletionProtection, a.Cache.HA = true, true, true
		},
		Checks: append(everywhere(),
			componentstest.Check{Name: "nothing has a public door but Front Door", Test: closed},
			componentstest.Check{Name: "nothing is public in the network", Test: opened()},
		),
		Unsupported: []componentstest.Unsupported{
			{Key: "app.memory", Change: func(a *componentstest.Args) { a.Service.MemoryMiB = 100 }},
			{Key: "rollout.gates", Change: func(a *componentstest.Args) { a.Service.Gates = []components.Signal{{ID: "database-cpu", Gate: true}} }},
			{Key: "database.version", Change: func(a *componentstest.Args) { a.Database.Version = "17" }},
			{Key: "database.storage", Change: func(a *componentstest.Args) { a.Database.StorageGiB = 33 }},
			{Key: "database.backupDays", Change: func(a *componentstest.Args) { a.Database.BackupDays = 3 }},
			{Key: "database.ha", Change: func(a *componentstest.Args) { a.Database.Size = "Standard_B2s" }},
			{Key: "database.size", Change: func(a *componentstest.Args) { a.Database.Size = "db.t4g.micro" }},
			{Key: "cache.size", Change: func(a *componentstest.Args) { a.Cache.Size = "cache.t4g.micro" }},
			{Key: "app.architecture", Change: func(a *componentstest.Args) { a.Image.Platform = "linux/arm64" }},
		},
	})
}

func typicalDatabase(a *componentstest.Args) {
	a.Database.Version, a.Database.StorageGiB, a.Database.BackupDays = "16", 32, 14
}

// Front Door Standard, in dev.
func TestConformanceStandard(t *testing.T) {
	componentstest.Run(t, componentstest.Case{
		Cloud: "azure", Setup: platformWith(standard), Outputs: testAnswers(),
		Limits: append(nameLimits(), doorLimits()...),
		Empty:  []string{"certificate.ca", "certificate.ref", "cache.ca", "database.ca"}, Change: typicalDatabase, Divides: []string{appKind}, Follows: []string{appKind, token("app:Job") + " migrate"},
		Checks:      append(everywhere(), componentstest.Check{Name: "only Front Door's addresses get in", Test: opened("allow-front-door")}),
		Unsupported: []componentstest.Unsupported{{Key: "edge.waf", Change: func(a *componentstest.Args) { a.Edge.WAF = true }}},
	})
}

// The cheap shape: the app's own ingress with a domain, one version at a time.
func TestConformanceWithoutFrontDoor(t *testing.T) {
	componentstest.Run(t, componentstest.Case{
		Cloud: "azure", Setup: platformWith(small), Outputs: testAnswers(), Limits: nameLimits(), Empty: []string{"certificate.ca", "cache.ca", "database.ca"},
		Change: func(a *componentstest.Args) {
			typicalDatabase(a)
			a.Service.Tracks, a.Edge.RateLimit = a.Service.Tracks[:1], 0
			a.Service.Tracks[0].Weight = 100
		},
		Checks: append(everywhere(), componentstest.Check{Name: "the public gets in to the app", Test: opened("allow-public")}),
		Unsupported: []componentstest.Unsupported{
			{Key: "edge.rateLimit", Change: func(a *componentstest.Args) { a.Edge.RateLimit = 600 }},
			{Key: "edge.cdn", Change: func(a *componentstest.Args) { a.Edge.CachePaths = []string{"/static/"} }},
			{Key: "azure.frontDoor", Change: func(a *componentstest.Args) {
				a.Service.Tracks = append(a.Service.Tracks, components.Track{Slot: components.Green, Version: "1"})
			}},
		},
	})
}

func TestRegionsThatLackSomething(t *testing.T) {
	for key, change := range map[string]func(*Settings){
		"region":          func(s *Settings) { s.Region = "westus" },
		"azure.frontDoor": func(s *Settings) { s.Region, s.Prod = "westus", false },
	} {
		_, err := componentstest.Record(func(ctx *pulumi.Context) error {
			_, err := platformWith(change)(ctx, "links")
			return err
		}, componentstest.Options{Outputs: testAnswers()})
		if err == nil || !strings.Contains(err.Error(), key+": not supported on azure") {
			t.Errorf("%s: %v", key, err)
		}
	}
}

package simulate

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"github.com/slipway-iac/slipway/cli/simulate/likely"
)

func TestDiff(t *testing.T) {
	for _, row := range []struct {
		name, token, before, after string
		want                       map[string]string // path to kind; none for no change
	}{
		{"nothing", vpc, `{"a":1,"b":["x"],"c":{"d":true}}`, `{"c":{"d":true},"b":["x"],"a":1}`, nil},
		{"update", vpc, `{"tags":{"a":"1"}}`, `{"tags":{"a":"2","b":"3"}}`, map[string]string{"tags.a": "UPDATE", "tags.b": "ADD"}},
		{"replacement", vpc, `{"cidrBlock":"10.0.0.0/16"}`, `{"cidrBlock":"10.1.0.0/16"}`, map[string]string{"cidrBlock": "UPDATE_REPLACE"}},
		{"list", vpc, `{"l":["a","b"]}`, `{"l":["a","c","d"]}`, map[string]string{"l[1]": "UPDATE", "l[2]": "ADD"}},
		{"shorter list", vpc, `{"l":["a","b"]}`, `{"l":["a"]}`, map[string]string{"l[1]": "DELETE"}},
		{"removed", vpc, `{"a":"1"}`, `{}`, map[string]string{"a": "DELETE"}},
		{"null is none", vpc, `{"a":null}`, `{"b":null}`, nil},
		{"key with a dot", vpc, `{"tags":{"a.b":"1"}}`, `{"tags":{"a.b":"2"}}`, map[string]string{`tags["a.b"]`: "UPDATE"}},
		{"unknown", vpc, `{"cidrBlock":"10.0.0.0/16"}`, `{"cidrBlock":"?"}`, map[string]string{"cidrBlock": "UPDATE_REPLACE"}},
		{"secret, the same", vpc, `{"a":"secret:x"}`, `{"a":"secret:x"}`, nil},
		{"secret, another", vpc, `{"a":"secret:x"}`, `{"a":"secret:y"}`, map[string]string{"a": "UPDATE"}},
		{"secret that nobody can read", vpc, `{"a":"` + UnreadableSecret() + `"}`, `{"a":{"b":"secret:y"}}`, nil},
		{"default of a real provider", vpc, `{"a":"1","__defaults":["a"]}`, `{}`, nil},
		{"another type", vpc, `{"a":"1"}`, `{"a":["1"]}`, map[string]string{"a": "UPDATE"}},
		{"size of a database", database, `{"instanceClass":"a"}`, `{"instanceClass":"b"}`, map[string]string{"instanceClass": "UPDATE"}},
		{"key of a database", database, `{"kmsKeyId":"a"}`, `{"kmsKeyId":"b"}`, map[string]string{"kmsKeyId": "UPDATE_REPLACE"}},
		{"name of a database", database, `{"identifier":"a"}`, `{"identifier":"b"}`, map[string]string{"identifier": "UPDATE"}},
		{"inside of what replaces", "docker:index/container:Container", `{"uploads":[{"content":"a"}]}`, `{"uploads":[{"content":"b"}]}`, map[string]string{"uploads[0].content": "UPDATE_REPLACE"}},
		{"memory of a container", "docker:index/container:Container", `{"memory":1}`, `{"memory":2}`, map[string]string{"memory": "UPDATE"}},
		{"nested rule", "aws:ecs/service:Service", `{"deploymentController":{"type":"ECS"}}`, `{"deploymentController":{"type":"X"}}`, map[string]string{"deploymentController.type": "UPDATE_REPLACE"}},
		{"capacity of a service", "aws:ecs/service:Service", `{"capacityProviderStrategies":[{"capacityProvider":"a"}]}`, `{"capacityProviderStrategies":[{"capacityProvider":"b"}]}`, map[string]string{"capacityProviderStrategies[0].capacityProvider": "UPDATE_REPLACE"}},
		{"capacity of a service that is deployed anew", "aws:ecs/service:Service", `{"capacityProviderStrategies":[{"capacityProvider":"a"}],"forceNewDeployment":true}`, `{"capacityProviderStrategies":[{"capacityProvider":"b"}],"forceNewDeployment":true}`, map[string]string{"capacityProviderStrategies[0].capacityProvider": "UPDATE"}},
		{"object with a nested rule", "aws:ecs/service:Service", `{"deploymentController":{"type":"ECS"}}`, `{}`, map[string]string{"deploymentController": "DELETE_REPLACE"}},
		{"password", "random:index/randomPassword:RandomPassword", `{"length":8}`, `{"length":9}`, map[string]string{"length": "UPDATE_REPLACE"}},
		{"renewal of a certificate", "tls:index/selfSignedCert:SelfSignedCert", `{"earlyRenewalHours":8}`, `{"earlyRenewalHours":9}`, map[string]string{"earlyRenewalHours": "UPDATE"}},
		{"name on Azure", "azure-native:dbforpostgresql/v20221201:Server", `{"serverName":"a"}`, `{"serverName":"b"}`, map[string]string{"serverName": "UPDATE_REPLACE"}},
		{"location on Azure", "azure-native:new:Thing", `{"location":"a"}`, `{"location":"b"}`, map[string]string{"location": "UPDATE_REPLACE"}},
		{"subnet on Azure", "azure-native:dbforpostgresql:Server", `{"network":{"delegatedSubnetResourceId":"a"}}`, `{"network":{"delegatedSubnetResourceId":"b"}}`, map[string]string{"network.delegatedSubnetResourceId": "UPDATE_REPLACE"}},
		{"size on Azure", "azure-native:dbforpostgresql:Server", `{"sku":{"name":"a"}}`, `{"sku":{"name":"b"}}`, map[string]string{"sku.name": "UPDATE"}},
		{"region on Google Cloud", "gcp:sql/databaseInstance:DatabaseInstance", `{"region":"a"}`, `{"region":"b"}`, map[string]string{"region": "UPDATE_REPLACE"}},
		{"size on Google Cloud", "gcp:sql/databaseInstance:DatabaseInstance", `{"settings":{"tier":"a"}}`, `{"settings":{"tier":"b"}}`, map[string]string{"settings.tier": "UPDATE"}},
		{"another cloud", "kubernetes:core/v1:Pod", `{"a":"1"}`, `{"a":"2"}`, map[string]string{"a": "UPDATE"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := &provider{cloud: started(t, Options{})}
			got, err := p.Diff(t.Context(), &pulumirpc.DiffRequest{Urn: urnOf(row.token, "one"), Id: "1", OldInputs: wire(t, row.before), News: wire(t, row.after)})
			must(t, err)
			paths := map[string]string{}
			for path, d := range got.GetDetailedDiff() {
				paths[path] = d.GetKind().String()
			}
			if !maps.Equal(paths, row.want) {
				t.Errorf("got %v, want %v", paths, row.want)
			}
			if (got.GetChanges() == pulumirpc.DiffResponse_DIFF_NONE) != (len(row.want) == 0) {
				t.Errorf("the answer is %s", got.GetChanges())
			}
			replaces := slices.ContainsFunc(slices.Collect(maps.Values(row.want)), func(kind string) bool { return strings.HasSuffix(kind, "_REPLACE") })
			if (len(got.GetReplaces()) > 0) != replaces {
				t.Errorf("the replacing inputs are %v", got.GetReplaces())
			}
		})
	}
}

// A resource with a name that the program chose can't exist beside its replacement.
func TestFixedNamesAreDeletedFirst(t *testing.T) {
	c := started(t, Options{})
	p := &provider{cloud: c}
	for _, row := range []struct {
		before, after string
		first         bool
	}{
		{`{"name":"fixed","cidrBlock":"a"}`, `{"name":"fixed","cidrBlock":"b"}`, true},
		{`{"name":"fixed","cidrBlock":"a"}`, `{"name":"other","cidrBlock":"b"}`, false},
		{`{"name":"x-1","cidrBlock":"a","__defaults":["name"]}`, `{"name":"x-1","cidrBlock":"b","__defaults":["name"]}`, false},
		{`{"cidrBlock":"a"}`, `{"cidrBlock":"b"}`, false},
	} {
		got, err := p.Diff(t.Context(), &pulumirpc.DiffRequest{Urn: urnOf(vpc, "one"), OldInputs: wire(t, row.before), News: wire(t, row.after)})
		must(t, err)
		if got.GetDeleteBeforeReplace() != row.first {
			t.Errorf("%s to %s: deleted first is %t, want %t", row.before, row.after, got.GetDeleteBeforeReplace(), row.first)
		}
	}
}

func TestAutonames(t *testing.T) {
	c := started(t, Options{})
	name := func(olds, news string) string {
		return c.named(resource.URN(urnOf(vpc, "main")), props(t, olds), props(t, news))["name"].StringValue()
	}
	first := name(`{}`, `{"cidrBlock":"a"}`)
	if !regexp.MustCompile(`^main-[0-9a-f]{7}$`).MatchString(first) || name(`{}`, `{"cidrBlock":"a","tags":{}}`) != first {
		t.Errorf("the name %q is not stable", first)
	}
	if replacement := name(`{}`, `{"cidrBlock":"b"}`); replacement == first {
		t.Error("a replacement has the same name")
	}
	if kept := name(`{"name":"main-0000000","__defaults":["name"]}`, `{"cidrBlock":"b"}`); kept != "main-0000000" {
		t.Errorf("an update has the name %q", kept)
	}
	if given := name(`{}`, `{"name":"mine"}`); given != "mine" {
		t.Errorf("the program's name became %q", given)
	}
	if got := c.named(resource.URN(urnOf("aws:new/thing:Thing", "main")), props(t, `{}`), props(t, `{}`)); len(got) > 0 {
		t.Errorf("a type that nobody knows is named: %v", got)
	}
	if got := autoname("aws:kms/alias:Alias", resource.URN(urnOf("aws:kms/alias:Alias", "main")), ""); !strings.HasPrefix(got, "alias/main-") {
		t.Errorf("an alias is named %q", got)
	}
}

// What can't change in place gives a replacement other ids; what can, doesn't.
func TestSalt(t *testing.T) {
	base := salt(database, props(t, `{"engine":"postgres","instanceClass":"a"}`))
	if base == "" || salt(database, props(t, `{"engine":"postgres","instanceClass":"b"}`)) != base {
		t.Error("an update in place changes the salt")
	}
	for _, other := range []string{`{"engine":"mysql"}`, `{"engine":"?"}`, `{"engine":"secret:postgres"}`, `{"engine":["postgres"]}`} {
		if salt(database, props(t, other)) == base {
			t.Errorf("%s has the same salt", other)
		}
	}
	if got := salt("aws:new/thing:Thing", props(t, `{"a":1}`)); got != "" {
		t.Errorf("a type without a rule has the salt %q", got)
	}
}

func TestFunctions(t *testing.T) {
	c := started(t, Options{})
	for _, row := range []struct{ token, args, key, want string }{
		{"aws:index/getAvailabilityZones:getAvailabilityZones", `{}`, "names", `eu-west-1a.*eu-west-1c`},
		{"aws:index/getCallerIdentity:getCallerIdentity", `{}`, "accountId", `123456789012`},
		{"aws:index/getPartition:getPartition", `{}`, "partition", `aws`},
		{"aws:index/getRegion:getRegion", `{}`, "name", `eu-west-1`},
		{"aws:ec2/getManagedPrefixList:getManagedPrefixList", `{"name":"x"}`, "id", `pl-[0-9a-f]{8}`},
		{"aws:ecr/getAuthorizationToken:getAuthorizationToken", `{}`, "proxyEndpoint", `https://123456789012\.dkr\.ecr\.eu-west-1\.amazonaws\.com`},
		{"aws:ecr/getAuthorizationToken:getAuthorizationToken", `{}`, "userName", `AWS`},
		{"aws:route53/getZone:getZone", `{"name":"example.com."}`, "zoneId", `Z[A-Z0-9]{20}`},
		{"aws:route53/getZone:getZone", `{"name":"example.com."}`, "name", `example\.com`},
		{"aws:route53/getRecords:getRecords", `{"zoneId":"Z1"}`, "resourceRecordSets", `\[\]|\{\[\]\}`},
		{"aws:cloudfront/getCachePolicy:getCachePolicy", `{"name":"Managed-CachingDisabled"}`, "id", `4135ea2d-6df8-44a3-9df3-4b5a84be39ad`},
		{"aws:cloudfront/getCachePolicy:getCachePolicy", `{"name":"mine"}`, "id", `.+`},
		{"azure-native:authorization:getClientConfig", `{}`, "tenantId", likely.Tenant},
		{"azure-native:keyvault/v20230701:getVault", `{"vaultName":"kv","resourceGroupName":"rg"}`, "id", `/subscriptions/.*/resourceGroups/rg/providers/Microsoft\.KeyVault/vaults/kv`},
		{"gcp:organizations/getProject:getProject", `{}`, "projectId", likely.Project},
		{"gcp:compute/getZones:getZones", `{}`, "names", `eu-west-1-a.*`},
		{"docker:index/getRegistryImage:getRegistryImage", `{"name":"a"}`, "sha256Digest", `sha256:[0-9a-f]{64}`},
	} {
		t.Run(row.token+" "+row.key, func(t *testing.T) {
			got, err := c.invoke(row.token, props(t, row.args), likely.Place{Region: "eu-west-1"})
			must(t, err)
			text := got[resource.PropertyKey(row.key)].String()
			if v := got[resource.PropertyKey(row.key)]; v.IsString() {
				text = v.StringValue()
			}
			if !regexp.MustCompile("(?s)^.*(" + row.want + ").*$").MatchString(text) {
				t.Errorf("got %s, want %s", text, row.want)
			}
		})
	}
	for _, token := range []string{"aws:new/getThing:getThing", "kubernetes:core/v1:get", "nonsense"} {
		if _, err := c.invoke(token, props(t, `{}`), likely.Place{}); err == nil || !strings.Contains(err.Error(), token+" is not simulated") {
			t.Errorf("%s gives %v", token, err)
		}
	}
}

// The check that the deployed version runs reads the service back.
func TestRunningService(t *testing.T) {
	c := started(t, Options{})
	const cluster = "arn:aws:ecs:us-east-1:123456789012:cluster/main"
	p := &provider{cloud: c}
	_, err := p.Create(t.Context(), &pulumirpc.CreateRequest{
		Urn: urnOf("aws:ecs/service:Service", "blue"), Properties: wire(t, `{"name":"blue","cluster":"`+cluster+`","taskDefinition":"arn:task:7","desiredCount":2}`),
	})
	must(t, err)
	got, err := c.invoke("aws:ecs/getService:getService", props(t, `{"serviceName":"blue","clusterArn":"`+cluster+`"}`), likely.Place{})
	must(t, err)
	if got["taskDefinition"].StringValue() != "arn:task:7" || got["desiredCount"].NumberValue() != 2 {
		t.Errorf("got %v", got)
	}
	if _, err := c.invoke("aws:ecs/getService:getService", props(t, `{"serviceName":"green","clusterArn":"`+cluster+`"}`), likely.Place{}); err == nil || !strings.Contains(err.Error(), `no service "green"`) {
		t.Errorf("a service that isn't there gives %v", err)
	}
}

func TestStores(t *testing.T) {
	label := func(name string) map[string]any {
		return map[string]any{"labels": []any{map[string]any{"label": name, "value": "x"}}}
	}
	for _, row := range []struct {
		token  string
		inputs map[string]any
		want   string
	}{
		{database, nil, "RDS instance"},
		{"aws:elasticache/replicationGroup:ReplicationGroup", nil, "ElastiCache replication group"},
		{"aws:kms/key:Key", nil, "KMS key"},
		{"aws:backup/vault:Vault", nil, "backup vault"},
		{"azure-native:dbforpostgresql/v20221201:Server", nil, "PostgreSQL flexible server"},
		{"gcp:sql/databaseInstance:DatabaseInstance", nil, "Cloud SQL instance"},
		{"docker:index/volume:Volume", nil, "Docker volume"},
		{"docker:index/volume:Volume", label("dev.slipway.data"), "Docker volume"},
		{"docker:index/volume:Volume", label("dev.slipway.stack"), ""},
		{vpc, nil, ""},
	} {
		if got := Store(row.token, row.inputs); got != row.want {
			t.Errorf("%s %v stores %q, want %q", row.token, row.inputs, got, row.want)
		}
	}
}

// The app that the simulated Azure tells of is the one that was deployed; before, there is none.
func TestAzureTellsOfTheApp(t *testing.T) {
	c := &Cloud{live: map[string]thing{}}
	args := props(t, `{"containerAppName":"links","resourceGroupName":"rg","environmentName":"env"}`)
	for _, token := range []string{"azure-native:app/v20241002preview:getContainerApp", "azure-native:app/v20241002preview:getManagedEnvironment"} {
		if _, err := c.invoke(token, args, likely.Place{}); err == nil || !strings.Contains(err.Error(), "ResourceNotFound") {
			t.Errorf("%s of nothing: %v", token, err)
		}
	}
	c.note(thing{urn: "urn:pulumi:s::p::azure-native:app/v20241002preview:ContainerApp::links", id: "/x/links", outputs: props(t,
		`{"name":"links","template":{"revisionSuffix":"s1-a"},"configuration":{"ingress":{"traffic":[{"label":"blue","revisionName":"links--s0-b","weight":100}]}}}`)})
	c.note(thing{urn: "urn:pulumi:s::p::azure-native:app/v20241002preview:ManagedEnvironment::env", id: "/x/env", outputs: props(t, `{"name":"env"}`)})
	app, err := c.invoke("azure-native:app/v20241002preview:getContainerApp", args, likely.Place{})
	must(t, err)
	if app["latestReadyRevisionName"].StringValue() != "links--s1-a" || !strings.Contains(app["configuration"].String(), "links--s0-b") {
		t.Errorf("the app is %v", app)
	}
	env, err := c.invoke("azure-native:app/v20241002preview:getManagedEnvironment", args, likely.Place{})
	must(t, err)
	if !strings.Contains(env["privateEndpointConnections"].String(), "/x/env/privateEndpointConnections/") {
		t.Errorf("the environment is %v", env)
	}
}

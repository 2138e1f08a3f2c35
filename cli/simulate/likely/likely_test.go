package likely

import (
	"crypto/x509"
	"encoding/pem"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// made is a resource of a type with inputs, as key, value, …
func made(token string, inputs ...any) Thing {
	m := resource.PropertyMap{}
	for i := 0; i < len(inputs); i += 2 {
		m[resource.PropertyKey(inputs[i].(string))] = resource.NewPropertyValue(inputs[i+1])
	}
	return Thing{Token: token, URN: "urn:pulumi:prod::slipway::" + token + "::links", Inputs: m}
}

// row is one text of one type, as a pattern.
type row struct {
	thing   Thing
	path    string
	pattern string
}

func check(t *testing.T, rows []row) {
	t.Helper()
	for _, r := range rows {
		t.Run(r.thing.Token+" "+r.path, func(t *testing.T) {
			got := r.thing.Text(r.path)
			if !regexp.MustCompile("^(" + r.pattern + ")$").MatchString(got) {
				t.Errorf("got %q, want %s", got, r.pattern)
			}
			if strings.ContainsAny(got, "{}") {
				t.Errorf("a placeholder is left in %q", got)
			}
			if again := r.thing.Text(r.path); again != got {
				t.Errorf("the second time it is %q, and was %q", again, got)
			}
		})
	}
}

const uuid = `[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}`

func TestAWS(t *testing.T) {
	balancer := "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/links-1/0123456789abcdef"
	check(t, []row{
		{made("aws:ec2/vpc:Vpc"), "id", `vpc-[0-9a-f]{17}`},
		{made("aws:ec2/vpc:Vpc"), "arn", `arn:aws:ec2:us-east-1:123456789012:vpc/vpc-[0-9a-f]{17}`},
		{made("aws:ec2/vpc:Vpc"), "ownerId", `123456789012`},
		{made("aws:ec2/subnet:Subnet"), "id", `subnet-[0-9a-f]{17}`},
		{made("aws:ec2/securityGroup:SecurityGroup"), "id", `sg-[0-9a-f]{17}`},
		{made("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"), "id", `sgr-[0-9a-f]{17}`},
		{made("aws:ec2/natGateway:NatGateway"), "publicIp", `10(\.\d{1,3}){3}`},
		{made("aws:lb/loadBalancer:LoadBalancer", "name", "links-xyz"), "dnsName", `links-xyz-\d{10}\.us-east-1\.elb\.amazonaws\.com`},
		{made("aws:lb/loadBalancer:LoadBalancer", "name", "links-xyz"), "id", `arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/links-xyz/[0-9a-f]{16}`},
		{made("aws:lb/targetGroup:TargetGroup", "name", "blue"), "arnSuffix", `targetgroup/blue/[0-9a-f]{16}`},
		{made("aws:lb/listener:Listener", "loadBalancerArn", balancer), "arn", `arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/links-1/0123456789abcdef/[0-9a-f]{16}`},
		{made("aws:ecs/service:Service", "name", "blue", "cluster", "arn:aws:ecs:us-east-1:123456789012:cluster/main"), "id", `arn:aws:ecs:us-east-1:123456789012:service/main/blue`},
		{made("aws:ecs/taskDefinition:TaskDefinition", "family", "links"), "arn", `arn:aws:ecs:us-east-1:123456789012:task-definition/links:\d\d`},
		{made("aws:rds/instance:Instance", "identifier", "db-1"), "endpoint", `db-1\.[a-z0-9]{12}\.us-east-1\.rds\.amazonaws\.com:5432`},
		{made("aws:rds/instance:Instance"), "masterUserSecrets[0].secretArn", `arn:aws:secretsmanager:us-east-1:123456789012:secret:rds!db-` + uuid + `-[A-Za-z0-9]{6}`},
		{made("aws:elasticache/replicationGroup:ReplicationGroup", "replicationGroupId", "c-1"), "primaryEndpointAddress", `master\.c-1\.[a-z0-9]{6}\.use1\.cache\.amazonaws\.com`},
		{made("aws:ecr/repository:Repository", "name", "a/b"), "repositoryUrl", `123456789012\.dkr\.ecr\.us-east-1\.amazonaws\.com/a/b`},
		{made("aws:iam/role:Role", "name", "task"), "arn", `arn:aws:iam::123456789012:role/task`},
		{made("aws:kms/key:Key"), "arn", `arn:aws:kms:us-east-1:123456789012:key/` + uuid},
		{made("aws:acm/certificate:Certificate"), "id", `arn:aws:acm:us-east-1:123456789012:certificate/` + uuid},
		{made("aws:cloudfront/distribution:Distribution"), "domainName", `d[a-z0-9]{13}\.cloudfront\.net`},
		{made("aws:cloudfront/distribution:Distribution"), "arn", `arn:aws:cloudfront::123456789012:distribution/E[A-Z0-9]{13}`},
		{made("aws:s3/bucketV2:BucketV2", "bucket", "logs"), "arn", `arn:aws:s3:::logs`},
		{made("aws:secretsmanager/secret:Secret", "name", "x"), "id", `arn:aws:secretsmanager:us-east-1:123456789012:secret:x-[A-Za-z0-9]{6}`},
		{made("aws:wafv2/webAcl:WebAcl", "name", "x", "scope", "CLOUDFRONT"), "arn", `arn:aws:wafv2:us-east-1:123456789012:global/webacl/x/` + uuid},
		{made("aws:wafv2/webAcl:WebAcl", "name", "x", "scope", "REGIONAL"), "arn", `arn:aws:wafv2:us-east-1:123456789012:regional/webacl/x/` + uuid},
		{made("aws:route53/record:Record", "zoneId", "Z1", "name", "a.example.com", "type", "A"), "id", `Z1_a\.example\.com_A`},
		{made("aws:new/thing:Thing"), "arn", `arn:aws:new:us-east-1:123456789012:thing/links-[0-9a-f]{8}`},
		{made("aws:new/thing:Thing"), "id", `links-[0-9a-f]{8}`},
		{made("aws:new/thing:Thing"), "flavor", `flavor-[0-9a-f]{12}`},
	})
}

func TestPlaces(t *testing.T) {
	china := made("aws:kms/key:Key")
	china.Place = Place{Region: "cn-north-1", Account: "999999999999"}
	government := made("aws:iam/role:Role")
	government.Place.Region = "us-gov-west-1"
	app := made("azure-native:app:ContainerApp", "resourceGroupName", "rg", "containerAppName", "app")
	app.Place = Place{Region: "westeurope", Subscription: "s"}
	service := made("gcp:cloudrunv2/service:Service", "name", "svc", "location", "europe-west1")
	service.Place.Project = "my-project"
	check(t, []row{
		{china, "arn", `arn:aws-cn:kms:cn-north-1:999999999999:key/` + uuid},
		{government, "arn", `arn:aws-us-gov:iam::123456789012:role/links`},
		{app, "id", `/subscriptions/s/resourceGroups/rg/providers/Microsoft\.App/containerApps/app`},
		{app, "location", `westeurope`},
		{service, "id", `projects/my-project/locations/europe-west1/services/svc`},
	})
}

func TestAzure(t *testing.T) {
	const group = `/subscriptions/12345678-1234-9876-4563-123456789012/resourceGroups/rg`
	in := func(token string, inputs ...any) Thing {
		return made("azure-native:"+token, append([]any{"resourceGroupName", "rg"}, inputs...)...)
	}
	check(t, []row{
		{in("resources:ResourceGroup"), "id", group},
		{in("app:ContainerApp", "containerAppName", "links"), "id", group + `/providers/Microsoft\.App/containerApps/links`},
		{in("app/v20241002preview:ContainerApp", "containerAppName", "links"), "id", group + `/providers/Microsoft\.App/containerApps/links`},
		{in("app:ContainerApp", "containerAppName", "links"), "configuration.ingress.fqdn", `links\.happysea-[0-9a-f]{8}\.eastus\.azurecontainerapps\.io`},
		{in("app:ContainerApp"), "type", `Microsoft\.App/containerApps`},
		{in("app:Certificate", "environmentName", "env", "certificateName", "c"), "id", group + `/providers/Microsoft\.App/managedEnvironments/env/certificates/c`},
		{in("app:Certificate"), "type", `Microsoft\.App/managedEnvironments/certificates`},
		{in("dbforpostgresql/v20221201:Server", "serverName", "db"), "fullyQualifiedDomainName", `db\.postgres\.database\.azure\.com`},
		{in("cache/v20240901preview:RedisEnterprise", "clusterName", "c"), "hostName", `c\.eastus\.redis\.azure\.net`},
		{in("cache/v20240901preview:Database", "clusterName", "c", "databaseName", "default"), "id", group + `/providers/Microsoft\.Cache/redisEnterprise/c/databases/default`},
		{in("keyvault:Vault", "vaultName", "kv"), "properties.vaultUri", `https://kv\.vault\.azure\.net/`},
		{in("keyvault:Secret", "vaultName", "kv", "secretName", "s"), "properties.secretUriWithVersion", `https://kv\.vault\.azure\.net/secrets/s/[0-9a-f]{32}`},
		{in("authorization:RoleAssignment", "scope", "/scope", "roleAssignmentName", "r"), "id", `/scope/providers/Microsoft\.Authorization/roleAssignments/r`},
		{in("managedidentity:UserAssignedIdentity"), "principalId", uuid},
		{in("cdn:AFDEndpoint", "profileName", "p", "endpointName", "e"), "hostName", `e-[a-z0-9]{16}\.z01\.azurefd\.net`},
		{in("containerregistry:Registry", "registryName", "acr"), "loginServer", `acr\.azurecr\.io`},
		{in("network:VirtualNetwork"), "provisioningState", `Succeeded`},
		{in("novel:Widget", "name", "w"), "id", group + `/providers/Microsoft\.Novel/widgets/w`},
	})
}

func TestGCP(t *testing.T) {
	check(t, []row{
		{made("gcp:compute/network:Network", "name", "net"), "id", `projects/simulated-project/global/networks/net`},
		{made("gcp:compute/network:Network", "name", "net"), "selfLink", `https://www\.googleapis\.com/compute/v1/projects/simulated-project/global/networks/net`},
		{made("gcp:compute/subnetwork:Subnetwork", "name", "s", "region", "europe-west1"), "id", `projects/simulated-project/regions/europe-west1/subnetworks/s`},
		{made("gcp:compute/globalAddress:GlobalAddress", "name", "a"), "address", `10(\.\d{1,3}){3}`},
		{made("gcp:cloudrunv2/service:Service", "name", "links", "location", "us-central1"), "uri", `https://links-[a-z0-9]{10}-uc\.a\.run\.app`},
		{made("gcp:sql/databaseInstance:DatabaseInstance", "name", "db"), "connectionName", `simulated-project:us-central1:db`},
		{made("gcp:redis/instance:Instance", "name", "c"), "host", `10(\.\d{1,3}){3}`},
		{made("gcp:secretmanager/secret:Secret", "secretId", "s", "project", "own-project"), "id", `projects/own-project/secrets/s`},
		{made("gcp:secretmanager/secretVersion:SecretVersion", "secret", "projects/p/secrets/s"), "id", `projects/p/secrets/s/versions/1`},
		{made("gcp:serviceaccount/account:Account", "accountId", "links"), "member", `serviceAccount:links@simulated-project\.iam\.gserviceaccount\.com`},
		{made("gcp:kms/cryptoKey:CryptoKey", "keyRing", "projects/p/locations/l/keyRings/r", "name", "k"), "id", `projects/p/locations/l/keyRings/r/cryptoKeys/k`},
		{made("gcp:monitoring/alertPolicy:AlertPolicy"), "name", `projects/simulated-project/alertPolicies/\d{19}`},
	})
}

func TestLocal(t *testing.T) {
	check(t, []row{
		{made("docker:index/container:Container"), "id", `[0-9a-f]{64}`},
		{made("docker:index/remoteImage:RemoteImage", "name", "a/b:1"), "imageId", `sha256:[0-9a-f]{64}`},
		{made("docker:index/remoteImage:RemoteImage", "name", "a/b:1"), "repoDigest", `a/b:1@sha256:[0-9a-f]{64}`},
		{made("docker:index/registryImage:RegistryImage"), "sha256Digest", `sha256:[0-9a-f]{64}`},
		{made("docker:index/container:Container"), "containerLogs", ``},
		{made("random:index/randomId:RandomId", "byteLength", 3.0), "id", `[A-Za-z0-9_-]{4}`},
		{made("tls:index/privateKey:PrivateKey"), "publicKeyOpenssh", `ssh-ed25519 [A-Za-z0-9+/]+=*\n`},
	})
}

func TestKeysAndCertificates(t *testing.T) {
	thing := made("tls:index/selfSignedCert:SelfSignedCert")
	for path, parse := range map[string]func([]byte) (any, error){
		"privateKeyPem":  func(der []byte) (any, error) { return x509.ParsePKCS8PrivateKey(der) },
		"publicKeyPem":   func(der []byte) (any, error) { return x509.ParsePKIXPublicKey(der) },
		"certPem":        func(der []byte) (any, error) { return x509.ParseCertificate(der) },
		"caCertPem":      func(der []byte) (any, error) { return x509.ParseCertificate(der) },
		"certRequestPem": func(der []byte) (any, error) { return x509.ParseCertificateRequest(der) },
	} {
		if path == "certRequestPem" {
			thing = made("tls:index/certRequest:CertRequest")
		}
		block, rest := pem.Decode([]byte(thing.Text(path)))
		if block == nil || len(rest) > 0 {
			t.Errorf("%s is no PEM: %s", path, thing.Text(path))
			continue
		}
		if _, err := parse(block.Bytes); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// database is a type as an SDK has it.
type database struct {
	pulumi.CustomResourceState
	Arn      pulumi.StringOutput           `pulumi:"arn"`
	Count    pulumi.IntOutput              `pulumi:"count"`
	Exact    pulumi.Float64Output          `pulumi:"exact"`
	On       pulumi.BoolOutput             `pulumi:"on"`
	Port     pulumi.IntOutput              `pulumi:"port"`
	Optional pulumi.StringPtrOutput        `pulumi:"optional"`
	Secrets  pulumi.StringArrayOutput      `pulumi:"secrets"`
	Given    pulumi.StringArrayOutput      `pulumi:"given"`
	Groups   pulumi.StringArrayArrayOutput `pulumi:"groups"`
	Tags     pulumi.StringMapOutput        `pulumi:"tags"`
	TagsAll  pulumi.StringMapOutput        `pulumi:"tagsAll"`
	Node     nodeOutput                    `pulumi:"node"`
	Untagged pulumi.StringOutput
}

type databaseArgs struct {
	Given    []string          `pulumi:"given"`
	Optional *string           `pulumi:"optional"`
	Tags     map[string]string `pulumi:"tags"`
	Node     *node             `pulumi:"node"`
}

// node holds itself.
type node struct {
	Host  string   `pulumi:"host"`
	Ip    *string  `pulumi:"ip"`
	Names []string `pulumi:"names"`
	Next  []node   `pulumi:"next"`
}

type nodeOutput struct{ *pulumi.OutputState }

func (nodeOutput) ElementType() reflect.Type { return reflect.TypeFor[node]() }

var databaseKind = Kind{Outputs: reflect.TypeFor[*database](), Inputs: reflect.TypeFor[databaseArgs]()}

func TestOutputs(t *testing.T) {
	thing := made("aws:x/database:Database", "tags", map[string]any{"a": "b"}, "__defaults", []any{"name"})
	got := thing.Outputs(databaseKind)
	for name, want := range map[resource.PropertyKey]any{"count": 1.0, "exact": 1.0, "on": false, "port": 5432.0} {
		if got[name].V != want {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
	if !got["arn"].IsString() || !strings.HasPrefix(got["arn"].StringValue(), "arn:aws:x:") {
		t.Errorf("arn is %v", got["arn"])
	}
	for _, name := range []resource.PropertyKey{"optional", "given", "__defaults"} {
		if v, ok := got[name]; ok {
			t.Errorf("%s is %v, want none: nobody gave it", name, v)
		}
	}
	if v := got["secrets"]; !v.IsArray() || len(v.ArrayValue()) != 1 || !v.ArrayValue()[0].IsString() {
		t.Errorf("secrets is %v", v)
	}
	if v := got["groups"]; !v.IsArray() || !v.ArrayValue()[0].IsArray() {
		t.Errorf("groups is %v", v)
	}
	if !got["tagsAll"].DeepEquals(got["tags"]) {
		t.Errorf("tagsAll is %v", got["tagsAll"])
	}
	inner := got["node"].ObjectValue()
	if !inner["host"].IsString() || !inner["names"].IsArray() || !inner["next"].IsArray() || inner["ip"].IsString() {
		t.Errorf("node is %v", inner)
	}
	if again := thing.Outputs(databaseKind); !resource.NewProperty(got).DeepEquals(resource.NewProperty(again)) {
		t.Error("the second time they are others")
	}
	if empty := thing.Outputs(Kind{}); len(empty) != 1 {
		t.Errorf("without a type there is %v", empty)
	}
}

// What the program gave stays, and only what it could not give is added.
func TestOutputsOfGivenObjects(t *testing.T) {
	thing := made("aws:x/database:Database", "node", map[string]any{"next": []any{map[string]any{"host": "mine"}}})
	thing.Inputs["node"] = resource.MakeSecret(thing.Inputs["node"])
	got := Plain(thing.Outputs(databaseKind)["node"]).ObjectValue()
	if !got["host"].IsString() || got["names"].IsArray() {
		t.Errorf("node is %v", got)
	}
	if next := got["next"].ArrayValue()[0].ObjectValue(); next["host"].StringValue() != "mine" {
		t.Errorf("next is %v", next)
	}
	azure := made("azure-native:x:Database").Outputs(databaseKind)
	if ip := azure["node"].ObjectValue()["ip"]; ip.IsString() {
		t.Errorf("ip is %v", ip)
	}
}

func TestSaltAndURNMakeADifference(t *testing.T) {
	a := made("aws:ec2/vpc:Vpc")
	b, c := a, a
	b.Salt, c.URN = "other", a.URN+"-2"
	if a.ID() == b.ID() || a.ID() == c.ID() || b.ID() == c.ID() {
		t.Errorf("the ids are %s, %s and %s", a.ID(), b.ID(), c.ID())
	}
}

func TestSpecialOutputs(t *testing.T) {
	password := made("random:index/randomPassword:RandomPassword", "length", 40.0, "special", false)
	if text := characters(password).StringValue(); !regexp.MustCompile(`^[A-Za-z0-9]{40}$`).MatchString(text) {
		t.Errorf("the password is %q", text)
	}
	if text := characters(made("random:index/randomString:RandomString")).StringValue(); len(text) != 16 {
		t.Errorf("the text is %q", text)
	}
	id := made("random:index/randomId:RandomId", "byteLength", 4.0, "prefix", "p-")
	if text := special(id.Token, "hex")(id).StringValue(); !regexp.MustCompile(`^p-[0-9a-f]{8}$`).MatchString(text) {
		t.Errorf("hex is %q", text)
	}
	if text := special(id.Token, "dec")(id).StringValue(); !regexp.MustCompile(`^p-\d+$`).MatchString(text) {
		t.Errorf("dec is %q", text)
	}
	group := made("aws:elasticache/replicationGroup:ReplicationGroup", "replicationGroupId", "c", "numCacheClusters", 2.0)
	if all := members(group).ArrayValue(); len(all) != 2 || all[1].StringValue() != "c-002" {
		t.Errorf("the members are %v", all)
	}
	certificate := made("aws:acm/certificate:Certificate", "domainName", "a.example.com", "subjectAlternativeNames", []any{"*.a.example.com"})
	rows := validations(certificate).ArrayValue()
	if len(rows) != 2 || !strings.HasSuffix(rows[1].ObjectValue()["resourceRecordName"].StringValue(), ".a.example.com.") {
		t.Errorf("the validations are %v", rows)
	}
	if n := made("aws:elasticache/x:X").Number("port"); n != 6379 {
		t.Errorf("a cache listens on %v", n)
	}
	if n := made("docker:index/container:Container").Number("exitCode"); n != 0 {
		t.Errorf("a container ends with %v", n)
	}
}

func TestNames(t *testing.T) {
	for token, want := range map[string]string{
		"aws:ec2/vpc:Vpc": "name", "aws:rds/instance:Instance": "identifier", "gcp:secretmanager/secret:Secret": "secretId",
		"azure-native:keyvault:Secret": "secretName", "azure-native:app/v20240301:ContainerApp": "containerAppName", "azure-native:resources:ResourceGroup": "resourceGroupName",
	} {
		if got := NameProperty(token); got != want {
			t.Errorf("%s is named by %q, want %q", token, got, want)
		}
	}
	hash := strings.Repeat("0123456789abcdef", 4)
	for token, want := range map[string]string{
		"azure-native:keyvault:Vault": "links01234567", "azure-native:keyvault:Secret": "links", "azure-native:authorization:RoleAssignment": uuid,
	} {
		if got := AzureName(token, "links", hash); !regexp.MustCompile("^" + want + "$").MatchString(got) {
			t.Errorf("%s gets the name %q, want %s", token, got, want)
		}
	}
	if !Follows("aws:x/y:Z", "tagsAll") || Follows("aws:x/y:Z", "arn") {
		t.Error("tagsAll follows from tags, and an ARN from nothing")
	}
}

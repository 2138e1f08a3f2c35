package simulate

import (
	"context"
	"encoding/json"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"
)

const (
	vpc      = "aws:ec2/vpc:Vpc"
	database = "aws:rds/instance:Instance"
)

func urnOf(token, name string) string { return "urn:pulumi:prod::slipway::" + token + "::" + name }

// props makes properties of JSON. A text that begins with "secret:" is a secret, and "?" is unknown.
func props(t *testing.T, text string) resource.PropertyMap {
	t.Helper()
	var m map[string]any
	must(t, json.Unmarshal([]byte(text), &m))
	var mark func(v resource.PropertyValue) resource.PropertyValue
	mark = func(v resource.PropertyValue) resource.PropertyValue {
		switch {
		case v.IsObject():
			for key, e := range v.ObjectValue() {
				v.ObjectValue()[key] = mark(e)
			}
		case v.IsArray():
			for i, e := range v.ArrayValue() {
				v.ArrayValue()[i] = mark(e)
			}
		case v.IsString() && v.StringValue() == "?":
			return resource.MakeComputed(resource.NewProperty(""))
		case v.IsString() && strings.HasPrefix(v.StringValue(), "secret:"):
			return resource.MakeSecret(v)
		}
		return v
	}
	return mark(resource.NewProperty(resource.NewPropertyMapFromMap(m))).ObjectValue()
}

func wire(t *testing.T, text string) *structpb.Struct {
	t.Helper()
	s, err := write(props(t, text))
	must(t, err)
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// args is a type's arguments as an SDK has them.
type args struct {
	Name      *string `pulumi:"name"`
	CidrBlock *string `pulumi:"cidrBlock"`
}

// network is a type of resource as an SDK has it.
type network struct {
	pulumi.CustomResourceState
	Name      pulumi.StringOutput    `pulumi:"name"`
	Arn       pulumi.StringOutput    `pulumi:"arn"`
	CidrBlock pulumi.StringPtrOutput `pulumi:"cidrBlock"`
	TagsAll   pulumi.StringMapOutput `pulumi:"tagsAll"`
}

// connected is a client of the simulation that was configured, as the engine is.
func connected(t *testing.T, c *Cloud, args string) pulumirpc.ResourceProviderClient {
	t.Helper()
	address := "127.0.0.1:" + strings.TrimPrefix(strings.Split(c.Env()["PULUMI_DEBUG_PROVIDERS"], ",")[0], "aws:")
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	must(t, err)
	t.Cleanup(func() { must(t, conn.Close()) })
	client := pulumirpc.NewResourceProviderClient(conn)
	configured, err := client.Configure(t.Context(), &pulumirpc.ConfigureRequest{Args: wire(t, args)})
	must(t, err)
	if !configured.GetAcceptSecrets() || !configured.GetSupportsPreview() {
		t.Errorf("secrets or previews are not supported: %v", configured)
	}
	return client
}

func started(t *testing.T, o Options) *Cloud {
	t.Helper()
	c, err := Start(o)
	must(t, err)
	t.Cleanup(c.Close)
	c.learn(&pulumi.ResourceTransformationArgs{Type: vpc, Resource: &network{}, Props: input{}})
	return c
}

// input has the arguments' type.
type input struct{ pulumi.Input }

func (input) ElementType() reflect.Type { return reflect.TypeFor[args]() }

func TestEnvironment(t *testing.T) {
	c := started(t, Options{Packages: []string{"kubernetes"}})
	env := c.Env()["PULUMI_DEBUG_PROVIDERS"]
	if !regexp.MustCompile(`^aws:\d+,azure-native:\d+,gcp:\d+,docker:\d+,random:\d+,tls:\d+,kubernetes:\d+$`).MatchString(env) {
		t.Errorf("the providers are %q", env)
	}
}

// Two instances of a provider have a region each.
func TestEveryConnectionHasItsPlace(t *testing.T) {
	c := started(t, Options{})
	near := connected(t, c, `{"region":"eu-west-1","allowedAccountIds":"[\"210987654321\"]"}`)
	far := connected(t, c, `{"region":"us-east-1"}`)
	listed := connected(t, c, `{"region":"us-west-2","allowedAccountIds":["999999999999"]}`)
	for _, row := range []struct {
		client pulumirpc.ResourceProviderClient
		want   string
	}{{near, "arn:aws:ec2:eu-west-1:210987654321:vpc/"}, {far, "arn:aws:ec2:us-east-1:123456789012:vpc/"}, {near, "arn:aws:ec2:eu-west-1:"}, {listed, "arn:aws:ec2:us-west-2:999999999999:vpc/"}} {
		made, err := row.client.Create(t.Context(), &pulumirpc.CreateRequest{Urn: urnOf(vpc, "main"), Properties: wire(t, `{"cidrBlock":"10.0.0.0/16"}`)})
		must(t, err)
		if arn := made.GetProperties().AsMap()["arn"].(string); !strings.HasPrefix(arn, row.want) {
			t.Errorf("the ARN is %s, want %s…", arn, row.want)
		}
	}
	who, err := near.Invoke(t.Context(), &pulumirpc.InvokeRequest{Tok: "aws:index/getCallerIdentity:getCallerIdentity", Args: wire(t, `{}`)})
	must(t, err)
	if account := who.GetReturn().AsMap()["accountId"]; account != "210987654321" {
		t.Errorf("the account is %v", account)
	}
	_, err = near.Invoke(t.Context(), &pulumirpc.InvokeRequest{Tok: "aws:new/getThing:getThing", Args: wire(t, `{}`)})
	if err == nil || !strings.Contains(err.Error(), "function aws:new/getThing:getThing is not simulated") {
		t.Errorf("an unknown function gives %v", err)
	}
}

func TestLifeOfAResource(t *testing.T) {
	c := started(t, Options{})
	p := &provider{cloud: c}
	ctx := context.Background()
	urn := urnOf(vpc, "main")
	_, err := p.Attach(ctx, &pulumirpc.PluginAttach{})
	must(t, err)
	_, err = p.Cancel(ctx, &emptypb.Empty{})
	must(t, err)
	config, err := p.CheckConfig(ctx, &pulumirpc.CheckRequest{News: wire(t, `{"region":"eu-west-1"}`)})
	must(t, err)
	if config.GetInputs().AsMap()["region"] != "eu-west-1" {
		t.Errorf("the configuration is %v", config)
	}
	moved, err := p.DiffConfig(ctx, &pulumirpc.DiffRequest{OldInputs: wire(t, `{"region":"eu-west-1"}`), News: wire(t, `{"region":"us-east-1"}`)})
	must(t, err)
	if moved.GetChanges() != pulumirpc.DiffResponse_DIFF_SOME || len(moved.GetReplaces()) > 0 {
		t.Errorf("another region gives %v", moved)
	}
	checked, err := p.Check(ctx, &pulumirpc.CheckRequest{Urn: urn, News: wire(t, `{"cidrBlock":"10.0.0.0/16","secret":"secret:a"}`)})
	must(t, err)
	name, _ := checked.GetInputs().AsMap()["name"].(string)
	if !regexp.MustCompile(`^main-[0-9a-f]{7}$`).MatchString(name) {
		t.Errorf("the name is %q", name)
	}
	preview, err := p.Create(ctx, &pulumirpc.CreateRequest{Urn: urn, Properties: checked.GetInputs(), Preview: true})
	must(t, err)
	unknown, err := read(preview.GetProperties())
	must(t, err)
	if preview.GetId() != "" || !unknown["arn"].IsComputed() || unknown["name"].StringValue() != name || !unknown["secret"].IsSecret() {
		t.Errorf("in a preview there is %v, id %q", unknown, preview.GetId())
	}
	made, err := p.Create(ctx, &pulumirpc.CreateRequest{Urn: urn, Properties: checked.GetInputs()})
	must(t, err)
	state, err := read(made.GetProperties())
	must(t, err)
	if !state["arn"].IsString() || !state["secret"].IsSecret() || !strings.HasPrefix(made.GetId(), "vpc-") {
		t.Errorf("made is %v, id %q", state, made.GetId())
	}
	same, err := p.Read(ctx, &pulumirpc.ReadRequest{Urn: urn, Id: made.GetId(), Properties: made.GetProperties(), Inputs: checked.GetInputs()})
	must(t, err)
	if same.GetId() != made.GetId() || same.GetProperties() != made.GetProperties() {
		t.Errorf("read is %v", same)
	}
	found, err := p.Read(ctx, &pulumirpc.ReadRequest{Urn: urn, Id: "vpc-1"})
	must(t, err)
	if found.GetId() != "vpc-1" || found.GetProperties().AsMap()["arn"] == nil {
		t.Errorf("looked up is %v", found)
	}
	after, err := p.Check(ctx, &pulumirpc.CheckRequest{Urn: urn, Olds: checked.GetInputs(), News: wire(t, `{"cidrBlock":"10.0.0.0/16","tags":{"a":"b"}}`)})
	must(t, err)
	if after.GetInputs().AsMap()["name"] != name {
		t.Errorf("an update has the name %v", after.GetInputs().AsMap()["name"])
	}
	updated, err := p.Update(ctx, &pulumirpc.UpdateRequest{Urn: urn, Id: made.GetId(), Olds: made.GetProperties(), OldInputs: checked.GetInputs(), News: after.GetInputs()})
	must(t, err)
	now := updated.GetProperties().AsMap()
	if now["arn"] != made.GetProperties().AsMap()["arn"] || now["secret"] != nil || now["tagsAll"].(map[string]any)["a"] != "b" {
		t.Errorf("updated is %v", now)
	}
	_, err = p.Delete(ctx, &pulumirpc.DeleteRequest{Urn: urn, Id: made.GetId(), Properties: updated.GetProperties(), OldInputs: after.GetInputs()})
	must(t, err)
	if left := c.things(); len(left) > 0 {
		t.Errorf("left is %v", left)
	}
	info, err := p.GetPluginInfo(ctx, &emptypb.Empty{})
	must(t, err)
	if info.GetVersion() == "" {
		t.Error("the plugin has no version")
	}
}

func TestProgramIsWatched(t *testing.T) {
	c := started(t, Options{})
	if c.kind(vpc).Outputs == nil || c.kind(vpc).Input("cidrBlock") == nil {
		t.Errorf("the type is %v", c.kind(vpc))
	}
	c.learn(&pulumi.ResourceTransformationArgs{Type: "aws:ec2/subnet:Subnet", Resource: &network{}, Props: input{}})
	if got := c.Misfits(); !slices.Contains(got, "aws:ec2/subnet:Subnet has no input vpcId") {
		t.Errorf("the misfits are %v", got)
	}
}

func TestDeletionIsRefused(t *testing.T) {
	ctx := context.Background()
	remove := func(p *provider, token, id, inputs, outputs string) error {
		_, err := p.Delete(ctx, &pulumirpc.DeleteRequest{Urn: urnOf(token, "one"), Id: id, OldInputs: wire(t, inputs), Properties: wire(t, outputs)})
		return err
	}
	for _, row := range []struct{ name, token, inputs, want string }{
		{"database", database, `{"deletionProtection":true}`, `Instance "one" can't be deleted: its deletion protection is on (deletionProtection)`},
		{"database without", database, `{"deletionProtection":false}`, ""},
		{"load balancer", "aws:lb/loadBalancer:LoadBalancer", `{"enableDeletionProtection":true}`, "enableDeletionProtection"},
		{"Cloud SQL", "gcp:sql/databaseInstance:DatabaseInstance", `{"deletionProtection":false,"settings":{"deletionProtectionEnabled":true}}`, "settings.deletionProtectionEnabled"},
		{"Cloud SQL by default", "gcp:sql/databaseInstance:DatabaseInstance", `{}`, "deletionProtection"},
		{"user pool", "aws:cognito/userPool:UserPool", `{"deletionProtection":"ACTIVE"}`, "deletionProtection"},
		{"network", vpc, `{"deletionProtection":true}`, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			err := remove(&provider{cloud: started(t, Options{})}, row.token, "id", row.inputs, `{}`)
			if row.want == "" && err != nil || row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)) {
				t.Errorf("got %v, want %q", err, row.want)
			}
			if err := remove(&provider{cloud: started(t, Options{Yield: true})}, row.token, "id", row.inputs, `{}`); err != nil {
				t.Errorf("a cloud that yields refuses: %v", err)
			}
		})
	}
}

func TestDeletionInTheWrongOrderIsRefused(t *testing.T) {
	c := started(t, Options{})
	c.note(thing{urn: resource.URN(urnOf("aws:ec2/subnet:Subnet", "two")), id: "subnet-1", inputs: props(t, `{"vpcId":"vpc-0123456789abcdef0"}`)})
	c.note(thing{urn: resource.URN(urnOf("aws:s3/bucketPolicy:BucketPolicy", "policy")), id: "bucket-name-1", inputs: props(t, `{"bucket":"bucket-name-1"}`)})
	main := thing{urn: resource.URN(urnOf(vpc, "main")), id: "vpc-0123456789abcdef0"}
	if err := c.inUse(main); err == nil || !strings.Contains(err.Error(), `Vpc "main" can't be deleted: vpcId of Subnet "two" still names it`) {
		t.Errorf("got %v", err)
	}
	// Its id is the bucket's name: it has that from the bucket, and nobody needs it.
	block := thing{urn: resource.URN(urnOf("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "block")), id: "bucket-name-1", inputs: props(t, `{"bucket":"bucket-name-1"}`)}
	if err := c.inUse(block); err != nil {
		t.Errorf("got %v", err)
	}
}

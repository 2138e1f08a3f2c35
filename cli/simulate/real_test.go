package simulate

import (
	"context"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/slipway-iac/slipway/cli/simulate/plugins"
	"github.com/slipway-iac/slipway/cli/simulate/plugins/pluginstest"
)

func TestMain(m *testing.M) {
	pluginstest.Main()
	os.Exit(m.Run())
}

// server is a type of resource as an SDK has it.
type server struct {
	pulumi.CustomResourceState
	Arn        pulumi.StringOutput    `pulumi:"arn"`
	Etag       pulumi.StringOutput    `pulumi:"etag"`
	Identifier pulumi.StringOutput    `pulumi:"identifier"`
	Size       pulumi.StringPtrOutput `pulumi:"size"`
}

// serverInput has the arguments' type.
type serverInput struct{ pulumi.Input }

func (serverInput) ElementType() reflect.Type {
	return reflect.TypeFor[struct {
		Identifier *string `pulumi:"identifier"`
	}]()
}

func learnDatabase(c *Cloud) {
	c.learn(&pulumi.ResourceTransformationArgs{Type: database, Resource: &server{}, Props: serverInput{}})
}

// asking is a simulation that asks plugins of the repository's own.
type asking struct {
	pool   *plugins.Pool
	cloud  *Cloud
	client pulumirpc.ResourceProviderClient
}

// limits are short, so that a plugin that hangs costs a test little.
var limits = plugins.Limits{Call: 2 * time.Second, Start: 10 * time.Second, Late: 2}

func pool(t *testing.T, l plugins.Limits) *plugins.Pool {
	t.Helper()
	dir := t.TempDir()
	p, err := plugins.New(func(_ context.Context, name, _ string) (plugins.Program, error) {
		file, err := pluginstest.Install(dir, name)
		return plugins.Program{File: file, From: "the test"}, err
	}, l)
	must(t, err)
	t.Cleanup(func() { must(t, p.Close()) })
	return p
}

// ask connects as the engine does to a provider of the given configuration.
func ask(t *testing.T, p *plugins.Pool, o Options, name, config string) asking {
	t.Helper()
	o.Plugins = p
	a := asking{pool: p, cloud: started(t, o)}
	learnDatabase(a.cloud)
	a.cloud.learn(&pulumi.ResourceTransformationArgs{Type: "pulumi:providers:" + name, Name: name, Opts: []pulumi.ResourceOption{pulumi.Version("6.0.0")}})
	conn, err := grpc.NewClient(fmt.Sprintf("127.0.0.1:%d", a.cloud.ports[name]), grpc.WithTransportCredentials(insecure.NewCredentials()))
	must(t, err)
	t.Cleanup(func() { must(t, conn.Close()) })
	a.client = pulumirpc.NewResourceProviderClient(conn)
	_, err = a.client.CheckConfig(t.Context(), &pulumirpc.CheckRequest{Urn: urnOf("pulumi:providers:"+name, name), News: wire(t, config)})
	must(t, err)
	_, err = a.client.Configure(t.Context(), &pulumirpc.ConfigureRequest{Args: wire(t, config)})
	must(t, err)
	return a
}

func (a asking) check(t *testing.T, token, name, olds, news string) resource.PropertyMap {
	t.Helper()
	r := &pulumirpc.CheckRequest{Urn: urnOf(token, name), News: wire(t, news)}
	if olds != "" {
		r.Olds = wire(t, olds)
	}
	out, err := a.client.Check(t.Context(), r)
	must(t, err)
	if len(out.GetFailures()) > 0 {
		t.Errorf("the engine is told at once of %v: the verdict does", out.GetFailures())
	}
	m, err := read(out.GetInputs())
	must(t, err)
	return m
}

// change creates a resource and asks, as a comparison does, what other inputs do.
func (a asking) change(t *testing.T, token, before, after string) *pulumirpc.DiffResponse {
	t.Helper()
	ctx, urn := t.Context(), urnOf(token, "one")
	first, err := a.client.Check(ctx, &pulumirpc.CheckRequest{Urn: urn, News: wire(t, before)})
	must(t, err)
	made, err := a.client.Create(ctx, &pulumirpc.CreateRequest{Urn: urn, Properties: first.GetInputs()})
	must(t, err)
	second, err := a.client.Check(ctx, &pulumirpc.CheckRequest{Urn: urn, Olds: first.GetInputs(), News: wire(t, after)})
	must(t, err)
	out, err := a.client.Diff(ctx, &pulumirpc.DiffRequest{
		Urn: urn, Id: made.GetId(), Olds: made.GetProperties(), OldInputs: first.GetInputs(), News: second.GetInputs(),
	})
	must(t, err)
	return out
}

// row is what the verdict has of the one provider.
func (a asking) row(t *testing.T) (plugins.Provider, plugins.Verdict) {
	t.Helper()
	v := a.pool.Verdict()
	if len(v.Providers) != 1 {
		t.Fatalf("the providers are %v", v.Providers)
	}
	return v.Providers[0], v
}

func TestRealProviderChecksInputs(t *testing.T) {
	t.Setenv("AWS_PROFILE", "of-the-user")
	t.Setenv("AWS_ACCESS_KEY_ID", "of-the-user")
	a := ask(t, pool(t, limits), Options{}, "aws", `{"region":"eu-west-1","profile":"mine","allowedAccountIds":"[\"123456789012\"]"}`)
	inputs := a.check(t, database, "good", "", `{"engine":"postgres","password":"secret:hunter2"}`)
	if inputs.HasValue("port") || !inputs["password"].IsSecret() || !strings.HasPrefix(inputs["identifier"].StringValue(), "good-") {
		t.Errorf("the inputs are %v: the provider's defaults are in them, or a secret is gone", inputs)
	}
	other := ask(t, pool(t, limits), Options{}, "aws", `{}`).check(t, database, "good", "", `{"engine":"postgres","password":"secret:hunter2"}`)
	none := (&provider{cloud: started(t, Options{})})
	learnDatabase(none.cloud)
	without, err := none.Check(t.Context(), &pulumirpc.CheckRequest{Urn: urnOf(database, "good"), News: wire(t, `{"engine":"postgres","password":"secret:hunter2"}`)})
	must(t, err)
	bare, err := read(without.GetInputs())
	must(t, err)
	if !inputs.DeepEquals(other) || !inputs.DeepEquals(bare) {
		t.Errorf("the inputs differ from run to run, or without the plugin: %v, %v, %v", inputs, other, bare)
	}
	a.check(t, database, "refused", "", `{"engine":"wrong"}`)
	a.check(t, database, "broken", "", `{"engine":"error"}`)
	a.check(t, database, "late", "", `{"engine":"postgres","size":"impossible"}`)
	a.check(t, database, "unknown", "", `{"engine":"?"}`)
	row, v := a.row(t)
	if row.Unasked != "" || row.Version != "6.0.0" || row.Asked != "6.0.0" || row.From != "the test" || row.Checked != 5 || row.Previewed != 2 || len(row.Silences) > 0 {
		t.Errorf("the verdict is %+v", row)
	}
	var got []string
	for _, r := range v.Refused {
		got = append(got, r.URN.Name()+" "+r.Property+": "+r.Reason)
	}
	want := []string{
		"broken : the engine can't be read",
		"late : diffing: size impossible is not offered with this engine",
		`refused engine: expected engine to be one of ["postgres" "mysql"], got wrong`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("refused are %q, want %q", got, want)
	}
}

func TestRealProviderJudgesChanges(t *testing.T) {
	bridged := func(t *testing.T) asking { return ask(t, pool(t, limits), Options{}, "aws", `{}`) }
	native := func(t *testing.T) asking { return ask(t, pool(t, limits), Options{}, "azure-native", `{}`) }
	for _, row := range []struct {
		name, token, before, after string
		start                      func(*testing.T) asking
		want                       string // kinds by path, and a word on the order
		defects                    []plugins.Defect
		silence                    string
	}{
		{"update", database, `{"size":"a"}`, `{"size":"b"}`, bridged, "size UPDATE", nil, ""},
		{"replacement that the table has", database, `{"engine":"a"}`, `{"engine":"b"}`, bridged, "engine UPDATE_REPLACE", nil, ""},
		{"replacement of what the program names", database, `{"engine":"a","identifier":"n","port":1}`, `{"engine":"b","identifier":"n","port":1}`, bridged, "engine UPDATE_REPLACE, deleted first", nil, ""},
		{
			"replacement that the table lacks", database, `{"zone":"a"}`, `{"zone":"b"}`, bridged, "zone UPDATE_REPLACE",
			[]plugins.Defect{{Type: database, Property: "zone", Table: "update", Real: "replacement"}}, "",
		},
		{
			"update that the table takes for a replacement", database, `{"username":"a"}`, `{"username":"b"}`, bridged, "username UPDATE",
			[]plugins.Defect{{Type: database, Property: "username", Table: "replacement", Real: "update"}}, "",
		},
		{"secret", database, `{"password":"secret:a"}`, `{"password":"secret:b"}`, bridged, "password UPDATE", nil, ""},
		{"unknown value", database, `{"engine":"a"}`, `{"engine":"?"}`, bridged, "engine UPDATE_REPLACE", nil, ""},
		{"added", database, `{}`, `{"size":"a"}`, bridged, "size ADD", nil, ""},
		{"it does not know", database, `{"size":"a"}`, `{"size":"b","diff":"unknown"}`, bridged, "diff ADD, size UPDATE", nil, "it does not know whether that is a change"},
		{"it wants the network", database, `{"engine":"a"}`, `{"engine":"b","diff":"network"}`, bridged, "diff ADD, engine UPDATE_REPLACE", nil, "it wants the network (it wanted to connect to api.cloud.example)"},
		{"it hangs", database, `{"engine":"a"}`, `{"engine":"b","diff":"hang"}`, bridged, "diff ADD, engine UPDATE_REPLACE", nil, "no answer within 2s"},
		{"it ends", database, `{"engine":"a"}`, `{"engine":"b","diff":"crash"}`, bridged, "diff ADD, engine UPDATE_REPLACE", nil, "it ended: panic: the plugin's own fault"},
		{"the new inputs are refused", database, `{"engine":"a"}`, `{"engine":"wrong"}`, bridged, "engine UPDATE_REPLACE", nil, `it refuses the new inputs: expected engine to be one of ["postgres" "mysql"], got wrong`},
		{"native, update", "azure-native:cache:Redis", `{"sku":"a","size":"1"}`, `{"sku":"a","size":"2"}`, native, "size UPDATE", nil, ""},
		{"native, secret", "azure-native:cache:Redis", `{"sku":"a","password":"secret:1"}`, `{"sku":"a","password":"secret:2"}`, native, "password UPDATE", nil, ""},
		{
			"native, replacement", "azure-native:cache:Redis", `{"sku":"a"}`, `{"sku":"b"}`, native, "sku UPDATE_REPLACE, deleted first",
			[]plugins.Defect{{Type: "azure-native:cache:Redis", Property: "sku", Table: "update", Real: "replacement"}}, "",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := row.start(t)
			d := a.change(t, row.token, row.before, row.after)
			var parts []string
			for path, one := range d.GetDetailedDiff() {
				parts = append(parts, path+" "+one.GetKind().String())
			}
			slices.Sort(parts)
			if d.GetDeleteBeforeReplace() {
				parts = append(parts, "deleted first")
			}
			if got := strings.Join(parts, ", "); got != row.want || d.GetChanges() != pulumirpc.DiffResponse_DIFF_SOME {
				t.Errorf("got %q (%v), want %q", got, d.GetChanges(), row.want)
			}
			p, v := a.row(t)
			if !slices.Equal(v.Defects, row.defects) {
				t.Errorf("defects of the tables are %v, want %v", v.Defects, row.defects)
			}
			at := slices.IndexFunc(p.Silences, func(s plugins.Silence) bool { return s.What == "Diff" })
			if row.silence == "" && (p.Compared != 1 || at >= 0) || row.silence != "" && (at < 0 || p.Silences[at].Reason != row.silence) {
				t.Errorf("the verdict is %+v, want the silence %q", p, row.silence)
			}
		})
	}
}

// A replacement that no table has must get an id of its own all the same, or it could not be told from what it replaces.
func TestReplacementByTheProviderIsAnotherThing(t *testing.T) {
	a := ask(t, pool(t, limits), Options{}, "aws", `{}`)
	before := a.check(t, database, "one", "", `{"zone":"a"}`)
	a.change(t, database, `{"zone":"a"}`, `{"zone":"b"}`)
	if after := a.check(t, database, "one", "", `{"zone":"b"}`); after["identifier"].DeepEquals(before["identifier"]) {
		t.Errorf("both have the name %v", after["identifier"])
	}
}

// A real state is the provider's own: nothing is made up, and secrets in it can't be read.
func TestRealStateIsTakenAsItIs(t *testing.T) {
	a := ask(t, pool(t, limits), Options{Deployed: true}, "aws", `{}`)
	olds := `{"size":"a","identifier":"one-1","port":5432,"password":"` + UnreadableSecret() + `","__defaults":["identifier","port"]}`
	state := `{"size":"a","identifier":"one-1","port":5432,"password":"` + UnreadableSecret() + `","arn":"arn:real","id":"real","etag":"e","__meta":"{}"}`
	checked := a.check(t, database, "one", olds, `{"size":"b","password":"secret:x"}`)
	news, err := write(checked)
	must(t, err)
	d, err := a.client.Diff(t.Context(), &pulumirpc.DiffRequest{Urn: urnOf(database, "one"), Id: "real", Olds: wire(t, state), OldInputs: wire(t, olds), News: news})
	must(t, err)
	if d.GetDetailedDiff()["size"] == nil || d.GetDetailedDiff()["password"] != nil || d.GetDetailedDiff()["identifier"] != nil || d.GetDetailedDiff()["etag"] == nil {
		t.Errorf("the differences are %v: want the size, and what the provider sees in its own state", d.GetDetailedDiff())
	}
}

func TestSilentProviders(t *testing.T) {
	for _, row := range []struct{ name, config, inputs, unasked, what, silence string }{
		{"can't be configured offline", `{"configure":"network"}`, `{}`, "configuring it without an account: Get \"https://api.cloud.example/zones\": Slipway plans ask no network", "", ""},
		{"ends while it is configured", `{"checkConfig":"exit"}`, `{}`, "checking its configuration: it ended", "", ""},
		{"Check wants the network", `{}`, `{"check":"network"}`, "", "Check", "it wants the network (it wanted to connect to api.cloud.example)"},
		{"the preview wants the network", `{}`, `{"preview":"network"}`, "", "preview", "it wants the network (it wanted to connect to api.cloud.example)"},
		{"Check ends it", `{}`, `{"check":"crash"}`, "", "Check", "it ended: panic: the plugin's own fault"},
		{"Check hangs", `{}`, `{"check":"hang"}`, "", "Check", "no answer within 2s"},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := ask(t, pool(t, limits), Options{}, "aws", row.config)
			begun := time.Now()
			a.check(t, database, "one", "", row.inputs)
			p, v := a.row(t)
			if !strings.HasPrefix(p.Unasked, row.unasked) || (p.Unasked == "") != (row.unasked == "") || len(v.Refused) > 0 {
				t.Errorf("not asked because of %q, want %q; refused is %v", p.Unasked, row.unasked, v.Refused)
			}
			if row.what != "" && (len(p.Silences) != 1 || p.Silences[0].What != row.what || p.Silences[0].Reason != row.silence || p.Silences[0].Resources[0] != "one") {
				t.Errorf("the silences are %v, want %s: %s", p.Silences, row.what, row.silence)
			}
			if took := time.Since(begun); took > 10*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

// A plugin that hangs at every resource costs two calls, not one for each.
func TestHangingProviderIsGivenUp(t *testing.T) {
	a := ask(t, pool(t, plugins.Limits{Call: time.Second, Late: 2, Width: 1}), Options{}, "aws", `{}`)
	begun := time.Now()
	for i := range 20 {
		a.check(t, database, fmt.Sprintf("db%d", i), "", `{"check":"hang"}`)
	}
	p, _ := a.row(t)
	if took := time.Since(begun); took > 8*time.Second {
		t.Errorf("it took %s", took)
	}
	if len(p.Silences) != 2 || len(p.Silences[0].Resources)+len(p.Silences[1].Resources) < 20 || !strings.Contains(p.Silences[1].Reason, "2 times: it was not asked any more") {
		t.Errorf("the silences are %v", p.Silences)
	}
}

// Each way to configure a provider has a plugin of its own, which two runs of the program share.
func TestEveryConfigurationHasItsPlugin(t *testing.T) {
	shared := pool(t, limits)
	for _, config := range []string{`{"region":"eu-west-1"}`, `{"region":"us-east-1"}`, `{"region":"us-east-1"}`} {
		ask(t, shared, Options{}, "aws", config).check(t, database, "one", "", `{"engine":"a"}`)
	}
	v := shared.Verdict()
	if len(v.Providers) != 1 || v.Providers[0].Checked != 1 {
		t.Errorf("the verdict is %+v", v)
	}
	if n := shared.Processes(); n != 2 {
		t.Errorf("%d plugins run, want one for each region", n)
	}
}

// An audit finds what a table has wrong about inputs that nobody changes.
func TestAudit(t *testing.T) {
	a := ask(t, pool(t, limits), Options{Audit: true}, "aws", `{}`)
	for name, inputs := range map[string]string{
		"one": `{"engine":"postgres","username":"u","zone":"a","size":"s","password":"secret:x","tags":{"a":"b"}}`, "two": `{"engine":"mysql"}`,
	} {
		checked, err := write(a.check(t, database, name, "", inputs))
		must(t, err)
		_, err = a.client.Create(t.Context(), &pulumirpc.CreateRequest{Urn: urnOf(database, name), Properties: checked})
		must(t, err)
	}
	a.cloud.Audit()
	p, v := a.row(t)
	if p.Audited != 6 { // each input of the type once
		t.Errorf("%d inputs were compared, want 6", p.Audited)
	}
	want := []plugins.Defect{
		{Type: database, Property: "username", Table: "replacement", Real: "update"}, {Type: database, Property: "zone", Table: "update", Real: "replacement"},
	}
	if !slices.Equal(v.Defects, want) {
		t.Errorf("the defects are %v, want %v", v.Defects, want)
	}
}

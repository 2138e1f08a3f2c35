package plugin

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"
)

const token, urn = "x:index/thing:Thing", "urn:pulumi:s::p::x:index/thing:Thing::one"

// thing is a resource with a field of every kind.
func thing() Resource {
	return Resource{
		Fields: []Field{
			{Name: "name", Kind: String, Required: true, Rule: func(v resource.PropertyValue) string {
				if v.StringValue() == "bad" {
					return "must not be bad"
				}
				return ""
			}},
			{Name: "size", Kind: Integer, Default: 3.0}, {Name: "on", Kind: Boolean}, {Name: "list", Kind: Strings},
			{Name: "map", Kind: Map}, {Name: "key", Kind: String, Secret: true}, {Name: "note", Kind: String, InPlace: true},
			{Name: "inner", Kind: Object, Fields: []Field{{Name: "a", Kind: String, Required: true}}},
		},
		Validate: func(in resource.PropertyMap) []Failure {
			if in["size"].NumberValue() > 9 {
				return []Failure{{"size", "is too big"}}
			}
			return nil
		},
		Outputs: []string{"result"}, SecretOutputs: []string{"result"},
		Create: func(in resource.PropertyMap) (string, resource.PropertyMap, error) {
			if in["name"].StringValue() == "fail" {
				return "", nil, errors.New("out of luck")
			}
			return "id", resource.PropertyMap{"result": resource.NewStringProperty("r-" + in["name"].StringValue())}, nil
		},
		Stale: func(state, _ resource.PropertyMap) string {
			if state["result"].IsString() && state["result"].StringValue() == "r-stale" {
				return "result"
			}
			return ""
		},
		Refresh: func(resource.PropertyMap) resource.PropertyMap {
			return resource.PropertyMap{"seen": resource.NewBoolProperty(true)}
		},
	}
}

// dial serves the provider on loopback and returns a client.
func dial(t *testing.T, p *Provider) pulumirpc.ResourceProviderClient {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	pulumirpc.RegisterResourceProviderServer(server, p)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return pulumirpc.NewResourceProviderClient(conn)
}

func text(s string) resource.PropertyValue { return resource.NewStringProperty(s) }

func TestCheck(t *testing.T) {
	client := dial(t, &Provider{Version: "1.2.3", Resources: map[string]Resource{token: thing()}})
	for _, c := range []struct {
		name string
		news resource.PropertyMap
		want string // the failures
	}{
		{"right", resource.PropertyMap{"name": text("a"), "inner": resource.NewObjectProperty(resource.PropertyMap{"a": text("b")})}, ""},
		{"all that is wrong, at once", resource.PropertyMap{
			"size": text("x"), "on": text("x"), "list": resource.NewArrayProperty([]resource.PropertyValue{resource.NewNumberProperty(1)}),
			"map": text("x"), "lenght": text("x"), "inner": resource.NewObjectProperty(resource.PropertyMap{"b": text("c")}),
		}, "inner.a is required|inner.b is not a property of this resource|lenght is not a property of this resource|" +
			"list must be a list of strings|map must be a map of strings|name is required|on must be a boolean|size must be a whole number"},
		{"a rule", resource.PropertyMap{"name": text("bad")}, "name must not be bad"},
		{"a rule over secrets", resource.PropertyMap{"name": resource.MakeSecret(text("bad"))}, "name must not be bad"},
		{"validation of the whole", resource.PropertyMap{"name": text("a"), "size": resource.NewNumberProperty(10)}, "size is too big"},
		{"unknown values pass", resource.PropertyMap{"name": resource.MakeComputed(text("")), "size": resource.NewNumberProperty(10)}, ""},
		{"fractions are no integers", resource.PropertyMap{"name": text("a"), "size": resource.NewNumberProperty(1.5)}, "size must be a whole number"},
	} {
		t.Run(c.name, func(t *testing.T) {
			news, err := encode(c.news)
			if err != nil {
				t.Fatal(err)
			}
			r, err := client.Check(t.Context(), &pulumirpc.CheckRequest{Urn: urn, News: news})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range r.GetFailures() {
				got = append(got, f.GetReason())
			}
			if strings.Join(got, "|") != c.want {
				t.Errorf("failures %s\nwant %s", strings.Join(got, "|"), c.want)
			}
		})
	}
}

func TestLife(t *testing.T) {
	ctx := t.Context()
	client := dial(t, &Provider{Version: "1.2.3", Resources: map[string]Resource{token: thing()}})
	news, _ := encode(resource.PropertyMap{"name": text("a"), "key": text("k")})
	checked, err := client.Check(ctx, &pulumirpc.CheckRequest{Urn: urn, News: news})
	if err != nil {
		t.Fatal(err)
	}
	inputs, _ := decode(checked.GetInputs())
	if !inputs["key"].IsSecret() || inputs["size"].NumberValue() != 3 {
		t.Errorf("the secret isn't marked or the default is missing: %v", inputs)
	}
	preview, err := client.Create(ctx, &pulumirpc.CreateRequest{Urn: urn, Properties: checked.GetInputs(), Preview: true})
	if err != nil {
		t.Fatal(err)
	}
	if state, _ := decode(preview.GetProperties()); !state["result"].ContainsUnknowns() || preview.GetId() != "" {
		t.Errorf("the preview knows the result: %v", state)
	}
	created, err := client.Create(ctx, &pulumirpc.CreateRequest{Urn: urn, Properties: checked.GetInputs()})
	if err != nil {
		t.Fatal(err)
	}
	if state, _ := decode(created.GetProperties()); !state["result"].IsSecret() || plain(state)["result"].StringValue() != "r-a" {
		t.Errorf("result %v", state["result"])
	}
	read, err := client.Read(ctx, &pulumirpc.ReadRequest{Id: "id", Urn: urn, Properties: created.GetProperties()})
	if err != nil {
		t.Fatal(err)
	}
	if state, _ := decode(read.GetProperties()); !state["seen"].BoolValue() || !state["result"].IsSecret() {
		t.Errorf("after a refresh: %v", state)
	}
	if _, err := client.Read(ctx, &pulumirpc.ReadRequest{Id: "id", Urn: urn}); err == nil {
		t.Error("an import passed")
	}
	changed, _ := encode(resource.PropertyMap{"name": text("a"), "note": text("new"), "size": resource.NewNumberProperty(3)})
	updated, err := client.Update(ctx, &pulumirpc.UpdateRequest{Id: "id", Urn: urn, Olds: created.GetProperties(), News: changed})
	if err != nil {
		t.Fatal(err)
	}
	if state, _ := decode(updated.GetProperties()); state["note"].StringValue() != "new" || !state["result"].IsSecret() {
		t.Errorf("after an update: %v", state)
	}
	if _, err := client.Delete(ctx, &pulumirpc.DeleteRequest{Id: "id", Urn: urn}); err != nil {
		t.Error(err)
	}
	failing, _ := encode(resource.PropertyMap{"name": text("fail")})
	if _, err := client.Create(ctx, &pulumirpc.CreateRequest{Urn: urn, Properties: failing}); err == nil || !strings.Contains(err.Error(), "out of luck") {
		t.Errorf("got %v", err)
	}
}

func TestDiff(t *testing.T) {
	client := dial(t, &Provider{Resources: map[string]Resource{token: thing()}})
	base := resource.PropertyMap{"name": text("a"), "key": resource.MakeSecret(text("k"))}
	for _, c := range []struct {
		name     string
		change   func(resource.PropertyMap)
		ignore   []string
		state    string
		diffs    string
		replaces string
	}{
		{name: "nothing", change: func(resource.PropertyMap) {}},
		{name: "a secret marker alone is nothing", change: func(m resource.PropertyMap) { m["name"] = resource.MakeSecret(text("a")) }},
		{name: "replaced", change: func(m resource.PropertyMap) { m["name"] = text("b") }, diffs: "name", replaces: "name"},
		{name: "in place", change: func(m resource.PropertyMap) { m["note"] = text("b") }, diffs: "note"},
		{name: "unknown", change: func(m resource.PropertyMap) { m["name"] = resource.MakeComputed(text("")) }, diffs: "name", replaces: "name"},
		{name: "ignored", change: func(m resource.PropertyMap) { m["name"] = text("b") }, ignore: []string{"name"}},
		{name: "a default that the official plugin keeps in the state only", change: func(m resource.PropertyMap) {
			m["size"] = resource.NewNumberProperty(3)
		}},
		{name: "stale", change: func(resource.PropertyMap) {}, state: "r-stale", diffs: "result", replaces: "result"},
	} {
		t.Run(c.name, func(t *testing.T) {
			news := base.Copy()
			c.change(news)
			oldInputs, _ := encode(base)
			newInputs, _ := encode(news)
			state := base.Copy()
			state["result"], state["size"] = text(c.state), resource.NewNumberProperty(3)
			olds, _ := encode(state)
			r, err := client.Diff(t.Context(), &pulumirpc.DiffRequest{
				Urn: urn, Olds: olds, OldInputs: oldInputs, News: newInputs, IgnoreChanges: c.ignore,
			})
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(r.GetDiffs(), ","); got != c.diffs {
				t.Errorf("diffs %q, want %q", got, c.diffs)
			}
			if got := strings.Join(r.GetReplaces(), ","); got != c.replaces {
				t.Errorf("replaces %q, want %q", got, c.replaces)
			}
			if some := r.GetChanges() == pulumirpc.DiffResponse_DIFF_SOME; some != (c.diffs != "") {
				t.Errorf("changes %v", r.GetChanges())
			}
		})
	}
}

func TestEngineCalls(t *testing.T) {
	ctx := t.Context()
	client := dial(t, &Provider{Version: "1.2.3", Resources: map[string]Resource{token: thing()}})
	info, err := client.GetPluginInfo(ctx, &emptypb.Empty{})
	if err != nil || info.GetVersion() != "1.2.3" {
		t.Errorf("version %v, %v", info, err)
	}
	configured, err := client.Configure(ctx, &pulumirpc.ConfigureRequest{})
	if err != nil || !configured.GetAcceptSecrets() || !configured.GetSupportsPreview() {
		t.Errorf("configured %v, %v", configured, err)
	}
	for name, call := range map[string]func() error{
		"Handshake":   func() error { _, err := client.Handshake(ctx, &pulumirpc.ProviderHandshakeRequest{}); return err },
		"GetSchema":   func() error { _, err := client.GetSchema(ctx, &pulumirpc.GetSchemaRequest{}); return err },
		"CheckConfig": func() error { _, err := client.CheckConfig(ctx, &pulumirpc.CheckRequest{}); return err },
		"DiffConfig":  func() error { _, err := client.DiffConfig(ctx, &pulumirpc.DiffRequest{}); return err },
		"Attach":      func() error { _, err := client.Attach(ctx, &pulumirpc.PluginAttach{}); return err },
		"Cancel":      func() error { _, err := client.Cancel(ctx, &emptypb.Empty{}); return err },
	} {
		if err := call(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	const other = "urn:pulumi:s::p::x:index/other:Other::one"
	if _, err := client.Check(ctx, &pulumirpc.CheckRequest{Urn: other}); err == nil || !strings.Contains(err.Error(), token) {
		t.Errorf("an unknown resource: %v", err)
	}
}

func TestRunPrintsPortAndStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	done := make(chan error)
	go func() { done <- Run(ctx, writer, &Provider{Version: "1"}) }()
	line, err := bufio.NewReader(reader).ReadString('\n')
	var port int
	if _, scan := fmt.Sscan(line, &port); err != nil || scan != nil || port == 0 {
		t.Fatalf("printed %q: %v", line, err)
	}
	cancel()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(5 * time.Second):
		t.Error("it doesn't stop")
	}
	if err := Run(ctx, failingWriter{}, &Provider{}); err == nil {
		t.Error("a port that nobody can learn is no error")
	}
	if !WantsVersion([]string{"127.0.0.1:1", "-version"}) || WantsVersion(nil) {
		t.Error("the version flag isn't understood")
	}
}

func TestParentIsWatched(t *testing.T) {
	parents, gone := []int{10, 10, 1}, make(chan struct{})
	ppid := func() int {
		p := parents[0]
		if len(parents) > 1 {
			parents = parents[1:]
		}
		return p
	}
	watchParent(t.Context(), ppid, time.Millisecond, func() { close(gone) })
	select {
	case <-gone:
	default:
		t.Error("unnoticed")
	}
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

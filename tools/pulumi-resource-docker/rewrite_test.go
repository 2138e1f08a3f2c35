package main

import (
	"context"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"
)

// fakeBridge remembers what it was asked and answers what the test wants.
type fakeBridge struct {
	pulumirpc.UnimplementedResourceProviderServer
	check  *pulumirpc.CheckRequest
	diff   *pulumirpc.DiffRequest
	create *pulumirpc.CreateRequest
	delete *pulumirpc.DeleteRequest
	config *pulumirpc.ConfigureRequest
	tokens []string
	name   string // of the container that a failing create left behind
}

func (b *fakeBridge) Check(_ context.Context, q *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	b.check = q
	inputs := q.GetNews()
	if !has(inputs, "name") {
		put(inputs, fields("name", "app-1234567"))
	}
	return &pulumirpc.CheckResponse{Inputs: inputs, Failures: []*pulumirpc.CheckFailure{}}, nil
}

func (b *fakeBridge) Diff(_ context.Context, q *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	b.diff = q
	return &pulumirpc.DiffResponse{
		Changes: pulumirpc.DiffResponse_DIFF_SOME, Diffs: []string{"networksAdvanceds", "image"}, Replaces: []string{"networksAdvanceds"},
		DetailedDiff: map[string]*pulumirpc.PropertyDiff{"networksAdvanceds[0].name": {}},
	}, nil
}

func (b *fakeBridge) Create(_ context.Context, q *pulumirpc.CreateRequest) (*pulumirpc.CreateResponse, error) {
	b.create = q
	if b.name != "" {
		return nil, status.Error(codes.Unknown, "container failed to be in healthy state")
	}
	put(q.GetProperties(), fields("containerId", "abc"))
	return &pulumirpc.CreateResponse{Id: "abc", Properties: q.GetProperties()}, nil
}

func (b *fakeBridge) Read(_ context.Context, q *pulumirpc.ReadRequest) (*pulumirpc.ReadResponse, error) {
	return &pulumirpc.ReadResponse{Id: q.GetId(), Properties: object("image", "read", "commands", "x", "containerId", q.GetId())}, nil
}

func (b *fakeBridge) Delete(_ context.Context, q *pulumirpc.DeleteRequest) (*emptypb.Empty, error) {
	b.delete = q
	return &emptypb.Empty{}, nil
}

func (b *fakeBridge) Configure(_ context.Context, q *pulumirpc.ConfigureRequest) (*pulumirpc.ConfigureResponse, error) {
	b.config = q
	return &pulumirpc.ConfigureResponse{}, nil
}

func (b *fakeBridge) Invoke(_ context.Context, q *pulumirpc.InvokeRequest) (*pulumirpc.InvokeResponse, error) {
	b.tokens = append(b.tokens, q.GetTok())
	list, err := structpb.NewStruct(map[string]any{"containers": []any{
		map[string]any{"id": "old", "names": []any{"/" + b.name}, "created": 1},
		map[string]any{"id": "abc", "names": []any{"/" + b.name}, "created": float64(time.Now().Unix())},
	}})
	return &pulumirpc.InvokeResponse{Return: list}, err
}

func (b *fakeBridge) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: "0.0.1"}, nil
}

func fields(pairs ...string) map[string]*structpb.Value { return object(pairs...).GetFields() }

func object(pairs ...string) *structpb.Struct {
	s := &structpb.Struct{Fields: map[string]*structpb.Value{}}
	for i := 0; i < len(pairs); i += 2 {
		s.Fields[pairs[i]] = structpb.NewStringValue(pairs[i+1])
	}
	return s
}

func keys(s *structpb.Struct) string {
	var names []string
	for k := range s.GetFields() {
		names = append(names, k)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func serve(t *testing.T, server *grpc.Server) *grpc.ClientConn {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func forwarder(t *testing.T, bridge *fakeBridge) pulumirpc.ResourceProviderClient {
	t.Helper()
	server := grpc.NewServer()
	pulumirpc.RegisterResourceProviderServer(server, bridge)
	return pulumirpc.NewResourceProviderClient(serve(t, newServer(serve(t, server))))
}

const (
	containerURN = "urn:pulumi:s::p::slipway:components:Service$" + containerToken + "::app"
	imageURN     = "urn:pulumi:s::p::docker:index/remoteImage:RemoteImage::img"
	networkURN   = "urn:pulumi:s::p::docker:index/network:Network::net"
)

func TestCheckIsRewritten(t *testing.T) {
	bridge := &fakeBridge{}
	client := forwarder(t, bridge)
	r, err := client.Check(t.Context(), &pulumirpc.CheckRequest{
		Urn: containerURN, Type: containerToken, News: object("command", "x", "networksAdvanced", "y"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := keys(bridge.check.GetNews()); got != "commands name networksAdvanceds" {
		t.Errorf("the bridge got %s", got)
	}
	if got := keys(r.GetInputs()); got != "__defaults command name networksAdvanced" {
		t.Errorf("the engine got %s", got)
	}
	if nameIsGiven(r.GetInputs()) {
		t.Error("a made-up name counts as given")
	}
	r, err = client.Check(t.Context(), &pulumirpc.CheckRequest{Urn: networkURN, News: object("name", "n", "checkDuplicate", "true")})
	if err != nil {
		t.Fatal(err)
	}
	if got := keys(r.GetInputs()); got != "__defaults checkDuplicate name" || has(bridge.check.GetNews(), "checkDuplicate") || !nameIsGiven(r.GetInputs()) {
		t.Errorf("the network's inputs are %s", got)
	}
	olds := object("name", "was-given")
	markName(olds, true)
	if _, err := client.Check(t.Context(), &pulumirpc.CheckRequest{Urn: networkURN, Olds: olds, News: &structpb.Struct{}}); err != nil {
		t.Fatal(err)
	}
	if has(bridge.check.GetOlds(), "name") {
		t.Error("a name that the program no longer gives is kept")
	}
	if _, err := client.Check(t.Context(), &pulumirpc.CheckRequest{Urn: imageURN, News: object("name", "n")}); err != nil {
		t.Fatal(err)
	}
	if got := bridge.check.GetUrn(); got != "urn:pulumi:s::p::docker:index/image:Image::img" {
		t.Errorf("the image's URN is %s", got)
	}
}

func TestDiffIsRewritten(t *testing.T) {
	bridge := &fakeBridge{}
	client := forwarder(t, bridge)
	news := object("name", "app-1", "networksAdvanced", "y")
	markName(news, false)
	r, err := client.Diff(t.Context(), &pulumirpc.DiffRequest{
		Id: "abc", Urn: containerURN, Olds: object("networksAdvanced", "x"), News: news, OldInputs: object("command", "z"), IgnoreChanges: []string{"command[0]"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if bridge.diff.GetOlds().GetFields()["containerId"].GetStringValue() != "abc" || has(bridge.diff.GetNews(), defaultsKey) || bridge.diff.GetIgnoreChanges()[0] != "commands[0]" {
		t.Errorf("the bridge got %v", bridge.diff)
	}
	if r.GetDiffs()[0] != "networksAdvanced" || r.GetReplaces()[0] != "networksAdvanced" || r.GetDetailedDiff()["networksAdvanced[0].name"] == nil {
		t.Errorf("the engine got %v", r)
	}
	if !r.GetDeleteBeforeReplace() {
		t.Error("a container isn't deleted before it is replaced")
	}
	for _, c := range []struct {
		given, want bool
	}{{true, true}, {false, false}} {
		news := object("name", "n")
		markName(news, c.given)
		r, err := client.Diff(t.Context(), &pulumirpc.DiffRequest{Id: "1", Urn: networkURN, News: news})
		if err != nil || r.GetDeleteBeforeReplace() != c.want {
			t.Errorf("a network whose name is given (%v) is deleted first: %v, %v", c.given, r.GetDeleteBeforeReplace(), err)
		}
	}
}

func TestCreateIsRewritten(t *testing.T) {
	bridge := &fakeBridge{}
	client := forwarder(t, bridge)
	r, err := client.Create(t.Context(), &pulumirpc.CreateRequest{Urn: containerURN, Properties: object("command", "x", "name", "app")})
	if err != nil {
		t.Fatal(err)
	}
	if got := keys(r.GetProperties()); got != "command name" || !has(bridge.create.GetProperties(), "commands") {
		t.Errorf("the engine got %s", got)
	}
	if _, err := client.Delete(t.Context(), &pulumirpc.DeleteRequest{Id: "abc", Urn: containerURN, Properties: object("command", "x")}); err != nil {
		t.Fatal(err)
	}
	if got := keys(bridge.delete.GetProperties()); got != "commands containerId" {
		t.Errorf("the bridge got %s", got)
	}
	read, err := client.Read(t.Context(), &pulumirpc.ReadRequest{Id: "abc", Urn: containerURN})
	if err != nil || keys(read.GetProperties()) != "command image" {
		t.Errorf("read %v, %v", read, err)
	}
}

func TestFailedContainerIsKept(t *testing.T) {
	bridge := &fakeBridge{name: "app"}
	client := forwarder(t, bridge)
	_, err := client.Create(t.Context(), &pulumirpc.CreateRequest{Urn: containerURN, Properties: object("command", "y", "name", "app")})
	details := status.Convert(err).Details()
	if len(details) != 1 {
		t.Fatalf("got %v", err)
	}
	kept, ok := details[0].(*pulumirpc.ErrorResourceInitFailed)
	if !ok || kept.GetId() != "abc" || keys(kept.GetProperties()) != "command image name" || kept.GetProperties().GetFields()["command"].GetStringValue() != "y" {
		t.Errorf("kept %v", kept)
	}
	for name, q := range map[string]*pulumirpc.CreateRequest{
		"another container": {Urn: containerURN, Properties: object("name", "other")},
		"a preview":         {Urn: containerURN, Properties: object("name", "app"), Preview: true},
		"no name":           {Urn: containerURN, Properties: object("image", "x")},
	} {
		if _, err := client.Create(t.Context(), q); err == nil || len(status.Convert(err).Details()) != 0 {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestOtherCalls(t *testing.T) {
	bridge := &fakeBridge{}
	client := forwarder(t, bridge)
	info, err := client.GetPluginInfo(t.Context(), &emptypb.Empty{})
	if err != nil || info.GetVersion() != "4.10.0" {
		t.Errorf("version %v, %v", info, err)
	}
	if _, err := client.Invoke(t.Context(), &pulumirpc.InvokeRequest{Tok: "docker:index/getRemoteImage:getRemoteImage"}); err != nil || bridge.tokens[0] != "docker:index/getImage:getImage" {
		t.Errorf("tokens %v, %v", bridge.tokens, err)
	}
	_, err = client.Configure(t.Context(), &pulumirpc.ConfigureRequest{
		Args: object("registryAuth", "[]"),
	})
	if err != nil || !has(bridge.config.GetArgs(), "registryAuths") {
		t.Errorf("configuration %v, %v", bridge.config, err)
	}
	// A method without a rewrite passes as it is, with the bridge's own refusal.
	if _, err := client.Handshake(t.Context(), &pulumirpc.ProviderHandshakeRequest{}); status.Code(err) != codes.Unimplemented {
		t.Errorf("got %v", err)
	}
}

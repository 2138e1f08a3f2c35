// Package plugintest drives a plugin's provider over gRPC, the way that the Pulumi engine does, within one process.
package plugintest

import (
	"net"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	rpc "github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/slipway-iac/slipway/tools/plugin"
)

// Engine is one served provider.
type Engine struct {
	t *testing.T
	// Client makes calls that have no method here.
	Client pulumirpc.ResourceProviderClient
}

// Start serves the provider until the test ends.
func Start(t *testing.T, p *plugin.Provider) *Engine {
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
	return &Engine{t: t, Client: pulumirpc.NewResourceProviderClient(conn)}
}

// URN is a resource of that type.
func URN(token string) string { return "urn:pulumi:stack::project::" + token + "::name" }

var options = rpc.MarshalOptions{KeepUnknowns: true, KeepSecrets: true}

// Encode and Decode turn properties into their form on the wire and back, with secrets and unknowns.
func (e *Engine) Encode(m resource.PropertyMap) *structpb.Struct {
	e.t.Helper()
	s, err := rpc.MarshalProperties(m, options)
	if err != nil {
		e.t.Fatal(err)
	}
	return s
}

// Decode is the counterpart of Encode.
func (e *Engine) Decode(s *structpb.Struct) resource.PropertyMap {
	e.t.Helper()
	m, err := rpc.UnmarshalProperties(s, options)
	if err != nil {
		e.t.Fatal(err)
	}
	return m
}

// Check returns the checked inputs and the reasons of all failures.
func (e *Engine) Check(token string, news resource.PropertyMap) (inputs resource.PropertyMap, failures []string) {
	e.t.Helper()
	r, err := e.Client.Check(e.t.Context(), &pulumirpc.CheckRequest{Urn: URN(token), News: e.Encode(news)})
	if err != nil {
		e.t.Fatal(err)
	}
	for _, f := range r.GetFailures() {
		failures = append(failures, f.GetReason())
	}
	return e.Decode(r.GetInputs()), failures
}

// Create checks the inputs, which must be right, and creates the resource.
func (e *Engine) Create(token string, news resource.PropertyMap) (id string, state resource.PropertyMap) {
	e.t.Helper()
	inputs, failures := e.Check(token, news)
	if len(failures) > 0 {
		e.t.Fatalf("%s: %v", token, failures)
	}
	r, err := e.Client.Create(e.t.Context(), &pulumirpc.CreateRequest{Urn: URN(token), Properties: e.Encode(inputs)})
	if err != nil {
		e.t.Fatal(err)
	}
	return r.GetId(), e.Decode(r.GetProperties())
}

// Diff returns the changed properties and those that need a replacement.
func (e *Engine) Diff(token string, state, news resource.PropertyMap) (diffs, replaces []string) {
	e.t.Helper()
	inputs, failures := e.Check(token, news)
	if len(failures) > 0 {
		e.t.Fatalf("%s: %v", token, failures)
	}
	r, err := e.Client.Diff(e.t.Context(), &pulumirpc.DiffRequest{Urn: URN(token), Olds: e.Encode(state), News: e.Encode(inputs)})
	if err != nil {
		e.t.Fatal(err)
	}
	return r.GetDiffs(), r.GetReplaces()
}

// Text is a string property, without its secret marker if it has one.
func Text(v resource.PropertyValue) string {
	if v.IsSecret() {
		v = v.SecretValue().Element
	}
	if !v.IsString() {
		return ""
	}
	return v.StringValue()
}

// Props builds properties from plain Go values.
func Props(m map[string]any) resource.PropertyMap { return resource.NewPropertyMapFromMap(m) }

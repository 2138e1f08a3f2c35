package pluginstest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/emptypb"
)

// bridged is like a provider on the bridge: it takes no secrets, names at random, lists its defaults in __defaults, plans a creation, and
// compares the new inputs with the state, which must be one that it has made.
type bridged struct {
	pulumirpc.UnimplementedResourceProviderServer
	config resource.PropertyMap
}

func (b *bridged) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: Version}, nil
}

func (b *bridged) CheckConfig(ctx context.Context, r *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	config := read(r.GetNews())
	if err := misbehave(ctx, config, "checkConfig"); err != nil {
		return nil, err
	}
	return &pulumirpc.CheckResponse{Inputs: r.GetNews()}, nil
}

// Configure refuses what would have it look for an account.
func (b *bridged) Configure(ctx context.Context, r *pulumirpc.ConfigureRequest) (*pulumirpc.ConfigureResponse, error) {
	b.config = read(r.GetArgs())
	if err := misbehave(ctx, b.config, "configure"); err != nil {
		return nil, err
	}
	if text(b.config, "skipCredentialsValidation") != "true" || text(b.config, "accessKey") == "" || os.Getenv("AWS_PROFILE") != "" || b.config.HasValue("profile") {
		return nil, errors.New("no valid credential sources were found")
	}
	return &pulumirpc.ConfigureResponse{SupportsPreview: true}, nil
}

func (b *bridged) Check(ctx context.Context, r *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	olds, news := read(r.GetOlds()), read(r.GetNews())
	if err := misbehave(ctx, news, "check"); err != nil {
		return nil, err
	}
	fail := func(property, reason string) (*pulumirpc.CheckResponse, error) {
		return &pulumirpc.CheckResponse{Failures: []*pulumirpc.CheckFailure{{Property: property, Reason: reason}}}, nil
	}
	switch {
	case news.ContainsSecrets():
		return fail("", "a secret has come, which the bridge does not take")
	case text(news, "engine") == "wrong":
		return fail("engine", `expected engine to be one of ["postgres" "mysql"], got wrong`)
	case text(news, "engine") == "error":
		return nil, errors.New("the engine can't be read")
	}
	filled := []resource.PropertyValue{}
	fill := func(key resource.PropertyKey, value resource.PropertyValue) {
		if !news.HasValue(key) {
			if old, ok := olds[key]; ok {
				value = old
			}
			news[key] = value
			filled = append(filled, resource.NewProperty(string(key)))
		}
	}
	var random [4]byte
	if _, err := rand.Read(random[:]); err != nil {
		return nil, err
	}
	fill("identifier", resource.NewProperty(fmt.Sprintf("%s-%x", r.GetName(), random)))
	fill("port", resource.NewProperty(5432.0))
	news["__defaults"] = resource.NewProperty(filled)
	return &pulumirpc.CheckResponse{Inputs: write(news)}, nil
}

// Create makes previews only.
func (b *bridged) Create(ctx context.Context, r *pulumirpc.CreateRequest) (*pulumirpc.CreateResponse, error) {
	state := read(r.GetProperties())
	if err := misbehave(ctx, state, "preview"); err != nil {
		return nil, err
	}
	switch {
	case !r.GetPreview():
		return nil, errors.New("a real creation")
	case text(state, "size") == "impossible":
		return nil, errors.New("diffing: size impossible is not offered with this engine")
	}
	delete(state, "__defaults")
	unknown := resource.MakeComputed(resource.NewProperty(""))
	for _, key := range []resource.PropertyKey{"arn", "id", "etag"} {
		state[key] = unknown
	}
	state["__meta"] = resource.NewProperty(`{"schema_version":"1"}`)
	return &pulumirpc.CreateResponse{Properties: write(state)}, nil
}

// Diff compares with the state. Its etag is never what the provider expects, as happens with made-up values.
func (b *bridged) Diff(ctx context.Context, r *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	state, news := read(r.GetOlds()), read(r.GetNews())
	if err := misbehave(ctx, news, "diff"); err != nil {
		return nil, err
	}
	if !state["__meta"].IsString() || !state["arn"].IsString() || !state["id"].IsString() || !state["port"].IsNumber() {
		return nil, fmt.Errorf("unmarshaling instance state: %v", state)
	}
	out := &pulumirpc.DiffResponse{HasDetailedDiff: true, DetailedDiff: map[string]*pulumirpc.PropertyDiff{}, Changes: pulumirpc.DiffResponse_DIFF_NONE}
	note := func(path string, kind pulumirpc.PropertyDiff_Kind, replaces bool) {
		out.Changes, out.Diffs = pulumirpc.DiffResponse_DIFF_SOME, append(out.Diffs, path)
		if replaces {
			kind++
			out.Replaces = append(out.Replaces, path)
		}
		out.DetailedDiff[path] = &pulumirpc.PropertyDiff{Kind: kind}
	}
	note("etag", pulumirpc.PropertyDiff_UPDATE, false)
	for _, key := range news.StableKeys() {
		if key == "__defaults" || news[key].DeepEquals(state[key]) {
			continue
		}
		kind := pulumirpc.PropertyDiff_UPDATE
		if _, was := state[key]; !was {
			kind = pulumirpc.PropertyDiff_ADD
		}
		note(string(key), kind, key == "engine" || key == "identifier" || key == "zone")
	}
	if text(news, "diff") == "unknown" {
		out.Changes = pulumirpc.DiffResponse_DIFF_UNKNOWN
	}
	named := len(news["__defaults"].ArrayValue()) < 2
	out.DeleteBeforeReplace = len(out.Replaces) > 0 && named
	return out, nil
}

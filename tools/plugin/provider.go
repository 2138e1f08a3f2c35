package plugin

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"
)

// Provider is a Pulumi resource provider over a table of resources. It needs no configuration.
type Provider struct {
	pulumirpc.UnimplementedResourceProviderServer
	// Version is what GetPluginInfo answers, without a leading v.
	Version string
	// Resources by type token, such as "tls:index/privateKey:PrivateKey".
	Resources map[string]Resource
}

var reading = plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true, KeepResources: true, SkipNulls: true}

func decode(s *structpb.Struct) (resource.PropertyMap, error) {
	if s == nil {
		return resource.PropertyMap{}, nil
	}
	m, err := plugin.UnmarshalProperties(s, reading)
	if err != nil {
		return nil, fmt.Errorf("reading properties: %w", err)
	}
	return m, nil
}

func encode(m resource.PropertyMap) (*structpb.Struct, error) {
	s, err := plugin.MarshalProperties(m, reading)
	if err != nil {
		return nil, fmt.Errorf("writing properties: %w", err)
	}
	return s, nil
}

func (p *Provider) resource(urn string) (Resource, error) {
	token := string(resource.URN(urn).Type())
	r, ok := p.Resources[token]
	if !ok {
		names := make([]string, 0, len(p.Resources))
		for name := range p.Resources {
			names = append(names, name)
		}
		sort.Strings(names)
		return Resource{}, status.Errorf(codes.NotFound, "%s is not a resource of this plugin, which has: %s",
			token, strings.Join(names, ", "))
	}
	return r, nil
}

// Handshake accepts the engine's greeting; there is nothing to agree on but secrets.
func (p *Provider) Handshake(context.Context, *pulumirpc.ProviderHandshakeRequest,
) (*pulumirpc.ProviderHandshakeResponse, error) {
	return &pulumirpc.ProviderHandshakeResponse{AcceptSecrets: true, AcceptResources: true}, nil
}

// GetPluginInfo answers the version.
func (p *Provider) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: p.Version}, nil
}

// GetSchema answers an empty schema: programs use the official SDK.
func (p *Provider) GetSchema(context.Context, *pulumirpc.GetSchemaRequest) (*pulumirpc.GetSchemaResponse, error) {
	return &pulumirpc.GetSchemaResponse{Schema: "{}"}, nil
}

// CheckConfig takes any configuration.
func (p *Provider) CheckConfig(_ context.Context, r *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	return &pulumirpc.CheckResponse{Inputs: r.GetNews()}, nil
}

// DiffConfig finds no difference that matters.
func (p *Provider) DiffConfig(context.Context, *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	return &pulumirpc.DiffResponse{Changes: pulumirpc.DiffResponse_DIFF_NONE}, nil
}

// Configure asks for secrets as secrets, and to be asked during previews too.
func (p *Provider) Configure(context.Context, *pulumirpc.ConfigureRequest) (*pulumirpc.ConfigureResponse, error) {
	return &pulumirpc.ConfigureResponse{AcceptSecrets: true, AcceptResources: true, SupportsPreview: true}, nil
}

// Attach is for debugging; there is nothing to attach to.
func (p *Provider) Attach(context.Context, *pulumirpc.PluginAttach) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

// Cancel has nothing to cancel: every call is short.
func (p *Provider) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

// Check fills in defaults and answers all that is wrong with the inputs at once.
func (p *Provider) Check(_ context.Context, r *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	res, err := p.resource(r.GetUrn())
	if err != nil {
		return nil, err
	}
	news, err := decode(r.GetNews())
	if err != nil {
		return nil, err
	}
	inputs, failures := res.check(news)
	if len(failures) > 0 {
		answer := &pulumirpc.CheckResponse{}
		for _, f := range failures {
			answer.Failures = append(answer.Failures, &pulumirpc.CheckFailure{
				Property: f.Property, Reason: fmt.Sprintf("%s %s", f.Property, f.Reason),
			})
		}
		return answer, nil
	}
	s, err := encode(inputs)
	if err != nil {
		return nil, err
	}
	return &pulumirpc.CheckResponse{Inputs: s}, nil
}

// Diff compares the inputs, field by field, and then asks whether the resource has gone stale.
func (p *Provider) Diff(_ context.Context, r *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	res, err := p.resource(r.GetUrn())
	if err != nil {
		return nil, err
	}
	state, err := decode(r.GetOlds())
	if err != nil {
		return nil, err
	}
	olds, err := decode(r.GetOldInputs())
	if err != nil {
		return nil, err
	}
	if r.GetOldInputs() == nil {
		olds = state
	}
	news, err := decode(r.GetNews())
	if err != nil {
		return nil, err
	}
	answer := &pulumirpc.DiffResponse{
		Changes: pulumirpc.DiffResponse_DIFF_NONE, HasDetailedDiff: true,
		DetailedDiff: map[string]*pulumirpc.PropertyDiff{},
	}
	oldPlain, newPlain, statePlain := plain(olds), plain(news), plain(state)
	for _, f := range res.Fields {
		key := resource.PropertyKey(f.Name)
		before, had := oldPlain[key]
		after, has := newPlain[key]
		if !has && (!had || r.GetOldInputs() == nil && slices.Contains(res.Outputs, f.Name)) {
			continue
		}
		if !had {
			// The official plugin keeps its defaults in the state only: a stack that it made must not be replaced.
			before = statePlain[key]
		}
		if slices.Contains(r.GetIgnoreChanges(), f.Name) || before.DeepEquals(after) {
			continue
		}
		note(answer, f.Name, f.InPlace)
	}
	if res.Stale != nil && len(answer.GetReplaces()) == 0 {
		if output := res.Stale(statePlain, newPlain); output != "" {
			note(answer, output, false)
		}
	}
	return answer, nil
}

func note(d *pulumirpc.DiffResponse, property string, inPlace bool) {
	d.Changes = pulumirpc.DiffResponse_DIFF_SOME
	d.Diffs = append(d.Diffs, property)
	kind := pulumirpc.PropertyDiff_UPDATE
	if !inPlace {
		kind = pulumirpc.PropertyDiff_UPDATE_REPLACE
		d.Replaces = append(d.Replaces, property)
	}
	d.DetailedDiff[property] = &pulumirpc.PropertyDiff{Kind: kind}
}

// Create computes the outputs; in a preview, or as long as an input is unknown, all of them are unknown.
func (p *Provider) Create(_ context.Context, r *pulumirpc.CreateRequest) (*pulumirpc.CreateResponse, error) {
	res, err := p.resource(r.GetUrn())
	if err != nil {
		return nil, err
	}
	inputs, err := decode(r.GetProperties())
	if err != nil {
		return nil, err
	}
	state, id := inputs.Copy(), ""
	if r.GetPreview() {
		for _, name := range res.Outputs {
			if _, given := state[resource.PropertyKey(name)]; !given {
				state[resource.PropertyKey(name)] = resource.MakeComputed(resource.NewStringProperty(""))
			}
		}
	} else {
		newID, outputs, err := res.Create(plain(inputs))
		if err != nil {
			return nil, status.Errorf(codes.Unknown, "creating %s: %v", resource.URN(r.GetUrn()).Name(), err)
		}
		id = newID
		for k, v := range outputs {
			state[k] = v
		}
	}
	s, err := encode(res.markSecrets(state))
	if err != nil {
		return nil, err
	}
	return &pulumirpc.CreateResponse{Id: id, Properties: s}, nil
}

func (r Resource) markSecrets(state resource.PropertyMap) resource.PropertyMap {
	for _, name := range r.SecretOutputs {
		key := resource.PropertyKey(name)
		if v, ok := state[key]; ok && !v.IsSecret() {
			state[key] = resource.MakeSecret(v)
		}
	}
	return state
}

// Read answers the state: there is nothing outside it. Import is not supported.
func (p *Provider) Read(_ context.Context, r *pulumirpc.ReadRequest) (*pulumirpc.ReadResponse, error) {
	res, err := p.resource(r.GetUrn())
	if err != nil {
		return nil, err
	}
	state, err := decode(r.GetProperties())
	if err != nil {
		return nil, err
	}
	if len(state) == 0 {
		return nil, status.Error(codes.Unimplemented, "importing is not supported by this build of the plugin")
	}
	if res.Refresh != nil {
		for k, v := range res.Refresh(plain(state)) {
			state[k] = v
		}
	}
	s, err := encode(res.markSecrets(state))
	if err != nil {
		return nil, err
	}
	return &pulumirpc.ReadResponse{Id: r.GetId(), Properties: s, Inputs: r.GetInputs()}, nil
}

// Update takes over the inputs that change in place; the rest of the state stays.
func (p *Provider) Update(_ context.Context, r *pulumirpc.UpdateRequest) (*pulumirpc.UpdateResponse, error) {
	res, err := p.resource(r.GetUrn())
	if err != nil {
		return nil, err
	}
	state, err := decode(r.GetOlds())
	if err != nil {
		return nil, err
	}
	news, err := decode(r.GetNews())
	if err != nil {
		return nil, err
	}
	for _, f := range res.Fields {
		key := resource.PropertyKey(f.Name)
		if v, ok := news[key]; ok {
			state[key] = v
		} else if f.InPlace {
			delete(state, key)
		}
	}
	s, err := encode(res.markSecrets(state))
	if err != nil {
		return nil, err
	}
	return &pulumirpc.UpdateResponse{Properties: s}, nil
}

// Delete forgets the resource; there is nothing else to delete.
func (p *Provider) Delete(context.Context, *pulumirpc.DeleteRequest) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

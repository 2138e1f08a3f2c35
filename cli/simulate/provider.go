package simulate

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/slipway-iac/slipway/cli/simulate/likely"
)

// provider answers Pulumi's engine. Its methods are those of the protocol.
// https://www.pulumi.com/docs/iac/build-with-pulumi/provider-development/
type provider struct {
	pulumirpc.UnimplementedResourceProviderServer
	cloud *Cloud
	name  string // of the package
}

func read(s *structpb.Struct) (resource.PropertyMap, error) {
	return plugin.UnmarshalProperties(s, everything)
}

func write(m resource.PropertyMap) (*structpb.Struct, error) {
	return plugin.MarshalProperties(m, everything)
}

// GetPluginInfo tells a version later than any that an SDK asks for: the engine warns of an earlier one.
func (p *provider) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: "999.0.0"}, nil
}

func (p *provider) Attach(context.Context, *pulumirpc.PluginAttach) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

func (p *provider) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

func (p *provider) CheckConfig(ctx context.Context, r *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	if urn := resource.URN(r.GetUrn()); urn.IsValid() {
		introduce(ctx, urn.Name())
	}
	return &pulumirpc.CheckResponse{Inputs: r.GetNews()}, nil
}

// DiffConfig replaces a provider, and with it all that it has made, where the real one does: see providerReplaces.
func (p *provider) DiffConfig(_ context.Context, r *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	olds, err := read(r.GetOldInputs())
	if err != nil {
		return nil, err
	}
	news, err := read(r.GetNews())
	if err != nil {
		return nil, err
	}
	return answer(changes(olds, news), providerRule(resource.URN(r.GetUrn()), olds), false), nil
}

// Configure notes where this instance of a provider puts things.
func (p *provider) Configure(ctx context.Context, r *pulumirpc.ConfigureRequest) (*pulumirpc.ConfigureResponse, error) {
	args, err := read(r.GetArgs())
	if err != nil {
		return nil, err
	}
	text := func(key resource.PropertyKey) string {
		if v := likely.Plain(args[key]); v.IsString() {
			return v.StringValue()
		}
		return ""
	}
	place := likely.Place{Region: text("region"), Subscription: text("subscriptionId"), Project: text("project")}
	if place.Region == "" {
		place.Region = text("location")
	}
	accounts := likely.Plain(args["allowedAccountIds"])
	var list []any
	if accounts.IsString() && json.Unmarshal([]byte(accounts.StringValue()), &list) == nil { // as some engines send lists
		accounts = resource.NewPropertyValue(list)
	}
	if accounts.IsArray() && len(accounts.ArrayValue()) > 0 && accounts.ArrayValue()[0].IsString() {
		place.Account = accounts.ArrayValue()[0].StringValue()
	}
	settle(ctx, place)
	p.cloud.attach(ctx, p.name, args)
	return &pulumirpc.ConfigureResponse{AcceptSecrets: true, SupportsPreview: true, AcceptResources: true}, nil
}

// Check gives the resource a name, where Pulumi would.
func (p *provider) Check(ctx context.Context, r *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	olds, err := read(r.GetOlds())
	if err != nil {
		return nil, err
	}
	news, err := read(r.GetNews())
	if err != nil {
		return nil, err
	}
	checked := p.cloud.named(resource.URN(r.GetUrn()), olds, news)
	p.cloud.ask(pluginOf(ctx), resource.URN(r.GetUrn()), olds, checked)
	inputs, err := write(checked)
	return &pulumirpc.CheckResponse{Inputs: inputs}, err
}

// Diff compares inputs: what the table of the type lists replaces the resource, all else updates it, unless the real provider can be asked.
func (p *provider) Diff(ctx context.Context, r *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	olds, err := read(r.GetOldInputs())
	if err != nil {
		return nil, err
	}
	news, err := read(r.GetNews())
	if err != nil {
		return nil, err
	}
	state, err := read(r.GetOlds())
	if err != nil {
		return nil, err
	}
	urn := resource.URN(r.GetUrn())
	p.cloud.note(thing{urn: urn, id: r.GetId(), inputs: olds, outputs: state})
	token := string(urn.Type())
	all := changes(olds, news)
	own := answer(all, ruleFor(token, news), p.cloud.fixedName(token, olds, news))
	q := question{urn: urn, id: r.GetId(), olds: olds, news: news, state: state, ignore: r.GetIgnoreChanges(), changes: all, own: own}
	return p.cloud.judge(pluginOf(ctx), q), nil
}

func (p *provider) thing(ctx context.Context, urn string, inputs resource.PropertyMap) likely.Thing {
	token := string(resource.URN(urn).Type())
	return likely.Thing{Token: token, URN: urn, Inputs: inputs, Salt: p.cloud.salt(resource.URN(urn), inputs), Place: placeOf(ctx)}
}

// Create makes up the outputs. A preview knows only those that are inputs too.
func (p *provider) Create(ctx context.Context, r *pulumirpc.CreateRequest) (*pulumirpc.CreateResponse, error) {
	inputs, err := read(r.GetProperties())
	if err != nil {
		return nil, err
	}
	t := p.thing(ctx, r.GetUrn(), inputs)
	outputs := p.cloud.settled(t.Token, t.Outputs(p.cloud.kind(t.Token)))
	if r.GetPreview() {
		state, err := write(known(outputs, inputs))
		return &pulumirpc.CreateResponse{Properties: state}, err
	}
	made := thing{urn: resource.URN(t.URN), id: t.ID(), inputs: inputs, outputs: outputs}
	if err := p.cloud.made(made); err != nil {
		return nil, err
	}
	p.cloud.note(made)
	state, err := write(outputs)
	return &pulumirpc.CreateResponse{Id: t.ID(), Properties: state}, err
}

// known leaves of the outputs those that the inputs give and makes the others unknown.
func known(outputs, inputs resource.PropertyMap) resource.PropertyMap {
	out := resource.PropertyMap{}
	for key, v := range outputs {
		given, ok := inputs[key]
		switch {
		case !ok:
			out[key] = resource.MakeComputed(resource.NewProperty(""))
		case given.IsObject() && v.IsObject():
			out[key] = resource.NewProperty(known(v.ObjectValue(), given.ObjectValue()))
		default:
			out[key] = given
		}
	}
	return out
}

// Update takes the new inputs and keeps the outputs that don't follow from them: an id stays what it is.
func (p *provider) Update(ctx context.Context, r *pulumirpc.UpdateRequest) (*pulumirpc.UpdateResponse, error) {
	olds, err := read(r.GetOldInputs())
	if err != nil {
		return nil, err
	}
	state, err := read(r.GetOlds())
	if err != nil {
		return nil, err
	}
	news, err := read(r.GetNews())
	if err != nil {
		return nil, err
	}
	t := p.thing(ctx, r.GetUrn(), news)
	merged := maps.Clone(news)
	for key, v := range state {
		_, given := news[key]
		_, dropped := olds[key]
		if !given && !dropped && !likely.Follows(t.Token, string(key)) {
			merged[key] = v
		}
	}
	t.Inputs = merged
	outputs := p.cloud.settled(t.Token, t.Outputs(p.cloud.kind(t.Token)))
	if !r.GetPreview() {
		now := thing{urn: resource.URN(t.URN), id: r.GetId(), inputs: news, outputs: outputs}
		if err := p.cloud.changed(thing{urn: now.urn, id: now.id, inputs: olds, outputs: state}, now); err != nil {
			return nil, err
		}
		p.cloud.note(now)
	}
	out, err := write(outputs)
	return &pulumirpc.UpdateResponse{Properties: out}, err
}

// Read returns what the state has: nothing changes by itself here. What is only looked up by its id is made up.
func (p *provider) Read(ctx context.Context, r *pulumirpc.ReadRequest) (*pulumirpc.ReadResponse, error) {
	if len(r.GetProperties().GetFields()) > 0 {
		return &pulumirpc.ReadResponse{Id: r.GetId(), Properties: r.GetProperties(), Inputs: r.GetInputs()}, nil
	}
	inputs, err := read(r.GetInputs())
	if err != nil {
		return nil, err
	}
	t := p.thing(ctx, r.GetUrn(), inputs)
	state, err := write(t.Outputs(p.cloud.kind(t.Token)))
	return &pulumirpc.ReadResponse{Id: r.GetId(), Properties: state, Inputs: r.GetInputs()}, err
}

// Delete refuses what a cloud would refuse.
func (p *provider) Delete(_ context.Context, r *pulumirpc.DeleteRequest) (*emptypb.Empty, error) {
	inputs, err := read(r.GetOldInputs())
	if err != nil {
		return nil, err
	}
	state, err := read(r.GetProperties())
	if err != nil {
		return nil, err
	}
	t := thing{urn: resource.URN(r.GetUrn()), id: r.GetId(), inputs: inputs, outputs: state}
	if err := p.cloud.gone(t); err != nil {
		return nil, err
	}
	p.cloud.forget(t.urn, t.id)
	return &emptypb.Empty{}, nil
}

// Invoke looks a function up in the tables.
func (p *provider) Invoke(ctx context.Context, r *pulumirpc.InvokeRequest) (*pulumirpc.InvokeResponse, error) {
	args, err := read(r.GetArgs())
	if err != nil {
		return nil, err
	}
	result, err := p.cloud.invoke(r.GetTok(), args, placeOf(ctx))
	if err != nil {
		return nil, err
	}
	out, err := write(result)
	return &pulumirpc.InvokeResponse{Return: out}, err
}

// things returns what exists, in a fixed order.
func (c *Cloud) things() []thing {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []thing
	for _, key := range slices.Sorted(maps.Keys(c.live)) {
		all = append(all, c.live[key])
	}
	return all
}

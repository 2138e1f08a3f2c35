package componentstest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/slipway-iac/slipway/cli/simulate/likely"
)

// everything is how properties cross the wire: the mocks of Pulumi's SDK drop unknown values and refuse unknown secrets.
var everything = plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true, KeepResources: true}

// monitor stands in for Pulumi's engine.
type monitor struct {
	pulumirpc.UnimplementedResourceMonitorServer
	pulumirpc.UnimplementedEngineServer
	options Options

	mu        sync.Mutex
	root      string
	kinds     map[string]likely.Kind
	recording Recording
}

// serve listens on a loopback port until stop is called.
func serve(m *monitor) (address string, stop func(), err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("starting the monitor: %w", err)
	}
	server := grpc.NewServer()
	pulumirpc.RegisterResourceMonitorServer(server, m)
	pulumirpc.RegisterEngineServer(server, m)
	go func() { _ = server.Serve(listener) }()
	return listener.Addr().String(), server.Stop, nil
}

// learn notes the Go types of a resource: their tags say which outputs there are.
func (m *monitor) learn(a *pulumi.ResourceTransformationArgs) *pulumi.ResourceTransformationResult {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kinds[a.Type] = likely.KindOf(a)
	return nil
}

// SupportsFeature says that secrets, unknown values and references between resources are understood.
func (m *monitor) SupportsFeature(_ context.Context, in *pulumirpc.SupportsFeatureRequest) (*pulumirpc.SupportsFeatureResponse, error) {
	return &pulumirpc.SupportsFeatureResponse{HasSupport: in.GetId() != "outputValues"}, nil
}

// RegisterResource notes a resource and returns its outputs.
func (m *monitor) RegisterResource(_ context.Context, in *pulumirpc.RegisterResourceRequest) (*pulumirpc.RegisterResourceResponse, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := Resource{
		Type: in.GetType(), Name: in.GetName(), URN: urnOf(in.GetParent(), in.GetType(), in.GetName()), Parent: in.GetParent(), Provider: in.GetProvider(),
		Custom: in.GetCustom(), Protect: in.GetProtect(), DeleteBeforeReplace: in.GetDeleteBeforeReplace(), ReplaceOrderSaid: in.GetDeleteBeforeReplaceDefined(), IgnoreChanges: in.GetIgnoreChanges(),
	}
	if in.GetType() == string(resource.RootStackType) {
		return &pulumirpc.RegisterResourceResponse{Urn: r.URN}, nil
	}
	for _, dependencies := range in.GetPropertyDependencies() {
		r.Needs = append(r.Needs, dependencies.GetUrns()...)
	}
	var err error
	if r.Inputs, err = plugin.UnmarshalProperties(in.GetObject(), everything); err != nil {
		return nil, err
	}
	m.recording.Resources = append(m.recording.Resources, r)
	id, state := "", r.Inputs
	if r.Custom && !m.options.Preview {
		id, state = r.thing().ID(), m.outputs(r)
		for _, name := range in.GetAdditionalSecretOutputs() {
			m.conceal(r, state, resource.PropertyKey(name))
		}
	}
	object, err := plugin.MarshalProperties(state, everything)
	return &pulumirpc.RegisterResourceResponse{Urn: r.URN, Id: id, Object: object}, err
}

// ReadResource answers for the outputs of the stack itself: those of Options.Previous.
func (m *monitor) ReadResource(_ context.Context, in *pulumirpc.ReadResourceRequest) (*pulumirpc.ReadResourceResponse, error) {
	if m.options.Unreadable {
		return nil, errors.New("the back end can't be read")
	}
	outputs := resource.NewProperty(m.options.Previous)
	object, err := plugin.MarshalProperties(resource.PropertyMap{"name": resource.NewProperty(in.GetId()), "outputs": outputs}, everything)
	return &pulumirpc.ReadResourceResponse{Urn: urnOf(in.GetParent(), in.GetType(), in.GetName()), Properties: object}, err
}

// thing is what values are made up for.
func (r Resource) thing() likely.Thing {
	return likely.Thing{Token: r.Type, URN: r.URN, Inputs: r.Inputs}
}

// outputs fills in the outputs of a resource.
func (m *monitor) outputs(r Resource) resource.PropertyMap {
	state := r.thing().Outputs(m.kinds[r.Type])
	for _, row := range m.options.Outputs {
		if row.Type != r.Type {
			continue
		}
		value := row.Value
		if text, ok := value.(string); ok {
			value = strings.ReplaceAll(text, "{name}", r.Name)
		}
		state[resource.PropertyKey(row.Property)] = resource.NewPropertyValue(value)
	}
	return state
}

// conceal marks an output as secret, as the engine does for those that the SDK names, and remembers its value.
func (m *monitor) conceal(r Resource, state resource.PropertyMap, key resource.PropertyKey) {
	v, ok := state[key]
	if !ok {
		return
	}
	if v.IsSecret() {
		v = v.SecretValue().Element
	}
	state[key] = resource.MakeSecret(v)
	if !v.IsString() || v.StringValue() == "" {
		return
	}
	if _, known := m.recording.Secrets[v.StringValue()]; !known {
		m.recording.Secrets[v.StringValue()] = r.Type + " " + r.Name + " " + string(key)
	}
}

// RegisterResourceOutputs notes the outputs of the stack.
func (m *monitor) RegisterResourceOutputs(_ context.Context, in *pulumirpc.RegisterResourceOutputsRequest) (*emptypb.Empty, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	outputs, err := plugin.UnmarshalProperties(in.GetOutputs(), everything)
	if resource.URN(in.GetUrn()).QualifiedType() == resource.RootStackType {
		m.recording.Exports = outputs
	}
	return &emptypb.Empty{}, err
}

// Invoke notes the call of a function, which returns its arguments and an id.
func (m *monitor) Invoke(_ context.Context, in *pulumirpc.ResourceInvokeRequest) (*pulumirpc.ResourceInvokeResponse, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.recording.Invokes[in.GetTok()] = in.GetProvider()
	out, err := plugin.UnmarshalProperties(in.GetArgs(), everything)
	if err != nil {
		return nil, err
	}
	out["id"] = resource.NewProperty(likely.Thing{Token: in.GetTok(), URN: in.GetTok()}.ID())
	for _, row := range m.options.Outputs {
		if row.Type == in.GetTok() {
			out[resource.PropertyKey(row.Property)] = resource.NewPropertyValue(row.Value)
		}
	}
	var object *structpb.Struct
	object, err = plugin.MarshalProperties(out, everything)
	return &pulumirpc.ResourceInvokeResponse{Return: object}, err
}

// RegisterPackage and SignalAndWaitForShutdown have nothing to do.
func (m *monitor) RegisterPackage(context.Context, *pulumirpc.RegisterPackageRequest) (*pulumirpc.RegisterPackageResponse, error) {
	return &pulumirpc.RegisterPackageResponse{Ref: "package"}, nil
}

func (m *monitor) SignalAndWaitForShutdown(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

// GetRootResource and SetRootResource keep the URN of the stack.
func (m *monitor) GetRootResource(context.Context, *pulumirpc.GetRootResourceRequest) (*pulumirpc.GetRootResourceResponse, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return &pulumirpc.GetRootResourceResponse{Urn: m.root}, nil
}

func (m *monitor) SetRootResource(_ context.Context, in *pulumirpc.SetRootResourceRequest) (*pulumirpc.SetRootResourceResponse, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.root = in.GetUrn()
	return &pulumirpc.SetRootResourceResponse{}, nil
}

// Log notes what the program logged.
func (m *monitor) Log(_ context.Context, in *pulumirpc.LogRequest) (*emptypb.Empty, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.recording.Messages = append(m.recording.Messages, in.GetSeverity().String()+": "+in.GetMessage())
	return &emptypb.Empty{}, nil
}

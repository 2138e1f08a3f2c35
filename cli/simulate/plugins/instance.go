package plugins

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"
)

// Instance is a provider that is configured in one way, and its plugin.
type Instance struct {
	// Name is the provider's package, such as "gcp".
	Name string
	// Asked is the version that the program's SDK asks for; empty if that is not known.
	Asked string

	pool  *Pool
	ready chan struct{}
	slots chan struct{}

	// Before ready is closed the goroutine that starts the plugin has these.
	program   Program
	version   string
	process   *process
	host      *host
	network   *network
	client    pulumirpc.ResourceProviderClient
	abilities *pulumirpc.ConfigureResponse

	mu      sync.Mutex
	gone    string // why it is not asked any more
	late    int
	answers map[string]*Answer
}

// Version is the plugin's own, once it has started.
func (i *Instance) Version() string { <-i.ready; return i.version }

// end notes why the plugin is not asked any more. The first reason stays.
func (i *Instance) end(reason string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.gone == "" {
		i.gone = reason
	}
}

// unasked is why the plugin is not asked, or nothing.
func (i *Instance) unasked() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.gone
}

// stop ends the plugin.
func (i *Instance) stop() {
	if i.process != nil {
		i.process.stop()
	}
	if i.host != nil {
		i.host.server.Stop()
	}
	if i.network != nil {
		i.network.close()
	}
}

// start finds, starts and configures the plugin.
func (i *Instance) start(config resource.PropertyMap) error {
	var err error
	if i.program, err = i.pool.find(i.pool.ctx, i.Name, i.Asked); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(i.pool.ctx, i.pool.limits.Start)
	defer cancel()
	if i.network, err = listen(); err != nil {
		return err
	}
	if i.host, err = serveHost(); err != nil {
		return err
	}
	if i.process, err = launch(ctx, i.program, environment(i.program, i.pool.home, i.network.address), i.host.address); err != nil {
		return fmt.Errorf("starting %s: %w", i.program.File, err)
	}
	i.client = pulumirpc.NewResourceProviderClient(i.process.conn)
	info, err := i.client.GetPluginInfo(ctx, &emptypb.Empty{})
	if err != nil {
		return i.startError(ctx, "asking its version", err)
	}
	i.version = strings.TrimPrefix(info.GetVersion(), "v")
	if major(i.Asked) != "" && major(i.version) != "" && major(i.Asked) != major(i.version) {
		return fmt.Errorf("version %s was found (%s), and the program asks for %s: another major version has other rules", i.version, i.program.From, i.Asked)
	}
	return i.configure(ctx, config)
}

func major(version string) string { m, _, _ := strings.Cut(version, "."); return m }

func (i *Instance) configure(ctx context.Context, config resource.PropertyMap) error {
	config = configured(i.Name, i.network.address, config)
	_, err := i.client.Handshake(ctx, &pulumirpc.ProviderHandshakeRequest{EngineAddress: i.host.address, ConfigureWithUrn: true})
	if err != nil && status.Code(err) != codes.Unimplemented {
		return i.startError(ctx, "greeting it", err)
	}
	urn := "urn:pulumi:plan::plan::pulumi:providers:" + i.Name + "::" + i.Name
	args, err := i.write(config, true, true)
	if err != nil {
		return err
	}
	checked, err := i.client.CheckConfig(ctx, &pulumirpc.CheckRequest{Urn: urn, Name: i.Name, Type: "pulumi:providers:" + i.Name, News: args})
	switch {
	case status.Code(err) == codes.Unimplemented:
	case err != nil:
		return i.startError(ctx, "checking its configuration", err)
	case len(checked.GetFailures()) > 0:
		return i.startError(ctx, "checking its configuration", errors.New(checked.GetFailures()[0].GetReason()))
	default:
		if config, err = i.read(checked.GetInputs()); err != nil {
			return err
		}
		args = checked.GetInputs()
	}
	kind, id := "pulumi:providers:"+i.Name, uuid
	i.abilities, err = i.client.Configure(ctx, &pulumirpc.ConfigureRequest{
		Urn: &urn, Name: &i.Name, Type: &kind, Id: &id, Args: args,
		Variables:     variables(i.Name, config), //nolint:staticcheck // azure-native reads these
		AcceptSecrets: true, AcceptResources: true, SendsOldInputs: true, SendsOldInputsToDelete: true,
	})
	if err != nil {
		return i.startError(ctx, "configuring it without an account", err)
	}
	return nil
}

// startError says why a plugin can't be made ready.
func (i *Instance) startError(ctx context.Context, what string, err error) error {
	switch {
	case i.process.ended():
		return fmt.Errorf("%s: it ended%s", what, i.process.said.why())
	case ctx.Err() != nil:
		return fmt.Errorf("%s: no answer within %s%s", what, i.pool.limits.Start, i.hosts())
	}
	return fmt.Errorf("%s: %s", what, words(err))
}

// hosts tells, in brackets, where the plugin wanted to connect to.
func (i *Instance) hosts() string {
	if hosts := i.network.hosts(); hosts != "" {
		return " (it wanted to connect to " + hosts + ")"
	}
	return ""
}

// words are an error's own, on one line.
func words(err error) string {
	text := err.Error()
	if s, ok := status.FromError(err); ok {
		text = s.Message()
	}
	return strings.Join(strings.Fields(text), " ")
}

func (i *Instance) read(s *structpb.Struct) (resource.PropertyMap, error) {
	m, err := plugin.UnmarshalProperties(s, plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true, KeepResources: true})
	if err != nil {
		return nil, fmt.Errorf("reading what %s answers: %w", i.Name, err)
	}
	return m, nil
}

func (i *Instance) write(m resource.PropertyMap, secrets, resources bool) (*structpb.Struct, error) {
	s, err := plugin.MarshalProperties(m, plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: secrets, KeepResources: resources})
	if err != nil {
		return nil, fmt.Errorf("writing what %s is asked: %w", i.Name, err)
	}
	return s, nil
}

// wire is how properties go to this plugin: with what it has said that it understands.
func (i *Instance) wire(m resource.PropertyMap) (*structpb.Struct, error) {
	return i.write(m, i.abilities.GetAcceptSecrets(), i.abilities.GetAcceptResources())
}

// host is the engine to a plugin: it takes what the plugin says.
type host struct {
	pulumirpc.UnimplementedEngineServer
	server  *grpc.Server
	address string

	mu   sync.Mutex
	said map[string][]string // warnings by URN
}

func serveHost() (*host, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("standing in for the engine: %w", err)
	}
	h := &host{server: grpc.NewServer(grpc.MaxRecvMsgSize(maxMessage)), address: listener.Addr().String(), said: map[string][]string{}}
	pulumirpc.RegisterEngineServer(h.server, h)
	grpc_health_v1.RegisterHealthServer(h.server, health.NewServer())
	go func() { _ = h.server.Serve(listener) }()
	return h, nil
}

// Log keeps warnings and errors.
func (h *host) Log(_ context.Context, r *pulumirpc.LogRequest) (*emptypb.Empty, error) {
	if r.GetSeverity() >= pulumirpc.LogSeverity_WARNING {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.said[r.GetUrn()] = append(h.said[r.GetUrn()], strings.Join(strings.Fields(r.GetMessage()), " "))
	}
	return &emptypb.Empty{}, nil
}

func (h *host) GetRootResource(context.Context, *pulumirpc.GetRootResourceRequest) (*pulumirpc.GetRootResourceResponse, error) {
	return &pulumirpc.GetRootResourceResponse{}, nil
}

func (h *host) SetRootResource(context.Context, *pulumirpc.SetRootResourceRequest) (*pulumirpc.SetRootResourceResponse, error) {
	return &pulumirpc.SetRootResourceResponse{}, nil
}

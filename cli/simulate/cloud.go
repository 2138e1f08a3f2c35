// Package simulate stands in for clouds: a provider for Pulumi's real engine that keeps resources in memory and fills in every
// output with a likely value. It needs no network, no credentials and no plugin.
//
// It knows the names and types of outputs from the Go structs of the resources that the program registers, and from tables what a
// cloud would do: which inputs replace a resource, which resources refuse to be deleted, what functions return.
package simulate

import (
	"context"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"

	"github.com/slipway-iac/slipway/cli/simulate/likely"
	"github.com/slipway-iac/slipway/cli/simulate/plugins"
)

// Packages are the providers that are simulated.
var Packages = []string{"aws", "azure-native", "gcp", "docker", "random", "tls"}

// Options choose how the clouds behave.
type Options struct {
	// Packages are providers beyond Packages, such as those of a state that is compared. Default: none.
	Packages []string
	// Yield lets happen what a cloud would refuse, to see what else would change, and notes it: see Refusals. Default false.
	Yield bool
	// Real are providers of Packages that are not simulated: the engine looks for their plugins. Default: none.
	Real []string
	// Outputs stand above what would be made up, by token of a resource or a function, for tests in which a simulated cloud leads to
	// something real. Default: none.
	Outputs map[string]map[string]any
	// Plugins are the real providers' plugins, which are asked whether inputs are right and what changes do. Default: nobody is asked.
	Plugins *plugins.Pool
	// Audit holds the tables against those plugins, for every input that the program gives. Default false.
	Audit bool
	// Deployed says that the state that the clouds begin with is a real one, not one that a simulation has made. Default false.
	Deployed bool
}

// Cloud is all simulated providers together.
type Cloud struct {
	options Options
	servers []*grpc.Server
	ports   map[string]int // by package

	mu    sync.Mutex
	kinds map[string]likely.Kind
	live  map[string]thing  // by URN and id
	said  map[string][]said // likewise
	// refusals are what was let happen that a cloud would refuse.
	refusals []Refusal
	real     real
}

// thing is a resource that exists.
type thing struct {
	urn     resource.URN
	id      string
	inputs  resource.PropertyMap
	outputs resource.PropertyMap
}

// everything is how properties cross the wire.
var everything = plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true, KeepResources: true}

// Start listens on loopback ports, one for each provider, until Close is called.
func Start(o Options) (*Cloud, error) {
	c := &Cloud{options: o, ports: map[string]int{}, kinds: map[string]likely.Kind{}, live: map[string]thing{}, said: map[string][]said{}, real: newReal()}
	for _, name := range append(append([]string{}, Packages...), o.Packages...) {
		listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
		if err != nil {
			c.Close()
			return nil, fmt.Errorf("starting the simulated cloud: %w", err)
		}
		address, _ := listener.Addr().(*net.TCPAddr)
		server := grpc.NewServer(grpc.StatsHandler(connections{}), grpc.MaxRecvMsgSize(maxMessage))
		c.ports[name], c.servers = address.Port, append(c.servers, server)
		pulumirpc.RegisterResourceProviderServer(server, &provider{cloud: c, name: name})
		go func() { _ = server.Serve(listener) }()
	}
	return c, nil
}

// maxMessage is Pulumi's own limit on messages.
const maxMessage = 400 << 20

// Close ends the simulation.
func (c *Cloud) Close() {
	for _, server := range c.servers {
		server.Stop()
	}
}

// Env is the environment in which Pulumi's engine uses the simulated providers, and looks for no others.
func (c *Cloud) Env() map[string]string {
	var all []string
	for _, name := range append(append([]string{}, Packages...), c.options.Packages...) {
		if !slices.Contains(c.options.Real, name) {
			all = append(all, name+":"+strconv.Itoa(c.ports[name]))
		}
	}
	return map[string]string{"PULUMI_DEBUG_PROVIDERS": strings.Join(all, ","), "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true"}
}

// Program is a program whose resources the simulated providers get to know.
func (c *Cloud) Program(run pulumi.RunFunc) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		if err := ctx.RegisterStackTransformation(c.learn); err != nil {
			return fmt.Errorf("watching the program: %w", err)
		}
		return run(ctx)
	}
}

// learn notes the Go types of a resource and of its arguments.
func (c *Cloud) learn(a *pulumi.ResourceTransformationArgs) *pulumi.ResourceTransformationResult {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kinds[a.Type] = likely.KindOf(a)
	c.real.learn(a)
	return nil
}

func (c *Cloud) kind(token string) likely.Kind {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.kinds[token]
}

// Misfits lists what the tables say of a registered type and the SDK does not know, such as a misspelled input. Tests want none.
func (c *Cloud) Misfits() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []string
	for _, token := range slices.Sorted(maps.Keys(c.kinds)) {
		k := c.kinds[token]
		for _, path := range append(append([]string{likely.NameProperty(token)}, ruleOf(token).replaces...), protections[token]...) {
			name, _, _ := strings.Cut(path, ".")
			general := name == "*" || name == "name" || name == "location" || name == "resourceGroupName"
			if k.Inputs != nil && k.Input(name) == nil && !general {
				out = append(out, token+" has no input "+name)
			}
		}
	}
	return out
}

// settled puts the values that the options give for a token above those that are there.
func (c *Cloud) settled(token string, m resource.PropertyMap) resource.PropertyMap {
	for key, v := range c.options.Outputs[token] {
		m[resource.PropertyKey(key)] = resource.NewPropertyValue(v)
	}
	return m
}

// note remembers that a resource exists.
func (c *Cloud) note(t thing) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.live[string(t.urn)+" "+t.id] = t
	delete(c.said, string(t.urn)+" "+t.id)
}

func (c *Cloud) forget(urn resource.URN, id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.live, string(urn)+" "+id)
	delete(c.said, string(urn)+" "+id)
}

// connection is what one instance of a provider was configured with: the engine has a connection for each.
type connection struct {
	mu     sync.Mutex
	place  likely.Place
	plugin *plugins.Instance // of the real provider, or nil
	name   string            // of the provider's resource
}

type connectionKey struct{}

// connections gives every connection a memory of its own.
type connections struct{}

func (connections) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context {
	return context.WithValue(ctx, connectionKey{}, &connection{})
}
func (connections) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }
func (connections) HandleRPC(context.Context, stats.RPCStats)                       {}
func (connections) HandleConn(context.Context, stats.ConnStats)                     {}

func placeOf(ctx context.Context) likely.Place {
	c, ok := ctx.Value(connectionKey{}).(*connection)
	if !ok {
		return likely.Place{}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.place
}

func settle(ctx context.Context, p likely.Place) {
	if c, ok := ctx.Value(connectionKey{}).(*connection); ok {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.place = p
	}
}

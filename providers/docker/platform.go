// Package docker holds the drivers of the local Docker Engine: the same system as on a cloud, on a laptop. One file a
// component; what they share (provider, network, certificate authority) is the Platform.
package docker

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"

	"github.com/pulumi/pulumi-docker/sdk/v4/go/docker"
	"github.com/pulumi/pulumi-random/sdk/v4/go/random"
	"github.com/pulumi/pulumi-tls/sdk/v5/go/tls"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// The labels that every container, network and volume of a stack carries. The CLI finds a stack's things by them.
const (
	LabelStack     = "dev.slipway.stack"     // <project>/<stack>
	LabelComponent = "dev.slipway.component" // database, cache, service …
	LabelSlot      = "dev.slipway.slot"      // blue or green, on the app's containers only
	LabelVersion   = "dev.slipway.version"   // content hash of the app's source, likewise
	LabelRoot      = "dev.slipway.root"      // folder of the checkout that made the stack, on the network and on volumes with data
	LabelFiles     = "dev.slipway.files"     // hash of the configuration files a container reads
	LabelRevision  = "dev.slipway.revision"  // of the release, on the container that divides the traffic
	LabelData      = components.LabelData    // "true" on volumes that hold what users have stored
)

// Settings are what only the local target has.
type Settings struct {
	// Root is the folder of Pulumi.yaml; the platform's own images are built from below it. Required.
	Root string
	// App is the app's name; its containers are called after it. Required.
	App string
	// HTTPSPort, HTTPPort and DashboardPort are loopback ports of this host. Required.
	HTTPSPort, HTTPPort, DashboardPort int
	// DrainSeconds is the time between SIGTERM and SIGKILL for the app's containers. Required.
	DrainSeconds int
	// ReadySeconds is how long the app's containers may take to become ready. Required.
	ReadySeconds int
}

// Platform is the local Docker Engine: it implements every driver of components.Platform.
type Platform struct {
	pulumi.ResourceState

	settings  Settings
	prefix    string // of every container's, network's and volume's name: <project>-<stack>
	stack     string // value of LabelStack
	engine    *docker.Provider
	random    *random.Provider
	tls       *tls.Provider
	network   *docker.Network
	authority authority
	// fingerprint is the key of the hashes by which a change of secret content is noticed.
	fingerprint pulumi.StringOutput
	images      map[string]pulumi.StringOutput // id by folder under images/
	service     string                         // the one that runs on it
	edge        string                         // likewise
}

var _ components.Platform = (*Platform)(nil)

var unclean = regexp.MustCompile(`[^a-z0-9-]+`)

// Prefix begins the names of all that a stack has on the engine: project and stack, in lower case. It is a label of host names, since
// containers reach each other by name, so a stack that Pulumi lets be called "Team_a.b" is "team-a-b" here, with five characters of a
// hash to tell it from others; so does one that is too long. https://www.rfc-editor.org/rfc/rfc1123#section-2.1
func Prefix(project, stack string) string {
	const longest = 62 // with a hyphen after it, a label of 63
	full := strings.ToLower(project + "-" + stack)
	plain := strings.TrimLeft(unclean.ReplaceAllString(full, "-"), "-")
	if plain == full && len(full) <= longest {
		return full
	}
	sum := sha256.Sum256([]byte(full))
	tail := "-" + hex.EncodeToString(sum[:])[:5]
	return strings.TrimLeft(strings.TrimRight(plain[:min(len(plain), longest-len(tail))], "-")+tail, "-")
}

// NewPlatform makes the explicit providers, the stack's own bridge network and its certificate authority. The engine is the
// one that DOCKER_HOST or the default socket names; the command line sets DOCKER_HOST to that of the docker context.
// https://docs.docker.com/engine/network/drivers/bridge/
func NewPlatform(ctx *pulumi.Context, s Settings, opts ...pulumi.ResourceOption) (*Platform, error) {
	p := &Platform{settings: s, prefix: Prefix(ctx.Project(), ctx.Stack()), stack: ctx.Project() + "/" + ctx.Stack(), images: map[string]pulumi.StringOutput{}}
	if err := ctx.RegisterComponentResource("slipway:docker:Platform", "docker", p, opts...); err != nil {
		return nil, fmt.Errorf("docker platform: %w", err)
	}
	if err := p.makeProviders(ctx); err != nil {
		return nil, fmt.Errorf("docker platform: %w", err)
	}
	network, err := docker.NewNetwork(ctx, "network", &docker.NetworkArgs{
		Name:   pulumi.String(p.prefix),
		Driver: pulumi.String("bridge"),
		Labels: docker.NetworkLabelArray{
			docker.NetworkLabelArgs{Label: pulumi.String(LabelStack), Value: pulumi.String(p.stack)},
			docker.NetworkLabelArgs{Label: pulumi.String(LabelRoot), Value: pulumi.String(s.Root)},
		},
		// A checkout that has moved is the same stack: its network must not be replaced under running containers.
	}, p.engineOpts([]pulumi.ResourceOption{pulumi.Parent(p)}, pulumi.IgnoreChanges([]string{"labels"}), pulumi.DeleteBeforeReplace(true))...)
	if err != nil {
		return nil, fmt.Errorf("docker platform: creating network: %w", err)
	}
	p.network = network
	if p.fingerprint, err = p.password(ctx, "fingerprint", []pulumi.ResourceOption{pulumi.Parent(p)}); err != nil {
		return nil, fmt.Errorf("docker platform: %w", err)
	}
	if p.authority, err = p.newAuthority(ctx); err != nil {
		return nil, fmt.Errorf("docker platform: %w", err)
	}
	return p, ctx.RegisterResourceOutputs(p, pulumi.Map{"network": network.Name})
}

func (p *Platform) makeProviders(ctx *pulumi.Context) (err error) {
	if p.engine, err = docker.NewProvider(ctx, "docker", &docker.ProviderArgs{}, pulumi.Parent(p)); err != nil {
		return fmt.Errorf("creating docker provider: %w", err)
	}
	if p.random, err = random.NewProvider(ctx, "random", &random.ProviderArgs{}, pulumi.Parent(p)); err != nil {
		return fmt.Errorf("creating random provider: %w", err)
	}
	if p.tls, err = tls.NewProvider(ctx, "tls", &tls.ProviderArgs{}, pulumi.Parent(p)); err != nil {
		return fmt.Errorf("creating tls provider: %w", err)
	}
	return nil
}

// The options of a resource: its parent as the component gave it, and the explicit provider, since default providers are off.
func (p *Platform) engineOpts(opts []pulumi.ResourceOption, more ...pulumi.ResourceOption) []pulumi.ResourceOption {
	return append(append([]pulumi.ResourceOption{pulumi.Provider(p.engine)}, opts...), more...)
}

func (p *Platform) randomOpts(opts []pulumi.ResourceOption, more ...pulumi.ResourceOption) []pulumi.ResourceOption {
	return append(append([]pulumi.ResourceOption{pulumi.Provider(p.random)}, opts...), more...)
}

func (p *Platform) tlsOpts(opts []pulumi.ResourceOption, more ...pulumi.ResourceOption) []pulumi.ResourceOption {
	return append(append([]pulumi.ResourceOption{pulumi.Provider(p.tls)}, opts...), more...)
}

// password makes a random password that is safe inside a URL. It is a secret output.
// https://www.pulumi.com/registry/packages/random/api-docs/randompassword/
func (p *Platform) password(ctx *pulumi.Context, name string, opts []pulumi.ResourceOption, more ...pulumi.ResourceOption) (pulumi.StringOutput, error) {
	r, err := random.NewRandomPassword(ctx, name, &random.RandomPasswordArgs{Length: pulumi.Int(32), Special: pulumi.Bool(false)}, p.randomOpts(opts, more...)...)
	if err != nil {
		return pulumi.StringOutput{}, fmt.Errorf("creating password %s: %w", name, err)
	}
	return r.Result, nil
}

// volume makes a named volume. data marks what users have stored: it is protected, so that destroying the stack keeps it
// unless it is asked for twice.
func (p *Platform) volume(ctx *pulumi.Context, name, component string, data bool, opts []pulumi.ResourceOption) (*docker.Volume, error) {
	labels := docker.VolumeLabelArray{
		docker.VolumeLabelArgs{Label: pulumi.String(LabelStack), Value: pulumi.String(p.stack)},
		docker.VolumeLabelArgs{Label: pulumi.String(LabelComponent), Value: pulumi.String(component)},
	}
	more := []pulumi.ResourceOption{pulumi.Protect(data)}
	if data {
		labels = append(labels,
			docker.VolumeLabelArgs{Label: pulumi.String(LabelData), Value: pulumi.String("true")},
			docker.VolumeLabelArgs{Label: pulumi.String(LabelRoot), Value: pulumi.String(p.settings.Root)})
		// A checkout that has moved is the same stack, and a changed label would replace the volume.
		more = append(more, pulumi.IgnoreChanges([]string{"labels"}))
	}
	v, err := docker.NewVolume(ctx, name, &docker.VolumeArgs{Name: pulumi.String(p.prefix + "-" + name), Labels: labels}, p.engineOpts(opts, more...)...)
	if err != nil {
		return nil, fmt.Errorf("creating volume %s: %w", name, err)
	}
	return v, nil
}

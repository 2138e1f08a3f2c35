// Package gcp holds the drivers of Google Cloud: Cloud Run behind a global load balancer, Cloud SQL, Memorystore, and what a service
// in production needs around them. One file a component; what they share (APIs, provider, network, encryption key, accounts) is the
// Platform. docs/gcp.md has the picture, the costs and the reasons.
package gcp

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi-docker/sdk/v4/go/docker"
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp"
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/organizations"
	"github.com/pulumi/pulumi-random/sdk/v4/go/random"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// Settings are what only Google Cloud has, and what its drivers must know before the component that asks for it.
type Settings struct {
	// Root is the folder of Pulumi.yaml; Slipway's own images are built from below it. Required.
	Root string
	// App is the app's name; names in Google Cloud begin with it. Required.
	App string
	// Region is where everything runs that is not global. Required.
	Region string
	// Concurrency is how many requests one instance serves at the same time. Required.
	Concurrency int
	// LogDays is how long logs are kept, 1 to 3650. Required.
	LogDays int
	// Project is the project that is deployed to. Default: the signed-in one.
	Project string
	// Prod asks for everything that a stack of tier prod has beyond its configuration. Default false.
	Prod bool
	// Protect keeps the encryption key when the stack is destroyed. Default false.
	Protect bool
	// Labels go onto every resource that takes them, beside Slipway's own. Default: none.
	Labels map[string]string
	// Domain is the public name, and brings a load balancer. Default: Cloud Run's own host name.
	Domain string
	// Opening leaves the service's own host name open beside a domain that has just been added, whose certificate is not there yet. Default
	// false.
	Opening bool
	// ManagedZone is the resource name of the DNS zone. Default: found by the zone's DNS name.
	ManagedZone string
	// ZoneProject is the project of the DNS zone. Default: Project.
	ZoneProject string
	// Slots says that two versions may run at a time, each reached by itself. Default false.
	Slots bool
	// CMEK encrypts registry, database, cache, secrets and logs with a key of the stack's own. Default false: with Google's.
	CMEK bool
}

// Platform is one project and region: it implements every driver of components.Platform.
type Platform struct {
	pulumi.ResourceState

	settings Settings
	project  string // of Pulumi
	stack    string
	account  string // id of the Google Cloud project

	cloud  *gcp.Provider
	engine *docker.Provider
	random *random.Provider

	apis      []pulumi.Resource
	key       key
	network   network
	addresses addresses
	run, init identity
	logs      logBucket
}

var _ components.Platform = (*Platform)(nil)

// NewPlatform makes the explicit providers, turns on the APIs, and makes what the components share. Without a project in the settings it
// asks who is signed in, so a preview fails without credentials.
// https://www.pulumi.com/registry/packages/gcp/api-docs/provider/
func NewPlatform(ctx *pulumi.Context, s Settings, opts ...pulumi.ResourceOption) (*Platform, error) {
	p := &Platform{settings: s, project: ctx.Project(), stack: ctx.Stack()}
	opts = append(opts, pulumi.Transformations([]pulumi.ResourceTransformation{p.label}))
	if err := ctx.RegisterComponentResource("slipway:gcp:Platform", "gcp", p, opts...); err != nil {
		return nil, fmt.Errorf("gcp platform: %w", err)
	}
	for _, step := range []func(*pulumi.Context) error{p.makeProviders, p.identify, p.enableAPIs, p.makeKey, p.makeNetwork, p.makeAccounts, p.makeLogs} {
		if err := step(ctx); err != nil {
			return nil, fmt.Errorf("gcp platform: %w", err)
		}
	}
	return p, ctx.RegisterResourceOutputs(p, pulumi.Map{"project": pulumi.String(p.account), "network": p.network.id})
}

func (p *Platform) makeProviders(ctx *pulumi.Context) (err error) {
	args := &gcp.ProviderArgs{Region: pulumi.String(p.settings.Region)}
	if p.settings.Project != "" {
		args.Project = pulumi.String(p.settings.Project)
	}
	if p.cloud, err = gcp.NewProvider(ctx, "gcp", args, pulumi.Parent(p)); err != nil {
		return fmt.Errorf("creating provider: %w", err)
	}
	if p.engine, err = docker.NewProvider(ctx, "docker", &docker.ProviderArgs{}, pulumi.Parent(p)); err != nil {
		return fmt.Errorf("creating docker provider: %w", err)
	}
	if p.random, err = random.NewProvider(ctx, "random", &random.ProviderArgs{}, pulumi.Parent(p)); err != nil {
		return fmt.Errorf("creating random provider: %w", err)
	}
	return nil
}

// identify finds the project. Its id is part of names, so it must be known when a preview shows them.
// https://www.pulumi.com/registry/packages/gcp/api-docs/organizations/getclientconfig/
func (p *Platform) identify(ctx *pulumi.Context) error {
	if p.account = p.settings.Project; p.account != "" {
		return nil
	}
	client, err := organizations.GetClientConfig(ctx, pulumi.Parent(p), pulumi.Provider(p.cloud))
	if err != nil {
		return fmt.Errorf("asking Google Cloud who is signed in: %w", err)
	}
	if p.account = client.Project; p.account == "" {
		return errors.New("no project: set gcp.project, or sign in with one (gcloud config set project PROJECT)")
	}
	return nil
}

// The options of a resource: its parent as the component gave it, and the explicit provider, since default providers are off. What is
// of Google Cloud waits for all APIs.
func (p *Platform) cloudOpts(opts []pulumi.ResourceOption, more ...pulumi.ResourceOption) []pulumi.ResourceOption {
	return append(append([]pulumi.ResourceOption{pulumi.Provider(p.cloud), pulumi.DependsOn(p.apis)}, opts...), more...)
}

func (p *Platform) engineOpts(opts []pulumi.ResourceOption, more ...pulumi.ResourceOption) []pulumi.ResourceOption {
	return append(append([]pulumi.ResourceOption{pulumi.Provider(p.engine)}, opts...), more...)
}

func (p *Platform) randomOpts(opts []pulumi.ResourceOption, more ...pulumi.ResourceOption) []pulumi.ResourceOption {
	return append(append([]pulumi.ResourceOption{pulumi.Provider(p.random)}, opts...), more...)
}

// own are the options of what belongs to the platform itself.
func (p *Platform) own() []pulumi.ResourceOption { return []pulumi.ResourceOption{pulumi.Parent(p)} }

// password makes a random password that is safe inside a URL and holds what Cloud SQL's policy asks for: letters in both cases, a
// digit and another character. It is a secret output.
//   - https://www.pulumi.com/registry/packages/random/api-docs/randompassword/
//   - https://cloud.google.com/sql/docs/postgres/built-in-authentication#instance_password_policies
func (p *Platform) password(ctx *pulumi.Context, name string, length int, opts []pulumi.ResourceOption) (pulumi.StringOutput, error) {
	r, err := random.NewRandomPassword(ctx, name, &random.RandomPasswordArgs{
		Length: pulumi.Int(length), Special: pulumi.Bool(true), OverrideSpecial: pulumi.String("-_"),
		MinLower: pulumi.Int(1), MinUpper: pulumi.Int(1), MinNumeric: pulumi.Int(1), MinSpecial: pulumi.Int(1),
	}, p.randomOpts(opts)...)
	if err != nil {
		return pulumi.StringOutput{}, fmt.Errorf("creating password %s: %w", name, err)
	}
	return r.Result, nil
}

// unique is eight hexadecimal digits that stay as they are for as long as the keepers do.
// https://www.pulumi.com/registry/packages/random/api-docs/randomid/
func (p *Platform) unique(ctx *pulumi.Context, name string, keepers pulumi.StringMap, opts []pulumi.ResourceOption, more ...pulumi.ResourceOption) (pulumi.StringOutput, error) {
	id, err := random.NewRandomId(ctx, name, &random.RandomIdArgs{ByteLength: pulumi.Int(4), Keepers: keepers}, p.randomOpts(opts, more...)...)
	if err != nil {
		return pulumi.StringOutput{}, fmt.Errorf("creating random id %s: %w", name, err)
	}
	return id.Hex, nil
}

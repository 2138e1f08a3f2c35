// Package azure holds the drivers of Microsoft Azure: Container Apps behind Front Door, PostgreSQL Flexible Server, Managed Redis, and
// what a service in production needs around them. One file a component; what they share (provider, resource group, identity,
// network, vault, registry, logs) is the Platform. docs/azure.md has the picture, the costs and the reasons.
package azure

import (
	"context"
	"fmt"

	resources "github.com/pulumi/pulumi-azure-native-sdk/resources/v2/v20241101"
	azure "github.com/pulumi/pulumi-azure-native-sdk/v2"
	"github.com/pulumi/pulumi-docker/sdk/v4/go/docker"
	randomsdk "github.com/pulumi/pulumi-random/sdk/v4/go/random"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/providers/azure/spec"
)

// The front doors; the values of the key azure.frontDoor.
const (
	FrontDoorNone     = "none"     // the app's own ingress
	FrontDoorStandard = "standard" // cache, rate limit and own rules
	FrontDoorPremium  = "premium"  // managed rules and private link too
)

// Settings are what only Azure has, and what its drivers must know before the component that asks for it.
type Settings struct {
	// Root is the folder of Pulumi.yaml; Slipway's own images are built from below it. Required.
	Root string
	// App is the app's name; names in Azure begin with it. Required.
	App string
	// Region is where everything runs. Required.
	Region string
	// FrontDoor is one of the FrontDoor constants. Required.
	FrontDoor string
	// DrainSeconds is the time between SIGTERM and SIGKILL, at most 600. Required.
	DrainSeconds int
	// LogDays is how long logs are kept, 30 to 730. Required.
	LogDays int
	// Scale is what an instance may be loaded with before another one is started. Required.
	Scale Scale
	// Prod asks for zones, private endpoints and everything that a stack of tier prod has beyond its configuration. Default false.
	Prod bool
	// Protect refuses the deletion of the vault and of the registry with images in it. Default false.
	Protect bool
	// Tags go onto every resource that takes them, beside Slipway's own. Default: none.
	Tags map[string]string
	// SubscriptionID is the only subscription that is deployed to. Default: the one that is signed in.
	SubscriptionID string
	// DNSResourceGroup is where the zone of the domain is. Required with a domain.
	DNSResourceGroup string
	// GeoBackup copies the database's backups to the paired region. Default false.
	GeoBackup bool
	// EntraAdmin administers the database beside the generated login. Default: nobody.
	EntraAdmin Principal
	// Rolling replaces the version that runs in place, so there never are two. Default false.
	Rolling bool
	// Operations are what is done beside making resources. Default NewREST().
	Operations Operations
	// RegistryToken exchanges a token of the deployer for one of a registry. Default ExchangeToken, which asks the registry.
	RegistryToken func(ctx context.Context, registry, tenant, token string) (string, error)
}

// Principal is somebody in Entra ID.
type Principal struct {
	// ID is the object id. Empty: nobody.
	ID string
	// Name is the user principal name, or that of the group or application.
	Name string
	// Kind is "User", "Group" or "ServicePrincipal".
	Kind string
}

// Scale holds the targets of autoscaling.
type Scale struct {
	// CPU and Memory are in percent of an instance's own. Required.
	CPU, Memory int
	// Concurrency is how many requests an instance serves at the same time. Required.
	Concurrency int
}

// Platform is one subscription and region: it implements every driver of components.Platform.
type Platform struct {
	pulumi.ResourceState

	settings     Settings
	region       spec.Region
	project      string
	stack        string
	subscription string // id
	tenant       string // id

	cloud  *azure.Provider
	engine *docker.Provider
	random randomness

	group    pulumi.StringOutput // name of the resource group, known when it exists
	groupID  pulumi.StringOutput
	logs     logs
	network  network
	identity identity // of the app and its migrations
	setup    identity // of what sets the database up
	vault    vault
	registry registry
	cluster  environment

	domain customDomain // what IssueCertificate has prepared for the app's own ingress
}

// randomness is where random values come from; end is the end of names that must be unique in all of Azure.
type randomness struct {
	provider *randomsdk.Provider
	end      pulumi.StringOutput
}

var _ components.Platform = (*Platform)(nil)

// NewPlatform makes the explicit providers, the stack's resource group and what the components share in it. It asks Azure who is
// calling, so a preview fails without credentials, and on the wrong subscription.
// https://www.pulumi.com/registry/packages/azure-native/api-docs/provider/
func NewPlatform(ctx *pulumi.Context, s Settings, opts ...pulumi.ResourceOption) (*Platform, error) {
	if s.RegistryToken == nil {
		s.RegistryToken = ExchangeToken
	}
	if s.Operations == nil {
		s.Operations = NewREST()
	}
	p := &Platform{settings: s, project: ctx.Project(), stack: ctx.Stack()}
	if err := p.checkRegion(); err != nil {
		return nil, fmt.Errorf("azure platform: %w", err)
	}
	opts = append(opts, pulumi.Transformations([]pulumi.ResourceTransformation{p.tag}))
	if err := ctx.RegisterComponentResource("slipway:azure:Platform", "azure", p, opts...); err != nil {
		return nil, fmt.Errorf("azure platform: %w", err)
	}
	for _, step := range []func(*pulumi.Context) error{
		p.makeProviders, p.identify, p.makeGroup, p.makeLogs, p.makeNetwork, p.makeIdentities, p.makeVault, p.makeRegistry, p.makeEnvironment,
	} {
		if err := step(ctx); err != nil {
			return nil, fmt.Errorf("azure platform: %w", err)
		}
	}
	return p, ctx.RegisterResourceOutputs(p, pulumi.Map{"subscription": pulumi.String(p.subscription), "resourceGroup": p.group})
}

func (p *Platform) makeProviders(ctx *pulumi.Context) (err error) {
	args := &azure.ProviderArgs{Location: pulumi.String(p.settings.Region), DisablePulumiPartnerId: pulumi.Bool(true)}
	if p.settings.SubscriptionID != "" {
		args.SubscriptionId = pulumi.String(p.settings.SubscriptionID)
	}
	if p.cloud, err = azure.NewProvider(ctx, "azure-native", args, pulumi.Parent(p)); err != nil {
		return fmt.Errorf("creating provider of %s: %w", p.settings.Region, err)
	}
	if p.engine, err = docker.NewProvider(ctx, "docker", &docker.ProviderArgs{}, pulumi.Parent(p)); err != nil {
		return fmt.Errorf("creating docker provider: %w", err)
	}
	if p.random.provider, err = randomsdk.NewProvider(ctx, "random", &randomsdk.ProviderArgs{}, pulumi.Parent(p)); err != nil {
		return fmt.Errorf("creating random provider: %w", err)
	}
	end, err := randomsdk.NewRandomId(ctx, "names", &randomsdk.RandomIdArgs{ByteLength: pulumi.Int(suffix / 2)}, p.randomOpts([]pulumi.ResourceOption{pulumi.Parent(p)})...)
	if err != nil {
		return fmt.Errorf("creating the end of names: %w", err)
	}
	p.random.end = end.Hex
	return nil
}

// identify asks who is calling. Subscription and tenant are part of ids, so they must be known when a preview shows them.
// https://www.pulumi.com/registry/packages/azure-native/api-docs/authorization/getclientconfig/
func (p *Platform) identify(ctx *pulumi.Context) error {
	var caller struct {
		SubscriptionID string `pulumi:"subscriptionId"`
		TenantID       string `pulumi:"tenantId"`
	}
	if err := ctx.Invoke("azure-native:authorization:getClientConfig", nil, &caller, pulumi.Parent(p), pulumi.Provider(p.cloud)); err != nil {
		return fmt.Errorf("asking Azure who is calling: %w", err)
	}
	p.subscription, p.tenant = caller.SubscriptionID, caller.TenantID
	return nil
}

// makeGroup makes the resource group that holds all of the stack but records in the domain's zone.
// https://learn.microsoft.com/azure/azure-resource-manager/management/manage-resource-groups-portal
func (p *Platform) makeGroup(ctx *pulumi.Context) error {
	made, err := resources.NewResourceGroup(ctx, "group", &resources.ResourceGroupArgs{
		ResourceGroupName: pulumi.String(p.groupName()), Location: pulumi.String(p.settings.Region),
	}, p.cloudOpts([]pulumi.ResourceOption{pulumi.Parent(p)})...)
	if err != nil {
		return fmt.Errorf("creating resource group: %w", err)
	}
	p.group, p.groupID = made.Name, made.ID().ToStringOutput()
	return nil
}

// checkRegion refuses what a region does not have. What a part of the stack needs is refused where that part is made.
func (p *Platform) checkRegion() error {
	region, known := spec.RegionOf(p.settings.Region)
	switch {
	case !known:
		return components.Unsupported("azure", "region", p.settings.Region+" is not in the table of "+spec.RegionsDate)
	case p.settings.Prod && !region.Offers(spec.Zones):
		return components.Unsupported("azure", "region", p.settings.Region+" has no availability zones, over which a stack of tier prod is spread")
	case p.settings.FrontDoor == FrontDoorPremium && !region.Offers(spec.Link):
		return components.Unsupported("azure", "azure.frontDoor", "Front Door has no private link to "+p.settings.Region+"; set it to "+FrontDoorStandard+", or choose another region")
	}
	p.region = region
	return nil
}

// The options of a resource: its parent as the component gave it, and the explicit provider, since default providers are off.
func (p *Platform) cloudOpts(opts []pulumi.ResourceOption, more ...pulumi.ResourceOption) []pulumi.ResourceOption {
	return append(append([]pulumi.ResourceOption{pulumi.Provider(p.cloud)}, opts...), more...)
}

func (p *Platform) engineOpts(opts []pulumi.ResourceOption, more ...pulumi.ResourceOption) []pulumi.ResourceOption {
	return append(append([]pulumi.ResourceOption{pulumi.Provider(p.engine)}, opts...), more...)
}

func (p *Platform) randomOpts(opts []pulumi.ResourceOption, more ...pulumi.ResourceOption) []pulumi.ResourceOption {
	return append(append([]pulumi.ResourceOption{pulumi.Provider(p.random.provider)}, opts...), more...)
}

// password makes a random password that is safe inside a URL. It is a secret output. Azure wants three of four kinds of characters.
// https://www.pulumi.com/registry/packages/random/api-docs/randompassword/
func (p *Platform) password(ctx *pulumi.Context, name string, length int, opts []pulumi.ResourceOption) (pulumi.StringOutput, error) {
	r, err := randomsdk.NewRandomPassword(ctx, name, &randomsdk.RandomPasswordArgs{
		Length: pulumi.Int(length), Special: pulumi.Bool(false), MinLower: pulumi.Int(1), MinUpper: pulumi.Int(1), MinNumeric: pulumi.Int(1),
	}, p.randomOpts(opts)...)
	if err != nil {
		return pulumi.StringOutput{}, fmt.Errorf("creating password %s: %w", name, err)
	}
	return r.Result, nil
}

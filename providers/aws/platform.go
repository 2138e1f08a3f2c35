// Package aws holds the drivers of Amazon Web Services: ECS Fargate behind an Application Load Balancer, RDS, ElastiCache, and
// what a service in production needs around them. One file a component; what they share (providers, network, encryption key,
// image registry) is the Platform. docs/aws.md has the picture, the costs and the reasons.
package aws

import (
	"context"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-docker/sdk/v4/go/docker"
	"github.com/pulumi/pulumi-random/sdk/v4/go/random"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// The ways out of the private network; the values of the key aws.egress.
const (
	EgressPublic     = "public"       // tasks have public addresses; nothing comes in but from the load balancer
	EgressNAT        = "nat"          // one NAT gateway
	EgressNATPerZone = "nat-per-zone" // one in every zone
	EgressEndpoints  = "endpoints"    // none: AWS's own services through interface endpoints, nothing else
)

// globalRegion is where CloudFront looks for certificates and web ACLs.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html
const globalRegion = "us-east-1"

// Settings are what only AWS has, and what its drivers must know before the component that asks for it.
type Settings struct {
	// Root is the folder of Pulumi.yaml; Slipway's own images are built from below it. Required.
	Root string
	// App is the app's name; names in AWS begin with it. Required.
	App string
	// Region is where everything runs. Required.
	Region string
	// Prod asks for three zones instead of two, and for everything that a stack of tier prod has beyond its configuration. Default false.
	Prod bool
	// Tags go onto every resource that takes them, beside Slipway's own. Default: none.
	Tags map[string]string
	// AccountID is the only account that is deployed to. Default: any.
	AccountID string
	// Egress is one of the Egress constants. Required.
	Egress string
	// Spot runs the tasks on capacity that AWS may take back. Default false.
	Spot bool
	// BackupRegion is where backups are copied to. Default: nowhere.
	BackupRegion string
	// PermissionsBoundary is the ARN of the policy that bounds every role. Default: none.
	PermissionsBoundary string
	// Architecture of the tasks: "amd64" or "arm64". Required.
	Architecture string
	// DrainSeconds is the time between SIGTERM and SIGKILL, at most 120. Required.
	DrainSeconds int
	// LogDays is how long logs are kept; one of the values that CloudWatch Logs offers. Required.
	LogDays int
	// Protect refuses the deletion of the load balancer, of the registry with images in it, and of backups. Default false.
	Protect bool
	// CloudFront is the front door, and the load balancer is internal. Default false: the load balancer is the front door.
	CloudFront bool
	// HSTS is the Strict-Transport-Security of a load balancer that is the front door, in place of the app's own. Default: the app's.
	HSTS components.HSTS
	// DatabaseRoot returns the PEM root of RDS in a region. Default RootCertificate, which asks AWS's trust store.
	DatabaseRoot func(ctx context.Context, region string) (string, error)
	// Scale is what a task may be loaded with before another one is started. Required.
	Scale Scale
}

// Scale holds the targets of autoscaling.
type Scale struct {
	// CPU is in percent of a task's own, Memory in percent of what the app's container may take of it. Required.
	CPU, Memory int
	// RequestsPerMinute is per task. Default 0: not a target.
	RequestsPerMinute int
}

// Platform is one AWS account and region: it implements every driver of components.Platform.
type Platform struct {
	pulumi.ResourceState

	settings Settings
	project  string
	stack    string
	account  string // id of the account, 12 digits
	part     string // "aws", "aws-cn" or "aws-us-gov": the second part of every ARN
	dns      string // "amazonaws.com", or its like in the partition

	cloud  *aws.Provider // in Region
	global *aws.Provider // in globalRegion; the same as cloud where that is Region
	engine *docker.Provider
	random *random.Provider

	key     key
	network network

	zone   zone                // of the key domain.zone, as soon as it has been looked up
	viewer pulumi.StringOutput // ARN of the certificate that CloudFront serves, in globalRegion; IssueCertificate sets it
}

var _ components.Platform = (*Platform)(nil)

// NewPlatform makes the explicit providers, the stack's encryption key and its network. It asks AWS who is calling and which
// zones there are, so a preview fails without credentials, and on the wrong account.
// https://www.pulumi.com/registry/packages/aws/api-docs/provider/
func NewPlatform(ctx *pulumi.Context, s Settings, opts ...pulumi.ResourceOption) (*Platform, error) {
	if s.DatabaseRoot == nil {
		s.DatabaseRoot = RootCertificate
	}
	p := &Platform{settings: s, project: ctx.Project(), stack: ctx.Stack()}
	opts = append(opts, pulumi.Transformations([]pulumi.ResourceTransformation{p.tag}))
	if err := ctx.RegisterComponentResource("slipway:aws:Platform", "aws", p, opts...); err != nil {
		return nil, fmt.Errorf("aws platform: %w", err)
	}
	for _, step := range []func(*pulumi.Context) error{p.makeProviders, p.identify, p.makeKey, p.makeNetwork} {
		if err := step(ctx); err != nil {
			return nil, fmt.Errorf("aws platform: %w", err)
		}
	}
	return p, ctx.RegisterResourceOutputs(p, pulumi.Map{"account": pulumi.String(p.account), "vpc": p.network.vpc})
}

func (p *Platform) makeProviders(ctx *pulumi.Context) (err error) {
	if p.cloud, err = p.provider(ctx, "aws", p.settings.Region); err != nil {
		return err
	}
	p.global = p.cloud
	if p.settings.CloudFront && p.settings.Region != globalRegion {
		if p.global, err = p.provider(ctx, "aws-global", globalRegion); err != nil {
			return err
		}
	}
	if p.engine, err = docker.NewProvider(ctx, "docker", &docker.ProviderArgs{}, pulumi.Parent(p)); err != nil {
		return fmt.Errorf("creating docker provider: %w", err)
	}
	if p.random, err = random.NewProvider(ctx, "random", &random.ProviderArgs{}, pulumi.Parent(p)); err != nil {
		return fmt.Errorf("creating random provider: %w", err)
	}
	return nil
}

// provider makes the provider of a region. Tags are put on each resource by itself, not by the provider's defaultTags: so they
// stand in the plan, and not every resource changes with the provider.
func (p *Platform) provider(ctx *pulumi.Context, name, region string) (*aws.Provider, error) {
	args := &aws.ProviderArgs{Region: pulumi.String(region)}
	if p.settings.AccountID != "" {
		args.AllowedAccountIds = pulumi.StringArray{pulumi.String(p.settings.AccountID)}
	}
	made, err := aws.NewProvider(ctx, name, args, pulumi.Parent(p))
	if err != nil {
		return nil, fmt.Errorf("creating provider of %s: %w", region, err)
	}
	return made, nil
}

// identify asks who is calling. The account is part of policies, so it must be known when a preview shows them.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
func (p *Platform) identify(ctx *pulumi.Context) error {
	caller, err := aws.GetCallerIdentity(ctx, &aws.GetCallerIdentityArgs{}, pulumi.Parent(p), pulumi.Provider(p.cloud))
	if err != nil {
		return fmt.Errorf("asking AWS who is calling: %w", err)
	}
	partition, err := aws.GetPartition(ctx, &aws.GetPartitionArgs{}, pulumi.Parent(p), pulumi.Provider(p.cloud))
	if err != nil {
		return fmt.Errorf("asking AWS for the partition: %w", err)
	}
	p.account, p.part, p.dns = caller.AccountId, partition.Partition, partition.DnsSuffix
	return nil
}

// The options of a resource: its parent as the component gave it, and the explicit provider, since default providers are off.
func (p *Platform) cloudOpts(opts []pulumi.ResourceOption, more ...pulumi.ResourceOption) []pulumi.ResourceOption {
	return append(append([]pulumi.ResourceOption{pulumi.Provider(p.cloud)}, opts...), more...)
}

func (p *Platform) globalOpts(opts []pulumi.ResourceOption, more ...pulumi.ResourceOption) []pulumi.ResourceOption {
	return append(append([]pulumi.ResourceOption{pulumi.Provider(p.global)}, opts...), more...)
}

func (p *Platform) engineOpts(opts []pulumi.ResourceOption, more ...pulumi.ResourceOption) []pulumi.ResourceOption {
	return append(append([]pulumi.ResourceOption{pulumi.Provider(p.engine)}, opts...), more...)
}

func (p *Platform) randomOpts(opts []pulumi.ResourceOption, more ...pulumi.ResourceOption) []pulumi.ResourceOption {
	return append(append([]pulumi.ResourceOption{pulumi.Provider(p.random)}, opts...), more...)
}

// arn writes an ARN of this account and region: arn("logs", "log-group:/x").
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
func (p *Platform) arn(service, resource string) string {
	return fmt.Sprintf("arn:%s:%s:%s:%s:%s", p.part, service, p.settings.Region, p.account, resource)
}

// password makes a random password that is safe inside a URL. It is a secret output.
// https://www.pulumi.com/registry/packages/random/api-docs/randompassword/
func (p *Platform) password(ctx *pulumi.Context, name string, length int, opts []pulumi.ResourceOption, more ...pulumi.ResourceOption) (pulumi.StringOutput, error) {
	r, err := random.NewRandomPassword(ctx, name, &random.RandomPasswordArgs{Length: pulumi.Int(length), Special: pulumi.Bool(false)}, p.randomOpts(opts, more...)...)
	if err != nil {
		return pulumi.StringOutput{}, fmt.Errorf("creating password %s: %w", name, err)
	}
	return r.Result, nil
}

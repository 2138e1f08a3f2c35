package gcp

import (
	"fmt"
	"math"

	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/cloudrunv2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

const (
	// serviceNameLimit leaves room for a tag in the host name of a slot (46 with the tag, its hyphens apart) and for sequence and digits in
	// the name of a revision (63).
	//   - https://cloud.google.com/run/docs/rollouts-rollbacks-traffic-migration#tags
	//   - https://cloud.google.com/run/docs/managing/revisions
	serviceNameLimit = 40
	// privateOnly sends to the network only what goes to private addresses: the rest needs no NAT, and leaves by Google's own way.
	// https://cloud.google.com/run/docs/configuring/vpc-direct-vpc#egress
	privateOnly = "PRIVATE_RANGES_ONLY"
	// requestTimeout is how long one request may take.
	requestTimeout = "300s"
	byRevision     = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"
	// smallestMemory is that of the second generation of Cloud Run: https://cloud.google.com/run/docs/configuring/services/memory-limits
	smallestMemory = 512
)

// ServiceName is the name of an app's Cloud Run service.
func ServiceName(app, stack string) string {
	return (&Platform{settings: Settings{App: app}, stack: stack}).serviceName()
}

// JobsPattern finds the names of the jobs that run before an app's service, as a regular expression.
func JobsPattern(app, stack string) string {
	return (&Platform{settings: Settings{App: app}, stack: stack}).jobsPattern()
}

func (p *Platform) serviceName() string { return p.fixed("", serviceNameLimit) }

// deployment is what the tracks of a service share.
type deployment struct {
	args      components.ServiceArgs
	collector components.ImageRef
	revisions map[components.Slot]pulumi.StringOutput
}

// newest is the track whose template the service has.
func (d deployment) newest() components.Track { return d.args.Tracks[len(d.args.Tracks)-1] }

// RunService runs the app on Cloud Run: one service, one revision for each track, traffic divided by revision. Before a new revision is
// made, dbinit and migrations have run and succeeded. The update waits until the new revision has answered its startup probe; until then
// traffic stays where it was, and it stays there if the probe fails, and the update fails. It fails on what Cloud Run does not have.
//   - https://cloud.google.com/run/docs/overview/what-is-cloud-run
//   - https://cloud.google.com/run/docs/rollouts-rollbacks-traffic-migration
func (p *Platform) RunService(ctx *pulumi.Context, name string, a components.ServiceArgs, opts ...pulumi.ResourceOption) (components.ServiceState, error) {
	none := components.ServiceState{}
	switch {
	case a.CPU < 1 || a.CPU != math.Trunc(a.CPU):
		return none, components.Unsupported("gcp", "app.cpu", fmt.Sprintf("%g is no whole number of cores: with less than one, Cloud Run gives an instance one request at a time", a.CPU))
	case a.MemoryMiB < smallestMemory:
		return none, components.Unsupported("gcp", "app.memory", fmt.Sprintf("%d MiB are less than %d", a.MemoryMiB, smallestMemory))
	case len(a.Tracks) > 1 && p.settings.Domain == "":
		return none, components.Unsupported("gcp", "rollout.strategy", "without domain.name there is no load balancer, and nothing else leads past the weights to one slot")
	}
	d := deployment{args: a, revisions: map[components.Slot]pulumi.StringOutput{}}
	var err error
	if d.collector, err = p.collectorImage(ctx, opts); err != nil {
		return none, err
	}
	done, err := p.steps(ctx, d, opts)
	if err != nil {
		return none, err
	}
	for i, t := range a.Tracks {
		template := templateDigest(p.shape(a), p.app(d, t), d.sidecar())
		if d.revisions[t.Slot], err = p.revisionName(ctx, t, template, i == len(a.Tracks)-1, opts); err != nil {
			return none, err
		}
	}
	service, err := p.runRevisions(ctx, name, d, done, opts)
	if err != nil {
		return none, err
	}
	if err := p.admitEveryone(ctx, service, opts); err != nil {
		return none, err
	}
	scope := components.Scope{scopeService: service.Name, scopeURI: service.Uri, scopeHealthPath: pulumi.String(a.HealthPath).ToStringOutput()}
	if scope[scopeRestarts], scope[scopeErrors], err = p.countLogs(ctx, opts); err != nil {
		return none, err
	}
	health, err := p.health(d, service.Name, scope[scopeRestarts])
	if err != nil {
		return none, err
	}
	return components.ServiceState{Scope: scope, Health: health, Ready: p.serving(ctx, service, d)}, nil
}

// templateForm counts the forms of a template in what neither shape nor templateDigest names: probes, ports, execution environment. Whoever
// changes one of those adds one here. Otherwise Cloud Run is asked for another template under a name that it knows, and refuses.
const templateForm = 1

// shape is what a template has beside its containers.
func (p *Platform) shape(a components.ServiceArgs) pulumi.Array {
	return pulumi.Array{
		pulumi.Int(templateForm), pulumi.Int(p.settings.Concurrency), pulumi.Int(a.MaxReplicas), pulumi.Int(a.Port), pulumi.String(a.HealthPath), pulumi.String(a.ReadyPath),
		pulumi.String(requestTimeout), pulumi.Bool(p.settings.Prod), p.network.name, p.network.subnet, p.run.email, pulumi.Int(a.MinReplicas),
	}
}

// runRevisions makes the service with the newest track's template, and the traffic of all tracks. The least number of instances is each
// revision's, which has them for as long as it has a tag: a candidate has all of them before the first request is sent to it, and so has
// the version before until it is cleared away. Were it the service's, Cloud Run would divide it by traffic, and a shift to a revision
// without traffic would meet one cold instance.
//
// Requests from anywhere but the load balancer are refused if there is one, and the service's own address has no name then, but where
// slots are reached one by one: a tag's host name is a part of it. A stack that gets its domain now keeps both until the next update: the
// certificate takes minutes, in which nobody would be served. The app alone may use its own account, and has the second generation's
// full Linux.
//   - https://cloud.google.com/run/docs/configuring/min-instances
//   - https://cloud.google.com/run/docs/securing/ingress
//   - https://cloud.google.com/run/docs/securing/ingress#disable-url
//   - https://cloud.google.com/run/docs/about-execution-environments
func (p *Platform) runRevisions(ctx *pulumi.Context, name string, d deployment, done []any, opts []pulumi.ResourceOption) (*cloudrunv2.Service, error) {
	ingress, closed := "INGRESS_TRAFFIC_ALL", p.settings.Domain != "" && !p.settings.Opening
	if closed {
		ingress = "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"
	}
	newest := d.newest()
	revision := pulumi.All(append([]any{d.revisions[newest.Slot]}, done...)...).ApplyT(func(v []any) string { return v[0].(string) }).(pulumi.StringOutput)
	traffic := cloudrunv2.ServiceTrafficArray{}
	for _, t := range d.args.Tracks {
		to := d.revisions[t.Slot]
		if t.Slot == newest.Slot {
			to = revision
		}
		traffic = append(traffic, cloudrunv2.ServiceTrafficArgs{
			Type: pulumi.String(byRevision), Revision: to, Percent: pulumi.Int(t.Weight), Tag: pulumi.String(string(t.Slot)),
		})
	}
	made, err := cloudrunv2.NewService(ctx, name, &cloudrunv2.ServiceArgs{
		Name: pulumi.String(p.serviceName()), Project: pulumi.String(p.account), Location: pulumi.String(p.settings.Region), Ingress: pulumi.String(ingress),
		Description:        pulumi.String(fmt.Sprintf("Slipway %s/%s", p.project, p.stack)),
		DefaultUriDisabled: pulumi.Bool(closed && !p.settings.Slots),
		Template:           p.template(d, newest, revision), Traffics: traffic,
	}, p.cloudOpts(opts)...)
	if err != nil {
		return nil, fmt.Errorf("creating Cloud Run service: %w", err)
	}
	return made, nil
}

// template is what an instance of a track is.
//   - https://cloud.google.com/run/docs/configuring/healthchecks
//   - https://cloud.google.com/run/docs/deploying#sidecars
//   - https://cloud.google.com/run/docs/about-concurrency
func (p *Platform) template(d deployment, t components.Track, revision pulumi.StringOutput) cloudrunv2.ServiceTemplateArgs {
	app, side := p.app(d, t), d.sidecar()
	return cloudrunv2.ServiceTemplateArgs{
		Revision: revision, ServiceAccount: p.run.email, Timeout: pulumi.String(requestTimeout), SessionAffinity: pulumi.Bool(false),
		ExecutionEnvironment: pulumi.String("EXECUTION_ENVIRONMENT_GEN2"), MaxInstanceRequestConcurrency: pulumi.Int(p.settings.Concurrency),
		Scaling: cloudrunv2.ServiceTemplateScalingArgs{MinInstanceCount: pulumi.Int(d.args.MinReplicas), MaxInstanceCount: pulumi.Int(d.args.MaxReplicas)},
		VpcAccess: cloudrunv2.ServiceTemplateVpcAccessArgs{
			Egress: pulumi.String(privateOnly),
			NetworkInterfaces: cloudrunv2.ServiceTemplateVpcAccessNetworkInterfaceArray{cloudrunv2.ServiceTemplateVpcAccessNetworkInterfaceArgs{
				Network: p.network.name, Subnetwork: p.network.subnet, Tags: pulumi.ToStringArray([]string{runTag}),
			}},
		},
		Containers: cloudrunv2.ServiceTemplateContainerArray{
			cloudrunv2.ServiceTemplateContainerArgs{
				Name: pulumi.String(app.name), Image: app.image.StringOutput, Envs: app.serviceEnvironment(), Resources: p.resources(app, true),
				Ports: cloudrunv2.ServiceTemplateContainerPortArray{cloudrunv2.ServiceTemplateContainerPortArgs{Name: pulumi.String("http1"), ContainerPort: pulumi.Int(d.args.Port)}},
				// Together 120 s, of the 240 that Cloud Run allows.
				StartupProbe: cloudrunv2.ServiceTemplateContainerStartupProbeArgs{
					PeriodSeconds: pulumi.Int(3), TimeoutSeconds: pulumi.Int(2), FailureThreshold: pulumi.Int(40), InitialDelaySeconds: pulumi.Int(0),
					HttpGet: cloudrunv2.ServiceTemplateContainerStartupProbeHttpGetArgs{Path: pulumi.String(d.args.ReadyPath), Port: pulumi.Int(d.args.Port)},
				},
				LivenessProbe: cloudrunv2.ServiceTemplateContainerLivenessProbeArgs{
					PeriodSeconds: pulumi.Int(15), TimeoutSeconds: pulumi.Int(5), FailureThreshold: pulumi.Int(4), InitialDelaySeconds: pulumi.Int(0),
					HttpGet: cloudrunv2.ServiceTemplateContainerLivenessProbeHttpGetArgs{Path: pulumi.String(d.args.HealthPath), Port: pulumi.Int(d.args.Port)},
				},
			},
			cloudrunv2.ServiceTemplateContainerArgs{
				Name: pulumi.String(side.name), Image: side.image.StringOutput, Envs: side.serviceEnvironment(), Resources: p.resources(side, false),
				StartupProbe: cloudrunv2.ServiceTemplateContainerStartupProbeArgs{
					PeriodSeconds: pulumi.Int(3), TimeoutSeconds: pulumi.Int(2), FailureThreshold: pulumi.Int(20), InitialDelaySeconds: pulumi.Int(0),
					HttpGet: cloudrunv2.ServiceTemplateContainerStartupProbeHttpGetArgs{Path: pulumi.String("/"), Port: pulumi.Int(collectorPort)},
				},
			},
		},
	}
}

// resources are a container's limits. In dev an instance has its CPU while it serves requests, and is cheap the rest of the time; in prod
// always, so that telemetry leaves at once and a request finds a warm instance.
// https://cloud.google.com/run/docs/configuring/billing-settings
func (p *Platform) resources(c container, boost bool) cloudrunv2.ServiceTemplateContainerResourcesArgs {
	return cloudrunv2.ServiceTemplateContainerResourcesArgs{Limits: c.limits(), CpuIdle: pulumi.Bool(!p.settings.Prod), StartupCpuBoost: pulumi.Bool(boost)}
}

// admitEveryone lets requests through that no account of Google has signed: visitors have none, and the load balancer signs nothing.
// Who may send them is a matter of ingress.
// https://cloud.google.com/run/docs/authenticating/public
func (p *Platform) admitEveryone(ctx *pulumi.Context, service *cloudrunv2.Service, opts []pulumi.ResourceOption) error {
	_, err := cloudrunv2.NewServiceIamMember(ctx, "public", &cloudrunv2.ServiceIamMemberArgs{
		Project: pulumi.String(p.account), Location: pulumi.String(p.settings.Region), Name: service.Name,
		Role: pulumi.String("roles/run.invoker"), Member: pulumi.String("allUsers"),
	}, p.cloudOpts(opts)...)
	if err != nil {
		return fmt.Errorf("admitting visitors: %w", err)
	}
	return nil
}

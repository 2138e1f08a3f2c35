package azure

import (
	"context"
	"fmt"
	"maps"

	app "github.com/pulumi/pulumi-azure-native-sdk/app/v2/v20241002preview"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

const (
	migrateStep = "migrate"
	// stepSeconds is how long dbinit or a migration may take.
	stepSeconds = 1800
	// What a step has, in cores and MiB; a migration at least as much memory as an instance of the app.
	// https://learn.microsoft.com/azure/container-apps/containers#allocations
	stepCPU, stepMemory = 0.5, 1024
	// contentVariable tells each execution what it runs, so that one that has succeeded is found again.
	contentVariable = "SLIPWAY_CONTENT"
)

// step is what runs once before a version's instances: an execution of a job.
type step struct {
	name    string
	image   components.ImageRef
	command []string
	env     map[string]pulumi.StringInput
	secrets map[string]components.SecretRef
	who     identity
}

// steps runs dbinit and then the newest version's migration, each as one execution of a job that must succeed, and returns what is known
// when they have. dbinit has an identity of its own, and is the only one that is given the database's administrator; the migration has
// the app's identity, image, environment and secrets. What has run before, with the same image, environment and secrets, does not run
// again: a change of weights runs nothing, nor does going back to a version whose migrations are in the database.
// https://learn.microsoft.com/azure/container-apps/jobs
func (p *Platform) steps(ctx *pulumi.Context, d deployment, newest components.Track, back bool, opts []pulumi.ResourceOption) (done []pulumi.StringOutput, err error) {
	var all []step
	for _, s := range d.args.Init {
		all = append(all, step{name: s.Name, image: s.Image, command: s.Command, env: s.Env, secrets: s.Secrets, who: p.setup})
	}
	if len(d.args.Migrate) > 0 {
		all = append(all, step{name: migrateStep, image: newest.Image, command: d.args.Migrate, env: p.appEnvironment(d.args, newest), secrets: d.args.Secrets, who: p.identity})
	}
	for _, s := range all {
		content := s.content()
		job, err := p.job(ctx, s, content, back, opts)
		if err != nil {
			return nil, err
		}
		if !ctx.DryRun() && !back {
			done = append(done, p.execute(ctx, s.name, job, content, done))
		}
	}
	return done, nil
}

// content is a hash of all that an execution of the step is made of.
func (s step) content() pulumi.StringOutput {
	return digestOf(s.image.StringOutput, pulumi.ToStringArray(s.command), environmentOf(s.name, s.env, s.secrets), addresses(links(s.name, s.secrets)))
}

// job makes the job of a step, or changes it. It is started by nobody but a deployment. Its identity pulls the image and reads the
// secrets, and is offered to no container. Nothing is tried again by itself: a migration that has failed is looked at first.
//   - https://learn.microsoft.com/azure/templates/microsoft.app/2024-10-02-preview/jobs
//   - https://learn.microsoft.com/azure/container-apps/managed-identity#control-managed-identity-availability
func (p *Platform) job(ctx *pulumi.Context, s step, content pulumi.StringOutput, back bool, opts []pulumi.ResourceOption) (*app.Job, error) {
	more := []pulumi.ResourceOption{pulumi.DependsOn(p.registry.pull)}
	if back { // what runs next is the next version's
		more = append(more, pulumi.IgnoreChanges([]string{"template", "configuration"}))
	}
	env := maps.Clone(s.env)
	if env == nil {
		env = map[string]pulumi.StringInput{}
	}
	env[contentVariable] = content
	made, err := app.NewJob(ctx, s.name, &app.JobArgs{
		ResourceGroupName: p.group, JobName: pulumi.String(p.fixed(s.name, 32)), EnvironmentId: p.cluster.id, WorkloadProfileName: pulumi.String(consumption),
		Identity: app.ManagedServiceIdentityArgs{Type: pulumi.String("UserAssigned"), UserAssignedIdentities: pulumi.StringArray{s.who.id}},
		Configuration: app.JobConfigurationArgs{
			TriggerType: pulumi.String("Manual"), ManualTriggerConfig: app.JobConfigurationManualTriggerConfigArgs{Parallelism: pulumi.Int(1), ReplicaCompletionCount: pulumi.Int(1)},
			ReplicaRetryLimit: pulumi.Int(0), ReplicaTimeout: pulumi.Int(stepSeconds), IdentitySettings: offeredToNone(s.who),
			Registries: app.RegistryCredentialsArray{app.RegistryCredentialsArgs{Server: p.registry.server, Identity: s.who.id}},
			Secrets:    p.secrets(links(s.name, s.secrets), nil, s.who),
		},
		Template: app.JobTemplateArgs{Containers: app.ContainerArray{app.ContainerArgs{
			Name: pulumi.String(s.name), Image: s.image.StringOutput, Args: pulumi.ToStringArray(s.command), Env: environmentOf(s.name, env, s.secrets),
			Resources: app.ContainerResourcesArgs{Cpu: pulumi.Float64(stepCPU), Memory: pulumi.String(gibibytes(stepMemory))},
		}}},
	}, p.cloudOpts(opts, more...)...)
	if err != nil {
		return nil, fmt.Errorf("creating the job %s: %w", s.name, err)
	}
	return made, nil
}

// execute is known when an execution of the job with this content has succeeded, and fails otherwise. Pulumi can start no job, so this is
// one of the places where the program talks to Azure while outputs are resolved (docs/adr/0017-azure-api-versions.md).
func (p *Platform) execute(ctx *pulumi.Context, name string, job *app.Job, content pulumi.StringOutput, before []pulumi.StringOutput) pulumi.StringOutput {
	inputs := []any{after(ctx, job.ID().ToStringOutput(), job), content}
	for _, b := range before {
		inputs = append(inputs, b)
	}
	return pulumi.All(inputs...).ApplyTWithContext(ctx.Context(), func(call context.Context, v []any) (string, error) {
		if err := p.settings.Operations.RunJob(call, p.deployer(ctx), v[0].(string), v[1].(string)); err != nil {
			return "", fmt.Errorf("%s has not succeeded, and nothing was deployed after it: %w", name, err)
		}
		return name, nil
	}).(pulumi.StringOutput)
}

// offeredToNone keeps an identity out of every container's reach: Azure itself pulls images and reads secrets with it.
// https://learn.microsoft.com/azure/container-apps/managed-identity#control-managed-identity-availability
func offeredToNone(who identity) app.IdentitySettingsArray {
	return app.IdentitySettingsArray{app.IdentitySettingsArgs{Identity: who.id, Lifecycle: pulumi.String("None")}}
}

package gcp

import (
	"fmt"

	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/cloudrunv2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

const (
	// stepTimeout is how long dbinit or a migration may take.
	stepTimeout = "1800s"
	// stepPatience is how long Pulumi waits for it, with what Cloud Run needs to start it.
	stepPatience = "40m"
	// A job's task has whole cores, and the memory that goes with one.
	// https://cloud.google.com/run/docs/configuring/jobs/cpu
	stepCPU, stepMemory = "1", 512
	// stepRetries is how often a task is tried again. Google asks for at least one and has 3 as the default: a machine may end under a task.
	// https://cloud.google.com/run/docs/jobs-retries
	stepRetries = 3
)

// jobName is the name of a step's job. With the token of an execution it may have 63 characters, which leaves 13 for the step.
// https://www.pulumi.com/registry/packages/gcp/api-docs/cloudrunv2/job/#runexecutiontoken
func (p *Platform) jobName(step string) string { return p.serviceName() + "-" + clean(step) }

// migration is the name of the step that migrates for one version. Each version has a job of its own, as it migrates once: going back to
// the version before must not run its migrations on a schema that is ahead of them.
func migration(t components.Track) string { return fmt.Sprintf("%s-%d", migrateStep, t.Sequence) }

// jobsPattern finds the names of all of a stack's jobs, as a regular expression.
func (p *Platform) jobsPattern() string {
	return fmt.Sprintf("^(%s|%s-[0-9]+)$", p.jobName("dbinit"), p.jobName(migrateStep))
}

// steps runs dbinit and then the newest version's migration, each as the execution of a job that must succeed, and returns what is known
// when they have. The migration has the version's image, and the app's environment and account. The job of the other version stays as it
// is, for as long as the version does.
// https://cloud.google.com/run/docs/create-jobs
func (p *Platform) steps(ctx *pulumi.Context, d deployment, opts []pulumi.ResourceOption) ([]any, error) {
	var done []any
	var before []pulumi.Resource
	run := func(c container, who identity, newest bool) error {
		job, err := p.runJob(ctx, c, who, newest, append([]pulumi.ResourceOption{pulumi.DependsOn(before)}, opts...))
		if err != nil || !newest {
			return err
		}
		before, done = append(before, job), append(done, p.finished(ctx, c.name, job))
		return nil
	}
	for _, s := range d.args.Init {
		if err := run(container{name: s.Name, image: s.Image, command: s.Command, env: s.Env, secrets: s.Secrets, cpu: stepCPU, memory: stepMemory}, p.init, true); err != nil {
			return nil, err
		}
	}
	for i, t := range d.args.Tracks {
		if len(d.args.Migrate) == 0 {
			break
		}
		c := p.app(d, t)
		c.name, c.command, c.memory = migration(t), d.args.Migrate, max(stepMemory, c.memory)
		if err := run(c, p.run, i == len(d.args.Tracks)-1); err != nil {
			return nil, err
		}
	}
	return done, nil
}

// runJob makes a job, or changes it, and waits for an execution of it. The token names the execution: it is another one whenever anything
// in the job is, labels too, and then the job runs: a changed job with a token that is used would name an execution that exists. A task that
// ends early is tried again, as steps are idempotent (docs/app-contract.md). What is not the newest is left alone.
//   - https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.jobs
//   - https://cloud.google.com/run/docs/configuring/max-retries
//   - https://www.pulumi.com/registry/packages/gcp/api-docs/cloudrunv2/job/
func (p *Platform) runJob(ctx *pulumi.Context, c container, who identity, newest bool, opts []pulumi.ResourceOption) (*cloudrunv2.Job, error) {
	var keepToken, keepJob []pulumi.ResourceOption
	if !newest {
		keepToken, keepJob = append(keepToken, pulumi.IgnoreChanges([]string{"keepers"})), append(keepJob, pulumi.IgnoreChanges([]string{"template", "labels"}))
	}
	shape := pulumi.Array{pulumi.String(stepTimeout), pulumi.Int(stepRetries), p.network.name, p.network.subnet, who.email, p.labels()}
	token, err := p.unique(ctx, c.name, pulumi.StringMap{"template": templateDigest(shape, c)}, opts, keepToken...)
	if err != nil {
		return nil, err
	}
	job, err := cloudrunv2.NewJob(ctx, c.name, &cloudrunv2.JobArgs{
		Name: pulumi.String(p.jobName(c.name)), Project: pulumi.String(p.account), Location: pulumi.String(p.settings.Region), RunExecutionToken: token,
		Template: cloudrunv2.JobTemplateArgs{TaskCount: pulumi.Int(1), Parallelism: pulumi.Int(1), Template: p.task(c, who)},
	}, p.cloudOpts(opts, append(keepJob, pulumi.Timeouts(&pulumi.CustomTimeouts{Create: stepPatience, Update: stepPatience}))...)...)
	if err != nil {
		return nil, fmt.Errorf("running %s: %w", c.name, err)
	}
	return job, nil
}

// task is what an execution of a job does.
// https://cloud.google.com/run/docs/reference/rest/v2/TaskTemplate
func (p *Platform) task(c container, who identity) cloudrunv2.JobTemplateTemplateArgs {
	return cloudrunv2.JobTemplateTemplateArgs{
		ServiceAccount: who.email, MaxRetries: pulumi.Int(stepRetries), Timeout: pulumi.String(stepTimeout), ExecutionEnvironment: pulumi.String("EXECUTION_ENVIRONMENT_GEN2"),
		Containers: cloudrunv2.JobTemplateTemplateContainerArray{cloudrunv2.JobTemplateTemplateContainerArgs{
			Name: pulumi.String(clean(c.name)), Image: c.image.StringOutput, Args: arguments(c.command), Envs: c.jobEnvironment(),
			Resources: cloudrunv2.JobTemplateTemplateContainerResourcesArgs{Limits: c.limits()},
		}},
		VpcAccess: cloudrunv2.JobTemplateTemplateVpcAccessArgs{
			Egress: pulumi.String(privateOnly),
			NetworkInterfaces: cloudrunv2.JobTemplateTemplateVpcAccessNetworkInterfaceArray{cloudrunv2.JobTemplateTemplateVpcAccessNetworkInterfaceArgs{
				Network: p.network.name, Subnetwork: p.network.subnet, Tags: pulumi.ToStringArray([]string{runTag}),
			}},
		},
	}
}

func arguments(command []string) pulumi.StringArrayInput {
	if len(command) == 0 {
		return nil
	}
	return pulumi.ToStringArray(command)
}

// finished is known when the job's execution has succeeded, and fails otherwise. The provider waits by itself, but once it has failed it
// takes the job for made, and the next update would go on without the step. A preview asks nothing.
// https://www.pulumi.com/registry/packages/gcp/api-docs/cloudrunv2/getjob/
func (p *Platform) finished(ctx *pulumi.Context, step string, job *cloudrunv2.Job) pulumi.StringOutput {
	if ctx.DryRun() {
		return job.Name
	}
	found := cloudrunv2.LookupJobOutput(ctx, cloudrunv2.LookupJobOutputArgs{
		Name: job.Name, Project: pulumi.String(p.account), Location: pulumi.String(p.settings.Region),
	}, pulumi.Parent(p), pulumi.Provider(p.cloud), pulumi.DependsOn([]pulumi.Resource{job}))
	return pulumi.All(job.Name, found.TerminalConditions()).ApplyT(func(v []any) (string, error) {
		name, conditions := v[0].(string), v[1].([]cloudrunv2.GetJobTerminalCondition)
		if len(conditions) == 1 && conditions[0].State == succeeded {
			return name, nil
		}
		return "", fmt.Errorf("the last execution of %s has not succeeded (%v); nothing was deployed after it. Its log: gcloud run jobs logs read %s --region %s. "+
			"`go run . up` clears it away and runs it again; by hand: gcloud run jobs delete %s --region %s, then pulumi refresh", step, conditions, name, p.settings.Region, name, p.settings.Region)
	}).(pulumi.StringOutput)
}

// succeeded is the state of a condition that holds.
// https://cloud.google.com/run/docs/reference/rest/v2/Condition
const succeeded = "CONDITION_SUCCEEDED"

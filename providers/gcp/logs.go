package gcp

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/logging"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// logBucket is where the stack's logs are kept.
type logBucket struct {
	// id is the bucket's full name, known when logs go there.
	id pulumi.StringOutput
}

// filter finds all that the stack's resources write. Names that Pulumi ends are found by their beginning.
// https://cloud.google.com/logging/docs/view/logging-query-language
func (p *Platform) filter() string {
	return strings.Join([]string{
		fmt.Sprintf(`(resource.type="cloud_run_revision" AND resource.labels.service_name="%s")`, p.serviceName()),
		fmt.Sprintf(`(resource.type="cloud_run_job" AND resource.labels.job_name=~"%s")`, p.jobsPattern()),
		fmt.Sprintf(`(resource.type="cloudsql_database" AND resource.labels.database_id=~"^%s:%s-")`, p.account, p.instanceName(databaseComponent)),
		fmt.Sprintf(`(resource.type="redis_instance" AND resource.labels.instance_id=~"/instances/%s-")`, p.name("cache", cacheNameLimit)),
		fmt.Sprintf(`(resource.type="http_load_balancer" AND resource.labels.url_map_name=~"^%s-")`, p.name("", longest)),
		fmt.Sprintf(`(resource.type="gce_subnetwork" AND resource.labels.subnetwork_name=~"^%s-")`, p.name("run", longest)),
	}, " OR ")
}

// makeLogs makes a log bucket with the configured retention, sends the stack's logs there, and keeps them out of the project's own
// bucket, where they would be paid for twice and end after 30 days. A bucket that is deleted blocks its name for a week, so the name has
// a random end. It is encrypted with the stack's key if there is one.
//   - https://cloud.google.com/logging/docs/buckets
//   - https://cloud.google.com/logging/docs/routing/overview
//   - https://cloud.google.com/logging/docs/routing/managed-encryption-storage
func (p *Platform) makeLogs(ctx *pulumi.Context) error {
	id, err := p.unique(ctx, "logs", nil, p.own())
	if err != nil {
		return err
	}
	args := &logging.ProjectBucketConfigArgs{
		Project: pulumi.String(p.account), Location: pulumi.String(p.settings.Region), BucketId: pulumi.Sprintf("%s-%s", p.fixed("logs", 91), id),
		RetentionDays: pulumi.Int(p.settings.LogDays), Description: pulumi.String(fmt.Sprintf("Slipway %s/%s", p.project, p.stack)),
	}
	if p.key.made {
		args.CmekSettings = logging.ProjectBucketConfigCmekSettingsArgs{KmsKeyName: p.key.id}
	}
	bucket, err := logging.NewProjectBucketConfig(ctx, "logs", args, p.cloudOpts(p.own())...)
	if err != nil {
		return fmt.Errorf("creating log bucket: %w", err)
	}
	sink, err := logging.NewProjectSink(ctx, p.name("logs", 100), &logging.ProjectSinkArgs{
		Project: pulumi.String(p.account), Filter: pulumi.String(p.filter()), UniqueWriterIdentity: pulumi.Bool(true),
		Destination: pulumi.Sprintf("logging.googleapis.com/%s", bucket.ID()), Description: pulumi.String("The stack's logs, to their own bucket"),
	}, p.cloudOpts(p.own())...)
	if err != nil {
		return fmt.Errorf("sending logs to their bucket: %w", err)
	}
	_, err = logging.NewProjectExclusion(ctx, p.name("logs", 100), &logging.ProjectExclusionArgs{
		Project: pulumi.String(p.account), Filter: pulumi.String(p.filter()), Description: pulumi.String("Kept in the stack's own bucket"),
	}, p.cloudOpts(p.own(), pulumi.DependsOn([]pulumi.Resource{sink}))...)
	if err != nil {
		return fmt.Errorf("keeping logs out of the project's bucket: %w", err)
	}
	p.logs.id = after(ctx, bucket.ID().ToStringOutput(), sink)
	return nil
}

// LogBucketName is the beginning of the name of a stack's log bucket.
func LogBucketName(app, stack string) string {
	p := &Platform{settings: Settings{App: app}, stack: stack}
	return p.fixed("logs", 91) + "-"
}

package aws

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// logGroup makes a log group, encrypted with the stack's key and kept as long as configured. name is the logical name; path is
// the log group's own, for services that demand a certain one, and nil for /slipway/<project>/<stack>/<name>.
//   - https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Working-with-log-groups-and-streams.html
//   - https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
func (p *Platform) logGroup(ctx *pulumi.Context, name string, path pulumi.StringInput, opts []pulumi.ResourceOption) (*cloudwatch.LogGroup, error) {
	if path == nil {
		path = pulumi.String("/" + p.path(name))
	}
	g, err := cloudwatch.NewLogGroup(ctx, name, &cloudwatch.LogGroupArgs{
		Name:            path,
		KmsKeyId:        p.key.arn,
		RetentionInDays: pulumi.Int(p.settings.LogDays),
	}, p.cloudOpts(opts)...)
	if err != nil {
		return nil, fmt.Errorf("creating log group %s: %w", name, err)
	}
	return g, nil
}

// databaseNameLimit is what an instance's identifier, 63 characters, leaves beside a hyphen and its eight random digits.
const databaseNameLimit = 63 - 1 - 8

// LogGroups are the log groups that a person reads, by component: names, or beginnings of names, which end in a hyphen.
func LogGroups(app, project, stack string) map[string]string {
	p := &Platform{settings: Settings{App: app}, project: project, stack: stack}
	return map[string]string{
		"service":  "/" + p.path("app"),
		"database": "/aws/rds/instance/" + p.fixed("database", databaseNameLimit) + "-",
		"cache":    "/aws/vendedlogs/" + p.path("cache") + "-",
	}
}

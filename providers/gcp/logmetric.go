package gcp

import (
	"fmt"

	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/logging"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// logMetricRow counts lines of the log.
type logMetricRow struct{ part, description, filter string }

// logMetricRows are counted on the app's service: what Cloud Run says of instances that ended without being asked to, and errors of the
// app and of what runs beside it. An instance that is no longer needed and ends with code 0 is none of those.
//   - https://cloud.google.com/run/docs/troubleshooting
//   - https://cloud.google.com/run/docs/logging
var logMetricRows = []logMetricRow{
	{"restarts", "Instances that ended by themselves", `logName:"run.googleapis.com%2Fvarlog%2Fsystem" AND textPayload=~"(Container called exit\([1-9]|Container terminated on signal|Memory limit of .* exceeded)"`},
	{"errors", "Errors in the app's log", `severity>=ERROR AND NOT logName:"run.googleapis.com%2Frequests"`},
}

// countLogs makes metrics of lines in the log. They must be there before an alarm watches them.
//   - https://cloud.google.com/logging/docs/logs-based-metrics
//   - https://cloud.google.com/logging/docs/logs-based-metrics/counter-metrics
func (p *Platform) countLogs(ctx *pulumi.Context, opts []pulumi.ResourceOption) (restarts, errors pulumi.StringOutput, err error) {
	var types []pulumi.StringOutput
	for _, row := range logMetricRows {
		made, err := logging.NewMetric(ctx, p.name(row.part, 100), &logging.MetricArgs{
			Project: pulumi.String(p.account), Description: pulumi.String(row.description),
			Filter: pulumi.String(fmt.Sprintf(`resource.type="cloud_run_revision" AND resource.labels.service_name="%s" AND %s`, p.serviceName(), row.filter)),
			MetricDescriptor: logging.MetricMetricDescriptorArgs{
				MetricKind: pulumi.String("DELTA"), ValueType: pulumi.String("INT64"), Unit: pulumi.String("1"), DisplayName: pulumi.String(row.description),
			},
		}, p.cloudOpts(opts)...)
		if err != nil {
			return restarts, errors, fmt.Errorf("counting %s: %w", row.part, err)
		}
		types = append(types, pulumi.Sprintf("logging.googleapis.com/user/%s", made.Name))
	}
	return types[0], types[1], nil
}

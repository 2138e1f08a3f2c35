package gcp

import (
	"fmt"
	"maps"
	"time"

	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/logging"
	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/monitoring"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// LabelSignal is the label of an alert policy that says which signal it watches. The command line finds the gates of a rollout by it.
const LabelSignal = "slipway-signal"

// calm is how long an incident without data stays open.
const calm = "3600s"

// WatchSignals makes one alert policy for each signal, a check that asks the public address from outside, and the channels that tell people
// when an incident opens and when it closes. In prod, a change of the database's settings is told too, as the CIS benchmark asks for. It
// fails on a configured threshold of a signal that this stack has no figures for (ErrUnsupported).
//   - https://cloud.google.com/monitoring/alerts
//   - https://cloud.google.com/monitoring/alerts/concepts-indepth
func (p *Platform) WatchSignals(ctx *pulumi.Context, name string, a components.AlarmArgs, opts ...pulumi.ResourceOption) (components.AlarmState, error) {
	none := components.AlarmState{}
	scope := components.Scope{}
	if a.Scopes.Edge != nil {
		id, err := p.checkUptime(ctx, name, a.Scopes.Edge, opts)
		if err != nil {
			return none, err
		}
		a.Scopes.Edge, scope[scopeUptime] = withUptime(a.Scopes.Edge, id), id
	}
	measured, err := measurements(a.Signals, a.Scopes)
	if err != nil {
		return none, err
	}
	told, err := p.channels(ctx, a, opts)
	if err != nil {
		return none, err
	}
	for _, row := range measured {
		policy, err := p.watch(ctx, row, told, opts)
		if err != nil {
			return none, err
		}
		scope["policy."+row.ID] = policy.Name
	}
	if p.settings.Prod && a.Scopes.Database != nil {
		if err := p.watchChanges(ctx, a.Scopes.Database, told, opts); err != nil {
			return none, err
		}
	}
	return components.AlarmState{Scope: scope}, nil
}

func withUptime(edge components.Scope, id pulumi.StringOutput) components.Scope {
	out := maps.Clone(edge)
	out[scopeUptime] = id
	return out
}

// watch makes the alert policy of a signal. A duration is a multiple of a minute; only with one does it matter what missing data means.
//   - https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies
//   - https://www.pulumi.com/registry/packages/gcp/api-docs/monitoring/alertpolicy/
func (p *Platform) watch(ctx *pulumi.Context, row measuredSignal, told pulumi.StringArray, opts []pulumi.ResourceOption) (*monitoring.AlertPolicy, error) {
	period := pulumi.String(fmt.Sprintf("%ds", row.period))
	comparison := "COMPARISON_GT"
	if row.Below {
		comparison = "COMPARISON_LT"
	}
	minutes := (row.For + time.Minute - 1) / time.Minute
	aligner, reducer := row.field(func(q query) string { return q.aligner }), row.field(func(q query) string { return q.reducer })
	condition := monitoring.AlertPolicyConditionConditionThresholdArgs{
		Filter: row.field(func(q query) string { return q.filter }), Comparison: pulumi.String(comparison), ThresholdValue: row.threshold(),
		Duration: pulumi.String(fmt.Sprintf("%ds", minutes*60)), Trigger: monitoring.AlertPolicyConditionConditionThresholdTriggerArgs{Count: pulumi.Int(1)},
		Aggregations: monitoring.AlertPolicyConditionConditionThresholdAggregationArray{monitoring.AlertPolicyConditionConditionThresholdAggregationArgs{
			AlignmentPeriod: period, PerSeriesAligner: aligner, CrossSeriesReducer: reducer,
		}},
	}
	if minutes > 0 {
		condition.EvaluationMissingData = pulumi.String(row.missing)
	}
	if row.ID == shareOf {
		condition.DenominatorFilter = row.field(func(q query) string { return q.denominator })
		condition.DenominatorAggregations = monitoring.AlertPolicyConditionConditionThresholdDenominatorAggregationArray{monitoring.AlertPolicyConditionConditionThresholdDenominatorAggregationArgs{
			AlignmentPeriod: period, PerSeriesAligner: aligner, CrossSeriesReducer: reducer,
		}}
	}
	policy, err := monitoring.NewAlertPolicy(ctx, p.name(row.ID, longest), &monitoring.AlertPolicyArgs{
		Project: pulumi.String(p.account), DisplayName: pulumi.String(fmt.Sprintf("%s: %s", p.base(), row.Title)), Combiner: pulumi.String("OR"), Enabled: pulumi.Bool(true),
		Severity: pulumi.String(severities[row.Severity]), NotificationChannels: told, UserLabels: pulumi.StringMap{LabelSignal: pulumi.String(row.ID)},
		Conditions:    monitoring.AlertPolicyConditionArray{monitoring.AlertPolicyConditionArgs{DisplayName: pulumi.String(row.Title), ConditionThreshold: condition}},
		Documentation: monitoring.AlertPolicyDocumentationArgs{Content: pulumi.String(describe(row.Signal)), MimeType: pulumi.String("text/markdown")},
		AlertStrategy: monitoring.AlertPolicyAlertStrategyArgs{AutoClose: pulumi.String(calm)},
	}, p.cloudOpts(opts)...)
	if err != nil {
		return nil, fmt.Errorf("creating alert policy of %s: %w", row.ID, err)
	}
	return policy, nil
}

// shareOf is the only signal that is a share of something else.
const shareOf = "error-rate"

// severities are Google's words for ours.
var severities = map[components.Severity]string{components.Critical: "CRITICAL", components.Warning: "WARNING"}

// describe says in a few words what an alert means; it is read in mails and in the console.
func describe(row components.Signal) string {
	relation := "above"
	if row.Below {
		relation = "below"
	}
	text := fmt.Sprintf("%s %s %g %s", row.Title, relation, row.Threshold, row.Unit)
	if row.For > 0 {
		text += fmt.Sprintf(" for %g min", row.For.Minutes())
	}
	return text + ". " + row.Meaning
}

// watchChanges counts changes of databases' settings in the audit log, and tells of each of the stack's own (CIS 2.12). The alert needs the
// instance's name, so it comes after the instance: Cloud Monitoring refuses an alert on a metric of the log in the metric's first minutes,
// and the provider does not try again.
//   - https://cloud.google.com/sql/docs/postgres/audit-logging
//   - https://cloud.google.com/logging/docs/logs-based-metrics/counter-metrics
//   - https://github.com/hashicorp/terraform-provider-google/issues/11102
func (p *Platform) watchChanges(ctx *pulumi.Context, database components.Scope, told pulumi.StringArray, opts []pulumi.ResourceOption) error {
	const title = "The database's settings were changed"
	metric, err := logging.NewMetric(ctx, p.name("database-changes", 100), &logging.MetricArgs{
		Project: pulumi.String(p.account), Description: pulumi.String(title),
		Filter:           pulumi.String(`resource.type="cloudsql_database" AND protoPayload.methodName="cloudsql.instances.update"`),
		MetricDescriptor: logging.MetricMetricDescriptorArgs{MetricKind: pulumi.String("DELTA"), ValueType: pulumi.String("INT64"), Unit: pulumi.String("1")},
	}, p.cloudOpts(opts)...)
	if err != nil {
		return fmt.Errorf("counting changes of the database's settings: %w", err)
	}
	_, err = monitoring.NewAlertPolicy(ctx, p.name("database-changes", longest), &monitoring.AlertPolicyArgs{
		Project: pulumi.String(p.account), DisplayName: pulumi.String(p.base() + ": " + title), Combiner: pulumi.String("OR"), Enabled: pulumi.Bool(true),
		Severity: pulumi.String("WARNING"), NotificationChannels: told,
		Conditions: monitoring.AlertPolicyConditionArray{monitoring.AlertPolicyConditionArgs{
			DisplayName: pulumi.String(title), ConditionThreshold: monitoring.AlertPolicyConditionConditionThresholdArgs{
				Filter: pulumi.Sprintf(`resource.type="cloudsql_database" AND resource.labels.database_id="%s" AND metric.type="logging.googleapis.com/user/%s"`,
					database[scopeDatabase], metric.Name),
				Comparison: pulumi.String("COMPARISON_GT"), ThresholdValue: pulumi.Float64(0), Duration: pulumi.String("0s"),
				Aggregations: monitoring.AlertPolicyConditionConditionThresholdAggregationArray{monitoring.AlertPolicyConditionConditionThresholdAggregationArgs{
					AlignmentPeriod: pulumi.String("300s"), PerSeriesAligner: pulumi.String("ALIGN_DELTA"), CrossSeriesReducer: pulumi.String("REDUCE_SUM"),
				}},
			},
		}},
		Documentation: monitoring.AlertPolicyDocumentationArgs{Content: pulumi.String(title + ". Deployments do so too; look in the audit log who it was."), MimeType: pulumi.String("text/markdown")},
		AlertStrategy: monitoring.AlertPolicyAlertStrategyArgs{AutoClose: pulumi.String(calm)},
	}, p.cloudOpts(opts)...)
	if err != nil {
		return fmt.Errorf("creating alert policy of changes of the database's settings: %w", err)
	}
	return nil
}

package azure

import (
	"fmt"
	"slices"
	"strings"

	metricalerts "github.com/pulumi/pulumi-azure-native-sdk/insights/v2/v20180301"
	actiongroups "github.com/pulumi/pulumi-azure-native-sdk/insights/v2/v20230101"
	queryalerts "github.com/pulumi/pulumi-azure-native-sdk/insights/v2/v20231201"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// scopeRule is the key of an alert rule's id in the scope of alarms, before the signal's id.
const scopeRule = "rule."

// WatchSignals makes one alert rule for each signal, and an action group that tells the e-mail addresses and calls the webhook when one
// goes off and when it is over. It fails on a configured threshold of a signal that this stack has no figures for (ErrUnsupported).
//   - https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-overview
//   - https://learn.microsoft.com/azure/azure-monitor/alerts/action-groups
func (p *Platform) WatchSignals(ctx *pulumi.Context, name string, a components.AlarmArgs, opts ...pulumi.ResourceOption) (components.AlarmState, error) {
	none := components.AlarmState{}
	measured, err := measurements(a.Signals, a.Scopes)
	if err != nil {
		return none, err
	}
	told, err := p.actionGroup(ctx, name, a, opts)
	if err != nil {
		return none, err
	}
	scope := components.Scope{scopeGroup: p.group, scopeWorkspace: p.logs.workspace}
	for _, row := range measured {
		rule, err := p.watch(ctx, row, told, opts)
		if err != nil {
			return none, err
		}
		scope[scopeRule+row.ID] = rule
	}
	return components.AlarmState{Scope: scope}, nil
}

// actionGroup makes the list of who is told. The webhook's address is a secret. Azure first writes to each e-mail address that it is
// now in the group.
// https://learn.microsoft.com/azure/templates/microsoft.insights/2023-01-01/actiongroups
func (p *Platform) actionGroup(ctx *pulumi.Context, name string, a components.AlarmArgs, opts []pulumi.ResourceOption) (pulumi.StringOutput, error) {
	args := &actiongroups.ActionGroupArgs{
		ResourceGroupName: p.group, Location: pulumi.String("Global"), Enabled: pulumi.Bool(true), GroupShortName: pulumi.String(strings.TrimRight(p.settings.App[:min(12, len(p.settings.App))], "-")),
	}
	var emails actiongroups.EmailReceiverArray
	for _, address := range slices.Compact(slices.Sorted(slices.Values(a.Emails))) {
		emails = append(emails, actiongroups.EmailReceiverArgs{Name: pulumi.String(address), EmailAddress: pulumi.String(address), UseCommonAlertSchema: pulumi.Bool(true)})
	}
	args.EmailReceivers = emails
	if a.Webhook != nil {
		args.WebhookReceivers = actiongroups.WebhookReceiverArray{actiongroups.WebhookReceiverArgs{
			Name: pulumi.String("webhook"), ServiceUri: pulumi.ToSecret(a.Webhook).(pulumi.StringOutput), UseCommonAlertSchema: pulumi.Bool(true),
		}}
	}
	made, err := actiongroups.NewActionGroup(ctx, p.name(name, 260), args, p.cloudOpts(opts, pulumi.AdditionalSecretOutputs([]string{"webhookReceivers"}))...)
	if err != nil {
		return pulumi.StringOutput{}, fmt.Errorf("creating action group: %w", err)
	}
	return made.ID().ToStringOutput(), nil
}

// severities are Azure's: 0 is the worst.
var severities = map[components.Severity]int{components.Critical: 1, components.Warning: 2}

// watch makes the alert rule of a signal and returns its id.
func (p *Platform) watch(ctx *pulumi.Context, row measuredSignal, told pulumi.StringOutput, opts []pulumi.ResourceOption) (pulumi.StringOutput, error) {
	switch {
	case row.query != "":
		return p.watchQuery(ctx, row, told, opts)
	case row.test != "":
		return p.watchTest(ctx, row, told, opts)
	}
	return p.watchMetric(ctx, row, told, opts)
}

// operator compares a value with a threshold.
func operator(row components.Signal) string {
	if row.Below {
		return "LessThan"
	}
	return "GreaterThan"
}

// watchMetric looks at a metric every minute.
//   - https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-types#metric-alerts
//   - https://learn.microsoft.com/azure/templates/microsoft.insights/2018-03-01/metricalerts
func (p *Platform) watchMetric(ctx *pulumi.Context, row measuredSignal, told pulumi.StringOutput, opts []pulumi.ResourceOption) (pulumi.StringOutput, error) {
	criterion := metricalerts.MetricCriteriaArgs{
		Name: pulumi.String(row.ID), CriterionType: pulumi.String("StaticThresholdCriterion"), MetricNamespace: pulumi.String(row.namespace), MetricName: pulumi.String(row.metric),
		TimeAggregation: pulumi.String(row.aggregation), Operator: pulumi.String(operator(row.Signal)), Threshold: row.threshold(row.Signal),
		SkipMetricValidation: pulumi.Bool(true), // Azure knows a metric of a new resource only when the first value has come
	}
	if row.apart != "" {
		criterion.Dimensions = metricalerts.MetricDimensionArray{metricalerts.MetricDimensionArgs{
			Name: pulumi.String(row.apart), Operator: pulumi.String("Include"), Values: pulumi.ToStringArray([]string{"*"}),
		}}
	}
	all := metricalerts.MetricCriteriaArray{criterion}
	if row.volume != "" {
		all = append(all, metricalerts.MetricCriteriaArgs{
			Name: pulumi.String("volume"), CriterionType: pulumi.String("StaticThresholdCriterion"), MetricNamespace: pulumi.String(row.namespace), MetricName: pulumi.String(row.volume),
			TimeAggregation: pulumi.String("Total"), Operator: pulumi.String("GreaterThanOrEqual"), Threshold: pulumi.Float64(leastVolume), SkipMetricValidation: pulumi.Bool(true),
		})
	}
	return p.alertRule(ctx, row, metricalerts.MetricAlertSingleResourceMultipleMetricCriteriaArgs{
		OdataType: pulumi.String("Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria"), AllOf: all,
	}, pulumi.StringArray{row.scope[row.needs[0]]}, told, opts)
}

// watchTest makes the web test of a signal, and looks at its answers.
// https://learn.microsoft.com/azure/azure-monitor/app/availability-alerts
func (p *Platform) watchTest(ctx *pulumi.Context, row measuredSignal, told pulumi.StringOutput, opts []pulumi.ResourceOption) (pulumi.StringOutput, error) {
	test, err := p.webTest(ctx, row.Signal, row.measurement, opts)
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	failed := failing(row.Signal)
	if row.test == testCertificate {
		failed = 1
	}
	return p.alertRule(ctx, row, metricalerts.WebtestLocationAvailabilityCriteriaArgs{
		OdataType: pulumi.String("Microsoft.Azure.Monitor.WebtestLocationAvailabilityCriteria"),
		WebTestId: test.ID(), ComponentId: p.logs.application, FailedLocationCount: pulumi.Float64(float64(failed)),
	}, pulumi.StringArray{test.ID().ToStringOutput(), p.logs.application}, told, opts)
}

// failing is how many of the places that ask must get no answer: two, so that one with troubles of its own sets nothing off, or as many as
// bring the answers below a configured share.
func failing(row components.Signal) int {
	if !row.Configured {
		return 2
	}
	for failed := 1; failed < len(testLocations); failed++ {
		if 100*float64(len(testLocations)-failed)/float64(len(testLocations)) < row.Threshold {
			return failed
		}
	}
	return len(testLocations)
}

// alertRule makes a metric alert. A rule that is over ends its alert by itself.
func (p *Platform) alertRule(ctx *pulumi.Context, row measuredSignal, criteria pulumi.Input, scopes pulumi.StringArray, told pulumi.StringOutput, opts []pulumi.ResourceOption) (pulumi.StringOutput, error) {
	window := row.window(row.Signal)
	if row.test == testUptime {
		window = windows[1]
		if p.testEvery() > windows[1] {
			window = windows[2]
		}
	}
	if row.test == testCertificate {
		window = windows[4]
	}
	made, err := metricalerts.NewMetricAlert(ctx, p.name(row.ID, 260), &metricalerts.MetricAlertArgs{
		ResourceGroupName: p.group, Location: pulumi.String("global"), Description: pulumi.String(describe(row.Signal)), Severity: pulumi.Int(severities[row.Severity]), Enabled: pulumi.Bool(true),
		Scopes: scopes, EvaluationFrequency: pulumi.String(iso(windows[0])), WindowSize: pulumi.String(iso(window)), Criteria: criteria, AutoMitigate: pulumi.Bool(true),
		Actions: metricalerts.MetricAlertActionArray{metricalerts.MetricAlertActionArgs{ActionGroupId: told}},
	}, p.cloudOpts(opts)...)
	if err != nil {
		return pulumi.StringOutput{}, fmt.Errorf("creating alert of %s: %w", row.ID, err)
	}
	return made.ID().ToStringOutput(), nil
}

// watchQuery asks the logs every five minutes. Tables of a new workspace exist only when the first line has come, so the query is not
// tried out before.
//   - https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-types#log-alerts
//   - https://learn.microsoft.com/azure/templates/microsoft.insights/2023-12-01/scheduledqueryrules
func (p *Platform) watchQuery(ctx *pulumi.Context, row measuredSignal, told pulumi.StringOutput, opts []pulumi.ResourceOption) (pulumi.StringOutput, error) {
	made, err := queryalerts.NewScheduledQueryRule(ctx, p.name(row.ID, 260), &queryalerts.ScheduledQueryRuleArgs{
		ResourceGroupName: p.group, Kind: pulumi.String("LogAlert"), DisplayName: pulumi.String(row.Title), Description: pulumi.String(describe(row.Signal)),
		Severity: pulumi.Float64(float64(severities[row.Severity])), Enabled: pulumi.Bool(true), Scopes: pulumi.StringArray{row.scope[scopeWorkspace]},
		EvaluationFrequency: pulumi.String(iso(windows[1])), WindowSize: pulumi.String(iso(row.window(row.Signal))), AutoMitigate: pulumi.Bool(true), SkipQueryValidation: pulumi.Bool(true),
		Criteria: queryalerts.ScheduledQueryRuleCriteriaArgs{AllOf: queryalerts.ConditionArray{queryalerts.ConditionArgs{
			Query: row.queryText(), TimeAggregation: pulumi.String("Maximum"), MetricMeasureColumn: pulumi.String("Value"),
			Operator: pulumi.String(operator(row.Signal)), Threshold: pulumi.Float64(row.Threshold),
			FailingPeriods: queryalerts.ConditionFailingPeriodsArgs{NumberOfEvaluationPeriods: pulumi.Float64(1), MinFailingPeriodsToAlert: pulumi.Float64(1)},
		}}},
		Actions: queryalerts.ActionsArgs{ActionGroups: pulumi.StringArray{told}},
	}, p.cloudOpts(opts)...)
	if err != nil {
		return pulumi.StringOutput{}, fmt.Errorf("creating alert of %s: %w", row.ID, err)
	}
	return made.ID().ToStringOutput(), nil
}

// queryText is the query with the values of the scope.
func (m measurement) queryText() pulumi.StringOutput {
	values := pulumi.StringMap{}
	for _, key := range m.needs {
		values[key] = m.scope[key]
	}
	return values.ToStringMapOutput().ApplyT(func(known map[string]string) string {
		text := m.query
		for key, value := range known {
			text = strings.ReplaceAll(text, "{"+key+"}", value)
		}
		return text
	}).(pulumi.StringOutput)
}

// describe says in one line what an alarm means; it is read in mails and in the portal.
func describe(row components.Signal) string {
	relation := "above"
	if row.Below {
		relation = "below"
	}
	text := fmt.Sprintf("%s: %s %s %g %s", row.Severity, row.Title, relation, row.Threshold, row.Unit)
	if row.For > 0 {
		text += fmt.Sprintf(" for %g min", row.For.Minutes())
	}
	return text + ". " + row.Meaning
}

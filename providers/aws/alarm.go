package aws

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// Keys of the scope of alarms; the ARN of the alarm of a signal is under scopeArn and the signal's id.
const (
	scopeTopic  = "topic"
	scopeAlarms = "alarms"
	scopeArn    = "arn."
)

// WatchSignals makes one CloudWatch alarm for each signal, and an encrypted SNS topic that tells the e-mail addresses when an
// alarm goes off and when it is over. A webhook is called through EventBridge. With CloudFront in front the figures are still
// the load balancer's: CloudFront publishes its own in us-east-1 alone, where alarms of another region can't read them.
//
// SNS first asks each address whether it wants the mails, and sends none until somebody follows the link. It fails on a
// configured threshold of a signal that this stack has no figures for (ErrUnsupported).
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html
func (p *Platform) WatchSignals(ctx *pulumi.Context, name string, a components.AlarmArgs, opts ...pulumi.ResourceOption) (components.AlarmState, error) {
	none := components.AlarmState{}
	measured, err := measurements(a.Signals, a.Scopes)
	if err != nil {
		return none, err
	}
	topic, err := p.makeTopic(ctx, name, a.Emails, opts)
	if err != nil {
		return none, err
	}
	scope := components.Scope{scopeTopic: topic.Arn}
	actions, names := pulumi.StringArray{topic.Arn}, pulumi.StringArray{}
	for _, row := range measured {
		alarm, err := p.watch(ctx, p.name(row.ID, 255), row.Signal, row.measurement, actions, opts)
		if err != nil {
			return none, err
		}
		scope[scopeArn+row.ID], names = alarm.Arn, append(names, alarm.Name)
	}
	scope[scopeAlarms] = names.ToStringArrayOutput().ApplyT(func(all []string) string { return strings.Join(all, ",") }).(pulumi.StringOutput)
	if a.Webhook != nil {
		alarm, err := p.callWebhook(ctx, a.Webhook, names, actions, opts)
		if err != nil {
			return none, err
		}
		scope[scopeArn+"webhook"] = alarm.Arn
	}
	return components.AlarmState{Scope: scope}, nil
}

// measuredSignal is a signal with the way it is measured.
type measuredSignal struct {
	components.Signal
	measurement
}

// measurements finds how every signal is measured. It leaves out those that the stack has no figures for, and refuses thresholds
// that would be set in vain.
func measurements(rows []components.Signal, scopes components.Scopes) ([]measuredSignal, error) {
	from := map[components.Source]components.Scope{
		components.FromService: scopes.Service, components.FromDatabase: scopes.Database, components.FromCache: scopes.Cache, components.FromEdge: scopes.Edge,
	}
	var out []measuredSignal
	for _, row := range rows {
		m, ok := measure(row.ID, from[row.Source])
		if own, has := ownThresholds[row.ID]; has && !row.Configured {
			row.Threshold = own
		}
		switch {
		case ok:
			out = append(out, measuredSignal{row, m})
		case row.Configured:
			why := unmeasured[row.ID]
			if why == "" {
				why = "this stack has no figures for it"
			}
			return nil, components.Unsupported("aws", "alerts.thresholds."+row.ID, why)
		}
	}
	return out, nil
}

// makeTopic makes the topic that alarms are published to, encrypted with the stack's key. Only alarms of this account may
// publish; whoever else has the right by an identity's policy must use TLS. CloudWatch itself always does.
//   - https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
//   - https://docs.aws.amazon.com/sns/latest/dg/sns-security-best-practices.html
//   - https://docs.aws.amazon.com/sns/latest/dg/sns-email-notifications.html
func (p *Platform) makeTopic(ctx *pulumi.Context, name string, emails []string, opts []pulumi.ResourceOption) (*sns.Topic, error) {
	logical := p.name(name, 256)
	topic, err := sns.NewTopic(ctx, logical, &sns.TopicArgs{DisplayName: pulumi.String("Slipway " + p.settings.App), KmsMasterKeyId: p.key.arn}, p.cloudOpts(opts)...)
	if err != nil {
		return nil, fmt.Errorf("creating topic of alarms: %w", err)
	}
	_, err = sns.NewTopicPolicy(ctx, logical, &sns.TopicPolicyArgs{Arn: topic.Arn, Policy: policy(
		statement{
			"Sid": pulumi.String("AlarmsPublish"), "Effect": pulumi.String("Allow"), "Action": pulumi.String("sns:Publish"), "Resource": topic.Arn,
			"Principal": pulumi.Map{"Service": pulumi.String("cloudwatch.amazonaws.com")},
			"Condition": pulumi.Map{
				"StringEquals": pulumi.Map{"aws:SourceAccount": pulumi.String(p.account)},
				"ArnLike":      pulumi.Map{"aws:SourceArn": pulumi.String(p.arn("cloudwatch", "alarm:*"))},
			},
		},
		statement{
			"Sid": pulumi.String("OnlyOverTLS"), "Effect": pulumi.String("Deny"), "Action": pulumi.String("sns:Publish"), "Resource": topic.Arn,
			"Principal": pulumi.Map{"AWS": pulumi.Sprintf("arn:%s:iam::%s:root", p.part, p.account)},
			"Condition": pulumi.Map{"Bool": pulumi.Map{"aws:SecureTransport": pulumi.String("false")}},
		},
	)}, p.cloudOpts(opts)...)
	if err != nil {
		return nil, fmt.Errorf("creating policy of the topic of alarms: %w", err)
	}
	for _, address := range slices.Compact(slices.Sorted(slices.Values(emails))) {
		_, err := sns.NewTopicSubscription(ctx, logical+"-"+address, &sns.TopicSubscriptionArgs{
			Topic: topic.Arn, Protocol: pulumi.String("email"), Endpoint: pulumi.String(address),
		}, p.cloudOpts(opts)...)
		if err != nil {
			return nil, fmt.Errorf("subscribing %s to alarms: %w", address, err)
		}
	}
	return topic, nil
}

// watch makes the alarm of a signal. name is its logical name; actions are the ARNs of what is told when it goes off and when it is
// over, none for a gate, whose state is only read. CloudWatch evaluates an alarm once a minute, over at most one day, or seven days
// with a period of an hour or more.
//   - https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
//   - https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-limits.html
func (p *Platform) watch(ctx *pulumi.Context, name string, row components.Signal, m measurement, actions pulumi.StringArray, opts []pulumi.ResourceOption) (*cloudwatch.MetricAlarm, error) {
	comparison := "GreaterThanThreshold"
	if row.Below {
		comparison = "LessThanThreshold"
	}
	told := pulumi.Array{}
	for _, arn := range actions {
		told = append(told, arn)
	}
	look, breached := m.points(row)
	alarm, err := cloudwatch.NewMetricAlarm(ctx, name, &cloudwatch.MetricAlarmArgs{
		ActionsEnabled:     pulumi.Bool(true),
		AlarmActions:       told,
		AlarmDescription:   pulumi.String(describe(row)),
		ComparisonOperator: pulumi.String(comparison),
		DatapointsToAlarm:  pulumi.Int(breached),
		EvaluationPeriods:  pulumi.Int(look),
		MetricQueries:      m.scope.ApplyT(m.alarmQueries).(cloudwatch.MetricAlarmMetricQueryArrayOutput),
		OkActions:          told,
		Threshold:          pulumi.Float64(row.Threshold),
		TreatMissingData:   pulumi.String(m.missing),
	}, p.cloudOpts(opts)...)
	if err != nil {
		return nil, fmt.Errorf("creating alarm of %s: %w", row.ID, err)
	}
	return alarm, nil
}

// describe says in one line what an alarm means; it is read in mails and in the console. Quotes and line breaks would break the
// message to the webhook, which EventBridge puts together without escaping.
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

// alarmQueries are the queries in the words of alarms, which watch the last of them.
func (m measurement) alarmQueries(scope map[string]string) []cloudwatch.MetricAlarmMetricQuery {
	all := m.read(scope)
	out := make([]cloudwatch.MetricAlarmMetricQuery, len(all))
	for i, q := range all {
		watched := i == len(all)-1
		out[i] = cloudwatch.MetricAlarmMetricQuery{Id: q.id, ReturnData: &watched}
		if q.expression != "" {
			out[i].Expression = &q.expression
			continue
		}
		var dimensions map[string]string
		if len(q.dimensions) > 0 {
			dimensions = map[string]string{}
		}
		for _, d := range q.dimensions {
			dimensions[d[0]] = d[1]
		}
		out[i].Metric = &cloudwatch.MetricAlarmMetricQueryMetric{MetricName: q.metric, Namespace: &q.namespace, Stat: q.stat, Period: m.period, Dimensions: dimensions}
	}
	return out
}

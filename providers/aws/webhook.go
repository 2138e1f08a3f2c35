package aws

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// destinationless are the regions, or beginnings of regions, in which EventBridge can't call a URL.
//   - https://docs.aws.amazon.com/eventbridge/latest/userguide/feature-availability.html
//   - https://docs.aws.amazon.com/govcloud-us/latest/UserGuide/govcloud-eventbridge.html
var destinationless = []string{"us-gov-", "ap-east-2"}

// What a webhook is sent: the form that chat services take, and two fields for programs. EventBridge puts the text together
// without escaping; see describe.
const webhookMessage = `{"text": "<state>: <description> (<alarm>)", "alarm": "<alarm>", "state": "<state>"}`

// webhookFailed is watched beside the stack's signals: calls that fail would be missed by nobody else.
var webhookFailed = components.Signal{
	ID: "webhook", Title: "Messages to the webhook that were lost", Unit: "messages", Threshold: 0, Severity: components.Warning,
	Meaning: "The address in alerts.webhook refuses them or does not answer within 5 s.",
}

// webhookMeter reads what EventBridge has given up. It reports nothing else.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
var webhookMeter = meter{
	needs: []string{"rule"}, missing: absentIsGood, period: 300,
	read: func(s map[string]string) []query {
		return []query{{id: "value", namespace: "AWS/Events", metric: "FailedInvocations", stat: "Sum", dimensions: [][2]string{{"RuleName", s["rule"]}}}}
	},
}

// callWebhook posts to a URL when one of the named alarms goes off, and when it is over. SNS can't: it would first want the
// receiver to confirm the subscription, which chat services don't do. So EventBridge takes the alarms' own events and calls the URL
// as an API destination, at most once a second, and for an hour after a 429, a 5xx, or 5 s without an answer. What is then
// still undelivered is dropped: a queue for it would be one more thing that nobody reads. The alarm that is returned says so
// instead, to actions.
//
// EventBridge demands some authorization, so a random key is sent in a header that the receiver may ignore. EventBridge keeps it in
// a secret of its own in Secrets Manager, under a key of AWS: it opens nothing. The URL is a secret output here, but whoever may
// describe API destinations in the account can read it.
//
// It fails where EventBridge has no API destinations (ErrUnsupported).
//   - https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html
//   - https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-target-connection.html
//   - https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
//   - https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
func (p *Platform) callWebhook(ctx *pulumi.Context, url pulumi.StringInput, alarms, actions pulumi.StringArray, opts []pulumi.ResourceOption) (*cloudwatch.MetricAlarm, error) {
	if slices.ContainsFunc(destinationless, func(region string) bool { return strings.HasPrefix(p.settings.Region, region) }) {
		return nil, components.Unsupported("aws", "alerts.webhook", "EventBridge can't call a URL from "+p.settings.Region+"; use alerts.emails")
	}
	destination, err := p.webhookDestination(ctx, url, opts)
	if err != nil {
		return nil, err
	}
	rights := policy(statement{"Effect": pulumi.String("Allow"), "Action": pulumi.String("events:InvokeApiDestination"), "Resource": destination.Arn})
	role, err := p.role(ctx, "webhook", "events.amazonaws.com", rights, opts)
	if err != nil {
		return nil, err
	}
	rule, err := cloudwatch.NewEventRule(ctx, p.name("webhook", 64), &cloudwatch.EventRuleArgs{
		Description:  pulumi.String("Alarms of Slipway " + p.project + "/" + p.stack + " that go off or are over"),
		EventPattern: p.alarmEvents(alarms),
	}, p.cloudOpts(opts)...)
	if err != nil {
		return nil, fmt.Errorf("creating rule of the webhook: %w", err)
	}
	_, err = cloudwatch.NewEventTarget(ctx, p.name("webhook", 64), &cloudwatch.EventTargetArgs{
		Rule: rule.Name, TargetId: pulumi.String("webhook"), Arn: destination.Arn, RoleArn: role.Arn,
		InputTransformer: &cloudwatch.EventTargetInputTransformerArgs{
			InputPaths: pulumi.StringMap{
				"alarm":       pulumi.String("$.detail.alarmName"),
				"state":       pulumi.String("$.detail.state.value"),
				"description": pulumi.String("$.detail.configuration.description"),
			},
			InputTemplate: pulumi.String(webhookMessage),
		},
		RetryPolicy: &cloudwatch.EventTargetRetryPolicyArgs{MaximumEventAgeInSeconds: pulumi.Int(3600), MaximumRetryAttempts: pulumi.Int(185)},
	}, p.cloudOpts(opts)...)
	if err != nil {
		return nil, fmt.Errorf("creating target of the webhook: %w", err)
	}
	m := measurement{webhookMeter, pulumi.StringMap{"rule": rule.Name}.ToStringMapOutput()}
	return p.watch(ctx, p.name(webhookFailed.ID, 255), webhookFailed, m, actions, opts)
}

// webhookDestination makes the URL known to EventBridge, with the key that is sent in a header. The URL must be https.
//   - https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateApiDestination.html
//   - https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateConnection.html
func (p *Platform) webhookDestination(ctx *pulumi.Context, url pulumi.StringInput, opts []pulumi.ResourceOption) (*cloudwatch.EventApiDestination, error) {
	key, err := p.password(ctx, p.name("webhook", 64), 32, opts)
	if err != nil {
		return nil, err
	}
	connection, err := cloudwatch.NewEventConnection(ctx, p.name("webhook", 64), &cloudwatch.EventConnectionArgs{
		Description:       pulumi.String("Key that messages to the webhook carry"),
		AuthorizationType: pulumi.String("API_KEY"),
		AuthParameters: &cloudwatch.EventConnectionAuthParametersArgs{
			ApiKey: &cloudwatch.EventConnectionAuthParametersApiKeyArgs{Key: pulumi.String("X-Slipway-Key"), Value: key},
		},
	}, p.cloudOpts(opts, pulumi.AdditionalSecretOutputs([]string{"authParameters"}))...)
	if err != nil {
		return nil, fmt.Errorf("creating connection of the webhook: %w", err)
	}
	destination, err := cloudwatch.NewEventApiDestination(ctx, p.name("webhook", 64), &cloudwatch.EventApiDestinationArgs{
		Description:                  pulumi.String("Address that alarms are posted to"),
		ConnectionArn:                connection.Arn,
		HttpMethod:                   pulumi.String("POST"),
		InvocationEndpoint:           pulumi.ToSecret(url).(pulumi.StringOutput),
		InvocationRateLimitPerSecond: pulumi.Int(1),
	}, p.cloudOpts(opts, pulumi.AdditionalSecretOutputs([]string{"invocationEndpoint"}))...)
	if err != nil {
		return nil, fmt.Errorf("creating destination of the webhook: %w", err)
	}
	return destination, nil
}

// alarmEvents matches the alarms that go off, and those that are over. That a new alarm has found its first figures is no news.
// Names in place of ARNs leave room in a pattern, which has 2048 characters; the account makes them unique.
//   - https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
//   - https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
func (p *Platform) alarmEvents(alarms pulumi.StringArray) pulumi.StringOutput {
	state := func(value string) pulumi.Map { return pulumi.Map{"value": list(value)} }
	return pulumi.JSONMarshal(pulumi.Map{
		"source": list("aws.cloudwatch"), "detail-type": list("CloudWatch Alarm State Change"), "account": list(p.account),
		"detail": pulumi.Map{
			"alarmName": alarms,
			"$or":       pulumi.Array{pulumi.Map{"state": state("ALARM")}, pulumi.Map{"state": state("OK"), "previousState": state("ALARM")}},
		},
	})
}

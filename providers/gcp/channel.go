package gcp

import (
	"fmt"
	"slices"

	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/monitoring"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// channels make the ways to those who are told: an e-mail address each, and the webhook, whose address may hold a token and so is a secret
// for Pulumi. Google posts JSON with the incident to it.
//   - https://cloud.google.com/monitoring/support/notification-options
//   - https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.notificationChannels
func (p *Platform) channels(ctx *pulumi.Context, a components.AlarmArgs, opts []pulumi.ResourceOption) (pulumi.StringArray, error) {
	var out pulumi.StringArray
	add := func(name, kind string, labels pulumi.StringMap, more ...pulumi.ResourceOption) error {
		made, err := monitoring.NewNotificationChannel(ctx, name, &monitoring.NotificationChannelArgs{
			Project: pulumi.String(p.account), Type: pulumi.String(kind), DisplayName: pulumi.String(fmt.Sprintf("Slipway %s/%s: %s", p.project, p.stack, name)), Labels: labels,
			ForceDelete: pulumi.Bool(false),
		}, p.cloudOpts(opts, more...)...)
		if err != nil {
			return fmt.Errorf("creating notification channel %s: %w", name, err)
		}
		out = append(out, made.Name)
		return nil
	}
	for _, address := range slices.Compact(slices.Sorted(slices.Values(a.Emails))) {
		if err := add(address, "email", pulumi.StringMap{"email_address": pulumi.String(address)}); err != nil {
			return nil, err
		}
	}
	if a.Webhook != nil {
		url := pulumi.ToSecret(a.Webhook.ToStringOutput()).(pulumi.StringOutput)
		if err := add("webhook", "webhook_tokenauth", pulumi.StringMap{"url": url}, pulumi.AdditionalSecretOutputs([]string{"labels"})); err != nil {
			return nil, err
		}
	}
	return out, nil
}

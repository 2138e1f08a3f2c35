package aws

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

const (
	// slotKeyLength is in characters. They are letters and digits, as the load balancer takes * and ? for any others; it takes 128 at
	// most, and does not tell capitals from small letters: 48 of them still are 248 bits.
	slotKeyLength = 48
	// slotRules is the priority of the first slot's rule: private paths are hidden from whoever has the key, too.
	slotRules = 10
)

// pinSlots makes the key of the slots, and for each slot the rule that sends a request with the slot's name and the key to it, past
// the weights. A request with another key, or with none, is one like any other. The load balancer takes no header away, so the app
// sees both of them. Whoever may describe the rules of the load balancer can read the key.
//
// The rules name both target groups whatever their weights are, so the load balancer checks the health of every task that is
// registered in one.
//   - https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_HttpHeaderConditionConfig.html
//   - https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html#http-header-conditions
//   - https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-target-groups.html
func (p *Platform) pinSlots(ctx *pulumi.Context, listener *lb.Listener, groups map[components.Slot]*lb.TargetGroup, opts []pulumi.ResourceOption) (pulumi.StringOutput, error) {
	key, err := p.password(ctx, "slot-key", slotKeyLength, opts)
	if err != nil {
		return key, err
	}
	header := func(name string, value pulumi.StringInput) lb.ListenerRuleConditionArgs {
		return lb.ListenerRuleConditionArgs{HttpHeader: lb.ListenerRuleConditionHttpHeaderArgs{HttpHeaderName: pulumi.String(name), Values: pulumi.StringArray{value}}}
	}
	for i, slot := range slots {
		_, err := lb.NewListenerRule(ctx, "slot-"+string(slot), &lb.ListenerRuleArgs{
			ListenerArn: listener.Arn, Priority: pulumi.Int(slotRules + i),
			Conditions: lb.ListenerRuleConditionArray{header(components.SlotHeader, pulumi.String(slot)), header(components.SlotKeyHeader, key)},
			Actions:    lb.ListenerRuleActionArray{lb.ListenerRuleActionArgs{Type: pulumi.String("forward"), TargetGroupArn: groups[slot].Arn}},
		}, p.cloudOpts(opts, pulumi.AdditionalSecretOutputs([]string{"conditions"}))...)
		if err != nil {
			return key, fmt.Errorf("creating rule that leads to slot %s: %w", slot, err)
		}
	}
	return key, nil
}

package azure

import (
	"fmt"

	cdn "github.com/pulumi/pulumi-azure-native-sdk/cdn/v2/v20240901"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// The types of the parts of a rule, as the API calls them.
const (
	typeHeaderCondition = "DeliveryRuleRequestHeaderConditionParameters"
	typePathCondition   = "DeliveryRuleUrlPathMatchConditionParameters"
	typeHeaderAction    = "DeliveryRuleHeaderActionParameters"
	typeRewriteAction   = "DeliveryRuleUrlRewriteActionParameters"
	typeRouteAction     = "DeliveryRuleRouteConfigurationOverrideActionParameters"
)

// clientHeader is the request header that holds the client's address, whatever the client has sent under that name.
const clientHeader = "X-Slipway-Client"

// doorRule is one rule of Front Door's rule set.
type doorRule struct {
	name       string
	conditions pulumi.Array
	actions    pulumi.Array
	stop       bool // no later rule is looked at
}

// doorRules makes the rules that every request passes, in order: private paths lead nowhere (docs/app-contract.md); the client's address;
// headers of answers; the way of a request with the key to its slot. It returns the rule set and the last rule, before which no door is opened.
//   - https://learn.microsoft.com/azure/frontdoor/front-door-rules-engine
//   - https://learn.microsoft.com/azure/frontdoor/rules-match-conditions
//   - https://learn.microsoft.com/azure/frontdoor/front-door-rules-engine-actions
func (p *Platform) doorRules(ctx *pulumi.Context, name string, f frontDoor, hsts components.HSTS, key pulumi.StringOutput, opts []pulumi.ResourceOption) (set *cdn.RuleSet, last pulumi.Resource, err error) {
	set, err = cdn.NewRuleSet(ctx, name, &cdn.RuleSetArgs{
		ResourceGroupName: p.group, ProfileName: f.profile.Name, RuleSetName: pulumi.String("slipway"),
	}, p.cloudOpts(opts)...)
	if err != nil {
		return nil, nil, fmt.Errorf("creating rule set: %w", err)
	}
	rules := append([]doorRule{hidePrivatePaths(), tellClient(), setAnswerHeaders(hsts)}, slotRules(f, key)...)
	last = set
	for i, row := range rules {
		after := "Continue"
		if row.stop {
			after = "Stop"
		}
		made, err := cdn.NewRule(ctx, name+"-"+row.name, &cdn.RuleArgs{
			ResourceGroupName: p.group, ProfileName: f.profile.Name, RuleSetName: set.Name, RuleName: pulumi.String(row.name),
			Order: pulumi.Int(orderStep * (i + 1)), Conditions: row.conditions, Actions: row.actions, MatchProcessingBehavior: pulumi.String(after),
		}, p.cloudOpts(opts, pulumi.DependsOn(append([]pulumi.Resource{last}, f.ready...)))...)
		if err != nil {
			return nil, nil, fmt.Errorf("creating rule %s: %w", row.name, err)
		}
		last = made
	}
	return set, last, nil
}

// orderStep lies between the orders of two rules, so that one that comes between them takes an order that no other has: Front Door refuses
// a second rule of the same order, even for the moment in which rules are renumbered.
// https://github.com/Azure/azure-rest-api-specs/issues/22704
const orderStep = 10

// hidePrivatePaths gives a path that no app has to requests for what the app's port carries for the inside only: it answers 404. Front
// Door has no answer of its own to give but the WAF's, which is 403 for everything.
func hidePrivatePaths() doorRule {
	return doorRule{
		name: "private",
		conditions: pulumi.Array{pulumi.Map{"name": pulumi.String("UrlPath"), "parameters": pulumi.Map{
			"typeName": pulumi.String(typePathCondition), "operator": pulumi.String("RegEx"), "negateCondition": pulumi.Bool(false),
			"matchValues": pulumi.ToStringArray([]string{"^/*(metrics|debug)(/|;|$)"}), "transforms": pulumi.ToStringArray([]string{"UrlDecode", "Lowercase"}),
		}}},
		actions: pulumi.Array{pulumi.Map{"name": pulumi.String("UrlRewrite"), "parameters": pulumi.Map{
			"typeName": pulumi.String(typeRewriteAction), "sourcePattern": pulumi.String("/"), "destination": pulumi.String("/.slipway/not-found"), "preserveUnmatchedPath": pulumi.Bool(false),
		}}},
	}
}

// tellClient hands the client's address on. It is that of the connection: client_ip and X-Azure-ClientIP are what the client itself has
// written into X-Forwarded-For, and Container Apps writes that header anew, with Front Door's address.
//   - https://learn.microsoft.com/azure/frontdoor/rule-set-server-variables
//   - https://learn.microsoft.com/azure/frontdoor/front-door-http-headers-protocol
func tellClient() doorRule {
	return doorRule{name: "client", conditions: pulumi.Array{}, actions: pulumi.Array{header("ModifyRequestHeader", "Overwrite", clientHeader, "{socket_ip}")}}
}

// setAnswerHeaders puts headers on every answer: a rule without conditions matches all. Front Door can't tell whether the app has set
// one by itself, so only those are here that have a single right value, or a key of the configuration that decides: what frames the app
// allows, the app says.
// https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/X-Content-Type-Options
func setAnswerHeaders(hsts components.HSTS) doorRule {
	rule := doorRule{name: "headers", conditions: pulumi.Array{}, actions: pulumi.Array{header("ModifyResponseHeader", "Overwrite", "X-Content-Type-Options", "nosniff")}}
	if value := hsts.Header(); value != "" {
		rule.actions = append(rule.actions, header("ModifyResponseHeader", "Overwrite", "Strict-Transport-Security", value))
	}
	return rule
}

// slotRules lead a request that names a slot and has the key to that slot's revision, past the weights and past every
// cache: an override without a cache configuration turns caching off. A rule matches only with both headers. Neither goes on to the app.
// https://learn.microsoft.com/azure/frontdoor/front-door-rules-engine-actions#route-configuration-override
func slotRules(f frontDoor, key pulumi.StringOutput) []doorRule {
	var rules []doorRule
	for _, slot := range slots {
		rules = append(rules, doorRule{
			name: "slot" + string(slot), stop: true,
			conditions: pulumi.Array{
				headerIs(components.SlotHeader, pulumi.String(string(slot))),
				headerIs(components.SlotKeyHeader, key),
			},
			actions: pulumi.Array{
				pulumi.Map{"name": pulumi.String("RouteConfigurationOverride"), "parameters": pulumi.Map{
					"typeName": pulumi.String(typeRouteAction),
					"originGroupOverride": pulumi.Map{
						"originGroup": pulumi.Map{"id": f.groups[slot].ID()}, "forwardingProtocol": pulumi.String("HttpsOnly"),
					},
				}},
				header("ModifyRequestHeader", "Delete", components.SlotHeader, ""),
				header("ModifyRequestHeader", "Delete", components.SlotKeyHeader, ""),
			},
		})
	}
	return rules
}

// headerIs is the condition that a request has a header with exactly this value.
func headerIs(name string, value pulumi.StringInput) pulumi.Map {
	return pulumi.Map{"name": pulumi.String("RequestHeader"), "parameters": pulumi.Map{
		"typeName": pulumi.String(typeHeaderCondition), "selector": pulumi.String(name), "operator": pulumi.String("Equal"), "negateCondition": pulumi.Bool(false),
		"matchValues": pulumi.StringArray{value}, "transforms": pulumi.StringArray{},
	}}
}

// header is an action on a header of a request or an answer.
func header(action, what, name, value string) pulumi.Map {
	parameters := pulumi.Map{"typeName": pulumi.String(typeHeaderAction), "headerAction": pulumi.String(what), "headerName": pulumi.String(name)}
	if value != "" {
		parameters["value"] = pulumi.String(value)
	}
	return pulumi.Map{"name": pulumi.String(action), "parameters": parameters}
}

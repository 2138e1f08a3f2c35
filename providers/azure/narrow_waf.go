package azure

import (
	"reflect"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// wafPolicy is a list of rules that requests to Front Door are held against.
// https://learn.microsoft.com/azure/templates/microsoft.network/2024-02-01/frontdoorwebapplicationfirewallpolicies
type wafPolicy struct{ pulumi.CustomResourceState }

type wafPolicyArgs struct {
	CustomRules       wafCustomRules
	Location          pulumi.StringPtrInput
	ManagedRules      wafManagedRules
	PolicyName        pulumi.StringPtrInput
	PolicySettings    wafSettings
	ResourceGroupName pulumi.StringInput
	Sku               wafSKU
	Tags              pulumi.StringMapInput
}

type wafPolicyInputs struct {
	CustomRules       wafCustomRules    `pulumi:"customRules"`
	Location          *string           `pulumi:"location"`
	ManagedRules      wafManagedRules   `pulumi:"managedRules"`
	PolicyName        *string           `pulumi:"policyName"`
	PolicySettings    wafSettings       `pulumi:"policySettings"`
	ResourceGroupName string            `pulumi:"resourceGroupName"`
	Sku               wafSKU            `pulumi:"sku"`
	Tags              map[string]string `pulumi:"tags"`
}

// ElementType names the struct with the properties' names and resolved types.
func (wafPolicyArgs) ElementType() reflect.Type { return reflect.TypeFor[wafPolicyInputs]() }

// The parts of a policy. Switches are "Enabled" or "Disabled".
type (
	wafSKU struct {
		Name string `pulumi:"name"`
	}
	wafSettings struct {
		EnabledState     string `pulumi:"enabledState"`
		Mode             string `pulumi:"mode"`             // Prevention or Detection
		RequestBodyCheck string `pulumi:"requestBodyCheck"` // of managed rules
	}
	wafCustomRules struct {
		Rules []wafRule `pulumi:"rules"`
	}
	wafRule struct {
		Action                     string         `pulumi:"action"`
		EnabledState               string         `pulumi:"enabledState"`
		MatchConditions            []wafCondition `pulumi:"matchConditions"`
		Name                       string         `pulumi:"name"` // letters and digits
		Priority                   int            `pulumi:"priority"`
		RateLimitDurationInMinutes *int           `pulumi:"rateLimitDurationInMinutes"`
		RateLimitThreshold         *int           `pulumi:"rateLimitThreshold"`
		RuleType                   string         `pulumi:"ruleType"` // MatchRule or RateLimitRule
	}
	wafCondition struct {
		MatchValue      []string `pulumi:"matchValue"`
		MatchVariable   string   `pulumi:"matchVariable"`
		NegateCondition *bool    `pulumi:"negateCondition"`
		Operator        string   `pulumi:"operator"`
		Selector        *string  `pulumi:"selector"`
		Transforms      []string `pulumi:"transforms"`
	}
	wafManagedRules struct {
		ManagedRuleSets []wafRuleSet `pulumi:"managedRuleSets"`
	}
	wafRuleSet struct {
		RuleGroupOverrides []wafGroup `pulumi:"ruleGroupOverrides"`
		RuleSetAction      *string    `pulumi:"ruleSetAction"`
		RuleSetType        string     `pulumi:"ruleSetType"`
		RuleSetVersion     string     `pulumi:"ruleSetVersion"`
	}
	wafGroup struct {
		RuleGroupName string        `pulumi:"ruleGroupName"`
		Rules         []wafOverride `pulumi:"rules"`
	}
	wafOverride struct {
		Action       string `pulumi:"action"` // Allow, Block, Log, Redirect or AnomalyScoring
		EnabledState string `pulumi:"enabledState"`
		RuleID       string `pulumi:"ruleId"`
	}
)

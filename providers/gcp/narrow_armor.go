package gcp

import (
	"fmt"
	"reflect"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

const securityPolicyToken = "gcp:compute/securityPolicy:SecurityPolicy"

// securityPolicy is a list of rules of Cloud Armor that requests are held against.
type securityPolicy struct{ pulumi.CustomResourceState }

type (
	// securityRule has the action "allow", "deny(403)", "deny(404)", "deny(502)", "rate_based_ban", "redirect" or "throttle". The lowest
	// priority is looked at first; the last rule, which every policy must have, has 2147483647.
	securityRule struct {
		Action           string            `pulumi:"action"`
		Description      string            `pulumi:"description"` // at most 64 characters
		Match            securityMatch     `pulumi:"match"`
		Preview          bool              `pulumi:"preview"` // only logs what the rule matches
		Priority         int               `pulumi:"priority"`
		RateLimitOptions *rateLimitOptions `pulumi:"rateLimitOptions"`
	}
	// securityMatch is an expression, or "SRC_IPS_V1" with address ranges.
	securityMatch struct {
		Config        *securityRanges     `pulumi:"config"`
		Expr          *securityExpression `pulumi:"expr"`
		VersionedExpr *string             `pulumi:"versionedExpr"`
	}
	securityRanges struct {
		SrcIpRanges []string `pulumi:"srcIpRanges"`
	}
	securityExpression struct {
		Expression string `pulumi:"expression"`
	}
	// rateLimitOptions has the actions "allow" and "deny(403)", "deny(404)", "deny(429)" or "deny(502)".
	rateLimitOptions struct {
		BanDurationSec     int           `pulumi:"banDurationSec"`
		ConformAction      string        `pulumi:"conformAction"`
		EnforceOnKey       string        `pulumi:"enforceOnKey"`
		ExceedAction       string        `pulumi:"exceedAction"`
		RateLimitThreshold rateThreshold `pulumi:"rateLimitThreshold"`
	}
	rateThreshold struct {
		Count       int `pulumi:"count"`
		IntervalSec int `pulumi:"intervalSec"` // 10, 30, 60, 120, 180, 240, 270, 300, 600, 900, 1200, 1800, 2700 or 3600
	}
	adaptiveProtection struct {
		Layer7DdosDefenseConfig layer7Defense `pulumi:"layer7DdosDefenseConfig"`
	}
	layer7Defense struct {
		Enable         bool   `pulumi:"enable"`
		RuleVisibility string `pulumi:"ruleVisibility"` // "STANDARD" or "PREMIUM"
	}
	armorOptions struct {
		JsonParsing string `pulumi:"jsonParsing"` // "DISABLED", "STANDARD" or "STANDARD_WITH_GRAPHQL"
		LogLevel    string `pulumi:"logLevel"`    // "NORMAL" or "VERBOSE"
	}
)

// securityPolicyArgs are its inputs. Type is "CLOUD_ARMOR".
type securityPolicyArgs struct {
	AdaptiveProtectionConfig *adaptiveProtection
	AdvancedOptionsConfig    *armorOptions
	Description              string
	Name                     pulumi.StringPtrInput
	Rules                    []securityRule
	Type                     string
}

type securityPolicyInputs struct {
	AdaptiveProtectionConfig *adaptiveProtection `pulumi:"adaptiveProtectionConfig"`
	AdvancedOptionsConfig    *armorOptions       `pulumi:"advancedOptionsConfig"`
	Description              string              `pulumi:"description"`
	Name                     *string             `pulumi:"name"`
	Rules                    []securityRule      `pulumi:"rules"`
	Type                     string              `pulumi:"type"`
}

// ElementType names the struct with the properties' names and resolved types.
func (securityPolicyArgs) ElementType() reflect.Type { return reflect.TypeFor[securityPolicyInputs]() }

// newSecurityPolicy makes a policy.
//   - https://cloud.google.com/compute/docs/reference/rest/v1/securityPolicies
//   - https://www.pulumi.com/registry/packages/gcp/api-docs/compute/securitypolicy/
func newSecurityPolicy(ctx *pulumi.Context, name string, a *securityPolicyArgs, opts ...pulumi.ResourceOption) (*securityPolicy, error) {
	made := &securityPolicy{}
	if err := ctx.RegisterResource(securityPolicyToken, name, a, made, opts...); err != nil {
		return nil, fmt.Errorf("creating security policy: %w", err)
	}
	return made, nil
}

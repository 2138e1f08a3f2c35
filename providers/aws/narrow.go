package aws

import (
	"fmt"
	"reflect"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// This file binds the three resources of AWS WAF that are used, by hand: the SDK's package wafv2 takes minutes and gigabytes to
// compile. The tokens, names of properties and types are those of github.com/pulumi/pulumi-aws/sdk/v6/go/aws/wafv2; a test
// compares them. Only properties in use are here, and what never comes from another resource is plain Go.
const (
	webACLToken            = "aws:wafv2/webAcl:WebAcl"
	webACLAssociationToken = "aws:wafv2/webAclAssociation:WebAclAssociation"
	webACLLoggingToken     = "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration"
)

// webACL is a list of rules that web requests are held against.
type webACL struct {
	pulumi.CustomResourceState

	Arn pulumi.StringOutput `pulumi:"arn"`
}

// webACLArgs are its inputs. Scope is "REGIONAL" or "CLOUDFRONT"; the name is Pulumi's.
type webACLArgs struct {
	CustomResponseBodies []wafResponseBody
	DefaultAction        wafAction
	Description          string
	Rules                []wafRule
	Scope                string
	Tags                 pulumi.StringMapInput
	VisibilityConfig     wafVisibility
}

type webACLInputs struct {
	CustomResponseBodies []wafResponseBody `pulumi:"customResponseBodies"`
	DefaultAction        wafAction         `pulumi:"defaultAction"`
	Description          string            `pulumi:"description"`
	Rules                []wafRule         `pulumi:"rules"`
	Scope                string            `pulumi:"scope"`
	Tags                 map[string]string `pulumi:"tags"`
	VisibilityConfig     wafVisibility     `pulumi:"visibilityConfig"`
}

// ElementType names the struct with the properties' names and resolved types.
func (webACLArgs) ElementType() reflect.Type { return reflect.TypeFor[webACLInputs]() }

// The parts of a rule. A choice is a pointer, and the chosen one may be an empty struct.
type (
	wafNothing struct{}

	wafRule struct {
		Name             string        `pulumi:"name"`
		Priority         int           `pulumi:"priority"` // the lowest is looked at first
		Action           *wafAction    `pulumi:"action"`   // of a statement of one's own
		OverrideAction   *wafOverride  `pulumi:"overrideAction"`
		Statement        wafStatement  `pulumi:"statement"`
		VisibilityConfig wafVisibility `pulumi:"visibilityConfig"`
	}
	wafAction struct {
		Allow *wafNothing `pulumi:"allow"`
		Block *wafBlock   `pulumi:"block"`
	}
	wafBlock struct {
		CustomResponse *wafResponse `pulumi:"customResponse"`
	}
	wafResponse struct {
		CustomResponseBodyKey *string     `pulumi:"customResponseBodyKey"`
		ResponseCode          int         `pulumi:"responseCode"`
		ResponseHeaders       []wafHeader `pulumi:"responseHeaders"`
	}
	wafResponseBody struct {
		Content     string `pulumi:"content"`
		ContentType string `pulumi:"contentType"`
		Key         string `pulumi:"key"`
	}
	wafHeader struct {
		Name  string `pulumi:"name"`
		Value string `pulumi:"value"`
	}
	wafOverride struct {
		Count *wafNothing `pulumi:"count"`
		None  *wafNothing `pulumi:"none"`
	}
	wafStatement struct {
		AndStatement              *wafAnd          `pulumi:"andStatement"`
		ManagedRuleGroupStatement *wafManagedGroup `pulumi:"managedRuleGroupStatement"`
		RateBasedStatement        *wafRate         `pulumi:"rateBasedStatement"`
		RegexMatchStatement       *wafRegex        `pulumi:"regexMatchStatement"`
	}
	wafManagedGroup struct {
		Name                string             `pulumi:"name"`
		RuleActionOverrides []wafGroupOverride `pulumi:"ruleActionOverrides"`
		VendorName          string             `pulumi:"vendorName"`
	}
	wafGroupOverride struct {
		ActionToUse wafCount `pulumi:"actionToUse"`
		Name        string   `pulumi:"name"`
	}
	wafCount struct {
		Count *wafNothing `pulumi:"count"`
	}
	wafRate struct {
		AggregateKeyType    *string `pulumi:"aggregateKeyType"`
		EvaluationWindowSec *int    `pulumi:"evaluationWindowSec"`
		Limit               int     `pulumi:"limit"`
	}
	wafRegex struct {
		FieldToMatch        *wafField           `pulumi:"fieldToMatch"`
		RegexString         string              `pulumi:"regexString"`
		TextTransformations []wafTransformation `pulumi:"textTransformations"`
	}
	wafField struct {
		Body         *wafBody       `pulumi:"body"`
		SingleHeader *wafHeaderName `pulumi:"singleHeader"`
		UriPath      *wafNothing    `pulumi:"uriPath"`
	}
	wafBody struct {
		OversizeHandling *string `pulumi:"oversizeHandling"`
	}
	// Statements inside of others: as deep as they are used, since a type that holds itself could not be compared with the SDK's.
	wafAnd struct {
		Statements []wafPart `pulumi:"statements"`
	}
	wafPart struct {
		NotStatement            *wafNot  `pulumi:"notStatement"`
		SizeConstraintStatement *wafSize `pulumi:"sizeConstraintStatement"`
	}
	wafNot struct {
		Statements []wafSized `pulumi:"statements"`
	}
	wafSized struct {
		SizeConstraintStatement *wafSize `pulumi:"sizeConstraintStatement"`
	}
	wafSize struct {
		ComparisonOperator  string              `pulumi:"comparisonOperator"`
		FieldToMatch        *wafField           `pulumi:"fieldToMatch"`
		Size                int                 `pulumi:"size"` // in bytes
		TextTransformations []wafTransformation `pulumi:"textTransformations"`
	}
	wafTransformation struct {
		Priority int    `pulumi:"priority"`
		Type     string `pulumi:"type"`
	}
	wafVisibility struct {
		CloudwatchMetricsEnabled bool   `pulumi:"cloudwatchMetricsEnabled"`
		MetricName               string `pulumi:"metricName"`
		SampledRequestsEnabled   bool   `pulumi:"sampledRequestsEnabled"`
	}
)

// newWebACL makes a web ACL.
//   - https://docs.aws.amazon.com/waf/latest/APIReference/API_CreateWebACL.html
//   - https://www.pulumi.com/registry/packages/aws/api-docs/wafv2/webacl/
func newWebACL(ctx *pulumi.Context, name string, a *webACLArgs, opts ...pulumi.ResourceOption) (*webACL, error) {
	made := &webACL{}
	if err := ctx.RegisterResource(webACLToken, name, a, made, opts...); err != nil {
		return nil, fmt.Errorf("creating web ACL %s: %w", name, err)
	}
	return made, nil
}

// webACLAssociation puts a web ACL before a load balancer. A distribution names its web ACL itself.
type webACLAssociation struct{ pulumi.CustomResourceState }

type webACLAssociationArgs struct{ ResourceArn, WebAclArn pulumi.StringInput }

type webACLAssociationInputs struct {
	ResourceArn string `pulumi:"resourceArn"`
	WebAclArn   string `pulumi:"webAclArn"`
}

// ElementType names the struct with the properties' names and resolved types.
func (webACLAssociationArgs) ElementType() reflect.Type {
	return reflect.TypeFor[webACLAssociationInputs]()
}

// newWebACLAssociation makes an association.
//   - https://docs.aws.amazon.com/waf/latest/APIReference/API_AssociateWebACL.html
//   - https://www.pulumi.com/registry/packages/aws/api-docs/wafv2/webaclassociation/
func newWebACLAssociation(ctx *pulumi.Context, name string, a *webACLAssociationArgs, opts ...pulumi.ResourceOption) (*webACLAssociation, error) {
	made := &webACLAssociation{}
	if err := ctx.RegisterResource(webACLAssociationToken, name, a, made, opts...); err != nil {
		return nil, fmt.Errorf("associating web ACL %s: %w", name, err)
	}
	return made, nil
}

// webACLLogging says where a web ACL writes what it has decided.
type webACLLogging struct{ pulumi.CustomResourceState }

type webACLLoggingArgs struct {
	LogDestinationConfigs pulumi.StringArrayInput
	LoggingFilter         *wafLogFilter
	RedactedFields        []wafRedaction
	ResourceArn           pulumi.StringInput
}

type webACLLoggingInputs struct {
	LogDestinationConfigs []string       `pulumi:"logDestinationConfigs"`
	LoggingFilter         *wafLogFilter  `pulumi:"loggingFilter"`
	RedactedFields        []wafRedaction `pulumi:"redactedFields"`
	ResourceArn           string         `pulumi:"resourceArn"`
}

// ElementType names the struct with the properties' names and resolved types.
func (webACLLoggingArgs) ElementType() reflect.Type { return reflect.TypeFor[webACLLoggingInputs]() }

type (
	wafRedaction struct {
		SingleHeader *wafHeaderName `pulumi:"singleHeader"`
	}
	wafHeaderName struct {
		Name string `pulumi:"name"` // in lower case
	}
	wafLogFilter struct {
		DefaultBehavior string           `pulumi:"defaultBehavior"` // KEEP or DROP, like a condition's
		Filters         []wafLogBehavior `pulumi:"filters"`
	}
	wafLogBehavior struct {
		Behavior    string            `pulumi:"behavior"`
		Conditions  []wafLogCondition `pulumi:"conditions"`
		Requirement string            `pulumi:"requirement"`
	}
	wafLogCondition struct {
		ActionCondition *wafLogAction `pulumi:"actionCondition"`
	}
	wafLogAction struct {
		Action string `pulumi:"action"`
	}
)

// newWebACLLogging makes a logging configuration.
//   - https://docs.aws.amazon.com/waf/latest/APIReference/API_PutLoggingConfiguration.html
//   - https://www.pulumi.com/registry/packages/aws/api-docs/wafv2/webaclloggingconfiguration/
func newWebACLLogging(ctx *pulumi.Context, name string, a *webACLLoggingArgs, opts ...pulumi.ResourceOption) (*webACLLogging, error) {
	made := &webACLLogging{}
	if err := ctx.RegisterResource(webACLLoggingToken, name, a, made, opts...); err != nil {
		return nil, fmt.Errorf("creating log of web ACL %s: %w", name, err)
	}
	return made, nil
}

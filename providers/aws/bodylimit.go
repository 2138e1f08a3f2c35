package aws

import (
	"strconv"
	"strings"
)

// inspected is how much of a body AWS WAF sees before a load balancer, in bytes. Before CloudFront it is more.
// https://docs.aws.amazon.com/waf/latest/developerguide/web-acl-setting-body-inspection-limit.html
const inspected = 8192

var asItIs = []wafTransformation{{Priority: 0, Type: "NONE"}}

// bodyLimitRule answers 413 to a request whose Content-Length is over limit. Neither front door has a limit that low of its own:
// CloudFront takes 50 GB, and a load balancer anything.
//   - https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-type-regex-match.html
//   - https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
func bodyLimitRule(limit int64) wafRule {
	return wafRule{
		Name:   "body-limit",
		Action: blockWith(413, tooLarge),
		Statement: wafStatement{RegexMatchStatement: &wafRegex{
			FieldToMatch: contentLength(), RegexString: greaterThan(limit), TextTransformations: asItIs,
		}},
	}
}

// lengthRule answers 411 to a request with a long body that does not say how long it is, which bodyLimitRule could not judge. A short
// one passes: WAF has seen all of it.
// https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-type-size-constraint-match.html
func lengthRule() wafRule {
	whole := "MATCH" // what is longer than WAF sees
	return wafRule{
		Name:   "body-length",
		Action: blockWith(411, lengthRequired),
		Statement: wafStatement{AndStatement: &wafAnd{Statements: []wafPart{
			{SizeConstraintStatement: &wafSize{
				ComparisonOperator: "GE", Size: inspected, FieldToMatch: &wafField{Body: &wafBody{OversizeHandling: &whole}}, TextTransformations: asItIs,
			}},
			{NotStatement: &wafNot{Statements: []wafSized{{SizeConstraintStatement: &wafSize{
				ComparisonOperator: "GE", Size: 1, FieldToMatch: contentLength(), TextTransformations: asItIs,
			}}}}},
		}}},
	}
}

func contentLength() *wafField {
	return &wafField{SingleHeader: &wafHeaderName{Name: "content-length"}}
}

// greaterThan is a pattern of the decimal numbers above n: those with more digits, and for each digit of n those that are the same
// before it and greater in it.
func greaterThan(n int64) string {
	digits := strconv.FormatInt(n, 10)
	more := []string{"[1-9][0-9]{" + strconv.Itoa(len(digits)) + ",}"}
	for i, d := range digits {
		if d == '9' {
			continue
		}
		one := digits[:i] + "[" + string(d+1) + "-9]"
		if rest := len(digits) - i - 1; rest > 0 {
			one += "[0-9]{" + strconv.Itoa(rest) + "}"
		}
		more = append(more, one)
	}
	return "^0*(" + strings.Join(more, "|") + ")$"
}

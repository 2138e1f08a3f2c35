package rights

import (
	"strings"
	"testing"
)

func parse(t *testing.T, text string) Document {
	t.Helper()
	d, err := Parse([]byte(`{"Version":"2012-10-17","Statement":[` + text + `]}`))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return d
}

// The cases are those of AWS's pages on evaluation.
//   - https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html
//   - https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
//   - https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
//   - https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
func TestDecide(t *testing.T) {
	const object = "arn:aws:s3:::example-bucket/a/b"
	keys := func(pairs ...string) map[string][]string {
		out := map[string][]string{}
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i+1] == "" {
				out[pairs[i]] = nil
				continue
			}
			out[pairs[i]] = strings.Split(pairs[i+1], " ")
		}
		return out
	}
	on := func(condition string) string {
		return `{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{` + condition + `}}`
	}
	for _, row := range []struct {
		name, policy, action, resource string
		context                        map[string][]string
		want                           bool
	}{
		{"nothing allows", `{"Effect":"Allow","Action":"s3:PutObject","Resource":"*"}`, "s3:GetObject", object, nil, false},
		{"allowed", `{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::example-bucket/*"}`, "s3:GetObject", object, nil, true},
		{"a denial wins, whatever comes first", `{"Effect":"Deny","Action":"s3:*","Resource":"*"},{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}`, "s3:GetObject", object, nil, false},
		{"a denial wins, whatever comes last", `{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"},{"Effect":"Deny","Action":"s3:*","Resource":"*"}`, "s3:GetObject", object, nil, false},
		{"a denial of something else", `{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"s3:Put*","Resource":"*"}`, "s3:GetObject", object, nil, true},
		{"actions have no case", `{"Effect":"Allow","Action":"S3:getobject","Resource":"*"}`, "s3:GetObject", object, nil, true},
		{"resources have", `{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::Example-bucket/*"}`, "s3:GetObject", object, nil, false},
		{"one character", `{"Effect":"Allow","Action":"s3:GetObjec?","Resource":"arn:aws:s3:::example-bucket/?/b"}`, "s3:GetObject", object, nil, true},
		{"a wildcard in the middle of an action", `{"Effect":"Allow","Action":"s3:*Object","Resource":"*"}`, "s3:GetObject", object, nil, true},
		{"a dot is a dot", `{"Effect":"Allow","Action":"s3.GetObject","Resource":"*"}`, "s3:GetObject", object, nil, false},
		{"NotAction", `{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}`, "s3:GetObject", object, nil, true},
		{"not NotAction", `{"Effect":"Allow","NotAction":["iam:*","s3:Get*"],"Resource":"*"}`, "s3:GetObject", object, nil, false},
		{"NotResource", `{"Effect":"Deny","Action":"*","NotResource":"arn:aws:s3:::example-bucket/*"},{"Effect":"Allow","Action":"*","Resource":"*"}`, "s3:GetObject", object, nil, true},
		{"a wildcard spans slashes", `{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::example-*b"}`, "s3:GetObject", object, nil, true},
		{"a wildcard in the middle stays in its segment", `{"Effect":"Allow","Action":"*","Resource":"arn:aws:logs:*s:log-group:x"}`, "logs:Get", "arn:aws:logs:us-east-1:1s:log-group:x", nil, false},
		{"one at the end of a segment goes on", `{"Effect":"Allow","Action":"*","Resource":"arn:aws:logs:*:log-group:/a/*"}`, "logs:Get", "arn:aws:logs:us-east-1:1:log-group:/a/b:log-stream:", nil, true},
		{"an action without resource needs *", `{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::example-bucket/*"}`, "ecr:GetAuthorizationToken", "*", nil, false},

		{"StringEquals", on(`"StringEquals":{"aws:RequestedRegion":["us-east-1","us-east-2"]}`), "s3:GetObject", object, keys("aws:RequestedRegion", "us-east-2"), true},
		{"StringEquals has no wildcards", on(`"StringEquals":{"aws:RequestedRegion":"us-*"}`), "s3:GetObject", object, keys("aws:RequestedRegion", "us-east-2"), false},
		{"StringEquals has case", on(`"StringEquals":{"aws:RequestedRegion":"US-east-2"}`), "s3:GetObject", object, keys("aws:RequestedRegion", "us-east-2"), false},
		{"StringEqualsIgnoreCase", on(`"StringEqualsIgnoreCase":{"aws:RequestedRegion":"US-east-2"}`), "s3:GetObject", object, keys("aws:RequestedRegion", "us-east-2"), true},
		{"an absent key", on(`"StringEquals":{"aws:ResourceTag/a":"b"}`), "s3:GetObject", object, nil, false},
		{"an absent key, if it exists", on(`"StringEqualsIfExists":{"aws:ResourceTag/a":"b"}`), "s3:GetObject", object, nil, true},
		{"a key that is not absent, if it exists", on(`"StringEqualsIfExists":{"aws:ResourceTag/a":"b"}`), "s3:GetObject", object, keys("aws:ResourceTag/a", "c"), false},
		{"names of keys have no case", on(`"StringEquals":{"AWS:resourcetag/A":"b"}`), "s3:GetObject", object, keys("aws:ResourceTag/a", "b"), true},
		{"StringNotEquals of an absent key", on(`"StringNotEquals":{"aws:ResourceTag/a":"b"}`), "s3:GetObject", object, nil, true},
		{"StringNotEquals, none of the values", on(`"StringNotEquals":{"aws:ResourceTag/a":["b","c"]}`), "s3:GetObject", object, keys("aws:ResourceTag/a", "c"), false},
		{"StringLike", on(`"StringLike":{"aws:ResourceTag/a":"b*/?"}`), "s3:GetObject", object, keys("aws:ResourceTag/a", "bcd/e"), true},
		{"StringNotLike", on(`"StringNotLike":{"aws:ResourceTag/a":"b*"}`), "s3:GetObject", object, keys("aws:ResourceTag/a", "bcd"), false},
		{"Bool", on(`"Bool":{"aws:SecureTransport":"true"}`), "s3:GetObject", object, keys("aws:SecureTransport", "false"), false},
		{"Null: must be absent, is", on(`"Null":{"aws:ResourceTag/a":"true"}`), "s3:GetObject", object, nil, true},
		{"Null: must be absent, is not", on(`"Null":{"aws:ResourceTag/a":"true"}`), "s3:GetObject", object, keys("aws:ResourceTag/a", "b"), false},
		{"Null: must be there, is not", on(`"Null":{"aws:ResourceTag/a":"false"}`), "s3:GetObject", object, nil, false},
		{"ArnLike", on(`"ArnLike":{"iam:PolicyARN":"arn:aws:iam::*:policy/a*"}`), "s3:GetObject", object, keys("iam:PolicyARN", "arn:aws:iam::1:policy/abc"), true},
		{"ArnEquals compares segments", on(`"ArnEquals":{"iam:PolicyARN":"arn:*:policy/abc"}`), "s3:GetObject", object, keys("iam:PolicyARN", "arn:aws:iam::1:policy/abc"), false},
		{"two operators: both", on(`"StringEquals":{"aws:ResourceTag/a":"b"},"Bool":{"aws:SecureTransport":"true"}`), "s3:GetObject", object, keys("aws:ResourceTag/a", "b"), false},
		{"two keys: both", on(`"StringEquals":{"aws:ResourceTag/a":"b","aws:ResourceTag/c":"d"}`), "s3:GetObject", object, keys("aws:ResourceTag/a", "b", "aws:ResourceTag/c", "e"), false},
		{"ForAnyValue: one is enough", on(`"ForAnyValue:StringLike":{"kms:ResourceAliases":"alias/a-*"}`), "s3:GetObject", object, keys("kms:ResourceAliases", "alias/b alias/a-b"), true},
		{"ForAnyValue: none", on(`"ForAnyValue:StringLike":{"kms:ResourceAliases":"alias/a-*"}`), "s3:GetObject", object, nil, false},
		{"ForAllValues: one is not", on(`"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}`), "s3:GetObject", object, keys("aws:TagKeys", "a c"), false},
		{"ForAllValues: all are", on(`"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}`), "s3:GetObject", object, keys("aws:TagKeys", "b a"), true},
		{"ForAllValues: there is none", on(`"ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]}`), "s3:GetObject", object, nil, true},
	} {
		got := Decide([]Document{parse(t, row.policy)}, Request{row.action, row.resource, row.context})
		if got.Allowed != row.want {
			t.Errorf("%s: allowed is %v", row.name, got.Allowed)
		}
	}
}

// What can't be evaluated must not be passed over: it would count as a condition that holds, or never does.
func TestParseRefuses(t *testing.T) {
	for want, text := range map[string]string{
		"NumericLessThan":                `{"Effect":"Allow","Action":"a:b","Resource":"*","Condition":{"NumericLessThan":{"x":"1"}}}`,
		"ForSomeValues:StringEquals":     `{"Effect":"Allow","Action":"a:b","Resource":"*","Condition":{"ForSomeValues:StringEquals":{"x":"1"}}}`,
		`the variable in "${aws:user}"`:  `{"Effect":"Allow","Action":"a:b","Resource":"*","Condition":{"StringEquals":{"x":"${aws:user}"}}}`,
		`the variable in "x/${aws:u}"`:   `{"Effect":"Allow","Action":"a:b","Resource":"x/${aws:u}"}`,
		"either Action or NotAction":     `{"Effect":"Allow","Resource":"*"}`,
		"either Resource or NotResource": `{"Effect":"Allow","Action":"a:b","Resource":"*","NotResource":"x"}`,
		`"allow" is neither`:             `{"Effect":"allow","Action":"a:b","Resource":"*"}`,
		"unknown field":                  `{"Effect":"Allow","Action":"a:b","Resource":"*","Conditions":{}}`,
		"has no value":                   `{"Effect":"Allow","Action":"a:b","Resource":"*","Condition":{"StringEquals":{"x":[]}}}`,
	} {
		_, err := Parse([]byte(`{"Version":"2012-10-17","Statement":[` + text + `]}`))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
	if _, err := Parse([]byte(`{"Version":"2008-10-17","Statement":[]}`)); err == nil {
		t.Error("an old version of the language is read")
	}
}

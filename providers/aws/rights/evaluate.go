package rights

import (
	"fmt"
	"slices"
	"strings"
)

const (
	allow = "Allow"
	deny  = "Deny"
)

// Request is one question to IAM: may this action be done on this resource? An action on several resources is one request for each.
type Request struct {
	Action   string
	Resource string // ARN, or "*" for an action that is about no resource
	// Context holds the condition keys of the request. A key that is not there is absent, which is not the same as empty.
	Context map[string][]string
}

// Decision is IAM's answer, with the statement that it rests on; none where nothing allows the request.
type Decision struct {
	Allowed bool
	Sid     string
}

// Decide evaluates the policies of an identity as IAM does: a statement that denies wins over every one that allows, and what no
// statement allows is denied.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html
func Decide(documents []Document, r Request) Decision {
	answer := Decision{}
	for _, d := range documents {
		for _, s := range d.Statement {
			if !s.Applies(r) {
				continue
			}
			if s.Effect == deny {
				return Decision{Sid: s.Sid}
			}
			if !answer.Allowed {
				answer = Decision{Allowed: true, Sid: s.Sid}
			}
		}
	}
	return answer
}

// Applies tells whether the statement is about the request.
func (s Statement) Applies(r Request) bool {
	if len(s.Action) > 0 != matchesAction(append(s.Action, s.NotAction...), r.Action) {
		return false
	}
	if len(s.Resource) > 0 != matchesResource(append(s.Resource, s.NotResource...), r.Resource) {
		return false
	}
	for operator, keys := range s.Condition {
		o, err := operatorOf(operator)
		if err != nil {
			return false // Parse refuses it
		}
		for key, values := range keys {
			if !o.holds(r.Context, key, values) {
				return false
			}
		}
	}
	return true
}

// matchesAction compares without regard to case.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
func matchesAction(patterns Texts, action string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return glob(strings.ToLower(p), strings.ToLower(action), false) })
}

// matchesResource compares an ARN. A wildcard stays within its segment, unless it is the last character of one.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html#reference_policies_elements_resource_wildcards
func matchesResource(patterns Texts, arn string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return glob(p, arn, true) })
}

// glob compares a text with a pattern, in which * is any text and ? any character. With segments, a * stays between colons unless it
// is the last character before one, or of the pattern.
func glob(pattern, text string, segments bool) bool {
	for pattern != "" {
		switch c := pattern[0]; {
		case c == '*':
			pattern = pattern[1:]
			bound := segments && pattern != "" && pattern[0] != ':'
			for i := 0; i <= len(text); i++ {
				if glob(pattern, text[i:], segments) {
					return true
				}
				if i < len(text) && bound && text[i] == ':' {
					break
				}
			}
			return false
		case text == "" || c != '?' && c != text[0]:
			return false
		}
		pattern, text = pattern[1:], text[1:]
	}
	return text == ""
}

// operator is a condition's.
type operator struct {
	compare  func(pattern, value string) bool
	negated  bool
	null     bool
	ifExists bool
	set      string // "", ForAnyValue or ForAllValues
}

// comparisons are the operators of IAM that are known here. A negated one holds where the other does not, and where the key is
// absent.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
var comparisons = map[string]func(pattern, value string) bool{
	"StringEquals":           func(p, v string) bool { return p == v },
	"StringEqualsIgnoreCase": strings.EqualFold,
	"StringLike":             func(p, v string) bool { return glob(p, v, false) },
	"ArnEquals":              arnLike,
	"ArnLike":                arnLike,
	"Bool":                   strings.EqualFold,
}

var negations = map[string]string{
	"StringNotEquals": "StringEquals", "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase", "StringNotLike": "StringLike", "ArnNotEquals": "ArnEquals", "ArnNotLike": "ArnLike",
}

func arnLike(pattern, value string) bool {
	p, v := strings.SplitN(pattern, ":", 6), strings.SplitN(value, ":", 6)
	if len(p) != 6 || len(v) != 6 {
		return false
	}
	for i := range p {
		if !glob(p[i], v[i], false) {
			return false
		}
	}
	return true
}

func operatorOf(name string) (operator, error) {
	o := operator{}
	rest := name
	if set, after, ok := strings.Cut(name, ":"); ok {
		if set != "ForAnyValue" && set != "ForAllValues" {
			return o, fmt.Errorf("there is no operator %s", name)
		}
		o.set, rest = set, after
	}
	rest, o.ifExists = strings.CutSuffix(rest, "IfExists")
	if rest == "Null" && !o.ifExists && o.set == "" {
		o.null = true
		return o, nil
	}
	if positive, ok := negations[rest]; ok {
		o.negated, rest = true, positive
	}
	if o.compare = comparisons[rest]; o.compare == nil {
		return o, fmt.Errorf("the operator %s can't be evaluated", name)
	}
	return o, nil
}

// holds compares the values of a key in the request with those of the condition, of which one must match, and of a negated operator
// none. With ForAnyValue one value of the request is enough, with ForAllValues each one must match, and a key that is absent does.
//   - https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
//   - https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
func (o operator) holds(context map[string][]string, key string, values Texts) bool {
	var got []string
	for k, v := range context { // names of keys have no case; the part after a slash, a tag's key, is compared without it too
		if strings.EqualFold(k, key) {
			got = v
		}
	}
	if o.null {
		return slices.ContainsFunc(values, func(v string) bool { return strings.EqualFold(v, "true") == (len(got) == 0) })
	}
	one := func(value string) bool {
		return o.negated != slices.ContainsFunc(values, func(p string) bool { return o.compare(p, value) })
	}
	switch {
	case len(got) == 0:
		return o.ifExists || o.set == "ForAllValues" || o.negated && o.set == ""
	case o.set == "ForAnyValue":
		return slices.ContainsFunc(got, one)
	}
	return !slices.ContainsFunc(got, func(v string) bool { return !one(v) })
}

// Package reference holds AWS's service authorization reference for the services that a stack uses: which actions there are, which
// resources they are about, and which condition keys a request has. Policies are held against it; no program needs it.
package reference

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
)

//go:embed reference.txt
var text string

// Action is one action, such as ec2:CreateVpc.
type Action struct {
	Name string
	// Types are the types of resources that it is about; none: a policy can only name all resources.
	Types []string
	// Required are those that every request names.
	Required []string
	// Keys are the condition keys of each request, beside those of its resources. The key of a tag stands without its name.
	Keys []string
}

// Type is one type of resource, such as ec2:vpc.
type Type struct {
	ARN  string // with * for what differs
	Keys []string
}

// Reference is what AWS says, by the name of the action and of the type.
type Reference struct {
	Actions map[string]Action
	Types   map[string]Type
}

// Load reads the reference.
func Load() (Reference, error) {
	r := Reference{Actions: map[string]Action{}, Types: map[string]Type{}}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Fields(line)
		switch {
		case len(fields) == 4 && fields[0] == "type":
			r.Types[fields[1]] = Type{ARN: fields[2], Keys: names(fields[3])}
		case len(fields) == 3:
			service, _, _ := strings.Cut(fields[0], ":")
			a := Action{Name: fields[0], Keys: names(fields[2])}
			for _, name := range names(fields[1]) {
				plain, required := strings.CutSuffix(name, "*")
				a.Types = append(a.Types, service+":"+plain)
				if required {
					a.Required = append(a.Required, service+":"+plain)
				}
			}
			r.Actions[a.Name] = a
		default:
			return r, fmt.Errorf("reading AWS's service authorization reference: %q is neither a type nor an action", line)
		}
	}
	return r, nil
}

func names(list string) []string {
	if list == "-" {
		return nil
	}
	return strings.Split(list, ",")
}

// Supports tells whether a request of the action on a resource, or on one of a pattern, has a condition key, such as aws:ResourceTag/team or kms:ViaService.
// Keys of AWS as a whole, other than tags, are in every request.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
func (r Reference) Supports(action, arn, key string) bool {
	key, _, _ = strings.Cut(key, "/")
	if strings.HasPrefix(key, "aws:") && key != "aws:ResourceTag" && key != "aws:RequestTag" {
		return true
	}
	a := r.Actions[action]
	if slices.Contains(a.Keys, key) {
		return true
	}
	return slices.ContainsFunc(a.Types, func(name string) bool {
		return slices.Contains(r.Types[name].Keys, key) && like(r.Types[name].ARN, arn)
	})
}

// TypesOf are the types of the action that an ARN, or a pattern of ARNs, can be of.
func (r Reference) TypesOf(action, arn string) (out []string) {
	for _, name := range r.Actions[action].Types {
		if like(r.Types[name].ARN, arn) {
			out = append(out, name)
		}
	}
	return out
}

// like tells whether two forms of ARNs can mean the same one; * stands for any text in both.
func like(a, b string) bool {
	switch {
	case a == "" && b == "":
		return true
	case a != "" && a[0] == '*':
		return like(a[1:], b) || b != "" && like(a, b[1:])
	case b != "" && b[0] == '*':
		return like(a, b[1:]) || a != "" && like(a[1:], b)
	}
	return a != "" && b != "" && a[0] == b[0] && like(a[1:], b[1:])
}

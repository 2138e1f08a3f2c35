package rights

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Resource is a resource of a plan.
type Resource struct {
	Type, Name, ID  string
	Region          string // of its provider
	Inputs, Outputs map[string]any
}

// Plan are the resources of a stack, in an account.
type Plan struct {
	Account, Partition string
	Resources          []Resource
}

// Asked is one request of a plan, with the resource and the phase that it is for.
type Asked struct {
	Request
	For  Resource
	When Phase
}

// Requests are what is asked of IAM while the resources of the plan are made, read, changed and deleted. It fails for a type of AWS
// that has no row. settled says that things have been there for a while: KMS takes up to five minutes to see the tags and aliases of
// a key, and what is just being made has no tags yet.
// https://docs.aws.amazon.com/kms/latest/developerguide/abac.html
func (p Plan) Requests(settled bool) ([]Asked, error) {
	byType := map[string]Row{}
	for _, row := range rows() {
		byType[row.Type] = row
	}
	known := p.known(byType)
	var out []Asked
	for _, r := range p.Resources {
		row, ok := byType[r.Type]
		if !ok {
			if strings.HasPrefix(r.Type, "aws:") {
				return nil, fmt.Errorf("the calls for %s are not known: add its row in providers/aws/rights", r.Type)
			}
			continue
		}
		for _, c := range row.Calls {
			asked, err := p.requests(r, row, c, known, settled)
			if err != nil {
				return nil, fmt.Errorf("%s %s: %w", r.Type, r.Name, err)
			}
			out = append(out, asked...)
		}
	}
	return out, nil
}

// facts are what AWS knows of a thing: tags, and the aliases of a key.
type facts struct {
	tags    map[string]any
	aliases []string
}

// known finds the facts of each thing by its ARN.
func (p Plan) known(byType map[string]Row) map[string]facts {
	out := map[string]facts{}
	for _, r := range p.Resources {
		things := p.things(r, byType[r.Type].ARN)
		if arn, ok := r.Outputs["arn"].(string); ok {
			things = append(things, arn)
		}
		for _, arn := range things {
			if tags, ok := r.Inputs["tags"].(map[string]any); ok && len(things) > 0 {
				f := out[arn]
				f.tags = tags
				out[arn] = f
			}
		}
		if key, ok := r.Outputs["targetKeyArn"].(string); ok && r.Type == "aws:kms/alias:Alias" {
			f := out[key]
			f.aliases = append(f.aliases, fmt.Sprint(r.Outputs["name"]))
			out[key] = f
		}
	}
	return out
}

func (p Plan) requests(r Resource, row Row, c Call, known map[string]facts, settled bool) ([]Asked, error) {
	if c.If != "" && !set(r.value(c.If)) {
		return nil, nil
	}
	on := c.On
	if on == "" {
		on = row.ARN
	}
	things := p.things(r, on)
	if len(things) == 0 {
		if strings.Contains(on, "[") { // an element of a list that is empty
			return nil, nil
		}
		return nil, fmt.Errorf("%s is about %q, of which the plan has nothing", c.Actions, on)
	}
	own := p.things(r, row.ARN)
	var out []Asked
	for _, action := range strings.Fields(c.Actions) {
		for _, arn := range things {
			a := Asked{Request: Request{Action: action, Resource: arn, Context: map[string][]string{"aws:RequestedRegion": {p.region(r, arn)}}}, For: r, When: c.When}
			fresh := !settled && (c.When == Create || c.When == Read) && (slices.Contains(own, arn) || strings.Contains(arn, ":key/"))
			if f := known[arn]; !fresh {
				tagged(a.Context, "aws:ResourceTag/", f.tags)
				if len(f.aliases) > 0 {
					a.Context["kms:ResourceAliases"] = f.aliases
				}
			}
			if c.When == Create || strings.Contains(action, "Tag") && !strings.Contains(action, "List") {
				tags, _ := r.Inputs["tags"].(map[string]any)
				tagged(a.Context, "aws:RequestTag/", tags)
			}
			for key, value := range c.Keys {
				if got := p.expand(r, value); len(got) > 0 {
					a.Context[key] = got
				}
			}
			out = append(out, a)
		}
	}
	return out, nil
}

func tagged(context map[string][]string, prefix string, tags map[string]any) {
	for k, v := range tags {
		if text, ok := v.(string); ok {
			context[prefix+k] = []string{text}
		}
	}
}

// region is where a request goes: into the region of the thing, and for what is global into us-east-1.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-requestedregion
func (p Plan) region(r Resource, arn string) string {
	if arn == "*" {
		return r.Region
	}
	if region := strings.SplitN(arn, ":", 6)[3]; region != "" {
		return region
	}
	return "us-east-1"
}

// things are ARNs, as Call.On names them.
func (p Plan) things(r Resource, on string) (out []string) {
	for _, one := range strings.Fields(on) {
		service, rest, _ := strings.Cut(one, ":")
		switch {
		case one == "*", strings.HasPrefix(one, "arn:"), strings.HasPrefix(one, "{"):
		case service == "iam":
			one = "arn:{partition}:iam::{account}:" + rest
		default:
			one = "arn:{partition}:" + service + ":{region}:{account}:" + rest
		}
		out = append(out, p.expand(r, one)...)
	}
	return out
}

var placeholder = regexp.MustCompile(`\{([^{}]*)\}`)

// expand fills in the places of a text; a list makes a text of each of its elements, and a property that is not set makes none.
func (p Plan) expand(r Resource, text string) []string {
	at := placeholder.FindStringSubmatchIndex(text)
	if at == nil {
		return []string{text}
	}
	var out []string
	for _, v := range p.look(r, text[at[2]:at[3]]) {
		out = append(out, p.expand(r, text[:at[0]]+v+text[at[1]:])...)
	}
	return out
}

func (p Plan) look(r Resource, name string) []string {
	switch name {
	case "account":
		return []string{p.Account}
	case "partition":
		return []string{p.Partition}
	case "region":
		return []string{r.Region}
	case "id":
		return []string{r.ID}
	case "role:boundary":
		return p.of("aws:iam/role:Role", "name", r.value("role"), "permissionsBoundary")
	case "target":
		return p.of("aws:appautoscaling/target:Target", "resourceId", r.value("resourceId"), "arn")
	case "arn:key":
		return p.of("aws:secretsmanager/secret:Secret", "arn", r.value("arn"), "kmsKeyId")
	case "scope:waf":
		return map[any][]string{"CLOUDFRONT": {"global"}, "REGIONAL": {"regional"}}[r.value("scope")]
	case "name:dns":
		return []string{strings.ToLower(strings.TrimSuffix(fmt.Sprint(r.value("name")), "."))}
	case "name:repository": // <registry>/<repository>:<tag>
		_, rest, _ := strings.Cut(fmt.Sprint(r.value("name")), "/")
		repository, _, _ := strings.Cut(rest, ":")
		return []string{repository}
	}
	switch v := r.value(name).(type) {
	case string:
		if v != "" {
			return []string{v}
		}
	case []any:
		var out []string
		for _, e := range v {
			out = append(out, fmt.Sprint(e))
		}
		return out
	}
	return nil
}

// of is a property of the resource of a type that has this value in another one.
func (p Plan) of(kind, key string, value any, property string) []string {
	for _, r := range p.Resources {
		if r.Type == kind && r.value(key) == value {
			return p.look(r, property)
		}
	}
	return nil
}

var element = regexp.MustCompile(`^(\w+)\[(\d+)\]$`)

// value is an output, or else an input, such as arn or list[0].name.
func (r Resource) value(path string) any {
	for _, from := range []map[string]any{r.Outputs, r.Inputs} {
		var v any = maps.Clone(from)
		for _, part := range strings.Split(path, ".") {
			index := 0
			m := element.FindStringSubmatch(part)
			if m != nil {
				part = m[1]
				_, _ = fmt.Sscan(m[2], &index)
			}
			fields, _ := v.(map[string]any)
			v = fields[part]
			if list, ok := v.([]any); ok && m != nil {
				v = nil
				if index < len(list) {
					v = list[index]
				}
			}
		}
		if v != nil && v != "" {
			return v
		}
	}
	return nil
}

func set(v any) bool { return v != nil && v != "" && v != false }

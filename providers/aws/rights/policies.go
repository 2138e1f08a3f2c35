package rights

import (
	"embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

//go:embed policies/*.json
var templates embed.FS

// Stack is what the policies of a stack are narrowed to.
type Stack struct {
	// Account, Partition and Region are where the stack is. Required.
	Account, Partition, Region string
	// Tag is the value of the tag slipway:stack on everything that takes tags. Required.
	Tag string
	// State is the stack in Pulumi's bucket: <project>/<stack>. Required.
	State string
	// Path is the name of what AWS arranges by slashes, without the first one. Required.
	Path string
	// Names are patterns of the names of things, by kind: name where nothing shortens it, and acl, alias, balancer, bucket, cache,
	// dashboard, database, function, group, role, rule, vault. Required.
	Names map[string][]string
	// StateBucket is the bucket of Pulumi's state, and StateKey the alias of the key that its secrets are encrypted with. Default:
	// state is not on AWS, and the policies say nothing of it.
	StateBucket, StateKey string
	// Zone is the id of the zone of Domain; "*" is each zone, for records of Domain only. Default: the stack writes no names.
	Zone, Domain string
	// BackupRegion is where backups are copied to. Default: nowhere, and there is no policy for it.
	BackupRegion string
	// Boundary is the ARN of the policy that bounds each role. Default: none is demanded.
	Boundary string
}

// Policy is a document with its name.
type Policy struct {
	Name string
	Document
}

// Limits of IAM: characters of a managed policy, without white space, and managed policies that one role may have.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
const (
	MostCharacters = 6144
	MostPolicies   = 10
)

// globalRegion is where CloudFront's certificates, web ACLs and their logs are, whatever the stack's region is.
const globalRegion = "us-east-1"

// Deployer are the policies of the role that deploys the stack.
func Deployer(s Stack) ([]Policy, error) {
	names := []string{"deployer-account", "deployer-network", "deployer-edge", "deployer-app", "deployer-data"}
	if s.BackupRegion != "" {
		names = append(names, "deployer-backup")
	}
	var out []Policy
	for _, name := range names {
		p, err := s.render(name)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// Reader is the policy of the role that previews the stack and looks for drift. It changes nothing.
func Reader(s Stack) (Policy, error) { return s.render("reader") }

// render fills in a template. A text with a value that the stack has not is left out, and with its last resource a whole statement.
func (s Stack) render(name string) (Policy, error) {
	data, err := templates.ReadFile("policies/" + name + ".json")
	if err != nil {
		return Policy{}, fmt.Errorf("reading policy %s: %w", name, err)
	}
	var d Document
	if err := json.Unmarshal(data, &d); err != nil {
		return Policy{}, fmt.Errorf("reading policy %s: %w", name, err)
	}
	values, out := s.values(), Document{Version: d.Version}
	for _, st := range d.Statement {
		if st.Resource, err = fill(st.Resource, values); err != nil {
			return Policy{}, fmt.Errorf("policy %s: %w", name, err)
		}
		if len(st.Resource) == 0 {
			continue
		}
		met, err := s.conditions(st, values)
		if err != nil {
			return Policy{}, fmt.Errorf("policy %s: %w", name, err)
		}
		if met {
			out.Statement = append(out.Statement, st)
		}
	}
	text, err := json.Marshal(out)
	if err != nil {
		return Policy{}, fmt.Errorf("writing policy %s: %w", name, err)
	}
	checked, err := Parse(text)
	if err == nil && len(text) > MostCharacters {
		err = fmt.Errorf("it has %d characters, and a managed policy has at most %d", len(text), MostCharacters)
	}
	if err != nil {
		return Policy{}, fmt.Errorf("policy %s: %w", name, err)
	}
	return Policy{name, checked}, nil
}

// conditions fills in those of a statement, and tells whether the stack has a value for each. Where it has no boundary, none is asked
// for.
func (s Stack) conditions(st Statement, values map[string][]string) (bool, error) {
	for operator, keys := range st.Condition {
		if s.Boundary == "" {
			delete(keys, boundary)
		}
		if len(keys) == 0 {
			delete(st.Condition, operator)
		}
		for key, texts := range keys {
			filled, err := fill(texts, values)
			if err != nil || len(filled) == 0 {
				return false, err
			}
			keys[key] = filled
		}
	}
	return true, nil
}

// values are those of the templates' places.
func (s Stack) values() map[string][]string {
	out := map[string][]string{
		"account": {s.Account}, "partition": {s.Partition}, "region": {s.Region}, "tag": {s.Tag}, "stack": {s.State}, "path": {s.Path},
		"zone": {s.Zone}, "domain": {strings.ToLower(s.Domain)}, "stateBucket": {s.StateBucket}, "stateKey": {s.StateKey}, "boundary": {s.Boundary},
		"regions": {s.Region, globalRegion}, "keyRegions": {s.Region, globalRegion, s.BackupRegion}, "backupRegions": {s.Region, s.BackupRegion},
	}
	maps.Copy(out, s.Names)
	for name, values := range out {
		values = slices.DeleteFunc(slices.Clone(values), func(v string) bool { return v == "" })
		slices.Sort(values)
		out[name] = slices.Compact(values)
	}
	return out
}

func fill(texts Texts, values map[string][]string) (Texts, error) {
	var out Texts
	for _, text := range texts {
		at := placeholder.FindStringSubmatchIndex(text)
		if at == nil {
			out = append(out, text)
			continue
		}
		all, ok := values[text[at[2]:at[3]]]
		if !ok {
			return nil, fmt.Errorf("nothing is known of {%s}", text[at[2]:at[3]])
		}
		for _, v := range all {
			more, err := fill(Texts{text[:at[0]] + v + text[at[1]:]}, values)
			if err != nil {
				return nil, err
			}
			out = append(out, more...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

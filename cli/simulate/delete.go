package simulate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/slipway-iac/slipway/cli/simulate/likely"
)

// protections are the inputs that make a cloud, or its provider, refuse to delete a resource.
//   - https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_DeleteInstance.html
//   - https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html
//   - https://cloud.google.com/sql/docs/postgres/deletion-protection
var protections = map[string][]string{
	"aws:cognito/userPool:UserPool":             {"deletionProtection"},
	"aws:dynamodb/table:Table":                  {"deletionProtectionEnabled"},
	"aws:ec2/instance:Instance":                 {"disableApiTermination"},
	"aws:lb/loadBalancer:LoadBalancer":          {"enableDeletionProtection"},
	"aws:rds/cluster:Cluster":                   {"deletionProtection"},
	"aws:rds/instance:Instance":                 {"deletionProtection"},
	"gcp:container/cluster:Cluster":             {"deletionProtection"},
	"gcp:redis/cluster:Cluster":                 {"deletionProtectionEnabled"},
	"gcp:sql/databaseInstance:DatabaseInstance": {"deletionProtection", "settings.deletionProtectionEnabled"},
}

// protectedByDefault are those whose provider refuses unless the input is false.
// https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/sql_database_instance#deletion_protection-1
var protectedByDefault = []string{"gcp:sql/databaseInstance:DatabaseInstance"}

// Protection is the input by which a resource refuses its deletion, or nothing.
func Protection(token string, inputs resource.PropertyMap) string {
	keys := protections[token]
	for _, key := range keys {
		v, ok := at(inputs, key)
		on := ok && (v.IsBool() && v.BoolValue() || v.IsString() && (v.StringValue() == "ACTIVE" || v.StringValue() == "true"))
		if on || !ok && key == keys[0] && slices.Contains(protectedByDefault, token) {
			return key
		}
	}
	return ""
}

// at returns the value at a path of plain names.
func at(m resource.PropertyMap, path string) (resource.PropertyValue, bool) {
	head, rest, nested := strings.Cut(path, ".")
	v, ok := m[resource.PropertyKey(head)]
	v = likely.Plain(v)
	if nested && v.IsObject() {
		return at(v.ObjectValue(), rest)
	}
	return v, ok && !nested && !v.IsNull()
}

// protected refuses to delete what is protected.
func protected(t thing) error {
	inputs := t.inputs
	if len(inputs) == 0 {
		inputs = t.outputs
	}
	token := string(t.urn.Type())
	key := Protection(token, inputs)
	if key == "" {
		return nil
	}
	return fmt.Errorf("simulated cloud: %s %q can't be deleted: its deletion protection is on (%s). Turn it off with an update first", kindOf(token), t.urn.Name(), key)
}

func kindOf(token string) string { return token[strings.LastIndex(token, ":")+1:] }

// watchers name what they watch, and hold nothing: Azure deletes it all the same, and the watcher, or its settings, with it.
//   - https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-metric-overview
//   - https://learn.microsoft.com/azure/azure-monitor/essentials/diagnostic-settings
//   - A private link's other end is left disconnected: https://learn.microsoft.com/azure/private-link/manage-private-endpoint
var watchers = []string{"azure-native:insights:DiagnosticSetting", "azure-native:insights:MetricAlert", "azure-native:cdn:AFDOrigin"}

// inUse refuses to delete what another resource still names: a cloud answers "dependency violation".
func (c *Cloud) inUse(t thing) error {
	token := string(t.urn.Type())
	own := resource.PropertyKey(likely.NameProperty(token))
	var borrowed []string // what the resource itself has from others
	for key, v := range t.inputs {
		if key != own {
			leaves(v, nil, func(_ resource.PropertyPath, text string) { borrowed = append(borrowed, text) })
		}
	}
	var names []string
	for _, name := range []resource.PropertyValue{resource.NewProperty(t.id), t.outputs["arn"], t.outputs["selfLink"]} {
		leaves(name, nil, func(_ resource.PropertyPath, text string) {
			if len(text) > len(`"12345678"`) && !slices.Contains(borrowed, text) {
				names = append(names, text)
			}
		})
	}
	var err error
	for _, other := range c.things() {
		if other.urn == t.urn || slices.Contains(watchers, unversioned(string(other.urn.Type()))) {
			continue
		}
		for _, one := range c.saidBy(other) {
			if slices.Contains(names, one.text) && err == nil {
				err = fmt.Errorf("simulated cloud: %s %q can't be deleted: %s of %s %q still names it", kindOf(token), t.urn.Name(), one.path, kindOf(string(other.urn.Type())), other.urn.Name())
			}
		}
	}
	return err
}

// said is one text, number or truth value among the inputs of a resource.
type said struct {
	path resource.PropertyPath
	text string
}

// saidBy lists those of a resource, and remembers them as long as it is as it is: a deletion looks at those of all others.
func (c *Cloud) saidBy(t thing) []said {
	key := string(t.urn) + " " + t.id
	c.mu.Lock()
	all, known := c.said[key]
	c.mu.Unlock()
	if known {
		return all
	}
	for _, key := range t.inputs.StableKeys() {
		leaves(t.inputs[key], resource.PropertyPath{string(key)}, func(path resource.PropertyPath, text string) {
			all = append(all, said{slices.Clone(path), text})
		})
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.said == nil {
		c.said = map[string][]said{}
	}
	c.said[key] = all
	return all
}

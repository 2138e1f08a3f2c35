package simulate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/cli/simulate/likely"
	"github.com/slipway-iac/slipway/cli/simulate/plugins"
)

// real is what the simulated clouds know of the real providers. What those answer decides whether a plan fails and what a change does.
// It never gets into the state: a plan has the same bytes whichever plugins are there.
type real struct {
	mu       sync.Mutex
	versions map[string]string       // that SDKs ask for, by name of the provider's resource and package
	answers  map[resource.URN]asked  // of the last Check
	replaced map[resource.URN]string // what makes a replacement differ where no table has it
}

// asked is a question that was put to a provider, and its answer.
type asked struct {
	plugin *plugins.Instance
	inputs resource.PropertyMap
	answer *plugins.Answer
}

func newReal() real {
	return real{versions: map[string]string{}, answers: map[resource.URN]asked{}, replaced: map[resource.URN]string{}}
}

// learn notes which version of its plugin a provider asks for.
func (r *real) learn(a *pulumi.ResourceTransformationArgs) {
	name, ok := strings.CutPrefix(a.Type, "pulumi:providers:")
	if !ok {
		return
	}
	if o, err := pulumi.NewResourceOptions(a.Opts...); err == nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.versions[name+" "+a.Name] = strings.TrimPrefix(o.Version, "v")
	}
}

// introduce notes the name of the provider that a connection is for.
func introduce(ctx context.Context, name string) {
	if c, ok := ctx.Value(connectionKey{}).(*connection); ok {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.name = name
	}
}

// pluginOf is the plugin of the real provider that this instance stands for, or nil.
func pluginOf(ctx context.Context) *plugins.Instance {
	c, ok := ctx.Value(connectionKey{}).(*connection)
	if !ok {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.plugin
}

// attach has the plugin of a provider started, with the same configuration. A provider that the program does not make, which is only in
// the state that is compared, has nothing to check.
func (c *Cloud) attach(ctx context.Context, name string, config resource.PropertyMap) {
	conn, ok := ctx.Value(connectionKey{}).(*connection)
	if !ok || c.options.Plugins == nil || config.ContainsUnknowns() {
		return
	}
	conn.mu.Lock()
	defer conn.mu.Unlock()
	if conn.name == "" {
		return
	}
	c.real.mu.Lock()
	version := c.real.versions[name+" "+conn.name]
	c.real.mu.Unlock()
	conn.plugin = c.options.Plugins.Open(name, version, config)
}

// ask has the real provider check the inputs of a resource, in the background: the run need not wait for it.
func (c *Cloud) ask(p *plugins.Instance, urn resource.URN, olds, checked resource.PropertyMap) {
	if p == nil {
		return
	}
	given, settle := split(checked)
	var before resource.PropertyMap
	if len(olds) > 0 {
		before = c.before(p, urn, olds)
	}
	a := p.Check(urn, before, given, settle)
	c.real.mu.Lock()
	defer c.real.mu.Unlock()
	c.real.answers[urn] = asked{plugin: p, inputs: checked, answer: a}
}

// checkedNow is the answer for the new inputs of a change. Those that the engine has not had checked, since what they depend on is about
// to be replaced, are asked now.
func (c *Cloud) checkedNow(p *plugins.Instance, q question) *plugins.Answer {
	c.real.mu.Lock()
	last := c.real.answers[q.urn]
	c.real.mu.Unlock()
	if last.answer != nil && last.inputs.DeepEquals(q.news) {
		return last.answer.Wait()
	}
	given, settle := split(q.news)
	return p.Ask(q.urn, c.before(p, q.urn, q.olds), given, settle).Wait()
}

// before are the checked inputs of the state that is compared: a real state has them, those of a simulated one are checked now. Nothing
// if the provider does not take them.
func (c *Cloud) before(p *plugins.Instance, urn resource.URN, olds resource.PropertyMap) resource.PropertyMap {
	if c.options.Deployed {
		return olds
	}
	given, settle := split(olds)
	return p.Ask(urn, nil, given, settle).Wait().Inputs
}

// split parts what the program has given from what the simulation has filled in for it: the name.
func split(inputs resource.PropertyMap) (given, settle resource.PropertyMap) {
	given, settle = resource.PropertyMap{}, resource.PropertyMap{}
	for key, v := range inputs {
		switch {
		case key == defaults:
		case isDefault(inputs, key):
			settle[key] = v
		default:
			given[key] = v
		}
	}
	return given, settle
}

// salt stands for the inputs that can't change in place, as the table has it, and as the real provider has said of this resource.
func (c *Cloud) salt(urn resource.URN, inputs resource.PropertyMap) string {
	c.real.mu.Lock()
	defer c.real.mu.Unlock()
	return salt(string(urn.Type()), inputs) + c.real.replaced[urn]
}

// renew makes what is made up for a replacement differ from what is replaced, where the table does not see to it.
func (c *Cloud) renew(q question) {
	if salt(string(q.urn.Type()), q.olds) != salt(string(q.urn.Type()), q.news) {
		return
	}
	var text strings.Builder
	for _, key := range q.news.StableKeys() {
		leaves(q.news[key], resource.PropertyPath{string(key)}, func(path resource.PropertyPath, v string) { fmt.Fprintln(&text, path, v) })
	}
	sum := sha256.Sum256([]byte(text.String()))
	c.real.mu.Lock()
	defer c.real.mu.Unlock()
	c.real.replaced[q.urn] = " " + hex.EncodeToString(sum[:8])
}

// filled puts made-up values where a preview has unknown ones. What nothing was made up for is left out.
func filled(preview, made resource.PropertyValue) (resource.PropertyValue, bool) {
	switch {
	case preview.IsSecret():
		v, ok := filled(preview.SecretValue().Element, likely.Plain(made))
		return resource.MakeSecret(v), ok
	case preview.IsComputed(), preview.IsOutput() && !preview.OutputValue().Known:
		return made, !made.IsNull()
	case preview.IsObject():
		out, from := resource.PropertyMap{}, resource.PropertyMap{}
		if m := likely.Plain(made); m.IsObject() {
			from = m.ObjectValue()
		}
		for key, v := range preview.ObjectValue() {
			if v, ok := filled(v, from[key]); ok {
				out[key] = v
			}
		}
		return resource.NewProperty(out), true
	case preview.IsArray():
		var from []resource.PropertyValue
		if m := likely.Plain(made); m.IsArray() {
			from = m.ArrayValue()
		}
		out := []resource.PropertyValue{}
		for i, v := range preview.ArrayValue() {
			item := resource.NewNullProperty()
			if i < len(from) {
				item = from[i]
			}
			if v, ok := filled(v, item); ok {
				out = append(out, v)
			}
		}
		return resource.NewProperty(out), true
	}
	return preview, true
}

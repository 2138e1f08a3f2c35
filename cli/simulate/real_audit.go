package simulate

import (
	"slices"
	"sync"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"github.com/slipway-iac/slipway/cli/simulate/likely"
	"github.com/slipway-iac/slipway/cli/simulate/plugins"
)

// Audit holds the tables of what can't change in place against the real providers, if the options ask for it: for every input that the
// program gives, each once for a type of resource, it asks what another value would do. What differs is in the pool's verdict.
func (c *Cloud) Audit() {
	if !c.options.Audit {
		return
	}
	seen := map[string]bool{}
	var wait sync.WaitGroup
	for _, t := range c.things() {
		c.real.mu.Lock()
		last := c.real.answers[t.urn]
		c.real.mu.Unlock()
		if last.answer == nil || last.answer.Wait().Inputs == nil {
			continue
		}
		given, _ := split(last.inputs)
		var paths []resource.PropertyPath
		for _, key := range given.StableKeys() {
			leaves(given[key], resource.PropertyPath{string(key)}, func(path resource.PropertyPath, _ string) {
				if key := string(t.urn.Type()) + " " + plainPath(path); !seen[key] {
					seen[key], paths = true, append(paths, path)
				}
			})
		}
		if len(paths) > 0 {
			wait.Go(func() { c.audit(last, t, paths) })
		}
	}
	wait.Wait()
}

// audit asks about the inputs at some paths of one resource.
func (c *Cloud) audit(last asked, t thing, paths []resource.PropertyPath) {
	olds := last.answer.Inputs
	q := question{urn: t.urn, id: t.id, olds: last.inputs, news: last.inputs, state: t.outputs}
	ask := plugins.Change{URN: t.urn, ID: t.id, State: c.stateOf(last.answer, q), Olds: olds, News: olds}
	none, silence := last.plugin.Diff(ask)
	if silence != "" {
		last.plugin.Judged(t.urn, silence)
		return
	}
	for _, path := range paths {
		news := resource.NewProperty(olds.Copy())
		v, ok := path.Get(news)
		if !ok {
			continue
		}
		news, ok = setAt(news, path, another(v))
		if !ok {
			continue
		}
		ask.News = news.ObjectValue()
		word, silence := last.plugin.Diff(ask)
		word, silence = decided(word, none, silence)
		if silence == "" {
			last.plugin.Audited(defects(question{urn: t.urn, changes: []change{{path, pulumirpc.PropertyDiff_UPDATE}}}, word)...)
		}
	}
}

// another is a value of the same type.
func another(v resource.PropertyValue) resource.PropertyValue {
	switch {
	case v.IsSecret():
		return resource.MakeSecret(another(v.SecretValue().Element))
	case v.IsString():
		return resource.NewProperty(anotherText(v.StringValue()))
	case v.IsNumber():
		return resource.NewProperty(v.NumberValue() + 1)
	case v.IsBool():
		return resource.NewProperty(!v.BoolValue())
	}
	return v
}

// anotherText has another last character of the same class, so that the form stays: 30s, 10.0.0.1, sha256:01ab.
func anotherText(s string) string {
	if s == "" {
		return "x"
	}
	last := s[len(s)-1]
	switch {
	case '0' <= last && last <= '8', 'a' <= last && last <= 'y', 'A' <= last && last <= 'Y':
		last++
	case last == '9':
		last = '1'
	case last == 'z', last == 'Z':
		last -= 25
	default:
		return s + "x"
	}
	return s[:len(s)-1] + string(last)
}

// setAt is a copy of a value with another one at a path.
func setAt(v resource.PropertyValue, path resource.PropertyPath, to resource.PropertyValue) (resource.PropertyValue, bool) {
	if len(path) == 0 {
		return to, true
	}
	switch key := path[0].(type) {
	case string:
		if m := likely.Plain(v); m.IsObject() {
			out := m.ObjectValue().Copy()
			inner, ok := setAt(out[resource.PropertyKey(key)], path[1:], to)
			out[resource.PropertyKey(key)] = inner
			return resource.NewProperty(out), ok
		}
	case int:
		if l := likely.Plain(v); l.IsArray() && key < len(l.ArrayValue()) {
			out := slices.Clone(l.ArrayValue())
			inner, ok := setAt(out[key], path[1:], to)
			out[key] = inner
			return resource.NewProperty(out), ok
		}
	}
	return v, false
}

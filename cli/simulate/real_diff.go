package simulate

import (
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"github.com/slipway-iac/slipway/cli/simulate/plugins"
)

// rawState is where newer bridges keep Terraform's own form of a state. It must not contradict the made-up values.
const rawState = "__pulumi_raw_state_delta"

// schemaVersions are Terraform's versions of the states of types, where a preview does not tell them: a plugin on the bridge would take a
// state without one for the oldest.
// https://github.com/kreuzwerker/terraform-provider-docker/tree/master/internal/provider
var schemaVersions = map[string]string{
	"docker:index/container:Container": "2", "docker:index/network:Network": "1", "docker:index/secret:Secret": "1", "docker:index/service:Service": "2",
}

// question is what the engine asks of a change.
type question struct {
	urn               resource.URN
	id                string
	olds, news, state resource.PropertyMap
	ignore            []string
	changes           []change
	own               *pulumirpc.DiffResponse // by the tables
}

// judge says what a change does: the real provider's word, if it has one, else that of the tables. Where the two differ it is noted.
func (c *Cloud) judge(p *plugins.Instance, q question) *pulumirpc.DiffResponse {
	if p == nil || len(q.changes) == 0 && !c.options.Deployed {
		return q.own
	}
	word, silence := c.word(p, q)
	if silence != "" {
		p.Judged(q.urn, silence)
		return q.own
	}
	p.Judged(q.urn, "", defects(q, word)...)
	if len(word.GetReplaces()) > 0 {
		c.renew(q)
	}
	return word
}

// word asks the real provider. A simulated state is first made one that it takes for its own: what it previews of the old inputs, with
// what was made up in place of what it could not know. What it sees change in that state without any change of inputs is our fault, and
// left out.
func (c *Cloud) word(p *plugins.Instance, q question) (*pulumirpc.DiffResponse, string) {
	a := c.checkedNow(p, q)
	switch {
	case a.Silence != "":
		return nil, a.Silence
	case len(a.Failures) > 0:
		return nil, "it refuses the new inputs: " + a.Failures[0].Reason
	}
	change := plugins.Change{URN: q.urn, ID: q.id, State: readable(q.state, a.Inputs), Olds: readable(q.olds, a.Inputs), News: a.Inputs, Ignore: q.ignore}
	if c.options.Deployed {
		word, silence := p.Diff(change)
		return decided(word, nil, silence)
	}
	given, settle := split(q.olds)
	before := p.Ask(q.urn, nil, given, settle).Wait()
	if before.Silence != "" {
		return nil, before.Silence
	}
	if before.Inputs != nil { // else it refuses them: a plan's file has marks in place of secrets
		change.Olds = before.Inputs
	}
	change.State = c.stateOf(before, q)
	word, silence := p.Diff(change)
	if silence != "" {
		return nil, silence
	}
	change.News = change.Olds
	none, silence := p.Diff(change)
	return decided(word, none, silence)
}

// stateOf is a simulated state as the provider would have it.
func (c *Cloud) stateOf(before *plugins.Answer, q question) resource.PropertyMap {
	if before.State == nil { // a provider that makes no previews
		out := q.state.Copy()
		maps.Copy(out, before.Inputs)
		delete(out, defaults)
		return out
	}
	v, _ := filled(resource.NewProperty(before.State), resource.NewProperty(q.state))
	out := v.ObjectValue()
	delete(out, rawState)
	if version := schemaVersions[string(q.urn.Type())]; version != "" && !out.HasValue("__meta") {
		out["__meta"] = resource.NewProperty(`{"schema_version":"` + version + `"}`)
	}
	if _, has := before.State["id"]; has {
		out["id"] = resource.NewProperty(q.id)
	}
	return out
}

// readable takes a secret of the old state that can't be decrypted for unchanged.
func readable(olds, news resource.PropertyMap) resource.PropertyMap {
	v := revealed(resource.NewProperty(olds), resource.NewProperty(news))
	return v.ObjectValue()
}

func revealed(old, now resource.PropertyValue) resource.PropertyValue {
	switch {
	case old.IsSecret():
		if now.IsSecret() {
			now = now.SecretValue().Element
		}
		return resource.MakeSecret(revealed(old.SecretValue().Element, now))
	case Unreadable(old) && !now.IsNull():
		return now
	case old.IsObject():
		out := resource.PropertyMap{}
		for key, v := range old.ObjectValue() {
			var other resource.PropertyValue
			if now.IsObject() {
				other = now.ObjectValue()[key]
			}
			out[key] = revealed(v, other)
		}
		return resource.NewProperty(out)
	case old.IsArray():
		out := make([]resource.PropertyValue, len(old.ArrayValue()))
		for i, v := range old.ArrayValue() {
			var other resource.PropertyValue
			if now.IsArray() && i < len(now.ArrayValue()) {
				other = now.ArrayValue()[i]
			}
			out[i] = revealed(v, other)
		}
		return resource.NewProperty(out)
	}
	return old
}

// decided makes one answer of a provider's: without the differences that it sees where there are none, and told path by path.
func decided(word, none *pulumirpc.DiffResponse, silence string) (*pulumirpc.DiffResponse, string) {
	if silence != "" {
		return nil, silence
	}
	if word.GetChanges() == pulumirpc.DiffResponse_DIFF_UNKNOWN {
		return nil, "it does not know whether that is a change"
	}
	out := &pulumirpc.DiffResponse{
		Changes: word.GetChanges(), HasDetailedDiff: true, DetailedDiff: map[string]*pulumirpc.PropertyDiff{}, Stables: word.GetStables(),
		DeleteBeforeReplace: word.GetDeleteBeforeReplace(),
	}
	for path, d := range word.GetDetailedDiff() {
		if other, always := none.GetDetailedDiff()[path]; !always || replacing(d.GetKind()) && !replacing(other.GetKind()) {
			out.DetailedDiff[path] = d
			out.Diffs = append(out.Diffs, top(path))
			if replacing(d.GetKind()) {
				out.Replaces = append(out.Replaces, top(path))
			}
		}
	}
	for _, list := range [][3][]string{{word.GetDiffs(), none.GetDiffs()}, {word.GetReplaces(), none.GetReplaces()}} {
		for _, path := range list[0] {
			if !slices.Contains(list[1], path) && !slices.Contains(out.Diffs, top(path)) {
				out.Diffs = append(out.Diffs, top(path))
			}
		}
	}
	for _, path := range word.GetReplaces() {
		if !slices.Contains(none.GetReplaces(), path) {
			out.Replaces = append(out.Replaces, top(path))
		}
	}
	for _, path := range out.Diffs { // one that gives no details
		if !slices.ContainsFunc(slices.Collect(maps.Keys(out.DetailedDiff)), func(p string) bool { return top(p) == path }) {
			kind := pulumirpc.PropertyDiff_UPDATE
			if slices.Contains(out.Replaces, path) {
				kind = pulumirpc.PropertyDiff_UPDATE_REPLACE
			}
			out.DetailedDiff[path] = &pulumirpc.PropertyDiff{Kind: kind, InputDiff: true}
		}
	}
	for _, list := range []*[]string{&out.Diffs, &out.Replaces} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	if len(out.Diffs) == 0 && none != nil && none.GetChanges() == pulumirpc.DiffResponse_DIFF_SOME {
		out.Changes = pulumirpc.DiffResponse_DIFF_NONE
	}
	return out, ""
}

func replacing(k pulumirpc.PropertyDiff_Kind) bool {
	switch k {
	case pulumirpc.PropertyDiff_ADD_REPLACE, pulumirpc.PropertyDiff_DELETE_REPLACE, pulumirpc.PropertyDiff_UPDATE_REPLACE:
		return true
	}
	return false
}

// top is the first part of a path: ports of ports[0].internal.
func top(path string) string {
	if i := strings.IndexAny(path, ".["); i > 0 {
		return path[:i]
	}
	return path
}

// defects are the differences between the table and the provider about what replaces a resource. An input that the provider does not
// see change, such as a document in another notation, is none.
func defects(q question, word *pulumirpc.DiffResponse) []plugins.Defect {
	token, r := string(q.urn.Type()), ruleOf(string(q.urn.Type()))
	var out []plugins.Defect
	note := func(property, table, real string) {
		d := plugins.Defect{Type: token, Property: property, Table: table, Real: real}
		if !slices.Contains(out, d) {
			out = append(out, d)
		}
	}
	for text, d := range word.GetDetailedDiff() {
		path, err := resource.ParsePropertyPath(text)
		if err == nil && replacing(d.GetKind()) && !r.replacesAt(path) {
			note(plainPath(path), "update", "replacement")
		}
	}
	for _, ours := range q.changes {
		at := plainPath(ours.path)
		if !r.replacesAt(ours.path) || len(word.GetReplaces()) > 0 {
			continue
		}
		if slices.Contains(word.GetDiffs(), top(at)) {
			note(at, "replacement", "update")
		}
	}
	return out
}

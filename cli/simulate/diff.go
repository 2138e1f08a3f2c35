package simulate

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"github.com/slipway-iac/slipway/cli/simulate/likely"
)

// change is one input that differs.
type change struct {
	path resource.PropertyPath
	kind pulumirpc.PropertyDiff_Kind
}

// changes compares inputs.
func changes(olds, news resource.PropertyMap) []change {
	var out []change
	compareObjects(olds, news, nil, func(c change) { out = append(out, c) })
	return out
}

func compare(before, after resource.PropertyValue, path resource.PropertyPath, visit func(change)) {
	before, after = likely.Plain(before), likely.Plain(after)
	switch {
	case Unreadable(before):
	case before.IsObject() && after.IsObject():
		compareObjects(before.ObjectValue(), after.ObjectValue(), path, visit)
	case before.IsArray() && after.IsArray():
		a, b := before.ArrayValue(), after.ArrayValue()
		for i := range max(len(a), len(b)) {
			at := append(slices.Clone(path), i)
			switch {
			case i >= len(a):
				visit(change{at, pulumirpc.PropertyDiff_ADD})
			case i >= len(b):
				visit(change{at, pulumirpc.PropertyDiff_DELETE})
			default:
				compare(a[i], b[i], at, visit)
			}
		}
	case !before.DeepEquals(after):
		visit(change{path, pulumirpc.PropertyDiff_UPDATE})
	}
}

func compareObjects(olds, news resource.PropertyMap, path resource.PropertyPath, visit func(change)) {
	keys := olds.StableKeys()
	for _, key := range news.StableKeys() {
		if _, both := olds[key]; !both {
			keys = append(keys, key)
		}
	}
	for _, key := range keys {
		before, was := olds[key]
		after, is := news[key]
		was, is = was && !before.IsNull(), is && !after.IsNull()
		at := append(slices.Clone(path), string(key))
		switch {
		case key == defaults || !was && !is:
		case !was:
			visit(change{at, pulumirpc.PropertyDiff_ADD})
		case !is && isDefault(olds, key): // a real provider has filled it in
		case !is:
			visit(change{at, pulumirpc.PropertyDiff_DELETE})
		default:
			compare(before, after, at, visit)
		}
	}
}

// Unreadable stands in a state for a secret that can't be decrypted.
const unreadable = "[secret that can't be read]"

// Unreadable tells whether a value stands for a secret that can't be decrypted: it is taken for unchanged.
func Unreadable(v resource.PropertyValue) bool { return v.IsString() && v.StringValue() == unreadable }

// UnreadableSecret is the value of a secret that can't be decrypted.
func UnreadableSecret() string { return unreadable }

// rule says which inputs of a type can't change in place.
type rule struct {
	replaces []string // paths of inputs without indices, or * for all
	except   []string
}

// ruleOf finds the rule of a type. What no table lists is updated in place.
func ruleOf(token string) rule {
	cloud, rest, _ := strings.Cut(token, ":")
	switch cloud {
	case "aws":
		return rule{replaces: strings.Fields(awsReplaces[rest])}
	case "azure-native":
		return azureRule(token)
	case "gcp":
		return rule{replaces: strings.Fields(gcpReplaces[rest])}
	case "docker":
		return rule{replaces: strings.Fields(dockerReplaces[rest])}
	case "random", "tls":
		return rule{replaces: []string{"*"}, except: strings.Fields(inPlace)}
	}
	return rule{}
}

func (r rule) replacesAt(path resource.PropertyPath) bool {
	at := plainPath(path)
	under := func(p string) bool {
		return p == "*" || at == p || strings.HasPrefix(at, p+".") || strings.HasPrefix(p, at+".")
	}
	return slices.ContainsFunc(r.replaces, under) && !slices.ContainsFunc(r.except, under)
}

// plainPath leaves indices out: rules[2].priority is rules.priority.
func plainPath(path resource.PropertyPath) string {
	var parts []string
	for _, p := range path {
		if name, ok := p.(string); ok {
			parts = append(parts, name)
		}
	}
	return strings.Join(parts, ".")
}

// answer tells the engine what differs.
func answer(all []change, r rule, fixed bool) *pulumirpc.DiffResponse {
	out := &pulumirpc.DiffResponse{Changes: pulumirpc.DiffResponse_DIFF_NONE, HasDetailedDiff: true, DetailedDiff: map[string]*pulumirpc.PropertyDiff{}}
	for _, c := range all {
		out.Changes = pulumirpc.DiffResponse_DIFF_SOME
		kind, top := c.kind, fmt.Sprint(c.path[0])
		if r.replacesAt(c.path) {
			kind++ // each kind is followed by the same with a replacement
			out.DeleteBeforeReplace = fixed
			if !slices.Contains(out.Replaces, top) {
				out.Replaces = append(out.Replaces, top)
			}
		}
		if !slices.Contains(out.Diffs, top) {
			out.Diffs = append(out.Diffs, top)
		}
		out.DetailedDiff[c.path.String()] = &pulumirpc.PropertyDiff{Kind: kind, InputDiff: true}
	}
	return out
}

// Fixed stands for all of a resource that can't change in place: another one is another resource. Empty if nothing is fixed.
func Fixed(token string, inputs map[string]any) string {
	return salt(token, resource.NewPropertyMapFromMap(inputs))
}

// salt stands for the inputs that can't change in place. A replacement has another one, and so other ids than what it replaces.
func salt(token string, inputs resource.PropertyMap) string {
	r, name := ruleOf(token), resource.PropertyKey(likely.NameProperty(token))
	var parts []string
	for _, key := range inputs.StableKeys() {
		if key == defaults || key == name && isDefault(inputs, key) {
			continue
		}
		leaves(inputs[key], resource.PropertyPath{string(key)}, func(path resource.PropertyPath, text string) {
			if r.replacesAt(path) {
				parts = append(parts, path.String()+"="+text)
			}
		})
	}
	if len(parts) == 0 {
		return ""
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, "\n")))
	return hex.EncodeToString(sum[:8])
}

// leaves visits every text, number and truth value.
func leaves(v resource.PropertyValue, path resource.PropertyPath, visit func(resource.PropertyPath, string)) {
	v = likely.Plain(v)
	switch {
	case v.IsObject():
		for _, key := range v.ObjectValue().StableKeys() {
			leaves(v.ObjectValue()[key], append(slices.Clone(path), string(key)), visit)
		}
	case v.IsArray():
		for i, e := range v.ArrayValue() {
			leaves(e, append(slices.Clone(path), i), visit)
		}
	case v.IsComputed() || v.IsOutput():
		visit(path, "unknown")
	case !v.IsNull():
		text, err := json.Marshal(v.V)
		if err != nil {
			text = []byte(err.Error())
		}
		visit(path, string(text))
	}
}

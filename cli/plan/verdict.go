package plan

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/slipway-iac/slipway/cli/simulate/likely"
	"github.com/slipway-iac/slipway/cli/simulate/plugins"
)

// RefusedInput is an input that a real provider refuses.
type RefusedInput struct {
	Resource
	// Provider and Version say who refuses it.
	Provider string `json:"provider"`
	Version  string `json:"version"`
	// Property is the input's path; empty where the provider does not tell. Reason is in the provider's words.
	Property string `json:"property,omitempty"`
	Reason   string `json:"reason"`
	// Key is the configuration key that has the input's value, as far as that can be told.
	Key string `json:"key,omitempty"`
	// Part says that the value is only a part of the input's.
	Part bool `json:"keyIsPart,omitempty"`
}

// RefusedInputs are those of a plan with what is known of them. The values are the configuration of the project, by Pulumi's keys.
func RefusedInputs(all []plugins.Refusal, d *apitype.DeploymentV3, project string, values map[string]string) []RefusedInput {
	f, keys := familyOf(d), leavesOf(project, values)
	out := make([]RefusedInput, 0, len(all))
	for _, r := range all {
		one := RefusedInput{
			Resource: f.resource(r.URN, string(r.URN.Type())), Provider: r.Provider, Version: r.Version, Property: r.Property, Reason: r.Reason,
		}
		one.Key, one.Part = keyOf(one.Component, property(f[r.URN].Inputs, r.Property), keys)
		out = append(out, one)
	}
	return out
}

// String is the refusal in one line.
func (r RefusedInput) String() string {
	what := "inputs"
	if r.Property != "" {
		what = r.Property
	}
	text := fmt.Sprintf("%s %s refuses %s of %s %s (%s): %s", r.Provider, r.Version, what, r.Type, r.Name, r.Component, r.Reason)
	switch {
	case r.Key != "" && r.Part:
		text += fmt.Sprintf(" The value of the configuration key %s is part of it.", r.Key)
	case r.Key != "":
		text += fmt.Sprintf(" The configuration key %s has this value.", r.Key)
	}
	return text
}

// leavesOf are the single values of a configuration, by their keys without the project: database.size.
func leavesOf(project string, values map[string]string) map[string]string {
	out := map[string]string{}
	for key, text := range values {
		name, ours := strings.CutPrefix(key, project+":")
		var v any
		if !ours {
			continue
		}
		if json.Unmarshal([]byte(text), &v) != nil {
			v = text
		}
		flatten(v, name, out)
	}
	return out
}

func flatten(v any, path string, out map[string]string) {
	switch v := v.(type) {
	case map[string]any:
		for key, e := range v {
			flatten(e, path+"."+key, out)
		}
	case []any:
		for i, e := range v {
			flatten(e, fmt.Sprintf("%s[%d]", path, i), out)
		}
	case nil, bool: // half of all values are the same
	default:
		out[path] = fmt.Sprint(v)
	}
}

// property is the value at a path, or null.
func property(inputs map[string]any, path string) resource.PropertyValue {
	parsed, err := resource.ParsePropertyPath(path)
	if err != nil || path == "" {
		return resource.NewNullProperty()
	}
	v, _ := parsed.Get(resource.NewProperty(resource.NewPropertyMapFromMap(inputs)))
	return likely.Plain(v)
}

// shortest is the shortest value that tells where it comes from: shorter ones are everywhere.
const shortest = 3

// keyOf finds the key that has a value: the only one, or the only one of the resource's own section. Where none has it, the one whose
// value is the longest part of it.
func keyOf(component string, v resource.PropertyValue, keys map[string]string) (key string, part bool) {
	if !v.IsString() && !v.IsNumber() {
		return "", false
	}
	text := fmt.Sprint(v.V)
	section, _, _ := strings.Cut(component, " ")
	var exact, own []string
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		switch value := keys[key]; {
		case value == text && strings.HasPrefix(key, section+"."):
			own = append(own, key)
		case value == text && len(text) >= shortest:
			exact = append(exact, key)
		}
	}
	switch {
	case len(own) == 1:
		return own[0], false
	case len(own) == 0 && len(exact) == 1:
		return exact[0], false
	case len(own)+len(exact) > 0:
		return "", false // several: any of them would be a guess
	}
	best := ""
	for _, candidate := range slices.Sorted(maps.Keys(keys)) {
		if value := keys[candidate]; len(value) > shortest && strings.Contains(text, value) && len(value) > len(keys[best]) {
			best = candidate
		}
	}
	return best, best != ""
}

// Unasked are the providers of a plan that no verdict has, with the reason why they were not asked.
func Unasked(d *apitype.DeploymentV3, v plugins.Verdict, reason string) []plugins.Provider {
	known := map[string]bool{}
	for _, p := range v.Providers {
		known[p.Name] = true
	}
	var out []plugins.Provider
	for name := range packages(d) {
		if !known[name] {
			out = append(out, plugins.Provider{Name: name, Unasked: reason})
		}
	}
	slices.SortFunc(out, func(a, b plugins.Provider) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// packages counts the resources of each provider.
func packages(d *apitype.DeploymentV3) map[string]int {
	out := map[string]int{}
	for _, r := range d.Resources {
		if name, _, ok := strings.Cut(string(r.Type), ":"); ok && r.Custom && name != "pulumi" {
			out[name]++
		}
	}
	return out
}

// providerLine says what one provider was asked.
func providerLine(p plugins.Provider) string {
	name := p.Name
	if p.Unasked != "" {
		if p.Asked != "" {
			name += " " + p.Asked
		}
		return fmt.Sprintf("%s: not checked: %s", name, p.Unasked)
	}
	text := fmt.Sprintf("%s: %s checked by %s %s (%s)", name, plural(p.Checked, "resource"), name, p.Version, p.From)
	if p.Asked != "" && p.Asked != p.Version {
		text += fmt.Sprintf("; the program asks for %s", p.Asked)
	}
	if p.Compared > 0 {
		text += fmt.Sprintf("; %s judged", plural(p.Compared, "change"))
	}
	if p.Audited > 0 {
		text += fmt.Sprintf("; our tables held against it for %s", plural(p.Audited, "input"))
	}
	for _, s := range p.Silences {
		text += fmt.Sprintf("; %s not answered for %s: %s", s.What, sample(s.Resources), s.Reason)
	}
	return text
}

// sample names a few of many.
func sample(names []string) string {
	const few = 3
	if len(names) <= few {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:few], ", "), len(names)-few)
}

func defectLine(d plugins.Defect) string {
	return fmt.Sprintf("%s: a change of %s is taken for a %s, and the provider makes it a %s", d.Type, d.Property, word(d.Table), word(d.Real))
}

// word is what stands for an update in place.
func word(s string) string { return strings.ReplaceAll(s, "update", "change in place") }

// said prints what the real providers have said, for people.
func (r Report) said(w io.Writer) {
	for i, x := range r.Inputs {
		if i == 0 {
			fmt.Fprint(w, "\nRefused by the provider:\n")
		}
		fmt.Fprintf(w, "! %s\n", x)
	}
	for i, p := range r.Providers {
		if i == 0 {
			fmt.Fprint(w, "\nProviders:\n")
		}
		fmt.Fprintf(w, "  %s\n", providerLine(p))
		for _, text := range p.Warnings {
			fmt.Fprintf(w, "    warning: %s\n", text)
		}
	}
	for i, d := range r.Defects {
		if i == 0 {
			fmt.Fprint(w, "\nSlipway's tables are wrong here; please report it:\n")
		}
		fmt.Fprintf(w, "  %s\n", defectLine(d))
	}
}

// saidMarkdown is said for the comment of a pull request.
func (r Report) saidMarkdown(b *strings.Builder) {
	for i, x := range r.Inputs {
		if i == 0 {
			fmt.Fprintf(b, "\n**%s refused by the provider: `up` would fail.**\n\n", plural(len(r.Inputs), "input"))
		}
		fmt.Fprintf(b, "- %s\n", cell(x.String()))
	}
	if len(r.Providers) == 0 && len(r.Defects) == 0 {
		return
	}
	lines := make([]string, 0, len(r.Providers))
	checked, of := 0, 0
	for _, p := range r.Providers {
		if of++; p.Unasked == "" {
			checked++
		}
		lines = append(lines, "- "+providerLine(p))
		for _, text := range p.Warnings {
			lines = append(lines, "  - warning: "+text)
		}
	}
	for _, d := range r.Defects {
		lines = append(lines, "- Slipway's table is wrong, please report it: "+defectLine(d))
	}
	details(b, fmt.Sprintf("checked by %d of %s", checked, plural(of, "real provider")), lines)
}

// saidJSON are the report's keys for programs.
func (r Report) saidJSON(out map[string]any) {
	if r.Providers != nil {
		out["providers"] = r.Providers
	}
	if len(r.Inputs) > 0 {
		out["refusedInputs"] = r.Inputs
	}
	if len(r.Defects) > 0 {
		out["tableDefects"] = r.Defects
	}
}

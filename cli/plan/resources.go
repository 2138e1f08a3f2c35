package plan

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/slipway-iac/slipway/cli/simulate"
)

// Resource is one resource of a plan.
type Resource struct {
	// Component is what it belongs to, such as "database" or "service links".
	Component string `json:"component"`
	// Type is Pulumi's token, Name the logical name.
	Type string `json:"type"`
	Name string `json:"name"`
	URN  string `json:"urn"`
	// DataStore tells in words what it stores, if losing it loses data.
	DataStore string `json:"dataStore,omitempty"`
}

// kind is the short form of a type: rds.Instance.
func (r Resource) kind() string {
	if name, ok := strings.CutPrefix(r.Type, "pulumi:providers:"); ok {
		return "provider." + name
	}
	parts := strings.Split(r.Type, ":")
	if len(parts) < 3 {
		return r.Type
	}
	module, _, _ := strings.Cut(parts[1], "/")
	if module == "index" {
		module = parts[0]
	}
	return module + "." + parts[2]
}

// family is the tree of a state's resources.
type family map[resource.URN]apitype.ResourceV3

func familyOf(states ...*apitype.DeploymentV3) family {
	f := family{}
	for _, d := range states {
		if d == nil {
			continue
		}
		for _, r := range d.Resources {
			f[r.URN] = r
		}
	}
	return f
}

// component names the component that a resource belongs to: the nearest one above it, else the platform, else the stack.
func (f family) component(urn resource.URN) string {
	for depth := 0; urn != "" && depth < len(f)+1; depth++ {
		r := f[urn]
		token := string(r.Type)
		name := strings.ToLower(token[strings.LastIndex(token, ":")+1:])
		switch {
		case strings.HasPrefix(token, "slipway:components:"):
			if own := urn.Name(); own != name {
				name += " " + own
			}
			return name
		case strings.HasPrefix(token, "slipway:"):
			return name
		}
		urn = r.Parent
	}
	return "stack"
}

func (f family) resource(urn resource.URN, token string) Resource {
	return Resource{Component: f.component(urn), Type: token, Name: urn.Name(), URN: string(urn), DataStore: simulate.Store(token, f[urn].Inputs)}
}

// engines tells what the engine makes for a stack that reads its own outputs: nothing that anyone provides.
func engines(token string) bool {
	return token == "pulumi:pulumi:StackReference" || token == "pulumi:providers:pulumi"
}

// Resources lists what providers make, by component, type and name.
func Resources(d *apitype.DeploymentV3) []Resource {
	f := familyOf(d)
	var out []Resource
	for _, r := range d.Resources {
		if r.Custom && r.Type != resource.RootStackType && !engines(string(r.Type)) {
			out = append(out, f.resource(r.URN, string(r.Type)))
		}
	}
	slices.SortFunc(out, byComponent)
	return out
}

func byComponent(a, b Resource) int {
	return cmp.Or(cmp.Compare(a.Component, b.Component), cmp.Compare(a.Type, b.Type), cmp.Compare(a.Name, b.Name), cmp.Compare(a.URN, b.URN))
}

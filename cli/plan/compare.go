package plan

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/slipway-iac/slipway/cli/simulate"
)

// Action is what would happen to a resource.
type Action string

// The actions, from the least to the most dangerous.
const (
	Added    Action = "added"
	Changed  Action = "changed"
	Replaced Action = "replaced"
	Deleted  Action = "deleted"
)

var actions = []Action{Added, Changed, Replaced, Deleted}

// Change is one resource that would not stay as it is.
type Change struct {
	Resource
	Action Action `json:"action"`
	// Properties are the inputs that differ.
	Properties []string `json:"properties,omitempty"`
	// Forcing are those of them that can't change in place.
	Forcing []string `json:"forcing,omitempty"`
	// Serves tells in words what requests go through, if replacing or deleting it takes them with it.
	Serves string `json:"serves,omitempty"`
	// Protection is what refuses the deletion in the old state: an input, or Pulumi's protect.
	Protection string `json:"protection,omitempty"`
	// OldFirst says that what is there goes before its replacement is made.
	OldFirst bool `json:"oldFirst,omitempty"`
}

// Risky tells whether data may be lost.
func (c Change) Risky() bool {
	return c.DataStore != "" && (c.Action == Replaced || c.Action == Deleted)
}

// Compare says what deploying the program over a state would change. now is what the program makes from nothing.
func Compare(ctx context.Context, s Setup, base, now *apitype.DeploymentV3, root string, channels ...chan<- events.EngineEvent) ([]Change, error) {
	p, err := Follow(ctx, s, base, now, root, channels...)
	return p.Changes, err
}

// operations are the engine's, as a person would call them. A replacement has three; the halves that only make or delete count too.
var operations = map[apitype.OpType]Action{
	apitype.OpCreate: Added, apitype.OpUpdate: Changed, apitype.OpDelete: Deleted,
	apitype.OpReplace: Replaced, apitype.OpCreateReplacement: Replaced, apitype.OpDeleteReplaced: Replaced,
}

func changesOf(steps []apitype.StepEventMetadata, base, now *apitype.DeploymentV3) []Change {
	f, before := familyOf(base, now), familyOf(base)
	for _, s := range steps { // what neither of both has: a version in another slot than one that begins from nothing
		for _, half := range []*apitype.StepEventStateMetadata{s.New, s.Old} {
			if half == nil || half.URN == "" {
				continue
			}
			if _, known := f[resource.URN(half.URN)]; !known {
				f[resource.URN(half.URN)] = stateOf(half)
			}
		}
	}
	found, made := map[string]Change{}, map[string]bool{}
	for _, s := range steps {
		action, ok := operations[s.Op]
		if !ok || engines(s.Type) || !(s.New != nil && s.New.Custom || s.Old != nil && s.Old.Custom) {
			continue
		}
		urn := resource.URN(s.URN)
		c, seen := found[s.URN]
		if !seen {
			c = Change{Resource: f.resource(urn, s.Type), Action: action, Serves: simulate.Serves(s.Type, f[urn].Inputs)}
			if old, ok := before[urn]; ok && (action == Replaced || action == Deleted) {
				c.Protection = protection(old)
			}
		}
		c.OldFirst = c.OldFirst || s.Op == apitype.OpDeleteReplaced && !made[s.URN]
		made[s.URN] = made[s.URN] || s.Op == apitype.OpCreateReplacement
		if slices.Index(actions, action) > slices.Index(actions, c.Action) {
			c.Action = action
		}
		for path, diff := range s.DetailedDiff {
			c.Properties = append(c.Properties, path)
			if strings.HasSuffix(string(diff.Kind), "-replace") {
				c.Forcing = append(c.Forcing, path)
			}
		}
		for _, list := range []*[]string{&c.Properties, &c.Forcing} {
			slices.Sort(*list)
			*list = slices.Compact(*list)
		}
		found[s.URN] = c
	}
	return slices.SortedFunc(maps.Values(found), func(a, b Change) int {
		return cmp.Or(cmp.Compare(a.Component, b.Component), cmp.Compare(slices.Index(actions, a.Action), slices.Index(actions, b.Action)), byComponent(a.Resource, b.Resource))
	})
}

// protection is what keeps a resource from being deleted, or nothing.
func protection(r apitype.ResourceV3) string {
	if key := simulate.Protection(string(r.Type), resource.NewPropertyMapFromMap(r.Inputs)); key != "" {
		return key
	}
	if r.Protect {
		return "protect"
	}
	return ""
}

package plan

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/slipway-iac/slipway/cli/simulate"
	"github.com/slipway-iac/slipway/stacks"
	"github.com/slipway-iac/slipway/stacks/release"
)

// Path is the way from one state to another.
type Path struct {
	// Changes are the resources that would not stay as they are.
	Changes []Change
	// Steps are what would happen to those that serve or hold data, one after the other.
	Steps []Step

	clouds []simulate.Refusal
	live   []string
	before stacks.Placement
}

// Step is one operation of an update.
type Step struct {
	// Does is create, update, delete, or, of a replacement, create the new one, delete the old one.
	Does string `json:"does"`
	// Component, Type and Name are those of the resource.
	Component string `json:"component"`
	Type      string `json:"type"`
	Name      string `json:"name"`
	// Effect is what it means to data or traffic, in words; empty for neither.
	Effect string `json:"effect,omitempty"`
}

// Follow says how deploying the program over a state would go. The engine itself decides: it starts from the old state, with clouds that
// refuse nothing, and note what they would have refused. now is what the program makes from nothing.
func Follow(ctx context.Context, s Setup, base, now *apitype.DeploymentV3, root string, channels ...chan<- events.EngineEvent) (path Path, err error) {
	start, err := prepare(base, now, root)
	if err != nil {
		return Path{}, err
	}
	s.Cloud.Yield, s.Cloud.Audit, s.Cloud.Deployed = true, false, !base.Manifest.Time.IsZero() // what is simulated has no time
	for _, r := range base.Resources {
		if name, ok := strings.CutPrefix(string(r.Type), "pulumi:providers:"); ok && !slices.Contains(simulate.Packages, name) && !slices.Contains(s.Cloud.Packages, name) {
			s.Cloud.Packages = append(s.Cloud.Packages, name)
		}
	}
	e, err := Open(ctx, s)
	if err != nil {
		return Path{}, err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	if err := e.Import(ctx, start); err != nil {
		return Path{}, err
	}
	w := newWatch()
	err = e.Up(ctx, append(channels, w.events)...)
	steps := w.wait()
	if err != nil {
		return Path{}, err
	}
	return pathOf(steps, base, now, e.Refusals()), nil
}

// Refusals are the reasons why the update must not begin, those left out that a person has consented to. next is where the program puts
// things.
func (p Path) Refusals(next stacks.Placement, consent Consent) []Refusal {
	out := refusals(p.Changes, p.clouds, idleSlot(p.live), consent)
	if err := p.before.Leaves(next); err != nil {
		out = slices.Insert(out, 0, Refusal{Reason: Moved, Says: err.Error(), Do: "Make another stack for the other place, and bring the data over by a backup; or remove this one first, with its data"})
	}
	return out
}

func pathOf(steps []apitype.StepEventMetadata, base, now *apitype.DeploymentV3, clouds []simulate.Refusal) Path {
	p := Path{Changes: changesOf(steps, base, now), clouds: clouds}
	p.live, p.before = left(base)
	matters := map[string]Change{}
	for _, c := range p.Changes {
		if c.Serves != "" || c.DataStore != "" {
			matters[c.URN] = c
		}
	}
	for _, s := range steps {
		does, ok := doing[s.Op]
		c, is := matters[s.URN]
		if !ok || !is {
			continue
		}
		p.Steps = append(p.Steps, Step{Does: does, Component: c.Component, Type: c.Type, Name: c.Name, Effect: c.effect(s.Op)})
	}
	return p
}

var doing = map[apitype.OpType]string{
	apitype.OpCreate: "create", apitype.OpUpdate: "update", apitype.OpDelete: "delete",
	apitype.OpCreateReplacement: "create the new", apitype.OpDeleteReplaced: "delete the old",
}

// effect tells what an operation means to data or traffic.
func (c Change) effect(op apitype.OpType) string {
	gone := op == apitype.OpDelete || op == apitype.OpDeleteReplaced
	switch {
	case gone && c.DataStore != "":
		return "what this " + c.DataStore + " holds is gone"
	case gone && c.Serves != "":
		return "this " + c.Serves + " serves no more"
	case op == apitype.OpCreateReplacement && c.DataStore != "":
		return "it is empty"
	case op == apitype.OpUpdate && c.Serves == "public address":
		return "clients are led elsewhere as soon as they ask again"
	}
	return ""
}

// left is what the last update has left in the outputs: the slots that take traffic, and where the stack is.
func left(base *apitype.DeploymentV3) (live []string, where stacks.Placement) {
	for _, r := range base.Resources {
		if r.Type != resource.RootStackType {
			continue
		}
		text, _ := r.Outputs["release"].(string)
		if last, err := release.Parse(text); err == nil {
			for slot, o := range last.Slots {
				if o.Weight > 0 || slot == last.Live {
					live = append(live, string(slot))
				}
			}
		}
		text, _ = r.Outputs["placement"].(string)
		where, _ = stacks.ParsePlacement(text) // what can't be read says nothing
	}
	slices.Sort(live)
	return live, where
}

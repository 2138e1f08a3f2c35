package simulate

import (
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Foresee tells what clouds would refuse of the steps that a preview with real providers has announced. before is what there is. Inputs that
// are not known yet are in no conflict with anything.
func Foresee(before *apitype.DeploymentV3, steps []apitype.StepEventMetadata) []Refusal {
	c := &Cloud{options: Options{Yield: true}, live: map[string]thing{}, said: map[string][]said{}}
	c.Adopt(before)
	for _, s := range steps {
		switch s.Op {
		case apitype.OpCreate, apitype.OpCreateReplacement:
			made := announced(s, s.New)
			_ = c.made(made) // it yields, and notes
			c.note(made)
		case apitype.OpUpdate:
			_ = c.changed(announced(s, s.Old), announced(s, s.New))
		case apitype.OpDelete, apitype.OpDeleteReplaced:
			old := announced(s, s.Old)
			c.forget(old.urn, old.id)
		}
	}
	return c.Refusals()
}

func announced(s apitype.StepEventMetadata, state *apitype.StepEventStateMetadata) thing {
	t := thing{urn: resource.URN(s.URN)}
	if state != nil {
		t.id, t.inputs, t.outputs = state.ID, plainInputs(certain(state.Inputs)), plainInputs(state.Outputs)
	}
	return t
}

// unknownMarks are how the engine's events write a value that is not known yet.
// https://pkg.go.dev/github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin#UnknownStringValue
var unknownMarks = []string{"04da6b54-80e4-46f7-96ec-b56ff0331ba9", "output<string>"}

// certain leaves out the inputs that are not known yet.
func certain(all map[string]any) map[string]any {
	out := map[string]any{}
	for key, v := range all {
		if text, ok := v.(string); ok && slices.Contains(unknownMarks, text) {
			continue
		}
		out[key] = v
	}
	return out
}

package plan

import (
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Preview makes the report of a preview against the real cloud from the engine's events.
type Preview struct {
	// Events takes the engine's events. The Automation API closes it.
	Events chan events.EngineEvent

	done  chan struct{}
	steps []apitype.StepEventMetadata
}

// NewPreview waits for events.
func NewPreview() *Preview {
	p := &Preview{Events: make(chan events.EngineEvent, 64), done: make(chan struct{})}
	go func() {
		defer close(p.done)
		for e := range p.Events {
			if e.ResourcePreEvent != nil {
				p.steps = append(p.steps, e.ResourcePreEvent.Metadata)
			}
		}
	}()
	return p
}

// Report says what would change, once the preview has ended.
func (p *Preview) Report(project, stack, cloud string) Report {
	select {
	case <-p.done:
	case <-time.After(5 * time.Second): // the preview failed before it began: nobody closes the channel
	}
	var before, after apitype.DeploymentV3
	for _, s := range p.steps {
		for _, half := range []struct {
			state *apitype.StepEventStateMetadata
			into  *apitype.DeploymentV3
		}{{s.Old, &before}, {s.New, &after}} {
			if m := half.state; m != nil {
				half.into.Resources = append(half.into.Resources, stateOf(m))
			}
		}
	}
	return Report{
		Project: project, Stack: stack, Cloud: cloud, Live: true, Against: "what is deployed",
		Resources: Resources(&after), Changes: changesOf(p.steps, &before, &after),
	}
}

func stateOf(m *apitype.StepEventStateMetadata) apitype.ResourceV3 {
	urn := resource.URN(m.URN)
	return apitype.ResourceV3{URN: urn, Type: urn.Type(), Parent: resource.URN(m.Parent), Custom: m.Custom, Protect: m.Protect, Inputs: m.Inputs}
}

package plan

import (
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/slipway-iac/slipway/cli/simulate"
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

// states waits for the end of the preview and returns what is there and what would be, as far as steps tell.
func (p *Preview) states() (before, after *apitype.DeploymentV3) {
	select {
	case <-p.done:
	case <-time.After(5 * time.Second): // the preview failed before it began: nobody closes the channel
	}
	before, after = &apitype.DeploymentV3{}, &apitype.DeploymentV3{}
	for _, s := range p.steps {
		for _, half := range []struct {
			state *apitype.StepEventStateMetadata
			into  *apitype.DeploymentV3
		}{{s.Old, before}, {s.New, after}} {
			if m := half.state; m != nil {
				half.into.Resources = append(half.into.Resources, stateOf(m))
			}
		}
	}
	return before, after
}

// Report says what would change, once the preview has ended.
func (p *Preview) Report(project, stack, cloud string) Report {
	before, after := p.states()
	return Report{
		Project: project, Stack: stack, Cloud: cloud, Live: true, Against: "what is deployed",
		Resources: Resources(after), Changes: changesOf(p.steps, before, after),
	}
}

// Path is the way that the preview has announced, once it has ended, with what clouds are known to refuse of it.
func (p *Preview) Path() Path {
	before, after := p.states()
	return pathOf(p.steps, before, after, simulate.Foresee(before, p.steps))
}

// Taken is the way of an update on simulated clouds that yield, once it has ended, with what they would have refused.
func (p *Preview) Taken(refused []simulate.Refusal) Path {
	before, after := p.states()
	return pathOf(p.steps, before, after, refused)
}

func stateOf(m *apitype.StepEventStateMetadata) apitype.ResourceV3 {
	urn := resource.URN(m.URN)
	return apitype.ResourceV3{
		URN: urn, Type: urn.Type(), ID: resource.ID(m.ID), Parent: resource.URN(m.Parent), Custom: m.Custom, Protect: m.Protect, Inputs: m.Inputs, Outputs: m.Outputs,
	}
}

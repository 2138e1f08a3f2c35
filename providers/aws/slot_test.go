package aws

import (
	"slices"
	"testing"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/components/componentstest"
)

// rollout runs the versions of a rollout: the live one in blue and, beside it, a candidate in green with a share of traffic. Under
// weight 0 it is staged; a negative one leaves it out.
func rollout(share int, more ...componentstest.Output) run {
	return run{args: func(a *components.ServiceArgs) {
		a.MaxReplicas, a.Migrate = 10, []string{"migrate"}
		a.Gates = slices.DeleteFunc(components.Signals(nil), func(s components.Signal) bool { return !s.Gate })
		if share >= 0 {
			candidate := components.Track{Slot: components.Green, Version: "ba9876543210", Weight: share, Sequence: 1}
			candidate.Image = components.ImageRef{StringOutput: plainText("123456789012.dkr.ecr.eu-west-1.amazonaws.com/slipway/links@sha256:2")}
			a.Tracks[0].Weight = 100 - share
			a.Tracks = append(a.Tracks, candidate)
		}
	}, outputs: append([]componentstest.Output{{Type: serviceType, Property: "name", Value: "{name}-1234567"}}, more...)}
}

// sameBut wants that everything which the first recording has is in the second with the same inputs, but for some resources.
func sameBut(t *testing.T, before, after *componentstest.Recording, changed ...string) {
	t.Helper()
	for _, one := range before.Resources {
		other, ok := after.Find(one.Type, one.Name)
		if !ok {
			t.Errorf("%s is gone", one.URN)
		} else if same := slices.Equal(one.Leaves(), other.Leaves()); same == slices.Contains(changed, one.Name+" "+one.Type) {
			t.Errorf("%s: changed is %t\n%v\n%v", one.URN, !same, one.Leaves(), other.Leaves())
		}
	}
}

const (
	liveScaling = "links-production-blue aws:appautoscaling/target:Target"
	serving     = "serve " + listenerType
)

// What serves is not touched when a candidate comes: neither its task definition, with the migration of its own image, nor anything
// around it, but for the leave to become smaller. Then weights move, and nothing else.
func TestCandidateLeavesTheLiveVersionAlone(t *testing.T) {
	alone, staged, tenth := rollout(-1).mustRecord(t), rollout(0).mustRecord(t), rollout(10).mustRecord(t)
	sameBut(t, alone, staged, liveScaling)
	sameBut(t, staged, tenth, serving)
	for _, row := range []struct {
		r           *componentstest.Recording
		blue, green float64
	}{{alone, 100, 0}, {staged, 100, 0}, {tenth, 90, 10}} {
		listener, _ := row.r.Find(listenerType, "serve")
		wantProperty(t, listener, "defaultActions[*].forward.targetGroups[*].weight", row.blue, row.green)
	}
	for _, task := range staged.Of(taskType) {
		all := taskContainers(t, task)
		if app, migration := at(all["app"], "image"), at(all["migrate"], "image"); app != migration {
			t.Errorf("%s migrates with %s and runs %s", task.Name, migration, app)
		}
	}
}

// The candidate must be able to take over, and the version before to take back.
func TestCandidateStartsAsLargeAsTheLiveVersion(t *testing.T) {
	for running, want := range map[float64]float64{1: 2, 7: 7, 30: 10} {
		r := rollout(0, componentstest.Output{Type: serviceLookup, Property: "desiredCount", Value: running}).mustRecord(t)
		live, _ := r.Find(serviceType, "links-production-blue")
		candidate, _ := r.Find(serviceType, "links-production-green")
		wantProperty(t, live, "desiredCount", 2.0)
		wantProperty(t, candidate, "desiredCount", want)
		if !slices.Contains(candidate.IgnoreChanges, "desiredCount") {
			t.Error("an update takes back what autoscaling did")
		}
	}
	const suspended = "suspendedState.dynamicScalingInSuspended"
	for _, bounds := range rollout(0).mustRecord(t).Of("aws:appautoscaling/target:Target") {
		wantProperty(t, bounds, suspended, true)
		wantProperty(t, bounds, "suspendedState.dynamicScalingOutSuspended", false)
	}
	wantProperty(t, sole(t, rollout(-1).mustRecord(t), "aws:appautoscaling/target:Target"), suspended, false)
	staged := rollout(0)
	staged.preview = true
	if _, err := staged.record(); err != nil {
		t.Errorf("a preview, which knows neither service: %v", err)
	}
}

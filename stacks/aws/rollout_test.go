package main

import (
	"strings"
	"testing"
	"time"

	"github.com/slipway-iac/slipway/stacks/release"
)

var me = release.Lease{Holder: "ci@runner", PID: 1, Until: time.Now().Add(time.Hour)}

func do(action release.Action, id string, change ...func(*release.Transition)) *release.Transition {
	t := &release.Transition{Action: action, ID: id, Lease: me, Steps: []int{10, 50, 100}, Keep: time.Hour}
	for _, f := range change {
		f(t)
	}
	return t
}

func at(step int) func(*release.Transition) { return func(t *release.Transition) { t.Step = step } }

// occupied are the operations that bring a version up in a slot, or take it away, beside the change of the other slot's bounds.
func occupied(op, slot string) []string {
	all := []string{"update Target " + map[string]string{"blue": "green", "green": "blue"}[slot]}
	for _, made := range []string{"TaskDefinition ", "Service ", "Target ", "Policy -cpu", "Policy -memory", "MetricAlarm gate-error-rate", "MetricAlarm gate-latency-p99", "MetricAlarm gate-unhealthy-instances", "MetricAlarm gate-uptime", "MetricAlarm gate-restarts"} {
		kind, name, _ := strings.Cut(made, " ")
		if part, isGate := strings.CutPrefix(name, "gate"); isGate {
			name = "gate-" + slot + part
		} else {
			name = slot + name
		}
		all = append(all, op+" "+kind+" "+name)
	}
	return all
}

// drained is the order in which a slot is given up: nothing brings tasks back while ECS drains them, and what they run on stays until
// they are gone.
func drained(slot string) []string {
	return []string{"delete Policy " + slot + "-cpu", "delete Target " + slot, "delete Service " + slot, "delete TaskDefinition " + slot}
}

// weights is the change of the listener; where another slot has most of the traffic then, what watches the busiest service follows.
var (
	weights  = []string{"update Listener serve"}
	majority = []string{"update Listener serve", "update MetricAlarm cpu", "update MetricAlarm memory", "update Dashboard dashboard"}
)

func TestCanary(t *testing.T) {
	j := newJourney(t, "prod", "canary")
	for _, s := range []step{
		{name: "first", version: "1", blue: 100, services: "blue"},
		{name: "stage", version: "2", do: do(release.Stage, "r1"), live: "blue", blue: 100, services: "blue green", changes: occupied("create", "green")},
		{name: "plain update in the middle, with another source", version: "3", live: "blue", blue: 100, services: "blue green", changes: []string{}},
		{name: "a tenth", version: "2", do: do(release.Shift, "r1", at(0)), live: "blue", blue: 90, green: 10, services: "blue green", changes: weights},
		{name: "the same again, after a crash", version: "2", do: do(release.Shift, "r1", at(0)), live: "blue", blue: 90, green: 10, services: "blue green", changes: []string{}},
		{name: "half", version: "2", do: do(release.Shift, "r1", at(1)), live: "blue", blue: 50, green: 50, services: "blue green", changes: weights},
		{name: "all", version: "2", do: do(release.Shift, "r1", at(2)), live: "blue", green: 100, services: "blue green", changes: majority},
		{name: "promote", version: "2", do: do(release.Promote, "r1"), live: "green", green: 100, services: "blue green", changes: []string{}},
		{name: "clear", version: "2", do: do(release.Clear, ""), live: "green", green: 100, services: "green", changes: occupied("delete", "blue"), order: drained("blue")},
		{name: "stage the next one", version: "3", do: do(release.Stage, "r2"), live: "green", green: 100, services: "blue green", changes: occupied("create", "blue")},
		{name: "a tenth of it", version: "3", do: do(release.Shift, "r2", at(0)), live: "green", blue: 10, green: 90, services: "blue green", changes: weights},
		{name: "abort", version: "3", do: do(release.Abort, "r2"), live: "green", green: 100, services: "blue green", changes: weights},
		{name: "clear after it", version: "3", do: do(release.Clear, "r2"), live: "green", green: 100, services: "green", changes: occupied("delete", "blue"), order: drained("blue")},
	} {
		j.run(t, s)
	}
}

// The shape behind CloudFront. A version that has taken over is given up again, while the one before is kept.
func TestBlueGreen(t *testing.T) {
	j := newJourney(t, "dev", "blue-green")
	whole := func(t *release.Transition) { t.Steps = []int{100} }
	for _, s := range []step{
		{name: "first", version: "1", blue: 100, services: "blue"},
		{name: "stage", version: "2", do: do(release.Stage, "r1", whole), live: "blue", blue: 100, services: "blue green", changes: occupied("create", "green")},
		{name: "all", version: "2", do: do(release.Shift, "r1", at(0)), live: "blue", green: 100, services: "blue green", changes: majority},
		{name: "promote", version: "2", do: do(release.Promote, "r1"), live: "green", green: 100, services: "blue green", changes: []string{}},
		{name: "plain update while the one before is kept", version: "2", live: "green", green: 100, services: "blue green", changes: []string{}},
		{name: "abort within that time", version: "2", do: do(release.Abort, "r1", func(t *release.Transition) { t.Promoted = true }), live: "blue", blue: 100, services: "blue green", changes: majority},
		{name: "clear", version: "2", do: do(release.Clear, "r1"), live: "blue", blue: 100, services: "blue", changes: occupied("delete", "green"), order: drained("green")},
		{name: "the next one", version: "3", do: do(release.Stage, "r2", whole), live: "blue", blue: 100, services: "blue green", changes: occupied("create", "green")},
		{name: "all of it", version: "3", do: do(release.Shift, "r2", at(0)), live: "blue", green: 100, services: "blue green", changes: majority},
	} {
		j.run(t, s)
	}
}

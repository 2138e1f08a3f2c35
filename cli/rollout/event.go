package rollout

import (
	"time"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/stacks/release"
)

// Kind is the kind of an event.
type Kind string

// The kinds of events.
const (
	Stepped    Kind = "step"        // traffic is divided as Weights say
	Smoking    Kind = "smoke"       // the smoke test begins
	Looked     Kind = "look"        // the slots were looked at
	Breach     Kind = "breach"      // the rollout goes back, Text says why
	Back       Kind = "rolled-back" // the candidate has no traffic any more, Took seconds after the decision
	PausedHere Kind = "paused"      // a person has to go on
	Ended      Kind = "ended"       // nothing is under way any more
)

// Event is one thing that happened, as `--json` prints it.
type Event struct {
	Time    time.Time `json:"time"`
	Kind    Kind      `json:"kind"`
	Rollout string    `json:"rollout,omitempty"`
	// Text is for people.
	Text string `json:"text"`
	// Live and Candidate are slots; Versions and Weights are by slot.
	Live      components.Slot            `json:"live,omitempty"`
	Candidate components.Slot            `json:"candidate,omitempty"`
	Versions  map[components.Slot]string `json:"versions,omitempty"`
	Weights   map[components.Slot]int    `json:"weights,omitempty"`
	// Sides are the figures and gates by slot (Looked).
	Sides map[components.Slot]Side `json:"slots,omitempty"`
	// Left is what is left of the bake time, Took how long going back took, both in seconds.
	Left float64 `json:"left,omitempty"`
	Took float64 `json:"took,omitempty"`
}

func event(kind Kind, now release.Release, text string) Event {
	e := Event{Time: time.Now().UTC(), Kind: kind, Text: text, Live: now.Live, Versions: map[components.Slot]string{}, Weights: map[components.Slot]int{}}
	for slot, o := range now.Slots {
		e.Versions[slot], e.Weights[slot] = o.Version, o.Weight
	}
	if now.Rollout != nil {
		e.Rollout, e.Candidate = now.Rollout.ID, now.Rollout.Candidate
	}
	return e
}

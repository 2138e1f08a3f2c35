// Package release is the state of a rollout and the only place that says how it may change. The state is the output `release` of the
// stack itself: the program reads it at the start of every update, works out the next one, deploys that, and exports it when all of
// it is there. So it needs no file beside the back end, survives any checkout, and changes under the back end's lock. It imports
// neither Pulumi nor a cloud. See docs/rollouts.md and docs/adr/0015-rollouts.md.
package release

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/slipway-iac/slipway/components"
)

// format is the version of the text form. A program refuses one that it does not know.
const format = 1

// Release is what runs in the two slots, and the rollout that is under way.
type Release struct {
	// Format is the version of this text form.
	Format int `json:"format"`
	// Sequence counts the versions that were ever brought up.
	Sequence int `json:"sequence"`
	// Revision counts the transitions.
	Revision int `json:"revision"`
	// Live is the slot that traffic belongs to; during a rollout the one it comes back to.
	Live components.Slot `json:"live,omitempty"`
	// Slots holds what runs: one entry, or two while there is a candidate or a version that is kept.
	Slots map[components.Slot]Occupant `json:"slots,omitempty"`
	// Rollout is under way; nil otherwise.
	Rollout *Rollout `json:"rollout,omitempty"`
	// KeepUntil is when the version that was replaced may go; zero when nothing is kept.
	KeepUntil time.Time `json:"keepUntil,omitzero"`
}

// Occupant is a version of the app in a slot.
type Occupant struct {
	// Image is its reference by digest, empty as long as it is being built.
	Image string `json:"image,omitempty"`
	// Version is the content hash of its source.
	Version string `json:"version"`
	// Weight is its share of the traffic in percent.
	Weight int `json:"weight"`
	// Sequence is Release.Sequence at the time it was brought up.
	Sequence int `json:"sequence"`
}

// Staged is Rollout.Step before the first step: the candidate runs and takes no traffic.
const Staged = -1

// Rollout moves traffic from the live slot to a candidate.
type Rollout struct {
	// ID tells it from every other one.
	ID string `json:"id"`
	// Candidate is the slot of the new version.
	Candidate components.Slot `json:"candidate"`
	// Steps are the shares of traffic in percent, and Step the index of the present one, Staged before the first.
	Steps []int `json:"steps"`
	Step  int   `json:"step"`
	// Manual stops at each step until a person promotes.
	Manual bool `json:"manual,omitempty"`
	// Began and Since are when the rollout and the present step began.
	Began time.Time `json:"began"`
	Since time.Time `json:"since"`
	// Aborted says why traffic went back, empty while it goes forward.
	Aborted string `json:"aborted,omitempty"`
	// Lease says who drives it.
	Lease Lease `json:"lease"`
}

// Lease keeps a second process from driving the same rollout. The back end's lock lasts one update only.
type Lease struct {
	// Holder is user@host, PID the process there.
	Holder string `json:"holder"`
	PID    int    `json:"pid"`
	// Token tells two processes apart whose holder and number are the same, as in two containers made alike. It is no secret.
	Token string `json:"token,omitempty"`
	// Until is when anyone may take over; zero where nobody drives, as in a rollout that waits for a person.
	Until time.Time `json:"until,omitzero"`
}

// Parse reads the text form. An empty text is a stack that has deployed nothing yet.
func Parse(text string) (Release, error) {
	r := Release{Format: format}
	if text == "" {
		return r, nil
	}
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		return Release{}, fmt.Errorf("reading the stack's output release: %w", err)
	}
	if r.Format != format {
		return Release{}, fmt.Errorf("reading the stack's output release: it has format %d, and this version of Slipway knows format %d", r.Format, format)
	}
	return r, r.check()
}

// check refuses a text that no transition could have written.
func (r Release) check() error {
	sum := 0
	for slot, o := range r.Slots {
		if slot != components.Blue && slot != components.Green {
			return fmt.Errorf("reading the stack's output release: there is no slot %q", slot)
		}
		sum += o.Weight
	}
	if _, ok := r.Slots[r.Live]; len(r.Slots) > 0 && (!ok || sum != 100) {
		return fmt.Errorf("reading the stack's output release: slot %q is live, and the weights add up to %d", r.Live, sum)
	}
	if r.Rollout != nil {
		if _, ok := r.Slots[r.Rollout.Candidate]; !ok || r.Rollout.Step < Staged || r.Rollout.Step >= len(r.Rollout.Steps) {
			return fmt.Errorf("reading the stack's output release: rollout %s is at step %d of %v in slot %q", r.Rollout.ID, r.Rollout.Step, r.Rollout.Steps, r.Rollout.Candidate)
		}
	}
	return nil
}

// Text writes the text form.
func (r Release) Text() (string, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return "", fmt.Errorf("writing the output release: %w", err)
	}
	return string(text), nil
}

// Deployed tells whether a version takes traffic.
func (r Release) Deployed() bool { return len(r.Slots) > 0 }

// Gone is the release after the stack was destroyed and its data kept: nothing runs, and no image is there to bring back. The counts go on,
// since a cloud may never take the name of a revision again.
func (r Release) Gone() Release {
	return Release{Format: r.Format, Sequence: r.Sequence, Revision: r.Revision}
}

// Serving is the version that traffic belongs to.
func (r Release) Serving() Occupant { return r.Slots[r.Live] }

// Idle is the slot that is not live.
func (r Release) Idle() components.Slot {
	if r.Live == components.Blue {
		return components.Green
	}
	return components.Blue
}

// Kept tells whether the version before still runs, beside one that has replaced it.
func (r Release) Kept() (Occupant, bool) {
	o, ok := r.Slots[r.Idle()]
	return o, ok && r.Rollout == nil
}

// Newest is the slot that was filled last: migrations run with its image.
func (r Release) Newest() components.Slot {
	newest := r.Live
	for slot, o := range r.Slots {
		if o.Sequence > r.Slots[newest].Sequence {
			newest = slot
		}
	}
	return newest
}

// InOrder lists the occupied slots, the one that was filled last at the end.
func (r Release) InOrder() []components.Slot {
	return slices.SortedFunc(maps.Keys(r.Slots), func(a, b components.Slot) int { return r.Slots[a].Sequence - r.Slots[b].Sequence })
}

// clone shares nothing with r.
func (r Release) clone() Release {
	r.Slots = maps.Clone(r.Slots)
	if r.Slots == nil {
		r.Slots = map[components.Slot]Occupant{}
	}
	if r.Rollout != nil {
		rollout := *r.Rollout
		r.Rollout = &rollout
	}
	return r
}

// divide gives the candidate its share of the traffic, and the rest to the live slot.
func (r Release) divide(candidate components.Slot, share int) {
	for slot, o := range r.Slots {
		o.Weight = 100 - share
		if slot == candidate {
			o.Weight = share
		}
		r.Slots[slot] = o
	}
}

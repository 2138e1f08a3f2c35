package release

import (
	"errors"
	"fmt"
	"time"

	"github.com/slipway-iac/slipway/components"
)

// ErrRefused is wrapped by every error that says a transition is not allowed now. Nothing has changed then.
var ErrRefused = errors.New("refused")

// ErrLive says that the version to bring up is the live one. It is an ErrRefused too.
var ErrLive = fmt.Errorf("%w: that version is live already", ErrRefused)

func refuse(format string, a ...any) error {
	return fmt.Errorf("%w: %s", ErrRefused, fmt.Sprintf(format, a...))
}

// Action is a kind of transition.
type Action string

// The transitions of a rollout.
const (
	// Stage brings the source's version up in the idle slot, without traffic.
	Stage Action = "stage"
	// Take makes the caller the holder of the lease of a rollout that nobody drives any more.
	Take Action = "take"
	// Shift gives the candidate the share of traffic of a step.
	Shift Action = "shift"
	// Promote makes the candidate live; the version before stays, without traffic, for Keep.
	Promote Action = "promote"
	// Abort gives all traffic back to the version before: of a rollout under way, or of one promoted and still kept.
	Abort Action = "abort"
	// Clear removes the version that has no traffic.
	Clear Action = "clear"
)

// Transition is one requested change of the release.
type Transition struct {
	Action Action
	// ID is the rollout meant; Stage names a new one.
	ID string
	// Lease is the caller's.
	Lease Lease
	// Force takes over a lease that another holds. Default false. It belongs to one transition, not to all of a process: what was taken
	// over by force could not be taken from that process again.
	Force bool
	// Promoted is for the Abort of a version that was promoted and whose predecessor is kept. Without it only a rollout under way is
	// aborted: a process that wakes up late must not undo what another one has promoted meanwhile.
	Promoted bool
	// Abandoned tells of the lease's holder that it is gone, where the caller can know it. Default: nobody is.
	Abandoned func(Lease) bool
	// Steps and Manual are a new rollout's (Stage). Manual makes one that went by itself wait for a person, too (Take).
	Steps  []int
	Manual bool
	// Step is the index in the rollout's steps (Shift).
	Step int
	// Keep is how long the version before stays (Promote).
	Keep time.Duration
	// Reason is why (Abort).
	Reason string
}

// Deploy is what an update does that was asked for no transition: it moves no traffic. The first one brings a version up with all
// of the traffic. With inPlace (strategy rolling) a new version then takes the place of the live one in its slot. Without, or while
// a rollout is under way, versions stay as they are. A version that is kept goes when its time is over.
func (r Release) Deploy(version string, inPlace bool, now time.Time) Release {
	next := r.clone()
	if !r.Deployed() {
		next.Live = components.Blue
		next.bringUp(components.Blue, version)
		next.divide(components.Blue, 100)
		return next
	}
	if r.Rollout != nil {
		return next
	}
	if _, kept := r.Kept(); kept && !now.Before(r.KeepUntil) {
		delete(next.Slots, next.Idle())
		next.KeepUntil = time.Time{}
	}
	if inPlace && r.Serving().Version != version {
		next.bringUp(next.Live, version)
		next.divide(next.Live, 100)
	}
	return next
}

// bringUp puts a version into a slot.
func (r *Release) bringUp(slot components.Slot, version string) {
	r.Sequence++
	r.Slots[slot] = Occupant{Version: version, Sequence: r.Sequence}
}

// Next is the release after a transition; version is the source's. It fails with ErrRefused where the transition is not allowed.
func (r Release) Next(t Transition, version string, now time.Time) (Release, error) {
	if !r.Deployed() {
		return r, refuse("nothing is deployed yet: `go run . up` brings the first version up")
	}
	if err := r.owns(t, now); err != nil {
		return r, err
	}
	next := r.clone()
	next.Revision++
	var err error
	switch t.Action {
	case Stage:
		err = next.stage(t, version, now)
	case Take:
		next.Rollout.Lease, next.Rollout.Manual = t.Lease, next.Rollout.Manual || t.Manual
	case Shift:
		err = next.shift(t, now)
	case Promote:
		err = next.promote(t, now)
	case Abort:
		err = next.abort(t, now)
	case Clear:
		err = next.clear()
	default:
		err = refuse("there is no transition %q", t.Action)
	}
	return next, err
}

// owns refuses what another process is at, and what is not under way.
func (r Release) owns(t Transition, now time.Time) error {
	o := r.Rollout
	switch {
	case t.Action == Stage && o != nil:
		return refuse("rollout %s of version %s is under way, driven by %s (process %d)", o.ID, r.Slots[o.Candidate].Version, o.Lease.Holder, o.Lease.PID)
	case t.Action == Stage:
		return nil
	case o == nil && (t.Action == Abort && t.Promoted || t.Action == Clear && t.ID == ""):
		if _, kept := r.Kept(); !kept {
			return refuse("no rollout is under way, and no version before is kept")
		}
		return nil
	case o == nil && t.ID != "":
		return refuse("rollout %s is under way no more: another process has ended it, and version %s is live", t.ID, r.Serving().Version)
	case o == nil:
		return refuse("no rollout is under way")
	case t.ID != o.ID && t.Promoted:
		return refuse("rollout %s has begun meanwhile, so the version before is kept no more", o.ID)
	case t.ID != o.ID:
		return refuse("rollout %s is under way, not %s: it was ended or taken over by another process", o.ID, t.ID)
	case o.Lease.same(t.Lease), t.Force, !now.Before(o.Lease.Until):
		return nil
	case t.Abandoned != nil && t.Abandoned(o.Lease):
		return nil
	}
	return refuse("rollout %s is driven by %s (process %d) until %s at the latest; if that process is gone for good, add --take-over", o.ID, o.Lease.Holder, o.Lease.PID, o.Lease.Until.Format(time.RFC3339))
}

func (l Lease) same(other Lease) bool {
	return l.Holder == other.Holder && l.PID == other.PID && l.Token == other.Token
}

func (r *Release) stage(t Transition, version string, now time.Time) error {
	if r.Serving().Version == version {
		return fmt.Errorf("%w: %s", ErrLive, version)
	}
	candidate := r.Idle()
	r.bringUp(candidate, version)
	r.divide(candidate, 0)
	r.KeepUntil = time.Time{}
	r.Rollout = &Rollout{ID: t.ID, Candidate: candidate, Steps: t.Steps, Step: Staged, Manual: t.Manual, Began: now, Since: now, Lease: t.Lease}
	return nil
}

func (r *Release) shift(t Transition, now time.Time) error {
	o := r.Rollout
	if o.Aborted != "" {
		return refuse("rollout %s goes back: %s", o.ID, o.Aborted)
	}
	if t.Step < 0 || t.Step >= len(o.Steps) {
		return refuse("rollout %s has the steps %v, and no step %d", o.ID, o.Steps, t.Step)
	}
	if t.Step != o.Step {
		o.Since = now
	}
	o.Step, o.Lease = t.Step, t.Lease
	r.divide(o.Candidate, o.Steps[o.Step])
	return nil
}

func (r *Release) promote(t Transition, now time.Time) error {
	o := r.Rollout
	if o.Aborted != "" || r.Slots[o.Candidate].Weight != 100 {
		return refuse("rollout %s can only be promoted with all of the traffic; the candidate has %d %%", o.ID, r.Slots[o.Candidate].Weight)
	}
	r.Live, r.Rollout, r.KeepUntil = o.Candidate, nil, now.Add(t.Keep)
	return nil
}

// abort of a promoted version makes that one the candidate of a rollout which goes back.
func (r *Release) abort(t Transition, now time.Time) error {
	if r.Rollout == nil {
		candidate := r.Live
		r.Live, r.KeepUntil = r.Idle(), time.Time{}
		r.Rollout = &Rollout{ID: t.ID, Candidate: candidate, Steps: []int{100}, Step: 0, Began: now, Since: now}
	}
	r.divide(r.Rollout.Candidate, 0)
	r.Rollout.Aborted, r.Rollout.Since, r.Rollout.Lease = t.Reason, now, t.Lease
	if t.Reason == "" {
		r.Rollout.Aborted = "aborted by hand"
	}
	return nil
}

func (r *Release) clear() error {
	if o := r.Rollout; o != nil && o.Aborted == "" {
		return refuse("rollout %s goes on", o.ID)
	}
	delete(r.Slots, r.Idle())
	r.Rollout, r.KeepUntil = nil, time.Time{}
	return nil
}

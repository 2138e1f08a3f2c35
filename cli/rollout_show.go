package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/slipway-iac/slipway/cli/progress"
	"github.com/slipway-iac/slipway/cli/rollout"
	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/stacks/release"
)

// seldom is how often a look is worth a line where there is no terminal, if it finds nothing.
const seldom = 15 * time.Second

// shower shows the events of a rollout: as a live line on a terminal, as plain lines elsewhere, as JSON for machines.
type shower struct {
	c    *command
	live *progress.Step
	said time.Time
}

func newShower(c *command) *shower { return &shower{c: c} }

func (s *shower) event(e rollout.Event) {
	if s.c.jsonOut {
		_ = json.NewEncoder(s.c.out).Encode(e)
		return
	}
	if e.Kind != rollout.Looked {
		s.rest()
		s.c.progress.Println(fmt.Sprintf("%-11s %s", e.Kind, e.Text))
		return
	}
	text := looked(e)
	if s.c.progress.Terminal() {
		if s.live == nil {
			s.live = s.c.progress.Start(text)
		}
		s.live.Update(text)
		return
	}
	if now := time.Now(); now.Sub(s.said) >= seldom || e.Text != "gates clean" {
		s.said = now
		s.c.progress.Println(fmt.Sprintf("%-11s %s", e.Kind, text))
	}
}

// rest takes the live line away: something else is shown from now on.
func (s *shower) rest() {
	if s.live != nil {
		s.live.Drop()
		s.live = nil
	}
}

func (s *shower) end() { s.rest() }

// looked writes a look in one line: what matters most, which a narrow terminal shows too, then the candidate, then the live version.
func looked(e rollout.Event) string {
	parts := []string{e.Text}
	if e.Left > 0 {
		parts = append(parts, (time.Duration(e.Left)*time.Second).String()+" left")
	}
	for _, slot := range []components.Slot{e.Candidate, e.Live} {
		if side, ok := e.Sides[slot]; ok {
			parts = append(parts, fmt.Sprintf("%s %s %d %%: %s", slot, e.Versions[slot], e.Weights[slot], side.Text()))
		}
	}
	return strings.Join(parts, " | ")
}

// showRollout prints where the release is, with the figures of both slots.
func showRollout(ctx context.Context, c *command, m *moving) error {
	since := time.Now().Add(-max(m.Config.Rollout.Bake, time.Minute))
	if o := m.now.Rollout; o != nil && o.Since.After(since) {
		since = o.Since
	}
	sides, failure := rollout.Look(ctx, m.runner.Health, m.now, since)
	if c.jsonOut {
		status := map[string]any{"release": m.now, "slots": sides}
		if failure != nil {
			status["error"] = failure.Error()
		}
		return printJSON(c, status)
	}
	if failure != nil {
		fmt.Fprintf(c.err, "The health of the slots can't be read: %v\n", failure)
	}
	order := m.now.InOrder()
	slices.Reverse(order)
	for _, slot := range order {
		o, role := m.now.Slots[slot], ""
		switch {
		case slot == m.now.Live:
			role = "live"
		case m.now.Rollout != nil:
			role = "candidate"
		default:
			role = "kept until " + m.now.KeepUntil.Local().Format(time.DateTime)
		}
		fmt.Fprintf(c.out, "%-6s %s  %3d %%  %s", slot, o.Version, o.Weight, role)
		if side, ok := sides[slot]; ok {
			fmt.Fprintf(c.out, "  %s", side.Text())
		}
		fmt.Fprintln(c.out)
	}
	o := m.now.Rollout
	switch {
	case o == nil:
		fmt.Fprintln(c.out, "No rollout is under way.")
	case o.Aborted != "":
		fmt.Fprintf(c.out, "Rollout %s goes back: %s\n", o.ID, o.Aborted)
	default:
		fmt.Fprintf(c.out, "Rollout %s: step %d of %d %v since %s, %s\n", o.ID, o.Step+1, len(o.Steps), o.Steps, o.Since.Local().Format(time.DateTime), driver(*o, m.Name))
	}
	return nil
}

// driver says who drives a rollout, or how it goes on where nobody does.
func driver(o release.Rollout, stack string) string {
	switch {
	case o.Manual && o.Lease.Until.IsZero():
		return fmt.Sprintf("waiting for `go run . rollout promote -s %s`", stack)
	case !time.Now().Before(o.Lease.Until) || abandoned(o.Lease):
		return fmt.Sprintf("and nobody drives it: `go run . rollout start -s %s` goes on", stack)
	}
	return fmt.Sprintf("driven by %s (process %d) until %s at the latest", o.Lease.Holder, o.Lease.PID, o.Lease.Until.Local().Format(time.DateTime))
}

package rollout

import (
	"fmt"
	"strings"
	"time"
)

const (
	// plenty is how many errors can't be chance. With fewer no comparison of error rates is made.
	plenty = 5
	// noise is the difference between two p99 latencies that a busy machine makes by itself.
	noise = 25 * time.Millisecond
	// persistent is how many looks in a row must find a slot slow: one can be a pause of the garbage collector.
	persistent = 3
)

// Criteria are what a candidate is judged by, from the configuration (rollout.minRequests, rollout.margin).
type Criteria struct {
	// MinRequests is how many requests a judgement needs.
	MinRequests int
	// ErrorRate is by how many percentage points the candidate's error rate may exceed the live version's.
	ErrorRate float64
	// Latency is the allowed ratio of the candidate's p99 latency to the live version's.
	Latency float64
}

// Side is one slot at one moment.
type Side struct {
	Figures Figures `json:"figures"`
	Gates   []Alarm `json:"gates,omitempty"`
}

func (s Side) firing(id string) bool {
	for _, a := range s.Gates {
		if a.ID == id && a.Firing {
			return true
		}
	}
	return false
}

// verdict is what one look says.
type verdict struct {
	breach string // go back: the candidate is at fault
	slow   string // a breach if it persists
	hold   string // go neither forward nor back: the live version has the same trouble, or it may be chance
	wait   string // likewise, but on in the end: only the live version is in trouble
	few    bool   // too few requests to judge
}

// chance tells whether a gate may be crossed by a request or two: where there are few, one of them is more than a threshold in percent.
// A version that fails more of them is found by the comparison. Not every source counts all errors that its gate knows of, so with
// many requests and none of them failed the gate is believed.
func (c Criteria) chance(gate string, f Figures) bool {
	few := f.Requests < float64(c.MinRequests)
	switch gate {
	case "error-rate":
		return f.Errors < plenty && (f.Errors > 0 || few)
	case "latency-p99":
		return few
	}
	return false
}

// judge compares the candidate with the live version. The baseline stands for the live version where that has too little traffic
// itself, as in the last step. The gates in ailing were crossed by the live version before the candidate had any traffic.
func (c Criteria) judge(candidate, live Side, baseline Figures, ailing map[string]bool) verdict {
	var v verdict
	for _, a := range candidate.Gates {
		switch {
		case !a.Firing:
		case live.firing(a.ID):
			v.hold = fmt.Sprintf("gate %s is crossed in both slots (%s): not the candidate's fault alone", a.ID, a.Text)
		case c.chance(a.ID, candidate.Figures):
			v.hold = fmt.Sprintf("gate %s is crossed by the candidate: %s. With %.0f errors in %.0f requests that may be chance", a.ID, a.Text, candidate.Figures.Errors, candidate.Figures.Requests)
		default:
			v.breach = fmt.Sprintf("gate %s is crossed by the candidate: %s", a.ID, a.Text)
			return v
		}
	}
	for _, a := range live.Gates {
		if a.Firing && !candidate.firing(a.ID) && !ailing[a.ID] {
			v.wait = fmt.Sprintf("gate %s is crossed by the live version: %s", a.ID, a.Text)
		}
	}
	f, reference := candidate.Figures, live.Figures
	if reference.Requests < float64(max(c.MinRequests, 1)) && baseline.Requests > reference.Requests {
		reference = baseline
	}
	if over := f.ErrorRate() - reference.ErrorRate(); f.Errors >= plenty && over > c.ErrorRate {
		v.breach = fmt.Sprintf("the candidate fails %.1f %% of its requests (%.0f of %.0f), the live version %.1f %%; rollout.margin.errorRate allows %g points more", f.ErrorRate(), f.Errors, f.Requests, reference.ErrorRate(), c.ErrorRate)
		return v
	}
	v.few = f.Requests < float64(c.MinRequests)
	if !v.few && reference.P99 > 0 && f.P99-reference.P99 > noise && float64(f.P99) > c.Latency*float64(reference.P99) {
		v.slow = fmt.Sprintf("the candidate's p99 latency is %s, the live version's %s; rollout.margin.latency allows %g times as much", short(f.P99), short(reference.P99), c.Latency)
	}
	return v
}

// short writes a latency with a sensible number of digits.
func short(d time.Duration) string {
	switch {
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d >= 10*time.Millisecond:
		return d.Round(time.Millisecond).String()
	default:
		return d.Round(100 * time.Microsecond).String()
	}
}

// Text is a side for people.
func (s Side) Text() string {
	text := fmt.Sprintf("%.0f requests, %.1f %% errors", s.Figures.Requests, s.Figures.ErrorRate())
	if s.Figures.P99 > 0 {
		text += ", p99 " + short(s.Figures.P99)
	}
	var crossed []string
	for _, a := range s.Gates {
		if a.Firing {
			crossed = append(crossed, a.ID+" "+a.Text)
		}
	}
	if len(crossed) > 0 {
		text += ", gates crossed: " + strings.Join(crossed, ", ")
	}
	return text
}

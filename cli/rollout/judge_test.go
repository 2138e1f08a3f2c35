package rollout

import (
	"strings"
	"testing"
	"time"
)

func TestJudge(t *testing.T) {
	c := Criteria{MinRequests: 100, ErrorRate: 1, Latency: 1.5}
	fine := Figures{Requests: 1000, Errors: 2, P99: 40 * time.Millisecond}
	firing := []Alarm{{ID: "error-rate", Firing: true, Text: "5 %"}}
	slow := []Alarm{{ID: "latency-p99", Firing: true, Text: "1.2 s"}}
	for _, row := range []struct {
		name            string
		candidate, live Side
		baseline        Figures
		ailing          map[string]bool
		breach, slow    string
		hold, wait      string
		few             bool
	}{
		{name: "both fine", candidate: Side{Figures: fine}, live: Side{Figures: fine}},
		{name: "gate of the candidate", candidate: Side{Figures: Figures{Requests: 1000, Errors: 9}, Gates: firing}, live: Side{Figures: fine}, breach: "gate error-rate is crossed by the candidate: 5 %"},
		{name: "the same gate in both", candidate: Side{Figures: fine, Gates: firing}, live: Side{Figures: fine, Gates: firing}, hold: "in both slots"},
		{name: "gate of the live version", candidate: Side{Figures: fine}, live: Side{Figures: fine, Gates: firing}, wait: "by the live version"},
		{name: "gate of a live version that was broken before", candidate: Side{Figures: fine}, live: Side{Figures: fine, Gates: firing}, ailing: map[string]bool{"error-rate": true}},
		{name: "a single error", candidate: Side{Figures: Figures{Requests: 150, Errors: 1}, Gates: firing}, live: Side{Figures: fine}, hold: "With 1 errors in 150 requests that may be chance"},
		{name: "errors that only the gate knows of", candidate: Side{Figures: Figures{Requests: 150}, Gates: firing}, live: Side{Figures: fine}, breach: "gate error-rate"},
		{name: "the same with few requests", candidate: Side{Figures: Figures{Requests: 15}, Gates: firing}, live: Side{Figures: fine}, hold: "may be chance", few: true},
		{name: "one slow request of a few", candidate: Side{Figures: Figures{Requests: 15}, Gates: slow}, live: Side{Figures: fine}, hold: "may be chance", few: true},
		{name: "slow beyond the threshold", candidate: Side{Figures: fine, Gates: slow}, live: Side{Figures: fine}, breach: "gate latency-p99"},
		{name: "more errors", candidate: Side{Figures: Figures{Requests: 200, Errors: 5}}, live: Side{Figures: fine}, breach: "fails 2.5 % of its requests (5 of 200), the live version 0.2 %"},
		{name: "more errors than few requests allow to wait for", candidate: Side{Figures: Figures{Requests: 10, Errors: 6}}, live: Side{Figures: fine}, breach: "6 of 10"},
		{name: "few errors", candidate: Side{Figures: Figures{Requests: 100, Errors: 4}}, live: Side{Figures: fine}},
		{name: "errors in both", candidate: Side{Figures: Figures{Requests: 100, Errors: 20}}, live: Side{Figures: Figures{Requests: 100, Errors: 21}}},
		{name: "few requests", candidate: Side{Figures: Figures{Requests: 99, P99: time.Second}}, live: Side{Figures: fine}, few: true},
		{name: "slow", candidate: Side{Figures: Figures{Requests: 100, P99: 70 * time.Millisecond}}, live: Side{Figures: fine}, slow: "p99 latency is 70ms, the live version's 40ms"},
		{name: "slow within the noise", candidate: Side{Figures: Figures{Requests: 100, P99: 24 * time.Millisecond}}, live: Side{Figures: Figures{Requests: 100, P99: 2 * time.Millisecond}}},
		{name: "slow within the margin", candidate: Side{Figures: Figures{Requests: 100, P99: 1400 * time.Millisecond}}, live: Side{Figures: Figures{Requests: 100, P99: time.Second}}},
		{name: "no traffic on the live version, compared with before", candidate: Side{Figures: Figures{Requests: 100, P99: 70 * time.Millisecond}}, baseline: fine, slow: "the live version's 40ms"},
		{name: "nothing to compare with", candidate: Side{Figures: Figures{Requests: 100, P99: time.Minute}}},
	} {
		v := c.judge(row.candidate, row.live, row.baseline, row.ailing)
		for what, pair := range map[string][2]string{"breach": {v.breach, row.breach}, "slow": {v.slow, row.slow}, "hold": {v.hold, row.hold}, "wait": {v.wait, row.wait}} {
			if (pair[0] == "") != (pair[1] == "") || !strings.Contains(pair[0], pair[1]) {
				t.Errorf("%s: %s is %q, want %q", row.name, what, pair[0], pair[1])
			}
		}
		if v.breach == "" && v.few != row.few {
			t.Errorf("%s: few is %t", row.name, v.few)
		}
	}
}

// TestJudgeAnyNumber: without a least number of requests the last step is compared with what was before all the same.
func TestJudgeAnyNumber(t *testing.T) {
	c := Criteria{ErrorRate: 1, Latency: 1.5}
	v := c.judge(Side{Figures: Figures{Requests: 100, Errors: 10}}, Side{}, Figures{Requests: 100, Errors: 10}, nil)
	if v != (verdict{}) {
		t.Errorf("a candidate as good as the version before: %+v", v)
	}
}

func TestSideText(t *testing.T) {
	s := Side{Figures: Figures{Requests: 200, Errors: 3, P99: 1234 * time.Millisecond}, Gates: []Alarm{{ID: "uptime", Firing: true, Text: "0 %"}, {ID: "cpu"}}}
	if got, want := s.Text(), "200 requests, 1.5 % errors, p99 1.23s, gates crossed: uptime 0 %"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

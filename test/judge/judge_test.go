package main

import "testing"

// TestJudge is the short form of the simulation: what is the same is hardly ever found worse, and what is worse is found.
func TestJudge(t *testing.T) {
	t.Parallel()
	const runs = 150
	o := options{window: 5, bake: 300, block: 10, least: 100, runs: runs}
	for _, row := range []struct {
		s           scenario
		least, most float64 // share of rollouts that go back
	}{
		{scenario{rate: 10, live: 0.03, candidate: 0.03, latency: tail}, 0, 0.02},
		{scenario{rate: 1, live: 0.01, candidate: 0.01, latency: tail}, 0, 0.02},
		{scenario{rate: 100, latency: narrow, drift: 0.5}, 0, 0.02},
		{scenario{rate: 10, latency: tail, outage: 60, outageShare: 0.5}, 0, 0.02},
		{scenario{rate: 10, candidate: 0.02, latency: tail}, 0.98, 1},
		{scenario{rate: 100, candidate: 0.005, latency: tail}, 0.95, 1},
		{scenario{rate: 10, latency: narrow, slow: 2}, 0.98, 1},
	} {
		if got := o.measure(row.s); got.share < row.least || got.share > row.most {
			t.Errorf("%+v: %.1f %% of %d rollouts went back, want %g to %g %%", row.s, 100*got.share, runs, 100*row.least, 100*row.most)
		}
	}
}

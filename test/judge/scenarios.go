package main

import "fmt"

var (
	tail    = latency{median: 0.01, sigma: 1.2}
	narrow  = latency{median: 0.01, sigma: 0.5}
	bimodal = latency{median: 0.004, sigma: 0.4, second: 0.3, part: 0.1}
)

func scenarios() []scenario {
	var all []scenario
	for _, rate := range []float64{0.5, 1, 10, 100, 1000} {
		for _, share := range []float64{0, 0.01, 0.03, 0.05} {
			all = append(all, scenario{name: fmt.Sprintf("same, %g/s, %g %% errors", rate, 100*share), rate: rate, live: share, candidate: share, latency: tail})
		}
		all = append(all,
			scenario{name: fmt.Sprintf("same, %g/s, bimodal", rate), rate: rate, latency: bimodal},
			scenario{name: fmt.Sprintf("same, %g/s, narrow", rate), rate: rate, latency: narrow},
			scenario{name: fmt.Sprintf("same, %g/s, stalls of 10 s", rate), rate: rate, latency: narrow, stall: 60, stallFor: 10},
			scenario{name: fmt.Sprintf("same, %g/s, stalls of 2 s", rate), rate: rate, latency: narrow, stall: 30, stallFor: 2},
			scenario{name: fmt.Sprintf("same, %g/s, errors in clumps of 5", rate), rate: rate, live: 0.01, candidate: 0.01, latency: tail, clumps: 5},
			scenario{name: fmt.Sprintf("same, %g/s, outage 20 s", rate), rate: rate, latency: tail, outage: 20, outageShare: 0.5},
			scenario{name: fmt.Sprintf("same, %g/s, outage 60 s", rate), rate: rate, latency: tail, outage: 60, outageShare: 0.5},
			scenario{name: fmt.Sprintf("same, %g/s, drift", rate), rate: rate, live: 0.01, candidate: 0.01, latency: narrow, drift: 0.5},
			scenario{name: fmt.Sprintf("same, %g/s, sick live replica", rate), rate: rate, latency: narrow, sickSlow: 5, sickErrors: 0.02},
		)
	}
	for _, rate := range []float64{1, 10, 100} {
		all = append(all,
			scenario{name: fmt.Sprintf("%g/s, 0 -> 2 %%", rate), rate: rate, candidate: 0.02, latency: tail},
			scenario{name: fmt.Sprintf("%g/s, 0 -> 0.5 %%", rate), rate: rate, candidate: 0.005, latency: tail},
			scenario{name: fmt.Sprintf("%g/s, 10 -> 20 ms", rate), rate: rate, latency: narrow, slow: 2},
			scenario{name: fmt.Sprintf("%g/s, 10 -> 20 ms, long tail", rate), rate: rate, latency: tail, slow: 2},
			scenario{name: fmt.Sprintf("%g/s, x 1.3", rate), rate: rate, latency: narrow, slow: 1.3},
			scenario{name: fmt.Sprintf("%g/s, x 1.3, long tail", rate), rate: rate, latency: tail, slow: 1.3},
		)
	}
	return all
}

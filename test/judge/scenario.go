package main

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/slipway-iac/slipway/cli/rollout/evidence"
)

// scenario is one kind of world that a rollout can meet.
type scenario struct {
	name string
	// rate is the traffic, in requests a second.
	rate float64
	// live and candidate are the shares of requests that fail.
	live, candidate float64
	// latency is the live version's, and slow how many times as long the candidate takes. Default of slow: 1.
	latency latency
	slow    float64
	// outage is how many seconds a trouble of both versions lasts that makes outageShare of all requests fail. It begins at a random time.
	outage, outageShare float64
	// drift is by how much the latencies and the errors of both have grown at the end of the rollout: 1 is twice as much.
	drift float64
	// stall is the mean time in seconds between pauses that each version makes by itself, each stallFor seconds long on average, in which
	// two thirds of its requests take half a second longer. Default: none.
	stall, stallFor float64
	// clumps makes errors come in groups of this many on average, each within one version. Default: one by one.
	clumps float64
	// sick is the slowdown and additional share of errors of one of the live version's two replicas. Default: none.
	sickSlow, sickErrors float64
}

// latency is a mixture of two log-normal distributions.
type latency struct {
	median, sigma float64 // in seconds
	second, part  float64 // the median of the second one and its share
}

func (l latency) slowerThan(limit, times float64) float64 {
	tail := func(median float64) float64 {
		return 0.5 * math.Erfc(math.Log(limit/(median*times))/(l.sigma*math.Sqrt2))
	}
	if l.part == 0 {
		return tail(l.median)
	}
	return (1-l.part)*tail(l.median) + l.part*tail(l.second)
}

// edges are the boundaries of the sample app's histogram, in seconds.
var edges = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5}

func boundaries() (out []time.Duration) {
	for _, e := range edges {
		out = append(out, time.Duration(e*float64(time.Second)))
	}
	return out
}

// world is one run of a scenario.
type world struct {
	scenario
	r            *rand.Rand
	length, now  float64 // seconds
	outageBegins float64
	stalls       [2]float64 // when the present pause of each version ends
}

func (s scenario) begin(r *rand.Rand, length float64) *world {
	if s.slow == 0 {
		s.slow = 1
	}
	return &world{scenario: s, r: r, length: length, outageBegins: r.Float64() * length}
}

// window is what both versions answer in some seconds, with a share of the traffic for the candidate.
func (w *world) window(seconds, share float64) (candidate, live evidence.Counts) {
	n := poisson(w.r, w.rate*seconds)
	x := binomial(w.r, n, share)
	grown := 1 + w.drift*w.now/w.length
	out := overlap(w.now, w.now+seconds, w.outageBegins, w.outageBegins+w.outage) / seconds * w.outageShare
	candidate = w.answer(0, x, seconds, w.candidate*grown, out, w.slow*grown)
	live = w.answer(1, n-x, seconds, w.live*grown, out, grown)
	w.now += seconds
	return candidate, live
}

func (w *world) answer(version int, n, seconds, share, out, times float64) evidence.Counts {
	paused := w.paused(version, seconds)
	c := evidence.Counts{Requests: n, Errors: w.errors(n, share), Slower: make([]float64, len(edges))}
	c.Errors = min(n, c.Errors+binomial(w.r, n, out))
	left, before := n, 1.0
	sick := version == 1 && w.sickSlow > 0
	if sick {
		c.Errors = min(n, c.Errors+binomial(w.r, n/2, w.sickErrors))
	}
	for i, edge := range edges {
		tail := w.latency.slowerThan(edge, times)
		if sick {
			tail = (tail + w.latency.slowerThan(edge, times*w.sickSlow)) / 2
		}
		if paused > 0 && edge < 0.5 {
			tail += (1 - tail) * paused * 2 / 3
		}
		left = binomial(w.r, left, min(1, tail/before))
		c.Slower[i], before = left, max(tail, 1e-300)
	}
	return c
}

func (w *world) errors(n, share float64) float64 {
	if w.clumps <= 1 {
		return binomial(w.r, n, share)
	}
	total := 0.0
	for range int(poisson(w.r, n*share/w.clumps)) {
		total += 1 + poisson(w.r, w.clumps-1)
	}
	return min(n, total)
}

// paused is the part of a window in which a version pauses.
func (w *world) paused(version int, seconds float64) float64 {
	if w.stall == 0 {
		return 0
	}
	part := max(0, min(seconds, w.stalls[version]-w.now))
	if part == 0 && w.r.Float64() < seconds/w.stall {
		begins := w.r.Float64() * seconds
		w.stalls[version] = w.now + begins + w.r.ExpFloat64()*w.stallFor
		part = min(seconds-begins, w.stalls[version]-w.now-begins)
	}
	return part / seconds
}

func overlap(a, b, from, to float64) float64 { return max(0, min(b, to)-max(a, from)) }

// poisson and binomial are exact for small numbers and rounded normal ones for large.
func poisson(r *rand.Rand, mean float64) float64 {
	if mean > 60 {
		return max(0, math.Round(mean+math.Sqrt(mean)*r.NormFloat64()))
	}
	n, p, limit := 0.0, 1.0, math.Exp(-mean)
	for p *= r.Float64(); p > limit; p *= r.Float64() {
		n++
	}
	return n
}

func binomial(r *rand.Rand, n, p float64) float64 {
	switch {
	case n <= 0 || p <= 0:
		return 0
	case p >= 1:
		return n
	case p > 0.5:
		return n - binomial(r, n, 1-p)
	case n*p*(1-p) > 60:
		return min(n, max(0, math.Round(n*p+math.Sqrt(n*p*(1-p))*r.NormFloat64())))
	}
	// Counts the gaps between successes.
	k, at, c := 0.0, 0.0, math.Log1p(-p)
	for {
		at += math.Floor(math.Log(1-r.Float64())/c) + 1
		if at > n {
			return k
		}
		k++
	}
}

// Package evidence compares two versions of an app by what they have answered, and keeps count of how sure one can be that one of them
// is worse. It may be asked after every window: the bound on wrong answers holds for all looks together. It knows no clock, no cloud and
// no rollout.
//
// For each question ("more errors?", "more answers slower than b?") and each size of a difference it keeps an e-process: a product of
// factors, one a block of windows, whose expectation is at most 1 as long as the candidate is not worse than the margin allows. The
// average of e-processes is one too, and by Ville's inequality it reaches 1/α with a probability of at most α, however often one looks.
// docs/adr/0020-rollout-judge.md has the derivation, the sources and the limits.
package evidence

import (
	"time"
)

// Counts are what one version has answered in one window.
type Counts struct {
	// Requests and Errors count answers, and those of them with a status of 500 or more.
	Requests, Errors float64
	// Slower counts, by boundary of the settings, the answers that took longer. Default: the source has no distribution, and latencies are
	// not compared.
	Slower []float64
}

// Settings say what is compared.
type Settings struct {
	// Confidence is the share of rollouts of a version that is not worse which are not found worse, such as 0.99. Required.
	Confidence float64
	// ErrorRate is how many percentage points more errors are tolerated. Default 0.
	ErrorRate float64
	// Latency is how many times as long answers may take. Default 1.
	Latency float64
	// Boundaries are those of the source's histogram, rising. Default: latencies are not compared.
	Boundaries []time.Duration
	// Block is how long windows are taken for one: what goes wrong within it, such as a pause of the garbage collector, counts once.
	// Default 10 s.
	Block time.Duration
}

const (
	// together is how many blocks it takes at the least to decide while both versions have traffic, and apart where the live version has
	// none: there a trouble that both would have looks like the candidate's, and must last longer.
	together = 2
	apart    = 10
)

// Comparison is the evidence so far. It is not safe for concurrent use.
type Comparison struct {
	settings Settings
	errors   *question
	slower   []*question // by boundary; those that the margin moves beyond the last boundary have none
	harms    []*excluded // of errors, by size, rising
	slows    []*excluded // of latency, by size, rising
	alone    bool        // the live version has no traffic

	candidate, live Counts // of the present block
	blockTime       time.Duration
	spread          spread
	total           Totals
}

// Totals are all counts since the comparison began.
type Totals struct{ Candidate, Live Counts }

// New begins a comparison.
func New(s Settings) *Comparison {
	if s.Latency < 1 {
		s.Latency = 1
	}
	if s.Block <= 0 {
		s.Block = 10 * time.Second
	}
	c := &Comparison{settings: s, errors: newQuestion(ratios)}
	for i := range s.Boundaries {
		if c.moved(i) {
			c.slower = append(c.slower, newQuestion(odds))
		}
	}
	for _, points := range harmSizes {
		c.harms = append(c.harms, newExcluded(points))
	}
	for _, times := range slowSizes {
		c.slows = append(c.slows, newExcluded(times))
	}
	c.spread.slower = make([]dispersion, len(s.Boundaries))
	return c
}

// moved tells whether the margin leaves a boundary within the histogram.
func (c *Comparison) moved(i int) bool {
	return float64(c.settings.Boundaries[i])*c.settings.Latency <= float64(c.settings.Boundaries[len(c.settings.Boundaries)-1])
}

// Prime tells what the live version was like by itself, in windows before it is compared: how much its figures vary from block to block,
// and how slow it is. It is no evidence.
func (c *Comparison) Prime(live Counts, lasted time.Duration) {
	c.live = plus(c.live, live)
	if c.blockTime += lasted; c.blockTime < c.settings.Block {
		return
	}
	c.learn()
	c.begin()
}

// Add takes what both versions have answered in a window. Both have had the same time for it. Where the live version has no traffic, a
// window from when it had stands for it, each once.
func (c *Comparison) Add(candidate, live Counts, lasted time.Duration) {
	c.candidate, c.live = plus(c.candidate, candidate), plus(c.live, live)
	c.total.Candidate, c.total.Live = plus(c.total.Candidate, candidate), plus(c.total.Live, live)
	c.blockTime += lasted
	c.weigh()
	if c.blockTime < c.settings.Block {
		return
	}
	for _, q := range c.questions() {
		q.settle()
	}
	for _, h := range append(c.harms, c.slows...) {
		h.settle()
	}
	c.learn()
	c.begin()
}

// Break ends a block early: what follows has nothing to do with it, since traffic was divided anew. alone says that the live version gets
// none of it.
func (c *Comparison) Break(alone bool) {
	c.alone = alone
	if c.blockTime == 0 {
		return
	}
	for _, q := range c.questions() {
		q.settle()
	}
	for _, h := range append(c.harms, c.slows...) {
		h.settle()
	}
	c.begin()
}

func (c *Comparison) begin() {
	c.candidate, c.live, c.blockTime = Counts{}, Counts{}, 0
}

func (c *Comparison) questions() []*question { return append([]*question{c.errors}, c.slower...) }

// Totals are all counts so far.
func (c *Comparison) Totals() Totals { return c.total }

// plus adds counts up. A window without a distribution takes it from the sum.
func plus(a, b Counts) Counts {
	sum := Counts{Requests: a.Requests + b.Requests, Errors: a.Errors + b.Errors}
	switch {
	case a.Requests == 0 && a.Slower == nil:
		sum.Slower = b.Slower
	case b.Requests == 0 && b.Slower == nil:
		sum.Slower = a.Slower
	case len(a.Slower) == len(b.Slower):
		sum.Slower = make([]float64, len(a.Slower))
		for i := range a.Slower {
			sum.Slower[i] = a.Slower[i] + b.Slower[i]
		}
	}
	return sum
}

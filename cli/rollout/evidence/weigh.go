package evidence

import (
	"math"
	"time"
)

// weigh computes the factors of the present block anew.
func (c *Comparison) weigh() {
	x, y := c.candidate, c.live
	wide, limit := c.spread.errors.factor(), c.limit()
	c.errors.weigh(limit, func(ratio float64) float64 {
		return moreErrors(x, y, c.settings.ErrorRate/100, ratio) / wide
	})
	for _, h := range c.harms {
		h.weigh(math.Inf(1), func(share float64) float64 { return fewerErrors(x, y, h.size/100, share) / wide })
	}
	if len(x.Slower) != len(c.settings.Boundaries) || len(y.Slower) != len(c.settings.Boundaries) {
		return // nothing to compare in this block: the factors stay 1
	}
	for i, q := range c.slower {
		level, known := c.spread.level(i)
		if !known {
			continue
		}
		slower := c.slowerThan(x, float64(c.settings.Boundaries[i])*c.settings.Latency)
		wide := c.spread.slower[i].factor()
		q.weigh(limit, func(ratio float64) float64 {
			return moreOften(slower, x.Requests, y.Slower[i], y.Requests, level, ratio) / wide
		})
	}
	for _, h := range c.slows {
		h.weigh(math.Inf(1), func(ratio float64) float64 { return c.notAsSlow(x, y, h.size, ratio) })
	}
}

// limit is the logarithm of the most that one block may bring.
func (c *Comparison) limit() float64 {
	blocks := together
	if c.alone {
		blocks = apart
	}
	return -math.Log(1-c.settings.Confidence) / float64(blocks)
}

// slowerThan reads how many answers took longer than a time between two boundaries, as if their logarithms were spread evenly there. What
// is longer can only be less, so equal versions are never made unequal by it.
func (c *Comparison) slowerThan(v Counts, limit float64) float64 {
	edges := c.settings.Boundaries
	if limit <= float64(edges[0]) {
		return v.Slower[0]
	}
	for i := 1; i < len(edges); i++ {
		if high := float64(edges[i]); limit <= high {
			low := float64(edges[i-1])
			part := math.Log(limit/low) / math.Log(high/low)
			return v.Slower[i-1] + part*(v.Slower[i]-v.Slower[i-1])
		}
	}
	return v.Slower[len(edges)-1]
}

// learn takes the block that is over into what is known of the live version.
func (c *Comparison) learn() {
	c.spread.add(c.live)
}

// Verdict is what the evidence says at one moment.
type Verdict struct {
	// Worse says that the candidate is worse than the margin allows, with the settings' confidence.
	Worse bool
	// Evidence is how many times likelier what was seen is with a worse candidate: Worse from Needed on. Errors and Latency are its parts.
	Evidence, Needed, Errors, Latency float64
	// Slower is the boundary at which most speaks for a slower candidate.
	Slower time.Duration
	// MoreErrors are the percentage points of additional errors, and Times how many times as slow the candidate could be at every
	// percentile, that can be excluded with the same confidence. 0 if none.
	MoreErrors, Times float64
}

// Verdict looks at the evidence.
func (c *Comparison) Verdict() Verdict {
	v := Verdict{Needed: 1 / (1 - c.settings.Confidence), Errors: c.errors.value()}
	v.Evidence = v.Errors
	if len(c.slower) > 0 {
		most := 0.0
		for i, q := range c.slower {
			e := q.value()
			if v.Latency += e / float64(len(c.slower)); e > most {
				most, v.Slower = e, c.settings.Boundaries[i]
			}
		}
		v.Evidence = (v.Errors + v.Latency) / 2
	}
	v.Worse = v.Evidence >= v.Needed
	v.MoreErrors, v.Times = smallest(c.harms, v.Needed), smallest(c.slows, v.Needed)
	return v
}

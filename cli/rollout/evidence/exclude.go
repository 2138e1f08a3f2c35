package evidence

import "math"

// harmSizes are additional errors in percentage points, and slowSizes how many times as slow, that a look may be able to exclude.
var (
	harmSizes = []float64{0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1.2, 2, 3, 5, 8, 12, 20, 35, 60}
	slowSizes = []float64{1.2, 1.35, 1.5, 2, 3, 5, 10}
)

// bets are how many times as rare the errors are taken to be as they would be with the harm.
var bets = []float64{0.02, 0.2, 0.45, 0.7, 0.88}

// excluded is the evidence against a harm of one size.
type excluded struct {
	question
	size float64
}

func newExcluded(size float64) *excluded {
	return &excluded{*newQuestion(bets), size}
}

// smallest is the smallest harm that the evidence excludes, and all above it.
func smallest(all []*excluded, needed float64) float64 {
	found := 0.0
	for i := len(all) - 1; i >= 0 && all[i].value() >= needed; i-- {
		found = all[i].size
	}
	return found
}

// fewerErrors is the mirror of moreErrors: the logarithm of a block's factor against "the candidate fails at least harm more of its
// requests". With a below 1 and n a + m b = n + m, the expectation of a^x b^y exp(n harm (1-a)) is at most exp(n (1-a) (harm - (p - q))).
func fewerErrors(candidate, live Counts, harm, a float64) float64 {
	n, m := candidate.Requests, live.Requests
	if n <= 0 || m <= 0 {
		return 0
	}
	b := 1 + (1-a)*n/m
	return candidate.Errors*math.Log(a) + live.Errors*math.Log(b) + n*harm*(1-a)
}

// notAsSlow is the evidence of a block against "the candidate is times as slow at every percentile", at the boundary nearest the live
// version's median, where there is most to see. a is the ratio of odds that is bet on.
func (c *Comparison) notAsSlow(candidate, live Counts, times, a float64) float64 {
	edges := c.settings.Boundaries
	at, best := -1, math.Inf(1)
	for i := range edges {
		level, known := c.spread.level(i)
		if !known || float64(edges[i])*times > float64(edges[len(edges)-1]) {
			continue
		}
		if far := math.Abs(level - 0.5); far < best {
			at, best = i, far
		}
	}
	if at < 0 || best > 0.49 {
		return 0
	}
	level, _ := c.spread.level(at)
	slower := c.slowerThan(candidate, float64(edges[at])*times)
	return moreOften(slower, candidate.Requests, live.Slower[at], live.Requests, level, a) / c.spread.slower[at].factor()
}

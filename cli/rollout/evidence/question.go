package evidence

import "math"

// ratios are the sizes of a difference that is looked for in errors: how many times as often the candidate fails.
var ratios = []float64{1.4, 2.5, 6, 20, 100}

// odds are the same for answers slower than a boundary, as ratios of odds.
var odds = []float64{1.08, 1.15, 1.3, 1.6, 2.2, 4, 10, 40}

// question is one e-process for each size of a difference. It may have begun at any block: a part of the stake waits, and a small share of
// it joins at each block, so that a version that turns bad after a long good time is found too.
type question struct {
	sizes   []float64
	settled []float64 // logarithm of the product over the blocks that are over, by size, of what has joined
	present []float64 // logarithm of the factor of the block under way
	waiting float64   // share of the stake that has not joined
}

const (
	// atOnce is the share of the stake that is there from the beginning, and joining that of the rest at each further block.
	atOnce  = 0.75
	joining = 0.02
)

func newQuestion(sizes []float64) *question {
	q := &question{sizes: sizes, settled: make([]float64, len(sizes)), present: make([]float64, len(sizes)), waiting: 1 - atOnce}
	for i := range q.settled {
		q.settled[i] = math.Log(atOnce)
	}
	return q
}

// weigh replaces the factors of the present block; limit bounds their logarithm.
func (q *question) weigh(limit float64, factor func(size float64) float64) {
	for i, size := range q.sizes {
		q.present[i] = min(factor(size), limit)
	}
}

func (q *question) settle() {
	joins := q.waiting * joining
	q.waiting -= joins
	for i := range q.sizes {
		grown := q.settled[i] + q.present[i]
		most := max(grown, math.Log(joins))
		q.settled[i] = most + math.Log(math.Exp(grown-most)+math.Exp(math.Log(joins)-most))
		q.present[i] = 0
	}
}

// value is the evidence: the average over the sizes.
func (q *question) value() float64 {
	sum := 0.0
	for i := range q.sizes {
		sum += math.Exp(q.settled[i]+q.present[i]) + q.waiting
	}
	return sum / float64(len(q.sizes))
}

// moreErrors is the logarithm of a block's factor for "the candidate fails ratio times as often", tested against "it fails at most
// tolerated more of its requests", whatever the live version's rate is in that block. With x errors of n requests in the candidate, y of
// m in the live version,
//
//	factor = a^x b^y exp(-n tolerated (a-1)),  n a + m b = n + m,  a = ratio (n+m) / (n ratio + m).
//
// Its expectation is at most exp(n (a-1) (p - q - tolerated)) for rates p and q, since E[a^x] ≤ exp(n p (a-1)) and E[b^y] ≤ exp(m q (b-1)):
// at most 1 if p - q ≤ tolerated. The level of the rates falls out, so a trouble that both have says nothing.
func moreErrors(candidate, live Counts, tolerated, ratio float64) float64 {
	n, m := candidate.Requests, live.Requests
	if n <= 0 || m <= 0 {
		return 0
	}
	a := ratio * (n + m) / (n*ratio + m)
	b := (n + m) / (n*ratio + m)
	return candidate.Errors*math.Log(a) + live.Errors*math.Log(b) - n*tolerated*(a-1)
}

// moreOften is the logarithm of a block's factor for "the odds of an event are ratio times those in the live version", tested against
// "they are no higher", where level is a guess, made before the block, of how frequent the event is. With shares p and q of the event
// under the alternative, and s = (n p + m q) / (n + m),
//
//	factor = (p/s)^x ((1-p)/(1-s))^(n-x) (q/s)^y ((1-q)/(1-s))^(m-y).
//
// Under equal shares r the logarithm of its expectation is concave in r, with its maximum, 0, at r = s; a wrong guess costs power, and
// never more false alarms. Turner, Ly and Grünwald (2024), https://doi.org/10.1016/j.jspi.2023.106116.
func moreOften(x, n, y, m, level, ratio float64) float64 {
	if n <= 0 || m <= 0 {
		return 0
	}
	level = min(max(level, 1e-6), 1-1e-6)
	logit, tilt := math.Log(level/(1-level)), math.Log(ratio)
	p, q := logistic(logit+tilt*m/(n+m)), logistic(logit-tilt*n/(n+m))
	s := (n*p + m*q) / (n + m)
	return x*math.Log(p/s) + (n-x)*math.Log((1-p)/(1-s)) + y*math.Log(q/s) + (m-y)*math.Log((1-q)/(1-s))
}

func logistic(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

package evidence

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// binomial is the probability of k of n with a share p.
func binomial(n, k int, p float64) float64 {
	choose := func(n, k int) float64 {
		a, _ := math.Lgamma(float64(n + 1))
		b, _ := math.Lgamma(float64(k + 1))
		c, _ := math.Lgamma(float64(n - k + 1))
		return a - b - c
	}
	switch p {
	case 0:
		return map[bool]float64{true: 1}[k == 0]
	case 1:
		return map[bool]float64{true: 1}[k == n]
	}
	return math.Exp(choose(n, k) + float64(k)*math.Log(p) + float64(n-k)*math.Log(1-p))
}

// expected is the exact expectation of a factor, given as a logarithm, for shares p of n and q of m.
func expected(n, m int, p, q float64, factor func(x, y float64) float64) float64 {
	sum := 0.0
	for x := range n + 1 {
		for y := range m + 1 {
			sum += binomial(n, x, p) * binomial(m, y, q) * math.Exp(factor(float64(x), float64(y)))
		}
	}
	return sum
}

// TestFactorsAreFair: whatever the level, the expectation of a factor is at most 1 while the candidate is within the margin. That is all
// that the bound on false alarms rests on.
func TestFactorsAreFair(t *testing.T) {
	const slack = 1 + 1e-9
	for _, share := range []float64{0, 0.001, 0.01, 0.2, 0.7, 1} {
		for _, size := range [][2]int{{5, 95}, {25, 75}, {50, 50}, {60, 20}} {
			n, m := size[0], size[1]
			for _, ratio := range ratios {
				for _, tolerated := range []float64{0, 0.001, 0.05} {
					worst := min(1, share+tolerated)
					if e := expected(n, m, worst, share, func(x, y float64) float64 {
						return moreErrors(Counts{Requests: float64(n), Errors: x}, Counts{Requests: float64(m), Errors: y}, tolerated, ratio)
					}); e > slack {
						t.Errorf("errors: %d and %d requests, share %g, ratio %g, tolerated %g: %g", n, m, share, ratio, tolerated, e)
					}
				}
			}
			for _, harm := range []float64{0.001, 0.05} {
				for _, a := range bets {
					if e := expected(n, m, min(1, share+harm), share, func(x, y float64) float64 {
						return fewerErrors(Counts{Requests: float64(n), Errors: x}, Counts{Requests: float64(m), Errors: y}, harm, a)
					}); share+harm <= 1 && e > slack {
						t.Errorf("excluding a harm of %g: %d and %d requests, share %g, bet %g: %g", harm, n, m, share, a, e)
					}
				}
			}
			for _, ratio := range append(append([]float64{}, odds...), bets...) {
				for _, guess := range []float64{0.0001, 0.05, 0.5, 0.99} {
					if e := expected(n, m, share, share, func(x, y float64) float64 {
						return moreOften(x, float64(n), y, float64(m), guess, ratio)
					}); e > slack {
						t.Errorf("slow answers: %d and %d requests, share %g, guess %g, odds %g: %g", n, m, share, guess, ratio, e)
					}
				}
			}
		}
	}
}

func TestBetterIsNotWorse(t *testing.T) {
	e := expected(50, 50, 0.01, 0.05, func(x, y float64) float64 {
		return moreErrors(Counts{Requests: 50, Errors: x}, Counts{Requests: 50, Errors: y}, 0, 2.5)
	})
	if e >= 1 {
		t.Errorf("a candidate that fails less often is suspected: %g", e)
	}
}

var settings = Settings{Confidence: 0.99, ErrorRate: 0.1, Latency: 1.2, Boundaries: []time.Duration{
	5 * time.Millisecond, 10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond, 250 * time.Millisecond,
}}

// answers are n answers, of which errors fail and which take, by sixths, from below 5 ms to 100 ms.
func answers(n, errors float64) Counts {
	return Counts{Requests: n, Errors: errors, Slower: []float64{n * 5 / 6, n * 4 / 6, n * 3 / 6, n * 2 / 6, n / 6, 0}}
}

// TestOneBlockDoesNotDecide: however bad, since what goes wrong together happens together.
func TestOneBlockDoesNotDecide(t *testing.T) {
	c := New(settings)
	c.Add(answers(500, 500), answers(500, 0), 10*time.Second)
	if v := c.Verdict(); v.Worse || v.Evidence < 2 {
		t.Errorf("after one block: %+v", v)
	}
	for range 3 {
		c.Add(answers(500, 500), answers(500, 0), 10*time.Second)
	}
	if v := c.Verdict(); !v.Worse || v.Errors < v.Latency {
		t.Errorf("after four blocks: %+v", v)
	}
}

// TestLateTrouble: an hour of good answers does not make up for a version that fails now.
func TestLateTrouble(t *testing.T) {
	c := New(settings)
	for range 360 {
		c.Add(answers(100, 0), answers(100, 0), 10*time.Second)
	}
	if v := c.Verdict(); v.Worse || v.Evidence > 1 {
		t.Fatalf("after an hour: %+v", v)
	}
	for i := range 12 {
		c.Add(answers(100, 10), answers(100, 0), 10*time.Second)
		if c.Verdict().Worse {
			t.Logf("found after %d blocks", i+1)
			return
		}
	}
	t.Errorf("two minutes of failures are not found: %+v", c.Verdict())
}

// TestSharedTrouble: what both versions have says nothing, however much it is.
func TestSharedTrouble(t *testing.T) {
	c := New(settings)
	for range 60 {
		c.Add(answers(100, 60), answers(300, 180), 10*time.Second)
	}
	if v := c.Verdict(); v.Evidence > 1 {
		t.Errorf("%+v", v)
	}
}

func TestSlowerVersion(t *testing.T) {
	slow := Counts{Requests: 60, Slower: []float64{60, 50, 40, 30, 20, 10}} // each answer takes the next longer time
	c := New(settings)
	c.Prime(answers(300, 0), 10*time.Second)
	for range 12 {
		c.Add(slow, answers(60, 0), 10*time.Second)
	}
	v := c.Verdict()
	if !v.Worse || v.Latency < v.Errors || v.Slower == 0 {
		t.Errorf("%+v", v)
	}
}

// TestNoDistribution: a source that counts no latencies is compared by its errors.
func TestNoDistribution(t *testing.T) {
	c := New(Settings{Confidence: 0.99, ErrorRate: 0.1})
	for range 6 {
		c.Add(Counts{Requests: 100, Errors: 8}, Counts{Requests: 100}, 10*time.Second)
	}
	if v := c.Verdict(); !v.Worse || v.Latency != 0 || v.Times != 0 {
		t.Errorf("%+v", v)
	}
}

// TestWhatIsExcluded: with n answers and no error, harms above 4.6/n or a little more are excluded at 99 %, and smaller ones are not.
func TestWhatIsExcluded(t *testing.T) {
	c := New(settings)
	c.Prime(answers(3000, 0), 10*time.Second)
	if v := c.Verdict(); v.MoreErrors != 0 || v.Times != 0 {
		t.Errorf("before anything was seen: %+v", v)
	}
	for range 10 {
		c.Add(answers(100, 0), answers(300, 0), 10*time.Second)
	}
	v := c.Verdict()
	if v.MoreErrors < 0.5 || v.MoreErrors > 1.2 {
		t.Errorf("with 1000 answers %g points are excluded", v.MoreErrors)
	}
	if v.Times == 0 || v.Times > 3 {
		t.Errorf("with 1000 answers, a slowness of %g times is excluded", v.Times)
	}
}

// TestBurstsAreCountedOnce: errors that come ten at a time are no more evidence than as many single ones would be tenths of.
func TestBurstsAreCountedOnce(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	burst := func() Counts {
		n := 0.0
		if r.Float64() < 0.3 {
			n = 10
		}
		return answers(500, n)
	}
	wrong := 0
	for range 200 {
		c := New(settings)
		for range 30 {
			c.Prime(burst(), 10*time.Second)
		}
		for range 60 {
			c.Add(burst(), burst(), 10*time.Second)
			if c.Verdict().Worse {
				wrong++
				break
			}
		}
	}
	if wrong > 4 {
		t.Errorf("%d of 200 identical versions with bursts were found worse", wrong)
	}
}

// TestBreak: what was seen before traffic was divided anew is not weighed with what comes after.
func TestBreak(t *testing.T) {
	c := New(settings)
	c.Add(answers(100, 5), answers(100, 0), 4*time.Second)
	before := c.Verdict().Errors
	c.Break(false)
	c.Break(false)
	if after := c.Verdict().Errors; math.Abs(after-before) > 0.2*before {
		t.Errorf("a break changes the evidence from %g to %g", before, after)
	}
	if all := c.Totals(); all.Candidate.Errors != 5 || all.Live.Requests != 100 {
		t.Errorf("%+v", all)
	}
}

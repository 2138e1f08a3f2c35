// Command judge measures how often the comparison of two versions (cli/rollout/evidence) is wrong: it runs the real one in simulated
// rollouts and prints a table.
package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/slipway-iac/slipway/cli/rollout/evidence"
)

var shares = []float64{0.05, 0.25, 0.5, 1}

// options are those of the command.
type options struct {
	window, bake, least, block float64
	runs                       int
}

// outcome is how a rollout has ended.
type outcome struct {
	back     bool
	requests float64 // that the candidate has answered
}

func (s scenario) run(seed uint64, o options) outcome {
	r := rand.New(rand.NewPCG(seed, 7)) //nolint:gosec // simulated traffic, the same each time
	w := s.begin(r, o.bake*float64(1+len(shares)))
	c := evidence.New(evidence.Settings{Confidence: 0.99, ErrorRate: 0.1, Latency: 1.2, Boundaries: boundaries(), Block: time.Duration(o.block * float64(time.Second))})
	lasted := time.Duration(o.window * float64(time.Second))
	var baseline []evidence.Counts
	for at := 0.0; at < o.bake; at += o.window {
		_, live := w.window(o.window, 0)
		baseline = append(baseline, live)
		c.Prime(live, lasted)
	}
	total := 0.0
	for _, share := range shares {
		c.Break(share == 1)
		served, used := 0.0, 0
		var seen []evidence.Counts
		for at := 0.0; ; {
			candidate, live := w.window(o.window, share)
			at += o.window
			if share == 1 {
				live = baseline[used%len(baseline)]
				used++
			} else {
				seen = append(seen, live)
			}
			total += candidate.Requests
			served += candidate.Requests
			c.Add(candidate, live, lasted)
			v := c.Verdict()
			if v.Worse {
				return outcome{true, total}
			}
			if at >= o.bake && (v.Evidence < suspicious || at >= 3*o.bake) && (served >= o.least || at >= 10*o.bake) {
				break
			}
		}
		baseline = seen
	}
	return outcome{false, total}
}

// suspicious is the evidence above which a step goes on until it is clearer.
const suspicious = 1.5

// figures are the outcomes of many runs of a scenario.
type figures struct {
	share    float64 // that went back
	requests float64 // that the candidate had answered by then, on average
}

// measure runs a scenario o.runs times, on all processors.
func (o options) measure(s scenario) figures {
	outcomes := make([]outcome, o.runs)
	var wait sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for first := range workers {
		wait.Go(func() {
			for i := first; i < o.runs; i += workers {
				outcomes[i] = s.run(uint64(i), o)
			}
		})
	}
	wait.Wait()
	var f figures
	for _, one := range outcomes {
		if one.back {
			f.share++
			f.requests += one.requests
		}
	}
	f.requests /= max(1, f.share)
	f.share /= float64(o.runs)
	return f
}

func main() {
	o := options{}
	only := ""
	flag.Float64Var(&o.window, "window", 5, "seconds between two looks")
	flag.Float64Var(&o.bake, "bake", 300, "seconds a step (rollout.bake)")
	flag.Float64Var(&o.block, "block", 10, "seconds that are taken for one piece of evidence")
	flag.Float64Var(&o.least, "least", 100, "requests a step (rollout.minRequests)")
	flag.IntVar(&o.runs, "runs", 1000, "rollouts a scenario")
	flag.StringVar(&only, "only", "", "run only the scenarios whose name has this")
	flag.Parse()
	fmt.Printf("| rollouts of %d | go back | requests to the candidate by then |\n|---|---:|---:|\n", o.runs)
	for _, s := range scenarios() {
		if !strings.Contains(s.name, only) {
			continue
		}
		f := o.measure(s)
		requests := ""
		if f.share > 0 {
			requests = fmt.Sprintf("%.0f", f.requests)
		}
		fmt.Printf("| %s | %.2f %% | %s |\n", s.name, 100*f.share, requests)
	}
}

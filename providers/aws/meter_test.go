package aws

import (
	"cmp"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/slipway-iac/slipway/components"
)

// values of a whole stack's scopes and of one slot's.
var (
	wholeValues = map[string]string{
		scopeBalancer: "app/links/1", scopeBlue: "targetgroup/blue/1", scopeGreen: "targetgroup/green/1", scopeCluster: "cluster", scopeService: "service",
		scopeTaskMemory: "512", scopeAppMemory: "384", scopeRestarts: "Slipway/links", scopeInstance: "database", scopeConnections: "200", scopeStorage: "20", scopeNodes: "cache-001,cache-002", scopeCertificate: "arn:certificate",
	}
	slotValues = map[string]string{scopeBalancer: "app/links/1", slotGroup: "targetgroup/green/1", scopeRestarts: "Slipway/links/green"}
)

// none stands for a period without data.
var none = math.NaN()

// TestMeters calculates what the queries return for one period, from metrics as they are in it.
func TestMeters(t *testing.T) {
	for _, row := range []struct {
		id, name string
		slot     bool
		scope    map[string]string
		metrics  map[string]float64
		want     float64
	}{
		{id: "error-rate", name: "no traffic, and never an error", want: 0},
		{id: "error-rate", name: "five in 1000, and never one of the load balancer", metrics: map[string]float64{"app": 5, "requests": 1000}, want: 0.5},
		{id: "error-rate", name: "both kinds", metrics: map[string]float64{"app": 3, "own": 3, "requests": 300}, want: 2},
		{id: "error-rate", name: "one in 99 is no rate", metrics: map[string]float64{"app": 1, "requests": 99}, want: 0},
		{id: "error-rate", name: "nor are four in 99", metrics: map[string]float64{"app": 4, "requests": 99}, want: 0},
		{id: "error-rate", name: "the only one", metrics: map[string]float64{"app": 1, "requests": 1}, want: 0},
		{id: "error-rate", name: "two of three in a quiet hour", metrics: map[string]float64{"app": 2, "requests": 4}, want: 50},
		{id: "error-rate", name: "slot, one in 99 undoes no deployment", slot: true, metrics: map[string]float64{"app": 1, "requests": 99, "everywhere": 99}, want: 0},
		{id: "error-rate", name: "no target to choose", metrics: map[string]float64{"own": 7}, want: 100},
		{id: "error-rate", name: "hardly a target to choose", metrics: map[string]float64{"own": 7, "requests": 2}, want: 100},
		{id: "error-rate", name: "every one", metrics: map[string]float64{"app": 5, "requests": 5}, want: 100},
		{id: "error-rate", name: "slot without traffic, another fails", slot: true, metrics: map[string]float64{"own": 50, "everywhere": 1000}, want: 0},
		{id: "error-rate", name: "first deployment, nothing there yet", slot: true, metrics: map[string]float64{"own": 50}, want: 0},
		{id: "error-rate", name: "slot with all traffic hangs up", slot: true, metrics: map[string]float64{"own": 10, "requests": 100, "everywhere": 100}, want: 10},
		{id: "error-rate", name: "slot with a tenth refuses", slot: true, metrics: map[string]float64{"refused": 10, "own": 10, "requests": 100, "everywhere": 1000}, want: 10},
		{id: "error-rate", name: "slot answers with 5xx", slot: true, metrics: map[string]float64{"app": 20, "requests": 100, "everywhere": 1000}, want: 20},
		{id: "latency-p99", name: "as it is", metrics: map[string]float64{"slowest": 0.25, "median": 0.1, "answers": 20}, want: 0.25},
		{id: "latency-p99", name: "one slow in a quiet minute", metrics: map[string]float64{"slowest": 5, "median": 0.1, "answers": 19}, want: 0.1},
		{id: "latency-p99", name: "slot", slot: true, metrics: map[string]float64{"slowest": 0.25, "median": 0.1, "answers": 20}, want: 0.25},
		{id: "memory", name: "at the app's limit, with the collector at rest", metrics: map[string]float64{"task": 100 * 432.0 / 512}, want: 100},
		{id: "memory", name: "half of it", metrics: map[string]float64{"task": 100 * 240.0 / 512}, want: 50},
		{id: "latency-p99", name: "no traffic", want: none},
		{id: "unhealthy-instances", name: "no targets in green", metrics: map[string]float64{"blue": 2}, want: 2},
		{id: "unhealthy-instances", name: "in both", metrics: map[string]float64{"blue": 2, "green": 1}, want: 3},
		{id: "unhealthy-instances", name: "slot", slot: true, metrics: map[string]float64{"value": 1}, want: 1},
		{id: "unhealthy-instances", name: "slot before its first instance", slot: true, want: none},
		{id: "uptime", name: "blue alone", metrics: map[string]float64{"blue": 2}, want: 100},
		{id: "uptime", name: "all unhealthy", metrics: map[string]float64{"blue": 0}, want: 0},
		{id: "uptime", name: "no targets at all", want: 0},
		{id: "uptime", name: "slot", slot: true, metrics: map[string]float64{"hosts": 2}, want: 200},
		{id: "uptime", name: "slot, all unhealthy", slot: true, metrics: map[string]float64{"hosts": 0}, want: 0},
		{id: "uptime", name: "slot before its first instance", slot: true, want: none},
		{id: "database-storage", name: "3 of 20 free", metrics: map[string]float64{"m": 3}, want: 85},
		{id: "database-connections", name: "150 of 200", metrics: map[string]float64{"m": 150}, want: 75},
		{id: "cache-memory", name: "the fuller of two", metrics: map[string]float64{"n0": 40, "n1": 90}, want: 90},
		{id: "cache-memory", name: "one node", scope: map[string]string{scopeNodes: "cache-001"}, metrics: map[string]float64{"n0": 40}, want: 40},
		{id: "cache-evictions", name: "600 in a minute on the primary", metrics: map[string]float64{"n0": 600, "n1": 0}, want: 10},
		{id: "cache-evictions", name: "one node", scope: map[string]string{scopeNodes: "cache-001"}, metrics: map[string]float64{"n0": 60}, want: 1},
	} {
		t.Run(row.id+", "+row.name, func(t *testing.T) {
			m, scope := meters[row.id], wholeValues
			if row.slot {
				m, scope = slotMeters[row.id], slotValues
			}
			if row.scope != nil {
				scope = row.scope
			}
			got := calculate(t, m, scope, row.metrics)
			if got != row.want && !(math.IsNaN(got) && math.IsNaN(row.want)) {
				t.Errorf("got %g, want %g", got, row.want)
			}
		})
	}
}

// TestLimits holds every alarm to what CloudWatch takes.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
func TestLimits(t *testing.T) {
	id := regexp.MustCompile(`^[a-z][a-zA-Z0-9_]*$`)
	crowded := map[string]string{}
	for key, value := range wholeValues {
		crowded[key] = value
	}
	crowded[scopeNodes] = "c1,c2,c3,c4,c5,c6" // a primary and five replicas, the most there can be
	for _, row := range append(components.Signals(nil), webhookFailed) {
		check := func(m meter, scope map[string]string) {
			var ids []string
			metrics := 0
			for _, q := range m.read(scope) {
				if !id.MatchString(q.id) || slices.Contains(ids, q.id) {
					t.Errorf("%s: the id %q is not one, or is there twice", row.ID, q.id)
				}
				ids = append(ids, q.id)
				if q.expression == "" {
					metrics++
				}
				for _, d := range q.dimensions {
					if d[0] == "" || d[1] == "" {
						t.Errorf("%s: %s has the dimension %v", row.ID, q.id, d)
					}
				}
			}
			if metrics > 10 || len(ids) > 20 {
				t.Errorf("%s reads %d metrics in %d queries, 10 and 20 are allowed", row.ID, metrics, len(ids))
			}
			look, breached := measurement{meter: m}.points(row)
			span, most := look*m.period, 24*60*60
			if m.period >= 60*60 {
				most *= 7
			}
			if m.period%60 != 0 || span > most || breached > look || breached < 1 {
				t.Errorf("%s: %d of %d periods of %d s are no alarm", row.ID, breached, look, m.period)
			}
		}
		if row.ID == webhookFailed.ID {
			check(webhookMeter, map[string]string{"rule": "rule"})
			continue
		}
		m, ok := meters[row.ID]
		if !ok {
			t.Errorf("%s is not measured", row.ID)
			continue
		}
		check(m, crowded)
		if m, ok := slotMeters[row.ID]; ok {
			check(m, slotValues)
		}
	}
}

// value is a number, or one point of a time series, which may be missing.
type value struct {
	number float64
	series bool
}

func (v value) missing() bool { return math.IsNaN(v.number) }

// calculate returns the last query's value in one period. It knows of CloudWatch's expressions what is used here: of two series, a
// missing value counts as 0 beside one that is there, and a division by 0 gives none.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
func calculate(t *testing.T, m meter, scope map[string]string, metrics map[string]float64) float64 {
	t.Helper()
	c := &calculator{t: t, known: map[string]value{}, period: float64(m.period)}
	last := value{}
	for _, q := range m.read(scope) {
		if q.expression == "" {
			number, ok := metrics[q.id]
			if !ok {
				number = none
			}
			last = value{number, true}
		} else {
			c.rest = strings.NewReplacer("(", " ( ", ")", " ) ", ",", " , ", "[", " [ ", "]", " ] ").Replace(q.expression)
			if last = c.and(); strings.TrimSpace(c.rest) != "" || !last.series {
				t.Fatalf("%q is no series, or %q is left of it", q.expression, c.rest)
			}
		}
		c.known[q.id] = last
	}
	return last.number
}

type calculator struct {
	t      *testing.T
	known  map[string]value
	period float64
	rest   string
}

func (c *calculator) peek() string {
	words := strings.Fields(c.rest)
	if len(words) == 0 {
		return ""
	}
	return words[0]
}

func (c *calculator) next() string {
	word := c.peek()
	c.rest = strings.TrimPrefix(strings.TrimSpace(c.rest), word)
	return word
}

func (c *calculator) binary(operand func() value, operators map[string]func(a, b float64) float64) value {
	a := operand()
	for {
		f, ok := operators[c.peek()]
		if !ok {
			return a
		}
		c.next()
		b := operand()
		if a.series && b.series && a.missing() != b.missing() {
			if a.missing() {
				a.number = 0
			} else {
				b.number = 0
			}
		}
		out := value{none, a.series || b.series}
		if !a.missing() && !b.missing() {
			out.number = f(a.number, b.number)
		}
		a = out
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func (c *calculator) and() value {
	return c.binary(c.compare, map[string]func(a, b float64) float64{"&&": func(a, b float64) float64 { return truth(a != 0 && b != 0) }})
}

func (c *calculator) compare() value {
	return c.binary(c.sum, map[string]func(a, b float64) float64{
		">": func(a, b float64) float64 { return truth(a > b) }, ">=": func(a, b float64) float64 { return truth(a >= b) },
	})
}

func (c *calculator) sum() value {
	return c.binary(c.product, map[string]func(a, b float64) float64{"+": func(a, b float64) float64 { return a + b }, "-": func(a, b float64) float64 { return a - b }})
}

func (c *calculator) product() value {
	return c.binary(c.atom, map[string]func(a, b float64) float64{"*": func(a, b float64) float64 { return a * b }, "/": func(a, b float64) float64 {
		if b == 0 {
			return none
		}
		return a / b
	}})
}

// atom is a number, the id of a query, or a function.
func (c *calculator) atom() value {
	word := c.next()
	if c.peek() != "(" {
		if number, err := strconv.ParseFloat(word, 64); err == nil {
			return value{number, false}
		}
		v, ok := c.known[word]
		if !ok {
			c.t.Fatalf("%q is used before it is there", word)
		}
		return v
	}
	var args []value
	for end := ""; end != ")"; {
		if end = c.next(); strings.Contains("(,[]", end) && c.peek() != "[" && c.peek() != ")" && c.peek() != "]" {
			args = append(args, c.and())
		}
	}
	switch {
	case word == "FILL" && args[0].missing():
		return value{args[1].number, true}
	case word == "FILL":
		return args[0]
	case word == "MAX":
		return slices.MaxFunc(args, func(a, b value) int { return cmp.Compare(a.number, b.number) })
	case word == "PERIOD":
		return value{c.period, false}
	case word == "IF" && args[0].missing():
		return value{none, true}
	case word == "IF" && args[0].number != 0 && args[1].missing():
		return value{0, true}
	case word == "IF" && args[0].number != 0:
		return value{args[1].number, true}
	case word == "IF":
		return value{args[2].number, true}
	}
	c.t.Fatalf("the function %q is unknown", word)
	return value{}
}

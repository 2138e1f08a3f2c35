package aws

import (
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// What an alarm makes of periods without data; the values of treatMissingData.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
const (
	absentIsBad  = "breaching"
	absentIsGood = "notBreaching"
	absentKeeps  = "ignore" // the alarm stays as it is
)

const (
	// late is how many of the newest minutes may not have arrived when an alarm looks; FILL makes a value up for them.
	late = 3
	// settle is how many minutes an instance may take from its registration to its first passed check.
	settle = 2
)

// Keys of the scopes of database and cache; scope.go has those of the service, edge.go those of the edge. slotGroup is not given
// but found: the only target group there is.
const (
	scopeInstance    = "instance"    // identifier of the DB instance
	scopeConnections = "connections" // how many the app's role may have: it is refused more, long before the server is full
	scopeStorage     = "storage"     // size of its disk in bytes
	scopeNodes       = "nodes"       // ids of the cache's member clusters, comma-separated
	slotGroup        = "targetGroup"
)

// query is a metric or, if it has an expression, what is calculated of the queries before it.
type query struct {
	id         string
	expression string

	namespace, metric, stat string
	dimensions              [][2]string
}

// reading makes queries of the values of a scope. The last query's value is in the signal's unit.
type reading func(scope map[string]string) []query

// meter is how a signal is measured.
type meter struct {
	// needs are the keys that the scope must have.
	needs []string
	// read makes the queries.
	read reading
	// missing is one of the constants above.
	missing string
	// period is in seconds. Nothing here is published more often than once a minute.
	period int
	// late is how many of the newest periods may be made up by FILL.
	late int
	// settle is how many periods more than the row asks for must be breached.
	settle int
}

// measurement is how one signal is read from one scope.
type measurement struct {
	meter
	scope pulumi.StringMapOutput
}

// measure returns how a signal is read from a scope, or false if the scope does not hold what it is read from.
func measure(id string, s components.Scope) (measurement, bool) {
	m, ok := meters[id]
	blue, isBlue := s[scopeBlue]
	green, isGreen := s[scopeGreen]
	slot := blue
	if isGreen {
		slot = green
	}
	if other, has := slotMeters[id]; has && isBlue != isGreen {
		m = other
	}
	values := pulumi.StringMap{}
	for _, key := range m.needs {
		value, has := s[key]
		if key == slotGroup {
			value, has = slot, true
		}
		values[key], ok = value, ok && has
	}
	if !ok {
		return measurement{}, false
	}
	return measurement{m, values.ToStringMapOutput()}, true
}

// points are how many periods an alarm looks at, and how many of them must be breached. Where FILL's zeros lie on the good side
// they must not hold an alarm back, so as many periods more are looked at; where they breach they must not set one off, so as
// many more must be breached.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html, at FILL
func (m measurement) points(row components.Signal) (look, breached int) {
	period := time.Duration(m.period) * time.Second
	breached = max(1, int((row.For+period-1)/period)) + m.settle
	look = breached + m.late
	if row.Below {
		breached = look
	}
	return look, breached
}

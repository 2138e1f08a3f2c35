package aws

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// scopeOf is a scope with some of the values of a whole stack.
func scopeOf(keys ...string) components.Scope {
	s := components.Scope{}
	for _, key := range keys {
		s[key] = pulumi.String(wholeValues[key]).ToStringOutput()
	}
	return s
}

func TestMeasure(t *testing.T) {
	whole := scopeOf(scopeBalancer, scopeBlue, scopeGreen, scopeCluster, scopeService, scopeRestarts, scopeTaskMemory, scopeAppMemory, scopeInstance, scopeConnections, scopeStorage, scopeNodes, scopeCertificate)
	for _, row := range components.Signals(nil) {
		if _, ok := measure(row.ID, whole); !ok {
			t.Errorf("%s is not measured on a whole stack", row.ID)
		}
		for _, color := range []string{scopeBlue, scopeGreen} {
			m, ok := measure(row.ID, scopeOf(scopeBalancer, color, scopeRestarts))
			if ok != row.Gate {
				t.Errorf("%s is measured in one slot: %t, want %t", row.ID, ok, row.Gate)
			}
			if ok && m.missing == absentIsBad {
				t.Errorf("%s calls a slot bad that only starts", row.ID)
			}
		}
		if _, ok := measure(row.ID, components.Scope{}); ok {
			t.Errorf("%s is measured without a scope", row.ID)
		}
	}
	if _, ok := measure("nonsense", whole); ok {
		t.Error("a signal that does not exist is measured")
	}
}

func TestPoints(t *testing.T) {
	whole := scopeOf(scopeBalancer, scopeBlue, scopeGreen, scopeCluster, scopeService, scopeRestarts, scopeTaskMemory, scopeAppMemory, scopeInstance, scopeConnections, scopeStorage, scopeNodes, scopeCertificate)
	slot := scopeOf(scopeBalancer, scopeGreen, scopeRestarts)
	for _, row := range []struct {
		id             string
		scope          components.Scope
		look, breached int
	}{
		{"error-rate", whole, 4, 1}, {"unhealthy-instances", whole, 4, 1}, {"uptime", whole, 4, 4}, {"latency-p99", whole, 2, 2}, {"restarts", whole, 1, 1},
		{"cpu", whole, 10, 10}, {"database-connections", whole, 5, 5}, {"certificate-expiry", whole, 1, 1},
		{"error-rate", slot, 4, 1}, {"unhealthy-instances", slot, 3, 3}, {"uptime", slot, 3, 3},
	} {
		m, _ := measure(row.id, row.scope)
		for _, signal := range components.Signals(nil) {
			if signal.ID != row.id {
				continue
			}
			if look, breached := m.points(signal); look != row.look || breached != row.breached {
				t.Errorf("%s: %d of %d, want %d of %d", row.id, breached, look, row.breached, row.look)
			}
		}
	}
}

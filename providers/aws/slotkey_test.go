package aws

import (
	"slices"
	"strings"
	"testing"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/components/componentstest"
)

func TestSlotsCanBeReachedDirectly(t *testing.T) {
	key := strings.Repeat("k", slotKeyLength)
	for name, change := range map[string]func(*Settings){"public": nil, "behind CloudFront": behindCloudFront} {
		t.Run(name, func(t *testing.T) {
			r := run{change: change, outputs: []componentstest.Output{
				{Type: "random:index/randomPassword:RandomPassword", Property: "result", Value: key},
				{Type: "aws:lb/targetGroup:TargetGroup", Property: "arn", Value: "arn of {name}"},
			}}.mustRecord(t)
			hidden, _ := r.Find(ruleType, "private-paths")
			serve, _ := r.Find(listenerType, "serve")
			for _, slot := range slots {
				rule, ok := r.Find(ruleType, "slot-"+string(slot))
				if !ok || !slices.Contains(rule.Needs, serve.URN) {
					t.Fatalf("slot %s has no rule at the listener that serves", slot)
				}
				wantProperty(t, rule, "conditions[*].httpHeader.httpHeaderName", components.SlotHeader, components.SlotKeyHeader)
				wantProperty(t, rule, "conditions[*].httpHeader.values[*]", string(slot), key)
				wantProperty(t, rule, "actions[*].type", "forward")
				if to, _ := rule.At("actions[*].targetGroupArn")[0].(string); !strings.Contains(to, "-"+string(slot)) {
					t.Errorf("slot %s leads to %s", slot, to)
				}
				if first, mine := hidden.At("priority")[0].(float64), rule.At("priority")[0].(float64); mine <= first {
					t.Errorf("with the key private paths are open: priorities %v and %v", first, mine)
				}
				for _, leaf := range rule.Leaves() {
					if leaf.Text() == key && !leaf.Secret {
						t.Errorf("%s is in plain text", leaf.Path)
					}
				}
			}
			if exported := r.Exports[scopeSlotKey]; !exported.IsSecret() || exported.SecretValue().Element.StringValue() != key {
				t.Errorf("the key is handed on as %v, want a secret", exported)
			}
		})
	}
}

// A load balancer takes header names of 40 characters and values of 128, without regard to case, and two characters for any others.
func TestSlotKeyFitsTheRule(t *testing.T) {
	password := sole(t, run{}.mustRecord(t), "random:index/randomPassword:RandomPassword")
	wantProperty(t, password, "length", float64(slotKeyLength))
	wantProperty(t, password, "special", false)
	if len(components.SlotHeader) > 40 || len(components.SlotKeyHeader) > 40 || slotKeyLength > 128 || slotKeyLength < 32 {
		t.Error("a load balancer does not take the headers")
	}
}

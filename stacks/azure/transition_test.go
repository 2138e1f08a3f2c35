package main

import (
	"testing"

	"github.com/slipway-iac/slipway/cli/plan/plantest"
	"github.com/slipway-iac/slipway/stacks"
)

var (
	// Front Door has an address of its own.
	leavesFrontDoor = []string{"stops traffic: edge", "stops traffic: links-azure-dev-edge"}
	// Another way in is another environment, with another app in it.
	otherEnvironment = func(stack string) []string {
		return []string{"stops traffic: links-" + stack, "stops traffic: links-" + stack}
	}
	// Another tier is another profile too, whose firewall policy is in use.
	otherTier = append(otherEnvironment("azure-prod"), "cloud refuses: edge", "stops traffic: edge", "stops traffic: links-azure-prod-edge")
	otherName = []string{"stops traffic: edge-address"}
)

// Rows that name no refusal replace and delete nothing that serves, holds data, or is protected.
func TestTransitions(t *testing.T) {
	plantest.Transitions(t, stacks.Program{Cloud: stacks.CloudAzure, Platform: platform}, "../..", []plantest.Journey{
		{Name: "dev", Stack: "azure-dev", Rows: []plantest.Transition{
			{Name: "tags", Set: []string{"tags.team=links"}},
			{Name: "size of the database", Set: []string{"database.size=medium"}},
			{Name: "storage", Set: []string{"database.storage=128Gi"}, Back: []string{"cloud refuses: database"}},
			{Name: "standby", Set: []string{"database.ha=true", "database.size=Standard_D2ds_v5", "cache.ha=true"}},
			{Name: "version down, and up", Set: []string{"database.version=15"}, There: []string{"cloud refuses: database"}},
			{Name: "cache off", Set: []string{"cache.enabled=false"}, There: []string{"loses data: cache", "loses data: cache"}},
			{Name: "secret", Secrets: map[string]string{"TOKEN": "one"}},
			{Name: "domain", Set: []string{"domain.name=links.example.com", "domain.zone=example.com", "azure.dnsResourceGroup=dns"}, Back: []string{"stops traffic: certificate-address"}},
			{Name: "Front Door Standard", Set: []string{"azure.frontDoor=standard"}, Back: leavesFrontDoor},
			{Name: "Front Door Premium", Set: []string{"azure.frontDoor=premium", "edge.waf=true"}, There: otherEnvironment("azure-dev"), Back: append(otherEnvironment("azure-dev"), leavesFrontDoor...)},
			{Name: "strategy", Set: []string{"rollout.strategy=canary", "azure.frontDoor=standard"}, Back: leavesFrontDoor},
			{Name: "port", Set: []string{"app.port=9000"}},
			{Name: "region", Set: []string{"region=francecentral"}, There: []string{"moved"}, OneWay: true},
			{Name: "app", Set: []string{"app.name=shop"}, There: []string{"moved"}, OneWay: true},
			{
				Name: "prod", File: "azure-prod", OneWay: true,
				There: append(otherEnvironment("azure-dev"), "loses data: database"),
			},
		}},
		{Name: "prod", Stack: "azure-prod", Rows: []plantest.Transition{
			{Name: "cdn", Set: []string{`edge.cdn=[]`}},
			{Name: "domain changed", Set: []string{"domain.name=www.example.com"}, There: otherName, Back: otherName},
			{Name: "waf", Set: []string{"edge.waf=false", "edge.wafExclusions=[]", "allow.waf=for this test only"}},
			{
				Name: "Front Door Standard", There: otherTier, Back: otherTier,
				Set: []string{"azure.frontDoor=standard", "edge.waf=false", "edge.wafExclusions=[]", "allow.waf=for this test only", "allow.shared-front-door=for this test only"},
			},
			{Name: "geo backup", Set: []string{"azure.geoBackup=false"}, There: []string{"protected: database"}, Back: []string{"protected: database"}},
		}},
		{Name: "two versions", Stack: "azure-prod", Slots: true, Rows: []plantest.Transition{
			{Name: "tags", Set: []string{"tags.team=links"}},
			{Name: "secret", Secrets: map[string]string{"TOKEN": "one"}},
			{Name: "size of the app", Set: []string{"app.cpu=1", "app.memory=2Gi"}},
			{Name: "strategy", Set: []string{"rollout.strategy=blue-green"}},
		}},
	})
}

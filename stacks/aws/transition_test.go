package main

import (
	"testing"

	"github.com/slipway-iac/slipway/cli/plan/plantest"
	"github.com/slipway-iac/slipway/stacks"
)

// Another front door has another load balancer, with target groups of its own. These are what stands in the way of leaving the one and the
// other: from CloudFront to the public load balancer, and back.
var (
	leavesCloudFront = []string{"loses data: links-dev-edge-logs", "stops traffic: edge", "stops traffic: links-dev", "stops traffic: links-dev-blue-cf", "stops traffic: links-dev-green-cf", "stops traffic: serve"}
	leavesBalancer   = []string{"stops traffic: edge-a", "stops traffic: links-dev", "stops traffic: links-dev-blue", "stops traffic: links-dev-green", "stops traffic: redirect", "stops traffic: serve"}
)

// Rows that name no refusal replace and delete nothing that serves, holds data, or is protected.
func TestTransitions(t *testing.T) {
	plantest.Transitions(t, stacks.Program{Cloud: stacks.CloudAWS, Platform: platform}, "../..", []plantest.Journey{
		{Name: "dev", Stack: "dev", Rows: []plantest.Transition{
			{Name: "tags", Set: []string{"tags.team=links"}},
			{Name: "size of the database", Set: []string{"database.size=medium"}},
			{Name: "storage", Set: []string{"database.storage=500Gi"}, Back: []string{"cloud refuses: links-dev-database"}},
			{Name: "standby", Set: []string{"database.ha=true", "cache.ha=true"}},
			{Name: "version down, and up", Set: []string{"database.version=16"}, There: []string{"cloud refuses: links-dev-database"}},
			{Name: "cache off", Set: []string{"cache.enabled=false"}, There: []string{"loses data: links-dev-cache"}},
			{Name: "secret", Secrets: map[string]string{"TOKEN": "one"}},
			{Name: "domain", Set: []string{"domain.name=links.example.com", "domain.zone=example.com"}, There: leavesCloudFront, Back: leavesBalancer},
			{Name: "waf", Set: []string{"edge.waf=true"}},
			{Name: "cdn", Set: []string{`edge.cdn=["/static/"]`}},
			{Name: "spot", Set: []string{"aws.spot=false"}},
			{Name: "egress nat", Set: []string{"aws.egress=nat"}},
			{Name: "egress endpoints", Set: []string{"aws.egress=endpoints"}},
			{Name: "strategy", Set: []string{"rollout.strategy=canary"}},
			{Name: "port", Set: []string{"app.port=9000"}},
			{Name: "architecture", Set: []string{"app.architecture=arm64"}},
			{Name: "region", Set: []string{"region=eu-west-1"}, There: []string{"moved"}, OneWay: true},
			{Name: "app", Set: []string{"app.name=shop"}, There: []string{"moved"}, OneWay: true},
			{
				Name: "prod", File: "prod", There: leavesCloudFront,
				Back: []string{
					"cloud refuses: links-dev-database", "protected: links-dev", "stops traffic: edge-a", "stops traffic: private-3", "stops traffic: public-3",
					"stops traffic: links-dev-blue", "stops traffic: links-dev-green", "stops traffic: redirect", "stops traffic: serve",
				},
			},
		}},
		{Name: "prod", Stack: "prod", Rows: []plantest.Transition{
			{Name: "tags", Set: []string{"tags.team=links"}},
			{Name: "storage", Set: []string{"database.storage=500Gi"}, Back: []string{"cloud refuses: links-prod-database"}},
			{
				Name: "cdn", Set: []string{`edge.cdn=["/static/"]`},
				There: []string{"protected: links-prod", "stops traffic: links-prod-blue", "stops traffic: links-prod-green", "stops traffic: redirect", "stops traffic: serve"},
				Back: []string{
					"protected: links-prod", "loses data: links-prod-edge-logs", "stops traffic: edge", "stops traffic: edge-aaaa",
					"stops traffic: links-prod-blue-cf", "stops traffic: links-prod-green-cf", "stops traffic: serve",
				},
			},
			{Name: "domain changed", Set: []string{"domain.name=www.example.com"}, There: []string{"stops traffic: edge-a"}, Back: []string{"stops traffic: edge-a"}},
			{Name: "waf", Set: []string{"edge.waf=false", "edge.wafExclusions=[]", "allow.waf=for this test only"}},
			{
				Name: "backup elsewhere", Set: []string{"aws.backupRegion=us-west-2"},
				Back: []string{"loses data: links-prod-backup", "loses data: links-prod-backup-copy", "loses data: links-prod-backup-key"},
			},
			{Name: "spot", Set: []string{"aws.spot=true", "allow.interruptible-capacity=for this test only"}},
		}},
		{Name: "two versions", Stack: "prod", Slots: true, Rows: []plantest.Transition{
			{Name: "tags", Set: []string{"tags.team=links"}},
			{Name: "secret", Secrets: map[string]string{"TOKEN": "one"}},
			{Name: "size of the app", Set: []string{"app.cpu=1", "app.memory=2Gi"}},
			{Name: "strategy", Set: []string{"rollout.strategy=blue-green", "rollout.steps=null"}},
			{Name: "spot", Set: []string{"aws.spot=true", "allow.interruptible-capacity=for this test only"}},
		}},
	})
}

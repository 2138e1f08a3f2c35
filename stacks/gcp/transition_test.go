package main

import (
	"fmt"
	"slices"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/cli/plan"
	"github.com/slipway-iac/slipway/cli/plan/plantest"
	"github.com/slipway-iac/slipway/stacks"
)

var (
	// A key is a repository's, a cache's and a database's for life, and a repository has one name.
	otherKey = func(stack string) []string {
		return []string{
			"cloud refuses: dbinit", "cloud refuses: links", "cloud refuses: otel_collector", "loses data: links-" + stack + "-cache",
			"stops traffic: dbinit", "stops traffic: links", "stops traffic: otel_collector",
		}
	}
	// A load balancer is what a domain leads to.
	leavesDomain = []string{
		"stops traffic: edge-a", "stops traffic: edge-aaaa", "stops traffic: links-gcp-dev-http-v4", "stops traffic: links-gcp-dev-http-v6",
		"stops traffic: links-gcp-dev-https-v4", "stops traffic: links-gcp-dev-https-v6", "stops traffic: links-gcp-dev-v4", "stops traffic: links-gcp-dev-v6",
	}
	otherName = []string{"stops traffic: edge-a", "stops traffic: edge-aaaa"}
)

// Rows that name no refusal replace and delete nothing that serves, holds data, or is protected.
func TestTransitions(t *testing.T) {
	plantest.Transitions(t, program, "../..", []plantest.Journey{
		{Name: "dev", Stack: "gcp-dev", Rows: []plantest.Transition{
			{Name: "tags", Set: []string{"tags.team=links"}},
			{Name: "size of the database", Set: []string{"database.size=medium"}},
			{Name: "storage", Set: []string{"database.storage=100Gi"}},
			{Name: "standby", Set: []string{"database.ha=true", "cache.ha=true"}, There: []string{"loses data: links-gcp-dev-cache"}, Back: []string{"loses data: links-gcp-dev-cache"}},
			{Name: "version down, and up", Set: []string{"database.version=16"}, There: []string{"cloud refuses: links-gcp-dev-database"}},
			{Name: "cache off", Set: []string{"cache.enabled=false"}, There: []string{"loses data: links-gcp-dev-cache"}},
			{Name: "secret", Secrets: map[string]string{"TOKEN": "one"}},
			{Name: "domain", Set: []string{"domain.name=links.example.com", "domain.zone=example.com"}, Back: leavesDomain},
			{
				Name: "cmek", Set: []string{"gcp.cmek=true"}, There: append(otherKey("gcp-dev"), "loses data: links-gcp-dev-database"),
				Back: append(otherKey("gcp-dev"), "loses data: links-gcp-dev-database", "loses data: links-gcp-dev", "loses data: links-gcp-dev-data"),
			},
			{Name: "port", Set: []string{"app.port=9000"}},
			{Name: "region", Set: []string{"region=europe-west1"}, There: []string{"moved"}, OneWay: true},
			{Name: "app", Set: []string{"app.name=shop"}, There: []string{"moved"}, OneWay: true},
			{
				Name: "prod", File: "gcp-prod", There: append(otherKey("gcp-dev"), "loses data: links-gcp-dev-database"),
				Back: slices.Concat(otherKey("gcp-dev"), leavesDomain, []string{
					"cloud refuses: links-gcp-dev", "protected: links-gcp-dev-database", "loses data: links-gcp-dev", "loses data: links-gcp-dev-data",
				}),
			},
		}},
		{Name: "prod", Stack: "gcp-prod", Rows: []plantest.Transition{
			{Name: "cdn", Set: []string{`edge.cdn=[]`}},
			{Name: "domain changed", Set: []string{"domain.name=www.example.com"}, There: otherName, Back: otherName},
			{Name: "waf", Set: []string{"edge.waf=false", "edge.wafExclusions=[]", "allow.waf=for this test only"}},
			{
				Name: "cmek", Set: []string{"gcp.cmek=false"},
				There: append(otherKey("gcp-prod"), "cloud refuses: links-gcp-prod", "protected: links-gcp-prod-database", "loses data: links-gcp-prod", "loses data: links-gcp-prod-data"),
				Back:  append(otherKey("gcp-prod"), "cloud refuses: links-gcp-prod-data", "protected: links-gcp-prod-database"),
			},
			{Name: "strategy", Set: []string{"rollout.strategy=canary"}},
		}},
		{Name: "two versions", Stack: "gcp-prod", Set: []string{"rollout.strategy=canary"}, Slots: true, Rows: []plantest.Transition{
			{Name: "tags", Set: []string{"tags.team=links"}},
			{Name: "secret", Secrets: map[string]string{"TOKEN": "one"}},
			{Name: "size of the app", Set: []string{"app.cpu=2"}},
			{Name: "strategy", Set: []string{"rollout.strategy=rolling"}},
		}},
	})
}

// A stack that gets a domain is served by its former host name until the domain's certificate is there: for one update.
func TestTheOtherDoorIsClosedByTheNextUpdate(t *testing.T) {
	if testing.Short() {
		t.Skip("with the real engine: left out by -short")
	}
	domain := []string{"domain.name=links.example.com", "domain.zone=example.com"}
	var input stacks.Input
	configure := func(set []string) plan.Configuration {
		conf, err := plan.Configure("../..", "gcp-dev", append([]string{"app.image=registry.example.com/links:1"}, set...))
		if err != nil {
			t.Fatal(err)
		}
		input = conf.Input
		return conf
	}
	conf := configure(nil)
	engine, err := plan.Open(t.Context(), plan.Setup{Project: conf.Input.Project, Stack: "gcp-dev", Config: conf.Other, Program: func(ctx *pulumi.Context) error {
		return program.Inline("../..", input)(ctx)
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	for _, step := range []struct {
		name     string
		set      []string
		ingress  string
		disabled bool
	}{
		{"without a domain", nil, "INGRESS_TRAFFIC_ALL", false},
		{"with one", domain, "INGRESS_TRAFFIC_ALL", false},
		{"the next update", domain, "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER", true},
		{"and another one", domain, "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER", true},
	} {
		configure(step.set)
		if err := engine.Up(t.Context()); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		state, err := engine.State(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, r := range state.Resources {
			if r.Type != "gcp:cloudrunv2/service:Service" {
				continue
			}
			found = true
			if got, want := fmt.Sprint(r.Inputs["ingress"], r.Inputs["defaultUriDisabled"]), fmt.Sprint(step.ingress, step.disabled); got != want {
				t.Errorf("%s: ingress is %s, want %s", step.name, got, want)
			}
		}
		if !found {
			t.Errorf("%s: there is no service", step.name)
		}
	}
}

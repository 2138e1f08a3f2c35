package gcp

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/components/componentstest"
	"github.com/slipway-iac/slipway/providers/gcp/spec"
)

func openEdge(change func(*components.EdgeArgs)) func(*pulumi.Context, *Platform) error {
	return func(ctx *pulumi.Context, p *Platform) error {
		a := components.EdgeArgs{
			Service: components.Scope{scopeService: plain("links-production"), scopeURI: plain("https://x.run.app"), scopeHealthPath: plain("/health")},
			Domain:  "Links.example.com", Zone: "example.com", Certificate: components.CertificateRef{StringOutput: plain("//certificatemanager.googleapis.com/m")},
			RateLimit: 600, WAF: true, CachePaths: []string{"/static/"},
		}
		if change != nil {
			change(&a)
		}
		e, err := components.NewEdge(ctx, p, "edge", a, pulumi.Parent(p))
		if err == nil {
			ctx.Export("url", e.URL)
		}
		return err
	}
}

func TestSlotsAreReachedByHeader(t *testing.T) {
	r := mustRecord(t, openEdge(nil))
	routes, _ := r.Find(urlMapToken, "links-production")
	const match = "pathMatchers[*].routeRules[*].matchRules[*]."
	if got := routes.At(match + "headerMatches[*].headerName"); !slices.Equal(got, []any{"X-Slipway-Slot", "X-Slipway-Key", "X-Slipway-Slot", "X-Slipway-Key"}) {
		t.Errorf("headers: %v", got)
	}
	if got := routes.At(match + "prefixMatch"); !slices.Equal(got, []any{"/", "/", "/static/"}) {
		t.Errorf("prefixes: %v", got)
	}
	if got := routes.At("headerAction.requestHeadersToRemoves[*]"); !slices.Equal(got, []any{"X-Slipway-Slot", "X-Slipway-Key"}) {
		t.Errorf("the app sees what opens a slot: %v", got)
	}
	secrets := 0
	for _, leaf := range routes.Leaves() {
		if leaf.Secret {
			secrets++
			if !strings.HasSuffix(leaf.Rows, "headerMatches[*].exactMatch") {
				t.Errorf("%s is a secret, and hidden in previews", leaf.Path)
			}
		}
	}
	if secrets != 2 {
		t.Errorf("%d values are secret, want the key in both rules", secrets)
	}
	tags := map[string]any{}
	for _, group := range r.Of(endpointGroupToken) {
		tag := append(group.At("cloudRun.tag"), any(""))[0]
		tags[group.Name] = tag
	}
	if len(tags) != 3 || tags["links-production-blue"] != "blue" || tags["links-production-green"] != "green" || tags["links-production-weights"] != "" {
		t.Errorf("the groups have the tags %v", tags)
	}
}

func TestSecurityPolicy(t *testing.T) {
	for _, row := range []struct {
		change  func(*components.EdgeArgs)
		actions []string
	}{
		{func(a *components.EdgeArgs) { a.WAF, a.RateLimit, a.BodyLimit = false, 0, 10<<20 }, []string{"deny(404)", "deny(403)", "allow"}},
		{nil, append(append([]string{"deny(404)"}, slices.Repeat([]string{"deny(403)"}, len(spec.RuleSets()))...), "rate_based_ban", "allow")},
		{func(a *components.EdgeArgs) { a.WAF = false }, []string{"deny(404)", "rate_based_ban", "allow"}},
		{func(a *components.EdgeArgs) { a.WAF, a.RateLimit = false, 0 }, []string{"deny(404)", "allow"}},
	} {
		policy := mustRecord(t, openEdge(row.change)).Of(securityPolicyToken)[0]
		var actions []string
		for _, v := range policy.At("rules[*].action") {
			actions = append(actions, v.(string))
		}
		if !slices.Equal(actions, row.actions) {
			t.Errorf("the rules are %v, want %v", actions, row.actions)
		}
		var priorities []float64
		for _, v := range policy.At("rules[*].priority") {
			priorities = append(priorities, v.(float64))
		}
		if !slices.IsSorted(priorities) || priorities[len(priorities)-1] != priorityDefault {
			t.Errorf("the priorities are %v", priorities)
		}
		for _, v := range policy.At("rules[*].description") {
			if len(v.(string)) > 64 {
				t.Errorf("%q has more than 64 characters", v)
			}
		}
	}
}

func TestFirewallInDetectMode(t *testing.T) {
	for mode, preview := range map[components.WAFMode]bool{"": false, components.WAFBlock: false, components.WAFDetect: true} {
		policy := mustRecord(t, openEdge(func(a *components.EdgeArgs) {
			a.WAFMode, a.WAFExclusions, a.BodyLimit = mode, []string{"owasp-crs-v030301-id931100-rfi", "owasp-crs-v030301-id931120-rfi", "owasp-crs-v030301-id942100-sqli"}, 10<<20
		})).Of(securityPolicyToken)[0]
		texts := policy.At("rules[*].match.expr.expression")
		for i, v := range policy.At("rules[*].preview") {
			ours := i < len(texts) && strings.Contains(texts[i].(string), "evaluatePreconfiguredWaf")
			if want := ours && preview; v != want {
				t.Errorf("mode %q: rule %d has preview %v, want %t", mode, i, v, want)
			}
		}
		for _, want := range []string{
			"evaluatePreconfiguredWaf('rfi-v33-stable', {'sensitivity': 1, 'opt_out_rule_ids': ['owasp-crs-v030301-id931100-rfi', 'owasp-crs-v030301-id931120-rfi']})",
			"evaluatePreconfiguredWaf('sqli-v33-stable', {'sensitivity': 1, 'opt_out_rule_ids': ['owasp-crs-v030301-id942100-sqli']})",
			"evaluatePreconfiguredWaf('xss-v33-stable', {'sensitivity': 1})",
			"has(request.headers['content-length']) && int(request.headers['content-length']) > 10485760",
		} {
			if !slices.Contains(texts, any(want)) {
				t.Errorf("no rule is %s", want)
			}
		}
	}
	if _, err := record(openEdge(func(a *components.EdgeArgs) { a.WAFExclusions = []string{"931130"} })); err == nil || !strings.Contains(err.Error(), "edge.wafExclusions") {
		t.Errorf("got %v", err)
	}
}

func TestAnswerHeaders(t *testing.T) {
	for _, row := range []struct {
		hsts components.HSTS
		want []any
	}{
		{components.HSTS{}, []any{"X-Content-Type-Options: nosniff"}},
		{components.HSTS{MaxAge: time.Hour}, []any{"X-Content-Type-Options: nosniff", "Strict-Transport-Security: max-age=3600"}},
		{components.HSTS{MaxAge: time.Hour, IncludeSubdomains: true}, []any{"X-Content-Type-Options: nosniff", "Strict-Transport-Security: max-age=3600; includeSubDomains"}},
	} {
		routes, _ := mustRecord(t, openEdge(func(a *components.EdgeArgs) { a.HSTS = row.hsts })).Find(urlMapToken, "links-production")
		names, values := routes.At("headerAction.responseHeadersToAdds[*].headerName"), routes.At("headerAction.responseHeadersToAdds[*].headerValue")
		var got []any
		for i := range names {
			got = append(got, names[i].(string)+": "+values[i].(string))
		}
		if !slices.Equal(got, row.want) { // X-Frame-Options is the app's: the load balancer can't see whether it is there
			t.Errorf("%+v: every answer gets %v, want %v", row.hsts, got, row.want)
		}
	}
}

func TestFrontDoorListens(t *testing.T) {
	r := mustRecord(t, openEdge(nil))
	if got, _ := r.Exports["url"]; got.StringValue() != "https://links.example.com" {
		t.Errorf("the URL is %v", got)
	}
	var ports []any
	for _, rule := range r.Of(forwardingRuleToken) {
		ports = append(ports, rule.At("portRange")...)
	}
	slices.SortFunc(ports, func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
	if !slices.Equal(ports, []any{"443", "443", "80", "80"}) {
		t.Errorf("ports %v", ports)
	}
	redirect, _ := r.Find(urlMapToken, "links-production-redirect")
	if got := redirect.At("defaultUrlRedirect.httpsRedirect"); !slices.Equal(got, []any{true}) || len(redirect.At("defaultService")) > 0 {
		t.Errorf("plain HTTP is not only redirected: %v", redirect.Leaves())
	}
	var kinds []any
	for _, record := range r.Of("gcp:dns/recordSet:RecordSet") {
		kinds = append(kinds, record.At("type")...)
		if name := record.At("name"); !slices.Equal(name, []any{"links.example.com."}) {
			t.Errorf("a record of %v", name)
		}
	}
	if len(kinds) != 2 || !slices.Contains(kinds, any("A")) || !slices.Contains(kinds, any("AAAA")) {
		t.Errorf("records %v", kinds)
	}
}

func TestZoneIsFound(t *testing.T) {
	zones := func(names ...string) componentstest.Output {
		var all []any
		for _, name := range names {
			all = append(all, map[string]any{"name": name, "dnsName": "example.com.", "visibility": "public"})
		}
		all = append(all, map[string]any{"name": "private", "dnsName": "example.com.", "visibility": "private"}, map[string]any{"name": "other", "dnsName": "example.org.", "visibility": "public"})
		return componentstest.Output{Type: "gcp:dns/getManagedZones:getManagedZones", Property: "managedZones", Value: all}
	}
	for _, row := range []struct {
		zones componentstest.Output
		want  string
	}{{zones("example-com"), ""}, {zones(), "has 0 public Cloud DNS zones"}, {zones("one", "two"), "has 2 public Cloud DNS zones"}} {
		got := ""
		_, err := record(func(ctx *pulumi.Context, p *Platform) error {
			p.settings.ManagedZone, p.settings.ZoneProject = "", "dns-production"
			ctx.Export("zone", p.publicZone(ctx, "example.com").ApplyT(func(name string) string { got = name; return name }))
			return nil
		}, row.zones)
		if row.want == "" && got != "example-com" {
			t.Errorf("found %q", got)
		}
		if row.want == "" && err != nil || row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want) || !strings.Contains(err.Error(), "gcp.managedZone")) {
			t.Errorf("got %v, want %q", err, row.want)
		}
	}
}

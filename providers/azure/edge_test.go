package azure

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/components/componentstest"
)

// A request with the slot's name and the key goes to the slot's own host name, whatever the weights are. The key is a secret.
func TestSlotRules(t *testing.T) {
	r := recorded(t, nil, nil)
	for _, slot := range []string{"blue", "green"} {
		rule, ok := r.Find(token("cdn:Rule"), "edge-slot"+slot)
		if !ok {
			t.Fatalf("there is no rule for slot %s", slot)
		}
		wantProperty(t, rule, "conditions[*].name", "RequestHeader", "RequestHeader")
		wantProperty(t, rule, "conditions[*].parameters.selector", components.SlotHeader, components.SlotKeyHeader)
		wantProperty(t, rule, "conditions[*].parameters.operator", "Equal", "Equal")
		wantProperty(t, rule, "matchProcessingBehavior", "Stop")
		groups := rule.At("actions[*].parameters.originGroupOverride.originGroup.id")
		if len(groups) != 1 || !strings.HasSuffix(groups[0].(string), "/originGroups/edge-"+slot) {
			t.Errorf("slot %s leads to %v", slot, groups)
		}
		wantProperty(t, rule, "actions[*].parameters.headerName", components.SlotHeader, components.SlotKeyHeader)
		wantProperty(t, rule, "actions[*].parameters.headerAction", "Delete", "Delete")
		for _, leaf := range rule.Leaves() {
			if leaf.Path == "conditions[1].parameters.matchValues[0]" && !leaf.Secret {
				t.Errorf("the key of slot %s is in plain text", slot)
			}
		}
		origin, _ := r.Find(token("cdn:AFDOrigin"), "edge-"+slot)
		if host := origin.At("hostName")[0].(string); !strings.HasPrefix(host, "links-production---"+slot+".") {
			t.Errorf("slot %s has the host %s", slot, host)
		}
		wantProperty(t, origin, "originHostHeader", origin.At("hostName")...)
	}
	all, _ := r.Find(token("cdn:AFDOrigin"), "edge-live")
	if host := all.At("hostName")[0].(string); !strings.HasPrefix(host, "links-production.") {
		t.Errorf("all requests lead to %s", host)
	}
}

// The rules stand in this order: what is hidden is hidden first.
func TestDoorRules(t *testing.T) {
	r := recorded(t, nil, nil)
	for i, name := range []string{"private", "client", "headers", "slotblue", "slotgreen"} {
		rule, ok := r.Find(token("cdn:Rule"), "edge-"+name)
		if !ok {
			t.Fatalf("there is no rule %s", name)
		}
		wantProperty(t, rule, "order", float64(orderStep*(i+1)))
	}
	private, _ := r.Find(token("cdn:Rule"), "edge-private")
	wantProperty(t, private, "actions[*].name", "UrlRewrite")
}

// What frames the app allows is the app's to say: Front Door can't tell whether it has. Strict-Transport-Security is what the key says.
func TestAnswerHeaders(t *testing.T) {
	for _, row := range []struct {
		hsts        components.HSTS
		names, more []any
	}{
		{components.HSTS{}, []any{"X-Content-Type-Options"}, []any{"nosniff"}},
		{components.HSTS{MaxAge: time.Hour}, []any{"X-Content-Type-Options", "Strict-Transport-Security"}, []any{"nosniff", "max-age=3600"}},
		{components.HSTS{MaxAge: time.Hour, IncludeSubdomains: true}, []any{"X-Content-Type-Options", "Strict-Transport-Security"}, []any{"nosniff", "max-age=3600; includeSubDomains"}},
	} {
		headers, _ := recorded(t, nil, func(w *whole) { w.edge.HSTS = row.hsts }).Find(token("cdn:Rule"), "edge-headers")
		wantProperty(t, headers, "actions[*].parameters.headerName", row.names...)
		wantProperty(t, headers, "actions[*].parameters.value", row.more...)
	}
}

// The app is told the address of the connection, in a header that Front Door overwrites: what a client writes into X-Forwarded-For, from
// which Front Door takes {client_ip}, never gets there. Without Front Door the app reads X-Forwarded-For, as it does by default.
func TestClientAddress(t *testing.T) {
	r := recorded(t, nil, nil)
	rule, _ := r.Find(token("cdn:Rule"), "edge-client")
	wantProperty(t, rule, "conditions[*].name")
	wantProperty(t, rule, "matchProcessingBehavior", "Continue")
	wantProperty(t, rule, "actions[*].name", "ModifyRequestHeader")
	wantProperty(t, rule, "actions[*].parameters.headerAction", "Overwrite")
	wantProperty(t, rule, "actions[*].parameters.value", "{socket_ip}")
	for _, one := range []*componentstest.Recording{r, recorded(t, small, func(w *whole) { w.database.HA, w.edge = false, components.EdgeArgs{} })} {
		app, told := sole(t, one, appKind), ""
		for _, leaf := range app.Leaves() {
			if before, ok := strings.CutSuffix(leaf.Path, ".name"); ok && leaf.Text() == "CLIENT_IP_HEADER" {
				told = leafAt(app, before+".value")
			}
		}
		want := ""
		if len(one.Of(token("cdn:Rule"))) > 0 {
			want = rule.At("actions[*].parameters.headerName")[0].(string)
		}
		if told != want {
			t.Errorf("the app reads the client's address from %q, want %q", told, want)
		}
	}
}

// Rules that are excluded log and don't count; in detection the rule sets log, and the rate limit still refuses.
func TestManagedRules(t *testing.T) {
	policy := sole(t, recorded(t, nil, func(w *whole) { w.edge.WAFExclusions = []string{"99031002", "931130", "931100", "Bot100200"} }), token("network:Policy"))
	wantProperty(t, policy, "policySettings.mode", "Prevention")
	wantProperty(t, policy, "managedRules.managedRuleSets[*].ruleSetAction", "Block")
	overrides := "managedRules.managedRuleSets[*].ruleGroupOverrides[*]"
	wantProperty(t, policy, overrides+".ruleGroupName", "RFI", "MS-ThreatIntel-SQLI", "BadBots")
	wantProperty(t, policy, overrides+".rules[*].ruleId", "931100", "931130", "99031002", "Bot100200")
	wantProperty(t, policy, overrides+".rules[*].action", "Log", "Log", "Log", "Log")
	watch := sole(t, recorded(t, nil, func(w *whole) { w.edge.WAFMode = components.WAFDetect }), token("network:Policy"))
	wantProperty(t, watch, "policySettings.mode", "Prevention")
	wantProperty(t, watch, "managedRules.managedRuleSets[*].ruleSetAction", "Log")
	wantProperty(t, watch, overrides+".rules[*].ruleId", "Bot100100", "Bot100200", "Bot100300")
	wantProperty(t, watch, overrides+".rules[*].action", "Log", "Log", "Log")
	wantProperty(t, watch, "customRules.rules[*].action", "Block")
}

// The expression of the numbers beyond a limit holds exactly those: bodies of the limit pass.
func TestBodyLimit(t *testing.T) {
	policy := sole(t, recorded(t, nil, func(w *whole) { w.edge.BodyLimit = 10 << 20 }), token("network:Policy"))
	wantProperty(t, policy, "customRules.rules[*].name", "ratelimit", "bodylimit")
	wantProperty(t, policy, "customRules.rules[*].matchConditions[*].selector", "Content-Length")
	for _, limit := range []int64{1, 9, 99, 1024, 10 << 20, 5 << 40} {
		var expressions []*regexp.Regexp
		for _, text := range larger(limit) {
			if expressions = append(expressions, regexp.MustCompile(text)); len(text) > 256 {
				t.Errorf("an expression of %d has %d characters, and Front Door takes 256", limit, len(text))
			}
		}
		for _, n := range []int64{0, 1, limit / 2, limit - 1, limit, limit + 1, limit + 7, limit * 2, limit * 10, limit*10 - 1, limit * 11} {
			got := slices.ContainsFunc(expressions, func(r *regexp.Regexp) bool { return r.MatchString(fmt.Sprint(n)) })
			if got != (n > limit) {
				t.Errorf("a body of %d bytes is refused: %t, with a limit of %d", n, got, limit)
			}
		}
	}
}

// The WAF policy is attached to every name of the front door, and no route is opened before.
func TestGuard(t *testing.T) {
	r := recorded(t, nil, func(w *whole) { w.edge.CachePaths = []string{"/static/", "/img"} })
	policy := sole(t, r, token("network:Policy"))
	wantProperty(t, policy, "managedRules.managedRuleSets[*].ruleSetType", "Microsoft_DefaultRuleSet", "Microsoft_BotManagerRuleSet")
	wantProperty(t, policy, "customRules.rules[*].ruleType", "RateLimitRule")
	wantProperty(t, policy, "customRules.rules[*].rateLimitDurationInMinutes", 1.0)
	attached := sole(t, r, token("cdn:SecurityPolicy"))
	domains := attached.At("parameters.associations[*].domains[*].id")
	if len(domains) != 2 || !strings.Contains(domains[0].(string), "/afdEndpoints/") || !strings.Contains(domains[1].(string), "/customDomains/links-example-com") {
		t.Errorf("guarded are %v", domains)
	}
	wantProperty(t, attached, "parameters.associations[*].patternsToMatch[*]", "/*")
	cached, ok := r.Find(token("cdn:Route"), "edge-cached")
	if !ok {
		t.Fatal("nothing is cached")
	}
	wantProperty(t, cached, "patternsToMatch[*]", "/static/*", "/img/*")
	for _, route := range r.Of(token("cdn:Route")) {
		wantProperty(t, route, "linkToDefaultDomain", "Disabled")
		wantProperty(t, route, "supportedProtocols[*]", "Http", "Https")
	}
}

// The private link is approved under the name that Front Door has chosen; the deployment changes if that does.
func TestPrivateLink(t *testing.T) {
	link := sole(t, recorded(t, nil, nil), token("resources:Deployment"))
	wantProperty(t, link, "properties.parameters.connection.value", "door-7f3a")
	wantProperty(t, link, "properties.mode", "Incremental")
	wantProperty(t, link, "properties.template.resources[*].properties.privateLinkServiceConnectionState.status", "Approved")
	wantProperty(t, link, "properties.parameters.message.value", "slipway slipway/production") // by which it is known once it stands
	if got := link.At("location"); len(got) > 0 {
		t.Errorf("a deployment in a resource group has the location %v", got)
	}
}

// A request that this stack's front door has not made is not approved, whoever is first: it would lead past Front Door.
func TestStrangersLinkIsNotApproved(t *testing.T) {
	before := linkArrives
	linkArrives = watching{limit: time.Millisecond, pause: time.Millisecond}
	defer func() { linkArrives = before }()
	of := func(stack string) componentstest.Output {
		return componentstest.Output{Type: functionOf + "ManagedEnvironment", Property: "privateEndpointConnections", Value: requests(stack, "door-7f3a")}
	}
	ready := componentstest.Output{Type: functionOf + "ContainerApp", Property: "latestReadyRevisionName", Value: "links-production--s1-0a1b2c3d"}
	if _, err := serve(nil, tracks{at("blue", 1, 100)}, ready, of("other/production")); err == nil || !strings.Contains(err.Error(), "has not arrived") {
		t.Errorf("only strangers ask: %v", err)
	}
	if _, err := serve(nil, tracks{at("blue", 1, 100)}, ready, of("slipway/production")); err != nil {
		t.Errorf("a stranger asks first: %v", err)
	}
}

func TestDoorWithDomain(t *testing.T) {
	r := recorded(t, nil, nil)
	wantExport(t, r, "url", "https://links.example.com")
	domain := sole(t, r, token("cdn:AFDCustomDomain"))
	wantProperty(t, domain, "tlsSettings.certificateType", "ManagedCertificate")
	proof, _ := r.Find(token("network:RecordSet"), "edge-proof")
	wantProperty(t, proof, "recordType", "TXT")
	wantProperty(t, proof, "relativeRecordSetName", "_dnsauth.links")
	wantProperty(t, proof, "txtRecords[*].value[*]", "_proof")
	wantProperty(t, proof, "resourceGroupName", "dns")
	address, _ := r.Find(token("network:RecordSet"), "edge-address")
	wantProperty(t, address, "recordType", "CNAME")
	if n := len(r.Of(token("app:ManagedCertificate"))); n != 0 {
		t.Errorf("there are %d certificates of the environment beside Front Door's", n)
	}
	app := sole(t, r, appKind)
	if names := app.At("configuration.ingress.customDomains[*].name"); len(names) > 0 {
		t.Errorf("the app has the domains %v", names)
	}
}

func TestApexDomain(t *testing.T) {
	r := recorded(t, nil, func(w *whole) { w.edge.Domain = "example.com" })
	address, _ := r.Find(token("network:RecordSet"), "edge-address")
	wantProperty(t, address, "recordType", "A")
	wantProperty(t, address, "relativeRecordSetName", "@")
	if target := address.At("targetResource.id"); len(target) != 1 || !strings.Contains(target[0].(string), "/afdEndpoints/") {
		t.Errorf("the name leads to %v", target)
	}
	proof, _ := r.Find(token("network:RecordSet"), "edge-proof")
	wantProperty(t, proof, "relativeRecordSetName", "_dnsauth")
}

// Without Front Door the name gets its certificate in one run: records, then the app with the name, then the certificate.
func TestCertificateInOneRun(t *testing.T) {
	for _, row := range []struct{ domain, proof, kind, method string }{
		{"links.example.com", "asuid.links", "CNAME", "CNAME"},
		{"example.com", "asuid", "A", "HTTP"},
	} {
		r := recorded(t, small, func(w *whole) {
			w.edge = components.EdgeArgs{Domain: row.domain, Zone: "example.com"}
			w.database.HA = false
		})
		proof, _ := r.Find(token("network:RecordSet"), "certificate-proof")
		wantProperty(t, proof, "relativeRecordSetName", row.proof)
		wantProperty(t, proof, "txtRecords[*].value[*]", "ABCDEF")
		address, _ := r.Find(token("network:RecordSet"), "certificate-address")
		wantProperty(t, address, "recordType", row.kind)
		app := sole(t, r, appKind)
		wantProperty(t, app, "configuration.ingress.customDomains[*].name", row.domain)
		wantProperty(t, app, "configuration.ingress.customDomains[*].bindingType", "Auto")
		if ids := app.At("configuration.ingress.customDomains[*].certificateId"); len(ids) > 0 {
			t.Errorf("the app names the certificate %v, which can't be there yet", ids)
		}
		for _, record := range []componentstest.Resource{proof, address} {
			if !slices.Contains(app.Needs, record.URN) {
				t.Errorf("the app does not wait for %s", record.Name)
			}
		}
		certificate := sole(t, r, token("app:ManagedCertificate"))
		wantProperty(t, certificate, "properties.subjectName", row.domain)
		wantProperty(t, certificate, "properties.domainControlValidation", row.method)
		wantProperty(t, certificate, "managedCertificateName", strings.ReplaceAll(row.domain, ".", "-")) // a certificate keeps its subject
		wantExport(t, r, "url", "https://"+row.domain)
	}
}

func wantExport(t *testing.T, r *componentstest.Recording, name, want string) {
	t.Helper()
	if got := r.Exports[resource.PropertyKey(name)]; !got.IsString() || got.StringValue() != want {
		t.Errorf("%s is %v, want %q", name, got, want)
	}
}

// leafAt is the text at one path, with the indices of arrays.
func leafAt(r componentstest.Resource, path string) string {
	for _, leaf := range r.Leaves() {
		if leaf.Path == path {
			return leaf.Text()
		}
	}
	return ""
}

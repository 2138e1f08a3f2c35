package stacks

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/slipway-iac/slipway/components"
)

// contract are the variables that Slipway itself hands to the app. Those of the
// database and the cache are the user's where the stack has none of its own.
var contract = []struct {
	name string
	free func(Config) bool
}{
	{name: "PORT"},
	{name: "TRUSTED_PROXIES"},
	{name: "CLIENT_IP_HEADER"},
	{name: "DATABASE_URL", free: func(c Config) bool { return !c.Database.Enabled }},
	{name: "DATABASE_CA", free: func(c Config) bool { return !c.Database.Enabled }},
	{name: "CACHE_URL", free: func(c Config) bool { return !c.Cache.Enabled }},
	{name: "CACHE_CA", free: func(c Config) bool { return !c.Cache.Enabled }},
	{name: "CACHE_VERIFY", free: func(c Config) bool { return !c.Cache.Enabled }},
	// https://cloud.google.com/run/docs/container-contract#env-vars
	{name: "K_SERVICE", free: notGCP}, {name: "K_REVISION", free: notGCP}, {name: "K_CONFIGURATION", free: notGCP},
}

func notGCP(c Config) bool { return c.Cloud != CloudGCP }

// checkEnv refuses names that are taken, and on aws empty values: ECS drops those variables when it registers a task definition, and the
// provider then finds a difference at every update. https://github.com/hashicorp/terraform-provider-aws/issues/39533
func checkEnv(d *decoder, c Config) {
	for _, name := range slices.Sorted(maps.Keys(c.App.Env)) {
		d.contract(join("app.env", name), name, c)
		if c.Cloud == CloudAWS && c.App.Env[name] == "" {
			d.bad(join("app.env", name), nil, "empty, and ECS leaves out variables without a value", "a text of at least one character, or no such key on aws", "")
		}
		if _, twice := c.Secrets[name]; twice {
			d.bad(join("app.env", name), nil, "also under secrets; a variable has one value", "", "")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Secrets)) {
		d.contract(join("secrets", name), name, c)
		if c.Secrets[name] == "" {
			d.bad(join("secrets", name), nil, "empty", "a text of at least one character", "")
		}
	}
}

func (d *decoder) contract(path, name string, c Config) {
	taken := strings.HasPrefix(name, "SLIPWAY_")
	for _, row := range contract {
		taken = taken || row.name == name && (row.free == nil || !row.free(c))
	}
	if taken {
		d.bad(path, nil, "Slipway itself sets this variable", "another name", "")
	}
}

func checkDomain(d *decoder, c Config) {
	name, zone := c.Domain.Name, c.Domain.Zone
	switch {
	case name == "" && zone != "":
		d.bad("domain.name", nil, "required with domain.zone", "a host name within "+zone, "")
	case name != "" && zone == "" && c.Cloud != CloudDocker:
		_, parent, _ := strings.Cut(name, ".")
		d.bad("domain.zone", nil, "required with domain.name", "the DNS zone that holds "+name, parent)
	case zone != "" && name != zone && !strings.HasSuffix(name, "."+zone):
		d.bad("domain.name", name, "not within domain.zone", zone+" or a host name that ends in ."+zone, "")
	}
}

func checkAzureZone(d *decoder, c Config) {
	if c.Cloud == CloudAzure && c.Domain.Name != "" && c.Azure.DNSResourceGroup == "" {
		d.bad("azure.dnsResourceGroup", nil, "required with domain.name", "the resource group of the zone", "")
	}
}

// checkFrontDoor refuses two versions side by side where nothing leads past the weights to one of them: Cloud Run's own host name knows
// no headers, and the address of a slot alone would be open to everybody.
func checkFrontDoor(d *decoder, c Config) {
	if c.Cloud == CloudGCP && c.Domain.Name == "" && c.Rollout.Strategy != StrategyRolling {
		d.bad("rollout.strategy", c.Rollout.Strategy, "needs gcp's load balancer, which needs a domain", "rolling, or set domain.name and domain.zone", string(StrategyRolling))
	}
}

// progressiveKeys mean something only while two versions run side by side.
var progressiveKeys = []string{"steps", "bake", "keep", "smokePath", "minRequests", "whenQuiet", "margin"}

func checkRollout(d *decoder, c Config) {
	r := c.Rollout
	if r.Strategy == StrategyRolling {
		for _, key := range progressiveKeys {
			if path := "rollout." + key; d.isSet(path) {
				d.bad(path, lookup(d.user, path), "means nothing with rollout.strategy rolling", "only with blue-green, canary", "")
			}
		}
		// On the clouds gates also roll a failed deployment back; one host has nothing that would.
		if path := "rollout.gates"; c.Cloud == CloudDocker && d.isSet(path) {
			d.bad(path, lookup(d.user, path), "means nothing on docker with rollout.strategy rolling", "only with blue-green, canary", "")
		}
	} else {
		d.steps(r)
	}
	for i, gate := range r.Gates {
		if slices.Index(r.Gates, gate) < i {
			d.bad(fmt.Sprintf("rollout.gates[%d]", i), gate, "listed twice", "", "")
		}
	}
}

func (d *decoder) steps(r Rollout) {
	for i, step := range r.Steps[:max(0, len(r.Steps)-1)] {
		if r.Steps[i+1] <= step {
			d.bad("rollout.steps", r.Steps, "not strictly increasing", "such as [5, 25, 50, 100]", "")
			return
		}
	}
	switch {
	case len(r.Steps) == 0 || r.Steps[len(r.Steps)-1] != 100:
		d.bad("rollout.steps", r.Steps, "the last step must be 100", "such as [5, 25, 50, 100]", "")
	case r.Strategy == StrategyCanary && len(r.Steps) == 1:
		d.bad("rollout.steps", r.Steps, "a canary starts with a share of the traffic", "such as [5, 25, 50, 100]", string(StrategyBlueGreen))
	}
}

func checkThresholds(d *decoder, c Config) {
	for _, s := range components.Signals(nil) {
		v, set := c.Alerts.Thresholds[s.ID]
		path := join("alerts.thresholds", s.ID)
		switch {
		case set && v < 0:
			d.bad(path, v, "less than nothing", "0 or more, in "+s.Unit, "")
		case set && s.Unit == "%" && v > 100:
			d.bad(path, v, "more than everything", "0 to 100, in "+s.Unit, "")
		}
	}
}

// checkEdge refuses what has no front door to stand in: gcp's web application
// firewall, rate limit and CDN hang on the load balancer, which a domain brings,
// and azure's on Front Door.
func checkEdge(d *decoder, c Config) {
	for i, prefix := range c.Edge.CDN {
		if slices.Index(c.Edge.CDN, prefix) < i {
			d.bad(fmt.Sprintf("edge.cdn[%d]", i), prefix, "listed twice", "", "")
		}
	}
	if c.Cloud == CloudAWS && c.Edge.RateLimit > 0 && c.Edge.RateLimit < 10 {
		d.bad("edge.rateLimit", c.Edge.RateLimit, "less than AWS WAF can limit to", "0, or 10 to 1000000", "")
	}
	if c.Cloud == CloudDocker && c.Edge.RateLimit > 0 && c.Edge.RateLimit < 6 {
		d.bad("edge.rateLimit", c.Edge.RateLimit, "less than one request in ten seconds, which is what the proxy counts in", "0, or 6 to 1000000", "")
	}
	for _, row := range []struct {
		path  string
		value any
		used  bool
		tiers []string // of Front Door
	}{
		{"edge.rateLimit", c.Edge.RateLimit, c.Edge.RateLimit > 0, []string{"standard", "premium"}},
		{"edge.cdn", c.Edge.CDN, len(c.Edge.CDN) > 0, []string{"standard", "premium"}},
		{"edge.waf", c.Edge.WAF, c.Edge.WAF, []string{"premium"}},
	} {
		switch {
		case !row.used:
		case c.Cloud == CloudGCP && c.Domain.Name == "":
			d.bad(row.path, row.value, "needs gcp's load balancer, which needs a domain", "set domain.name and domain.zone, or leave it out", "")
		case c.Cloud == CloudAzure && !slices.Contains(row.tiers, c.Azure.FrontDoor):
			d.bad(row.path, row.value, "not with azure.frontDoor "+c.Azure.FrontDoor, "azure.frontDoor "+strings.Join(row.tiers, " or "), "")
		}
	}
}

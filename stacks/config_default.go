package stacks

import (
	"encoding/json"
	"io"
	"slices"
	"strings"

	azure "github.com/slipway-iac/slipway/providers/azure/spec"
)

// target is what a default may depend on.
type target struct {
	cloud    Cloud
	tier     Tier
	strategy Strategy
}

// defaultRow gives a key its default. Empty columns match everything, clouds and
// strategies are comma-separated lists; of the rows that match, the last wins.
type defaultRow struct {
	path       string
	clouds     string
	tier       Tier
	strategies string
	value      string // as JSON, or else as text
}

const (
	managed     = "aws,azure,gcp"
	progressive = "blue-green,canary"
)

// defaults are ordered from general to particular. A key without a row is empty,
// zero or off.
var defaults = []defaultRow{
	{path: "tier", value: "dev"},
	{path: "region", clouds: "aws", value: "us-east-1"},
	{path: "region", clouds: "azure", value: azure.Default},
	{path: "region", clouds: "gcp", value: "us-central1"},

	{path: "app.path", value: "app"},
	{path: "app.dockerfile", value: "Dockerfile"},
	{path: "app.architecture", clouds: managed, value: "amd64"},
	{path: "app.architecture", clouds: "docker", value: "native"},
	{path: "app.port", value: "8080"},
	{path: "app.cpu", value: "0.25"},
	{path: "app.cpu", tier: TierProd, value: "0.5"},
	{path: "app.cpu", clouds: "docker", value: "0.5"},
	{path: "app.cpu", clouds: "gcp", value: "1"},
	{path: "app.memory", value: "512Mi"},
	{path: "app.memory", tier: TierProd, value: "1Gi"},
	{path: "app.memory", clouds: "docker", value: "256Mi"},
	{path: "app.replicas.min", value: "1"},
	{path: "app.replicas.min", tier: TierProd, value: "2"},
	{path: "app.replicas.min", clouds: "docker", value: "2"},
	{path: "app.replicas.max", value: "2"},
	{path: "app.replicas.max", tier: TierProd, value: "10"},
	{path: "app.replicas.max", clouds: "docker", value: "2"},
	{path: "app.scale.cpu", clouds: "aws,azure", value: "60"},
	{path: "app.scale.memory", clouds: "aws,azure", value: "75"},
	{path: "app.scale.concurrency", clouds: "azure", value: "50"},
	{path: "app.scale.concurrency", clouds: "gcp", value: "80"},
	{path: "app.healthPath", value: "/healthz"},
	{path: "app.healthPath", clouds: "gcp", value: "/health"},
	{path: "app.readyPath", value: "/readyz"},
	{path: "app.readyPath", clouds: "gcp", value: "/ready"},
	{path: "app.drain", clouds: "docker,aws,azure", value: "30s"},

	{path: "database.enabled", value: "true"},
	{path: "database.version", value: "17"},
	{path: "database.version", clouds: "azure", value: "16"},
	{path: "database.size", value: "small"},
	{path: "database.size", clouds: managed, tier: TierProd, value: "medium"},
	{path: "database.storage", clouds: "aws,gcp", value: "20Gi"},
	{path: "database.storage", clouds: "azure", value: "32Gi"},
	{path: "database.storage", clouds: "aws,gcp", tier: TierProd, value: "100Gi"},
	{path: "database.storage", clouds: "azure", tier: TierProd, value: "128Gi"},
	{path: "database.ha", clouds: managed, tier: TierProd, value: "true"},
	{path: "database.backupDays", clouds: "aws,gcp", value: "1"},
	{path: "database.backupDays", clouds: "azure", value: "7"},
	{path: "database.backupDays", clouds: managed, tier: TierProd, value: "14"},
	{path: "database.deletionProtection", clouds: managed, tier: TierProd, value: "true"},

	{path: "cache.enabled", value: "true"},
	{path: "cache.size", value: "small"},
	{path: "cache.size", clouds: managed, tier: TierProd, value: "medium"},
	{path: "cache.ha", clouds: managed, tier: TierProd, value: "true"},

	{path: "rollout.strategy", value: "rolling"},
	{path: "rollout.strategy", tier: TierProd, value: "canary"},
	{path: "rollout.steps", strategies: "blue-green", value: "[100]"},
	{path: "rollout.steps", strategies: "canary", value: "[5, 25, 50, 100]"},
	{path: "rollout.bake", strategies: progressive, value: "1m"},
	{path: "rollout.bake", tier: TierProd, strategies: progressive, value: "5m"},
	{path: "rollout.bake", clouds: "docker", strategies: progressive, value: "30s"},
	{path: "rollout.keep", strategies: progressive, value: "10m"},
	{path: "rollout.keep", tier: TierProd, strategies: progressive, value: "1h"},
	{path: "rollout.keep", clouds: "docker", strategies: progressive, value: "5m"},
	{path: "rollout.minRequests", strategies: progressive, value: "100"},
	{path: "rollout.whenQuiet", strategies: progressive, value: "synthetic"},
	{path: "rollout.margin.errorRate", strategies: progressive, value: "1"},
	{path: "rollout.margin.latency", strategies: progressive, value: "1.5"},

	{path: "edge.rateLimit", clouds: "docker,aws", value: "600"},
	{path: "edge.rateLimit", clouds: managed, tier: TierProd, value: "600"},
	{path: "edge.waf", clouds: managed, tier: TierProd, value: "true"},
	{path: "edge.wafMode", clouds: managed, value: "block"},
	{path: "edge.hsts.maxAge", value: "8760h"},
	{path: "edge.bodyLimit", value: "10Mi"},
	{path: "logs.retentionDays", clouds: managed, value: "30"},
	{path: "logs.retentionDays", clouds: managed, tier: TierProd, value: "365"},
	{path: "traces.sampleRatio", value: "1"},
	{path: "traces.sampleRatio", tier: TierProd, value: "0.1"},

	{path: "docker.httpsPort", clouds: "docker", value: "8443"},
	{path: "docker.httpPort", clouds: "docker", value: "8080"},
	{path: "docker.dashboardPort", clouds: "docker", value: "9443"},
	{path: "docker.readyTimeout", clouds: "docker", value: "2m"},
	{path: "aws.egress", clouds: "aws", value: "public"},
	{path: "aws.egress", clouds: "aws", tier: TierProd, value: "nat-per-zone"},
	{path: "aws.spot", clouds: "aws", value: "true"},
	{path: "aws.spot", clouds: "aws", tier: TierProd, value: "false"},
	{path: "azure.frontDoor", clouds: "azure", value: "none"},
	{path: "azure.frontDoor", clouds: "azure", strategies: progressive, value: "standard"},
	{path: "azure.frontDoor", clouds: "azure", tier: TierProd, value: "premium"},
	{path: "azure.entraAdminType", clouds: "azure", value: "Group"},
}

// derived are the defaults that follow from other values; settle computes them.
var derived = []struct{ path, text string }{
	{"app.name", "the project's name"},
	{"app.cpu", "raised to the least that goes with app.memory"},
	{"app.memory", "raised to the least that goes with app.cpu"},
	{"app.replicas.max", "at least app.replicas.min; on docker the same"},
	{"app.path", "empty with app.image"},
	{"app.dockerfile", "empty with app.image"},
	{"rollout.strategy", "rolling on gcp without a domain"},
	{"rollout.gates", "every signal that can gate"},
	{"rollout.smokePath", "app.readyPath"},
	{"edge.rateLimit", "0 on gcp without a domain and on azure without Front Door"},
	{"edge.waf", "false on gcp without a domain"},
	{"edge.hsts.maxAge", "0s on gcp without a domain and on azure without Front Door"},
	{"edge.bodyLimit", "0Ki on gcp without a domain and on azure without Front Door"},
	{"azure.frontDoor", "standard with edge.cdn, premium with edge.waf"},
}

func (r defaultRow) matches(t target) bool {
	return listed(r.clouds, string(t.cloud)) && listed(r.strategies, string(t.strategy)) && (r.tier == "" || r.tier == t.tier)
}

func listed(set, name string) bool {
	return set == "" || slices.Contains(strings.Split(set, ","), name)
}

// defaultFor returns the default of a key as the decoder takes it, nil if none.
func defaultFor(path string, t target) any {
	var value any
	for _, r := range defaults {
		if r.path == path && r.matches(t) {
			value = scalar(r.value)
		}
	}
	return value
}

// scalar reads JSON, or takes the text as it is, such as that of a number with blanks around it.
func scalar(text string) any {
	v, ok := parseJSON(text)
	if _, leaf := plain(v); !ok || leaf && strings.TrimSpace(text) != text {
		return text
	}
	return v
}

// fill puts the defaults of t into a tree of values wherever a key is missing.
// A section of the wrong type is left for the decoder to report.
func fill(tree map[string]any, t target) {
	for _, r := range defaults {
		if !r.matches(t) {
			continue
		}
		if value := defaultFor(r.path, t); lookup(tree, r.path) == nil {
			plant(tree, strings.Split(r.path, "."), value)
		}
	}
}

func plant(tree map[string]any, path []string, value any) {
	for _, key := range path[:len(path)-1] {
		if tree[key] == nil {
			tree[key] = map[string]any{}
		}
		child, ok := tree[key].(map[string]any)
		if !ok {
			return
		}
		tree = child
	}
	tree[path[len(path)-1]] = value
}

// lookup finds a dotted path of section keys; nil if it isn't set.
func lookup(tree map[string]any, path string) any {
	var v any = tree
	for key := range strings.SplitSeq(path, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[key]
	}
	return v
}

// parseJSON reads exactly one JSON value and keeps numbers as written.
func parseJSON(text string) (any, bool) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return nil, false
	}
	_, err := d.Token()
	return v, err == io.EOF
}

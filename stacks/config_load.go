package stacks

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// Load checks a stack's configuration as a whole and fills in the defaults that
// its cloud, tier and rollout strategy give. The error lists every unknown key,
// wrong type and impossible combination, each with its key path, its value, what
// is allowed and the nearest valid name. No value that is or may be a secret is
// in it. Guardrails are another matter: see Guardrails.
func Load(in Input) (Config, error) {
	if in.Project == "" {
		return Config{}, fmt.Errorf("stack %q: the configuration has no project name", in.Stack)
	}
	d := &decoder{in: in, failed: map[string]bool{}}
	d.user = d.read()
	if err := d.written(); err != nil {
		return Config{}, err
	}
	d.encryption()
	t := d.target()
	tree := clone(d.user).(map[string]any)
	fill(tree, t)
	cfg := Config{Project: in.Project, Stack: in.Stack, Simulated: in.Simulated}
	d.section("", tree, reflect.ValueOf(&cfg).Elem())
	d.settle(&cfg)
	d.check(cfg)
	if len(d.problems) > 0 {
		return Config{}, &configError{project: in.Project, stack: in.Stack, problems: sortProblems(d.problems)}
	}
	return cfg, nil
}

// read takes the project's own keys; objects and lists arrive as JSON text.
func (d *decoder) read() map[string]any {
	tree := map[string]any{}
	fields := fieldsOf(configType)
	for _, full := range slices.Sorted(maps.Keys(d.in.Values)) {
		key, ours := strings.CutPrefix(full, d.in.Project+":")
		if !ours {
			continue
		}
		text := d.in.Values[full]
		tree[key] = text
		i := slices.IndexFunc(fields, func(f field) bool { return f.name == key })
		if i < 0 || text == "" || fields[i].typ.Kind() != reflect.Struct && fields[i].typ.Kind() != reflect.Map {
			continue
		}
		if v, ok := parseJSON(text); ok {
			tree[key] = v
		}
	}
	prune(tree, configType, true)
	return tree
}

// secretSections are the top-level keys that may hold encrypted values.
var secretSections = []string{"alerts", "secrets"}

// encryption refuses secrets in plain text, and encrypted values in places that
// end up in plain text (a container's environment, a resource's property).
func (d *decoder) encryption() {
	plainSecrets, _ := d.user["secrets"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(plainSecrets)) {
		if !d.in.isSecret("secrets") {
			at := join("secrets", name)
			d.report(problem{path: at, value: hidden, text: fmt.Sprintf(
				"stored in plain text; encrypt it: pulumi config set --secret --path '%s:%s'", d.in.Project, at)})
		}
	}
	for _, f := range fieldsOf(configType) {
		if d.in.isSecret(f.name) && !slices.Contains(secretSections, f.name) {
			d.report(problem{path: f.name, value: hidden,
				text: "holds an encrypted value that would end up in plain text; only secrets.NAME and alerts.webhook may be encrypted"})
		}
	}
}

// target reads what defaults depend on. A wrong value gives the defaults of dev
// and of no cloud; the decoder reports it.
func (d *decoder) target() target {
	var t target
	pick := func(section reflect.Type, path string) string {
		v, _ := lookup(d.user, path).(string)
		if v == "" {
			v, _ = defaultFor(path, t).(string)
		}
		for _, f := range fieldsOf(section) {
			if strings.HasSuffix("."+path, "."+f.name) && slices.Contains(f.enum, v) {
				return v
			}
		}
		return ""
	}
	t.cloud = Cloud(pick(configType, "cloud"))
	t.tier = Tier(pick(configType, "tier"))
	t.strategy = Strategy(pick(reflect.TypeFor[Rollout](), "rollout.strategy"))
	d.cloud = t.cloud
	return t
}

// isSet tells whether the user gave a value, as against a default.
func (d *decoder) isSet(path string) bool { return lookup(d.user, path) != nil }

// settle computes the defaults that follow from other values (see derived).
func (d *decoder) settle(c *Config) {
	if !d.isSet("app.name") {
		c.App.Name = strings.Trim(notInName.ReplaceAllString(strings.ToLower(c.Project), "-"), "-")
		if !appName.MatchString(c.App.Name) {
			d.report(problem{path: "app.name", text: "required, since the project's name can't serve as the app's"})
		}
	}
	if c.App.Image != "" {
		c.App.Path, c.App.Dockerfile = "", ""
	}
	if r := &c.App.Replicas; !d.isSet("app.replicas.max") && (r.Max < r.Min || c.Cloud == CloudDocker) {
		r.Max = r.Min
	}
	if c.Cloud == CloudGCP && c.Domain.Name == "" && !d.isSet("rollout.strategy") {
		c.Rollout = Rollout{Strategy: StrategyRolling, Gates: c.Rollout.Gates} // see checkFrontDoor
	}
	if !d.isSet("rollout.gates") {
		c.Rollout.Gates = namedSet("gates")
	}
	if !d.isSet("rollout.smokePath") && c.Rollout.Strategy != StrategyRolling {
		c.Rollout.SmokePath = c.App.ReadyPath
	}
	d.settleSize(c)
	d.settleEdge(c)
}

var (
	notInName = regexp.MustCompile(`[^a-z0-9]+`)
	appName   = regexp.MustCompile(`^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$`)
)

// settleSize makes the half of cpu and memory that wasn't given go with the
// other. A pair that was given in full is never changed.
func (d *decoder) settleSize(c *Config) {
	if d.failed["app.cpu"] || d.failed["app.memory"] || d.failed["app"] || fits(c.Cloud, c.App.CPU, c.App.Memory) {
		return
	}
	cpu, memory, ok := nearestSize(c.Cloud, c.App.CPU, c.App.Memory, d.isSet("app.cpu"), d.isSet("app.memory"))
	if ok {
		c.App.CPU, c.App.Memory = cpu, memory
	}
}

// settleEdge turns defaults off that need a front door which isn't there, and
// picks the front door that the edge asks for.
func (d *decoder) settleEdge(c *Config) {
	if c.Cloud == CloudGCP && c.Domain.Name == "" {
		if !d.isSet("edge.rateLimit") {
			c.Edge.RateLimit = 0
		}
		if !d.isSet("edge.waf") {
			c.Edge.WAF = false
		}
		if !d.isSet("edge.bodyLimit") {
			c.Edge.BodyLimit = 0
		}
		if !d.isSet("edge.hsts.maxAge") {
			c.Edge.HSTS.MaxAge = 0
		}
	}
	if c.Cloud != CloudAzure {
		return
	}
	defer d.settleAzureEdge(c)
	if d.isSet("azure.frontDoor") {
		return
	}
	switch {
	case c.Edge.WAF:
		c.Azure.FrontDoor = "premium"
	case len(c.Edge.CDN) > 0 && c.Azure.FrontDoor == "none":
		c.Azure.FrontDoor = "standard"
	}
	if c.Azure.FrontDoor != "none" && !d.isSet("edge.rateLimit") && c.Edge.RateLimit == 0 {
		c.Edge.RateLimit = 600
	}
}

func clone(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[k] = clone(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = clone(e)
		}
		return out
	}
	return v
}

package stacks

import (
	"fmt"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// rule is a check of one value's meaning or of several values together. It runs
// only if none of its paths has a problem already.
type rule struct {
	paths []string
	check func(d *decoder, c Config)
}

// rules are what types and tags can't say.
var rules = []rule{
	{[]string{"cloud", "region"}, checkRegion},
	{[]string{"cloud", "region", "domain.name", "edge.cdn"}, checkAWSRegion},
	{[]string{"cloud", "aws.backupRegion", "region"}, checkBackupRegion},
	{[]string{"cloud", "aws.permissionsBoundary", "aws.accountId"}, checkPermissionsBoundary},
	{[]string{"cloud", "aws.backupRegion", "region"}, checkAWSBackupRegion},
	{[]string{"cloud", "tier", "region", "database", "azure"}, checkAzureRegion},
	{[]string{"cloud", "edge", "azure.frontDoor"}, checkAzureEdge},
	{[]string{"cloud", "tags"}, checkTags},
	{[]string{"app.replicas"}, checkReplicas},
	{[]string{"cloud", "app.cpu", "app.memory"}, checkSize},
	{[]string{"cloud", "app.architecture"}, checkArchitecture},
	{[]string{"app.image", "app.path", "app.dockerfile", "app.rebuild"}, checkImage},
	{[]string{"cloud", "app.env", "secrets"}, checkEnv},
	{[]string{"cloud", "domain"}, checkDomain},
	{[]string{"cloud", "app.healthPath", "app.readyPath", "rollout.smokePath"}, checkGooglePaths},
	{[]string{"cloud", "domain.name", "gcp"}, checkGoogleZone},
	{[]string{"cloud", "region"}, checkGoogleRegion},
	{[]string{"cloud", "database.enabled", "database.size"}, checkGoogleDatabase},
	{[]string{"cloud", "database"}, checkGoogleStandby},
	{[]string{"cloud", "cache"}, checkGoogleCache},
	{[]string{"cloud", "edge", "domain.name"}, checkGoogleEdge},
	{[]string{"cloud", "domain.name", "azure.dnsResourceGroup"}, checkAzureZone},
	{[]string{"cloud", "database"}, checkDatabase},
	{[]string{"cloud", "database"}, checkAWSDatabase},
	{[]string{"cloud", "domain.name"}, checkDomainLength},
	{[]string{"cloud", "app.name", "database.enabled"}, checkDatabaseName},
	{[]string{"cloud", "database", "azure"}, checkAzureDatabase},
	{[]string{"cloud", "rollout.strategy", "azure.frontDoor"}, checkAzureRollout},
	{[]string{"cloud", "cache"}, checkCache},
	{[]string{"cloud", "cache"}, checkAWSCache},
	{[]string{"cloud", "edge"}, checkAWSFirewall},
	{[]string{"cloud", "region", "app.name", "secrets"}, checkAWSSecrets},
	{[]string{"rollout"}, checkRollout},
	{[]string{"cloud", "domain.name", "rollout.strategy"}, checkFrontDoor},
	{[]string{"alerts.emails"}, checkEmails},
	{[]string{"alerts.webhook"}, checkWebhook},
	{[]string{"alerts.thresholds"}, checkThresholds},
	{[]string{"cloud", "domain", "edge", "azure.frontDoor"}, checkEdge},
	{[]string{"cloud", "logs"}, checkLogs},
	{[]string{"cloud", "docker"}, checkPorts},
	{[]string{"allow"}, checkAllow},
}

func (d *decoder) check(c Config) {
	// A rule sees what the decoder found, not what another rule found before it.
	decoded := map[string]bool{}
	for path := range d.failed {
		decoded[path] = true
	}
	for _, r := range rules {
		if !touches(decoded, r.paths) {
			r.check(d, c)
		}
	}
}

// touches tells whether a path, something above it or something below it failed.
func touches(failed map[string]bool, paths []string) bool {
	for f := range failed {
		if slices.ContainsFunc(paths, func(p string) bool { return covers(f, p) || covers(p, f) }) {
			return true
		}
	}
	return false
}

// covers tells whether path is outer or lies below it.
func covers(outer, path string) bool {
	rest, ok := strings.CutPrefix(path, outer)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

func (d *decoder) bad(path string, value any, text, allowed, near string) {
	d.report(problem{path: path, value: show(value), text: text, allowed: allowed, nearest: near})
}

// dockerReplicas is how many replicas the local PostgreSQL has connections for: 160 for the app, pools of 10 are common, and a
// replacement runs old and new replicas side by side.
const dockerReplicas = 8

func checkReplicas(d *decoder, c Config) {
	r := c.App.Replicas
	if r.Max < r.Min {
		d.bad("app.replicas.max", r.Max, "less than app.replicas.min", fmt.Sprintf("%d or more", r.Min), "")
	}
	if c.Cloud == CloudDocker && r.Min > dockerReplicas {
		d.bad("app.replicas.min", r.Min, "more than one host's database serves", fmt.Sprintf("1 to %d", dockerReplicas), "")
	}
	if c.Cloud == CloudDocker && r.Max > r.Min {
		d.bad("app.replicas.max", r.Max, "the Docker Engine has no autoscaling", fmt.Sprintf("the same as app.replicas.min, %d", r.Min), "")
	}
}

func checkSize(d *decoder, c Config) {
	if fits(c.Cloud, c.App.CPU, c.App.Memory) {
		return
	}
	cpu, memory, _ := nearestSize(c.Cloud, c.App.CPU, c.App.Memory, false, false)
	d.report(problem{
		path: "app.cpu", value: fmt.Sprintf("%s with app.memory %s", cores(c.App.CPU), c.App.Memory),
		text:    fmt.Sprintf("%s has no such combination", c.Cloud),
		allowed: allowedMemory(c.Cloud, c.App.CPU), nearest: fmt.Sprintf("app.cpu %s with app.memory %s", cores(cpu), memory),
	})
}

func checkArchitecture(d *decoder, c Config) {
	allowed := map[Cloud][]string{CloudAWS: {"amd64", "arm64"}, CloudAzure: {"amd64"}, CloudGCP: {"amd64"}}[c.Cloud]
	if allowed != nil && !slices.Contains(allowed, c.App.Architecture) {
		d.bad("app.architecture", c.App.Architecture, "not available on "+string(c.Cloud), list(allowed), "")
	}
}

func checkImage(d *decoder, c Config) {
	if c.App.Image == "" {
		checkAppPath(d, c)
		return
	}
	for _, path := range []string{"app.path", "app.dockerfile", "app.rebuild"} {
		if d.isSet(path) {
			d.bad(path, lookup(d.user, path), "app.image is ready-made, so nothing is built: give one or the other", "", "")
		}
	}
	if strings.ContainsAny(c.App.Image, " \t\n") || strings.Contains(c.App.Image, "://") {
		d.bad("app.image", c.App.Image, "not an image reference", "NAME@sha256:DIGEST or NAME:TAG", "")
	}
}

// stateFolder is where the command line keeps state and passphrase without a Pulumi login.
const stateFolder = ".slipway"

// checkAppPath refuses a build context that holds the state: it changes with every run, so every run would be a new version, and the
// passphrase would get into the image.
func checkAppPath(d *decoder, c Config) {
	clean := path.Join(".", filepath.ToSlash(c.App.Path))
	above := strings.Trim(clean, "./") == "" // the project's folder, or one above it
	if first, _, _ := strings.Cut(clean, "/"); above || first == stateFolder {
		d.bad("app.path", c.App.Path, "the build context would hold "+stateFolder+", with the state and its passphrase", "a folder below Pulumi.yaml's, such as app, or one beside it, such as ../app", "")
		return
	}
	for _, p := range []struct{ path, value, to string }{{"app.path", c.App.Path, "Pulumi.yaml's folder"}, {"app.dockerfile", c.App.Dockerfile, "app.path"}} {
		if path.IsAbs(filepath.ToSlash(p.value)) || filepath.IsAbs(p.value) {
			d.bad(p.path, p.value, "absolute: a stack file holds on every machine", "a path relative to "+p.to, "")
		}
	}
}

func checkEmails(d *decoder, c Config) {
	for i, address := range c.Alerts.Emails {
		if slices.Index(c.Alerts.Emails, address) < i {
			d.bad(fmt.Sprintf("alerts.emails[%d]", i), address, "listed twice", "", "")
		}
	}
}

func checkWebhook(d *decoder, c Config) {
	text := c.Alerts.Webhook.Reveal()
	if text == "" {
		return
	}
	// The parser's own error quotes the address, which may hold a token.
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" {
		d.bad("alerts.webhook", text, "not a webhook", "an https:// address", "")
	}
}

func checkAllow(d *decoder, c Config) {
	for id, reason := range c.Allow {
		if len([]rune(strings.TrimSpace(reason))) < 10 {
			d.bad(join("allow", id), reason, "a guardrail may be broken only with a reason", "10 characters or more", "")
		}
	}
}

func checkPorts(d *decoder, c Config) {
	if c.Cloud != CloudDocker {
		return
	}
	used := map[int]string{}
	for _, p := range []struct {
		path string
		port int
	}{
		{"docker.httpsPort", c.Docker.HTTPSPort}, {"docker.httpPort", c.Docker.HTTPPort}, {"docker.dashboardPort", c.Docker.DashboardPort},
	} {
		if other := used[p.port]; other != "" {
			d.bad(p.path, p.port, "the same port as "+other, "three different ports", "")
		}
		used[p.port] = p.path
	}
}

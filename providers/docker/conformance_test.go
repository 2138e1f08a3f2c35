package docker

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/components/componentstest"
)

const (
	containerType = "docker:index/container:Container"
	imageType     = "docker:index/remoteImage:RemoteImage"
	networkType   = "docker:index/network:Network"
	volumeType    = "docker:index/volume:Volume"
)

// A container's name is a DNS label on the stack's network, of which RFC 1035 allows 63 characters.
var (
	label       = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)
	hostName    = regexp.MustCompile(`^[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*$`)
	volumeName  = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]+$`)
	imageNameRE = regexp.MustCompile(`^[a-z0-9]+([._-][a-z0-9]+)*(/[a-z0-9]+([._-][a-z0-9]+)*)*:[0-9a-z._-]{1,128}$`)
)

func testPlatform(ctx *pulumi.Context, app string) (components.Platform, error) {
	root, err := filepath.Abs("../..")
	if err != nil {
		return nil, err
	}
	return NewPlatform(ctx, Settings{Root: root, App: app, HTTPSPort: 8443, HTTPPort: 8080, DashboardPort: 9443, DrainSeconds: 30, ReadySeconds: 120})
}

func TestConformance(t *testing.T) {
	componentstest.Run(t, componentstest.Case{
		Cloud:   "docker",
		Setup:   testPlatform,
		Change:  func(a *componentstest.Args) { a.Alarm.Emails = nil },
		Divides: []string{containerType + " edge-weights", "random:index/randomId:RandomId edge-weights"},
		// It tells the proxy the instances of both slots.
		Follows: []string{containerType + " edge-weights", "random:index/randomId:RandomId edge-weights"},
		Limits: []componentstest.Limit{
			{Type: containerType, Property: "name", Max: 63, Pattern: label},
			{Type: containerType, Property: "networksAdvanced[*].aliases[*]", Max: 63, Pattern: hostName},
			{Type: networkType, Property: "name", Max: 63, Pattern: label},
			{Type: volumeType, Property: "name", Max: 255, Pattern: volumeName},
			{Type: imageType, Property: "name", Max: 255, Pattern: imageNameRE},
		},
		Checks: []componentstest.Check{
			{Name: "containers are hardened", Test: eachStarted(hardened)},
			{Name: "containers have limits", Test: eachStarted(limited)},
			{Name: "containers that stay are watched and drained", Test: eachStarted(watched)},
			{Name: "containers are labelled", Test: eachContainer(labelled)},
			{Name: "files are loaded by containers that never start", Test: loadersNeverStart},
			{Name: "only front door and dashboard publish ports, on loopback", Test: published},
			{Name: "data and its password are protected", Test: protected},
			{Name: "the database has connections for a replacement", Test: connections},
			{Name: "no replacement takes the instances away", Test: nothingTakesInstancesAway},
			{Name: "instances take traffic after their gate only", Test: trafficAfterReadiness},
		},
		Unsupported: []componentstest.Unsupported{
			{Key: "alerts.emails", Change: func(a *componentstest.Args) { a.Alarm.Emails = []string{"oncall@example.com"} }},
			{Key: "alerts.thresholds.database-cpu", Change: func(a *componentstest.Args) {
				a.Alarm.Signals = components.Signals(map[string]float64{"database-cpu": 50})
			}},
			{Key: "app.replicas.max", Change: func(a *componentstest.Args) { a.Service.MaxReplicas = 5 }},
			{Key: "database.size", Change: func(a *componentstest.Args) { a.Database.Size = "db.t4g.micro" }},
			{Key: "database.version", Change: func(a *componentstest.Args) { a.Database.Version = "14" }},
			{Key: "database.ha", Change: func(a *componentstest.Args) { a.Database.HA = true }},
			{Key: "database.backupDays", Change: func(a *componentstest.Args) { a.Database.BackupDays = 7 }},
			{Key: "database.deletionProtection", Change: func(a *componentstest.Args) { a.Database.DeletionProtection = true }},
			{Key: "cache.size", Change: func(a *componentstest.Args) { a.Cache.Size = "cache.t4g.micro" }},
			{Key: "cache.ha", Change: func(a *componentstest.Args) { a.Cache.HA = true }},
			{Key: "edge.waf", Change: func(a *componentstest.Args) { a.Edge.WAF = true }},
		},
	})
}

// connections are for 8 replicas, the most that are allowed, twice, with pools of 10; and some are left beside the app's.
func connections(t *testing.T, r *componentstest.Recording) {
	var all []any
	for _, c := range r.Of(containerType) {
		all = append(all, c.At("envs[*]")...)
	}
	for _, want := range []any{"POSTGRES_MAX_CONNECTIONS=200", "APP_CONNECTION_LIMIT=160"} {
		if !slices.Contains(all, want) {
			t.Errorf("no container has %s", want)
		}
	}
}

func eachContainer(test func(*testing.T, componentstest.Resource)) func(*testing.T, *componentstest.Recording) {
	return func(t *testing.T, r *componentstest.Recording) {
		all := r.Of(containerType)
		if len(all) < 10 {
			t.Fatalf("there are only %d containers", len(all))
		}
		for _, c := range all {
			t.Run(c.Name, func(t *testing.T) { test(t, c) })
		}
	}
}

// eachStarted leaves out the containers that are only made to copy files: no process ever runs in them.
func eachStarted(test func(*testing.T, componentstest.Resource)) func(*testing.T, *componentstest.Recording) {
	return eachContainer(func(t *testing.T, c componentstest.Resource) {
		if started(c) {
			test(t, c)
		}
	})
}

func started(c componentstest.Resource) bool { return !slices.Equal(c.At("start"), []any{false}) }

// runsOnce tells a container that ends from one that stays.
func runsOnce(c componentstest.Resource) bool { return slices.Equal(c.At("mustRun"), []any{false}) }

// wantAt fails unless the values at a path are these.
func wantAt(t *testing.T, c componentstest.Resource, path string, want ...any) {
	t.Helper()
	if got := c.At(path); !slices.Equal(got, want) {
		t.Errorf("%s is %v, want %v", path, got, want)
	}
}

func hardened(t *testing.T, c componentstest.Resource) {
	wantAt(t, c, "readOnly", true)
	wantAt(t, c, "capabilities.drops[*]", "ALL")
	wantAt(t, c, "capabilities.adds[*]")
	wantAt(t, c, "securityOpts[*]", "no-new-privileges:true")
	wantAt(t, c, "privileged")
	user, _ := only(t, c, "user").(string)
	if !regexp.MustCompile(`^[1-9][0-9]*:[1-9][0-9]*$`).MatchString(user) {
		t.Errorf("the user is %q, want numbers other than 0", user)
	}
	for _, kind := range c.At("mounts[*].type") {
		if kind != "volume" {
			t.Errorf("a mount is of type %v: nothing of the host may be reached", kind)
		}
	}
	for _, mode := range c.At("networkMode") {
		if mode == "host" {
			t.Error("the container shares the host's network")
		}
	}
}

func limited(t *testing.T, c componentstest.Resource) {
	memory, _ := only(t, c, "memory").(float64)
	if memory < 16 {
		t.Errorf("the memory limit is %v MiB", memory)
	}
	wantAt(t, c, "memorySwap", memory) // the same: no swap on top
	if cpus, _ := only(t, c, "cpus").(string); !strings.Contains(cpus, ".") {
		t.Errorf("the CPU limit is %q, want a number with a decimal point", cpus)
	}
	wantAt(t, c, "logDriver", "json-file")
	wantAt(t, c, "logOpts.max-size", "10m")
	wantAt(t, c, "logOpts.max-file", "3")
}

func watched(t *testing.T, c componentstest.Resource) {
	if runsOnce(c) {
		wantAt(t, c, "restart", "no")
		wantAt(t, c, "attach", true)
		return
	}
	wantAt(t, c, "restart", "unless-stopped")
	// The app's image brings its own health check, and a container of Slipway's waits for its readiness.
	if c.At("labels[*].label")[0] != LabelSlot && !slices.Contains(c.At("labels[*].label"), any(LabelSlot)) {
		wantAt(t, c, "wait", true)
		if len(c.At("healthcheck.tests[*]")) < 2 {
			t.Error("there is no health check")
		}
	}
	if grace, _ := only(t, c, "destroyGraceSeconds").(float64); grace < 5 {
		t.Errorf("%v s from the stop signal to SIGKILL drain nothing", grace)
	}
	only(t, c, "stopSignal")
}

func labelled(t *testing.T, c componentstest.Resource) {
	names, values := c.At("labels[*].label"), c.At("labels[*].value")
	if i := slices.Index(names, any(LabelStack)); i < 0 || values[i] != componentstest.Project+"/"+componentstest.Stack {
		t.Errorf("label %s is missing or wrong in %v %v", LabelStack, names, values)
	}
	if i := slices.Index(names, any(LabelComponent)); i < 0 || values[i] == "" {
		t.Errorf("label %s is missing in %v %v", LabelComponent, names, values)
	}
}

func only(t *testing.T, c componentstest.Resource, path string) any {
	t.Helper()
	got := c.At(path)
	if len(got) != 1 {
		t.Errorf("%s is %v, want one value", path, got)
		return nil
	}
	return got[0]
}

func loadersNeverStart(t *testing.T, r *componentstest.Recording) {
	loaders := 0
	for _, c := range r.Of(containerType) {
		if len(c.At("uploads[*].file")) == 0 {
			continue
		}
		loaders++
		if started(c) {
			t.Errorf("%s has uploads and is started: they fail on a read-only container", c.Name)
		}
		for _, file := range c.At("uploads[*].file") {
			if !slices.ContainsFunc(c.At("mounts[*].target"), func(dir any) bool { return strings.HasPrefix(file.(string), dir.(string)+"/") }) {
				t.Errorf("%s uploads %s, which lies on no volume of %v", c.Name, file, c.At("mounts[*].target"))
			}
		}
	}
	if loaders == 0 {
		t.Error("nothing is loaded")
	}
}

func published(t *testing.T, r *componentstest.Recording) {
	public := map[string][]any{}
	for _, c := range r.Of(containerType) {
		for _, ip := range c.At("ports[*].ip") {
			if ip != "127.0.0.1" {
				t.Errorf("%s publishes a port on %v", c.Name, ip)
			}
		}
		if ports := c.At("ports[*].external"); len(ports) > 0 {
			public[c.Name] = ports
			if len(c.At("ports[*].ip")) != len(ports) {
				t.Errorf("%s publishes a port on every address", c.Name)
			}
		}
		wantAt(t, c, "publishAllPorts")
	}
	if got := public["edge"]; !slices.Equal(got, []any{8080.0, 8443.0}) {
		t.Errorf("the front door publishes %v", got)
	}
	if got := public["dashboard"]; !slices.Equal(got, []any{9443.0}) {
		t.Errorf("the dashboard publishes %v", got)
	}
	if len(public) != 2 {
		t.Errorf("ports are published by %v", public)
	}
}

func protected(t *testing.T, r *componentstest.Recording) {
	want := map[string]bool{"database-data": true, "database-superuser": true}
	for _, one := range r.Resources {
		if one.Protect && !want[one.Name] {
			t.Errorf("%s is protected, so it would outlive the stack", one.URN)
		}
		if !one.Protect && one.Custom && want[one.Name] {
			t.Errorf("%s is not protected", one.URN)
		}
		// The checkout that has stored it is named, and one that moves must not replace it.
		if one.Type == volumeType && one.Protect && (!slices.Contains(one.At("labels[*].label"), any(LabelRoot)) || !slices.Contains(one.IgnoreChanges, "labels")) {
			t.Errorf("%s has labels %v and ignores %v", one.URN, one.At("labels[*].label"), one.IgnoreChanges)
		}
	}
}

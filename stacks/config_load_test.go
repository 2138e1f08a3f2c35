package stacks

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// input builds an Input for project "slipway" out of key, value pairs; a key
// with a trailing "!" is a secret one.
func input(kv ...string) Input {
	in := Input{Project: project, Stack: "test", Values: map[string]string{}}
	for i := 0; i < len(kv); i += 2 {
		key, secret := strings.CutSuffix(kv[i], "!")
		if !strings.Contains(key, ":") {
			key = project + ":" + key
		}
		in.Values[key] = kv[i+1]
		if secret {
			in.SecretKeys = append(in.SecretKeys, key)
		}
	}
	return in
}

func mustLoad(t *testing.T, kv ...string) Config {
	t.Helper()
	cfg, err := Load(input(kv...))
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// TestDefaultsLoad loads every cloud and tier without any other key.
func TestDefaultsLoad(t *testing.T) {
	for _, row := range cloudRows {
		for _, tier := range []Tier{TierDev, TierProd} {
			for _, strategy := range []Strategy{StrategyRolling, StrategyBlueGreen, StrategyCanary} {
				kv := []string{"cloud", string(row.cloud), "tier", string(tier), "rollout", `{"strategy":"` + string(strategy) + `"}`}
				if row.cloud == CloudGCP && strategy != StrategyRolling { // see checkFrontDoor
					kv = append(kv, "domain", `{"name":"links.example.com","zone":"example.com"}`)
				}
				c := mustLoad(t, kv...)
				if !fits(c.Cloud, c.App.CPU, c.App.Memory) || c.App.Port == 0 || c.App.Name != project {
					t.Errorf("%s %s: %+v", row.cloud, tier, c.App)
				}
			}
		}
	}
}

func TestDefaultRowsNameKeys(t *testing.T) {
	known := map[string]field{}
	walk(configType, "", func(path string, f field) { known[path] = f })
	for _, r := range defaults {
		f, ok := known[r.path]
		if !ok || isSection(f.typ) {
			t.Errorf("default for %s, which is no key", r.path)
		}
		if f.clouds == nil {
			continue
		}
		for cloud := range strings.SplitSeq(r.clouds, ",") {
			if !slices.Contains(f.clouds, cloud) {
				t.Errorf("default of %s for %q, where the key has no meaning", r.path, cloud)
			}
		}
	}
	for _, r := range derived {
		if _, ok := known[r.path]; !ok {
			t.Errorf("derived default for %s, which is no key", r.path)
		}
	}
}

func TestLoadReadsEveryKind(t *testing.T) {
	c := mustLoad(t,
		"cloud", "aws", "tier", "prod", "region", "eu-central-1", "aws:region", "nowhere", "other:app", "x",
		"pulumi:disable-default-providers", `["*"]`,
		"tags", `{"team":"web","cost":7}`,
		"app", `{"name":"links","cpu":"1","memory":"2Gi","port":"3000","replicas":{"min":3.0,"max":"5"},
			"env":{"LEVEL":3,"VERBOSE":true},"migrate":["migrate","--all"],"drain":"1m30s","healthPath":"","path":null}`,
		"domain", `{"name":"links.example.com","zone":"example.com"}`,
		"database", `{"ha":"true","version":"16","storage":"1Ti"}`,
		"secrets!", `{"TOKEN":"t0p"}`,
		"rollout", `{"strategy":"canary","steps":["10",100],"gates":["uptime"],"margin":{"latency":2.5}}`,
		"alerts!", `{"webhook":"https://hooks.example.com/T0K","thresholds":{"latency-p99":0.5}}`,
		"cache", "")
	want := c
	want.Region, want.Tags = "eu-central-1", map[string]string{"team": "web", "cost": "7"}
	want.App.Name, want.App.CPU, want.App.Memory, want.App.Port = "links", 1, 2*Gi, 3000
	want.App.Replicas = Replicas{Min: 3, Max: 5}
	want.App.Env = map[string]string{"LEVEL": "3", "VERBOSE": "true"}
	want.App.Migrate, want.App.Drain = []string{"migrate", "--all"}, 90*time.Second
	want.App.HealthPath, want.App.Path = "/healthz", "app"
	want.Domain = Domain{Name: "links.example.com", Zone: "example.com"}
	want.Database = Database{Enabled: true, Version: 16, Size: "medium", Storage: Ti, HA: true, BackupDays: 14, DeletionProtection: true}
	want.Cache = Cache{Enabled: true, Size: "medium", HA: true}
	want.Secrets = map[string]Secret{"TOKEN": "t0p"}
	want.Rollout = Rollout{Strategy: StrategyCanary, Steps: []int{10, 100}, Bake: 5 * time.Minute, Keep: time.Hour, Gates: []string{"uptime"},
		SmokePath: "/readyz", MinRequests: 100, WhenQuiet: "synthetic", Margin: Margin{ErrorRate: 1, Latency: 2.5}}
	want.Alerts = Alerts{Webhook: "https://hooks.example.com/T0K", Thresholds: map[string]float64{"latency-p99": 0.5}}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("got  %+v\nwant %+v", c, want)
	}
	if c.Secrets["TOKEN"].Reveal() != "t0p" {
		t.Error("the secret isn't there")
	}
}

func TestOnlyTheProjectsNamespaceIsRead(t *testing.T) {
	in := Input{Project: "shop", Stack: "dev", Values: map[string]string{"shop:cloud": "docker", "slipway:cloud": "aws", "slipway:x": "y"}}
	c, err := Load(in)
	if err != nil || c.Cloud != CloudDocker || c.App.Name != "shop" {
		t.Errorf("got %+v, %v", c, err)
	}
	in.Values["shop:x"] = "y"
	if _, err := Load(in); err == nil || !strings.Contains(err.Error(), "shop:x = \"y\": unknown key") {
		t.Errorf("unknown key: %v", err)
	}
	if _, err := Load(Input{Stack: "dev"}); err == nil {
		t.Error("no project name, but no error")
	}
}

func TestDerivedDefaults(t *testing.T) {
	for _, row := range []struct {
		name string
		kv   []string
		got  func(Config) any
		want any
	}{
		{"memory follows cpu", []string{"cloud", "aws", "app", `{"cpu":2}`}, func(c Config) any { return c.App.Memory }, 4 * Gi},
		{"cpu follows memory", []string{"cloud", "aws", "app", `{"memory":"4Gi"}`}, func(c Config) any { return c.App.CPU }, 0.5},
		{"cpu follows memory on gcp", []string{"cloud", "gcp", "app", `{"memory":"6Gi"}`}, func(c Config) any { return c.App.CPU }, 2.0},
		{"memory follows cpu on azure", []string{"cloud", "azure", "app", `{"cpu":1.5}`}, func(c Config) any { return c.App.Memory }, 3 * Gi},
		{"max follows min", []string{"cloud", "aws", "app", `{"replicas":{"min":20}}`}, func(c Config) any { return c.App.Replicas.Max }, 20},
		{"no autoscaling on docker", []string{"cloud", "docker", "app", `{"replicas":{"min":1}}`}, func(c Config) any { return c.App.Replicas.Max }, 1},
		{"image instead of source", []string{"cloud", "aws", "app", `{"image":"x@sha256:1"}`}, func(c Config) any { return c.App.Path + c.App.Dockerfile }, ""},
		{"gates", []string{"cloud", "aws"}, func(c Config) any { return len(c.Rollout.Gates) }, len(namedSet("gates"))},
		{"no gates", []string{"cloud", "aws", "rollout", `{"gates":[]}`}, func(c Config) any { return len(c.Rollout.Gates) }, 0},
		{"smoke path", []string{"cloud", "aws", "tier", "prod", "app", `{"readyPath":"/up"}`}, func(c Config) any { return c.Rollout.SmokePath }, "/up"},
		{"front door for a cdn", []string{"cloud", "azure", "edge", `{"cdn":["/static/"]}`}, func(c Config) any { return c.Azure.FrontDoor }, "standard"},
		{"front door for a waf", []string{"cloud", "azure", "edge", `{"waf":true}`}, func(c Config) any { return c.Azure.FrontDoor }, "premium"},
		{"front door for a canary", []string{"cloud", "azure", "rollout", `{"strategy":"canary"}`}, func(c Config) any { return c.Azure.FrontDoor }, "standard"},
		{"its rate limit", []string{"cloud", "azure", "edge", `{"waf":true}`}, func(c Config) any { return c.Edge.RateLimit }, 600},
		{"no two versions without load balancer", []string{"cloud", "gcp", "tier", "prod"}, func(c Config) any { return c.Rollout.Strategy }, StrategyRolling},
		{"no rate limit without load balancer", []string{"cloud", "gcp", "tier", "prod"}, func(c Config) any { return [2]any{c.Edge.RateLimit, c.Edge.WAF} }, [2]any{0, false}},
		{"name from the project", []string{"cloud", "aws"}, func(c Config) any { return c.App.Name }, project},
	} {
		if got := row.got(mustLoad(t, row.kv...)); !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s: got %v, want %v", row.name, got, row.want)
		}
	}
}

func TestNameThatCannotBeDerived(t *testing.T) {
	_, err := Load(Input{Project: "1.2", Stack: "s", Values: map[string]string{"1.2:cloud": "docker"}})
	if err == nil || !strings.Contains(err.Error(), "1.2:app.name: required") {
		t.Error(err)
	}
	c, err := Load(Input{Project: "My_Shop.2", Stack: "s", Values: map[string]string{"My_Shop.2:cloud": "docker"}})
	if err != nil || c.App.Name != "my-shop-2" {
		t.Error(c.App.Name, err)
	}
}

// TestAppPath: a build context with the state in it would be a new version at every run, with the passphrase in its image.
func TestAppPath(t *testing.T) {
	for path, allowed := range map[string]bool{
		"app": true, "./cmd/app": true, "../hello.d": true, ".slipway2": true,
		".": false, "./": false, "/": false, "..": false, "app/../../..": false, "./.slipway/work": false,
	} {
		_, err := Load(input("cloud", "docker", "app", `{"path":"`+path+`"}`))
		if want := `slipway:app.path = "` + path + `": the build context would hold .slipway`; allowed != (err == nil) || !allowed && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", path, err)
		}
	}
}

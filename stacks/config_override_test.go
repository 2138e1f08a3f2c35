package stacks

import (
	"maps"
	"strings"
	"testing"
)

func TestApplyOverrides(t *testing.T) {
	for _, row := range []struct {
		name string
		old  map[string]string
		kv   []string
		want map[string]string
	}{
		{"nothing", nil, nil, map[string]string{}},
		{"top level", map[string]string{"p:cloud": "docker"}, []string{"cloud=aws", "tier=\"prod\"", "region="}, map[string]string{"p:cloud": "aws", "p:tier": "prod", "p:region": ""}},
		{"typed", nil, []string{"app.replicas.min=3", "app.cpu=0.25", "database.ha=true", "app.name=links", "app.env.A=\"3\"", "app.memory=1Gi"}, map[string]string{
			"p:app": `{"cpu":0.25,"env":{"A":"3"},"memory":"1Gi","name":"links","replicas":{"min":3}}`, "p:database": `{"ha":true}`}},
		{"keeps the rest", map[string]string{"p:app": `{"cpu":1.50,"env":{"A":1}}`}, []string{"app.env.B=x=y"}, map[string]string{"p:app": `{"cpu":1.50,"env":{"A":1,"B":"x=y"}}`}},
		{"lists", map[string]string{"p:alerts": `{"emails":["a@b.example"]}`}, []string{"alerts.emails[1]=c@d.example", "rollout.steps=[5, 100]", "alerts.emails[0]=e@f.example"},
			map[string]string{"p:alerts": `{"emails":["e@f.example","c@d.example"]}`, "p:rollout": `{"steps":[5,100]}`}},
		{"null removes", map[string]string{"p:rollout": `{"steps":[5,100],"bake":"1m","gates":["a","b"]}`, "p:cache": `{}`}, []string{"rollout.steps=null", "rollout.gates[0]=null", "cache=null"},
			map[string]string{"p:rollout": `{"bake":"1m","gates":["b"]}`}},
		{"brackets and namespaces", nil, []string{`app.env["A.B"]=x`, "p:tier=prod", "aws:region=eu-west-1", "tags=" + `{"a":"b"}`},
			map[string]string{"p:app": `{"env":{"A.B":"x"}}`, "p:tier": "prod", "aws:region": "eu-west-1", "p:tags": `{"a":"b"}`}},
		{"empty text is no object", map[string]string{"p:app": ""}, []string{"app.port=1"}, map[string]string{"p:app": `{"port":1}`}},
		{"text that only begins like JSON", nil, []string{"app.name={x", "region=1-2"}, map[string]string{"p:app": `{"name":"{x"}`, "p:region": "1-2"}},
	} {
		before := maps.Clone(row.old)
		got, err := ApplyOverrides(row.old, "p", row.kv)
		if err != nil || !maps.Equal(got, row.want) {
			t.Errorf("%s: got %v, %v, want %v", row.name, got, err, row.want)
		}
		if !maps.Equal(before, row.old) {
			t.Errorf("%s: the argument was changed", row.name)
		}
	}
}

func TestApplyOverridesReportsAll(t *testing.T) {
	_, err := ApplyOverrides(map[string]string{"p:app": "t0p", "p:tags": `{"a":["x"]}`}, "p", []string{
		"nonsense", "=t0p", "app.x=t0p", "a[=t0p", "[0]=t0p", "tags.a[2]=t0p", "tags.a.b=t0p", "tags[0]=t0p", "tags.a[0].b=t0p",
	})
	want := []string{
		"a setting must be key=value, such as app.replicas.min=3",
		"a setting must be key=value, such as app.replicas.min=3",
		"setting app.x: app holds a text, not an object",
		"setting a[: not a key path such as app.replicas.min",
		"setting [0]: a key path starts with a name",
		"setting tags.a[2]: no item 2: items are added one after the other, from 0",
		`setting tags.a.b: "b" is not in an object`,
		"setting tags[0]: no item 0: items are added one after the other, from 0",
		`setting tags.a[0].b: "b" is not in an object`,
	}
	if err == nil || err.Error() != strings.Join(want, "\n") {
		t.Errorf("got\n%v", err)
	}
}

// TestOverridesLoad shows that what overrides write is what Load reads.
func TestOverridesLoad(t *testing.T) {
	values, err := ApplyOverrides(map[string]string{"slipway:cloud": "docker"}, project, []string{
		"cloud=aws", "app.replicas.min=3", "app.cpu=1", "rollout.strategy=canary", "rollout.steps=[10,100]", "edge.cdn[0]=/static/", "app.env.DEBUG=true",
	})
	if err != nil {
		t.Fatal(err)
	}
	c, err := Load(Input{Project: project, Values: values})
	if err != nil || c.Cloud != CloudAWS || c.App.Replicas.Min != 3 || c.App.Memory != 2*Gi || c.Rollout.Steps[0] != 10 || c.Edge.CDN[0] != "/static/" || c.App.Env["DEBUG"] != "true" {
		t.Errorf("%+v, %v", c, err)
	}
}

func FuzzApplyOverrides(f *testing.F) {
	f.Add(`{"a":[1,{"b":null}]}`, "app.a[1].b", "x")
	f.Add(`[]`, `app["x"][0]`, "null")
	f.Fuzz(func(_ *testing.T, old, key, value string) {
		values, err := ApplyOverrides(map[string]string{"p:app": old, "p:cloud": "aws"}, "p", []string{key + "=" + value})
		if err == nil {
			_, _ = Load(Input{Project: "p", Values: values}) // must not panic
		}
	})
}

package stacks

import (
	"strings"
	"testing"
	"time"
)

// input builds an Input for project "slipway" out of key, value pairs; a key
// with a trailing "!" is a secret one.
func input(kv ...string) Input {
	in := Input{Project: "slipway", Stack: "test", Values: map[string]string{}}
	for i := 0; i < len(kv); i += 2 {
		key, secret := strings.CutSuffix(kv[i], "!")
		if !strings.Contains(key, ":") {
			key = "slipway:" + key
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

func TestTmp(t *testing.T) {
	for _, c := range []string{"docker", "aws", "azure", "gcp"} {
		for _, tier := range []string{"dev", "prod"} {
			cfg := mustLoad(t, "cloud", c, "tier", tier)
			v, w := Guardrails(cfg)
			t.Logf("%+v\n%v %v", cfg, v, w)
		}
	}
	_, err := Load(input("cloud", "asw", "ap", `{"x":1}`, "app", `{"prot":3,"cpu":"x","replicas":{"min":0,"mx":3}}`, "database.ha", "true", "port", "3"))
	t.Log(err)
	_ = time.Second
}

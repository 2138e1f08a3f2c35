package main

import (
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/slipway-iac/slipway/tools/plugin/plugintest"
)

const (
	passwordToken = "random:index/randomPassword:RandomPassword"
	stringToken   = "random:index/randomString:RandomString"
	idToken       = "random:index/randomId:RandomId"
	bytesToken    = "random:index/randomBytes:RandomBytes"
)

func TestPassword(t *testing.T) {
	engine := plugintest.Start(t, provider())
	for _, c := range []struct {
		name  string
		in    map[string]any
		right func(string) bool
	}{
		{"all classes by default", map[string]any{"length": 200}, func(s string) bool {
			return strings.ContainsAny(s, "!@#$%&*()-_=+[]{}<>:?") && strings.ContainsAny(s, "0123456789") &&
				strings.ToLower(s) != s && strings.ToUpper(s) != s
		}},
		{"digits only", map[string]any{"length": 40, "special": false, "lower": false, "upper": false},
			func(s string) bool { return strings.Trim(s, "0123456789") == "" }},
		{"the older name of numeric", map[string]any{"length": 200, "number": false},
			func(s string) bool { return !strings.ContainsAny(s, "0123456789") }},
		{"own special characters", map[string]any{"length": 60, "overrideSpecial": "_", "minSpecial": 9}, func(s string) bool {
			return strings.Count(s, "_") >= 9 && !strings.ContainsAny(s, "!@#$%&*()-=+[]{}<>:?")
		}},
		{"at least", map[string]any{"length": 10, "minUpper": 4, "minLower": 3, "minNumeric": 3}, func(s string) bool {
			count := func(class string) int {
				return len(s) - len(strings.Map(func(r rune) rune {
					if strings.ContainsRune(class, r) {
						return -1
					}
					return r
				}, s))
			}
			return count(classes[3].characters) == 4 && count(classes[2].characters) == 3 && count("0123456789") == 3
		}},
		{"longer than bcrypt takes", map[string]any{"length": 100}, func(s string) bool { return len(s) == 100 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			id, state := engine.Create(passwordToken, plugintest.Props(c.in))
			result := plugintest.Text(state["result"])
			if !c.right(result) || float64(len(result)) != state["length"].NumberValue() {
				t.Errorf("%q isn't right", result)
			}
			if id != "none" || !state["result"].IsSecret() || !state["bcryptHash"].IsSecret() {
				t.Errorf("id %q, or a secret isn't marked", id)
			}
			hash := []byte(plugintest.Text(state["bcryptHash"]))
			if err := bcrypt.CompareHashAndPassword(hash, []byte(result)[:min(len(result), bcryptLimit)]); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestWrongInputs(t *testing.T) {
	engine := plugintest.Start(t, provider())
	for _, c := range []struct {
		name, token string
		in          map[string]any
		want        []string
	}{
		{"too short", passwordToken, map[string]any{"length": 3, "minUpper": 2, "minLower": 2}, []string{"length (3) must not be less"}},
		{"several", passwordToken, map[string]any{"length": 0, "minUpper": -1, "uper": true},
			[]string{"length must be at least 1", "minUpper must be at least 0", "uper is not a property"}},
		{"nothing to draw from", stringToken, map[string]any{"length": 3, "lower": false, "upper": false, "special": false, "numeric": false},
			[]string{"must be true"}},
		{"both names", stringToken, map[string]any{"length": 3, "number": false, "numeric": true}, []string{"both are given and differ"}},
		{"no length", bytesToken, nil, []string{"length is required"}},
		{"no byte length", idToken, map[string]any{"byteLength": 0}, []string{"byteLength must be at least 1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, failures := engine.Check(c.token, plugintest.Props(c.in))
			if len(failures) != len(c.want) {
				t.Fatalf("failures %q", failures)
			}
			for i, want := range c.want {
				if !strings.Contains(failures[i], want) {
					t.Errorf("%q has no %q", failures[i], want)
				}
			}
		})
	}
}

func TestString(t *testing.T) {
	engine := plugintest.Start(t, provider())
	id, state := engine.Create(stringToken, plugintest.Props(map[string]any{"length": 12}))
	if state["result"].IsSecret() || id != plugintest.Text(state["result"]) || len(id) != 12 || !state["number"].BoolValue() {
		t.Errorf("id %q, state %v", id, state)
	}
}

func TestKeepersReplace(t *testing.T) {
	engine := plugintest.Start(t, provider())
	in := plugintest.Props(map[string]any{"length": 12, "keepers": map[string]any{"v": "1"}})
	_, state := engine.Create(passwordToken, in)
	if diffs, _ := engine.Diff(passwordToken, state, in); len(diffs) != 0 {
		t.Errorf("diffs %v without a change", diffs)
	}
	in["keepers"] = resource.NewProperty(plugintest.Props(map[string]any{"v": "2"}))
	if _, replaces := engine.Diff(passwordToken, state, in); !strings.Contains(strings.Join(replaces, " "), "keepers") {
		t.Errorf("replaces %v", replaces)
	}
}

func TestID(t *testing.T) {
	engine := plugintest.Start(t, provider())
	id, state := engine.Create(idToken, plugintest.Props(map[string]any{"byteLength": 8, "prefix": "p-"}))
	raw, err := base64.RawURLEncoding.DecodeString(id)
	if err != nil || len(raw) != 8 {
		t.Fatalf("id %q: %v", id, err)
	}
	for key, want := range map[resource.PropertyKey]string{
		"b64Url": "p-" + id, "b64Std": "p-" + base64.StdEncoding.EncodeToString(raw), "hex": "p-" + hex.EncodeToString(raw),
		"dec": "p-" + new(big.Int).SetBytes(raw).String(),
	} {
		if got := plugintest.Text(state[key]); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
}

func TestBytes(t *testing.T) {
	engine := plugintest.Start(t, provider())
	id, state := engine.Create(bytesToken, plugintest.Props(map[string]any{"length": 32}))
	raw, err := base64.StdEncoding.DecodeString(plugintest.Text(state["base64"]))
	if err != nil || len(raw) != 32 || plugintest.Text(state["hex"]) != hex.EncodeToString(raw) {
		t.Errorf("state %v: %v", state, err)
	}
	if !state["base64"].IsSecret() || !state["hex"].IsSecret() || strings.Contains(id, plugintest.Text(state["base64"])) {
		t.Errorf("the secret is in the id %q or isn't marked", id)
	}
}

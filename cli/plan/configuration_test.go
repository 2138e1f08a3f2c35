package plan

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-iac/slipway/stacks"
)

// checkout is a project's folder with a stack called dev.
func checkout(t *testing.T, stack string) string {
	t.Helper()
	root := t.TempDir()
	must(t, os.WriteFile(filepath.Join(root, "Pulumi.yaml"), []byte(`name: shop
runtime: go
config:
  pulumi:disable-default-providers:
    value: ["*"]
  tier: {type: string, default: dev}
  app: {type: object, default: {}}
  aws:profile: {value: work}
`), 0o600))
	must(t, os.WriteFile(filepath.Join(root, "Pulumi.dev.yaml"), []byte(stack), 0o600))
	return root
}

const encryptedStack = `encryptionsalt: v1:nobody:knows
config:
  shop:cloud: aws
  shop:region: eu-west-1
  shop:app:
    replicas: {min: 3}
  shop:secrets:
    SMTP_PASSWORD:
      secure: v1:cipher-one
    OTHER:
      secure: v1:cipher-two
  shop:alerts:
    emails: [oncall@example.com]
    webhook:
      secure: v1:cipher-three
  aws:region: us-west-2
  aws:secretKey:
    secure: v1:cipher-four
`

// A fork has no key: nothing is decrypted, and the configuration is complete all the same.
func TestConfigure(t *testing.T) {
	c, err := Configure(checkout(t, encryptedStack), "dev", []string{"app.replicas.max=5"})
	must(t, err)
	for key, want := range map[string]string{
		"shop:cloud": "aws", "shop:tier": "dev", "shop:app": `{"replicas":{"max":5,"min":3}}`, "shop:secrets": `{"OTHER":"simulated","SMTP_PASSWORD":"simulated"}`,
		"shop:alerts": `{"emails":["oncall@example.com"],"webhook":"https://simulated.invalid/"}`,
	} {
		if got := c.Input.Values[key]; got != want {
			t.Errorf("%s is %s, want %s", key, got, want)
		}
	}
	if want := []string{"shop:alerts", "shop:secrets"}; !slices.Equal(c.Input.SecretKeys, want) || !c.Input.Simulated {
		t.Errorf("the secret keys are %v, want %v", c.Input.SecretKeys, want)
	}
	if len(c.Other) != 2 || c.Other["aws:region"] != "us-west-2" || c.Other["aws:profile"] != "work" {
		t.Errorf("the other keys are %v", c.Other)
	}
	if want := []string{"aws:secretKey", "shop:alerts.webhook", "shop:secrets.OTHER", "shop:secrets.SMTP_PASSWORD"}; !slices.Equal(c.Concealed, want) {
		t.Errorf("concealed are %v, want %v", c.Concealed, want)
	}
	config, err := stacks.Load(c.Input)
	must(t, err)
	if config.Secrets["OTHER"].Reveal() != "simulated" || config.App.Replicas.Min != 3 {
		t.Errorf("loaded is %+v", config)
	}
}

// A secret that is typed at the command line does not get into the program either.
func TestConfigureConcealsTheCommandLine(t *testing.T) {
	c, err := Configure(checkout(t, encryptedStack), "dev", []string{"secrets.TYPED=hunter2", "alerts.webhook=https://hooks.example.com/hunter2"})
	must(t, err)
	for key, value := range c.Input.Values {
		if strings.Contains(value, "hunter2") {
			t.Errorf("%s is %s", key, value)
		}
	}
	if _, err := stacks.Load(c.Input); err != nil {
		t.Error(err)
	}
}

func TestConfigureWholesale(t *testing.T) {
	c, err := Configure(checkout(t, "config:\n  shop:cloud: docker\n  shop:secrets:\n    secure: v1:everything\n  shop:alerts:\n    emails:\n      - secure: v1:address\n"), "dev", nil)
	must(t, err)
	if c.Input.Values["shop:secrets"] != "{}" || c.Input.Values["shop:alerts"] != `{"emails":["simulated@simulated.invalid"]}` {
		t.Errorf("got %v", c.Input.Values)
	}
	if want := []string{"shop:alerts.emails[0]", "shop:secrets"}; !slices.Equal(c.Concealed, want) {
		t.Errorf("concealed are %v", c.Concealed)
	}
}

func TestConfigureFails(t *testing.T) {
	root := checkout(t, "config:\n  shop:cloud: aws\n")
	for _, row := range []struct {
		root, stack string
		overrides   []string
		want        string
	}{
		{t.TempDir(), "dev", nil, "reading the project"},
		{root, "prod", nil, "there is no Pulumi.prod.yaml"},
		{checkout(t, "config: ["), "dev", nil, "reading the stack's file"},
		{root, "dev", []string{"nonsense"}, "key=value"},
	} {
		if _, err := Configure(row.root, row.stack, row.overrides); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("got %v, want %q", err, row.want)
		}
	}
}

package azure

import (
	"slices"
	"strings"
	"testing"

	app "github.com/pulumi/pulumi-azure-native-sdk/app/v2/v20241002preview"
)

// The name of a secret changes with its version and with nothing else.
func TestSecretNames(t *testing.T) {
	first := secretName("app", "API_KEY", "https://kv.vault.azure.net/secrets/app-API-KEY/1")
	if again := secretName("app", "API_KEY", "https://kv.vault.azure.net/secrets/app-API-KEY/1"); again != first || !strings.HasPrefix(first, "app-api-key-") {
		t.Errorf("one version is %q and %q", first, again)
	}
	if second := secretName("app", "API_KEY", "https://kv.vault.azure.net/secrets/app-API-KEY/2"); second == first {
		t.Errorf("two versions are %q", first)
	}
	if other := secretName("app", "API-KEY", "https://kv.vault.azure.net/secrets/app-API-KEY/1"); other == first {
		t.Errorf("two variables are %q", first)
	}
}

// What a revision that is still active may use stays in the app; what none uses goes with the next change.
func TestKeptSecrets(t *testing.T) {
	secret := func(name string) app.SecretResponse {
		url, id := "https://kv/"+name, "id"
		return app.SecretResponse{Name: &name, KeyVaultUrl: &url, Identity: &id}
	}
	row := func(revision string) app.TrafficWeightResponse {
		return app.TrafficWeightResponse{RevisionName: &revision}
	}
	own := func(names ...string) (all []app.Secret) {
		for _, name := range names {
			all = append(all, app.Secret{Name: &name})
		}
		return all
	}
	b := "b-2"
	running := func(ready string, traffic ...app.TrafficWeightResponse) *runningApp {
		return &runningApp{
			LatestRevisionName: "x--2", LatestReadyRevisionName: ready,
			Configuration: &app.ConfigurationResponse{
				Secrets: []app.SecretResponse{secret("a-1"), secret("b-1"), secret("b-2")}, Ingress: &app.IngressResponse{Traffic: traffic},
			},
			Template: &app.TemplateResponse{Containers: []app.ContainerResponse{{Env: []app.EnvironmentVarResponse{{SecretRef: &b}}}}},
		}
	}
	for _, c := range []struct {
		name string
		app  *runningApp
		own  []app.Secret
		want []string
	}{
		{"there is no app yet", nil, own("b-3"), nil},
		{"a secret is replaced: the latest revision uses the one before", running("x--2"), own("b-3"), []string{"b-2"}},
		{"nothing is new: nothing goes", running("x--2"), own("b-2"), []string{"a-1", "b-1"}},
		{"a secret is removed: the latest revision uses it", running("x--2"), own(), []string{"a-1", "b-1", "b-2"}},
		{"the latest revision is not ready", running("x--1"), own("b-3"), []string{"a-1", "b-1", "b-2"}},
		{"two slots", running("x--2", row("x--1"), row("x--2")), own("b-3"), []string{"a-1", "b-1", "b-2"}},
		{"one slot", running("x--2", row("x--2")), own("b-3"), []string{"b-2"}},
	} {
		var got []string
		for _, s := range c.app.kept(c.own) {
			got = append(got, *s.Name)
			if s.KeyVaultUrl == nil || s.Identity == nil {
				t.Errorf("%s: %s is kept without its address", c.name, *s.Name)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: kept are %v, want %v", c.name, got, c.want)
		}
	}
}

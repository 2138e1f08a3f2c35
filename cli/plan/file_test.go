package plan

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"

	"github.com/slipway-iac/slipway/cli/simulate"
)

func urn(token, name string) resource.URN {
	return resource.URN("urn:pulumi:dev::shop::" + token + "::" + name)
}

func hidden(value any) map[string]any {
	text, _ := json.Marshal(value)
	return map[string]any{secretKey: resource.SecretSig, plaintext: string(text)}
}

// state is one as the engine has it, with a provider whose id is id.
func state(id string) *apitype.DeploymentV3 {
	now := time.Now()
	ref := string(urn("pulumi:providers:docker", "docker")) + "::" + id
	custom := func(token, name string, inputs map[string]any, needs ...resource.URN) apitype.ResourceV3 {
		return apitype.ResourceV3{
			URN: urn(token, name), Type: tokens.Type(token), ID: resource.ID(name), Custom: true, Provider: ref, Inputs: inputs, Dependencies: needs, Created: &now, Modified: &now,
			SourcePosition: "project:///main.go#1,2", PropertyDependencies: map[resource.PropertyKey][]resource.URN{"a": needs},
		}
	}
	b := custom("docker:index/volume:Volume", "b", nil)
	return &apitype.DeploymentV3{
		Manifest:         apitype.ManifestV1{Time: now},
		SecretsProviders: &apitype.SecretsProvidersV1{Type: "passphrase"},
		Resources: []apitype.ResourceV3{
			{URN: urn("pulumi:pulumi:Stack", "shop-dev"), Type: "pulumi:pulumi:Stack"},
			{URN: urn("pulumi:providers:docker", "docker"), Type: "pulumi:providers:docker", Custom: true, ID: resource.ID(id)},
			b,
			custom("docker:index/container:Container", "a", map[string]any{
				"image": "/home/me/shop/x", "nested": []any{map[string]any{"password": hidden("hunter2-hunter2")}},
				"all": hidden(map[string]any{"key": "other-secret", "list": []any{"third-secret", 1.0}, "inner": hidden("fourth-secret")}),
				"old": map[string]any{secretKey: resource.SecretSig, encrypted: "v1:abc"},
			}, b.URN),
		},
	}
}

func TestEncode(t *testing.T) {
	first, second := state("11111111-1111-4111-a111-111111111111"), state("22222222-2222-4222-a222-222222222222")
	slices.Reverse(second.Resources)
	a, err := Encode("/home/me/shop", first)
	must(t, err)
	b, err := Encode("/home/me/shop", second)
	must(t, err)
	if string(a) != string(b) {
		t.Errorf("two runs write different files:\n%s\n%s", a, b)
	}
	for _, gone := range []string{"hunter2", "other-secret", "third-secret", "fourth-secret", "/home/me", "v1:abc", "project:///", "11111111", "passphrase", time.Now().Format("2006-01")} {
		if strings.Contains(string(a), gone) {
			t.Errorf("%q is in the file", gone)
		}
	}
	var out struct {
		Version    int
		Deployment apitype.DeploymentV3
	}
	must(t, json.Unmarshal(a, &out))
	if out.Version != 3 || len(out.Deployment.Resources) != 4 {
		t.Fatalf("read back is %+v", out)
	}
	var names []string
	for _, r := range out.Deployment.Resources {
		names = append(names, r.URN.Name())
	}
	if slices.Index(names, "b") > slices.Index(names, "a") || slices.Index(names, "docker") > slices.Index(names, "b") {
		t.Errorf("the order is %v: what is needed must come first", names)
	}
	container := out.Deployment.Resources[slices.Index(names, "a")]
	if container.Inputs["image"] != "${project}/x" {
		t.Errorf("the image is %v", container.Inputs["image"])
	}
	if text := container.Inputs["all"].(map[string]any)[plaintext].(string); strings.Count(text, "simulated secret") != 3 {
		t.Errorf("the secret became %s", text)
	}
	if first.Resources[3].Inputs["image"] != "/home/me/shop/x" {
		t.Error("the state itself was changed")
	}
}

func TestWriteAndRead(t *testing.T) {
	file := filepath.Join(t.TempDir(), "plan.json")
	must(t, Write(file, "/home/me/shop", state("1")))
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file has mode %v, %v", info.Mode(), err)
	}
	got, err := Read(file, "shop", "dev")
	must(t, err)
	if len(got.Resources) != 4 {
		t.Errorf("read is %+v", got)
	}
	if err := Write(filepath.Join(file, "below"), "/", state("1")); err == nil {
		t.Error("a file was written below a file")
	}
	broken := state("1")
	broken.Resources[3].Inputs["bad"] = map[string]any{secretKey: resource.SecretSig, plaintext: "no JSON"}
	if err := Write(file, "/", broken); err == nil || !strings.Contains(err.Error(), "masking the secrets of") {
		t.Errorf("got %v", err)
	}
	for name, row := range map[string]struct{ text, want string }{
		"of another stack": {`{"version":3,"deployment":{"resources":[{"urn":"urn:pulumi:prod::shop::a:b:C::x","type":"a:b:C","custom":true}]}}`, "of stack prod of project shop, not of stack dev"},
		"no JSON":          {`nonsense`, "neither a plan nor the output of `pulumi stack export`"},
		"another JSON":     {`{}`, "neither a plan nor"},
		"too old":          {`{"version":1,"deployment":{}}`, "version 1 of the format"},
		"of another form":  {`{"version":3,"deployment":[]}`, "version 3"},
	} {
		must(t, os.WriteFile(file, []byte(row.text), 0o600))
		if _, err := Read(file, "shop", "dev"); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got %v, want %q", name, err, row.want)
		}
	}
	if _, err := Read(file+".gone", "shop", "dev"); err == nil || !strings.Contains(err.Error(), "there is no file") {
		t.Errorf("got %v", err)
	}
	if _, err := Read(t.TempDir(), "shop", "dev"); err == nil {
		t.Error("a folder was read")
	}
}

// A state that was read gets back the secrets that the program still has; the others stay marks, and so differ.
func TestPrepare(t *testing.T) {
	now := state("1")
	text, err := Encode("/base", now)
	must(t, err)
	var outer apitype.UntypedDeployment
	must(t, json.Unmarshal(text, &outer))
	base := &apitype.DeploymentV3{}
	must(t, json.Unmarshal(outer.Deployment, base))
	at := slices.IndexFunc(base.Resources, func(r apitype.ResourceV3) bool { return r.URN.Name() == "a" })
	delete(now.Resources[3].Inputs, "all")
	base.Resources[at].Protect = true
	base.Resources[at].Outputs = map[string]any{"old": map[string]any{secretKey: resource.SecretSig, encrypted: "v1:abc"}}
	now.Resources[3].Outputs = map[string]any{"old": hidden("of the right type")}
	got, err := prepare(base, now, "/head")
	must(t, err)
	r := got.Resources[at]
	if r.Protect || got.SecretsProviders != nil {
		t.Error("the protection would end the comparison")
	}
	if text := r.Inputs["nested"].([]any)[0].(map[string]any)["password"].(map[string]any)[plaintext]; text != `"hunter2-hunter2"` {
		t.Errorf("the secret came back as %s", text)
	}
	if text := r.Inputs["all"].(map[string]any)[plaintext].(string); !strings.Contains(text, "simulated secret") {
		t.Errorf("a secret that is gone came back as %s", text)
	}
	if text := r.Inputs["old"].(map[string]any)[plaintext].(string); !strings.Contains(text, simulate.UnreadableSecret()) {
		t.Errorf("what nobody can read became %s", text)
	}
	if text := r.Outputs["old"].(map[string]any)[plaintext]; text != `"of the right type"` {
		t.Errorf("an output that nobody can read became %s", text)
	}
}

func TestComponents(t *testing.T) {
	parent := func(token, name string, above resource.URN) apitype.ResourceV3 {
		return apitype.ResourceV3{URN: urn(token, name), Type: tokens.Type(token), Parent: above}
	}
	platform := parent("slipway:aws:Platform", "aws", urn("pulumi:pulumi:Stack", "shop-dev"))
	service := parent("slipway:components:Service", "links", platform.URN)
	database := parent("slipway:components:Database", "database", platform.URN)
	f := familyOf(nil, &apitype.DeploymentV3{Resources: []apitype.ResourceV3{
		platform, service, database, parent("aws:ecs/cluster:Cluster", "main", service.URN), parent("aws:rds/instance:Instance", "db", database.URN),
		parent("aws:ec2/vpc:Vpc", "net", platform.URN), parent("aws:ec2/vpc:Vpc", "alone", ""),
	}})
	for name, want := range map[resource.URN]string{
		urn("aws:ecs/cluster:Cluster", "main"): "service links", urn("aws:rds/instance:Instance", "db"): "database", urn("aws:ec2/vpc:Vpc", "net"): "platform", urn("aws:ec2/vpc:Vpc", "alone"): "stack",
	} {
		if got := f.component(name); got != want {
			t.Errorf("%s belongs to %q, want %q", name, got, want)
		}
	}
	for token, want := range map[string]string{
		"aws:rds/instance:Instance": "rds.Instance", "docker:index/volume:Volume": "docker.Volume", "azure-native:app/v20240301:ContainerApp": "app.ContainerApp",
		"pulumi:providers:aws": "provider.aws", "odd": "odd",
	} {
		if got := (Resource{Type: token}).kind(); got != want {
			t.Errorf("%s is called %q, want %q", token, got, want)
		}
	}
}

func TestChangesOfSteps(t *testing.T) {
	old := func(protect bool, inputs map[string]any) *apitype.DeploymentV3 {
		return &apitype.DeploymentV3{Resources: []apitype.ResourceV3{{URN: urn("aws:rds/instance:Instance", "db"), Type: "aws:rds/instance:Instance", Custom: true, Protect: protect, Inputs: inputs}}}
	}
	step := func(op apitype.OpType, custom bool, paths ...string) apitype.StepEventMetadata {
		m := apitype.StepEventMetadata{Op: op, URN: string(urn("aws:rds/instance:Instance", "db")), Type: "aws:rds/instance:Instance", New: &apitype.StepEventStateMetadata{Custom: custom}, DetailedDiff: map[string]apitype.PropertyDiff{}}
		for _, p := range paths {
			path, replaces := strings.CutSuffix(p, "!")
			kind := apitype.DiffUpdate
			if replaces {
				kind = apitype.DiffUpdateReplace
			}
			m.DetailedDiff[path] = apitype.PropertyDiff{Kind: kind}
		}
		return m
	}
	got := changesOf([]apitype.StepEventMetadata{
		step(apitype.OpCreateReplacement, true, "kmsKeyId!", "tags"), step(apitype.OpReplace, true, "kmsKeyId!"), step(apitype.OpDeleteReplaced, true),
	}, old(true, nil), nil)
	if len(got) != 1 || got[0].Action != Replaced || got[0].Protection != "protect" || !slices.Equal(got[0].Properties, []string{"kmsKeyId", "tags"}) || !slices.Equal(got[0].Forcing, []string{"kmsKeyId"}) {
		t.Errorf("got %+v", got)
	}
	got = changesOf([]apitype.StepEventMetadata{step(apitype.OpDelete, true)}, old(false, map[string]any{"deletionProtection": true}), nil)
	if len(got) != 1 || !got[0].Risky() || got[0].Protection != "deletionProtection" {
		t.Errorf("got %+v", got)
	}
	if got := changesOf([]apitype.StepEventMetadata{step(apitype.OpSame, true), step(apitype.OpUpdate, false)}, old(false, nil), nil); len(got) > 0 {
		t.Errorf("got %+v", got)
	}
}

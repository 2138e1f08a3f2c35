package cli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-iac/slipway/stacks"
)

// guarded is a stack that is up; its last update had other settings than the next one, or the same.
func guarded(t *testing.T, p *project, same bool) {
	t.Helper()
	place := stacks.Placement{Project: "slipway", Stack: "local", App: "app", Cloud: stacks.CloudDocker, Data: true, Settings: "other"}
	if same {
		c, err := stacks.Load(stacks.Input{Project: "slipway", Stack: "local", Values: map[string]string{"slipway:cloud": "docker"}})
		if err != nil {
			t.Fatal(err)
		}
		place = stacks.PlacementOf(c)
	}
	text := strings.ReplaceAll(fmt.Sprintf(`{"project":%q,"stack":%q,"app":%q,"cloud":%q,"data":%t,"settings":%q}`, place.Project, place.Stack, place.App, place.Cloud, place.Data, place.Settings), `"`, `\"`)
	p.answer(t, "export.json", `{"version":3,"deployment":{"manifest":{},"resources":[
 {"urn":"urn:pulumi:local::slipway::pulumi:pulumi:Stack::slipway-local","custom":false,"type":"pulumi:pulumi:Stack","outputs":{"placement":"`+text+`"}},
 {"urn":"urn:pulumi:local::slipway::docker:index/volume:Volume::data","custom":true,"id":"v","type":"docker:index/volume:Volume","parent":"urn:pulumi:local::slipway::pulumi:pulumi:Stack::slipway-local"}]}}`)
	url, ca := app(t, "")
	p.outputs(t, map[string]any{"url": url, "version": "v1", "ca": ca})
}

const losing = `{"resourcePreEvent":{"planning":true,"metadata":{"op":"delete","urn":"urn:pulumi:local::slipway::docker:index/volume:Volume::data","type":"docker:index/volume:Volume","old":{"urn":"urn:pulumi:local::slipway::docker:index/volume:Volume::data","type":"docker:index/volume:Volume","custom":true}}}}
{"summaryEvent":{"resourceChanges":{"delete":1}}}
`

func TestUpRefusesToLoseData(t *testing.T) {
	p := newProject(t)
	guarded(t, p, false)
	p.answer(t, "preview.json", losing)
	code, _, errOut := p.run(t, nil, "up")
	if code != exitFailed || len(p.calls(t, "up")) > 0 {
		t.Errorf("exit code %d, updates %q:\n%s", code, p.calls(t, "up"), errOut)
	}
	contains(t, errOut, "[loses data] Docker volume data would be deleted", "--replace data", "refused: nothing was changed")

	code, _, errOut = p.run(t, nil, "up", "--replace", "dat")
	if code != exitFailed || len(p.calls(t, "up")) > 0 {
		t.Errorf("with a misspelled name the exit code is %d, updates %q", code, p.calls(t, "up"))
	}
	contains(t, errOut, "--replace dat: the update would neither replace nor delete anything of that name")

	code, _, errOut = p.run(t, nil, "up", "--replace", "data")
	if code != exitOK || len(p.calls(t, "up")) != 1 {
		t.Errorf("with consent the exit code is %d, updates %q:\n%s", code, p.calls(t, "up"), errOut)
	}
}

// An update that only brings another version is not looked at twice.
func TestUpAsksForNoPreviewWithoutNewSettings(t *testing.T) {
	p := newProject(t)
	guarded(t, p, true)
	p.answer(t, "preview.json", losing)
	if code, _, errOut := p.run(t, nil, "up"); code != exitOK || len(p.calls(t, "preview")) > 0 {
		t.Errorf("exit code %d, previews %q:\n%s", code, p.calls(t, "preview"), errOut)
	}
	if code, _, _ := p.run(t, nil, "up", "-c", "app.port=9000"); code != exitFailed || len(p.calls(t, "preview")) != 1 {
		t.Errorf("with other settings the exit code is %d, previews %q", code, p.calls(t, "preview"))
	}
}

func TestUpStopsWhereThePreviewFails(t *testing.T) {
	p := newProject(t)
	guarded(t, p, false)
	p.answer(t, "preview.json", `{"diagnosticEvent":{"message":"this stack has data, which would not come along","severity":"error"}}`+"\n")
	p.answer(t, "fail-preview", "noise")
	code, _, errOut := p.run(t, nil, "up")
	if code != exitFailed || len(p.calls(t, "up")) > 0 {
		t.Errorf("exit code %d, updates %q", code, p.calls(t, "up"))
	}
	contains(t, errOut, "would not come along", "nothing was changed")
}

// A plan starts from another stack file, another checkout, or a commit.
func TestPlanFrom(t *testing.T) {
	p := newProject(t)
	p.answer(t, "export.json", simulatedState)
	write(t, filepath.Join(p.root, "Pulumi.other.yaml"), "config:\n  slipway:cloud: docker\n  slipway:tier: prod\n")
	other := t.TempDir()
	write(t, filepath.Join(other, "go.mod"), "module other\n\ngo 1.24\n")
	write(t, filepath.Join(other, "main.go"), "package main\n\nimport \"os\"\n\nfunc main() {\n\tif err := os.WriteFile(os.Args[len(os.Args)-1], []byte(`"+simulatedState+"`), 0o600); err != nil {\n\t\tos.Exit(1)\n\t}\n}\n")
	goHome, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOROOT", strings.TrimSpace(string(goHome)))
	t.Setenv("GOFLAGS", "-buildvcs=false")
	for _, from := range []string{"Pulumi.other.yaml", other} {
		code, out, errOut := p.run(t, nil, "plan", "--from", from)
		if code != exitOK {
			t.Errorf("--from %s: exit code %d:\n%s", from, code, errOut)
		}
		contains(t, out, "against "+from)
	}
	for _, row := range []struct{ from, want string }{
		{"gone", "there is no such file, folder or commit"},
		{t.TempDir(), "its own plan of stack \"local\" fails"},
	} {
		code, _, errOut := p.run(t, nil, "plan", "--from", row.from)
		if code != exitFailed {
			t.Errorf("--from %s: exit code %d", row.from, code)
		}
		contains(t, errOut, row.want)
	}
	if code, _, _ := p.run(t, nil, "plan", "--from", "a", "--against", "b"); code != exitUsage {
		t.Errorf("two starts: exit code %d", code)
	}
	commits(t, p.root, other)
	code, out, errOut := p.run(t, nil, "plan", "--from", "HEAD")
	if code != exitOK {
		t.Errorf("--from HEAD: exit code %d:\n%s", code, errOut)
	}
	contains(t, out, "against HEAD")
}

// commits makes root a repository whose only commit has the files of another folder.
func commits(t *testing.T, root, files string) {
	t.Helper()
	for _, name := range []string{"go.mod", "main.go"} {
		write(t, filepath.Join(root, name), read(t, filepath.Join(files, name)))
	}
	for _, args := range [][]string{{"init", "-q"}, {"add", "go.mod", "main.go"}, {"-c", "user.name=a", "-c", "user.email=a@b.example", "commit", "-q", "-m", "one"}} {
		cmd := exec.Command("git", append([]string{"-C", root}, args...)...)
		cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	for _, name := range []string{"go.mod", "main.go"} {
		if err := os.Remove(filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
}

// A stack that has got a domain keeps its other door until the domain is served, and then closes it.
func TestUpClosesTheOtherDoor(t *testing.T) {
	p := newProject(t)
	url, ca := app(t, "")
	p.outputs(t, map[string]any{"url": url, "version": "v1", "ca": ca, "placement": `{"stack":"local","opening":true}`})
	code, _, errOut := p.run(t, nil, "up")
	if calls := p.calls(t, "up"); code != exitOK || len(calls) != 2 {
		t.Errorf("exit code %d after the updates %q:\n%s", code, calls, errOut)
	}
	p.outputs(t, map[string]any{"url": url, "version": "v1", "ca": ca, "placement": `{"stack":"local"}`})
	if code, _, _ = p.run(t, nil, "up"); code != exitOK || len(p.calls(t, "up")) != 3 {
		t.Errorf("exit code %d after the updates %q", code, p.calls(t, "up"))
	}
}

// deployedState is the state of a stack whose app is deployed.
const deployedState = `{"version":3,"deployment":{"manifest":{},"resources":[
 {"urn":"urn:pulumi:local::slipway::pulumi:pulumi:Stack::slipway-local","custom":false,"type":"pulumi:pulumi:Stack"},
 {"urn":"urn:pulumi:local::slipway::slipway:components:Service::links","custom":false,"type":"slipway:components:Service"},
 {"urn":"urn:pulumi:local::slipway::docker:index/volume:Volume::data","custom":true,"id":"v","type":"docker:index/volume:Volume"}]}}`

// A rollout applies the configuration too. What is refused has changed nothing, so there is nothing to take back.
func TestRolloutRefusesToLoseData(t *testing.T) {
	p := canaryProject(t)
	write(t, filepath.Join(p.root, "app", "Dockerfile"), "FROM scratch\n")
	p.answer(t, "export.json", deployedState)
	p.answer(t, "preview.json", losing)
	code, _, errOut := p.run(t, nil, "rollout", "start")
	if code != exitRefused || len(p.calls(t, "up")) > 0 {
		t.Errorf("exit code %d, updates %q:\n%s", code, p.calls(t, "up"), errOut)
	}
	contains(t, errOut, "[loses data] Docker volume data would be deleted", "nothing was changed")
}

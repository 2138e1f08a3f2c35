package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const simulatedState = `{"version":3,"deployment":{"manifest":{},"resources":[
 {"urn":"urn:pulumi:local::slipway::pulumi:pulumi:Stack::slipway-local","custom":false,"type":"pulumi:pulumi:Stack"},
 {"urn":"urn:pulumi:local::slipway::slipway:docker:Platform::docker","custom":false,"type":"slipway:docker:Platform","parent":"urn:pulumi:local::slipway::pulumi:pulumi:Stack::slipway-local"},
 {"urn":"urn:pulumi:local::slipway::slipway:docker:Platform$docker:index/volume:Volume::data","custom":true,"id":"v","type":"docker:index/volume:Volume",
  "parent":"urn:pulumi:local::slipway::slipway:docker:Platform::docker","inputs":{"key":{"4dabf18193072939515e22adb298388d":"1b47061264138c4ac30d75fd1eb44270","plaintext":"\"hunter2-hunter2\""}}}]}}`

func TestPlan(t *testing.T) {
	p := newProject(t)
	p.answer(t, "export.json", simulatedState)
	p.answer(t, "events.json", `{"diagnosticEvent":{"message":"mind the gap","severity":"warning"}}
{"resourcePreEvent":{"metadata":{"op":"create","urn":"urn:pulumi:local::slipway::docker:index/container:Container::edge","type":"docker:index/container:Container","new":{"custom":true}}}}
`)
	file := filepath.Join(t.TempDir(), "plan.json")
	code, out, errOut := p.run(t, nil, "plan", "--out", file)
	if code != exitOK {
		t.Fatalf("exit code %d:\n%s", code, errOut)
	}
	contains(t, out, "Simulated plan of stack local (docker): 1 resource in 1 component.", "platform   1          1 docker.Volume")
	contains(t, errOut, "warning: mind the gap", "no cloud was asked")
	if strings.Contains(read(t, file), "hunter2") {
		t.Error("a secret is in the file")
	}
	if len(p.target.asked) > 0 {
		t.Errorf("the target was asked for %v: a plan needs no engine and no account", p.target.asked)
	}
	if _, err := os.Stat(filepath.Join(p.root, ".slipway")); !os.IsNotExist(err) {
		t.Errorf("the project's own back end was touched: %v", err)
	}
	if calls := p.calls(t, "stack init"); len(calls) != 1 {
		t.Errorf("the stack was made by %q", calls)
	}
}

func TestPlanAgainst(t *testing.T) {
	p := newProject(t)
	p.answer(t, "export.json", simulatedState)
	base := filepath.Join(t.TempDir(), "base.json")
	write(t, base, simulatedState)
	p.answer(t, "events.json", `{"resourcePreEvent":{"metadata":{"op":"delete","urn":"urn:pulumi:local::slipway::slipway:docker:Platform$docker:index/volume:Volume::data","type":"docker:index/volume:Volume","old":{"custom":true}}}}
`)
	code, out, errOut := p.run(t, nil, "plan", "--against", base)
	if code != exitFailed {
		t.Fatalf("exit code %d: what loses data is refused:\n%s", code, errOut)
	}
	contains(t, out, "0 added, 0 changed, 0 replaced, 1 deleted", "! Docker volume data would be deleted.", "Refused, before anything changes:", "[loses data] Docker volume data would be deleted, with what it holds", "--replace data")
	contains(t, errOut, "the update would be refused")
	for _, consent := range []string{"data", "platform"} {
		if code, out, errOut = p.run(t, nil, "plan", "--from", base, "--replace", consent); code != exitOK || strings.Contains(out, "Refused") {
			t.Errorf("with consent to %s the exit code is %d:\n%s%s", consent, code, out, errOut)
		}
	}
	_, out, _ = p.run(t, nil, "plan", "--against", base, "--markdown")
	contains(t, out, "| platform |  |  |  | **1** |", "<details>")
	_, out, _ = p.run(t, nil, "plan", "--against", base, "--json")
	var report struct{ Simulated bool }
	if err := json.Unmarshal([]byte(out), &report); err != nil || !report.Simulated {
		t.Errorf("--json prints %v, %s", err, out)
	}
}

// A fork has no key to the stack's secrets.
func TestPlanDecryptsNothing(t *testing.T) {
	p := newProject(t)
	p.answer(t, "export.json", simulatedState)
	write(t, filepath.Join(p.root, "Pulumi.local.yaml"), "encryptionsalt: v1:nobody:knows\nconfig:\n  slipway:cloud: docker\n  slipway:secrets:\n    TOKEN:\n      secure: v1:cipher\n")
	code, _, errOut := p.run(t, nil, "plan")
	if code != exitOK {
		t.Fatalf("exit code %d:\n%s", code, errOut)
	}
	contains(t, errOut, "Simulated: a placeholder stands for encrypted configuration, which is not decrypted: slipway:secrets.TOKEN.")
}

func TestPlanFails(t *testing.T) {
	for _, row := range []struct {
		name string
		args []string
		set  func(*testing.T, *project)
		want []string
	}{
		{"no stack file", []string{"-s", "gone"}, nil, []string{"there is no Pulumi.gone.yaml"}},
		{"configuration", []string{"-c", "nonsense=1"}, nil, []string{"nonsense"}},
		{"nothing to compare with", []string{"--against", "gone.json"}, nil, []string{"there is no file gone.json"}},
		{"nowhere to write to", []string{"--out", "gone/plan.json"}, nil, []string{"writing the plan"}},
		{"the engine", nil, func(t *testing.T, p *project) { p.answer(t, "fail-up", "much noise") }, []string{"much noise"}},
		{"the program", nil, func(t *testing.T, p *project) {
			p.answer(t, "fail-up", "much noise")
			p.answer(t, "events.json", `{"diagnosticEvent":{"message":"no such thing","severity":"error"}}`+"\n")
		}, []string{"error: no such thing", "failed: see above"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := newProject(t)
			p.answer(t, "export.json", simulatedState)
			if row.set != nil {
				row.set(t, p)
			}
			code, _, errOut := p.run(t, nil, append([]string{"plan"}, row.args...)...)
			if code != exitFailed {
				t.Errorf("exit code %d, want %d", code, exitFailed)
			}
			contains(t, errOut, append(row.want, "simulat")...)
		})
	}
	p := newProject(t)
	if code, _, errOut := p.run(t, nil, "plan", "--json", "--markdown"); code != exitUsage || !strings.Contains(errOut, "choose one") {
		t.Errorf("exit code %d:\n%s", code, errOut)
	}
}

package cli

import (
	"encoding/pem"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipway-iac/slipway/cli/toolchain"
)

// app is a TLS server that says a version, and its certificate.
func app(t *testing.T, version string) (url, ca string) {
	t.Helper()
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if version != "" {
			w.Header().Set(VersionHeader, version)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
}

func (p *project) outputs(t *testing.T, v map[string]any) {
	t.Helper()
	p.answer(t, "outputs.json", v)
	p.answer(t, "outputs-hidden.json", v)
}

const protectedState = `{"version":3,"deployment":{"resources":[
 {"urn":"urn:pulumi:local::slipway::pulumi:pulumi:Stack::slipway-local","custom":false,"type":"pulumi:pulumi:Stack"},
 {"urn":"urn:pulumi:local::slipway::pulumi:providers:docker::docker","custom":true,"id":"1","type":"pulumi:providers:docker"},
 {"urn":"urn:pulumi:local::slipway::docker:index/volume:Volume::database-data","custom":true,"id":"v","type":"docker:index/volume:Volume","protect":true,
  "parent":"urn:pulumi:local::slipway::pulumi:pulumi:Stack::slipway-local","provider":"urn:pulumi:local::slipway::pulumi:providers:docker::docker::1"},
 {"urn":"urn:pulumi:local::slipway::docker:index/container:Container::edge","custom":true,"id":"c","type":"docker:index/container:Container"}]}}`

func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in:\n%s", part, text)
		}
	}
}

func TestUp(t *testing.T) {
	p := newProject(t)
	url, ca := app(t, "v1")
	p.outputs(t, map[string]any{"url": url, "version": "v1", "ca": ca, "dashboard": "https://localhost:9443"})
	p.answer(t, "events.json", `{"resourcePreEvent":{"metadata":{"op":"create","urn":"urn:pulumi:local::slipway::docker:index/container:Container::edge","type":"docker:index/container:Container","new":{"custom":true}}}}
{"resOutputsEvent":{"metadata":{"op":"create","urn":"urn:pulumi:local::slipway::docker:index/container:Container::edge","type":"docker:index/container:Container","new":{"custom":true}}}}
`)
	code, out, errOut := p.run(t, nil, "up", "-c", "app.replicas.min=3")
	if code != exitOK {
		t.Fatalf("exit code %d:\n%s", code, errOut)
	}
	contains(t, out, "url        "+url, "version    v1", "dashboard  https://localhost:9443")
	contains(t, errOut, "Stack local is up (1 created", "signed by the stack's own CA")
	for verb, want := range map[string]int{"config": 1, "stack export": 1, "up": 1, "stack output": 1, "stack select": 0, "stack history": 0} {
		if got := p.calls(t, verb); len(got) != want {
			t.Errorf("pulumi %s is called %d times, want %d: %q", verb, len(got), want, got)
		}
	}
	if got := read(t, filepath.Join(p.fake, "gogc")); got != "400\n" {
		t.Errorf("pulumi runs with GOGC=%s", got)
	}
	if want := []string{"prepare", "repair"}; !slices.Equal(p.target.asked, want) {
		t.Errorf("the target was asked for %v, want %v", p.target.asked, want)
	}
	s := p.target.stack
	if s.Name != "local" || s.Project != "slipway" || s.Root != p.root || s.Config.App.Replicas.Min != 3 {
		t.Errorf("the target was told %s %s %s, replicas %d", s.Root, s.Project, s.Name, s.Config.App.Replicas.Min)
	}
	if n := len(p.calls(t, "refresh")); n != 0 {
		t.Errorf("a whole stack was refreshed %d times", n)
	}
}

func TestUpMakesTheStack(t *testing.T) {
	p := newProject(t)
	url, ca := app(t, "v1")
	p.outputs(t, map[string]any{"url": url, "version": "v1", "ca": ca})
	p.answer(t, "no-stack", "")
	if code, _, errOut := p.run(t, nil, "up"); code != exitOK {
		t.Fatalf("exit code %d:\n%s", code, errOut)
	}
	if got := p.calls(t, "stack init"); len(got) != 1 || !strings.Contains(got[0], "local") {
		t.Errorf("the stack is not made: %q", got)
	}
}

func TestUpFails(t *testing.T) {
	for _, row := range []struct {
		name string
		set  func(*testing.T, *project)
		want []string
	}{
		{"no stack file", func(t *testing.T, p *project) { must(t, os.Remove("Pulumi.local.yaml")) }, []string{"there is no Pulumi.local.yaml"}},
		{"configuration", func(t *testing.T, p *project) {
			p.answer(t, "config.json", `{"slipway:cloud":{"value":"docker"},"slipway:nonsense":{"value":"1"}}`)
		}, []string{"nonsense"}},
		{"preparation", func(t *testing.T, p *project) { p.target.failPrepare = errors.New("the port is taken") }, []string{"the port is taken"}},
		{"repair", func(t *testing.T, p *project) { p.target.failRepair = errors.New("no engine") }, []string{`repairing stack "local"`, "no engine"}},
		{"the engine, with its reasons on the screen", func(t *testing.T, p *project) {
			p.answer(t, "fail-up", "much noise")
			p.answer(t, "events.json", `{"diagnosticEvent":{"urn":"urn:pulumi:local::slipway::a:b:C::edge","message":"<{%fg 1%}>no such image<{%reset%}>\n","severity":"error"}}`+"\n")
		}, []string{"error: edge: no such image", "failed: see above"}},
		{"the engine, without a word", func(t *testing.T, p *project) { p.answer(t, "fail-up", "much noise") }, []string{"much noise"}},
		{"another run", func(t *testing.T, p *project) {
			p.answer(t, "fail-up", "error: the stack is currently locked by 1 lock(s). Either wait")
		}, []string{`another run holds stack "local"`, "pulumi cancel"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := newProject(t)
			row.set(t, p)
			code, _, errOut := p.run(t, nil, "up")
			if code != exitFailed {
				t.Errorf("exit code %d, want %d", code, exitFailed)
			}
			contains(t, errOut, row.want...)
		})
	}
}

// TestUpLooksFirst: nothing is made for a machine on which the stack can't run.
func TestUpLooksFirst(t *testing.T) {
	p := newProject(t)
	p.target.failPreflight = errors.New("no Docker Engine answers")
	code, _, errOut := p.run(t, nil, "up")
	if code != exitFailed {
		t.Errorf("exit code %d, want %d", code, exitFailed)
	}
	contains(t, errOut, "no Docker Engine answers")
	if _, err := os.Stat(filepath.Join(p.fake, "calls")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("pulumi is called: %q", p.calls(t, ""))
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestUpRepairsFirst(t *testing.T) {
	p := newProject(t)
	p.answer(t, "export.json", protectedState)
	url, ca := app(t, "")
	p.outputs(t, map[string]any{"url": url, "version": "v1", "ca": ca})
	p.target.refresh = []string{"urn:pulumi:local::slipway::docker:index/container:Container::edge"}
	if code, _, errOut := p.run(t, nil, "up"); code != exitOK {
		t.Fatalf("exit code %d:\n%s", code, errOut)
	}
	calls := p.calls(t, "refresh")
	if len(calls) != 1 || !strings.Contains(calls[0], "--target="+p.target.refresh[0]) {
		t.Errorf("refreshed: %q", calls)
	}
	if len(p.target.state) != 4 || !p.target.state[2].Protect {
		t.Errorf("the target was shown %+v", p.target.state)
	}
	p.answer(t, "fail-refresh", "the engine is gone")
	code, _, errOut := p.run(t, nil, "up")
	if code != exitFailed {
		t.Errorf("exit code %d, want %d", code, exitFailed)
	}
	contains(t, errOut, "repairing stack", "the engine is gone")
	p.answer(t, "fail-refresh", "error: the stack is currently locked by 1 lock(s). Either wait")
	_, _, errOut = p.run(t, nil, "up")
	contains(t, errOut, `another run holds stack "local"`)
}

func TestPreview(t *testing.T) {
	p := newProject(t)
	p.answer(t, "events.json", `{"summaryEvent":{"resourceChanges":{"create":1}}}`+"\n")
	if code, _, errOut := p.run(t, nil, "preview"); code != exitOK {
		t.Errorf("exit code %d:\n%s", code, errOut)
	}
	for _, said := range []string{"error: the program failed\n", ""} {
		p.answer(t, "fail-preview", said)
		code, _, errOut := p.run(t, nil, "preview")
		if why := "slipway: failed to run preview: exit status 255\n"; code != exitFailed || !strings.HasSuffix(errOut, why) || strings.Count(errOut, "program failed") != strings.Count(said, "program failed") {
			t.Errorf("exit code %d, want %d, what the engine has said once, and at the end %q:\n%s", code, exitFailed, why, errOut)
		}
	}
	if slices.Contains(p.target.asked, "repair") || slices.Contains(p.target.asked, "prepare") {
		t.Errorf("a preview changes things: %v", p.target.asked)
	}
}

func TestDestroyKeepsData(t *testing.T) {
	p := newProject(t)
	p.answer(t, "export.json", protectedState)
	code, _, errOut := p.run(t, nil, "destroy")
	if code != exitOK {
		t.Fatalf("exit code %d:\n%s", code, errOut)
	}
	contains(t, errOut, "Stack local is destroyed", "Its data is kept", "--delete-data")
	calls := p.calls(t, "destroy")
	if len(calls) != 1 || strings.Count(calls[0], "--target=") != 1 || !strings.Contains(calls[0], "Container::edge") {
		t.Errorf("destroyed: %q", calls)
	}
	if !slices.Contains(p.target.asked, "cleaned") {
		t.Error("the target was not asked to clean up")
	}
	if len(p.calls(t, "state unprotect")) > 0 {
		t.Error("data was unprotected")
	}
}

// TestDestroyAfterOneThatWasCutOff: its protection is lifted, and nobody has asked for its deletion this time.
func TestDestroyAfterOneThatWasCutOff(t *testing.T) {
	p := newProject(t)
	p.answer(t, "export.json", strings.Replace(protectedState, `"protect":true`, `"outputs":{"name":"v","labels":[{"label":"dev.slipway.data","value":"true"}]}`, 1))
	code, _, errOut := p.run(t, nil, "destroy")
	if code != exitOK {
		t.Fatalf("exit code %d:\n%s", code, errOut)
	}
	contains(t, errOut, "Its data is kept")
	if calls := p.calls(t, "destroy"); len(calls) != 1 || strings.Count(calls[0], "--target=") != 1 || !strings.Contains(calls[0], "Container::edge") {
		t.Errorf("destroyed: %q", calls)
	}
}

func TestDestroyDeletesData(t *testing.T) {
	p := newProject(t)
	p.answer(t, "export.json", protectedState)
	code, _, errOut := p.run(t, strings.NewReader(""), "destroy", "--delete-data")
	if code != exitOK {
		t.Fatalf("exit code %d:\n%s", code, errOut)
	}
	if calls := p.calls(t, "state unprotect"); len(calls) != 1 || !strings.Contains(calls[0], "database-data") {
		t.Errorf("unprotected: %q", calls)
	}
	if calls := p.calls(t, "destroy"); len(calls) != 1 || strings.Contains(calls[0], "--target") {
		t.Errorf("destroyed: %q", calls)
	}
	if strings.Contains(errOut, "is kept") {
		t.Errorf("it says that data is kept:\n%s", errOut)
	}
}

func TestDestroyOfWhatIsLeft(t *testing.T) {
	p := newProject(t)
	only, _, _ := strings.Cut(protectedState, ",\n {\"urn\":\"urn:pulumi:local::slipway::docker:index/container")
	p.answer(t, "export.json", only+"]}}")
	code, _, errOut := p.run(t, nil, "destroy")
	if code != exitOK {
		t.Fatalf("exit code %d:\n%s", code, errOut)
	}
	contains(t, errOut, "Nothing is left of stack local but its data")
	if len(p.calls(t, "destroy")) > 0 {
		t.Error("pulumi destroy was called")
	}
}

func TestDestroyFails(t *testing.T) {
	p := newProject(t)
	p.answer(t, "fail-destroy", "in use")
	code, _, errOut := p.run(t, nil, "destroy")
	if code != exitFailed || slices.Contains(p.target.asked, "cleaned") {
		t.Errorf("exit code %d, asked %v", code, p.target.asked)
	}
	contains(t, errOut, "in use")
	must(t, os.Remove(filepath.Join(p.fake, "fail-destroy")))
	p.target.failR = errors.New("images in use")
	if code, _, errOut = p.run(t, nil, "destroy"); code != exitFailed {
		t.Errorf("exit code %d", code)
	}
	contains(t, errOut, "images in use")
}

func TestOutput(t *testing.T) {
	p := newProject(t)
	p.answer(t, "outputs.json", `{"url":"https://localhost:8443","key":"s3cret","list":["<a>"]}`)
	p.answer(t, "outputs-hidden.json", `{"url":"https://localhost:8443","key":"[secret]","list":["<a>"]}`)
	for _, row := range []struct {
		args []string
		want string
	}{
		{[]string{"output"}, "key                [secret]\nlist               [<a>]\nurl                https://localhost:8443\n"},
		{[]string{"output", "url"}, "https://localhost:8443\n"},
		{[]string{"output", "key"}, "[secret]\n"},
		{[]string{"output", "url", "--json"}, "\"https://localhost:8443\"\n"},
		{[]string{"output", "--json"}, "{\n  \"key\": \"[secret]\",\n  \"list\": [\n    \"<a>\"\n  ],\n  \"url\": \"https://localhost:8443\"\n}\n"},
	} {
		t.Run(strings.Join(row.args, " "), func(t *testing.T) {
			code, out, errOut := p.run(t, nil, row.args...)
			if code != exitOK || out != row.want {
				t.Errorf("exit code %d, printed\n%s\nwant\n%s\n%s", code, out, row.want, errOut)
			}
			if strings.Contains(out+errOut, "s3cret") {
				t.Error("a secret is shown")
			}
		})
	}
	p.answer(t, "torn", "") // another run is just writing the state
	if code, out, errOut := p.run(t, nil, "output", "url"); code != exitOK || out != "https://localhost:8443\n" {
		t.Errorf("beside another run: exit code %d, %q\n%s", code, out, errOut)
	}
	code, _, errOut := p.run(t, nil, "output", "nothing")
	if code != exitFailed {
		t.Errorf("exit code %d for an unknown output", code)
	}
	contains(t, errOut, `no output "nothing"`, "url")
	p.outputs(t, map[string]any{})
	for _, stack := range []string{"without outputs", "that does not exist"} {
		if stack == "that does not exist" {
			p.answer(t, "no-stack", "")
		}
		code, _, errOut = p.run(t, nil, "output")
		if code != exitFailed {
			t.Errorf("exit code %d for a stack %s", code, stack)
		}
		contains(t, errOut, "has no outputs", "go run . up -s local")
	}
	for _, call := range []string{"config", "stack init"} {
		if calls := p.calls(t, call); len(calls) > 0 {
			t.Errorf("reading outputs called %q", calls)
		}
	}
}

func TestLogs(t *testing.T) {
	p := newProject(t)
	code, out, errOut := p.run(t, nil, "logs", "-f", "database", "--since", "5m")
	if code != exitOK || out != "a line\n" {
		t.Errorf("exit code %d, printed %q\n%s", code, out, errOut)
	}
	if want := (LogOptions{Component: "database", Since: "5m", Follow: true}); p.target.logs != want {
		t.Errorf("asked for %+v, want %+v", p.target.logs, want)
	}
}

func TestDoctorChangesNothing(t *testing.T) {
	p := newProject(t)
	code, out, _ := p.run(t, nil, "doctor")
	if code != exitOK && code != exitFailed {
		t.Errorf("exit code %d", code)
	}
	contains(t, out, "Pulumi CLI")
	if _, err := os.Stat(filepath.Join(p.root, ".slipway")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("doctor has made .slipway: %v", err)
	}
}

// TestRights: the files of the target are written below .slipway, for the checked configuration.
func TestRights(t *testing.T) {
	p := newProject(t)
	p.target.rights = map[string][]byte{"reader.json": []byte("{}\n")}
	code, out, _ := p.run(t, nil, "rights", "-c", "app.name=shop")
	file := filepath.Join(".slipway", "rights", "local", "reader.json")
	if code != exitOK || strings.TrimSpace(out) != file {
		t.Errorf("code %d, %q", code, out)
	}
	if text, err := os.ReadFile(filepath.Join(p.root, file)); err != nil || string(text) != "{}\n" {
		t.Errorf("%s holds %q, %v", file, text, err)
	}
	if p.target.examined.App.Name != "shop" {
		t.Errorf("the rights are those of the app %q", p.target.examined.App.Name)
	}
}

// TestDoctorAsksTheAccount: what the account lacks fails doctor like what the machine lacks, and it is asked for the checked configuration.
func TestDoctorAsksTheAccount(t *testing.T) {
	p := newProject(t)
	p.target.found = []toolchain.Finding{{Name: "vCPU quota", Status: toolchain.Missing, Detail: "6 of 12", Fix: "ask for 12"}}
	code, out, _ := p.run(t, nil, "doctor", "-c", "app.name=shop")
	if code != exitFailed || p.target.examined.App.Name != "shop" {
		t.Errorf("exit code %d, asked for %q", code, p.target.examined.App.Name)
	}
	contains(t, out, "missing  vCPU quota", "6 of 12", "→ ask for 12")
	p.target.found = nil
	if code, out, _ = p.run(t, nil, "doctor", "-c", "app.port=1"); code != exitFailed {
		t.Errorf("exit code %d with a wrong configuration", code)
	}
	contains(t, out, "configuration", "slipway:app.port")
}

// TestUpIsWatched: a first update whose containers fail ends with the target's reason, long before the provider would give up.
func TestUpIsWatched(t *testing.T) {
	p := newProject(t)
	p.answer(t, "slow-up", "")
	p.target.broken = "container links exited with code 3: no such file"
	begun := time.Now()
	code, _, errOut := p.run(t, nil, "up")
	if code != exitFailed || time.Since(begun) > 30*time.Second {
		t.Errorf("exit code %d after %s", code, time.Since(begun))
	}
	contains(t, errOut, "container links exited with code 3: no such file")
}

func TestTreeStaysClean(t *testing.T) {
	p := newProject(t)
	if code, _, errOut := p.run(t, nil, "preview"); code == exitUsage {
		t.Fatal(errOut)
	}
	entries, err := os.ReadDir(p.root)
	must(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if want := []string{".slipway", "Pulumi.local.yaml", "Pulumi.yaml", "app"}; !slices.Equal(names, want) {
		t.Errorf("the tree holds %v, want %v", names, want)
	}
	if text := read(t, "Pulumi.local.yaml"); text != "config:\n  slipway:cloud: docker\n" {
		t.Errorf("the stack's file has become\n%s", text)
	}
}

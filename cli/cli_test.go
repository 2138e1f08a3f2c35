package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/slipway-iac/slipway/cli/progress"
	"github.com/slipway-iac/slipway/stacks"
)

func TestUsage(t *testing.T) {
	p := newProject(t)
	for _, row := range []struct {
		args []string
		code int
		want string
	}{
		{nil, exitOK, "Usage: go run . VERB"},
		{[]string{"help"}, exitOK, "destroy [--delete-data] [--yes]"},
		{[]string{"--help"}, exitOK, "doctor"},
		{[]string{"up", "-h"}, exitOK, "Usage"},
		{[]string{"upp"}, exitUsage, `there is no verb "upp"`},
		{[]string{"up", "extra"}, exitUsage, `up takes no argument "extra"`},
		{[]string{"output", "a", "b"}, exitUsage, `output takes no argument "b"`},
		{[]string{"up", "--delete-data"}, exitUsage, "delete-data"},
		{[]string{"up", "-s"}, exitUsage, "argument"},
	} {
		t.Run(strings.Join(row.args, " "), func(t *testing.T) {
			code, out, errOut := p.run(t, nil, row.args...)
			if code != row.code {
				t.Errorf("exit code %d, want %d", code, row.code)
			}
			contains(t, out+errOut, row.want)
		})
	}
}

func TestParse(t *testing.T) {
	newProject(t)
	verbNamed := func(name string) verb {
		return verbs[slices.IndexFunc(verbs, func(v verb) bool { return v.name == name })]
	}
	for _, row := range []struct {
		verb string
		args string
		want command
	}{
		{"up", "", command{stack: "local"}},
		{"up", "-s dev -c a=1 -c b=2", command{stack: "dev", overrides: []string{"a=1", "b=2"}}},
		{"up", "--stack=dev --config=a=1", command{stack: "dev", overrides: []string{"a=1"}}},
		{"output", "url -s dev --json", command{stack: "dev", rest: []string{"url"}, jsonOut: true}},
		{"output", "--json url -s=dev", command{stack: "dev", rest: []string{"url"}, jsonOut: true}},
		{"logs", "-f edge --since 1h", command{stack: "local", rest: []string{"edge"}, logOptions: LogOptions{Follow: true, Since: "1h"}}},
		{"destroy", "--delete-data --yes", command{stack: "local", deleteData: true, yes: true}},
	} {
		t.Run(row.verb+" "+row.args, func(t *testing.T) {
			c := &command{err: io.Discard}
			if err := c.parse(verbNamed(row.verb), strings.Fields(row.args)); err != nil {
				t.Fatal(err)
			}
			if c.stack != row.want.stack || !slices.Equal(c.overrides, row.want.overrides) || !slices.Equal(c.rest, row.want.rest) ||
				c.jsonOut != row.want.jsonOut || c.deleteData != row.want.deleteData || c.yes != row.want.yes || c.logOptions != row.want.logOptions {
				t.Errorf("got %+v\nwant %+v", *c, row.want)
			}
		})
	}
}

func TestRootIsFoundFromBelow(t *testing.T) {
	p := newProject(t)
	below := filepath.Join(p.root, "app", "internal")
	must(t, os.MkdirAll(below, 0o755))
	t.Chdir(below)
	if root, err := findRoot(); err != nil || root != p.root {
		t.Errorf("got %q, %v, want %q", root, err, p.root)
	}
	t.Chdir(t.TempDir())
	if code, _, errOut := p.run(t, nil, "up"); code != exitUsage || !strings.Contains(errOut, "no Pulumi.yaml in") {
		t.Errorf("outside of a project: exit code %d\n%s", code, errOut)
	}
}

func newCommand(t *testing.T) (*command, *bytes.Buffer) {
	t.Helper()
	said := &bytes.Buffer{}
	return &command{root: t.TempDir(), stack: "local", err: said, out: said, progress: progress.New(said)}, said
}

func TestWorkingCopyKeepsTheSalt(t *testing.T) {
	c, _ := newCommand(t)
	stack, copied := filepath.Join(c.root, "Pulumi.local.yaml"), filepath.Join(c.home(), "work", "Pulumi.local.yaml")
	if _, err := c.workingCopy(); err == nil {
		t.Error("a project without Pulumi.yaml is copied")
	}
	write(t, filepath.Join(c.root, "Pulumi.yaml"), "name: slipway\n")
	write(t, stack, "config: {}")
	for range 2 {
		if _, err := c.workingCopy(); err != nil {
			t.Fatal(err)
		}
	}
	if text := read(t, copied); strings.TrimSpace(text) != "config: {}" {
		t.Errorf("the copy is %q", text)
	}
	write(t, copied, "config: {}\nencryptionsalt: v1:abc\n") // as Pulumi does
	write(t, stack, "config:\n  slipway:cloud: docker\n")
	for range 2 {
		if _, err := c.workingCopy(); err != nil {
			t.Fatal(err)
		}
	}
	if want := "config:\n  slipway:cloud: docker\nencryptionsalt: v1:abc\n"; read(t, copied) != want {
		t.Errorf("the copy is %q, want %q", read(t, copied), want)
	}
	if strings.Contains(read(t, stack), "encryptionsalt") {
		t.Error("the salt got into the tree")
	}
	write(t, stack, "encryptionsalt: v1:own\n")
	if _, err := c.workingCopy(); err != nil || read(t, copied) != "encryptionsalt: v1:own\n" {
		t.Errorf("a salt of the stack's own is lost: %q, %v", read(t, copied), err)
	}
}

func TestPassphrase(t *testing.T) {
	file := filepath.Join(t.TempDir(), "passphrase")
	must(t, makePassphrase(file))
	first := read(t, file)
	if len(strings.TrimSpace(first)) != 43 {
		t.Errorf("the passphrase has %d characters, want 43 for 256 bits", len(first)-1)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the mode is %v, %v", info.Mode(), err)
	}
	must(t, makePassphrase(file))
	if read(t, file) != first {
		t.Error("the passphrase was written again")
	}
	if err := makePassphrase(filepath.Join(t.TempDir(), "missing", "passphrase")); err == nil {
		t.Error("no error for a folder that is missing")
	}
}

func TestBackend(t *testing.T) {
	for _, row := range []struct {
		name        string
		env         map[string]string
		credentials string
		local, made bool // a back end of the project's own, with a passphrase of its own
	}{
		{"nothing set", nil, "", true, true},
		{"not logged in", nil, `{"current":""}`, true, true},
		{"unreadable credentials", nil, `{`, true, true},
		{"logged in", nil, `{"current":"https://api.pulumi.com"}`, false, false},
		{"named by the environment", map[string]string{"PULUMI_BACKEND_URL": "s3://state"}, "", false, false},
		{"a passphrase of the user's", map[string]string{"PULUMI_CONFIG_PASSPHRASE": "x"}, "", true, false},
		{"a passphrase file of the user's", map[string]string{"PULUMI_CONFIG_PASSPHRASE_FILE": "x"}, "", true, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			c, _ := newCommand(t)
			home := t.TempDir()
			if row.credentials != "" {
				write(t, filepath.Join(home, "credentials.json"), row.credentials)
			}
			env, err := c.backend(func(name string) string {
				if name == "PULUMI_HOME" {
					return home
				}
				return row.env[name]
			})
			if err != nil {
				t.Fatal(err)
			}
			if local := strings.HasPrefix(env["PULUMI_BACKEND_URL"], "file://"+filepath.ToSlash(c.home())); local != row.local {
				t.Errorf("the environment is %v", env)
			}
			_, err = os.Stat(filepath.Join(c.home(), "passphrase"))
			if made := err == nil && env["PULUMI_CONFIG_PASSPHRASE_FILE"] != ""; made != row.made {
				t.Errorf("a passphrase is made: %t, want %t", made, row.made)
			}
		})
	}
}

func TestLocks(t *testing.T) {
	host, err := os.Hostname()
	must(t, err)
	gone := exec.Command("true")
	must(t, gone.Run())
	for _, row := range []struct {
		name    string
		content string
		want    string // in the error; empty: the lock is cleared
	}{
		{"its process is gone", lock(t, gone.Process.Pid, host), ""},
		{"its process lives", lock(t, os.Getpid(), host), "remove "},
		{"another host holds it", lock(t, gone.Process.Pid, "elsewhere"), "@elsewhere"},
		{"half written", `{"pid":`, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			c, said := newCommand(t)
			state := filepath.Join(c.root, "state")
			file := filepath.Join(state, ".pulumi", "locks", "organization", "slipway", "local", "0.json")
			other := filepath.Join(state, ".pulumi", "locks", "organization", "slipway", "dev", "0.json")
			write(t, file, row.content)
			write(t, other, lock(t, os.Getpid(), host))
			err := c.clearStaleLock(map[string]string{"PULUMI_BACKEND_URL": "file://" + state})
			_, left := os.Stat(file)
			if row.want == "" {
				if err != nil || !errors.Is(left, os.ErrNotExist) || !strings.Contains(said.String(), "its lock is cleared") {
					t.Errorf("got %v, lock left: %v, said %q", err, left == nil, said)
				}
			} else if err == nil || left != nil || !strings.Contains(err.Error(), row.want) || !strings.Contains(err.Error(), file) {
				t.Errorf("got %v, want %q and how to clear it", err, row.want)
			}
			if _, err := os.Stat(other); err != nil {
				t.Error("the lock of another stack was cleared")
			}
		})
	}
	c, _ := newCommand(t)
	if err := c.clearStaleLock(map[string]string{"PULUMI_BACKEND_URL": "https://api.pulumi.com"}); err != nil {
		t.Error(err)
	}
}

func lock(t *testing.T, pid int, host string) string {
	t.Helper()
	text, err := json.Marshal(lockFile{Pid: pid, Username: "someone", Hostname: host, Timestamp: time.Now()})
	must(t, err)
	return string(text)
}

func TestKept(t *testing.T) {
	all := []Resource{
		{URN: "stack"}, {URN: "provider"}, {URN: "password", Needs: []string{"provider", "stack"}},
		{URN: "volume", Protect: true, Needs: []string{"password", "stack"}}, {URN: "container", Needs: []string{"volume"}},
	}
	keep := kept(all)
	for urn, want := range map[string]bool{"stack": true, "provider": true, "password": true, "volume": true, "container": false} {
		if keep[urn] != want {
			t.Errorf("%s is kept: %t, want %t", urn, keep[urn], want)
		}
	}
	if len(kept(all[:3])) > 0 {
		t.Error("something is kept where nothing is protected")
	}
}

func TestFromState(t *testing.T) {
	r := fromState(apitype.ResourceV3{
		URN: "u", Type: "t", ID: "i", Parent: "p", Custom: true, Delete: true, InitErrors: []string{"x"}, Provider: "urn:pulumi:s::p::pulumi:providers:docker::d::id",
		Dependencies: []resource.URN{"d"}, PropertyDependencies: map[resource.PropertyKey][]resource.URN{"k": {"e"}},
	})
	if want := []string{"d", "e", "p", "urn:pulumi:s::p::pulumi:providers:docker::d"}; !slices.Equal(r.Needs, want) {
		t.Errorf("needs %v, want %v", r.Needs, want)
	}
	if !r.Deleting || !r.Broken || !r.Custom || r.Protect {
		t.Errorf("got %+v", r)
	}
	if got := providerURN("no reference"); got != "no reference" {
		t.Errorf("got %q", got)
	}
}

func TestFollow(t *testing.T) {
	said := &bytes.Buffer{}
	f := newFollow(said, progress.New(said))
	step := func(op apitype.OpType, name string, customResource bool) apitype.StepEventMetadata {
		return apitype.StepEventMetadata{Op: op, URN: "urn:pulumi:s::p::docker:index/container:Container::" + name, Type: "docker:index/container:Container",
			New: &apitype.StepEventStateMetadata{Custom: customResource}}
	}
	for _, e := range []apitype.EngineEvent{
		{ResourcePreEvent: &apitype.ResourcePreEvent{Metadata: step(apitype.OpCreate, "edge", true)}},
		{ResOutputsEvent: &apitype.ResOutputsEvent{Metadata: step(apitype.OpCreate, "edge", true)}},
		{ResOutputsEvent: &apitype.ResOutputsEvent{Metadata: step(apitype.OpCreate, "component", false)}},
		{ResOutputsEvent: &apitype.ResOutputsEvent{Metadata: step(apitype.OpSame, "cache", true)}},
		{ResourcePreEvent: &apitype.ResourcePreEvent{Metadata: step(apitype.OpUpdate, "database", true)}},
		{ResOpFailedEvent: &apitype.ResOpFailedEvent{Metadata: step(apitype.OpUpdate, "database", true)}},
		{ResourcePreEvent: &apitype.ResourcePreEvent{Metadata: step(apitype.OpDelete, "old", true)}}, // never ends
		{ResOutputsEvent: &apitype.ResOutputsEvent{Metadata: step(apitype.OpDelete, "older", true)}},
		{DiagnosticEvent: &apitype.DiagnosticEvent{Severity: "warning", Message: "<{%fg 3%}>mind this<{%reset%}>\n", URN: "urn:pulumi:s::p::t::edge"}},
		{DiagnosticEvent: &apitype.DiagnosticEvent{Severity: "debug", Message: "noise"}},
		{DiagnosticEvent: &apitype.DiagnosticEvent{Severity: "info", Message: "passing", Ephemeral: true}},
		{DiagnosticEvent: &apitype.DiagnosticEvent{Severity: "info", Message: "  "}},
		{DiagnosticEvent: &apitype.DiagnosticEvent{Severity: "error", Message: "broken"}},
	} {
		f.events <- events.EngineEvent{EngineEvent: e}
	}
	close(f.events)
	f.wait()
	if got := f.summary(); got != "1 created, 1 deleted" {
		t.Errorf("the summary is %q", got)
	}
	contains(t, said.String(), "warning: edge: mind this\n", "error: broken\n")
	for _, part := range []string{"noise", "passing", "<{%"} {
		if strings.Contains(said.String(), part) {
			t.Errorf("%q is shown:\n%s", part, said)
		}
	}
	if !errors.Is(failed(f, errors.New("x")), errReported) {
		t.Error("what was printed is reported again")
	}
	if got := (&follow{}).summary(); got != "nothing changed" {
		t.Errorf("the summary of nothing is %q", got)
	}
}

func TestWords(t *testing.T) {
	for _, row := range [][2]string{
		{uncolored("<{%fg 1%}>red<{%reset%}> plain"), "red plain"},
		{uncolored("cut <{%fg"), "cut "},
		{uncolored("nothing"), "nothing"},
		{nameOf("urn:pulumi:s::p::t::edge"), "edge"},
		{nameOf(""), ""},
	} {
		if row[0] != row[1] {
			t.Errorf("got %q, want %q", row[0], row[1])
		}
	}
}

func TestVerify(t *testing.T) {
	url, ca := app(t, "v1")
	silent, silentCA := app(t, "")
	broken := httptest.NewTLSServer(http.NotFoundHandler())
	broken.Close()
	for _, row := range []struct {
		name, url, ca, version string
		want                   string // in the error; empty: it is verified
	}{
		{"right version", url, ca, "v1", ""},
		{"wrong version", url, ca, "v2", "version v1 answers, deployed was v2"},
		{"no header", silent, silentCA, "v1", ""},
		{"never up", broken.URL, ca, "v1", "does not answer at " + broken.URL},
		{"a certificate of someone else", url, "", "v1", "certificate"},
		{"a CA that is none", url, "nonsense", "v1", "ca is no certificate"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c, _ := newCommand(t)
			patience := 10 * time.Second
			if row.want != "" {
				patience = 200 * time.Millisecond
			}
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			s := &session{Stack: Stack{Name: "local", Config: stacks.Config{App: stacks.App{HealthPath: "/healthz"}}}}
			err := c.verify(ctx, s, auto.OutputMap{"url": {Value: row.url}, "version": {Value: row.version}, "ca": {Value: row.ca}})
			switch {
			case row.want == "" && err != nil:
				t.Error(err)
			case row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)):
				t.Errorf("got %v, want %q", err, row.want)
			}
		})
	}
}

func TestVerifyRefusesAnErrorStatus(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }))
	defer s.Close()
	c, _ := newCommand(t)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	err := c.verify(ctx, &session{}, auto.OutputMap{"url": {Value: s.URL}, "version": {Value: "v1"}})
	if err == nil || !strings.Contains(err.Error(), "answers 503") {
		t.Errorf("got %v", err)
	}
}

func TestAskForData(t *testing.T) {
	data := []Resource{{URN: "a::b::database-data", Protect: true}}
	c, _ := newCommand(t)
	if yes, err := c.askForData(data); yes || err != nil {
		t.Errorf("without the flag: %t, %v", yes, err)
	}
	c.deleteData, c.in = true, strings.NewReader("")
	if yes, err := c.askForData(data); !yes || err != nil {
		t.Errorf("with the flag, no terminal: %t, %v", yes, err)
	}
}

// TestConfirm: a stack in a cloud is never removed without being asked twice.
func TestConfirm(t *testing.T) {
	some := []Resource{{URN: "a::b::network"}}
	for _, row := range []struct {
		name    string
		cloud   stacks.Cloud
		yes     bool
		all     []Resource
		message string
	}{
		{"docker", stacks.CloudDocker, false, some, ""},
		{"nothing there", stacks.CloudAWS, false, nil, ""},
		{"said yes", stacks.CloudAWS, true, some, ""},
		{"nobody to ask", stacks.CloudAWS, false, some, "needs --yes"},
		{"kept by Pulumi", stacks.CloudAWS, true, []Resource{{URN: "a::b::data", Protect: true}}, "data (protect). Nothing was removed"},
		{"kept by AWS", stacks.CloudAWS, true, []Resource{{URN: "a::b::db", Type: "aws:rds/instance:Instance", Outputs: map[string]any{"deletionProtection": true}}}, "db (deletionProtection)"},
		{"not kept", stacks.CloudAWS, true, []Resource{{URN: "a::b::db", Type: "aws:rds/instance:Instance", Outputs: map[string]any{"deletionProtection": false}}}, ""},
	} {
		c, _ := newCommand(t)
		c.program.Cloud, c.yes, c.in = row.cloud, row.yes, strings.NewReader("")
		if err := c.confirm(row.all); (err == nil) != (row.message == "") || err != nil && !strings.Contains(err.Error(), row.message) {
			t.Errorf("%s: %v, want %q", row.name, err, row.message)
		}
	}
	c, _ := newCommand(t)
	c.stack = "prod"
	for answer, right := range map[string]bool{"prod\n": true, "dev\n": false, "": false} {
		c.in = strings.NewReader(answer)
		if err := c.typeName("This removes all."); (err == nil) != right {
			t.Errorf("%q: %v", answer, err)
		}
	}
}

func TestInterrupted(t *testing.T) {
	p := newProject(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for verb, again := range map[string]string{"up": "go run . up -s local", "destroy": "go run . destroy -s local"} {
		var said bytes.Buffer
		code := run(ctx, stacks.Program{Cloud: stacks.CloudDocker}, p.target, []string{verb}, nil, io.Discard, &said)
		if code != exitFailed || !strings.Contains(said.String(), "interrupted") || !strings.Contains(said.String(), again) {
			t.Errorf("%s: exit code %d\n%s", verb, code, said.String())
		}
	}
}

package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/cli/progress"
	"github.com/slipway-iac/slipway/cli/rollout"
	"github.com/slipway-iac/slipway/cli/toolchain"
	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/stacks"
)

// fakePulumi answers like the pulumi command, from files in $FAKE_PULUMI, and notes how it was called.
const fakePulumi = `#!/bin/sh
if [ "$1" = --non-interactive ]; then shift; fi
echo "$*" >> "$FAKE_PULUMI/calls"
echo "$GOGC" > "$FAKE_PULUMI/gogc"
answer() { if [ -f "$FAKE_PULUMI/$1" ]; then cat "$FAKE_PULUMI/$1"; else echo "$2"; fi; }
case "$*" in
"stack output"*|config*) if [ -f "$FAKE_PULUMI/no-stack" ]; then rm "$FAKE_PULUMI/no-stack"; echo "error: no stack named 'local' found" >&2; exit 6; fi ;;
esac
case "$*" in
"stack output"*) if [ -f "$FAKE_PULUMI/torn" ]; then rm "$FAKE_PULUMI/torn"; echo "error: failed to load checkpoint: EOF" >&2; exit 1; fi ;;
esac
case "$*" in
version*) echo v3.204.0; exit ;;
"state unprotect"*) exit ;;
"stack export"*) answer export.json '{"version":3,"deployment":{}}'; exit ;;
"stack output"*--show-secrets*) answer outputs.json '{}'; exit ;;
"stack output"*) answer outputs-hidden.json '{}'; exit ;;
"stack history"*) echo '[]'; exit ;;
config*) answer config.json '{"slipway:cloud":{"value":"docker"}}'; exit ;;
esac
verb=$1
while [ $# -gt 0 ]; do
	if [ "$1" = --event-log ] && [ "$verb" = preview ] && ! grep -q summaryEvent "$FAKE_PULUMI/events.json" 2>/dev/null; then
		answer preview.json '{"summaryEvent":{"resourceChanges":{}}}' > "$2"; sleep 0.1
	elif [ "$1" = --event-log ]; then answer events.json '{"sequence":0,"timestamp":0,"cancelEvent":{}}' > "$2"; sleep 0.1; fi # what follows the file may miss what a command writes as its last act
	shift
done
if [ -f "$FAKE_PULUMI/slow-$verb" ]; then rm "$FAKE_PULUMI/slow-$verb"; exec sleep 60; fi
if [ -f "$FAKE_PULUMI/fail-$verb" ]; then cat "$FAKE_PULUMI/fail-$verb" >&2; exit 255; fi
`

// project is a checkout with a fake pulumi on PATH and no Pulumi of the user's in sight.
type project struct {
	root, fake string
	target     *fakeTarget
}

func newProject(t *testing.T) *project {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	p := &project{root: root, fake: t.TempDir(), target: &fakeTarget{}}
	bin := t.TempDir()
	script(t, filepath.Join(bin, "pulumi"), fakePulumi)
	for name, version := range map[string]string{"docker": "4.10.0", "random": "4.18.0", "tls": "5.2.0"} {
		script(t, filepath.Join(bin, "pulumi-resource-"+name), "#!/bin/sh\necho "+version+"\n")
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("FAKE_PULUMI", p.fake)
	t.Setenv("SLIPWAY_TOOLCHAIN", "path")
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	for _, name := range []string{"PULUMI_HOME", "PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE", "PULUMI_ACCESS_TOKEN", "PULUMI_CREDENTIALS_PATH", "PULUMI_PARALLEL", "GOGC"} {
		t.Setenv(name, "")
		if err := os.Unsetenv(name); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(p.root, "Pulumi.yaml"), "name: slipway\nruntime: go\n")
	write(t, filepath.Join(p.root, "app", "Dockerfile"), "FROM scratch\n")
	write(t, filepath.Join(p.root, "Pulumi.local.yaml"), "config:\n  slipway:cloud: docker\n")
	t.Chdir(p.root)
	return p
}

func script(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// answer is what the fake pulumi prints for a file of its own.
func (p *project) answer(t *testing.T, file string, v any) {
	t.Helper()
	text, ok := v.(string)
	if !ok {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		text = string(b)
	}
	write(t, filepath.Join(p.fake, file), text)
}

// calls are the arguments of the calls of pulumi that begin with a verb.
func (p *project) calls(t *testing.T, verb string) []string {
	t.Helper()
	var out []string
	for _, line := range strings.Split(read(t, filepath.Join(p.fake, "calls")), "\n") {
		if strings.HasPrefix(line, verb) {
			out = append(out, line)
		}
	}
	return out
}

// run calls a verb as a person would.
func (p *project) run(t *testing.T, stdin io.Reader, args ...string) (code int, out, errOut string) {
	t.Helper()
	var o, e bytes.Buffer
	program := stacks.Program{Cloud: stacks.CloudDocker, Platform: func(*pulumi.Context, string, stacks.Config) (components.Platform, error) {
		return nil, errors.New("the fake pulumi runs no program")
	}}
	code = run(t.Context(), program, p.target, args, stdin, &o, &e)
	return code, o.String(), e.String()
}

// fakeTarget notes what it is asked for, and fails where it is told to.
type fakeTarget struct {
	asked                          []string
	state                          []Resource
	stack                          Stack
	logs                           LogOptions
	health                         rollout.Health
	refresh                        []string
	unknown                        [][]string // one answer after the other
	removed                        []string
	broken                         string // what a watched update will not become
	found                          []toolchain.Finding
	examined                       stacks.Config
	rights                         map[string][]byte
	failPreflight                  error
	failPrepare, failRepair, failR error
}

func (f *fakeTarget) Preflight(context.Context, *progress.Printer) error { return f.failPreflight }

func (f *fakeTarget) Prepare(_ context.Context, _ *progress.Printer, s Stack) error {
	f.asked, f.stack = append(f.asked, "prepare"), s
	return f.failPrepare
}

func (f *fakeTarget) Repair(_ context.Context, _ *progress.Printer, _ Stack, state []Resource) ([]string, error) {
	f.asked, f.state = append(f.asked, "repair"), state
	return f.refresh, f.failRepair
}

func (f *fakeTarget) Unknown(context.Context, Stack, []Resource) (first []string, err error) {
	if len(f.unknown) > 0 {
		first, f.unknown = f.unknown[0], f.unknown[1:]
	}
	return first, nil
}

func (f *fakeTarget) Watch(ctx context.Context, _ Stack, _ []Resource) string {
	if f.broken == "" {
		<-ctx.Done()
		return ""
	}
	select {
	case <-ctx.Done():
	case <-time.After(2 * time.Second): // the update has begun by then
	}
	return f.broken
}

func (f *fakeTarget) Rights(_ string, c stacks.Config) (map[string][]byte, error) {
	f.examined = c
	return f.rights, nil
}

func (f *fakeTarget) Examine(_ context.Context, c stacks.Config) []toolchain.Finding {
	f.examined = c
	return f.found
}

func (f *fakeTarget) Remove(_ context.Context, _ *progress.Printer, _ Stack, unknown []string) error {
	f.removed = append(f.removed, unknown...)
	return f.failR
}

func (f *fakeTarget) Cleaned(context.Context, *progress.Printer, Stack) error {
	f.asked = append(f.asked, "cleaned")
	return f.failR
}

func (f *fakeTarget) Health(context.Context, Stack, Outputs) (rollout.Health, error) {
	return f.health, nil
}

func (f *fakeTarget) Logs(_ context.Context, w io.Writer, _ Stack, o LogOptions) error {
	f.logs = o
	_, err := io.WriteString(w, "a line\n")
	return err
}

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// verbTimeout bounds one call of the launcher: the first one on a machine builds every tool and image.
const verbTimeout = 30 * time.Minute

// project is a copy of the repository with a stack of its own, and the compiled launcher.
type project struct {
	dir      string
	launcher string
	home     string // PULUMI_HOME of the tests: nobody is logged in there
	stack    string
	env      []string // of the launcher, beside this process's
	ports    struct{ https, http, dashboard int }
	beside   bool // other tests run too

	mu     sync.Mutex
	output bytes.Buffer // of all calls of the launcher, to be searched for secrets
}

// newProject copies the working tree (what git tracks and what it would add), makes a git repository of the copy, writes the
// stack's file and compiles the launcher.
//
// The stack's name is e2e-<pid> and the suffix; config is added to the stack's file.
func newProject(t *testing.T, suffix, config string) *project {
	t.Helper()
	root := repositoryRoot(t)
	cache, err := os.UserCacheDir()
	must(t, err)
	// Not a new folder each time: plugins that were downloaded once are there.
	p := &project{dir: filepath.Join(t.TempDir(), "slipway"), home: filepath.Join(cache, "slipway", "e2e-home"), stack: "e2e-" + strconv.Itoa(os.Getpid()) + suffix}
	folders := map[string]bool{".": true} // this one changes with every command of git
	for _, file := range strings.Split(strings.TrimRight(capture(t, root, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"), "\x00"), "\x00") {
		copyFile(t, filepath.Join(root, file), filepath.Join(p.dir, file))
		if dir := filepath.Dir(file); !folders[dir] {
			folders[dir] = true
			// The go command notes what a test reads, and runs it again if a file is added to such a folder.
			_, err := os.ReadDir(filepath.Join(root, dir))
			must(t, err)
		}
	}
	must(t, os.RemoveAll(filepath.Join(p.home, "credentials.json")))
	p.ports.https, p.ports.http, p.ports.dashboard = freePort(t), freePort(t), freePort(t)
	p.writeStackFile(t, config)
	capture(t, p.dir, "git", "init", "--quiet")
	capture(t, p.dir, "git", "add", "--all")
	p.commit(t, "copy")
	p.launcher = filepath.Join(t.TempDir(), "slipway")
	capture(t, p.dir, "go", "build", "-trimpath", "-o", p.launcher, ".")
	return p
}

// commit commits what git tracks in the copy, whatever this machine's git is set up to do.
func (p *project) commit(t *testing.T, message string) {
	t.Helper()
	capture(t, p.dir, "git", "-c", "user.name=e2e", "-c", "user.email=e2e@example.com", "-c", "commit.gpgsign=false", "-c", "gc.auto=0",
		"commit", "--quiet", "--all", "--message", message)
}

// environment is this process's for a command on the copy, without what would choose another back end or passphrase: tests must not
// write into the back end that somebody is logged in to.
func (p *project) environment() []string {
	env := slices.DeleteFunc(os.Environ(), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return slices.Contains([]string{"PULUMI_HOME", "PULUMI_BACKEND_URL", "PULUMI_ACCESS_TOKEN", "PULUMI_CREDENTIALS_PATH"}, name) ||
			strings.HasPrefix(name, "PULUMI_CONFIG_PASSPHRASE")
	})
	return append(append(env, "PULUMI_HOME="+p.home), p.env...)
}

// writeStackFile writes a stack's file like Pulumi.local.yaml, with ports of its own, and with both rate limits off, so that load from
// one address is no abuse.
func (p *project) writeStackFile(t *testing.T, more string) {
	t.Helper()
	text := fmt.Sprintf(`config:
  slipway:cloud: docker
  slipway:tier: dev
  slipway:app:
    name: links
    migrate: [migrate]
    env: {DRAIN_DELAY: 2s, RATE_LIMIT_RPS: "0"}
  slipway:edge:
    rateLimit: 0
  slipway:docker:
    httpsPort: %d
    httpPort: %d
    dashboardPort: %d
%s`, p.ports.https, p.ports.http, p.ports.dashboard, more)
	must(t, os.WriteFile(filepath.Join(p.dir, "Pulumi."+p.stack+".yaml"), []byte(text), 0o644))
}

// result is how a call of the launcher ended.
type result struct {
	code           int
	stdout, stderr string
	took           time.Duration
}

func (r result) String() string {
	return fmt.Sprintf("exit code %d after %s\n--- stdout\n%s\n--- stderr\n%s", r.code, r.took.Round(time.Millisecond), r.stdout, r.stderr)
}

// running is a call of the launcher that has not ended.
type running struct {
	cmd            *exec.Cmd
	stdout, stderr lockedBuffer
	begun          time.Time
	cancel         context.CancelFunc
}

// start calls a verb on the test's stack.
func (p *project) start(t *testing.T, verb string, args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), verbTimeout)
	r := &running{begun: time.Now(), cancel: cancel}
	line := append([]string{p.launcher, verb, "-s", p.stack}, args...)
	if p.beside {
		// Containers go first: a request that waits for the processor because other tests' launchers use it says nothing about the stack.
		// All containers together weigh as much as one process of the host (docs/traps.md).
		line = append([]string{"nice", "-n", "19"}, line...)
	}
	r.cmd = exec.CommandContext(ctx, line[0], line[1:]...)
	r.cmd.Dir, r.cmd.Env = p.dir, p.environment()
	r.cmd.Stdout, r.cmd.Stderr = &r.stdout, &r.stderr
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a Ctrl-C reaches the whole group, like at a terminal
	r.cmd.Cancel = func() error { return syscall.Kill(-r.cmd.Process.Pid, syscall.SIGKILL) }
	r.cmd.WaitDelay = 5 * time.Second
	must(t, r.cmd.Start())
	t.Cleanup(func() { // where the test has ended without waiting
		if r.cmd.ProcessState == nil {
			_ = r.cmd.Cancel()
		}
	})
	return r
}

func (p *project) wait(t *testing.T, r *running) result {
	t.Helper()
	defer r.cancel()
	err := r.cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) {
		t.Fatalf("running the launcher: %v", err)
	}
	out := result{code: r.cmd.ProcessState.ExitCode(), stdout: r.stdout.String(), stderr: r.stderr.String(), took: time.Since(r.begun)}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.output.WriteString(out.stdout + out.stderr)
	return out
}

func (p *project) run(t *testing.T, verb string, args ...string) result {
	t.Helper()
	return p.wait(t, p.start(t, verb, args...))
}

// must runs a verb that has to succeed.
func (p *project) must(t *testing.T, verb string, args ...string) result {
	t.Helper()
	r := p.run(t, verb, args...)
	if r.code != 0 {
		t.Fatalf("%s: %s", verb, r)
	}
	t.Logf("%s: %s", verb, r.took.Round(100*time.Millisecond))
	return r
}

func (p *project) outputs(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	r := p.run(t, "output", "--json")
	if err := json.Unmarshal([]byte(r.stdout), &out); err != nil {
		t.Fatalf("output --json is no JSON (%v): %s", err, r)
	}
	return out
}

// edit changes a source file of the app: a new version. It is undone by the returned function.
func (p *project) edit(t *testing.T, file, old, with string) (undo func()) {
	t.Helper()
	path := filepath.Join(p.dir, "app", file)
	text, err := os.ReadFile(path)
	must(t, err)
	if !strings.Contains(string(text), old) {
		t.Fatalf("app/%s does not contain %q any more: adapt this test", file, old)
	}
	must(t, os.WriteFile(path, []byte(strings.Replace(string(text), old, with, 1)), 0o644))
	return func() { must(t, os.WriteFile(path, text, 0o644)) }
}

// newVersion makes a version that differs from all others in the page's title, and commits it as its author would.
func (p *project) newVersion(t *testing.T, name string) {
	t.Helper()
	p.edit(t, "internal/web/static/index.html", "<title>links", "<title>links "+name+" ")
	p.commit(t, name)
}

// versionBefore makes the source what it was before the last commit, and commits that, as a revert does. Its image is there.
func (p *project) versionBefore(t *testing.T) {
	t.Helper()
	capture(t, p.dir, "git", "checkout", "--quiet", "HEAD~1", "--", ".")
	p.commit(t, "the version before")
}

// clean reports what git sees as changed in the copy.
func (p *project) clean(t *testing.T) {
	t.Helper()
	if s := capture(t, p.dir, "git", "status", "--porcelain"); s != "" {
		t.Errorf("the working tree is not clean:\n%s", s)
	}
}

func repositoryRoot(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("..")
	must(t, err)
	return dir
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	info, err := os.Stat(from)
	if errors.Is(err, os.ErrNotExist) {
		return // deleted and not yet committed
	}
	must(t, err)
	text, err := os.ReadFile(from)
	must(t, err)
	must(t, os.MkdirAll(filepath.Dir(to), 0o755))
	must(t, os.WriteFile(to, text, info.Mode().Perm()))
}

// given are the ports that freePort has found: nobody listens on them yet.
var given sync.Map

// freePort finds a port below those that the kernel gives to outgoing connections: one of those could take it at any moment.
func freePort(t *testing.T) int {
	t.Helper()
	for range 100 {
		port := 20000 + rand.IntN(10000)
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			must(t, l.Close())
			if _, taken := given.LoadOrStore(port, true); !taken {
				return port
			}
		}
	}
	t.Fatal("no port is free")
	return 0
}

// capture runs a command that has to succeed and returns what it prints.
func capture(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	var errOut bytes.Buffer
	cmd.Stderr = &errOut
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v: %s", name, strings.Join(args, " "), err, errOut.String())
	}
	return string(out)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// eventually polls until ok returns an empty reason.
func eventually(t *testing.T, within time.Duration, ok func() (reason string)) {
	t.Helper()
	for end := time.Now().Add(within); ; time.Sleep(200 * time.Millisecond) {
		reason := ok()
		if reason == "" {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("after %s: %s", within, reason)
		}
	}
}

// lockedBuffer can be read while a process writes to it.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

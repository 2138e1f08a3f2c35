package toolchain

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipway-iac/slipway/cli/progress"
)

// fakeHost is a machine whose Docker Engine comes up when the named command is run.
type fakeHost struct {
	dockerHost
	commands []string
	programs []string
	up       bool
}

func newFakeHost(answersAfter string, programs ...string) *fakeHost {
	f := &fakeHost{programs: programs}
	f.dockerHost = dockerHost{
		isRoot: true, release: map[string]string{"ID": "debian"}, getenv: func(string) string { return "" },
		has: func(name string) bool { return slices.Contains(f.programs, name) },
		run: func(_ context.Context, name string, args ...string) (string, error) {
			line := strings.Join(append([]string{name}, args...), " ")
			if name == "docker" {
				if !f.up {
					return "", errors.New("cannot connect")
				}
				return "27.0", nil
			}
			f.commands = append(f.commands, line)
			if strings.HasSuffix(line, "docker.io") {
				f.programs = append(f.programs, "docker", "dockerd")
			}
			f.up = f.up || line == answersAfter
			return "", nil
		},
		spawn: func() (string, error) {
			f.commands = append(f.commands, "dockerd")
			f.up = f.up || answersAfter == "dockerd"
			return "dockerd.log", nil
		},
		wait: func(_ context.Context, _ time.Duration, ready func() bool) bool { return ready() },
	}
	return f
}

func TestEnsureDocker(t *testing.T) {
	for _, c := range []struct {
		name    string
		host    *fakeHost
		change  func(*fakeHost)
		want    string // the commands
		message string // in the error
	}{
		{name: "answers", host: newFakeHost("", "docker"), change: func(f *fakeHost) { f.up = true }},
		{name: "nothing there", host: newFakeHost("systemctl start docker", "apt-get"), change: func(f *fakeHost) { f.systemd = true },
			want: "apt-get update|apt-get install --yes docker.io|systemctl start docker"},
		{name: "only stopped", host: newFakeHost("service docker start", "apt-get", "docker", "dockerd"), want: "service docker start"},
		{name: "no service manager", host: newFakeHost("dockerd", "apt-get", "docker", "dockerd"), want: "service docker start|dockerd"},
		{name: "never answers", host: newFakeHost("", "apt-get", "docker", "dockerd"),
			want: "service docker start|dockerd", message: "see dockerd.log"},
		{name: "never answers under systemd", host: newFakeHost("", "apt-get", "docker", "dockerd"),
			change: func(f *fakeHost) { f.systemd = true }, want: "systemctl start docker", message: "journalctl"},
		{name: "not root", host: newFakeHost("", "apt-get"), change: func(f *fakeHost) { f.isRoot = false }, message: "sudo apt-get install"},
		{name: "not root, stopped", host: newFakeHost("", "docker"), change: func(f *fakeHost) { f.isRoot = false }, message: "Start Docker"},
		{name: "another system", host: newFakeHost("", "brew"), change: func(f *fakeHost) { f.release = nil }, message: installURL},
		{name: "elsewhere", host: newFakeHost("", "docker"), change: func(f *fakeHost) {
			f.getenv = func(string) string { return "tcp://build:2376" }
		}, message: "DOCKER_HOST=tcp://build:2376"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.change != nil {
				c.change(c.host)
			}
			err := c.host.ensure(t.Context(), progress.New(&bytes.Buffer{}))
			if c.message == "" && err != nil || c.message != "" && (err == nil || !strings.Contains(err.Error(), c.message)) {
				t.Errorf("error %v, want one about %q", err, c.message)
			}
			if got := strings.Join(c.host.commands, "|"); got != c.want {
				t.Errorf("commands %s, want %s", got, c.want)
			}
		})
	}
}

// TestDockerContext: the provider gets the engine that the docker command uses.
func TestDockerContext(t *testing.T) {
	for _, c := range []struct{ name, host, prints, want string }{
		{"default", "", "default unix:///var/run/docker.sock ", "map[]"},
		{"DOCKER_HOST wins", "tcp://a:1", "rootless unix:///run/user/1000/docker.sock ", "map[]"},
		{"rootless", "", "rootless unix:///run/user/1000/docker.sock ", "map[DOCKER_HOST:unix:///run/user/1000/docker.sock]"},
		{"with certificates", "", "far tcp://far:2376 /home/me/.docker/contexts/tls/1",
			"map[DOCKER_CERT_PATH:/home/me/.docker/contexts/tls/1/docker DOCKER_HOST:tcp://far:2376 DOCKER_TLS_VERIFY:1]"},
	} {
		f := newFakeHost("", "docker")
		f.getenv = func(string) string { return c.host }
		f.run = func(context.Context, string, ...string) (string, error) { return c.prints, nil }
		if got := fmt.Sprint(f.context(t.Context())); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	broken := newFakeHost("", "docker")
	if got := broken.context(t.Context()); got != nil {
		t.Errorf("an engine that doesn't answer: %v", got)
	}
}

func TestDockerFinding(t *testing.T) {
	stopped := newFakeHost("", "apt-get")
	if f := stopped.check(t.Context()); f.Status != Missing || !strings.Contains(f.Fix, "up installs") {
		t.Errorf("got %+v", f)
	}
	running := newFakeHost("", "docker")
	running.up = true
	if f := running.check(t.Context()); f.Status != OK || f.Detail != "27.0" {
		t.Errorf("got %+v", f)
	}
}

// TestLocalRoot: the disk of an engine elsewhere is none of this machine's.
func TestLocalRoot(t *testing.T) {
	here := t.TempDir()
	for _, c := range []struct{ name, host, root, want string }{
		{"local", "", here, here},
		{"another socket", "unix:///run/user/1000/docker.sock", here, here},
		{"another machine", "tcp://build:2376", here, ""},
		{"in a virtual machine", "", filepath.Join(here, "not here"), ""},
		{"no answer", "", "", ""},
	} {
		f := newFakeHost("", "docker")
		f.getenv = func(string) string { return c.host }
		f.run = func(_ context.Context, _ string, args ...string) (string, error) {
			if args[0] == "info" {
				return c.root, nil
			}
			return "default unix:///var/run/docker.sock ", nil
		}
		if got := f.localRoot(t.Context()); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestPullGivesUp(t *testing.T) {
	for _, c := range []struct{ name, script, message string }{
		{"a silent registry", "echo Using default tag: latest; exec sleep 30", "no answer within"},
		{"a refusing registry", "echo dial tcp: no such host >&2; exit 1", "no such host"},
		{"a slow registry that answers", "echo latest: Pulling from library/x; sleep 1; echo done", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			began := time.Now()
			err := pullWith(t.Context(), exec.Command("sh", "-c", c.script), 500*time.Millisecond)
			if c.message == "" && err != nil || c.message != "" && (err == nil || !strings.Contains(err.Error(), c.message)) {
				t.Errorf("error %v, want one about %q", err, c.message)
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

func TestMirrors(t *testing.T) {
	for _, c := range []struct{ name, file, text, main, security string }{
		{"one line", "sources.list", "# a comment\ndeb-src http://m/debian bookworm main\ndeb [arch=amd64 signed-by=/k] http://m/debian bookworm main contrib\n" +
			"deb http://m/debian-security bookworm-security main\n", "http://m/debian", "http://m/debian-security"},
		{"stanzas", "sources.list.d/debian.sources", "Types: deb\nURIs: http://m/debian/\nSuites: bookworm\nComponents: main\n\n" +
			"Types: deb\nURIs: http://m/debian-security\nSuites: bookworm-security\nComponents: main\n", "http://m/debian/", "http://m/debian-security"},
		{"disabled, and another distribution", "sources.list.d/x.sources",
			"Types: deb\nEnabled: no\nURIs: http://m/debian\nComponents: main\n\nTypes: deb\nURIs: http://m/ubuntu\nComponents: main\n", "", ""},
		{"nothing", "sources.list", "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			apt := t.TempDir()
			write(t, filepath.Join(apt, c.file), c.text, 0o644)
			if main, security := mirrors(apt); main != c.main || security != c.security {
				t.Errorf("got %q, %q", main, security)
			}
		})
	}
}

func TestAnchors(t *testing.T) {
	block := func(text string) string {
		return "-----BEGIN CERTIFICATE-----\n" + text + "\n-----END CERTIFICATE-----\n"
	}
	root, bundle := t.TempDir(), filepath.Join(t.TempDir(), "bundle.crt")
	write(t, filepath.Join(root, hostBundle), block("AAAA"), 0o644)
	write(t, bundle, "# comment\n"+block("AAAA")+block("BBBB"), 0o644)
	if err := finish(root, "http://m/debian", "http://m/debian-security", bundle); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(root, hostBundle))
	if err != nil || strings.Count(string(got), "AAAA") != 1 || strings.Count(string(got), "BBBB") != 1 {
		t.Errorf("bundle %s, %v", got, err)
	}
	if extra, _ := filepath.Glob(filepath.Join(root, "usr/local/share/ca-certificates/*.crt")); len(extra) != 1 {
		t.Errorf("extra anchors %v, want one", extra)
	}
	sources, err := os.ReadFile(filepath.Join(root, "etc/apt/sources.list"))
	if err != nil || strings.Count(string(sources), "\n") != 3 {
		t.Errorf("sources %s, %v", sources, err)
	}
	if err := addAnchors(root, filepath.Join(root, "none")); err != nil {
		t.Errorf("a machine without a bundle: %v", err)
	}
}

func TestGoSettings(t *testing.T) {
	got, err := goSettings([]byte(`{"GOPROXY":"https://proxy.example,direct","GOFLAGS":"-buildvcs=false","GOBIN":"/x","GONOSUMDB":""}`))
	want := `ENV GOFLAGS="-buildvcs=false"|ENV GOPROXY="https://proxy.example,direct"`
	if err != nil || strings.Join(got, "|") != want {
		t.Errorf("got %v, %v", got, err)
	}
	if got, err := goSettings([]byte(`{"GOPROXY":"file:///modules"}`)); err != nil || len(got) != 0 {
		t.Errorf("a folder is taken for a proxy: %v, %v", got, err)
	}
	if _, err := goSettings([]byte("x")); err == nil {
		t.Error("no error")
	}
}

func TestFindings(t *testing.T) {
	if !atLeastGo("go1.26.8", 26) || atLeastGo("go1.25.9", 26) || atLeastGo("devel", 26) {
		t.Error("Go versions are compared wrongly")
	}
	f := newFixture(t, "")
	if got := f.checkProgram(t.Context(), testPlugin); got.Status != Missing || !strings.Contains(got.Fix, "builds it once") {
		t.Errorf("got %+v", got)
	}
	if _, err := f.ensure(t.Context(), testNeeds); err != nil {
		t.Fatal(err)
	}
	if got := f.checkProgram(t.Context(), testPlugin); got.Status != OK || !strings.Contains(got.Detail, "built: ") {
		t.Errorf("got %+v", got)
	}
	if got := checkDisk(t.TempDir(), "x", 1); got.Detail == "" || got.Status != OK {
		t.Errorf("got %+v", got)
	}
	if got := checkDisk(t.TempDir(), "x", 1<<62); got.Status != Missing || !strings.Contains(got.Fix, "make room") {
		t.Errorf("no disk is that large: %+v", got)
	}
	if got := parent(filepath.Join(os.TempDir(), "no", "such")); got != filepath.Clean(os.TempDir()) {
		t.Errorf("got %s", got)
	}
	findings := Check(t.Context(), f.root, "docker")
	var names []string
	for _, f := range findings {
		names = append(names, f.Name)
		if f.Status != OK && f.Fix == "" {
			t.Errorf("%+v says not what to do", f)
		}
	}
	if all := strings.Join(names, " "); !strings.Contains(all, "go Pulumi CLI docker plugin") || !strings.Contains(all, "disk space") {
		t.Errorf("findings %s", all)
	}
}

// TestBaseImages builds both images for real, under other names, and has them do what a Dockerfile would.
func TestBaseImages(t *testing.T) {
	if testing.Short() || os.Getenv("CI") == "" {
		t.Skip("takes two minutes, root and a Docker Engine: CI runs it")
	}
	const debian, golang = "slipway-toolchain-test:debian", "slipway-toolchain-test:golang"
	t.Cleanup(func() { _ = exec.Command("docker", "rmi", "--force", golang, debian).Run() })
	if err := buildDebian(t.Context(), debian); err != nil {
		t.Fatal(err)
	}
	out, err := run(t.Context(), "docker", "run", "--rm", debian, "sh", "-c",
		"cat /etc/debian_version && apt-get -qq update && apt-get -qq install --simulate postgresql-17 | tail -1")
	if err != nil || !strings.HasPrefix(out, "13") {
		t.Errorf("the Debian image: %s, %v", out, err)
	}
	if err := buildGolang(t.Context(), debian, golang); err != nil {
		t.Fatal(err)
	}
	out, err = run(t.Context(), "docker", "run", "--rm", golang, "sh", "-c",
		"mkdir /x && cd /x && go mod init x >/dev/null 2>&1 && echo 'package main; func main() { println(1) }' > main.go && go build -o /x/x . && go version")
	if err != nil || !strings.HasPrefix(out, "go version go1.26") {
		t.Errorf("the Go image: %s, %v", out, err)
	}
	if label := checkImage(t.Context(), golang); label.Detail != "built here from goroot" {
		t.Errorf("label: %+v", label)
	}
}

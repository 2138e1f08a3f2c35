package toolchain

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slipway-iac/slipway/cli/progress"
)

// The programs of the tests: a command and a plugin that is built from two modules.
var (
	testCLI = program{
		name: "Pulumi CLI", version: "3.259.0", oldest: "3.200.0", builds: []build{{module: "pulumi"}},
	}
	testPlugin = program{
		name: "docker plugin", plugin: "docker", version: "4.10.0", oldest: "4.5.0",
		builds: []build{{module: "pulumi-resource-docker"}, {module: "docker-bridge"}},
	}
	testNeeds = []Need{{testCLI}, {testPlugin}}
)

// nowhere is a host name that can't exist.
const nowhere = "https://download.invalid"

// fixture is a machine with nothing on it, and what it built and printed.
type fixture struct {
	*machine
	builds atomic.Int32
	out    *bytes.Buffer
}

func newFixture(t *testing.T, way string) *fixture {
	t.Helper()
	dir := t.TempDir()
	f := &fixture{out: &bytes.Buffer{}}
	f.machine = &machine{
		root: filepath.Join(dir, "project"), cache: filepath.Join(dir, "cache"), pulumiHome: filepath.Join(dir, "home"),
		path: filepath.Join(dir, "bin"), way: way, archives: nowhere, checksums: nowhere,
		client: impatient(), stall: 100 * time.Millisecond, progress: progress.New(f.out),
		compile: func(_ context.Context, _ *machine, b build, out string) error {
			f.builds.Add(1)
			time.Sleep(20 * time.Millisecond)
			return os.WriteFile(out, []byte("#!/bin/sh\necho built "+b.module+"\n"), 0o755)
		},
	}
	for _, module := range []string{"pulumi", "pulumi-resource-docker", "docker-bridge"} {
		write(t, filepath.Join(f.root, "tools", module, "go.mod"), "module x\n", 0o644)
	}
	return f
}

func write(t *testing.T, file, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

func (f *fixture) onPath(t *testing.T, name, version string) {
	t.Helper()
	write(t, filepath.Join(f.path, name), "#!/bin/sh\necho "+version+"\n", 0o755)
}

func (f *fixture) inPluginCache(t *testing.T, folder string) {
	t.Helper()
	write(t, filepath.Join(f.pulumiHome, "plugins", folder, "pulumi-resource-docker"), "#!/bin/sh\n", 0o755)
}

func TestOrderOfResolution(t *testing.T) {
	for _, c := range []struct {
		name    string
		way     string
		prepare func(*testing.T, *fixture)
		builds  int32
		check   func(*Tools, *fixture) bool
		err     string
	}{
		{name: "nothing there, no network: built", builds: 3, check: func(tools *Tools, f *fixture) bool {
			logs, err := os.Stat(filepath.Join(tools.home, "logs"))
			return tools.built && tools.root != "" && strings.HasPrefix(tools.home, f.cache) && len(tools.paths) == 2 && err == nil && logs.Mode().IsRegular()
		}},
		{name: "both on PATH", prepare: func(t *testing.T, f *fixture) {
			f.onPath(t, "pulumi", "v3.260.1")
			f.onPath(t, "pulumi-resource-docker", "4.9.0")
		}, check: func(tools *Tools, f *fixture) bool {
			return tools.root == "" && tools.home == "" && tools.Pulumi == filepath.Join(f.path, "pulumi")
		}},
		{name: "plugin in Pulumi's cache", prepare: func(t *testing.T, f *fixture) {
			f.onPath(t, "pulumi", "v3.259.0")
			f.inPluginCache(t, "resource-docker-v4.10.0")
		}, check: func(tools *Tools, _ *fixture) bool { return !tools.built && tools.home == "" }},
		{name: "another version in Pulumi's cache doesn't do", prepare: func(t *testing.T, f *fixture) {
			f.onPath(t, "pulumi", "v3.259.0")
			f.inPluginCache(t, "resource-docker-v4.9.0")
		}, builds: 2, check: func(tools *Tools, _ *fixture) bool { return tools.built }},
		{name: "nor an unfinished download", prepare: func(t *testing.T, f *fixture) {
			f.onPath(t, "pulumi", "v3.259.0")
			f.inPluginCache(t, "resource-docker-v4.10.0")
			write(t, filepath.Join(f.pulumiHome, "plugins", "resource-docker-v4.10.0.partial"), "", 0o644)
		}, builds: 2},
		{name: "too old on PATH", prepare: func(t *testing.T, f *fixture) {
			f.onPath(t, "pulumi", "v3.199.9")
			f.onPath(t, "pulumi-resource-docker", "4.10.0")
		}, builds: 1, check: func(tools *Tools, f *fixture) bool { return tools.root != "" }},
		{name: "of another major version on PATH", prepare: func(t *testing.T, f *fixture) {
			f.onPath(t, "pulumi", "v4.0.0")
			f.onPath(t, "pulumi-resource-docker", "5.1.0")
		}, builds: 3},
		{name: "a program that tells no version", prepare: func(t *testing.T, f *fixture) {
			f.onPath(t, "pulumi", "hello")
			f.onPath(t, "pulumi-resource-docker", "4.10.0")
		}, builds: 1},
		{name: "path forced", way: wayPath, err: "SLIPWAY_TOOLCHAIN=path"},
		{name: "download forced", way: wayDownload, err: "download.invalid"},
		{name: "build forced", way: wayBuild, prepare: func(t *testing.T, f *fixture) {
			f.onPath(t, "pulumi", "v3.259.0")
			f.onPath(t, "pulumi-resource-docker", "4.10.0")
		}, builds: 3, check: func(_ *Tools, f *fixture) bool { return f.out.Len() == 0 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t, c.way)
			if c.prepare != nil {
				c.prepare(t, f)
			}
			began := time.Now()
			tools, err := f.ensure(t.Context(), testNeeds)
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("it took %s without a network", took)
			}
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Fatalf("error %v, want one about %s", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := f.builds.Load(); got != c.builds {
				t.Errorf("%d builds, want %d", got, c.builds)
			}
			if c.check != nil && !c.check(tools, f) {
				t.Errorf("wrong tools: %+v\n%s", tools, f.out)
			}
		})
	}
}

func TestOfflineIsToldOnce(t *testing.T) {
	f := newFixture(t, "")
	if _, err := f.ensure(t.Context(), testNeeds); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(f.out.String(), "download.invalid can't be reached"); got != 1 {
		t.Errorf("told %d times, want once:\n%s", got, f.out)
	}
}

func TestUnroutableHostCostsSeconds(t *testing.T) {
	f := newFixture(t, "")
	// Reserved for documentation by RFC 5737: no route leads there.
	f.archives = "https://192.0.2.1"
	began := time.Now()
	if _, err := f.ensure(t.Context(), testNeeds); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestSecondTimeIsImmediate(t *testing.T) {
	f := newFixture(t, "")
	first, err := f.ensure(t.Context(), testNeeds)
	if err != nil {
		t.Fatal(err)
	}
	f.probeOnce = sync.Once{}
	began := time.Now()
	second, err := f.ensure(t.Context(), testNeeds)
	if err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 50*time.Millisecond {
		t.Errorf("with everything there it took %s", took)
	}
	if f.builds.Load() != 3 || fmt.Sprint(first) != fmt.Sprint(second) {
		t.Errorf("built %d times; %+v then %+v", f.builds.Load(), first, second)
	}
}

func TestConcurrentCallsBuildOnce(t *testing.T) {
	f := newFixture(t, wayBuild)
	var wait sync.WaitGroup
	problems := make([]error, 8)
	for i := range problems {
		wait.Go(func() {
			_, problems[i] = f.ensure(t.Context(), testNeeds)
		})
	}
	wait.Wait()
	if err := errors.Join(problems...); err != nil {
		t.Fatal(err)
	}
	if got := f.builds.Load(); got != 3 {
		t.Errorf("%d builds, want 3", got)
	}
}

func TestFailedBuild(t *testing.T) {
	f := newFixture(t, wayBuild)
	f.compile = func(context.Context, *machine, build, string) error { return errors.New("syntax error") }
	_, err := f.ensure(t.Context(), testNeeds)
	if err == nil || !strings.Contains(err.Error(), "building pulumi: syntax error") {
		t.Fatalf("got %v", err)
	}
	left, _ := filepath.Glob(filepath.Join(f.cache, "tools", "*", "bin", "*"))
	if len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestChangedSourcesAreBuiltAnew(t *testing.T) {
	f := newFixture(t, wayBuild)
	plugin := filepath.Join(f.root, "tools", "pulumi-resource-docker")
	write(t, filepath.Join(plugin, "go.mod"), "module x\n\nreplace y => ../shared\n", 0o644)
	shared := filepath.Join(f.root, "tools", "shared")
	write(t, filepath.Join(shared, "go.mod"), "module y\n", 0o644)
	build := func() int32 {
		t.Helper()
		before := f.builds.Load()
		if _, err := f.ensure(t.Context(), testNeeds); err != nil {
			t.Fatal(err)
		}
		return f.builds.Load() - before
	}
	build()
	for _, c := range []struct {
		file string
		want int32
	}{
		{filepath.Join(plugin, "main.go"), 1}, {filepath.Join(shared, "serve.go"), 1},
		{filepath.Join(plugin, "main_test.go"), 0}, {filepath.Join(plugin, "README.md"), 0},
	} {
		write(t, c.file, "package main\n", 0o644)
		if got := build(); got != c.want {
			t.Errorf("a new %s caused %d builds, want %d", c.file, got, c.want)
		}
	}
}

func TestEnvironment(t *testing.T) {
	t.Setenv("PATH", "/usr/bin")
	t.Setenv("PULUMI_CREDENTIALS_PATH", "")
	f := newFixture(t, "")
	f.inPluginCache(t, "resource-other-v1.0.0")
	tools, err := f.ensure(t.Context(), testNeeds)
	if err != nil {
		t.Fatal(err)
	}
	env := tools.Env()
	if env["PULUMI_CREDENTIALS_PATH"] != f.pulumiHome || env["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] != "true" {
		t.Errorf("environment %v", env)
	}
	// A plugin on PATH makes Pulumi warn, so only what the plugin needs is there.
	if strings.Contains(env["PATH"], "pulumi-resource-docker") || !strings.Contains(env["PATH"], "docker-bridge") {
		t.Errorf("PATH %s", env["PATH"])
	}
	for _, plugin := range []string{"resource-docker-v4.10.0", "resource-other-v1.0.0"} {
		if !isProgram(filepath.Join(env["PULUMI_HOME"], "plugins", plugin, "pulumi-resource-docker")) {
			t.Errorf("%s isn't in %s", plugin, env["PULUMI_HOME"])
		}
	}
	if found, _ := filepath.Glob(filepath.Join(f.pulumiHome, "plugins", "resource-docker*")); len(found) != 0 {
		t.Errorf("the user's own Pulumi home got %v", found)
	}
	// As it was left by Pulumi where nothing kept it from making logs.
	logs := filepath.Join(env["PULUMI_HOME"], "logs")
	if err := errors.Join(os.Remove(logs), os.Mkdir(logs, 0o700)); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(logs, "pulumi.log"), "old", 0o600)
	if _, err := f.ensure(t.Context(), testNeeds); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(logs); err != nil || !info.Mode().IsRegular() {
		t.Errorf("Pulumi can keep logs: %v, %v", info, err)
	}
}

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// asLauncher makes this test binary behave as the launcher itself.
const asLauncher = "SLIPWAY_TEST_AS_LAUNCHER"

func TestMain(m *testing.M) {
	if os.Getenv(asLauncher) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// program prints what it was given and ends with the exit code that EXIT names.
const program = `package main

import (
	"encoding/json"
	"io"
	"os"
	"strconv"
)

func main() {
	in, _ := io.ReadAll(os.Stdin)
	_ = json.NewEncoder(os.Stdout).Encode(map[string]any{"mark": mark, "args": os.Args[1:], "env": os.Environ(), "in": string(in)})
	code, _ := strconv.Atoi(os.Getenv("EXIT"))
	os.Exit(code)
}
`

// checkout writes a project whose program for docker prints a mark.
func checkout(t *testing.T, mark string) string {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for path, text := range map[string]string{
		"Pulumi.yaml":            "name: slipway\nruntime: go\n",
		"Pulumi.local.yaml":      "config:\n  slipway:cloud: docker\n",
		"Pulumi.moon.yaml":       "config:\n  slipway:cloud: moon\n",
		"Pulumi.none.yaml":       "config:\n  slipway:tier: dev\n",
		"Pulumi.renamed.yaml":    "config:\n  # slipway:cloud: gcp\n  other:thing:\n    nested: 1\n  \"my.shop_2:cloud\": 'docker' # the laptop\n",
		"Pulumi.bare.yaml":       "# of any project\nconfig:\n  # which one\n  app:\n    cloud: moon\n  cloud: docker\n",
		"go.mod":                 "module example.com/fake\n\ngo 1.24\n",
		"stacks/docker/main.go":  program,
		"stacks/docker/mark.go":  "package main\n\nconst mark = \"" + mark + "\"\n",
		"stacks/aws/main.go":     "package main\n\nfunc main() { undefined() }\n",
		"app/internal/.keep.txt": "",
	} {
		file := filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// ownCache gives the launcher a cache folder of its own, while Go keeps the one it has: an empty one costs a minute.
func ownCache(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOCACHE", strings.TrimSpace(string(out)))
	dir := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", dir)
	return dir
}

func none(string) string { return "" }

func from(env map[string]string) func(string) string {
	return func(name string) string { return env[name] }
}

// engine is the environment that Pulumi's Go language host sets (constructEnv in sdk/go/pulumi-language-go/main.go): variables
// without a value are left out.
func engine(root, cloud string) map[string]string {
	return map[string]string{
		"PULUMI_ORGANIZATION": "organization", "PULUMI_PROJECT": "shop", "PULUMI_ROOT_DIRECTORY": root, "PULUMI_STACK": "dev",
		"PULUMI_CONFIG":             `{"aws:region":"eu-west-1","shop:app":"{\"name\":\"links\"}","shop:cloud":"` + cloud + `","slipway:cloud":"gcp"}`,
		"PULUMI_CONFIG_SECRET_KEYS": `["shop:secrets"]`, "PULUMI_DRY_RUN": "true", "PULUMI_PARALLEL": "16",
		"PULUMI_MONITOR": "127.0.0.1:40001", "PULUMI_ENGINE": "127.0.0.1:40002",
	}
}

func TestFindRoot(t *testing.T) {
	root := checkout(t, "")
	below := filepath.Join(root, "app", "internal")
	outside, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name, dir string
		env       map[string]string
		want      string
	}{
		{"the folder itself", root, nil, root},
		{"a folder below", below, nil, root},
		{"named by the engine", outside, engine(root, "docker"), root},
		{"a name without an engine is somebody else's", outside, map[string]string{"PULUMI_ROOT_DIRECTORY": root}, ""},
		{"an engine too old to name it", root, map[string]string{"PULUMI_MONITOR": "127.0.0.1:1"}, root},
		{"outside", outside, nil, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Chdir(row.dir)
			got, err := findRoot(from(row.env))
			if got != row.want || (err == nil) != (row.want != "") {
				t.Errorf("got %q, %v, want %q", got, err, row.want)
			}
			if err != nil && !strings.Contains(err.Error(), "no Pulumi.yaml") {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

// TestFindCloudOfARenamedProject: after `pulumi new` the project is not called slipway.
func TestFindCloudOfARenamedProject(t *testing.T) {
	root := checkout(t, "")
	if err := os.WriteFile(filepath.Join(root, "Pulumi.yaml"), []byte("# a shop\nname: 'my.shop_2'\nruntime: go\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for stack, want := range map[string]string{"renamed": "docker", "bare": "docker"} {
		if cloud, err := findCloud(root, []string{"up", "-s", stack}, from(nil)); err != nil || cloud != want {
			t.Errorf("%s: got %q, %v", stack, cloud, err)
		}
	}
	if _, err := findCloud(root, []string{"up"}, from(nil)); err == nil || !strings.Contains(err.Error(), "Pulumi.local.yaml has slipway:cloud, and the project in Pulumi.yaml is called my.shop_2") {
		t.Errorf("got %v", err)
	}
}

func TestFindCloud(t *testing.T) {
	root := checkout(t, "")
	for _, row := range []struct {
		name string
		args string
		env  map[string]string
		want string // the cloud, or after ! a part of the error
	}{
		{"the default stack", "up", nil, "docker"},
		{"-s", "up -s bare", nil, "docker"},
		{"-s=", "up -s=bare", nil, "docker"},
		{"--stack", "up --stack bare", nil, "docker"},
		{"--stack=", "--stack=bare up", nil, "docker"},
		{"an organization's", "up -s acme/bare", nil, "docker"},
		{"an organization's and a project's", "up -s acme/slipway/bare", nil, "docker"},
		{"another project's prefix", "up -s renamed", nil, "!Pulumi.renamed.yaml has my.shop_2:cloud, and the project in Pulumi.yaml is called slipway: leave the prefix out"},
		{"-c cloud=", "up -c cloud=gcp", nil, "gcp"},
		{"--config=cloud=", "up --config=cloud=aws", nil, "aws"},
		{"-c of something else", "up -c tier=dev", nil, "docker"},
		{"-c without a stack's file", "up -s nowhere -c cloud=azure", nil, "azure"},
		{"flags after --", "up -- -s moon", nil, "docker"},
		{"a flag without its value", "up -s", nil, "!there is no Pulumi..yaml"},
		{"no such stack", "up -s nowhere", nil, "!there is no Pulumi.nowhere.yaml; choose another one with -s STACK"},
		{"no such cloud", "up -s moon", nil, `!Pulumi.moon.yaml: cloud is "moon", allowed are docker, aws, azure, gcp`},
		{"no such cloud in a flag", "up -c cloud=moon", nil, `!-c cloud=: cloud is "moon"`},
		{"no cloud in the file", "up -s none", nil, "!has no key cloud below config"},
		{"engine", "", engine(root, "azure"), "azure"},
		{"engine, and arguments that mean nothing to it", "up -s moon", engine(root, "aws"), "aws"},
		{"engine, no such cloud", "", engine(root, "moon"), `!the configuration of stack dev: cloud is "moon"`},
		{"engine, no configuration", "", map[string]string{"PULUMI_MONITOR": "1", "PULUMI_CONFIG": "{}", "PULUMI_STACK": "dev"}, `!cloud is ""`},
		{"engine, another project's prefix", "", map[string]string{"PULUMI_MONITOR": "1", "PULUMI_CONFIG": `{"slipway:cloud":"aws"}`, "PULUMI_STACK": "dev", "PULUMI_PROJECT": "shopapp"}, "!the configuration of stack dev has slipway:cloud, and the project in Pulumi.yaml is called shopapp"},
		{"engine, no JSON", "", map[string]string{"PULUMI_MONITOR": "1", "PULUMI_CONFIG": "s3cret"}, "!no JSON object"},
		{"a configuration without an engine is somebody else's", "up", map[string]string{"PULUMI_CONFIG": `{"slipway:cloud":"gcp"}`, "PULUMI_PROJECT": "slipway"}, "docker"},
	} {
		t.Run(row.name, func(t *testing.T) {
			cloud, err := findCloud(root, strings.Fields(row.args), from(row.env))
			part, fails := strings.CutPrefix(row.want, "!")
			switch {
			case fails && (err == nil || !strings.Contains(err.Error(), part) || strings.Contains(err.Error(), "s3cret")):
				t.Errorf("got %q, %v, want %q", cloud, err, part)
			case !fails && (err != nil || cloud != row.want):
				t.Errorf("got %q, %v, want %q", cloud, err, row.want)
			}
		})
	}
}

func TestFileThatCannotBeRead(t *testing.T) {
	if _, err := cloudInFile(t.TempDir(), ""); err == nil {
		t.Error("a folder is read as a stack's file")
	}
}

func TestLaunchFails(t *testing.T) {
	ownCache(t)
	t.Chdir(t.TempDir())
	if err := launch(nil, none); err == nil || !strings.Contains(err.Error(), "no Pulumi.yaml") {
		t.Errorf("outside of a project: %v", err)
	}
	t.Chdir(checkout(t, ""))
	if err := launch([]string{"up", "-s", "moon"}, none); err == nil || !strings.Contains(err.Error(), "moon") {
		t.Errorf("a cloud that does not exist: %v", err)
	}
	if err := launch([]string{"up", "-c", "cloud=aws"}, none); err == nil || !strings.Contains(err.Error(), "building ./stacks/aws") {
		t.Errorf("a program that does not compile: %v", err)
	}
}

func TestBuildKeepsCheckoutsApart(t *testing.T) {
	cache := ownCache(t)
	built := map[string]string{}
	for _, mark := range []string{"one", "other"} {
		path, err := build(checkout(t, mark), "docker")
		if err != nil {
			t.Fatal(err)
		}
		built[mark] = path
	}
	if built["one"] == built["other"] {
		t.Fatalf("two checkouts share %s", built["one"])
	}
	for mark, path := range built {
		if !strings.HasPrefix(path, cache) {
			t.Errorf("%s is not in the cache folder", path)
		}
		out, err := exec.Command(path).Output()
		if err != nil || !strings.Contains(string(out), `"mark":"`+mark+`"`) {
			t.Errorf("the program of %s prints %s, %v", mark, out, err)
		}
		entries, err := os.ReadDir(filepath.Dir(path))
		if err != nil || len(entries) != 2 {
			t.Errorf("%s holds %v, %v: what was built is renamed, and only a note of its sources stays beside it", filepath.Dir(path), entries, err)
		}
	}
}

func TestBuildAgainAfterAnEdit(t *testing.T) {
	ownCache(t)
	root := checkout(t, "before")
	first, err := build(root, "docker")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "stacks/docker/mark.go"), []byte("package main\n\nconst mark = \"after\"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	again, err := build(root, "docker")
	if err != nil || again != first {
		t.Fatalf("got %s, %v, want %s", again, err, first)
	}
	if out, err := exec.Command(again).Output(); err != nil || !strings.Contains(string(out), "after") {
		t.Errorf("the program prints %s, %v", out, err)
	}
}

func TestBuildNeedsACacheFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("XDG_CACHE_HOME", file)
	if _, err := build(checkout(t, ""), "docker"); err == nil || !strings.Contains(err.Error(), "cache folder") {
		t.Errorf("got %v", err)
	}
}

// The configuration of a stack holds secrets in plain text: nothing but the program itself may see it.
func TestBuildDoesNotSeeTheConfiguration(t *testing.T) {
	bin, seen := t.TempDir(), filepath.Join(t.TempDir(), "env")
	fake := "#!/bin/sh\nenv > " + seen + "\nwhile [ $# -gt 0 ]; do if [ \"$1\" = -o ]; then : > \"$2\"; fi; shift; done\n"
	if err := os.WriteFile(filepath.Join(bin, "go"), []byte(fake), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	ownCache(t)
	t.Setenv("PULUMI_CONFIG", `{"shop:secrets":"s3cret"}`)
	t.Setenv("PULUMI_CONFIG_PASSPHRASE", "s3cret")
	if _, err := build(checkout(t, ""), "docker"); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(seen)
	if err != nil || len(text) == 0 || strings.Contains(string(text), "s3cret") {
		t.Errorf("the build's environment, %v:\n%s", err, text)
	}
}

// printed is what the fake program prints.
type printed struct {
	Mark string   `json:"mark"`
	Args []string `json:"args"`
	Env  []string `json:"env"`
	In   string   `json:"in"`
}

// startLauncher runs the launcher as a process of its own.
func startLauncher(t *testing.T, dir string, env map[string]string, args ...string) (p printed, code int, errOut string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Dir, cmd.Stdin = dir, strings.NewReader("typed")
	cmd.Env = append(os.Environ(), asLauncher+"=1")
	for k, v := range env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if out.Len() > 0 {
		if err := json.Unmarshal(out.Bytes(), &p); err != nil {
			t.Fatalf("%v: %s", err, out.String())
		}
	}
	return p, cmd.ProcessState.ExitCode(), errs.String()
}

func TestLauncherAsCommand(t *testing.T) {
	ownCache(t)
	root := checkout(t, "here")
	p, code, errOut := startLauncher(t, filepath.Join(root, "app"), map[string]string{"EXIT": "7", "GREETING": "hello"}, "up", "-s", "bare", "--", "a b", "-c")
	if code != 7 || p.Mark != "here" || p.In != "typed" {
		t.Errorf("exit code %d, printed %+v\n%s", code, p, errOut)
	}
	if want := []string{"up", "-s", "bare", "--", "a b", "-c"}; !slices.Equal(p.Args, want) {
		t.Errorf("the arguments are %q, want %q", p.Args, want)
	}
	if !slices.Contains(p.Env, "GREETING=hello") {
		t.Error("the environment is not passed on")
	}
}

func TestLauncherAsProgramOfTheEngine(t *testing.T) {
	ownCache(t)
	root := checkout(t, "engine")
	env := engine(root, "docker")
	p, code, errOut := startLauncher(t, t.TempDir(), env)
	if code != 0 || p.Mark != "engine" || len(p.Args) != 0 {
		t.Fatalf("exit code %d, printed %+v\n%s", code, p, errOut)
	}
	for name, value := range env {
		if !slices.Contains(p.Env, name+"="+value) {
			t.Errorf("%s is not passed on", name)
		}
	}
}

func TestLauncherSaysWhatIsWrong(t *testing.T) {
	p, code, errOut := startLauncher(t, checkout(t, ""), nil, "up", "-s", "moon")
	if code != 1 || p.Mark != "" || !strings.HasPrefix(errOut, "slipway: Pulumi.moon.yaml: cloud is") {
		t.Errorf("exit code %d\n%s", code, errOut)
	}
}

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// forkStack has secrets that nobody here can decrypt.
const forkStack = `encryptionsalt: v1:AAAAAAAAAAA=:v1:AAAAAAAAAAAAAAAA:AAAA
config:
  slipway:cloud: docker
  slipway:app:
    name: links
  slipway:secrets:
    API_TOKEN:
      secure: v1:AAAAAAAAAAAAAAAA:AAAA
`

// TestPlan plans every stack in the repository, as somebody without an account, a key or a Docker Engine would. It needs nothing but the
// source, so the go command may take an earlier result for it while the source is the same, which test/run lets it do.
func TestPlan(t *testing.T) {
	if testing.Short() {
		t.Skip("end to end: left out by -short")
	}
	p := newProject(t, "", "")
	t.Cleanup(func() { p.removePrograms(t) })
	for name, value := range map[string]string{
		"DOCKER_HOST": "tcp://127.0.0.1:1", "AWS_ACCESS_KEY_ID": "", "AWS_PROFILE": "", "AWS_EC2_METADATA_DISABLED": "true", "PULUMI_CONFIG_PASSPHRASE": "", "PULUMI_BACKEND_URL": "",
		"HTTP_PROXY": "http://127.0.0.1:1", "HTTPS_PROXY": "http://127.0.0.1:1",
	} {
		t.Setenv(name, value)
	}
	must(t, os.WriteFile(filepath.Join(p.dir, "Pulumi.fork.yaml"), []byte(forkStack), 0o644))
	files, err := filepath.Glob(filepath.Join(p.dir, "Pulumi.*.yaml"))
	must(t, err)
	for _, file := range files {
		stack := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), "Pulumi."), ".yaml")
		if stack == p.stack {
			continue // the copy's own, which is like local
		}
		t.Run(stack, func(t *testing.T) { p.plan(t, stack) })
	}
	t.Run("a new version", p.planNewVersion)
	if text := p.output.String(); strings.Contains(text, "passphrase") {
		t.Errorf("a key was asked for: %s", text)
	}
	must(t, os.Remove(filepath.Join(p.dir, "Pulumi.fork.yaml")))
	p.clean(t)
}

// plan plans a stack twice: the two are the same, byte by byte.
func (p *project) plan(t *testing.T, stack string) {
	dir := t.TempDir()
	first, second := filepath.Join(dir, "first.json"), filepath.Join(dir, "second.json")
	if r := p.must(t, "plan", "-s", stack, "--out", first); !strings.HasPrefix(r.stdout, "Simulated plan of stack "+stack+" (") {
		t.Errorf("plan: %s", r)
	}
	r := p.must(t, "plan", "-s", stack, "--out", second, "--against", first)
	if !strings.Contains(r.stdout, "nothing would change") {
		t.Errorf("against itself: %s", r)
	}
	a, err := os.ReadFile(first)
	must(t, err)
	b, err := os.ReadFile(second)
	must(t, err)
	if string(a) != string(b) {
		t.Error("two plans of the same source differ")
	}
	if strings.Contains(string(a), p.dir) {
		t.Error("the folder of the checkout is in the plan")
	}
}

// planNewVersion has what a pull request shows.
func (p *project) planNewVersion(t *testing.T) {
	base := filepath.Join(t.TempDir(), "base.json")
	p.must(t, "plan", "-s", "local", "--out", base)
	undo := p.edit(t, "internal/web/static/index.html", "<title>links", "<title>links planned")
	defer undo()
	r := p.must(t, "plan", "-s", "local", "--against", base, "--markdown")
	for _, want := range []string{"| service links |", "docker.Container `links-blue-1`", "<details>", "Simulated"} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("there is no %q in %s", want, r)
		}
	}
	if strings.Contains(r.stdout, "**") {
		t.Errorf("a new version endangers data: %s", r)
	}
}

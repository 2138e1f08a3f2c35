package toolchain

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestCompile(t *testing.T) {
	f := newFixture(t, wayBuild)
	module := filepath.Join(f.root, "tools", "hello")
	write(t, filepath.Join(module, "go.mod"), "module hello\n\ngo 1.26\n", 0o644)
	write(t, filepath.Join(module, "main.go"), "package main\n\nvar word = \"?\"\n\nfunc main() { println(word) }\n", 0o644)
	out := filepath.Join(t.TempDir(), "hello")
	if err := compile(t.Context(), f.machine, build{module: "hello", ldflags: "-X main.word=hi", tags: "x"}, out); err != nil {
		t.Fatal(err)
	}
	if said, err := exec.Command(out).CombinedOutput(); err != nil || strings.TrimSpace(string(said)) != "hi" {
		t.Errorf("it says %q, %v", said, err)
	}
	write(t, filepath.Join(module, "main.go"), "package main\n\nfunc main() { nonsense() }\n", 0o644)
	if err := compile(t.Context(), f.machine, build{module: "hello"}, out); err == nil || !strings.Contains(err.Error(), "nonsense") {
		t.Errorf("the compiler's complaint is lost: %v", err)
	}
}

func TestBuildEnvironment(t *testing.T) {
	env := buildEnv([]string{"PULUMI_CONFIG={}", "PULUMI_CONFIG_PASSPHRASE=x", "HOME=/home/someone"})
	if slices.ContainsFunc(env, func(v string) bool { return strings.HasPrefix(v, "PULUMI") }) || !slices.Contains(env, "HOME=/home/someone") {
		t.Errorf("environment %v", env)
	}
}

func TestTail(t *testing.T) {
	if got := tail("a\nb\nc\n", 2); got != "b\nc" {
		t.Errorf("got %q", got)
	}
}

func TestLockGivesUpWithContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	unlock, err := lock(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := lock(ctx, path); err == nil {
		t.Error("a held lock was given away")
	}
	unlock()
	again, err := lock(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	again()
	if _, err := lock(t.Context(), filepath.Join(path, "x")); err == nil {
		t.Error("a lock file in a file")
	}
}

func TestCopyInsteadOfLink(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a"), "x", 0o755)
	if err := copyProgram(filepath.Join(dir, "a"), filepath.Join(dir, "b")); err != nil || !isProgram(filepath.Join(dir, "b")) {
		t.Errorf("got %v", err)
	}
	if err := copyProgram(filepath.Join(dir, "none"), filepath.Join(dir, "c")); err == nil {
		t.Error("no error")
	}
	for range 2 {
		if err := link(filepath.Join(dir, "a"), filepath.Join(dir, "plugins", "a")); err != nil {
			t.Fatal(err)
		}
	}
	if to, err := os.Readlink(filepath.Join(dir, "plugins", "a")); err != nil || to != filepath.Join(dir, "a") {
		t.Errorf("links to %q, %v", to, err)
	}
}

package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fakeGo puts a go command first in the path that writes a line for each build and an empty program; asked counts the lines.
func fakeGo(t *testing.T) (asked func() int) {
	t.Helper()
	bin, log := t.TempDir(), filepath.Join(t.TempDir(), "log")
	write(t, filepath.Join(bin, "go"), "#!/bin/sh\necho asked >> "+log+"\nwhile [ $# -gt 0 ]; do if [ \"$1\" = -o ]; then : > \"$2\"; fi; shift; done\n")
	must(t, os.Chmod(filepath.Join(bin, "go"), 0o755))
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	return func() int {
		text, err := os.ReadFile(log)
		must(t, err)
		return strings.Count(string(text), "asked")
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(t, os.WriteFile(path, []byte(text), 0o644))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// age makes all files of a folder old enough for their times to be trusted.
func age(t *testing.T, root string) {
	t.Helper()
	before := time.Now().Add(-time.Hour)
	must(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		return os.Chtimes(path, before, before)
	}))
}

// The go command takes some tenths of a second to find that nothing has changed; it is not asked where that is known.
func TestBuildAsksTheGoCommand(t *testing.T) {
	later := time.Now().Add(-time.Minute)
	for _, row := range []struct {
		name   string
		change func(t *testing.T, root, program string)
		asked  bool
	}{
		{"nothing", func(*testing.T, string, string) {}, false},
		{"the app, which is a module of its own", func(t *testing.T, root, _ string) { write(t, filepath.Join(root, "app", "new.go"), "package main\n") }, false},
		{"git's own files, and state", func(t *testing.T, root, _ string) {
			write(t, filepath.Join(root, ".git", "index"), "")
			write(t, filepath.Join(root, ".slipway", "state", "x.json"), "")
		}, false},
		{"a variable that it does not read", func(t *testing.T, _, _ string) { t.Setenv("GREETING", "hello") }, false},
		{"the configuration", func(t *testing.T, _, _ string) { t.Setenv("PULUMI_CONFIG", "{}") }, false},
		{"a source file", func(t *testing.T, root, _ string) {
			must(t, os.Chtimes(filepath.Join(root, "stacks/docker/mark.go"), later, later))
		}, true},
		{"one file more", func(t *testing.T, root, _ string) {
			write(t, filepath.Join(root, "components", "embedded.txt"), "")
			must(t, os.Chtimes(filepath.Join(root, "components", "embedded.txt"), later, later))
		}, true},
		{"one file less", func(t *testing.T, root, _ string) { must(t, os.Remove(filepath.Join(root, "stacks/docker/mark.go"))) }, true},
		{"what a link leads to", func(t *testing.T, root, _ string) {
			must(t, os.Chtimes(filepath.Join(root, "..", "outside.go"), later, later))
		}, true},
		{"its own variables", func(t *testing.T, _, _ string) { t.Setenv("GOFLAGS", "-tags=other") }, true},
		{"its own settings", func(t *testing.T, _, _ string) {
			write(t, filepath.Join(os.Getenv("XDG_CONFIG_HOME"), "go", "env"), "GOFLAGS=-tags=other\n")
		}, true},
		{"the go command", func(t *testing.T, _, _ string) {
			tool, err := exec.LookPath("go")
			must(t, err)
			must(t, os.Chtimes(tool, later, later))
		}, true},
		{"the program is gone", func(t *testing.T, _, program string) { must(t, os.Remove(program)) }, true},
		{"the program is another one", func(t *testing.T, _, program string) { write(t, program, "of another launcher") }, true},
		{"the note is gone", func(t *testing.T, _, program string) { must(t, os.Remove(program+".sources")) }, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			ownCache(t)
			t.Setenv("XDG_CONFIG_HOME", t.TempDir())
			root := checkout(t, "")
			write(t, filepath.Join(root, "app", "go.mod"), "module example.com/app\n")
			write(t, filepath.Join(root, "..", "outside.go"), "package main\n")
			must(t, os.Symlink(filepath.Join(root, "..", "outside.go"), filepath.Join(root, "stacks", "docker", "link.go")))
			age(t, root)
			asked := fakeGo(t)
			first, err := build(root, "docker")
			must(t, err)
			row.change(t, root, first)
			again, err := build(root, "docker")
			must(t, err)
			if n := asked(); again != first || (n == 2) != row.asked {
				t.Errorf("%s, then %s: the go command was asked %d times", first, again, n)
			}
		})
	}
}

// Where it can't be known whether something has changed, the go command is asked though nothing has.
func TestBuildAlwaysAsksTheGoCommand(t *testing.T) {
	for _, row := range []struct {
		name  string
		given func(t *testing.T, root string)
	}{
		{"a file written this moment", func(t *testing.T, root string) {
			soon := time.Now().Add(time.Minute)
			must(t, os.Chtimes(filepath.Join(root, "stacks/docker/mark.go"), soon, soon))
		}},
		{"a link to a folder", func(t *testing.T, root string) { must(t, os.Symlink(t.TempDir(), filepath.Join(root, "linked"))) }},
		{"a workspace", func(t *testing.T, root string) { write(t, filepath.Join(root, "..", "go.work"), "go 1.26\n") }},
		{"a workspace that a variable names", func(t *testing.T, root string) { t.Setenv("GOWORK", filepath.Join(root, "w")) }},
		{"a module from a folder", func(t *testing.T, root string) { replaced(t, root, "../other") }},
		{"a module from a folder with a blank", func(t *testing.T, root string) { replaced(t, root, `"../my other"`) }},
		{"another go.mod", func(t *testing.T, _ string) { t.Setenv("GOFLAGS", "-modfile=other.mod") }},
		{"an overlay in the settings", func(t *testing.T, _ string) {
			write(t, filepath.Join(os.Getenv("XDG_CONFIG_HOME"), "go", "env"), "GOFLAGS=-overlay=o.json\n")
		}},
		{"settings elsewhere", func(t *testing.T, root string) { t.Setenv("GOENV", filepath.Join(root, "e")) }},
	} {
		t.Run(row.name, func(t *testing.T) {
			ownCache(t)
			t.Setenv("XDG_CONFIG_HOME", t.TempDir())
			root := checkout(t, "")
			age(t, root)
			row.given(t, root)
			asked := fakeGo(t)
			for range 2 {
				_, err := build(root, "docker")
				must(t, err)
			}
			if n := asked(); n != 2 {
				t.Errorf("the go command was asked %d times in two builds", n)
			}
		})
	}
}

func replaced(t *testing.T, root, target string) {
	t.Helper()
	file, before := filepath.Join(root, "go.mod"), time.Now().Add(-time.Hour)
	write(t, file, "module example.com/fake\n\nreplace example.com/other v1.0.0 => "+target+"\n")
	must(t, os.Chtimes(file, before, before))
}

// A shell that went through a link gives the link as the working directory.
func TestBuildBehindALink(t *testing.T) {
	ownCache(t)
	root, link := checkout(t, ""), filepath.Join(t.TempDir(), "link")
	must(t, os.Symlink(root, link))
	age(t, root)
	asked := fakeGo(t)
	for range 2 {
		_, err := build(link, "docker")
		must(t, err)
	}
	if n := asked(); n != 1 {
		t.Errorf("the go command was asked %d times though nothing has changed", n)
	}
	write(t, filepath.Join(root, "stacks/docker/mark.go"), "package main\n\nconst mark = \"changed\"\n")
	_, err := build(link, "docker")
	must(t, err)
	if n := asked(); n != 2 {
		t.Errorf("the go command was asked %d times, the last one after a change", n)
	}
}

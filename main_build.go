package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// build compiles stacks/<cloud> into the cache folder, unless what it is made from is as it was the last time. Two checkouts never
// share a program: the folder is keyed by the module root. The new program is renamed into place, so one that runs is never written to.
func build(root, cloud string) (string, error) {
	if _, err := os.Stat(filepath.Join(root, "stacks", cloud)); err != nil {
		return "", fmt.Errorf("the stack is for %s, for which this version of Slipway has no program (stacks/%s)", cloud, cloud)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("finding the cache folder: %w", err)
	}
	key := sha256.Sum256([]byte(root))
	dir := filepath.Join(cache, "slipway", "programs", hex.EncodeToString(key[:8]))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("making the cache folder: %w", err)
	}
	program := filepath.Join(dir, cloud)
	note, sources := program+".sources", sourcesOf(root)
	if last, err := os.ReadFile(note); err == nil && sources != "" && string(last) == sources+identity(program) {
		return program, nil
	}
	removeLeft(program)
	fresh := fmt.Sprintf("%s.%d", program, os.Getpid())
	cmd := exec.Command("go", "build", "-buildvcs=false", "-trimpath", "-ldflags=-s -w", "-o", fresh, "./stacks/"+cloud)
	cmd.Dir = root
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	cmd.Env = buildEnvironment()
	defer os.Remove(fresh)
	// The go command links nothing if what is there is what it would make: seconds less where only a document has changed.
	if last, err := os.ReadFile(program); err == nil {
		if err := os.WriteFile(fresh, last, 0o755); err != nil {
			return "", fmt.Errorf("copying the last program: %w", err)
		}
	}
	if err := timed(cmd, "building the program for "+cloud); err != nil {
		return "", fmt.Errorf("building ./stacks/%s: %w", cloud, err)
	}
	// Another launcher may be renaming its own: the note is of this program or of none.
	made := sources + identity(fresh)
	if err := os.Rename(fresh, program); err != nil {
		return "", fmt.Errorf("keeping the program: %w", err)
	}
	_ = os.WriteFile(note, []byte(made), 0o644) // without it the go command is asked again
	return program, nil
}

// removeLeft removes what builds that were broken off have left: no build takes an hour.
func removeLeft(program string) {
	left, _ := filepath.Glob(program + ".[0-9]*")
	for _, file := range left {
		if info, err := os.Stat(file); err == nil && time.Since(info.ModTime()) > time.Hour {
			_ = os.Remove(file)
		}
	}
}

// buildEnvironment is this process's without the configuration, which may hold secrets.
func buildEnvironment() []string {
	return slices.DeleteFunc(os.Environ(), func(e string) bool { return strings.HasPrefix(e, "PULUMI_CONFIG") })
}

// identity tells one version of a file from another: its size and the time at which it was written, in nanoseconds.
func identity(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return " none"
	}
	return fmt.Sprintf(" %d %d", info.Size(), info.ModTime().UnixNano())
}

const (
	// manyFiles is the number of files from which asking the go command is faster than looking at all of them.
	manyFiles = 20_000
	// settled is the age from which a file's time changes with its content, even on a file system that counts in steps of two seconds.
	settled = 2 * time.Second
)

// errAsk is why sourcesOf can't tell.
var errAsk = errors.New("only the go command knows")

// sourcesOf sums up what a program is made from: names, sizes and times of the module's files, as the go command's own index of packages
// does (https://pkg.go.dev/cmd/go/internal/modindex), the go command itself, and the environment that it reads
// (https://pkg.go.dev/cmd/go#hdr-Environment_variables). Modules that are nested in this one, such as the app's, are no part of it.
//
// It is empty where that can't be told: a file that was written this moment, a link to a folder, a workspace, a module from another folder,
// settings that name further files, very many files.
func sourcesOf(root string) string {
	h := sha256.New()
	add := func(path string) { fmt.Fprintln(h, path, identity(path)) }
	tool, err := exec.LookPath("go")
	if err != nil {
		return ""
	}
	add(tool)
	settings, elsewhere := settingsOfGo()
	if root, err = filepath.EvalSymlinks(root); err != nil || elsewhere {
		return ""
	}
	fmt.Fprintln(h, settings)
	for _, e := range slices.Sorted(slices.Values(buildEnvironment())) {
		if name, _, _ := strings.Cut(e, "="); strings.HasPrefix(name, "GO") || strings.HasPrefix(name, "CGO_") || name == "CC" || name == "CXX" {
			fmt.Fprintln(h, e)
		}
	}
	if text, err := os.ReadFile(filepath.Join(root, "go.mod")); err != nil || replacedByFolder(string(text)) || inWorkspace(root) {
		return ""
	}
	files := 0
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case !entry.IsDir():
		case path != root && (entry.Name() == ".git" || entry.Name() == ".slipway" || exists(filepath.Join(path, "go.mod"))):
			return fs.SkipDir
		default:
			return nil
		}
		info, err := os.Stat(path) // of a link's target
		if files++; err != nil || info.IsDir() || files > manyFiles || time.Since(info.ModTime()) < settled {
			return errAsk
		}
		add(path)
		return nil
	})
	if err != nil {
		return ""
	}
	return hex.EncodeToString(h.Sum(nil))
}

// settingsOfGo returns what `go env -w` has written, and whether there or in the environment further files are named.
func settingsOfGo() (text string, elsewhere bool) {
	if config, err := os.UserConfigDir(); err == nil {
		written, _ := os.ReadFile(filepath.Join(config, "go", "env"))
		text = string(written)
	}
	flags := text + os.Getenv("GOFLAGS")
	return text, os.Getenv("GOENV") != "" || strings.Contains(flags, "-modfile") || strings.Contains(flags, "-overlay")
}

// replacedByFolder tells whether a go.mod takes a module from a folder, whose files are not looked at.
func replacedByFolder(mod string) bool {
	for line := range strings.Lines(mod) {
		_, target, found := strings.Cut(line, "=>")
		if target = strings.Trim(target, " \t\r\n\"`"); found && (strings.HasPrefix(target, ".") || filepath.IsAbs(target)) {
			return true
		}
	}
	return false
}

// inWorkspace tells whether the go command may find a go.work file.
func inWorkspace(dir string) bool {
	for ; ; dir = filepath.Dir(dir) {
		if exists(filepath.Join(dir, "go.work")) {
			return true
		}
		if dir == filepath.Dir(dir) {
			return os.Getenv("GOWORK") != "" && os.Getenv("GOWORK") != "off"
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// timed runs cmd; past two seconds it says what it waits for, and then how long it has been.
func timed(cmd *exec.Cmd, what string) error {
	if err := cmd.Start(); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	begun, said := time.Now(), false
	for next := 2 * time.Second; ; next = 15 * time.Second {
		select {
		case err := <-done:
			if said && err == nil {
				fmt.Fprintf(os.Stderr, "%s: done in %s\n", what, time.Since(begun).Round(time.Second))
			}
			return err
		case <-time.After(next):
			if !said {
				fmt.Fprintf(os.Stderr, "%s (the first time takes a minute or more) …\n", what)
			} else {
				fmt.Fprintf(os.Stderr, "%s … %s\n", what, time.Since(begun).Round(time.Second))
			}
			said = true
		}
	}
}

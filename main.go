// Slipway's launcher. It uses only the standard library: the SDK of a cloud is large, so it compiles and runs only the program
// of the cloud that the chosen stack names (stacks/<cloud>), once, into the user's cache folder.
//
// It serves both ways in: the Pulumi engine starts it as the program of a plain `pulumi up`, and a person starts it as
// `go run . VERB`. See docs/adr/0001-launcher.md.
package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// clouds are the targets that exist: each has its program in stacks/<cloud>.
var clouds = []string{"docker", "aws", "azure", "gcp"}

func main() {
	// It returns only when something failed: otherwise the program has taken this process's place.
	fmt.Fprintln(os.Stderr, "slipway:", launch(os.Args[1:], os.Getenv))
	os.Exit(1)
}

func launch(args []string, getenv func(string) string) error {
	root, err := findRoot(getenv)
	if err != nil {
		return err
	}
	cloud, err := findCloud(root, args, getenv)
	if err != nil {
		return err
	}
	program, err := build(root, cloud)
	if err != nil {
		return err
	}
	return execute(program, args)
}

// findRoot returns the folder of Pulumi.yaml: the one that the engine names, else this one or the nearest above it.
func findRoot(getenv func(string) string) (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("finding the project: %w", err)
	}
	if named := getenv("PULUMI_ROOT_DIRECTORY"); named != "" && getenv("PULUMI_MONITOR") != "" {
		dir = named
	}
	for d := dir; ; d = filepath.Dir(d) {
		if _, err := os.Stat(filepath.Join(d, "Pulumi.yaml")); err == nil {
			return d, nil
		}
		if d == filepath.Dir(d) {
			return "", fmt.Errorf("no Pulumi.yaml in %s or above it: run this inside the project", dir)
		}
	}
}

// findCloud reads the key <project>:cloud: from the engine's configuration if the engine started this program, else from
// `-c cloud=…`, else from the file of the stack that `-s` names (default: local).
func findCloud(root string, args []string, getenv func(string) string) (string, error) {
	cloud, from := "", ""
	if text := getenv("PULUMI_CONFIG"); getenv("PULUMI_MONITOR") != "" {
		config := map[string]string{}
		if err := json.Unmarshal([]byte(text), &config); err != nil {
			return "", errors.New("reading PULUMI_CONFIG: it is no JSON object of strings")
		}
		from = "the configuration of stack " + getenv("PULUMI_STACK")
		cloud = config[getenv("PULUMI_PROJECT")+":cloud"]
	} else {
		stack := "local"
		for name, value := range flags(args) {
			switch {
			case name == "s" || name == "stack":
				stack = value
			case (name == "c" || name == "config") && strings.HasPrefix(value, "cloud="):
				cloud, from = strings.TrimPrefix(value, "cloud="), "-c cloud="
			}
		}
		if cloud == "" {
			from = "Pulumi." + stack + ".yaml"
			var err error
			if cloud, err = cloudInFile(filepath.Join(root, from)); err != nil {
				return "", fmt.Errorf("stack %q: %w; choose another one with -s STACK", stack, err)
			}
		}
	}
	if !slices.Contains(clouds, cloud) {
		return "", fmt.Errorf("%s: cloud is %q, allowed are %s", from, cloud, strings.Join(clouds, ", "))
	}
	return cloud, nil
}

// flags yields the flags of the command line with their values, in the forms -s x, -s=x, --stack x and --stack=x.
func flags(args []string) func(yield func(string, string) bool) {
	return func(yield func(string, string) bool) {
		for i, arg := range args {
			if arg == "--" {
				return
			}
			name, value, joined := strings.Cut(strings.TrimLeft(arg, "-"), "=")
			if !strings.HasPrefix(arg, "-") {
				continue
			}
			if !joined && i+1 < len(args) {
				value = args[i+1]
			}
			if !yield(name, value) {
				return
			}
		}
	}
}

// The key may have any project's name before it: after `pulumi new` it isn't slipway.
var cloudKey = regexp.MustCompile(`^\s+["']?[A-Za-z0-9._-]+:cloud["']?:\s*["']?([a-z]*)`)

func cloudInFile(path string) (string, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("there is no %s", filepath.Base(path))
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if m := cloudKey.FindStringSubmatch(lines.Text()); m != nil {
			return m[1], nil
		}
	}
	return "", fmt.Errorf("%s has no key <project>:cloud", filepath.Base(path))
}

// build compiles stacks/<cloud> into the cache folder. Go's own cache makes it a matter of a second when nothing changed. Two
// checkouts never share a program: the folder is keyed by the module root. The new program is renamed into place, so one that
// runs is never written to.
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
	fresh := fmt.Sprintf("%s.%d", program, os.Getpid())
	cmd := exec.Command("go", "build", "-buildvcs=false", "-trimpath", "-ldflags=-s -w", "-o", fresh, "./stacks/"+cloud)
	cmd.Dir = root
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	cmd.Env = slices.DeleteFunc(os.Environ(), func(e string) bool { return strings.HasPrefix(e, "PULUMI_CONFIG") })
	defer os.Remove(fresh)
	// The go command links nothing if what is there is what it would make: seconds less for every verb.
	if last, err := os.ReadFile(program); err == nil {
		if err := os.WriteFile(fresh, last, 0o755); err != nil {
			return "", fmt.Errorf("copying the last program: %w", err)
		}
	}
	if err := timed(cmd, "building the program for "+cloud); err != nil {
		return "", fmt.Errorf("building ./stacks/%s: %w", cloud, err)
	}
	if err := os.Rename(fresh, program); err != nil {
		return "", fmt.Errorf("keeping the program: %w", err)
	}
	return program, nil
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

// Slipway's launcher. It uses only the standard library: the SDK of a cloud is large, so it compiles and runs only the program
// of the cloud that the chosen stack names (stacks/<cloud>), once, into the user's cache folder.
//
// It serves both ways in: the Pulumi engine starts it as the program of a plain `pulumi up`, and a person starts it as
// `go run . VERB`. See docs/adr/0001-launcher.md.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
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

// findCloud reads the project's key cloud: from the engine's configuration if the engine started this program, else from
// `-c cloud=…`, else from the file of the stack that `-s` names (default: local).
func findCloud(root string, args []string, getenv func(string) string) (string, error) {
	cloud, from := "", ""
	if text := getenv("PULUMI_CONFIG"); getenv("PULUMI_MONITOR") != "" {
		config := map[string]string{}
		if err := json.Unmarshal([]byte(text), &config); err != nil {
			return "", errors.New("reading PULUMI_CONFIG: it is no JSON object of strings")
		}
		from = "the configuration of stack " + getenv("PULUMI_STACK")
		project := getenv("PULUMI_PROJECT")
		cloud = config[project+":cloud"]
		for _, key := range slices.Sorted(maps.Keys(config)) {
			if foreign, ok := strings.CutSuffix(key, ":cloud"); ok && cloud == "" {
				return "", errForeign(from, foreign, project)
			}
		}
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
			from = "Pulumi." + stack[strings.LastIndex(stack, "/")+1:] + ".yaml" // of ORG/PROJECT/STACK the last part
			var err error
			if cloud, err = cloudInFile(filepath.Join(root, from), projectOf(root)); err != nil {
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

var (
	projectName = regexp.MustCompile(`^name:\s*["']?([A-Za-z0-9._-]+)`)
	// The key may have the project's name before it, or none.
	cloudKey = regexp.MustCompile(`^(\s+)["']?(?:([A-Za-z0-9._-]+):)?cloud["']?:\s*["']?([a-z]*)`)
	otherKey = regexp.MustCompile(`^(\s+)[^\s#]`)
)

// projectOf reads the project's name, or nothing: then any will do.
func projectOf(root string) string {
	text, err := os.ReadFile(filepath.Join(root, "Pulumi.yaml"))
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if m := projectName.FindStringSubmatch(line); m != nil {
			return m[1]
		}
	}
	return ""
}

func errForeign(where, foreign, project string) error {
	return fmt.Errorf("%s has %s:cloud, and the project in Pulumi.yaml is called %s: leave the prefix out (cloud: …), or write %[3]s: in its place", where, foreign, project)
}

// cloudInFile reads the key cloud, which lies right below config, as all of the project's do.
func cloudInFile(path, project string) (string, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("there is no %s", filepath.Base(path))
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	indent, foreign, below := "", "", false
	for lines := bufio.NewScanner(f); lines.Scan(); {
		below = below || strings.HasPrefix(lines.Text(), "config:")
		if m := otherKey.FindStringSubmatch(lines.Text()); m != nil && below && indent == "" {
			indent = m[1]
		}
		m := cloudKey.FindStringSubmatch(lines.Text())
		switch {
		case m == nil || m[1] != indent:
		case m[2] == "" || m[2] == project || project == "":
			return m[3], nil
		default:
			foreign = m[2]
		}
	}
	if foreign != "" {
		return "", errForeign(filepath.Base(path), foreign, project)
	}
	return "", fmt.Errorf("%s has no key cloud below config", filepath.Base(path))
}

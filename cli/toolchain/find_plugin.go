package toolchain

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/slipway-iac/slipway/cli/progress"
)

// Plugin is a provider's plugin on this machine.
type Plugin struct {
	// File is the program, Paths are folders that it needs on PATH.
	File  string
	Paths []string
	// From says in words where it was found.
	From string
}

// FindPlugin looks for the plugin of a provider, such as "gcp", of the major version that is asked for: on PATH, in Pulumi's plugin
// cache (that very version, else the newest), among what Slipway has built. An empty version takes any. With tools it is downloaded if
// it is nowhere; nothing is built. root is the project's folder.
func FindPlugin(ctx context.Context, p *progress.Printer, root, name, version string, tools *Tools) (Plugin, error) {
	m, err := thisMachine(p, root)
	if err != nil {
		return Plugin{}, err
	}
	row := program{name: name + " plugin", plugin: name, version: version}
	other := ""
	for _, dir := range filepath.SplitList(m.path) {
		file := filepath.Join(dir, row.file())
		if !isProgram(file) {
			continue
		}
		if have := versionOf(ctx, row, file); have == "" || sameMajor(have, version) {
			return Plugin{File: file, From: "PATH"}, nil
		} else if other == "" {
			other = fmt.Sprintf("; %s is version %s, which has other rules", file, have)
		}
	}
	if file := m.cached(row); file != "" {
		return Plugin{File: file, From: "Pulumi's plugin cache"}, nil
	}
	for _, own := range programs {
		if f, ok := m.alreadyBuilt(own); ok && own.plugin == name && sameMajor(own.version, version) {
			return Plugin{File: f.file, Paths: f.paths, From: "built by Slipway"}, nil
		}
	}
	if tools != nil && version != "" {
		if err := m.probe(ctx); err != nil {
			return Plugin{}, fmt.Errorf("downloading the plugin: %w", err)
		}
		f, err := m.installPlugin(ctx, row, tools.Pulumi)
		return Plugin{File: f.file, From: "downloaded"}, err
	}
	return Plugin{}, fmt.Errorf("there is no %s on PATH or in %s%s; --providers=download gets it", row.file(), filepath.Join(m.pulumiHome, "plugins"), other)
}

func sameMajor(have, want string) bool {
	a, _, _ := strings.Cut(have, ".")
	b, _, _ := strings.Cut(want, ".")
	return want == "" || a == b
}

// cached finds a plugin in Pulumi's cache: the version that is asked for, else the newest of its major one, or nothing.
func (m *machine) cached(p program) string {
	plugins := filepath.Join(m.pulumiHome, "plugins")
	folders, err := os.ReadDir(plugins)
	if err != nil {
		return ""
	}
	best, at := "", ""
	for _, folder := range folders {
		version, ok := strings.CutPrefix(folder.Name(), "resource-"+p.plugin+"-v")
		file := filepath.Join(plugins, folder.Name(), p.file())
		if !ok || numbers(version) == nil || !sameMajor(version, p.version) || !isProgram(file) {
			continue
		}
		if _, err := os.Stat(filepath.Join(plugins, folder.Name()+".partial")); err == nil {
			continue // Pulumi's mark of a download that didn't finish
		}
		if version == p.version {
			return file
		}
		if best == "" || slices.Compare(numbers(version), numbers(best)) > 0 {
			best, at = version, file
		}
	}
	return at
}

package toolchain

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// askLimit bounds how long a program may take to tell its version.
const askLimit = 5 * time.Second

func executable(name string) string {
	if runtime.GOOS == "windows" {
		return name + ".exe"
	}
	return name
}

func (p program) file() string {
	if p.plugin == "" {
		return executable("pulumi")
	}
	return executable("pulumi-resource-" + p.plugin)
}

// find looks on PATH and, for plugins, in Pulumi's plugin cache.
func (m *machine) find(ctx context.Context, p program) (found, bool) {
	for _, dir := range filepath.SplitList(m.path) {
		file := filepath.Join(dir, p.file())
		if !isProgram(file) {
			continue
		}
		if version := versionOf(ctx, p, file); p.accepts(version) {
			return found{file: file, local: true, version: version}, true
		}
	}
	if p.plugin == "" {
		return found{}, false
	}
	// Pulumi takes the very version that the SDK asks for, so no other one will do here.
	file := filepath.Join(m.pulumiHome, "plugins", "resource-"+p.plugin+"-v"+p.version, p.file())
	if !isProgram(file) {
		return found{}, false
	}
	// Pulumi's mark of a download that didn't finish.
	if _, err := os.Stat(filepath.Dir(file) + ".partial"); err == nil {
		return found{}, false
	}
	return found{file: file, local: true}, true
}

func isProgram(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Mode().IsRegular() && (runtime.GOOS == "windows" || info.Mode()&0o111 != 0)
}

var versionPattern = regexp.MustCompile(`v?(\d+\.\d+\.\d+)`)

// versionOf asks a program for its version; it is empty if the program doesn't tell in time.
func versionOf(ctx context.Context, p program, file string) string {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	arg := "--version"
	if p.plugin == "" {
		arg = "version"
	}
	cmd := exec.CommandContext(ctx, file, arg)
	cmd.Env = append(os.Environ(), "PULUMI_SKIP_UPDATE_CHECK=true")
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if err != nil {
		return ""
	}
	match := versionPattern.FindStringSubmatch(string(out))
	if match == nil {
		return ""
	}
	return match[1]
}

// accepts tells whether a version is of the same major one and not too old.
func (p program) accepts(version string) bool {
	have, oldest := numbers(version), numbers(p.oldest)
	if have == nil || oldest == nil || have[0] != oldest[0] {
		return false
	}
	for i := range have {
		if have[i] != oldest[i] {
			return have[i] > oldest[i]
		}
	}
	return true
}

func numbers(version string) []int {
	parts := strings.Split(version, ".")
	if len(parts) != 3 {
		return nil
	}
	out := make([]int, 0, len(parts))
	for _, part := range parts {
		n, err := strconv.Atoi(part)
		if err != nil {
			return nil
		}
		out = append(out, n)
	}
	return out
}

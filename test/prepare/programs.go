package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// needed are the programs that tests start and Slipway itself doesn't need.
var needed = []struct {
	names   []string // any of them will do
	debian  string   // the package that has it
	purpose string
}{
	{[]string{"git"}, "git", "the end-to-end tests work on a repository of their own"},
	{[]string{"openssl"}, "openssl", "the tests of the platform images make certificates with it"},
	{[]string{"chromium", "chromium-browser", "google-chrome"}, "chromium", "the end-to-end tests drive the sample app's page"},
}

// host is this machine as far as installing goes; tests replace it.
type host struct {
	has    func(name string) bool
	isRoot bool
	run    func(name string, args ...string) error
}

func thisHost() host {
	return host{
		has:    func(name string) bool { _, err := exec.LookPath(name); return err == nil },
		isRoot: os.Geteuid() == 0,
		run: func(name string, args ...string) error {
			cmd := exec.Command(name, args...)
			cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
			if out, err := cmd.CombinedOutput(); err != nil {
				return fmt.Errorf("running %s %s: %w: %s", name, strings.Join(args, " "), err, out)
			}
			return nil
		},
	}
}

// ensurePrograms says what is missing before minutes are spent on builds and unit tests. On Debian, as root, it installs it, and
// says so.
func (h host) ensurePrograms(say io.Writer) error {
	var packages, reasons []string
	for _, p := range needed {
		found := false
		for _, name := range p.names {
			found = found || h.has(name)
		}
		if !found {
			packages = append(packages, p.debian)
			reasons = append(reasons, fmt.Sprintf("%s (%s)", strings.Join(p.names, " or "), p.purpose))
		}
	}
	if len(packages) == 0 {
		return nil
	}
	if !h.isRoot || !h.has("apt-get") {
		return fmt.Errorf("not on PATH: %s; on Debian: sudo apt-get install %s", strings.Join(reasons, ", "), strings.Join(packages, " "))
	}
	fmt.Fprintf(say, "the tests need %s: installing %s\n", strings.Join(reasons, ", "), strings.Join(packages, " "))
	if err := h.run("apt-get", "update"); err != nil {
		return err
	}
	return h.run("apt-get", append([]string{"install", "--yes", "--no-install-recommends"}, packages...)...)
}

package main

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestEnsurePrograms(t *testing.T) {
	for _, row := range []struct {
		name    string
		has     string
		root    bool
		fails   bool
		want    string // the commands
		message string // in the error
	}{
		{name: "all there", has: "git openssl google-chrome"},
		{name: "Debian as root", has: "apt-get git openssl", root: true, want: "apt-get update|apt-get install --yes --no-install-recommends chromium"},
		{name: "not root", has: "apt-get", message: "sudo apt-get install git openssl chromium"},
		{name: "another system", has: "git", root: true, message: "chromium or chromium-browser or google-chrome"},
		{name: "no mirror", has: "apt-get", root: true, fails: true, want: "apt-get update", message: "no mirror"},
	} {
		var ran []string
		h := host{
			has: func(name string) bool { return slices.Contains(strings.Fields(row.has), name) }, isRoot: row.root,
			run: func(name string, args ...string) error {
				ran = append(ran, name+" "+strings.Join(args, " "))
				if row.fails {
					return errors.New("no mirror")
				}
				return nil
			},
		}
		var said strings.Builder
		err := h.ensurePrograms(&said)
		if (err == nil) != (row.message == "") || err != nil && !strings.Contains(err.Error(), row.message) {
			t.Errorf("%s: %v, want %q", row.name, err, row.message)
		}
		if got := strings.Join(ran, "|"); got != row.want {
			t.Errorf("%s: ran %q, want %q", row.name, got, row.want)
		}
		if len(ran) > 0 && !strings.Contains(said.String(), "installing ") {
			t.Errorf("%s: something is installed without a word", row.name)
		}
	}
}

package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWorkingCopyKeepsTheSalt(t *testing.T) {
	c, _ := newCommand(t)
	stack, copied := filepath.Join(c.root, "Pulumi.local.yaml"), filepath.Join(c.home(), "work", "Pulumi.local.yaml")
	if _, err := c.workingCopy(); err == nil {
		t.Error("a project without Pulumi.yaml is copied")
	}
	write(t, filepath.Join(c.root, "Pulumi.yaml"), "name: slipway\n")
	write(t, stack, "config: {}")
	for range 2 {
		if _, err := c.workingCopy(); err != nil {
			t.Fatal(err)
		}
	}
	if text := read(t, copied); strings.TrimSpace(text) != "config: {}" {
		t.Errorf("the copy is %q", text)
	}
	write(t, copied, "config: {}\nencryptionsalt: v1:abc\n") // as Pulumi does
	write(t, stack, "config:\n  slipway:cloud: docker\n")
	for range 2 {
		if _, err := c.workingCopy(); err != nil {
			t.Fatal(err)
		}
	}
	if want := "config:\n  slipway:cloud: docker\nencryptionsalt: v1:abc\n"; read(t, copied) != want {
		t.Errorf("the copy is %q, want %q", read(t, copied), want)
	}
	if strings.Contains(read(t, stack), "encryptionsalt") {
		t.Error("the salt got into the tree")
	}
	write(t, stack, "encryptionsalt: v1:own\n")
	if _, err := c.workingCopy(); err != nil || read(t, copied) != "encryptionsalt: v1:own\n" {
		t.Errorf("a salt of the stack's own is lost: %q, %v", read(t, copied), err)
	}
}

func TestPassphrase(t *testing.T) {
	file := filepath.Join(t.TempDir(), "passphrase")
	must(t, makePassphrase(file))
	first := read(t, file)
	if len(strings.TrimSpace(first)) != 43 {
		t.Errorf("the passphrase has %d characters, want 43 for 256 bits", len(first)-1)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the mode is %v, %v", info.Mode(), err)
	}
	must(t, makePassphrase(file))
	if read(t, file) != first {
		t.Error("the passphrase was written again")
	}
	if err := makePassphrase(filepath.Join(t.TempDir(), "missing", "passphrase")); err == nil {
		t.Error("no error for a folder that is missing")
	}
	if all, _ := filepath.Glob(filepath.Join(filepath.Dir(file), ".*")); len(all) > 0 {
		t.Errorf("left behind: %v", all)
	}
	must(t, os.Truncate(file, 0))
	if err := makePassphrase(file); err == nil || !strings.Contains(err.Error(), "is empty") {
		t.Errorf("an empty passphrase is taken: %v", err)
	}
}

func TestBackend(t *testing.T) {
	elsewhere := t.TempDir()
	write(t, filepath.Join(elsewhere, "credentials.json"), `{"current":"gs://state"}`)
	for _, row := range []struct {
		name        string
		env         map[string]string
		credentials string
		project     string // Pulumi.yaml
		local, made bool   // a back end of the project's own, with a passphrase of its own
	}{
		{"nothing set", nil, "", "name: slipway\nruntime: go\n", true, true},
		{"not logged in", nil, `{"current":""}`, "", true, true},
		{"unreadable credentials", nil, `{`, "", true, true},
		{"logged in", nil, `{"current":"https://api.pulumi.com"}`, "", false, false},
		{"named by the environment", map[string]string{"PULUMI_BACKEND_URL": "s3://state"}, "", "", false, false},
		{"a token", map[string]string{"PULUMI_ACCESS_TOKEN": "x"}, "", "", false, false},
		{"logged in elsewhere", map[string]string{"PULUMI_CREDENTIALS_PATH": elsewhere}, "", "", false, false},
		{"named by the project", nil, "", "name: slipway\nruntime: go\nbackend:\n  url: s3://state\n", false, false},
		{"its own, named by the environment", map[string]string{"PULUMI_BACKEND_URL": "own"}, "", "", true, true},
		{"an empty passphrase", map[string]string{"PULUMI_CONFIG_PASSPHRASE": ""}, "", "", true, true},
		{"a passphrase of the user's", map[string]string{"PULUMI_CONFIG_PASSPHRASE": "x"}, "", "", true, false},
		{"a passphrase file of the user's", map[string]string{"PULUMI_CONFIG_PASSPHRASE_FILE": "x"}, "", "", true, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			c, _ := newCommand(t)
			home := t.TempDir()
			if row.project != "" {
				write(t, filepath.Join(c.root, "Pulumi.yaml"), row.project)
			}
			if row.credentials != "" {
				write(t, filepath.Join(home, "credentials.json"), row.credentials)
			}
			t.Setenv("PULUMI_CONFIG_PASSPHRASE", "")
			env, err := c.backend(func(name string) string {
				if name == "PULUMI_HOME" {
					return home
				}
				if row.env[name] == "own" {
					must(t, os.MkdirAll(filepath.Join(c.home(), "state"), 0o700))
					return "file://" + filepath.Join(c.home(), "state")
				}
				return row.env[name]
			})
			if err != nil {
				t.Fatal(err)
			}
			if _, set := os.LookupEnv("PULUMI_CONFIG_PASSPHRASE"); set && row.local && row.env["PULUMI_CONFIG_PASSPHRASE"] == "" {
				t.Error("Pulumi would take the empty passphrase")
			}
			if local := strings.HasPrefix(env["PULUMI_BACKEND_URL"], "file://"+filepath.ToSlash(c.home())); local != row.local {
				t.Errorf("the environment is %v", env)
			}
			_, err = os.Stat(filepath.Join(c.home(), "passphrase"))
			if made := err == nil && env["PULUMI_CONFIG_PASSPHRASE_FILE"] != ""; made != row.made {
				t.Errorf("a passphrase is made: %t, want %t", made, row.made)
			}
		})
	}
}

// TestTornAttributes: what a killed run has left empty is removed, and nothing else.
func TestTornAttributes(t *testing.T) {
	c, _ := newCommand(t)
	stacks := filepath.Join(c.home(), "state", ".pulumi", "stacks", "slipway")
	if err := os.MkdirAll(stacks, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"local.json": "{}", "local.json.attrs": "", "prod.json": "", "prod.json.attrs": "{}"} {
		write(t, filepath.Join(stacks, name), text)
	}
	if _, err := c.backend(func(string) string { return "" }); err != nil {
		t.Fatal(err)
	}
	left, err := filepath.Glob(filepath.Join(stacks, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for i, path := range left {
		left[i] = filepath.Base(path)
	}
	if got, want := strings.Join(left, " "), "local.json prod.json prod.json.attrs"; got != want {
		t.Errorf("%s are left, want %s", got, want)
	}
}

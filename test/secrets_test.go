package e2e

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-iac/slipway/cli/progress"
	"github.com/slipway-iac/slipway/cli/toolchain"
)

// secret is a value that must not be found where it does not belong.
type secret struct{ name, value string }

// extraSecret is the name of the app's own secret, which the stack gets after its first up.
const extraSecret = "E2E_TOKEN"

// pulumi runs the Pulumi command in a folder, on the project's own back end, as README tells.
func (s *suite) pulumi(t *testing.T, dir, input string, args ...string) []byte {
	t.Helper()
	tools, err := toolchain.Ensure(context.Background(), progress.New(io.Discard), s.dir, toolchain.For("docker")...)
	must(t, err)
	cmd := exec.Command(tools.Pulumi, append(args, "--stack", s.stack)...)
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(input)
	cmd.Env = append(s.environment(), "PULUMI_BACKEND_URL=file://"+filepath.Join(s.dir, ".slipway", "state"), "PULUMI_CONFIG_PASSPHRASE_FILE="+filepath.Join(s.dir, ".slipway", "passphrase"))
	for k, v := range tools.Env() {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("pulumi %s: %v: %s", strings.Join(args, " "), err, complaint.String())
	}
	return out
}

// addSecret gives the app a secret by README's recipe. The value comes from standard input: in an argument others would see it.
func (s *suite) addSecret(t *testing.T) {
	s.extra = secret{extraSecret, rand.Text()}
	s.pulumi(t, s.dir, s.extra.value+"\n", "config", "set", "--secret", "--path", "secrets."+extraSecret)
	s.commit(t, "a secret")
	s.must(t, "up")
	for _, c := range s.replicas(t) {
		if !slices.Contains(c.Config.Env, extraSecret+"="+s.extra.value) {
			t.Errorf("%s does not get the secret", c.name())
		}
	}
	s.clean(t)
}

// decrypted reads the stack's state with its secrets, as somebody who holds the passphrase can.
func (s *suite) decrypted(t *testing.T) []secret {
	t.Helper()
	out := s.pulumi(t, filepath.Join(s.dir, ".slipway", "work"), "", "stack", "export", "--show-secrets")
	var state struct {
		Deployment struct {
			Resources []struct {
				Type, URN string
				Outputs   map[string]any
			}
		}
	}
	must(t, json.Unmarshal(out, &state))
	var all []secret
	for _, r := range state.Deployment.Resources {
		name := r.URN[strings.LastIndex(r.URN, "::")+2:]
		switch r.Type {
		case "random:index/randomPassword:RandomPassword":
			all = append(all, secret{name, plain(t, r.Outputs["result"])})
		case "tls:index/privateKey:PrivateKey":
			// A line in the middle: the key would show in one line or in many.
			lines := strings.Split(strings.TrimSpace(plain(t, r.Outputs["privateKeyPem"])), "\n")
			all = append(all, secret{name + "'s key", lines[len(lines)/2]})
		}
	}
	return all
}

// plain opens the envelope of a secret in an export.
func plain(t *testing.T, v any) string {
	t.Helper()
	envelope, _ := v.(map[string]any)
	text, ok := envelope["plaintext"].(string)
	if !ok {
		t.Fatalf("not marked as a secret in the state: %T", v)
	}
	return decode[string](t, text)
}

// secrets looks for every secret wherever it must not be.
func (s *suite) secrets(t *testing.T) {
	all := append(s.decrypted(t), s.extra)
	byName := map[string]bool{}
	for _, one := range all {
		byName[one.name] = true
		if len(one.value) < 24 {
			t.Fatalf("secret %s is too short to be looked for", one.name)
		}
	}
	for _, name := range []string{"database-superuser", "database-app", "database-monitor", "cache", "cache-monitor", "edge-slot-key", "certificate's key", "database's key", extraSecret} {
		if !byName[name] {
			t.Errorf("the state has no secret %s: %v", name, byName)
		}
	}
	absent := func(where, text string, allowed ...string) {
		for _, one := range all {
			ok := false
			for _, a := range allowed {
				ok = ok || a == one.name
			}
			if !ok && strings.Contains(text, one.value) {
				t.Errorf("secret %s stands in plain text in %s", one.name, where)
			}
		}
	}
	passphrase, err := os.ReadFile(filepath.Join(s.dir, ".slipway", "passphrase"))
	must(t, err)
	all = append(all, secret{"passphrase", strings.TrimSpace(string(passphrase))})
	files := 0
	must(t, filepath.WalkDir(filepath.Join(s.dir, ".slipway"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == "passphrase" {
			return err
		}
		text, err := os.ReadFile(path)
		absent(path, string(text))
		files++
		return err
	}))
	if files < 3 {
		t.Errorf("only %d files of state were searched", files)
	}
	s.mu.Lock()
	absent("what the command line printed", s.output.String())
	s.mu.Unlock()
	holders := 0
	for _, c := range s.containers(t) {
		absent("the logs of "+c.name(), containerLogs(t, c.ID))
		if c.replica() || strings.HasSuffix(c.plainName(), "-migrate") {
			// The app contract: DATABASE_URL and CACHE_URL, each one complete secret, in the app's environment, and the app's own secrets.
			absent("docker inspect "+c.name(), c.raw, "database-app", "cache", extraSecret)
			holders++
			continue
		}
		absent("docker inspect "+c.name(), c.raw)
	}
	if holders != 3 {
		t.Errorf("%d containers run the app's image, want 3", holders)
	}
	committed, err := os.ReadFile(filepath.Join(s.dir, "Pulumi."+s.stack+".yaml"))
	must(t, err)
	absent("the stack's file", string(committed))
	absent("git's view of the working tree", capture(t, s.dir, "git", "status", "--porcelain", "--untracked-files=all"))
}

package cli

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"github.com/blang/semver"
	"github.com/pulumi/pulumi/sdk/v3/go/auto"

	"github.com/slipway-iac/slipway/cli/filebackend"
	"github.com/slipway-iac/slipway/cli/toolchain"
	"github.com/slipway-iac/slipway/stacks"
)

// home is the project's ignored folder for state, passphrase and working copies.
func (c *command) home() string { return filepath.Join(c.root, ".slipway") }

// stateFolder is the project's own back end.
func (c *command) stateFolder() string { return filepath.Join(c.home(), "state") }

// session is an opened stack.
type session struct {
	Stack
	auto      auto.Stack
	workspace *quickWorkspace // the same as auto.Workspace()
	input     stacks.Input
	env       map[string]string // of the pulumi command
	known     []Resource        // the state as the last repair found it
}

// open makes the stack ready to run: its workspace, the stack in the back end, and the checked configuration.
func (c *command) open(ctx context.Context) (*session, error) {
	w, err := c.openWorkspace(ctx)
	if err != nil {
		return nil, err
	}
	step := c.progress.Start("opening stack " + c.stack)
	defer step.Drop()
	project, err := w.ProjectSettings(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading Pulumi.yaml: %w", err)
	}
	stack, err := auto.UpsertStack(ctx, c.qualified(), w)
	if err != nil {
		return nil, fmt.Errorf("opening stack %q: %w", c.stack, err)
	}
	s := &session{Stack: Stack{Root: c.root, Project: project.Name.String(), Name: c.stack}, auto: stack, workspace: w, env: w.GetEnvVars()}
	return s, c.configure(ctx, s)
}

// openWorkspace finds or makes the pulumi command and its plugins, the back end, and the working copy of the stack's file.
func (c *command) openWorkspace(ctx context.Context) (*quickWorkspace, error) {
	tools, err := toolchain.Ensure(ctx, c.progress, c.root, toolchain.For(string(c.program.Cloud))...)
	if err != nil {
		return nil, err
	}
	env := tools.Env()
	maps.Copy(env, toolchain.DockerContext(ctx))
	if c.program.Cloud == stacks.CloudDocker {
		// The plugins of this cloud are small, and all of it runs for seconds: an update of nothing takes a tenth less, and 45 MB more.
		// https://go.dev/doc/gc-guide#GOGC
		setDefault(env, "GOGC", "400")
		// By default four resources a core at once. Here most of them wait, such as each volume for two seconds until it is gone.
		// https://www.pulumi.com/docs/iac/cli/environment-variables/
		setDefault(env, "PULUMI_PARALLEL", "32")
	}
	backend, err := c.backend(os.Getenv)
	if err != nil {
		return nil, err
	}
	maps.Copy(env, backend)
	dir, err := c.workingCopy()
	if err != nil {
		return nil, err
	}
	if c.changes {
		if err := c.holdStack(); err != nil {
			return nil, err
		}
		if err := c.clearStaleLock(env); err != nil {
			return nil, err
		}
	}
	version, err := semver.Parse(tools.PulumiVersion)
	if err != nil {
		return nil, fmt.Errorf("the version of pulumi: %w", err)
	}
	local, err := auto.NewLocalWorkspace(ctx, auto.WorkDir(dir), auto.EnvVars(env), auto.Pulumi(pulumiCommand{tools.Pulumi, version}))
	if err != nil {
		return nil, fmt.Errorf("opening the project: %w", err)
	}
	return &quickWorkspace{Workspace: local}, nil
}

// setDefault sets a variable that the user has not.
func setDefault(env map[string]string, name, value string) {
	if os.Getenv(name) == "" {
		env[name] = value
	}
}

// configure checks the configuration and makes the program that deploys it.
func (c *command) configure(ctx context.Context, s *session) error {
	all, err := s.auto.GetAllConfig(ctx)
	if err != nil {
		return fmt.Errorf("reading the configuration of stack %q: %w", c.stack, err)
	}
	in := stacks.Input{Project: s.Project, Stack: s.Name, Root: c.root, Overrides: c.overrides, Values: map[string]string{}}
	for key, v := range all {
		in.Values[key] = v.Value
		if v.Secret {
			in.SecretKeys = append(in.SecretKeys, key)
		}
	}
	if in.Values, err = stacks.ApplyOverrides(in.Values, s.Project, c.overrides); err != nil {
		return err
	}
	if s.Config, err = stacks.Load(in); err != nil {
		return err
	}
	s.input = in
	s.auto.Workspace().SetProgram(c.program.Inline(c.root, in))
	return nil
}

// backend returns the environment that chooses where state lies: where the user has chosen, else in the project's ignored
// folder with a generated passphrase.
func (c *command) backend(getenv func(string) string) (map[string]string, error) {
	state := c.stateFolder()
	if chosen := c.userBackend(getenv); chosen != "" {
		if folder, ok := filebackend.Folder(chosen); !ok || !sameFolder(folder, state) {
			return nil, nil
		}
	}
	if err := c.errOrganization(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(state, 0o700); err != nil {
		return nil, fmt.Errorf("making the state folder: %w", err)
	}
	if err := removeTorn(state); err != nil {
		return nil, fmt.Errorf("mending the state folder: %w", err)
	}
	env := map[string]string{"PULUMI_BACKEND_URL": filebackend.URL(state)}
	if getenv("PULUMI_CONFIG_PASSPHRASE") != "" {
		return env, nil
	}
	// Pulumi takes an empty one, too, and before the file: all secrets of the stack would be encrypted with nothing.
	if err := os.Unsetenv("PULUMI_CONFIG_PASSPHRASE"); err != nil {
		return nil, fmt.Errorf("choosing the passphrase: %w", err)
	}
	if getenv("PULUMI_CONFIG_PASSPHRASE_FILE") != "" {
		return env, nil
	}
	file := filepath.Join(c.home(), "passphrase")
	if err := makePassphrase(file); err != nil {
		return nil, err
	}
	env["PULUMI_CONFIG_PASSPHRASE_FILE"] = file
	return env, nil
}

// sameFolder tells whether two paths lead to the same folder.
func sameFolder(a, b string) bool {
	one, err := os.Stat(a)
	other, problem := os.Stat(b)
	return a == b || err == nil && problem == nil && os.SameFile(one, other)
}

// removeTorn removes attribute files that a run has left empty because it was killed in the middle of a write: Pulumi's file back end
// replaces a state file at once, but not the attributes beside it, and reads neither if those are empty ("failed to load checkpoint:
// EOF"). Without attributes it reads the state.
// https://pkg.go.dev/gocloud.dev/blob/fileblob#Options
func removeTorn(state string) error {
	return filepath.WalkDir(state, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) || err == nil && (entry.IsDir() || filepath.Ext(path) != ".attrs") {
			return nil // another run may be removing its lock
		}
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() > 0 {
			return nil
		}
		if err != nil {
			return err
		}
		if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	})
}

// makePassphrase writes 256 random bits once, readable by the owner only. Losing the file loses the stack's secrets, so it is
// never written again.
func makePassphrase(path string) error {
	if info, err := os.Stat(path); err == nil && info.Size() > 0 {
		return nil
	} else if err == nil {
		return fmt.Errorf("the passphrase in %s is empty: bring its content back, or remove the file if no stack was made yet; one that was made while it was empty opens with PULUMI_CONFIG_PASSPHRASE_FILE=%s", path, os.DevNull)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".passphrase-*") // mode 0600
	if err != nil {
		return fmt.Errorf("making the passphrase: %w", err)
	}
	defer os.Remove(f.Name())
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // it never fails
	_, err = f.WriteString(base64.RawURLEncoding.EncodeToString(secret) + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("making the passphrase: %w", err)
	}
	// Whole or not at all, and only the first of two runs. Where the file system has no links, a rename is whole too.
	err = os.Link(f.Name(), path)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		err = os.Rename(f.Name(), path)
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("making the passphrase: %w", err)
	}
	return nil
}

// workingCopy puts Pulumi.yaml and the stack's file into .slipway/work. Pulumi writes an encryption salt into the stack's file;
// in a copy, the tree stays clean and the next clone isn't told "incorrect passphrase". The salt survives in the copy.
func (c *command) workingCopy() (string, error) {
	dir := filepath.Join(c.home(), "work")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("making the working copy: %w", err)
	}
	project, err := os.ReadFile(filepath.Join(c.root, "Pulumi.yaml"))
	if err != nil {
		return "", fmt.Errorf("reading the project: %w", err)
	}
	file := "Pulumi." + c.stack + ".yaml"
	stack, err := os.ReadFile(filepath.Join(c.root, file))
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("there is no %s: make one, or choose another stack with -s", file)
	}
	if err != nil {
		return "", fmt.Errorf("reading the stack's file: %w", err)
	}
	if salt := saltOf(filepath.Join(dir, file)); salt != "" && saltOf(filepath.Join(c.root, file)) == "" {
		stack = append([]byte(strings.TrimRight(string(stack), "\n")+"\n"), salt+"\n"...)
	}
	for name, text := range map[string][]byte{"Pulumi.yaml": project, file: stack} {
		if old, err := os.ReadFile(filepath.Join(dir, name)); err == nil && bytes.Equal(old, text) {
			continue // another run may be reading it
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			return "", fmt.Errorf("writing the working copy: %w", err)
		}
	}
	return dir, nil
}

// saltOf returns the line of a stack's file that holds the encryption salt, or nothing.
func saltOf(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "encryptionsalt:") {
			return lines.Text()
		}
	}
	return ""
}

package toolchain

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// assembleHome makes a Pulumi home that has the built plugins (by the names of their folders in Pulumi's cache) and links
// to all plugins in the user's own. Its name depends on what is built in, so that versions don't tear at each other.
func (m *machine) assembleHome(plugins map[string]string) (string, error) {
	var key []string
	for folder, file := range plugins {
		key = append(key, folder+"="+file)
	}
	sort.Strings(key)
	sum := sha256.Sum256([]byte(m.pulumiHome + "\n" + strings.Join(key, "\n")))
	home := filepath.Join(m.cache, "pulumi-home-"+hex.EncodeToString(sum[:6]))
	for folder, file := range plugins {
		if err := link(file, filepath.Join(home, "plugins", folder, filepath.Base(file))); err != nil {
			return "", err
		}
	}
	if err := keepNoLogs(home); err != nil {
		return "", err
	}
	own, err := os.ReadDir(filepath.Join(m.pulumiHome, "plugins"))
	if err != nil {
		// None yet: nothing to link to.
		return home, nil //nolint:nilerr // see above
	}
	for _, folder := range own {
		if _, ours := plugins[folder.Name()]; ours || !folder.IsDir() {
			continue
		}
		// Pulumi skips folders that are links, so the folder is made and its content linked.
		source := filepath.Join(m.pulumiHome, "plugins", folder.Name())
		files, err := os.ReadDir(source)
		if err != nil {
			return "", fmt.Errorf("reading %s: %w", source, err)
		}
		for _, file := range files {
			from := filepath.Join(source, file.Name())
			if err := link(from, filepath.Join(home, "plugins", folder.Name(), file.Name())); err != nil {
				return "", err
			}
		}
	}
	return home, nil
}

// keepNoLogs puts a file where Pulumi would make its folder of logs. Pulumi logs all that it does, at every call, values of secrets
// included (encrypted as soon as the stack's key is known), and keeps 7 days or 500 MB of it. It has no switch for that, but does without
// logs where it can't make the folder.
// https://www.pulumi.com/docs/iac/cli/commands/pulumi_logs_decrypt/
func keepNoLogs(home string) error {
	logs := filepath.Join(home, "logs")
	if info, err := os.Stat(logs); err == nil && info.IsDir() {
		if err := os.RemoveAll(logs); err != nil {
			return fmt.Errorf("removing Pulumi's logs: %w", err)
		}
	}
	f, err := os.OpenFile(logs, os.O_CREATE, 0o644)
	if err != nil {
		return fmt.Errorf("making the Pulumi home: %w", err)
	}
	return f.Close()
}

// link makes to a link to from, or a copy where links are not allowed.
func link(from, to string) error {
	if at, err := os.Readlink(to); err == nil && at == from {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return fmt.Errorf("making the plugin folder: %w", err)
	}
	// Through a temporary name: another process may be about to start what is there.
	temp := fmt.Sprintf("%s.%d.tmp", to, os.Getpid())
	defer func() { _ = os.Remove(temp) }()
	if err := os.Symlink(from, temp); err != nil {
		if err := copyProgram(from, temp); err != nil {
			return err
		}
	}
	if err := os.Rename(temp, to); err != nil {
		return fmt.Errorf("linking %s: %w", to, err)
	}
	return nil
}

func copyProgram(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("copying a plugin: %w", err)
	}
	defer func() { _ = in.Close() }()
	return writeProgram(to, io.Reader(in))
}

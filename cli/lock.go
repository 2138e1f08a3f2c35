package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"

	"github.com/slipway-iac/slipway/cli/filebackend"
)

// lockFile is what Pulumi's file back end leaves while a run works on a stack.
type lockFile struct {
	Pid       int       `json:"pid"`
	Username  string    `json:"username"`
	Hostname  string    `json:"hostname"`
	Timestamp time.Time `json:"timestamp"`
}

// clearStaleLock removes the locks of runs on this host whose process is gone (killed, or the machine went down): they would
// block the stack for good. A lock whose process lives, or that another host holds, is an error that says how to clear it.
// https://www.pulumi.com/docs/iac/concepts/state-and-backends/#using-a-self-managed-backend
func (c *command) clearStaleLock(env map[string]string) error {
	dir := c.lockFolder(env, os.Getenv)
	if dir == "" {
		return nil
	}
	project, err := workspace.LoadProject(filepath.Join(c.root, "Pulumi.yaml"))
	if err != nil {
		return fmt.Errorf("reading Pulumi.yaml: %w", err)
	}
	locks := filepath.Join(dir, ".pulumi", "locks", "organization", project.Name.String(), c.stack)
	files, err := os.ReadDir(locks)
	if err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("looking for locks: %w", err)
	}
	for _, entry := range files {
		file := filepath.Join(locks, entry.Name())
		if filepath.Ext(file) != ".json" {
			continue
		}
		text, err := os.ReadFile(file)
		if os.IsNotExist(err) {
			continue // its run has just ended
		}
		if err != nil {
			return fmt.Errorf("reading lock: %w", err)
		}
		var l lockFile
		host, _ := os.Hostname()
		known := json.Unmarshal(text, &l) == nil
		if known && l.Hostname == host && alive(l.Pid) && c.isOrphan(l.Pid, env) {
			c.endOrphan(l.Pid)
		}
		if known && (l.Hostname != host || alive(l.Pid)) {
			return fmt.Errorf("stack %q is locked: process %d of %s@%s has worked on it since %s. Wait for it; if it is gone, remove %s",
				c.stack, l.Pid, l.Username, l.Hostname, l.Timestamp.Local().Format(time.DateTime), file)
		}
		if err := os.Remove(file); err != nil && !os.IsNotExist(err) {
			return fmt.Errorf("clearing the lock of a run that is gone: %w", err)
		}
		fmt.Fprintf(c.err, "The last run on stack %q was killed (process %d): its lock is cleared, and what it left half done is repaired.\n", c.stack, l.Pid)
	}
	return nil
}

// isOrphan tells whether a process that holds the stack's lock is an engine whose command is gone. Its parent then is process 1, or
// whoever adopts processes there (a service manager, a container's init, an editor). In the project's own back end no parent is needed:
// holdStack has shown that no other command of this checkout works on the stack, so an engine that one has started is left over.
func (c *command) isOrphan(pid int, env map[string]string) bool {
	own := env["PULUMI_BACKEND_URL"] == filebackend.URL(c.stateFolder())
	return orphan(pid) || own && startedIn(pid, filepath.Join(c.home(), "work"))
}

// lockFolder is the folder of the file back end that is used, or nothing: the project's own, else the one that the user chose.
func (c *command) lockFolder(env map[string]string, getenv func(string) string) string {
	url := env["PULUMI_BACKEND_URL"]
	if url == "" {
		url = c.userBackend(getenv)
	}
	dir, _ := filebackend.Folder(url)
	return dir
}

// orphanGrace is how long an engine without its command may take to stop by itself.
const orphanGrace = 20 * time.Second

// endOrphan stops an engine whose command was killed: it goes on alone, can't finish, and would hold its lock for minutes.
func (c *command) endOrphan(pid int) {
	step := c.progress.Start(fmt.Sprintf("ending process %d, which a killed run has left", pid))
	defer step.Done(nil)
	for _, end := range []func(int){interrupt, kill} {
		end(pid)
		for until := time.Now().Add(orphanGrace); time.Now().Before(until); time.Sleep(100 * time.Millisecond) {
			if !alive(pid) {
				return
			}
		}
	}
}

// holdStack keeps a second run of this checkout from working on the stack until this one ends. Pulumi's own lock is taken
// later and lasts one operation; repairs come before it.
func (c *command) holdStack() error {
	release, err := hold(filepath.Join(c.home(), "work", c.stack+".lock"))
	if err != nil {
		return fmt.Errorf("locking stack %q: %w", c.stack, err)
	}
	if release == nil {
		return fmt.Errorf("stack %q is locked: another run of this checkout is working on it; wait for it to end", c.stack)
	}
	c.release = release
	return nil
}

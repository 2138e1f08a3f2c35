package cli

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestLocks(t *testing.T) {
	host, err := os.Hostname()
	must(t, err)
	gone := exec.Command("true")
	must(t, gone.Run())
	for _, row := range []struct {
		name    string
		content string
		want    string // in the error; empty: the lock is cleared
	}{
		{"its process is gone", lock(t, gone.Process.Pid, host), ""},
		{"its process lives", lock(t, os.Getpid(), host), "remove "},
		{"another host holds it", lock(t, gone.Process.Pid, "elsewhere"), "@elsewhere"},
		{"half written", `{"pid":`, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			c, said := newCommand(t)
			state := filepath.Join(c.root, "state")
			file := filepath.Join(state, ".pulumi", "locks", "organization", "slipway", "local", "0.json")
			other := filepath.Join(state, ".pulumi", "locks", "organization", "slipway", "dev", "0.json")
			write(t, file, row.content)
			write(t, other, lock(t, os.Getpid(), host))
			err := c.clearStaleLock(map[string]string{"PULUMI_BACKEND_URL": "file://" + state})
			_, left := os.Stat(file)
			if row.want == "" {
				if err != nil || !errors.Is(left, os.ErrNotExist) || !strings.Contains(said.String(), "its lock is cleared") {
					t.Errorf("got %v, lock left: %v, said %q", err, left == nil, said)
				}
			} else if err == nil || left != nil || !strings.Contains(err.Error(), row.want) || !strings.Contains(err.Error(), file) {
				t.Errorf("got %v, want %q and how to clear it", err, row.want)
			}
			if _, err := os.Stat(other); err != nil {
				t.Error("the lock of another stack was cleared")
			}
		})
	}
	c, _ := newCommand(t)
	if err := c.clearStaleLock(map[string]string{"PULUMI_BACKEND_URL": "https://api.pulumi.com"}); err != nil {
		t.Error(err)
	}
}

func lock(t *testing.T, pid int, host string) string {
	t.Helper()
	text, err := json.Marshal(lockFile{Pid: pid, Username: "someone", Hostname: host, Timestamp: time.Now()})
	must(t, err)
	return string(text)
}

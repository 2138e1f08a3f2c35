package cli

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
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
			others := []string{
				filepath.Join(state, ".pulumi", "locks", "organization", "slipway", "dev", "0.json"),
				filepath.Join(state, ".pulumi", "locks", "organization", "another", "local", "0.json"),
			}
			write(t, file, row.content)
			for _, other := range others {
				write(t, other, lock(t, os.Getpid(), host))
			}
			err := c.clearStaleLock(map[string]string{"PULUMI_BACKEND_URL": "file://" + state})
			_, left := os.Stat(file)
			if row.want == "" {
				if err != nil || !errors.Is(left, os.ErrNotExist) || !strings.Contains(said.String(), "its lock is cleared") {
					t.Errorf("got %v, lock left: %v, said %q", err, left == nil, said)
				}
			} else if err == nil || left != nil || !strings.Contains(err.Error(), row.want) || !strings.Contains(err.Error(), file) {
				t.Errorf("got %v, want %q and how to clear it", err, row.want)
			}
			for _, other := range others {
				if _, err := os.Stat(other); err != nil {
					t.Errorf("the lock of another stack was cleared: %v", err)
				}
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

// TestOrphan: of what process 1 has adopted, only an engine that a command line has started is one.
func TestOrphan(t *testing.T) {
	pulumi := filepath.Join(t.TempDir(), "pulumi")
	script(t, pulumi, "#!/bin/sh\nwhile :; do sleep 0.05; done\n")
	t.Setenv("COLUMNS", "20")
	for kind, want := range map[string]bool{"--exec-kind=auto.inline": true, "--yes": false} {
		out, err := exec.Command("sh", "-c", `"$0" up "$1" >/dev/null 2>&1 & echo $!`, pulumi, kind).Output()
		must(t, err)
		pid, err := strconv.Atoi(strings.TrimSpace(string(out)))
		must(t, err)
		defer kill(pid)
		for until := time.Now().Add(5 * time.Second); filepath.Base(ask(pid, "comm=")) != "pulumi" && time.Now().Before(until); {
			time.Sleep(10 * time.Millisecond)
		}
		if adopted := ask(pid, "ppid=") == "1"; orphan(pid) != (want && adopted) {
			t.Errorf("%s: orphan is %t, its parent %s", kind, orphan(pid), ask(pid, "ppid="))
		}
	}
}

// TestLocksOfLeftEngines: an engine whose command was killed may have got another parent than process 1. It is ended only if a command
// of this checkout has started it, in the checkout's own back end.
func TestLocksOfLeftEngines(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("other systems give orphans to process 1")
	}
	host, err := os.Hostname()
	must(t, err)
	pulumi := filepath.Join(t.TempDir(), "pulumi")
	script(t, pulumi, "#!/bin/sh\nwhile :; do sleep 0.05; done\n")
	for _, row := range []struct {
		name    string
		program string
		kind    string
		inside  bool // it runs in the working copy of the stack's file
		own     bool // in the project's own back end
		ended   bool
	}{
		{"left over", pulumi, "--exec-kind=auto.inline", true, true, true},
		{"started by a person", pulumi, "--yes", true, true, false},
		{"of another checkout", pulumi, "--exec-kind=auto.inline", false, true, false},
		{"in a back end that others use", pulumi, "--exec-kind=auto.inline", true, false, false},
		{"another program", "/bin/sh", "--exec-kind=auto.inline", true, true, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			c, _ := newCommand(t)
			work, state := filepath.Join(c.home(), "work"), filepath.Join(c.root, "elsewhere")
			if row.own {
				state = filepath.Join(c.home(), "state")
			}
			must(t, os.MkdirAll(work, 0o700))
			engine := exec.Command(row.program, "up", row.kind)
			if row.program == "/bin/sh" {
				engine = exec.Command(row.program, "-c", "while :; do sleep 0.05; done", "sh", row.kind)
			}
			if engine.Dir = c.root; row.inside {
				engine.Dir = work
			}
			must(t, engine.Start())
			defer func() { _ = engine.Process.Kill(); _ = engine.Wait() }()
			// Before it has become the script, it is a copy of this test.
			comm := filepath.Join("/proc", strconv.Itoa(engine.Process.Pid), "comm")
			for until := time.Now().Add(5 * time.Second); strings.TrimSpace(read(t, comm)) != filepath.Base(row.program) && time.Now().Before(until); {
				time.Sleep(10 * time.Millisecond)
			}
			write(t, filepath.Join(state, ".pulumi", "locks", "organization", "slipway", "local", "0.json"), lock(t, engine.Process.Pid, host))
			err := c.clearStaleLock(map[string]string{"PULUMI_BACKEND_URL": "file://" + filepath.ToSlash(state)})
			if ended := !alive(engine.Process.Pid); ended != row.ended || (err == nil) != row.ended {
				t.Errorf("ended: %t, want %t; %v", ended, row.ended, err)
			}
		})
	}
}

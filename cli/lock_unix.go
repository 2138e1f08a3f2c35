//go:build unix

package cli

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// alive tells whether a process exists and has not ended (one that nobody waited for still has its number).
func alive(pid int) bool {
	if err := syscall.Kill(pid, 0); err != nil && !errors.Is(err, syscall.EPERM) {
		return false
	}
	return !strings.HasPrefix(ask(pid, "stat="), "Z")
}

// ask returns what ps says of a process, or nothing.
func ask(pid int, what string) string {
	out, err := exec.Command("ps", "-ww", "-o", what, "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// automated is how the Automation API marks the engines that it starts: they are a command line's, and not a person's.
const automated = "--exec-kind=auto."

// orphan tells whether a process is an engine that a command line has started whose parent is gone.
func orphan(pid int) bool {
	return ask(pid, "ppid=") == "1" && filepath.Base(ask(pid, "comm=")) == "pulumi" && strings.Contains(ask(pid, "args="), automated)
}

// startedIn tells whether a process is an engine that a command line has started in a folder. It needs /proc, so it is told on Linux only; other systems give orphans to process 1.
func startedIn(pid int, dir string) bool {
	proc := filepath.Join("/proc", strconv.Itoa(pid))
	cwd, err := os.Readlink(filepath.Join(proc, "cwd"))
	if err != nil {
		return false
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil || cwd != dir {
		return false
	}
	arguments, err := os.ReadFile(filepath.Join(proc, "cmdline"))
	return err == nil && strings.Contains(string(arguments), "\x00"+automated) && filepath.Base(ask(pid, "comm=")) == "pulumi"
}

func interrupt(pid int) { _ = syscall.Kill(pid, syscall.SIGINT) }

func kill(pid int) { _ = syscall.Kill(pid, syscall.SIGKILL) }

// hold locks a file until release is called or the process ends, however it ends. Without error and release, another one holds it.
func hold(path string) (release func(), err error) {
	fd, err := syscall.Open(path, syscall.O_CREAT|syscall.O_RDWR|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	err = syscall.Flock(fd, syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, syscall.Close(fd)
	}
	if err != nil {
		return nil, errors.Join(err, syscall.Close(fd))
	}
	return func() { _ = syscall.Close(fd) }, nil
}

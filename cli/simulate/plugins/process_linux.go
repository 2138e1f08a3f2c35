package plugins

import (
	"os/exec"
	"runtime"
	"syscall"
)

// tie puts the plugin into a process group of its own, so that it can be killed with all that it started. The kernel interrupts it when
// this process ends, however it ends.
func tie(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGINT}
}

// begin starts the command from a thread that lives as long as the process: the kernel's signal is sent when the thread that started
// the child ends.
func begin(cmd *exec.Cmd) error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		started <- cmd.Start()
		select {}
	}()
	return <-started
}

func killGroup(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

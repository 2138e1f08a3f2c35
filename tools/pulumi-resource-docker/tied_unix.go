//go:build !windows

package main

import (
	"os/exec"
	"syscall"
)

// tie puts the bridge into a process group of its own. The engine interrupts this plugin's whole group when it is done
// with it; the bridge must get one interrupt only, from this plugin, because a second one would end it before it has
// stopped the upstream provider.
func tie(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	endWithParent(cmd.SysProcAttr)
}

// killGroup kills the bridge together with the upstream provider that it started.
func killGroup(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

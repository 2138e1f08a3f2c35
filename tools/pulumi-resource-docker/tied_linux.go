package main

import (
	"os/exec"
	"runtime"
	"syscall"
)

// endWithParent has the kernel interrupt the bridge when this plugin dies, however it dies.
func endWithParent(attributes *syscall.SysProcAttr) { attributes.Pdeathsig = syscall.SIGINT }

// start starts the command from a thread that lives as long as the process: the kernel's signal is sent when the
// thread that started the child ends, and Go ends threads at will.
func start(cmd *exec.Cmd) error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		started <- cmd.Start()
		select {}
	}()
	return <-started
}

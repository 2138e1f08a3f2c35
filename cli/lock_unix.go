//go:build unix

package cli

import (
	"errors"
	"os"
	"syscall"
)

// alive tells whether a process exists.
func alive(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}

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

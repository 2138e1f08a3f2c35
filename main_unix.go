//go:build unix

package main

import (
	"fmt"
	"os"
	"syscall"
)

// execute replaces this process, so that signals, the terminal and the exit code are the program's own.
func execute(program string, args []string) error {
	err := syscall.Exec(program, append([]string{program}, args...), os.Environ())
	return fmt.Errorf("starting %s: %w", program, err)
}

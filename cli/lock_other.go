//go:build !unix

package cli

import "os"

// alive tells whether a process exists.
func alive(pid int) bool {
	p, err := os.FindProcess(pid)
	return err == nil && p.Release() == nil
}

// hold does nothing here: Pulumi's own lock has to do.
func hold(string) (release func(), err error) { return func() {}, nil }

// orphan is not told here.
func orphan(int) bool { return false }

// startedIn is not told here.
func startedIn(int, string) bool { return false }

func interrupt(int) {}

func kill(int) {}

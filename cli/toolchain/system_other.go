//go:build !unix

package toolchain

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// staleAfter is longer than any build takes: a lock file older than this was left behind.
const staleAfter = 30 * time.Minute

// lock waits until it can create the file.
func lock(ctx context.Context, path string) (unlock func(), err error) {
	for {
		file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL, 0o644)
		if err == nil {
			return func() { _ = errors.Join(file.Close(), os.Remove(path)) }, nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return nil, fmt.Errorf("creating the lock file: %w", err)
		}
		if info, err := os.Stat(path); err == nil && time.Since(info.ModTime()) > staleAfter {
			_ = os.Remove(path)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for %s: %w", path, ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// detached are the attributes of a process that outlives this one.
func detached() *syscall.SysProcAttr { return nil }

// freeBytes is not known here.
func freeBytes(string) (uint64, bool) { return 0, false }

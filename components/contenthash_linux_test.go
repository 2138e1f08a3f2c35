package components_test

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/slipway-iac/slipway/components"
)

// TestContentHashWithoutIgnoredFolders: what another user owns and no build sees is no obstacle; what a build would see is.
func TestContentHashWithoutIgnoredFolders(t *testing.T) {
	for _, row := range []struct {
		name, rules string
		works       bool
	}{
		{"ignored", "data\n", true},
		{"ignored, with an exception elsewhere", "data\n!src/keep\n", true},
		{"ignored, with an exception that may be anywhere", "data\n!**/keep\n", true},
		{"not ignored", "", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := tree(t, map[string]string{"Dockerfile": "FROM scratch", ".dockerignore": row.rules, "data/db": "1"})
			must(t, os.Chmod(filepath.Dir(dir), 0o755))
			closed := filepath.Join(dir, "data")
			must(t, os.Chmod(closed, 0))
			// The rights of root over files are given up for this thread, which ends with the test.
			runtime.LockOSThread()
			if os.Getuid() == 0 {
				must(t, syscall.Setfsuid(65534))
				defer func() { _ = syscall.Setfsuid(0) }()
			}
			_, err := components.ContentHash(dir, "Dockerfile")
			if (err == nil) != row.works {
				t.Errorf("the hash fails with %v, want success: %t", err, row.works)
			}
			if os.Getuid() == 0 {
				must(t, syscall.Setfsuid(0))
			}
			must(t, os.Chmod(closed, 0o755))
		})
	}
}

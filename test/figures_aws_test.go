package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// awsFigures measures the program for AWS, and what it plans.
func (s *suite) awsFigures(t *testing.T, f *table) {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "aws")
	build := func(env ...string) (time.Duration, string) {
		cmd := exec.Command("go", "build", "-buildvcs=false", "-trimpath", "-ldflags=-s -w", "-o", binary, "./stacks/aws")
		cmd.Dir, cmd.Env = s.dir, append(os.Environ(), env...)
		begun := time.Now()
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("building the program for AWS: %v: %s", err, out)
		}
		took := time.Since(begun)
		usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
		if !ok {
			return took, "not known"
		}
		return took, fmt.Sprintf("%.1f GB", float64(usage.Maxrss)/(1<<20)) // of the largest process, the compiler's among them
	}
	build() // fills the cache
	if *cold {
		took, memory := build("GOCACHE=" + t.TempDir())
		f.add("program for AWS, empty compiler cache", fmt.Sprintf("%.0f s, largest process %s", took.Seconds(), memory), "")
	}
	main := filepath.Join(s.dir, "stacks", "stack.go")
	text, err := os.ReadFile(main)
	must(t, err)
	must(t, os.WriteFile(main, append(text, "\n// edited for AWS\nvar edited = 2\n"...), 0o644))
	took, memory := build()
	must(t, os.WriteFile(main, text, 0o644))
	f.add("program for AWS, after an edit", fmt.Sprintf("%.1f s, largest process %s", took.Seconds(), memory), "")
	info, err := os.Stat(binary)
	must(t, err)
	f.add("program for AWS, size", fmt.Sprintf("%.0f MB", float64(info.Size())/1e6), "")
	for _, stack := range []string{"dev", "prod"} {
		s.planned(t, stack) // the launcher builds the program first
		took, resources := s.planned(t, stack)
		f.add("plan of "+stack, fmt.Sprintf("%.1f s, %d resources", took.Seconds(), resources), "≤ 15 s")
	}
}

// planned runs a simulated plan and counts its resources.
func (s *suite) planned(t *testing.T, stack string) (time.Duration, int) {
	t.Helper()
	cmd := exec.Command(s.launcher, "plan", "-s", stack, "--json")
	cmd.Dir = s.dir
	begun := time.Now()
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("plan of %s: %v", stack, err)
	}
	took := time.Since(begun)
	var report struct {
		Components []struct{ Resources []struct{} }
	}
	must(t, json.Unmarshal(out, &report))
	n := 0
	for _, c := range report.Components {
		n += len(c.Resources)
	}
	return took, n
}

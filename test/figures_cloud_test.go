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

// cloudFigures measures the program for a cloud, and what it plans of its stack files.
func (s *suite) cloudFigures(t *testing.T, f *table, title, cloud string, stacks ...string) {
	t.Helper()
	binary := filepath.Join(t.TempDir(), cloud)
	build := func(env ...string) (time.Duration, string) {
		cmd := exec.Command("go", "build", "-buildvcs=false", "-trimpath", "-ldflags=-s -w", "-o", binary, "./stacks/"+cloud)
		cmd.Dir, cmd.Env = s.dir, append(os.Environ(), env...)
		begun := time.Now()
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("building the program for %s: %v: %s", title, err, out)
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
		f.add("program for "+title+", empty compiler cache", fmt.Sprintf("%.0f s, largest process %s", took.Seconds(), memory), "")
	}
	main := filepath.Join(s.dir, "stacks", "stack.go")
	text, err := os.ReadFile(main)
	must(t, err)
	must(t, os.WriteFile(main, append(text, fmt.Sprintf("\n// edited for a cloud\nvar edited = \"%s %d\"\n", cloud, time.Now().UnixNano())...), 0o644))
	took, memory := build()
	must(t, os.WriteFile(main, text, 0o644))
	f.add("program for "+title+", after an edit", fmt.Sprintf("%.1f s, largest process %s", took.Seconds(), memory), "")
	info, err := os.Stat(binary)
	must(t, err)
	f.add("program for "+title+", size", fmt.Sprintf("%.0f MB", float64(info.Size())/1e6), "")
	for _, stack := range stacks {
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

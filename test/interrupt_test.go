package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// locked waits until a run has taken the stack's lock.
func (s *suite) locked(t *testing.T, r *running) {
	t.Helper()
	eventually(t, 3*time.Minute, func() string {
		files, _ := filepath.Glob(filepath.Join(s.dir, ".slipway", "state", ".pulumi", "locks", "organization", "*", s.stack, "*.json"))
		if len(files) == 0 {
			return "up holds no lock: " + r.stderr.String()
		}
		return ""
	})
}

// names are those of all containers, without the ids that change.
func (s *suite) names(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, c := range s.containers(t) {
		out = append(out, c.plainName())
	}
	return out
}

// upWhenFree runs up again for as long as it says that another process still works on the stack: the engine of a command line that
// was killed ends by itself, but not at once.
func (s *suite) upWhenFree(t *testing.T) {
	t.Helper()
	begun := time.Now()
	eventually(t, 3*time.Minute, func() string {
		r := s.run(t, "up")
		if r.code != 0 && strings.Contains(r.stderr, "is locked") {
			time.Sleep(2 * time.Second)
			return r.stderr
		}
		if r.code != 0 {
			t.Fatalf("up: %s", r)
		}
		return ""
	})
	t.Logf("up has repaired the stack after %s", time.Since(begun).Round(time.Second))
}

// interrupted ends runs in the middle of a replacement: by SIGKILL to the command line, whose engine is left alone, and by Ctrl-C.
// The next up repairs both, and leaves nothing behind.
func (s *suite) interrupted(t *testing.T) {
	want := s.names(t)
	for _, how := range []struct {
		name   string
		signal syscall.Signal
	}{{"killed", syscall.SIGKILL}, {"interrupted", syscall.SIGINT}} {
		t.Run(how.name, func(t *testing.T) {
			old := s.replicas(t)
			s.newVersion(t, how.name)
			r := s.start(t, "up")
			s.locked(t, r)
			eventually(t, 3*time.Minute, func() string {
				if now := s.replicas(t); len(now) > len(old) {
					return ""
				}
				return "no new replica is made: " + r.stderr.String()
			})
			must(t, syscall.Kill(-r.cmd.Process.Pid, how.signal))
			first := s.wait(t, r)
			if first.code == 0 {
				t.Errorf("the run has ended well: %s", first)
			}
			s.site.follow(t, keptSlug, keptTarget)
			s.aside(t, s.outputs["version"], len(s.replicas(t)))
			if how.signal == syscall.SIGKILL {
				// It may come in the middle of a write.
				attributes, err := filepath.Glob(filepath.Join(s.dir, ".slipway", "state", ".pulumi", "stacks", "*", s.stack+".json.attrs"))
				must(t, err)
				if len(attributes) != 1 {
					t.Fatalf("the state's attributes are in %v", attributes)
				}
				must(t, os.Truncate(attributes[0], 0))
			}
			s.upWhenFree(t)
			s.serves(t, old)
			if got := s.names(t); !slices.Equal(got, want) {
				t.Errorf("containers are\n%v\nwant\n%v", got, want)
			}
			s.allHealthy(t, time.Minute)
		})
	}
}

// concurrent starts two runs, which have to bring back a replica that was removed by hand: one does, the other one is refused.
func (s *suite) concurrent(t *testing.T) {
	want := s.names(t)
	engine(t, "rm", "--force", s.replicas(t)[0].ID)
	first, second := s.start(t, "up"), s.start(t, "up")
	done, refused := s.wait(t, first), s.wait(t, second)
	if done.code != 0 {
		done, refused = refused, done
	}
	if done.code != 0 {
		t.Errorf("neither run has succeeded: %s", done)
	}
	if refused.code == 0 || !strings.Contains(refused.stderr, "locked") {
		t.Errorf("the other run must be refused with the reason: %s", refused)
	}
	if got := s.names(t); !slices.Equal(got, want) {
		t.Errorf("containers are\n%v\nwant\n%v", got, want)
	}
	s.allHealthy(t, time.Minute)
	s.site.follow(t, keptSlug, keptTarget)
}

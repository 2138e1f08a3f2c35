package e2e

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// verbs checks those that change nothing.
func (s *suite) verbs(t *testing.T) {
	before := s.identities(t)
	t.Run("preview shows a new version", func(t *testing.T) {
		undo := s.edit(t, "internal/web/static/index.html", "<title>links", "<title>links previewed")
		defer undo()
		r := s.must(t, "preview")
		for _, word := range []string{"links-blue-1", "links-blue-migrate", "replace"} {
			if !strings.Contains(r.stdout, word) {
				t.Errorf("preview does not show %q: %s", word, r)
			}
		}
	})
	t.Run("bad configuration", func(t *testing.T) {
		for _, verb := range []string{"preview", "up"} {
			r := s.run(t, verb, "-c", "app.port=1", "-c", "app.prot=3000", "-c", "docker.httpsPort=none", "-c", "app.replicas.min=0")
			if r.code != 1 {
				t.Errorf("%s ended with exit code %d, want 1: %s", verb, r.code, r)
			}
			for _, key := range []string{"app.port", "app.prot", "docker.httpsPort", "app.replicas.min", "4 problems"} {
				if !strings.Contains(r.stderr, key) {
					t.Errorf("%s does not tell of %s: %s", verb, key, r)
				}
			}
		}
	})
	t.Run("wrong usage", func(t *testing.T) {
		if r := s.run(t, "upp"); r.code != 2 || !strings.Contains(r.stderr, "Usage") {
			t.Errorf("an unknown verb: %s", r)
		}
	})
	t.Run("logs", func(t *testing.T) {
		if r := s.must(t, "logs", "service"); !strings.Contains(r.stdout, "links-blue-1") || strings.Contains(r.stdout, "-database |") {
			t.Errorf("logs of the service: %.2000s", r)
		}
		if r := s.must(t, "logs", "--since", "1h"); !strings.Contains(r.stdout, "-database |") || !strings.Contains(r.stdout, "-edge |") {
			t.Errorf("logs of all: %.2000s", r)
		}
		if r := s.run(t, "logs", "nothing"); r.code != 1 || !strings.Contains(r.stderr, "database") {
			t.Errorf("logs of what does not exist: %s", r)
		}
	})
	t.Run("doctor", s.doctor)
	if after := s.identities(t); !maps.Equal(before, after) {
		t.Errorf("containers changed:\n%v\n%v", before, after)
	}
	s.clean(t)
}

// doctor is content here, and says what to install where there is only a compiler.
func (s *suite) doctor(t *testing.T) {
	if r := s.must(t, "doctor"); !strings.Contains(r.stdout, "docker") || !strings.Contains(r.stdout, "pulumi") {
		t.Errorf("doctor: %s", r)
	}
	bare := t.TempDir()
	for _, name := range []string{"go", "gcc", "g++"} {
		if path, err := exec.LookPath(name); err == nil {
			must(t, os.Symlink(path, filepath.Join(bare, name)))
		}
	}
	s.env = []string{"PATH=" + bare}
	defer func() { s.env = nil }()
	if r := s.run(t, "doctor"); r.code != 1 || !strings.Contains(r.stdout, "missing") || !strings.Contains(r.stdout, "→") {
		t.Errorf("doctor without Docker: %s", r)
	}
}

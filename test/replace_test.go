package e2e

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// replicaCrash restarts one replica and kills the other one's process: the links survive, and the restart policy brings it back.
func (s *suite) replicaCrash(t *testing.T) {
	s.allHealthy(t, time.Minute)
	replicas := s.replicas(t)
	l := s.startLoad(t)
	engine(t, "restart", replicas[0].ID)
	s.allHealthy(t, time.Minute)
	l.stop(t, true)

	pid := strings.TrimSpace(engine(t, "inspect", "--format", "{{.State.Pid}}", replicas[1].ID))
	// `docker kill` would count as wanted. The process dies as if the kernel had killed it for its memory.
	engine(t, "run", "--rm", "--pid", "host", "--network", "none", "--user", replicas[1].Config.User, "--label", s.label(),
		"--entrypoint", "/bin/sh", s.container(t, "edge").Image, "-c", "kill -KILL "+pid)
	eventually(t, time.Minute, func() string {
		for _, c := range s.replicas(t) {
			if c.ID == replicas[1].ID && (c.RestartCount == 0 || !c.healthy()) {
				return fmt.Sprintf("%s has restarted %d times and is %s", c.name(), c.RestartCount, c.State.Status)
			}
		}
		return ""
	})
	for range 10 {
		s.site.follow(t, keptSlug, keptTarget)
	}
}

// newVersionUnderLoad replaces both replicas while requests come: none fails, no link and no click is lost.
func (s *suite) newVersionUnderLoad(t *testing.T) {
	old := s.replicas(t)
	l := s.startLoad(t)
	drained := s.drained(t, old)
	s.newVersion(t, "two")
	s.must(t, "up")
	drained()
	time.Sleep(2 * time.Second)
	l.stop(t, true)
	s.serves(t, old)
	if a := s.site.ask(t, http.MethodGet, "/", ""); !strings.Contains(a.body, "<title>links two ") {
		t.Error("the new page is not served")
	}
}

// drained watches instances that are about to be replaced. The returned function asserts that each has ended by itself, before the
// engine lost patience: only then are its last clicks stored.
func (s *suite) drained(t *testing.T, replicas []container) (check func()) {
	t.Helper()
	var checks []func()
	for _, c := range replicas {
		var code, log lockedBuffer
		ended, followed := exec.Command("docker", "wait", c.ID), exec.Command("docker", "logs", "--follow", "--since", "1s", c.ID)
		ended.Stdout, followed.Stdout = &code, &log
		must(t, ended.Start())
		must(t, followed.Start())
		checks = append(checks, func() {
			time.AfterFunc(10*time.Second, func() { _ = ended.Process.Kill(); _ = followed.Process.Kill() })
			_, _ = ended.Wait(), followed.Wait()
			if got := strings.TrimSpace(code.String()); got != "0" {
				var said []string
				for _, line := range strings.Split(log.String(), "\n") {
					if !strings.Contains(line, `"route":`) {
						said = append(said, line)
					}
				}
				t.Errorf("%s ended with exit code %s. It said:\n%s", c.name(), got, strings.Join(said, "\n"))
			}
		})
	}
	return func() {
		for _, check := range checks {
			check()
		}
	}
}

// serves asserts that the stack runs the version of its source, on new replicas, as after every successful up of one.
func (s *suite) serves(t *testing.T, old []container) {
	t.Helper()
	before := s.outputs["version"]
	s.outputs = s.project.outputs(t)
	if s.outputs["version"] == before {
		t.Error("the version has not changed")
	}
	replicas := s.replicas(t)
	if len(replicas) != 2 {
		t.Errorf("%d replicas run, want 2", len(replicas))
	}
	for _, c := range replicas {
		if !strings.Contains(c.raw, s.outputs["version"]) || !c.State.Running {
			t.Errorf("%s is %s and does not run version %s", c.name(), c.State.Status, s.outputs["version"])
		}
		for _, o := range old {
			if o.ID == c.ID {
				t.Errorf("%s was not replaced", c.name())
			}
		}
	}
	if got := s.site.ask(t, http.MethodGet, "/healthz", "").header.Get("Slipway-Version"); got != s.outputs["version"] {
		t.Errorf("version %s answers, want %s", got, s.outputs["version"])
	}
	s.site.follow(t, keptSlug, keptTarget)
}

// tooLate deploys a version that is ready after its update has given it up. It takes no traffic then either, and up says what it answers.
func (s *suite) tooLate(t *testing.T) {
	good, old := s.outputs["version"], s.replicas(t)
	imported := s.edit(t, "internal/web/probes.go", `import "net/http"`, "import (\n\t\"net/http\"\n\t\"time\"\n)\n\nvar born = time.Now()")
	defer imported()
	s.edit(t, "internal/web/probes.go", "if s.draining.Load() {", "if s.draining.Load() || time.Since(born) < 15*time.Second {")
	s.refused(t, s.run(t, "up", "-c", "docker.readyTimeout=5s"), good, "did not become ready within 5 s: GET /readyz is answered with 503")
	s.aside(t, good, len(old)+2)
}

// aside waits until n replicas are ready in the slot, and asserts that only those of a version take traffic.
func (s *suite) aside(t *testing.T, good string, n int) {
	t.Helper()
	edge := s.container(t, "edge").ID
	eventually(t, time.Minute, func() string {
		states := engine(t, "exec", edge, "/bin/sh", "-c", `. /slipway/weights.sh; servers blue-replicas | cut -d " " -f 3`)
		if ready := strings.Count(states, "2"); ready != n {
			return fmt.Sprintf("%d replicas are ready, want %d", ready, n)
		}
		return ""
	})
	for range 60 {
		if got := s.site.ask(t, http.MethodGet, "/healthz", "").header.Get("Slipway-Version"); got != good {
			t.Fatalf("version %s answers, which has not passed its gate: want %s", got, good)
		}
	}
}

// badVersions deploys versions that must not take over: up fails and says why, and the version before goes on without a failed
// request. What runs meanwhile does not depend on it. The replicas that never became ready are left.
func (s *suite) badVersions(t *testing.T) {
	l := s.startLoad(t)
	good := s.outputs["version"]

	undo := s.edit(t, "internal/web/probes.go", "if s.draining.Load() {", `if s.draining.Load() || s.Version != "" {`)
	r := s.start(t, "up", "-c", "docker.readyTimeout=12s")
	s.locked(t, r)
	t.Run("logs and outputs can be read meanwhile", func(t *testing.T) {
		if got := s.project.outputs(t)["url"]; got != s.site.url {
			t.Errorf("the output url is %q while up runs", got)
		}
		s.must(t, "logs", "database")
		s.locked(t, r) // it still runs
	})
	s.refused(t, s.wait(t, r), good, "did not become ready")
	undo()

	bad := filepath.Join(s.dir, "app", "internal", "store", "migrations", "0099_broken.up.sql")
	must(t, os.WriteFile(bad, []byte("CREATE TABLE broken (id bigint);\nSELECT no_such_function_at_all();\n"), 0o644))
	s.refused(t, s.run(t, "up"), good, "no_such_function_at_all")
	must(t, os.Remove(bad))
	l.stop(t, true)
}

// neverReadyAlarm: somebody hears of the replicas that badVersions has left.
func (s *suite) neverReadyAlarm(t *testing.T) { s.alarmed(t, "unhealthy-instances", 4*time.Minute) }

// backAndForward leaves bad versions behind by the way back, then by the way forward: no request fails.
func (s *suite) backAndForward(t *testing.T) {
	good := s.outputs["version"]
	l := s.startLoad(t)
	drained := s.drained(t, s.replicas(t)) // the good ones and the bad ones
	s.must(t, "up")                        // the way back
	drained()
	if got := s.project.outputs(t)["version"]; got != good {
		t.Errorf("version %s runs after going back to %s", got, good)
	}
	if n := len(s.replicas(t)); n != 2 {
		t.Errorf("%d replicas are left after going back, want 2", n)
	}

	old := s.replicas(t)
	s.newVersion(t, "three")
	s.must(t, "up") // the way forward
	l.stop(t, true)
	s.serves(t, old)
}

// refused asserts that up has failed for the reason, and that the version before serves.
func (s *suite) refused(t *testing.T, r result, good, reason string) {
	t.Helper()
	if r.code == 0 || !strings.Contains(r.stderr, reason) {
		t.Errorf("up of a bad version must fail and print %q: %s", reason, r)
	}
	if r.took > 5*time.Minute {
		t.Errorf("up of a bad version took %s", r.took)
	}
	t.Logf("up of a bad version was refused after %s", r.took.Round(time.Second))
	for range 20 {
		if got := s.site.ask(t, http.MethodGet, "/healthz", "").header.Get("Slipway-Version"); got != good {
			t.Errorf("version %s answers, want the one before, %s", got, good)
		}
	}
}

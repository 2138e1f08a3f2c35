package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// TestMain lets the four tests that have stacks of their own run at once, on two cores too: each waits for most of its time.
func TestMain(m *testing.M) {
	flag.Parse()
	chosen := false
	flag.Visit(func(f *flag.Flag) { chosen = chosen || f.Name == "test.parallel" })
	if !chosen && parallel() < 4 {
		_ = flag.Set("test.parallel", "4")
	}
	os.Exit(m.Run())
}

// parallel is how many tests may run at once.
func parallel() int {
	n, _ := strconv.Atoi(flag.Lookup("test.parallel").Value.String())
	return n
}

// suite is what the ordered sub-tests of a test share: one stack, from nothing to nothing.
type suite struct {
	*project
	site    *site
	outputs map[string]string
	extra   secret // the app's own, beside those that Slipway makes
}

// TestLocalStack takes one stack through its life. The order matters, so a sub-test can't be chosen alone; those after a failed one
// run on, as long as there is a stack at all. A replacement under the full load has the machine to itself.
func TestLocalStack(t *testing.T) {
	if testing.Short() {
		t.Skip("end to end: left out by -short")
	}
	requireEngine(t)
	requireBrowser(t)
	sweepDead(t)
	s := &suite{project: newProject(t, "", "")}
	t.Cleanup(func() { s.tearDown(t) })
	if !t.Run("up from nothing", s.upFromNothing) {
		t.FailNow()
	}
	s.steps(t, []step{
		{"second up changes nothing", s.secondUp},
		{"an extra secret reaches the app", s.addSecret},
		{"TLS", s.tls},
		{"plain HTTP only redirects", s.plainHTTP},
		{"headers and hidden paths", s.headers},
		{"links API", s.api},
		{"page in the browser", s.page},
		{"containers are hardened", s.hardened},
		{"Go's memory limit follows the container's", s.memoryLimit},
		{"ports and networks", s.exposure},
		{"restart and crash of a replica", s.replicaCrash},
		{"new version under load", s.newVersionUnderLoad},
		{"dashboard in the browser", s.dashboard}, // it drops what it loads when another test makes a network
	})
	t.Parallel()
	s.beside = parallel() > 1
	s.steps(t, []step{
		{"version that is ready too late", s.tooLate},
		{"bad versions under load", s.badVersions},
		{"cache outage", s.cacheOutage},
		{"database outage", s.databaseOutage},
		{"replicas that never became ready set off the alarm", s.neverReadyAlarm},
		{"back and forward under load", s.backAndForward},
		{"run killed and interrupted", s.interrupted},
		{"two runs at once", s.concurrent},
		{"monitoring", s.monitoring},
		{"weights of the slots", s.weights},
		{"slow and idle clients", s.slowClients},
		{"rate limit", s.rateLimit},
		{"no secret leaks", s.secrets},
		{"verbs that change nothing", s.verbs},
		{"rate limit ends with the abuse", s.rateLimitEnds},
		{"destroy keeps data", s.destroyKeeps},
		{"data that is lost", s.lostData},
		{"destroy deletes data", s.destroyDeletes},
	})
}

// step is a sub-test whose place in the order matters.
type step struct {
	name string
	run  func(*testing.T)
}

func (s *suite) steps(t *testing.T, all []step) {
	for _, one := range all {
		if !t.Run(one.name, one.run) {
			s.saveLogs(t)
		}
	}
}

// tearDown removes the stack by force, whatever state the tests have left it in, and the program that the launcher compiled.
func (s *suite) tearDown(t *testing.T) {
	if t.Failed() {
		s.saveLogs(t)
	}
	sweep(t, s.stack)
	s.removePrograms(t)
}

// removePrograms removes what the launcher has compiled for this copy.
func (p *project) removePrograms(t *testing.T) {
	t.Helper()
	cache, err := os.UserCacheDir()
	must(t, err)
	key := sha256.Sum256([]byte(p.dir))
	must(t, os.RemoveAll(filepath.Join(cache, "slipway", "programs", hex.EncodeToString(key[:8]))))
}

// saveLogs keeps what the containers and the launcher have said, for whoever looks into a failure. A container may vanish meanwhile.
func (s *suite) saveLogs(t *testing.T) {
	for _, c := range s.containers(t) {
		text, _ := exec.Command("docker", "logs", c.ID).CombinedOutput()
		keep(t, c.name()+".log", text)
	}
	keep(t, "launcher-"+s.stack+".log", s.output.Bytes())
}

// keep writes a file to $SLIPWAY_E2E_ARTIFACTS, if that is set.
func keep(t *testing.T, name string, content []byte) {
	t.Helper()
	dir := os.Getenv("SLIPWAY_E2E_ARTIFACTS")
	if dir == "" {
		return
	}
	must(t, os.MkdirAll(dir, 0o755))
	must(t, os.WriteFile(filepath.Join(dir, name), content, 0o644))
}

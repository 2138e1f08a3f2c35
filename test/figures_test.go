package e2e

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/slipway-iac/slipway/cli/toolchain"
)

var (
	figures = flag.Bool("figures", false, "measure the figures to report (make bench)")
	cold    = flag.Bool("cold", false, "with -figures: build programs with an empty compiler cache too, and the tools and images of a stack (half an hour)")
)

const (
	figureRounds      = 20
	figureRound       = time.Second // short turns: whatever else the machine does hits both
	figureConnections = 32
	figureTarget      = "https://example.com/a/long/address/that/somebody/shortened"
)

// table collects the figures with their goals.
type table struct{ rows [][3]string }

func (f *table) add(name, value, goal string) { f.rows = append(f.rows, [3]string{name, value, goal}) }

func (f *table) print(t *testing.T) {
	var b bytes.Buffer
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "figure\tmeasured\tgoal")
	for _, r := range f.rows {
		fmt.Fprintf(w, "%s\t%s\t%s\n", r[0], r[1], r[2])
	}
	must(t, w.Flush())
	fmt.Print("\n" + b.String() + "\n")
	keep(t, "figures.txt", b.Bytes())
}

// TestFigures measures and judges nothing: a busy machine is no defect. It runs only where it is asked for.
func TestFigures(t *testing.T) {
	if !*figures {
		t.Skip("only with -figures: make bench")
	}
	requireEngine(t)
	sweepDead(t)
	s := &suite{project: newProject(t, "", "")}
	t.Cleanup(func() { s.tearDown(t) })
	var f table
	defer f.print(t)
	seconds := func(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

	s.must(t, "help") // fills the caches
	if *cold {
		f.add("launcher: program for docker, empty compiler cache", seconds(s.build(t, "GOCACHE="+t.TempDir())), "≤ 90 s")
	}
	main := filepath.Join(s.dir, "stacks", "stack.go")
	text, err := os.ReadFile(main)
	must(t, err)
	must(t, os.WriteFile(main, append(text, fmt.Sprintf("\n// another edit each time: the compiler's cache knows the last one\nvar edited = %d\n", time.Now().UnixNano())...), 0o644))
	f.add("launcher: program for docker, after an edit", seconds(s.build(t)), "≤ 5 s")
	must(t, os.WriteFile(main, text, 0o644))
	s.build(t)

	s.cloudFigures(t, &f, "AWS", "aws", "dev", "prod")
	s.cloudFigures(t, &f, "Google Cloud", "gcp", "gcp-dev", "gcp-prod")
	s.cloudFigures(t, &f, "Azure", "azure", "azure-dev", "azure-prod")

	if *cold {
		f.add("up from nothing (tools and images built from source, modules downloaded)", seconds(s.coldUp(t)), "")
	}
	f.add("up from nothing (tools and platform images present)", seconds(s.must(t, "up").took), "")
	s.outputs = s.project.outputs(t)
	s.site = newSite(t, s.outputs["url"], s.outputs["ca"])
	f.add("up, nothing changed", seconds(s.must(t, "up").took), "")
	size, err := strconv.ParseFloat(strings.TrimSpace(engine(t, "image", "inspect", "--format", "{{.Size}}", s.outputs["image"])), 64)
	must(t, err)
	f.add("image of the app", fmt.Sprintf("%.1f MB", size/1e6), "≤ 20 MB")

	s.throughput(t, &f)

	l := s.startLoad(t)
	s.newVersion(t, "measured")
	f.add("up, new version of the app, under load", seconds(s.must(t, "up").took), "")
	l.cancel()
	l.wait.Wait()
	f.add("requests failed during that", fmt.Sprintf("%d of %d", len(l.failures), l.sent.Load()), "0")
	f.add("destroy", seconds(s.must(t, "destroy", "--delete-data", "--yes").took), "")
	keep(t, "launcher.log", s.output.Bytes())
}

// coldUp brings a stack up as on a machine that has no registry and has never seen the project, apart from modules, and removes it.
// It removes all images that were built here from Debian packages or from this machine's Go, so no other stack may run.
func (s *suite) coldUp(t *testing.T) time.Duration {
	t.Helper()
	images := strings.Fields(engine(t, "image", "ls", "--filter", "dangling=false", "--filter", "label="+toolchain.BuiltFrom, "--format", "{{.Repository}}:{{.Tag}}"))
	if len(images) > 0 {
		engine(t, append([]string{"image", "rm"}, images...)...)
	}
	s.env = []string{"XDG_CACHE_HOME=" + t.TempDir(), "GOCACHE=" + t.TempDir(), "SLIPWAY_TOOLCHAIN=build"}
	defer func() { s.env = nil }()
	took := s.must(t, "up").took
	s.must(t, "destroy", "--delete-data", "--yes")
	return took
}

// build has the launcher compile the program, and takes the time.
func (p *project) build(t *testing.T, env ...string) time.Duration {
	t.Helper()
	cmd := exec.Command(p.launcher, "help", "-s", p.stack)
	cmd.Dir, cmd.Env = p.dir, append(p.environment(), env...)
	begun := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building the program: %v: %s", err, out)
	}
	return time.Since(begun)
}

// throughput compares the app's redirect with a bare one: as many instances with the same limits, behind the same proxy, in the
// other slot, in turns.
func (s *suite) throughput(t *testing.T, f *table) {
	t.Helper()
	bare := s.startBare(t)
	slug := s.site.create(t, "measured", figureTarget).Slug
	edge := s.container(t, "edge").ID
	results := map[int][]float64{}
	for round := range figureRounds + 1 {
		for _, green := range []int{0, 100} {
			engine(t, "exec", edge, "/slipway/set-weight", "green", strconv.Itoa(green))
			rate := s.hammer(t, slug)
			t.Logf("round %d, green %d: %.0f/s", round, green, rate)
			if round > 0 { // the first one warms up
				results[green] = append(results[green], rate)
			}
		}
	}
	engine(t, "exec", edge, "/slipway/set-weight", "green", "0")
	for _, id := range bare {
		engine(t, "rm", "--force", id)
	}
	var ratios []float64
	for i := range results[0] {
		ratios = append(ratios, results[0][i]/results[100][i])
	}
	f.add("redirects of the app, TLS, through the proxy", fmt.Sprintf("%.0f/s", median(results[0])), "")
	f.add("redirects of a bare net/http server, likewise", fmt.Sprintf("%.0f/s", median(results[100])), "")
	f.add("ratio of the two (median of the rounds)", fmt.Sprintf("%.2f (%.2f to %.2f)", median(ratios), slices.Min(ratios), slices.Max(ratios)), "≥ 0.8")
}

// startBare runs the bare server in the green slot, and returns its containers.
func (s *suite) startBare(t *testing.T) (ids []string) {
	t.Helper()
	dir := t.TempDir()
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", filepath.Join(dir, "bare"), "./test/bareredirect")
	build.Dir, build.Env = s.dir, append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the bare server: %v: %s", err, out)
	}
	must(t, os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte("FROM scratch\nCOPY bare /bare\nENTRYPOINT [\"/bare\"]\n"), 0o644))
	image := "slipway-" + s.stack + "/bare:latest"
	engine(t, "build", "--quiet", "--tag", image, dir)
	for _, r := range s.replicas(t) {
		id := strings.TrimSpace(engine(t, "run", "--detach", "--label", s.label(), "--network", "slipway-"+s.stack, "--network-alias", "green.slipway.internal",
			"--read-only", "--cap-drop", "ALL", "--user", r.Config.User, "--memory", strconv.FormatInt(r.HostConfig.Memory, 10),
			"--cpus", strconv.FormatFloat(float64(r.HostConfig.NanoCpus)/1e9, 'f', -1, 64), "--env", "TARGET="+figureTarget, image))
		ids = append(ids, id)
	}
	time.Sleep(5 * time.Second) // until the proxy has found both and their slow start is over
	return ids
}

// hammer sends requests over kept connections as fast as they are answered, and returns how many a second were.
func (s *suite) hammer(t *testing.T, slug string) float64 {
	t.Helper()
	address := strings.TrimPrefix(s.site.url, "https://")
	request := []byte("GET /" + slug + " HTTP/1.1\r\nHost: " + address + "\r\nUser-Agent: figures\r\n\r\n")
	var done atomic.Int64
	var wait sync.WaitGroup
	errs := make(chan error, figureConnections)
	end := time.Now().Add(figureRound)
	for range figureConnections {
		wait.Go(func() {
			c, err := tls.Dial("tcp", address, &tls.Config{RootCAs: s.site.roots, MinVersion: tls.VersionTLS13, NextProtos: []string{"http/1.1"}})
			if err != nil {
				errs <- err
				return
			}
			defer c.Close()
			r := bufio.NewReader(c)
			for time.Now().Before(end) {
				if _, err = c.Write(request); err == nil {
					err = readRedirect(r)
				}
				if err != nil {
					errs <- err
					return
				}
				done.Add(1)
			}
		})
	}
	wait.Wait()
	select {
	case err := <-errs:
		t.Fatalf("redirect under full load: %v", err)
	default:
	}
	return float64(done.Load()) / figureRound.Seconds()
}

// readRedirect reads one response. It spends as little as it can: the generator shares the machine with what it measures.
func readRedirect(r *bufio.Reader) error {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(line, []byte("HTTP/1.1 302")) {
		return fmt.Errorf("answered %q", line)
	}
	length := 0
	for {
		if line, err = r.ReadSlice('\n'); err != nil {
			return err
		}
		if len(line) <= 2 {
			break
		}
		if name, value, _ := bytes.Cut(line, []byte(":")); bytes.EqualFold(name, []byte("content-length")) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return err
			}
		}
	}
	_, err = io.CopyN(io.Discard, r, int64(length))
	return err
}

func median(v []float64) float64 {
	sorted := slices.Sorted(slices.Values(v))
	return sorted[len(sorted)/2]
}

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func build(t testing.TB, dir string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "links")
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid=", "-o", out, ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if b, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, b)
	}
	return out
}

// TestSameSourceSameBinary builds a copy of the source in another folder and compares. It also holds the size: the image
// is this binary and the root certificates.
func TestSameSourceSameBinary(t *testing.T) {
	t.Parallel()
	copied := filepath.Join(t.TempDir(), "elsewhere")
	if err := os.CopyFS(copied, os.DirFS(".")); err != nil {
		t.Fatal(err)
	}
	var sums [2][32]byte
	for n, dir := range []string{".", copied} {
		raw, err := os.ReadFile(build(t, dir))
		if err != nil {
			t.Fatal(err)
		}
		sums[n] = sha256.Sum256(raw)
		if len(raw) > 20_000_000-230_000 {
			t.Errorf("binary has %d bytes: the image would be larger than 20 MB", len(raw))
		}
	}
	if sums[0] != sums[1] {
		t.Error("two builds of the same source differ")
	}
}

// TestNoClickIsLostAtSIGTERM runs the real binary, ends it under load and counts.
func TestNoClickIsLostAtSIGTERM(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.env["CLICK_FLUSH_INTERVAL"] = "10m" // so that all depends on the end
	s.env["DRAIN_DELAY"] = "500ms"
	port := freePort(t)
	cmd := exec.Command(build(t, "."))
	for k, v := range s.env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	cmd.Env = append(cmd.Env, "PORT="+port)
	var logs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &logs, &logs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	i := &instance{url: "http://127.0.0.1:" + port}
	eventually(t, 10*time.Second, "the binary answers", func() bool { _, err := i.try("GET", "/healthz", ""); return err == nil })
	i.create(t, "hot", "https://example.com")
	var served, failed, closing atomic.Int64
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				a, err := i.try("GET", "/hot", "")
				switch {
				case err == nil && a.status == 302:
					served.Add(1)
					if a.close {
						closing.Add(1)
					}
				case strings.Contains(fmt.Sprint(err), "refused"): // it has ended
					return
				default:
					failed.Add(1)
				}
			}
		})
	}
	time.Sleep(500 * time.Millisecond)
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	eventually(t, 400*time.Millisecond, "/readyz fails while requests are still served", func() bool {
		a, err := i.try("GET", "/readyz", "")
		return err == nil && a.status == 503 && strings.Contains(a.body, "draining")
	})
	// A proxy that has seen this sends nothing new from here on.
	time.Sleep(200 * time.Millisecond)
	close(stop)
	wg.Wait()
	if err := cmd.Wait(); err != nil {
		t.Errorf("exit: %v\n%s", err, logs.String())
	}
	if failed.Load() != 0 || closing.Load() == 0 {
		t.Errorf("%d requests failed; %d answers during the drain closed their connection", failed.Load(), closing.Load())
	}
	again := s.start(t, nil)
	if n := again.clicks(t, "hot"); int64(n) != served.Load() || n == 0 {
		t.Errorf("%d redirects were served, %d clicks stored\n%s", served.Load(), n, logs.String())
	}
	t.Logf("%d redirects, %d after SIGTERM", served.Load(), closing.Load())
}

// TestLostClicksAreSaid: when even the last try fails, the exit code tells.
func TestLostClicksAreSaid(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	i := s.start(t, map[string]string{"CLICK_FLUSH_INTERVAL": "10m", "SHUTDOWN_TIMEOUT": "1s"})
	i.create(t, "hot", "https://example.com")
	i.ask(t, "GET", "/hot", "")
	s.db.set(refuses)
	i.stop()
	if err := i.wait(); err == nil || !strings.Contains(err.Error(), "1 clicks could not be stored") {
		t.Errorf("ended with %v", err)
	}
}

func TestRacingMigrations(t *testing.T) {
	t.Parallel()
	env := map[string]string{"DATABASE_URL": "postgres://app:pw@" + deps.pg + "/" + newDatabase(t) + "?sslmode=disable"}
	hasty := env["DATABASE_URL"] + "&statement_timeout=1" // requests' limit, in milliseconds, is none of migrations
	get := func(k string) string {
		if k == "DATABASE_URL" {
			return hasty
		}
		return env[k]
	}
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			if err := run(t.Context(), []string{"migrate"}, get, io.Discard); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	conn, err := pgx.Connect(t.Context(), env["DATABASE_URL"])
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	// As if the process had been killed inside the file, after its commit.
	if _, err := conn.Exec(t.Context(), "UPDATE schema_migrations SET dirty = true"); err != nil {
		t.Fatal(err)
	}
	if err := run(t.Context(), []string{"migrate"}, get, io.Discard); err != nil {
		t.Errorf("after an interruption: %v", err)
	}
	var version int
	var dirty bool
	if err := conn.QueryRow(t.Context(), "SELECT version, dirty FROM schema_migrations").Scan(&version, &dirty); err != nil || version < 1 || dirty {
		t.Errorf("version %d, dirty %v, %v", version, dirty, err)
	}
	// The queries that matter find their rows by index, whatever the planner thinks of a small table.
	if _, err := conn.Exec(t.Context(), "SET enable_seqscan = off"); err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{"SELECT * FROM links WHERE slug = 'x'", "SELECT * FROM links WHERE id < 9 ORDER BY id DESC LIMIT 2"} {
		rows, _ := conn.Query(t.Context(), "EXPLAIN "+q)
		plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if all := strings.Join(plan, "\n"); err != nil || strings.Contains(all, "Sort") || !strings.Contains(all, "Index") {
			t.Errorf("%s: %v\n%s", q, err, all)
		}
	}
}

func TestMigrateWaitsBounded(t *testing.T) {
	t.Parallel()
	env := map[string]string{"DATABASE_URL": "postgres://app:s3cret@127.0.0.1:" + freePort(t) + "/x", "MIGRATE_TIMEOUT": "1s"}
	var out output
	start := time.Now()
	err := run(t.Context(), []string{"migrate"}, func(k string) string { return env[k] }, &out)
	if err == nil || !strings.Contains(err.Error(), "did not answer within 1s") || time.Since(start) > 5*time.Second {
		t.Errorf("%v after %s", err, time.Since(start))
	}
	if strings.Contains(fmt.Sprint(err)+out.String(), "s3cret") {
		t.Error("the password is in the output")
	}
}

// TestTLS: certificates are checked against the root that is given, with names, without any file.
func TestTLS(t *testing.T) {
	t.Parallel()
	name := newDatabase(t)
	_, pgPort, _ := strings.Cut(deps.pg, ":")
	_, redisPort, _ := strings.Cut(deps.redisTLS, ":")
	url := func(host string) map[string]string {
		return map[string]string{
			"DATABASE_URL": "postgres://app:pw@" + host + ":" + pgPort + "/" + name + "?sslmode=verify-full",
			"CACHE_URL":    "rediss://:pw@" + host + ":" + redisPort + "/0", "PPROF_ADDR": "127.0.0.1:0",
			"DATABASE_CA": deps.ca, "CACHE_CA": deps.ca, "DRAIN_DELAY": "0s", "MIGRATE_TIMEOUT": "1s",
		}
	}
	s := &site{env: url("localhost")}
	if err := run(t.Context(), []string{"migrate"}, s.getenv(nil), io.Discard); err != nil {
		t.Fatal(err)
	}
	if a := s.start(t, nil).ask(t, "GET", "/readyz", ""); !strings.Contains(a.body, `{"cache":"up","database":"up"}`) {
		t.Errorf("right name and root: %s", a.body)
	}
	wrong := &site{env: url("127.0.0.1")} // the certificate names localhost only
	if err := run(t.Context(), []string{"migrate"}, wrong.getenv(nil), io.Discard); err == nil {
		t.Error("a certificate for another name was accepted")
	}
	if a := wrong.start(t, nil).ask(t, "GET", "/readyz", ""); !strings.Contains(a.body, `{"cache":"down","database":"down"}`) {
		t.Errorf("wrong name: %s", a.body)
	}
}

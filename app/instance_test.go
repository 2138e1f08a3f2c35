package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// site is one database and one cache, reached through links that can be broken, shared by the instances of a test.
type site struct {
	db, cache *link
	env       map[string]string
}

func newSite(t testing.TB) *site {
	t.Helper()
	name := newDatabase(t)
	s := &site{db: newLink(t, deps.pg), cache: newLink(t, deps.redis)}
	s.env = map[string]string{
		"DATABASE_URL": "postgres://app:pw@" + s.db.addr() + "/" + name + "?sslmode=disable",
		"CACHE_URL":    fmt.Sprintf("redis://:pw@%s/%d", s.cache.addr(), newCache()),
		"PPROF_ADDR":   "off", "DRAIN_DELAY": "0s", "RATE_LIMIT_RPS": "0", "CLICK_FLUSH_INTERVAL": "50ms",
		"SLIPWAY_VERSION": "v1", "SLIPWAY_SLOT": "blue",
	}
	if err := run(t.Context(), []string{"migrate"}, s.getenv(nil), io.Discard); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *site) getenv(extra map[string]string) func(string) string {
	return func(k string) string {
		if v, ok := extra[k]; ok {
			return v
		}
		return s.env[k]
	}
}

// output is a buffer that the test may read while the instance logs.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// instance is the app running inside the test.
type instance struct {
	url  string
	logs *output
	stop context.CancelFunc // as SIGTERM
	done chan error
}

func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

func (s *site) start(t testing.TB, extra map[string]string) *instance {
	t.Helper()
	env := map[string]string{"PORT": freePort(t)}
	for k, v := range extra {
		env[k] = v
	}
	ctx, stop := context.WithCancel(context.Background())
	i := &instance{url: "http://127.0.0.1:" + env["PORT"], logs: &output{}, stop: stop, done: make(chan error, 1)}
	go func() { i.done <- run(ctx, nil, s.getenv(env), i.logs) }()
	t.Cleanup(func() {
		stop()
		<-i.done
	})
	eventually(t, 5*time.Second, "the instance answers", func() bool {
		resp, err := http.Get(i.url + "/healthz")
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return resp.StatusCode == 200
	})
	return i
}

// wait returns how the instance ended, and keeps Cleanup from waiting for it again.
func (i *instance) wait() error {
	err := <-i.done
	i.done <- nil
	return err
}

func eventually(t testing.TB, within time.Duration, what string, f func() bool) time.Duration {
	t.Helper()
	start := time.Now()
	for !f() {
		if time.Since(start) > within {
			t.Fatalf("not within %s: %s", within, what)
		}
		time.Sleep(5 * time.Millisecond)
	}
	return time.Since(start)
}

var client = &http.Client{
	Timeout:       10 * time.Second,
	Transport:     &http.Transport{MaxIdleConnsPerHost: 100},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

type answer struct {
	status int
	header http.Header
	body   string
	close  bool
}

func (a answer) json(t testing.TB) map[string]any {
	t.Helper()
	var out map[string]any
	if err := json.Unmarshal([]byte(a.body), &out); err != nil {
		t.Fatalf("%v in %q", err, a.body)
	}
	return out
}

// ask sends a request; header is a list of names and values.
func (i *instance) ask(t testing.TB, method, path, body string, header ...string) answer {
	t.Helper()
	a, err := i.try(method, path, body, header...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (i *instance) try(method, path, body string, header ...string) (answer, error) {
	req, err := http.NewRequest(method, i.url+path, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for j := 0; j < len(header); j += 2 {
		req.Header.Add(header[j], header[j+1])
	}
	if h := req.Header.Get("Host"); h != "" {
		req.Host = h
	}
	resp, err := client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, string(raw), resp.Close}, err
}

func (i *instance) create(t testing.TB, slug, url string) {
	t.Helper()
	if a := i.ask(t, "POST", "/api/links", fmt.Sprintf(`{"url":%q,"slug":%q}`, url, slug)); a.status != 201 {
		t.Fatalf("creating %s: %d %s", slug, a.status, a.body)
	}
}

func (i *instance) clicks(t testing.TB, slug string) int {
	t.Helper()
	n, _ := i.ask(t, "GET", "/api/links/"+slug, "").json(t)["clicks"].(float64)
	return int(n)
}

// metric returns one sample's value, as text.
func (i *instance) metric(t testing.TB, sample string) string {
	t.Helper()
	for line := range strings.Lines(i.ask(t, "GET", "/metrics", "").body) {
		if v, ok := strings.CutPrefix(line, sample+" "); ok {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

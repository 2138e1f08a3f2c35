package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const (
	loadWorkers = 20 // 16 keep their connections, 4 make a new one for each request; half of each speak HTTP/2
	loadTarget  = "https://example.com/load/"
)

// Pauses between the requests of one worker.
const (
	alone     = 100 * time.Millisecond // 200 requests a second together
	besideAll = 400 * time.Millisecond // 50, while other tests run too
)

// load sends requests and checks every answer, until stop.
type load struct {
	site   *site
	pause  time.Duration
	slugs  []string
	clicks []atomic.Int64 // answered redirects by slug
	begun  time.Time
	cancel context.CancelFunc
	wait   sync.WaitGroup

	sent, posts, repeated atomic.Int64
	mu                    sync.Mutex
	created               []string
	failures              []string
	slowest               time.Duration
}

// startLoad makes its own links and begins.
func (s *suite) startLoad(t *testing.T) *load {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	l := &load{site: s.site, pause: alone, begun: time.Now(), cancel: cancel}
	if s.beside {
		l.pause = besideAll
	}
	for range 10 {
		l.slugs = append(l.slugs, s.site.create(t, fmt.Sprintf("load-%08x", rand.Uint32()), loadTarget).Slug)
	}
	l.clicks = make([]atomic.Int64, len(l.slugs))
	for i := range loadWorkers {
		c := s.site.client(i%2 == 0, i < loadWorkers*4/5)
		l.wait.Go(func() { l.work(ctx, c, i) })
	}
	t.Cleanup(cancel)
	return l
}

func (l *load) work(ctx context.Context, c *http.Client, worker int) {
	defer c.CloseIdleConnections()
	time.Sleep(time.Duration(worker) * l.pause / loadWorkers)
	tick := time.NewTicker(l.pause)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		begun := time.Now()
		var failure string
		if n%5 == 4 {
			failure = l.post(c, worker, n)
		} else {
			failure = l.redirect(c, (worker+n)%len(l.slugs))
		}
		l.sent.Add(1)
		l.mu.Lock()
		l.slowest = max(l.slowest, time.Since(begun))
		if failure != "" {
			l.failures = append(l.failures, time.Now().Format("15:04:05.000 ")+failure)
		}
		l.mu.Unlock()
	}
}

// once counts what the HTTP client sends again by itself: the caller would not see that it had failed.
func (l *load) once() context.Context {
	connections := 0
	return httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) {
		if connections++; connections > 1 {
			l.repeated.Add(1)
		}
	}})
}

func (l *load) redirect(c *http.Client, i int) string {
	a, err := l.site.do(l.once(), c, http.MethodGet, "/"+l.slugs[i], "")
	if err != nil {
		return err.Error()
	}
	if a.status != http.StatusFound || a.header.Get("Location") != loadTarget {
		return fmt.Sprintf("GET answered %d by %s: %s", a.status, a.proto, a.body)
	}
	l.clicks[i].Add(1)
	return ""
}

func (l *load) post(c *http.Client, worker, n int) string {
	slug := fmt.Sprintf("%s-%d-%d", l.slugs[0], worker, n)
	a, err := l.site.do(l.once(), c, http.MethodPost, "/api/links", fmt.Sprintf(`{"url":%q,"slug":%q}`, loadTarget+slug, slug))
	if err != nil {
		return err.Error()
	}
	l.posts.Add(1)
	if a.status != http.StatusCreated {
		return fmt.Sprintf("POST answered %d by %s: %s", a.status, a.proto, a.body)
	}
	l.mu.Lock()
	l.created = append(l.created, slug)
	l.mu.Unlock()
	return ""
}

// halt ends the load and asserts that it was one.
func (l *load) halt(t *testing.T) {
	t.Helper()
	took := time.Since(l.begun)
	l.cancel()
	l.wait.Wait()
	rate := float64(l.sent.Load()) / took.Seconds()
	t.Logf("load: %d requests (%d POSTs) in %s, %.0f/s, slowest %s, %d failed, %d sent again by the client", l.sent.Load(), l.posts.Load(),
		took.Round(time.Second), rate, l.slowest.Round(time.Millisecond), len(l.failures), l.repeated.Load())
	if rate < loadWorkers/l.pause.Seconds()/2 {
		t.Errorf("only %.0f requests a second were sent: that says too little (this machine may be busy)", rate)
	}
}

// stop ends the load and asserts that no request failed and no link was lost; with clicks, that none of those was lost either.
func (l *load) stop(t *testing.T, clicks bool) {
	t.Helper()
	l.halt(t)
	if len(l.failures) > 0 {
		t.Errorf("%d of %d requests failed:\n%s", len(l.failures), l.sent.Load(), strings.Join(l.failures[:min(20, len(l.failures))], "\n"))
	}
	if n := l.repeated.Load(); n > 0 {
		t.Errorf("the HTTP client had to send %d requests again", n)
	}
	l.checkLinks(t)
	if clicks {
		l.checkClicks(t)
	}
}

func (l *load) checkLinks(t *testing.T) {
	t.Helper()
	lost := map[string]bool{}
	for _, slug := range l.created {
		lost[slug] = true
	}
	for path := "/api/links?limit=100"; path != "" && len(lost) > 0; { // the newest come first
		a := l.site.ask(t, http.MethodGet, path, "")
		page := decode[struct {
			Links []link
			Next  string
		}](t, a.body)
		for _, one := range page.Links {
			delete(lost, one.Slug)
		}
		path = ""
		if page.Next != "" {
			path = "/api/links?limit=100&cursor=" + page.Next
		}
	}
	if len(lost) > 0 {
		t.Errorf("%d of %d links are lost", len(lost), len(l.created))
	}
}

func (l *load) checkClicks(t *testing.T) {
	t.Helper()
	eventually(t, 30*time.Second, func() string {
		var want, got int64
		for i, slug := range l.slugs {
			want += l.clicks[i].Load()
			got += decode[link](t, l.site.ask(t, http.MethodGet, "/api/links/"+slug, "").body).Clicks
		}
		if got != want {
			return fmt.Sprintf("%d clicks are counted, %d redirects were answered", got, want)
		}
		return ""
	})
}

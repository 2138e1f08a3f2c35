package web

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/slipway-iac/slipway/app/internal/clicks"
	"github.com/slipway-iac/slipway/app/internal/health"
	"github.com/slipway-iac/slipway/app/internal/links"
	"github.com/slipway-iac/slipway/app/internal/resolve"
	"github.com/slipway-iac/slipway/app/internal/telemetry"
)

func TestClientAddr(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for _, c := range []struct {
		peer      string
		forwarded []string
		want      string
	}{
		{"203.0.113.9:1", nil, "203.0.113.9"},
		{"203.0.113.9:1", []string{"198.51.100.1"}, "203.0.113.9"},                  // nobody trusted wrote it
		{"10.0.0.1:1", []string{"198.51.100.1"}, "198.51.100.1"},                    // the proxy wrote it
		{"10.0.0.1:1", []string{"6.6.6.6, 198.51.100.1"}, "198.51.100.1"},           // the client wrote the left one
		{"10.0.0.1:1", []string{"6.6.6.6", "198.51.100.1"}, "198.51.100.1"},         // in a header of its own
		{"10.0.0.1:1", []string{"6.6.6.6, 198.51.100.1, 10.0.0.2"}, "198.51.100.1"}, // two proxies
		{"10.0.0.1:1", []string{"6.6.6.6, 198.51.100.1", "10.0.0.3,10.0.0.2"}, "198.51.100.1"},
		{"10.0.0.1:1", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"}, // from inside
		{"10.0.0.1:1", []string{"6.6.6.6, junk"}, "10.0.0.1"},      // unreadable: nothing further left counts
		{"10.0.0.1:1", []string{"6.6.6.6, junk, 10.0.0.2"}, "10.0.0.2"},
		{"10.0.0.1:1", nil, "10.0.0.1"},
		{"10.0.0.1:1", []string{"198.51.100.1:4711"}, "198.51.100.1"},
		{"[fd00::1]:1", []string{"[2001:db8::5]:443"}, "2001:db8::5"},
		{"[::ffff:10.0.0.1]:1", []string{"::ffff:198.51.100.1"}, "198.51.100.1"},
		{"@", nil, "invalid IP"},
	} {
		r := &http.Request{RemoteAddr: c.peer, Header: http.Header{"X-Forwarded-For": c.forwarded}}
		if got := clientAddr(r, trusted, "").String(); got != c.want {
			t.Errorf("%s %q: %s, want %s", c.peer, c.forwarded, got, c.want)
		}
	}
}

// TestClientAddrByAnotherHeader: where the platform names one header, nothing that stands in the usual ones moves the address.
func TestClientAddrByAnotherHeader(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	spoofed := http.Header{"X-Forwarded-For": {"6.6.6.6"}, "X-Real-Ip": {"6.6.6.6"}, "Forwarded": {"for=6.6.6.6"}, "X-Azure-Clientip": {"6.6.6.6"}}
	for _, c := range []struct {
		peer string
		told []string
		want string
	}{
		{"10.0.0.1:1", []string{"198.51.100.1"}, "198.51.100.1"},
		{"10.0.0.1:1", []string{"2001:db8::5"}, "2001:db8::5"},
		{"10.0.0.1:1", []string{"6.6.6.6", "198.51.100.1"}, "198.51.100.1"}, // the front door's own comes last
		{"10.0.0.1:1", nil, "10.0.0.1"},                                     // a probe: no front door wrote one
		{"203.0.113.9:1", []string{"6.6.6.6"}, "203.0.113.9"},               // past the front door
	} {
		r := &http.Request{RemoteAddr: c.peer, Header: spoofed.Clone()}
		r.Header["X-Slipway-Client"] = c.told
		if got := clientAddr(r, trusted, "X-Slipway-Client").String(); got != c.want {
			t.Errorf("%s %q: %s, want %s", c.peer, c.told, got, c.want)
		}
	}
}

func TestLimiter(t *testing.T) {
	l, err := newLimiter(2, 4)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	a, b := netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::ffff") // one /64, one subscriber
	for range 2 {
		for _, c := range []netip.Addr{a, b} {
			if ok, _ := l.allow(c, now); !ok {
				t.Fatal("limited within the burst")
			}
		}
	}
	if ok, wait := l.allow(a, now); ok || wait != 1 {
		t.Errorf("beyond the burst: %v, wait %d", ok, wait)
	}
	if ok, _ := l.allow(netip.MustParseAddr("2001:db8:1::1"), now); !ok {
		t.Error("another subscriber was limited")
	}
	if ok, _ := l.allow(b, now.Add(time.Second)); !ok {
		t.Error("not let in again after a second")
	}
	for i := range 2 * maxClients {
		l.allow(netip.AddrFrom4([4]byte{byte(i >> 24), byte(i >> 16), byte(i >> 8), byte(i)}), now)
	}
	if n := l.clients.Len(); n > maxClients {
		t.Errorf("%d clients remembered", n)
	}
	var off *limiter
	if ok, _ := off.allow(a, now); !ok {
		t.Error("a limit that is off limited")
	}
}

type fixed string

func (f fixed) Get(context.Context, string) (links.Link, error) {
	return links.Link{URL: string(f)}, nil
}
func (f fixed) AddClicks(context.Context, string, []string, []int64) error { return nil }

func server(t testing.TB) *Server {
	t.Helper()
	log := telemetry.NewLogger(io.Discard, slog.LevelInfo, "v", "blue")
	m := telemetry.NewMetrics("v", "blue")
	r, err := resolve.New(fixed("https://example.com/some/target"), 100, m.Lookups())
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(Options{Resolver: r, Clicks: clicks.New(fixed(""), log), Metrics: m, Log: log, RateLimitRPS: 1e6, RateLimitBurst: 1e6,
		Database: health.New("database", log, nil), Version: "v", Slot: "blue"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFailuresOfHandlers(t *testing.T) {
	s := server(t)
	boom := s.wrap(route{method: "GET", path: "/boom", handle: func(http.ResponseWriter, *http.Request) { panic("boom") }})
	w := httptest.NewRecorder()
	boom.ServeHTTP(w, httptest.NewRequest("GET", "/boom", nil))
	if w.Code != 500 || strings.Contains(w.Body.String(), "boom") || w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("panic: %d %s", w.Code, w.Body)
	}
	for err, status := range map[error]int{errors.New("secret detail"): 500, context.Canceled: 499, links.ErrUnavailable: 503} {
		w := httptest.NewRecorder()
		s.failWith(t.Context(), w, err)
		if w.Code != status || strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%v: %d %s", err, w.Code, w.Body)
		}
	}
	w = httptest.NewRecorder()
	reply(w, 200, func() {})
	if w.Code != 500 {
		t.Errorf("unencodable: %d", w.Code)
	}
}

func TestDrainClosesConnections(t *testing.T) {
	s := server(t)
	get := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		return w
	}
	if w := get("/abc"); w.Header().Get("Connection") != "" || w.Code != 302 || get("/readyz").Code != 200 {
		t.Errorf("before: %d %v", w.Code, w.Header())
	}
	s.Drain()
	if w := get("/abc"); w.Header().Get("Connection") != "close" || w.Code != 302 || get("/readyz").Code != 503 || get("/healthz").Code != 200 {
		t.Errorf("after: %d %v", w.Code, w.Header())
	}
}

// Google Cloud answers paths that end in z itself: the probes are there under other names too, and say the same.
func TestProbesWithoutZ(t *testing.T) {
	s := server(t)
	get := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		return w
	}
	s.Drain()
	for _, row := range [][2]string{{"/healthz", "/health"}, {"/readyz", "/ready"}} {
		one, other := get(row[0]), get(row[1])
		if one.Code != other.Code || one.Body.String() != other.Body.String() || one.Header().Get(headerVersion) != other.Header().Get(headerVersion) {
			t.Errorf("%s answers %d %s, %s answers %d %s", row[0], one.Code, one.Body, row[1], other.Code, other.Body)
		}
	}
}

type discard struct{ h http.Header }

func (d discard) Header() http.Header       { return d.h }
func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) WriteHeader(int)             {}

// BenchmarkRedirect is the hot path without the network; BenchmarkBare is the least that any redirect costs.
func BenchmarkRedirect(b *testing.B) {
	s := server(b)
	benchmark(b, s)
}

func BenchmarkBare(b *testing.B) {
	benchmark(b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://example.com/some/target", http.StatusFound)
	}))
}

func benchmark(b *testing.B, h http.Handler) {
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		r := httptest.NewRequest("GET", "/aB3dE6g", nil)
		for p.Next() {
			h.ServeHTTP(discard{http.Header{}}, r)
		}
	})
}

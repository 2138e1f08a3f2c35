package e2e

import (
	"crypto/tls"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// kept is a link that every later sub-test must find.
const (
	keptSlug   = "kept-to-the-end"
	keptTarget = "https://example.com/kept?a=1&b=2"
)

func (s *suite) upFromNothing(t *testing.T) {
	r := s.must(t, "up")
	s.outputs = s.project.outputs(t)
	for _, name := range []string{"url", "image", "version", "dashboard", "ca", "databaseEndpoint", "cacheEndpoint"} {
		if s.outputs[name] == "" {
			t.Errorf("output %s is missing", name)
		}
	}
	if want := fmt.Sprintf("https://localhost:%d", s.ports.https); s.outputs["url"] != want || !strings.Contains(r.stdout, want) {
		t.Errorf("url is %q and up printed %q, want %s in both", s.outputs["url"], r.stdout, want)
	}
	if !strings.HasPrefix(s.outputs["image"], "sha256:") {
		t.Errorf("image %q is no digest", s.outputs["image"])
	}
	if got := strings.TrimSpace(s.must(t, "output", "version").stdout); got != s.outputs["version"] {
		t.Errorf("output version printed %q", got)
	}
	s.clean(t)
	for file, mode := range map[string]os.FileMode{"passphrase": 0o600, "state": 0o700} {
		info, err := os.Stat(filepath.Join(s.dir, ".slipway", file))
		must(t, err)
		if info.Mode().Perm() != mode {
			t.Errorf(".slipway/%s has mode %o, want %o", file, info.Mode().Perm(), mode)
		}
	}
	s.site = newSite(t, s.outputs["url"], s.outputs["ca"])
	s.site.create(t, keptSlug, keptTarget)
	s.site.follow(t, keptSlug, keptTarget)
	if n := len(s.replicas(t)); n != 2 {
		t.Errorf("%d replicas run, want 2", n)
	}
}

func (s *suite) secondUp(t *testing.T) {
	before := s.identities(t)
	r := s.must(t, "up")
	if !strings.Contains(r.stderr, "nothing changed") {
		t.Errorf("up did not say that nothing changed: %s", r)
	}
	if after := s.identities(t); !maps.Equal(before, after) {
		t.Errorf("containers changed:\n%v\n%v", before, after)
	}
	s.clean(t)
}

func (s *suite) tls(t *testing.T) {
	address := strings.TrimPrefix(s.outputs["url"], "https://")
	dial := func(version uint16, protocols ...string) (tls.ConnectionState, error) {
		c, err := tls.Dial("tcp", address, &tls.Config{RootCAs: s.site.roots, MinVersion: version, MaxVersion: version, NextProtos: protocols})
		if err != nil {
			return tls.ConnectionState{}, err
		}
		defer c.Close()
		return c.ConnectionState(), nil
	}
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for _, protocol := range []string{"h2", "http/1.1"} {
			state, err := dial(version, protocol)
			if err != nil || state.NegotiatedProtocol != protocol {
				t.Errorf("%s with %s: %v, negotiated %q", tls.VersionName(version), protocol, err, state.NegotiatedProtocol)
			}
		}
	}
	for _, version := range []uint16{tls.VersionTLS10, tls.VersionTLS11} {
		if _, err := dial(version); err == nil {
			t.Errorf("%s is accepted", tls.VersionName(version))
		}
	}
	if _, err := tls.Dial("tcp", address, &tls.Config{MinVersion: tls.VersionTLS12}); err == nil {
		t.Error("this machine trusts the stack's authority: the test proves nothing")
	}
	if a := s.site.ask(t, http.MethodGet, "/healthz", ""); a.proto != "HTTP/2.0" || a.header.Get("Slipway-Version") != s.outputs["version"] {
		t.Errorf("/healthz answers over %s with version %q, want HTTP/2.0 and %s", a.proto, a.header.Get("Slipway-Version"), s.outputs["version"])
	}
	dashboard := newSite(t, s.outputs["dashboard"], s.outputs["ca"])
	if a := dashboard.ask(t, http.MethodGet, "/", ""); a.status != http.StatusOK {
		t.Errorf("the dashboard answers %d", a.status)
	}
}

func (s *suite) plainHTTP(t *testing.T) {
	c := &http.Client{Timeout: 5 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		for _, path := range []string{"/", "/" + keptSlug + "?x=1", "/api/links", "/healthz"} {
			req, err := http.NewRequest(method, fmt.Sprintf("http://localhost:%d%s", s.ports.http, path), strings.NewReader("{}"))
			must(t, err)
			res, err := c.Do(req)
			must(t, err)
			res.Body.Close()
			if want := s.outputs["url"] + path; res.StatusCode != http.StatusPermanentRedirect || res.Header.Get("Location") != want {
				t.Errorf("%s %s answers %d to %q, want 308 to %q", method, path, res.StatusCode, res.Header.Get("Location"), want)
			}
		}
	}
}

func (s *suite) headers(t *testing.T) {
	for _, path := range []string{"/", "/" + keptSlug, "/api/links", "/no-such-link"} {
		h := s.site.ask(t, http.MethodGet, path, "").header
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY"} {
			if h.Get(name) != want {
				t.Errorf("%s: header %s is %q, want %q", path, name, h.Get(name), want)
			}
		}
		if csp := h.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: weak Content-Security-Policy %q", path, csp)
		}
		if h.Get("Referrer-Policy") == "" || h.Get("X-Request-ID") == "" || h.Get("Server") != "" {
			t.Errorf("%s: Referrer-Policy %q, X-Request-ID %q, Server %q", path, h.Get("Referrer-Policy"), h.Get("X-Request-ID"), h.Get("Server"))
		}
	}
	for _, path := range []string{"/metrics", "/METRICS", "/%6detrics", "//metrics", "/./metrics", "/debug/pprof/", "/metrics/"} {
		if a := s.site.ask(t, http.MethodGet, path, ""); a.status != http.StatusNotFound && a.status != http.StatusBadRequest {
			t.Errorf("%s is public: %d", path, a.status)
		}
	}
	s.spoofed(t)
	a := s.site.ask(t, http.MethodPost, "/api/links", `{"url":"https://example.com/`+strings.Repeat("a", 2<<20)+`"}`)
	a.problem(t, http.StatusRequestEntityTooLarge)
}

// spoofed sends every header that could tell an app a client's address, and one for the front door's own name: the app sees none of them.
// On the way back a browser is told to stay with HTTPS for this name, and not for those below it.
func (s *suite) spoofed(t *testing.T) {
	t.Helper()
	const address, id = "203.0.113.7", "spoofed-by-a-test"
	req, err := http.NewRequest(http.MethodGet, s.site.url+"/api/links", nil)
	must(t, err)
	req.Host = "links.example.com"
	for _, name := range []string{"X-Forwarded-For", "Forwarded", "X-Real-IP", "True-Client-IP", "X-Client-IP", "X-Cluster-Client-IP", "CF-Connecting-IP", "X-Slipway-Client"} {
		req.Header.Set(name, address)
	}
	req.Header.Set("X-Request-ID", id)
	res, err := s.site.http.Do(req)
	must(t, err)
	res.Body.Close()
	if got := res.Header.Get("Strict-Transport-Security"); got != "max-age=31536000" {
		t.Errorf("Strict-Transport-Security is %q", got)
	}
	if got := s.site.ask(t, http.MethodGet, "/", "").header.Get("Strict-Transport-Security"); got != "" {
		t.Errorf("for localhost Strict-Transport-Security is %q", got)
	}
	told := ""
	for _, c := range s.replicas(t) {
		for line := range strings.Lines(containerLogs(t, c.ID)) {
			if strings.Contains(line, id) {
				told += line
			}
		}
	}
	if !strings.Contains(told, `"client":"`) || strings.Contains(told, address) {
		t.Errorf("the app's log of a request with spoofed addresses is %q", told)
	}
}

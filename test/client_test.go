package e2e

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// site speaks to a stack's public address and trusts nothing but the stack's own authority.
type site struct {
	url   string
	roots *x509.CertPool
	http  *http.Client
}

func newSite(t *testing.T, url, ca string) *site {
	t.Helper()
	s := &site{url: url, roots: x509.NewCertPool()}
	if !s.roots.AppendCertsFromPEM([]byte(ca)) {
		t.Fatalf("the output ca is no certificate: %q", ca)
	}
	s.http = s.client(true, true)
	return s
}

// client makes one that follows no redirects. fresh ones make a new connection for every request. Unlike a browser, Go leaves
// an idle HTTP/2 connection open when the server wants to end it, which would hold up every stop of the proxy.
// https://github.com/golang/go/issues/39752
func (s *site) client(http2, keepAlive bool) *http.Client {
	t := &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: s.roots, MinVersion: tls.VersionTLS12},
		DisableKeepAlives: !keepAlive, ForceAttemptHTTP2: http2, MaxIdleConnsPerHost: 32, IdleConnTimeout: time.Second,
		Protocols: new(http.Protocols),
	}
	t.Protocols.SetHTTP1(!http2)
	t.Protocols.SetHTTP2(http2)
	return &http.Client{Transport: t, Timeout: 15 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// answer is a response that was read to its end.
type answer struct {
	status int
	header http.Header
	body   string
	proto  string
}

func (s *site) do(ctx context.Context, c *http.Client, method, path, body string) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, s.url+path, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	if body == "" {
		req.Body = http.NoBody
	} else {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := c.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	var b bytes.Buffer
	if _, err := io.Copy(&b, res.Body); err != nil {
		return answer{}, err
	}
	return answer{res.StatusCode, res.Header, b.String(), res.Proto}, nil
}

// ask sends a request that must be answered, with any status.
func (s *site) ask(t *testing.T, method, path, body string) answer {
	t.Helper()
	a, err := s.do(t.Context(), s.http, method, path, body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return a
}

// link is what the API tells of one.
type link struct {
	Slug   string `json:"slug"`
	URL    string `json:"url"`
	Clicks int64  `json:"clicks"`
}

func (s *site) create(t *testing.T, slug, target string) link {
	t.Helper()
	a := s.ask(t, http.MethodPost, "/api/links", fmt.Sprintf(`{"url":%q,"slug":%q}`, target, slug))
	if a.status != http.StatusCreated {
		t.Fatalf("creating link %s: %d %s", slug, a.status, a.body)
	}
	return decode[link](t, a.body)
}

// follow asserts that a short link leads to its target.
func (s *site) follow(t *testing.T, slug, target string) {
	t.Helper()
	if reason := s.leads(t.Context(), slug, target); reason != "" {
		t.Error(reason)
	}
}

// leads returns why a short link doesn't lead to its target, or nothing.
func (s *site) leads(ctx context.Context, slug, target string) string {
	a, err := s.do(ctx, s.http, http.MethodGet, "/"+slug, "")
	if err != nil {
		return err.Error()
	}
	if a.status != http.StatusFound || a.header.Get("Location") != target {
		return fmt.Sprintf("/%s answers %d to %q, want 302 to %q: %s", slug, a.status, a.header.Get("Location"), target, a.body)
	}
	return ""
}

// problem asserts an error in the form of RFC 9457.
func (a answer) problem(t *testing.T, status int) {
	t.Helper()
	var p struct {
		Title  string
		Status int
	}
	err := json.Unmarshal([]byte(a.body), &p)
	if a.status != status || a.header.Get("Content-Type") != "application/problem+json" || err != nil || p.Status != status || p.Title == "" {
		t.Errorf("got %d %s %q, want problem details with status %d", a.status, a.header.Get("Content-Type"), a.body, status)
	}
}

// readiness is the body of /readyz.
type readiness struct {
	Status       string
	Slot         string
	Version      string
	Dependencies map[string]string
}

func decode[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("no JSON: %v: %q", err, text)
	}
	return v
}

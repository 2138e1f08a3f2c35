package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/slipway-iac/slipway/stacks"
)

func TestVerify(t *testing.T) {
	url, ca := app(t, "v1")
	silent, silentCA := app(t, "")
	broken := httptest.NewTLSServer(http.NotFoundHandler())
	broken.Close()
	for _, row := range []struct {
		name, url, ca, version string
		want                   string // in the error; empty: it is verified
	}{
		{"right version", url, ca, "v1", ""},
		{"wrong version", url, ca, "v2", "version v1 answers, wanted is v2"},
		{"no header", silent, silentCA, "v1", ""},
		{"never up", broken.URL, ca, "v1", "does not answer at " + broken.URL},
		{"a certificate of someone else", url, "", "v1", "certificate"},
		{"a CA that is none", url, "nonsense", "v1", "ca is no certificate"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c, _ := newCommand(t)
			patience := 10 * time.Second
			if row.want != "" {
				patience = 200 * time.Millisecond
			}
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			s := &session{Stack: Stack{Name: "local", Config: stacks.Config{App: stacks.App{HealthPath: "/healthz"}}}}
			err := c.verify(ctx, s, Outputs{URL: row.url, CA: row.ca}, row.version)
			switch {
			case row.want == "" && err != nil:
				t.Error(err)
			case row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)):
				t.Errorf("got %v, want %q", err, row.want)
			}
		})
	}
}

// TestVerifySaysWhatWasAsked: the error names address, path, key and what to try, whatever stands in front of the app.
func TestVerifySaysWhatWasAsked(t *testing.T) {
	for status, want := range map[int]string{404: "Google's front ends", 403: "edge.wafMode", 401: "needs none", 502: "app.port", 503: "no instance is ready", 418: "app.healthPath", 500: "the app fails"} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		c, _ := newCommand(t)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		s := &session{Stack: Stack{Name: "dev", Config: stacks.Config{App: stacks.App{HealthPath: "/alive"}}}}
		err := c.verify(ctx, s, Outputs{URL: server.URL}, "v1")
		cancel()
		server.Close()
		for _, part := range []string{want, "GET " + server.URL + "/alive (app.healthPath)", fmt.Sprintf("/alive answers %d", status), "curl -i " + server.URL + "/alive", "logs -s dev"} {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%d: got %v, want %q", status, err, part)
			}
		}
	}
}

func TestVerifyRefusesAnErrorStatus(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }))
	defer s.Close()
	c, _ := newCommand(t)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	err := c.verify(ctx, &session{}, Outputs{URL: s.URL}, "v1")
	if err == nil || !strings.Contains(err.Error(), "answers 503") {
		t.Errorf("got %v", err)
	}
}

// TestVerifyWaitsOutTheRateLimit: an answer 429 says nothing about the version. It is waited out, and what was seen before counts.
func TestVerifyWaitsOutTheRateLimit(t *testing.T) {
	asked := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked++; asked == 3 {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		w.Header().Set(VersionHeader, "v1")
	}))
	defer s.Close()
	c, _ := newCommand(t)
	begun := time.Now()
	if err := c.verify(t.Context(), &session{}, Outputs{URL: s.URL}, "v1"); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begun); asked != 6 || took < time.Second {
		t.Errorf("asked %d times in %s, want 5 good answers and a second of patience", asked, took)
	}
	for header, want := range map[string]time.Duration{"": askAgain, "10": 10 * time.Second, "-1": askAgain, "86400": verifyFor, "Wed, 21 Oct 2026 07:28:00 GMT": askAgain} {
		if got := retryAfter(header); got != want {
			t.Errorf("Retry-After %q: %s, want %s", header, got, want)
		}
	}
	always := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) }))
	defer always.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	err := c.verify(ctx, &session{}, Outputs{URL: always.URL}, "v1")
	if err == nil || !strings.Contains(err.Error(), "edge.rateLimit") {
		t.Errorf("a limit that never ends: %v", err)
	}
}

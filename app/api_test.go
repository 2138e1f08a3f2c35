package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestAPI(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	i := s.start(t, nil)
	t.Run("life of a link", func(t *testing.T) {
		a := i.ask(t, "POST", "/api/links", `{"url":"https://example.com/x?y=1#z"}`)
		slug, _ := a.json(t)["slug"].(string)
		if a.status != 201 || len(slug) != 7 || a.header.Get("Location") != "/api/links/"+slug {
			t.Fatalf("%d %v %s", a.status, a.header, a.body)
		}
		a = i.ask(t, "GET", "/"+slug, "")
		if a.status != 302 || a.header.Get("Location") != "https://example.com/x?y=1#z" || a.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%d %v", a.status, a.header)
		}
		i.ask(t, "HEAD", "/"+slug, "") // asked for, not followed: no click
		eventually(t, 2*time.Second, "the click is counted", func() bool { return i.clicks(t, slug) == 1 })
		if a := i.ask(t, "DELETE", "/api/links/"+slug, ""); a.status != 204 {
			t.Errorf("%d", a.status)
		}
		for _, path := range []string{"/" + slug, "/api/links/" + slug} {
			if a := i.ask(t, "GET", path, ""); a.status != 404 {
				t.Errorf("%s after deletion: %d", path, a.status)
			}
		}
		if a := i.ask(t, "DELETE", "/api/links/"+slug, ""); a.status != 404 {
			t.Errorf("second deletion: %d", a.status)
		}
	})
	t.Run("errors are problem details", func(t *testing.T) {
		i.create(t, "taken", "https://example.com")
		for _, c := range []struct {
			method, path, body string
			header             []string
			status             int
			kind, field        string
		}{
			{"POST", "/api/links", `{"url":"javascript:alert(1)"}`, nil, 422, "invalid-input", "url"},
			{"POST", "/api/links", `{"url":"data:text/html,x"}`, nil, 422, "invalid-input", "url"},
			{"POST", "/api/links", `{"url":"https://u:p@example.com"}`, nil, 422, "invalid-input", "url"},
			{"POST", "/api/links", `{"url":"https://short.example/x"}`, []string{"Host", "short.example"}, 422, "invalid-input", "url"},
			{"POST", "/api/links", `{"url":"https://example.com","slug":"API"}`, nil, 422, "invalid-input", "slug"},
			{"POST", "/api/links", `{"url":"https://example.com","slug":"a/b"}`, nil, 422, "invalid-input", "slug"},
			{"POST", "/api/links", `{"url":"https://example.com","slug":"taken"}`, nil, 409, "slug-taken", "slug"},
			{"POST", "/api/links", `{"url":"https://example.com","clicks":9}`, nil, 400, "bad-request", ""},
			{"POST", "/api/links", `{"url":"https://example.com"} {}`, nil, 400, "bad-request", ""},
			{"POST", "/api/links", `not json`, nil, 400, "bad-request", ""},
			{"POST", "/api/links", `{"url":"` + strings.Repeat("a", 9000) + `"}`, nil, 413, "body-too-large", ""},
			{"POST", "/api/links", ``, []string{"Content-Type", "text/plain"}, 415, "unsupported-media-type", ""},
			{"POST", "/api/links", `{"url":"https://example.com"}`, []string{"Sec-Fetch-Site", "cross-site"}, 403, "cross-origin", ""},
			{"DELETE", "/api/links/taken", ``, []string{"Origin", "https://evil.example"}, 403, "cross-origin", ""},
			{"GET", "/api/links?limit=0", ``, nil, 400, "bad-request", "limit"},
			{"GET", "/api/links?limit=101", ``, nil, 400, "bad-request", "limit"},
			{"GET", "/api/links?cursor=%21", ``, nil, 400, "bad-request", "cursor"},
			{"GET", "/api/links?cursor=LTE", ``, nil, 400, "bad-request", "cursor"},
			{"GET", "/api/links/a.b", ``, nil, 404, "not-found", ""},
			{"DELETE", "/api/links/a.b", ``, nil, 404, "not-found", ""},
			{"GET", "/favicon.ico", ``, nil, 404, "not-found", ""},
			{"GET", "/no/such/path", ``, nil, 404, "not-found", ""},
			{"GET", "/static/index.html", ``, nil, 404, "not-found", ""},
			{"PUT", "/api/links", ``, nil, 405, "method-not-allowed", ""},
			{"POST", "/healthz", ``, nil, 405, "method-not-allowed", ""},
			{"GET", "/" + strings.Repeat("a", 5000), ``, nil, 414, "uri-too-long", ""},
		} {
			a := i.ask(t, c.method, c.path, c.body, c.header...)
			p := a.json(t)
			field, _ := p["field"].(string)
			if a.status != c.status || p["type"] != "urn:slipway:links:problem:"+c.kind || field != c.field ||
				p["status"] != float64(c.status) || p["title"] == "" || a.header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("%s %.60s %.60s: %d %s", c.method, c.path, c.body, a.status, a.body)
			}
			if id := a.header.Get("X-Request-Id"); c.status != 414 && (id == "" || p["request_id"] != id) {
				t.Errorf("%s %.60s: request id %q, body %v", c.method, c.path, id, p["request_id"])
			}
			if c.status == 405 && a.header.Get("Allow") == "" {
				t.Errorf("%s %s: no Allow", c.method, c.path)
			}
		}
	})
}

func TestPaging(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	i := s.start(t, nil)
	if a := i.ask(t, "GET", "/api/links", ""); strings.TrimSpace(a.body) != `{"links":[]}` {
		t.Errorf("empty list: %s", a.body)
	}
	for n := range 7 {
		i.create(t, fmt.Sprintf("page%d", n), "https://example.com")
	}
	var seen []string
	path := "/api/links?limit=3"
	for pages := 0; path != ""; pages++ {
		a := i.ask(t, "GET", path, "")
		var body struct {
			Links []struct{ Slug string }
			Next  string
		}
		if err := json.Unmarshal([]byte(a.body), &body); err != nil || pages > 3 || len(body.Links) > 3 {
			t.Fatalf("page %d: %v %s", pages, err, a.body)
		}
		for _, l := range body.Links {
			seen = append(seen, l.Slug)
		}
		path = ""
		if body.Next != "" {
			path = "/api/links?limit=3&cursor=" + body.Next
			if want := "<" + path + `>; rel="next"`; a.header.Get("Link") != want {
				t.Errorf("Link %q, want %q", a.header.Get("Link"), want)
			}
			i.create(t, fmt.Sprintf("later%d", pages), "https://example.com") // must not shift the pages that follow
		}
	}
	if got := strings.Join(seen, " "); got != "page6 page5 page4 page3 page2 page1 page0" {
		t.Error(got)
	}
}

func TestHeadersPageAndAssets(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	i := s.start(t, map[string]string{"SLIPWAY_VERSION": "<v2>", "SLIPWAY_SLOT": "green"})
	i.create(t, "some", "https://example.com")
	for _, path := range []string{"/", "/some", "/nope", "/no/such", "/api/links", "/static/app.js", "/readyz"} {
		h := i.ask(t, "GET", path, "").header
		csp := h.Get("Content-Security-Policy")
		if !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") || !strings.Contains(csp, "frame-ancestors 'none'") ||
			h.Get("X-Content-Type-Options") != "nosniff" || h.Get("X-Frame-Options") != "DENY" || h.Get("Referrer-Policy") != "no-referrer" ||
			h.Get("Permissions-Policy") == "" || h.Get("Cross-Origin-Opener-Policy") != "same-origin" {
			t.Errorf("%s: %v", path, h)
		}
	}
	page := i.ask(t, "GET", "/", "")
	for _, want := range []string{"&lt;v2&gt;", "green", `<label for="url">`, `aria-live="polite"`, `lang="en"`} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, banned := range []string{"<style", "style=", "onclick", "<script>"} {
		if strings.Contains(page.body, banned) {
			t.Errorf("the page has %q, which its own policy forbids", banned)
		}
	}
	for name, kind := range map[string]string{"app.js": "text/javascript", "style.css": "text/css", "favicon.svg": "image/svg+xml"} {
		a := i.ask(t, "GET", "/static/"+name, "")
		if a.status != 200 || !strings.HasPrefix(a.header.Get("Content-Type"), kind) {
			t.Errorf("%s: %d %v", name, a.status, a.header)
		}
		if b := i.ask(t, "GET", "/static/"+name, "", "If-None-Match", a.header.Get("Etag")); b.status != http.StatusNotModified {
			t.Errorf("%s again: %d", name, b.status)
		}
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		a := i.ask(t, "GET", path, "")
		if a.status != 200 || a.header.Get("Slipway-Version") != "<v2>" || a.json(t)["slot"] != "green" || a.json(t)["version"] != "<v2>" {
			t.Errorf("%s: %d %v %s", path, a.status, a.header, a.body)
		}
	}
	if v := i.metric(t, `http_requests_total{code="302",route="GET /{slug}"}`); v != "1" {
		t.Errorf("requests: %q", v)
	}
	if m := i.ask(t, "GET", "/metrics", "").body; !strings.Contains(m, `slot="green",version="<v2>"} 1`) ||
		!strings.Contains(m, "go_goroutines") || !strings.Contains(m, `links_database_pool_connections{state="max"} 10`) {
		t.Error("metrics lack the build, the runtime or the pool")
	}
	eventually(t, 5*time.Second, "a third of the pool is connected before it is needed", func() bool {
		n, err := strconv.Atoi(i.metric(t, `links_database_pool_connections{state="idle"}`))
		return err == nil && n >= 4
	})
}

func TestCorrelation(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	i := s.start(t, nil)
	trace := "4bf92f3577b34da6a3ce929d0e0e4736"
	a := i.ask(t, "GET", "/api/links", "", "X-Request-ID", "caller-1234", "traceparent", "00-"+trace+"-00f067aa0ba902b7-01")
	if a.header.Get("X-Request-Id") != "caller-1234" {
		t.Errorf("not returned: %v", a.header)
	}
	eventually(t, time.Second, "the log line has both ids", func() bool {
		return strings.Contains(i.logs.String(), `"trace_id":"`+trace+`"`) && strings.Contains(i.logs.String(), `"request_id":"caller-1234"`)
	})
	for _, bad := range []string{"short", strings.Repeat("a", 200), "has space in it", `quote"injection`, "<script>alert</script>"} {
		if id := i.ask(t, "GET", "/api/links", "", "X-Request-ID", bad).header.Get("X-Request-Id"); id == bad || len(id) != 32 {
			t.Errorf("%q became %q", bad, id)
		}
	}
	for line := range strings.Lines(i.logs.String()) {
		var l map[string]any
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Errorf("not JSON: %s", line)
		}
		if l["msg"] == "request" && (l["trace_id"] == nil || l["span_id"] == nil || l["request_id"] == nil || l["route"] == nil) {
			t.Errorf("lacks an id: %s", line)
		}
	}
}

// TestRateLimitByTheNamedHeader: a client that writes other headers each time stays one client, and is not taken for another one.
func TestRateLimitByTheNamedHeader(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	i := s.start(t, map[string]string{"RATE_LIMIT_RPS": "1", "RATE_LIMIT_BURST": "5", "TRUSTED_PROXIES": "127.0.0.0/8", "CLIENT_IP_HEADER": "x-slipway-client"})
	limited := 0
	for n := range 20 {
		a := i.ask(t, "GET", "/nope", "", "X-Forwarded-For", fmt.Sprintf("203.0.113.%d", n), "X-Azure-ClientIP", fmt.Sprintf("203.0.113.%d", n), "X-Slipway-Client", "198.51.100.7")
		if a.status == 429 {
			limited++
		}
	}
	if limited < 13 {
		t.Errorf("%d of 20 limited", limited)
	}
	if a := i.ask(t, "GET", "/nope", "", "X-Forwarded-For", "198.51.100.7", "X-Slipway-Client", "198.51.100.8"); a.status != 404 {
		t.Errorf("another client: %d", a.status)
	}
}

func TestRateLimitPerClient(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	i := s.start(t, map[string]string{"RATE_LIMIT_RPS": "1", "RATE_LIMIT_BURST": "5", "TRUSTED_PROXIES": "127.0.0.0/8"})
	limited := 0
	var last answer
	for n := range 20 { // the proxy appends the true address; what stands left of it is the client's invention
		a := i.ask(t, "GET", "/nope", "", "X-Forwarded-For", fmt.Sprintf("203.0.113.%d, 198.51.100.7", n))
		if a.status == 429 {
			limited++
			last = a
		}
	}
	if limited < 13 || last.header.Get("Retry-After") == "" || last.json(t)["status"] != 429.0 {
		t.Errorf("%d of 20 limited, %v", limited, last.header)
	}
	if a := i.ask(t, "GET", "/nope", "", "X-Forwarded-For", "198.51.100.8"); a.status != 404 {
		t.Errorf("another client: %d", a.status)
	}
	for range 20 {
		if a := i.ask(t, "GET", "/readyz", "", "X-Forwarded-For", "198.51.100.7"); a.status != 200 {
			t.Fatalf("a probe was limited: %d", a.status)
		}
	}
}

package main

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestDatabaseOutage: hot links are served, new questions are refused quickly, the instance stays ready and says what
// is wrong, clicks are kept, and all of it heals without help.
func TestDatabaseOutage(t *testing.T) {
	for name, mode := range map[string]int32{"refused": refuses, "silent": hangs} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			i := s.start(t, nil)
			i.create(t, "hot", "https://example.com/hot")
			// Asked for long enough that the announcement of its own creation, which drops it from memory, has arrived.
			for range 10 {
				i.ask(t, "GET", "/hot", "")
				time.Sleep(50 * time.Millisecond)
			}
			s.db.set(mode)
			s.cache.set(refuses) // so that nothing but the instance's own memory is left
			eventually(t, 6*time.Second, "the outage shows in /readyz", func() bool {
				a := i.ask(t, "GET", "/readyz", "")
				if a.status != 200 {
					t.Fatalf("unready for a dependency's outage: %d", a.status)
				}
				return strings.Contains(a.body, `"database":"down"`) && strings.Contains(a.body, `"status":"degraded"`)
			})
			time.Sleep(600 * time.Millisecond) // no entry is fresh any more
			start := time.Now()
			for range 200 {
				if a := i.ask(t, "GET", "/hot", ""); a.status != 302 || a.header.Get("Location") != "https://example.com/hot" {
					t.Fatalf("hot link during the outage: %d %s", a.status, a.body)
				}
			}
			a := i.ask(t, "GET", "/unknown", "")
			if a.status != 503 || a.header.Get("Retry-After") == "" || a.json(t)["type"] != "urn:slipway:links:problem:unavailable" {
				t.Errorf("unknown link during the outage: %d %s", a.status, a.body)
			}
			if took := time.Since(start); took > 2*time.Second {
				t.Errorf("201 requests took %s during the outage", took)
			}
			if v := i.metric(t, `links_dependency_up{dependency="database"}`); v != "0" {
				t.Errorf("gauge: %q", v)
			}
			if v := i.metric(t, `links_cache_lookups_total{layer="local",result="stale"}`); v == "0" {
				t.Error("stale answers are not counted")
			}
			if a := i.ask(t, "POST", "/api/links", `{"url":"https://example.com"}`); a.status != 503 {
				t.Errorf("creation during the outage: %d", a.status)
			}
			s.db.set(works)
			s.cache.set(works)
			eventually(t, 5*time.Second, "recovery shows in /readyz", func() bool {
				return strings.Contains(i.ask(t, "GET", "/readyz", "").body, `"status":"ready"`)
			})
			eventually(t, 5*time.Second, "clicks counted during the outage are stored", func() bool { return i.clicks(t, "hot") == 210 })
			if a := i.ask(t, "GET", "/unknown", ""); a.status != 404 {
				t.Errorf("unknown link after recovery: %d", a.status)
			}
		})
	}
}

// TestCacheOutage: the database answers, changes still reach every instance within a second, and the cache is used
// again when it is back, without what it missed.
func TestCacheOutage(t *testing.T) {
	for name, mode := range map[string]int32{"refused": refuses, "silent": hangs} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			a, b := s.start(t, nil), s.start(t, nil)
			a.create(t, "gone", "https://example.com/gone")
			b.ask(t, "GET", "/gone", "")
			s.cache.set(mode)
			start := time.Now()
			for n := range 10 {
				slug := fmt.Sprintf("new%d", n)
				if r := b.ask(t, "GET", "/"+slug, ""); r.status != 404 { // b remembers that, and nobody can tell it of the creation
					t.Fatalf("before the creation: %d %s", r.status, r.body)
				}
				a.create(t, slug, "https://example.com")
				if r := b.ask(t, "GET", "/"+slug, ""); r.status != 302 {
					t.Fatalf("without a cache: %d %s", r.status, r.body)
				}
			}
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("20 requests took %s", took)
			}
			if r := a.ask(t, "DELETE", "/api/links/gone", ""); r.status != 204 {
				t.Fatal(r.status)
			}
			a.create(t, "brief", "https://example.com/brief")
			if r := b.ask(t, "DELETE", "/api/links/brief", ""); r.status != 204 {
				t.Fatal(r.status)
			}
			took := eventually(t, time.Second, "a deletion reaches the other instance without the cache",
				func() bool { return b.ask(t, "GET", "/gone", "").status == 404 })
			t.Logf("seen after %s", took)
			eventually(t, 5*time.Second, "the outage shows", func() bool {
				r := b.ask(t, "GET", "/readyz", "")
				return r.status == 200 && strings.Contains(r.body, `"cache":"down"`) && b.metric(t, `links_dependency_up{dependency="cache"}`) == "0"
			})
			s.cache.set(works) // it still holds the deleted link, and must not be believed before it was told
			eventually(t, 5*time.Second, "recovery shows", func() bool {
				up := true
				for _, i := range []*instance{a, b} {
					up = up && strings.Contains(i.ask(t, "GET", "/readyz", "").body, `"cache":"up"`)
				}
				return up
			})
			for n := range 10 {
				slug := fmt.Sprintf("new%d", n)
				eventually(t, 5*time.Second, "the click on "+slug+" in the outage is counted", func() bool { return a.clicks(t, slug) == 1 })
			}
			time.Sleep(700 * time.Millisecond)
			for range 10 {
				for _, path := range []string{"/gone", "/brief"} {
					if r := b.ask(t, "GET", path, ""); r.status != 404 {
						t.Fatalf("the recovered cache brought the deleted link %s back: %d", path, r.status)
					}
				}
			}
		})
	}
}

// TestCacheHiccup: a change that the cache misses in an outage that is over at once reaches the other instance within a second too,
// and what happened later is what stays.
func TestCacheHiccup(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	own := newLink(t, deps.redis) // so that b hears of changes all the time, and trusts its memory
	a := s.start(t, nil)
	b := s.start(t, map[string]string{"CACHE_URL": strings.Replace(s.env["CACHE_URL"], s.cache.addr(), own.addr(), 1)})
	a.create(t, "gone", "https://example.com/gone")
	time.Sleep(800 * time.Millisecond)
	hiccup := func(f func()) {
		t.Helper()
		s.cache.set(hangs)
		f()
		s.cache.set(works)
	}
	for range 3 {
		if r := b.ask(t, "GET", "/gone", ""); r.status != 302 {
			t.Fatal(r.status)
		}
	}
	hiccup(func() {
		if r := a.ask(t, "DELETE", "/api/links/gone", ""); r.status != 204 {
			t.Fatal(r.status)
		}
	})
	took := eventually(t, time.Second, "the deletion reaches the other instance", func() bool { return b.ask(t, "GET", "/gone", "").status == 404 })
	t.Logf("seen after %s", took)
	hiccup(func() { a.create(t, "brief", "https://example.com/brief") })
	if r := a.ask(t, "DELETE", "/api/links/brief", ""); r.status != 204 {
		t.Fatal(r.status)
	}
	s.cache.set(refuses)
	eventually(t, 5*time.Second, "the outage shows", func() bool { return strings.Contains(a.ask(t, "GET", "/readyz", "").body, `"cache":"down"`) })
	s.cache.set(works)
	eventually(t, 5*time.Second, "recovery shows", func() bool { return strings.Contains(a.ask(t, "GET", "/readyz", "").body, `"cache":"up"`) })
	time.Sleep(700 * time.Millisecond)
	for _, i := range []*instance{a, b} {
		if r := i.ask(t, "GET", "/brief", ""); r.status != 404 {
			t.Errorf("the creation came back after the deletion: %d", r.status)
		}
	}
}

// TestInvalidation: with everything up, creations and deletions reach the other instance within a second.
func TestInvalidation(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a, b := s.start(t, nil), s.start(t, nil)
	time.Sleep(800 * time.Millisecond) // long enough for both to be subscribed and to trust their memory
	var worst time.Duration
	for n := range 5 {
		slug := fmt.Sprintf("flip%d", n)
		for range 3 {
			if r := b.ask(t, "GET", "/"+slug, ""); r.status != 404 {
				t.Fatal(r.status)
			}
		}
		a.create(t, slug, "https://example.com/1")
		worst = max(worst, eventually(t, time.Second, "a creation ends a negative entry",
			func() bool { return b.ask(t, "GET", "/"+slug, "").status == 302 }))
		a.ask(t, "DELETE", "/api/links/"+slug, "")
		worst = max(worst, eventually(t, time.Second, "a deletion ends an entry",
			func() bool { return b.ask(t, "GET", "/"+slug, "").status == 404 }))
	}
	t.Logf("slowest: %s", worst)
	// Memory is trusted: many requests, no further lookups.
	a.create(t, "stay", "https://example.com")
	time.Sleep(700 * time.Millisecond) // the creation is announced by now; an announcement after the first read asks again
	b.ask(t, "GET", "/stay", "")
	before := b.metric(t, `links_cache_lookups_total{layer="local",result="miss"}`)
	time.Sleep(700 * time.Millisecond)
	for range 100 {
		b.ask(t, "GET", "/stay", "")
	}
	if after := b.metric(t, `links_cache_lookups_total{layer="local",result="miss"}`); after != before {
		t.Errorf("memory is not trusted while changes are announced: %s misses became %s", before, after)
	}
}

// TestStartsWithoutDependencies: they are not this instance's fault.
func TestStartsWithoutDependencies(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.db.set(refuses)
	s.cache.set(refuses)
	i := s.start(t, nil)
	a := i.ask(t, "GET", "/readyz", "")
	if a.status != 200 || !strings.Contains(a.body, `"database":"down"`) || !strings.Contains(a.body, `"cache":"down"`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	s.db.set(works)
	s.cache.set(works)
	eventually(t, 5*time.Second, "it recovers", func() bool {
		return strings.Contains(i.ask(t, "GET", "/readyz", "").body, `"status":"ready"`)
	})
}

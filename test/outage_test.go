package e2e

import (
	"net/http"
	"testing"
	"time"
)

// dependency waits until every replica tells the state of a dependency, and asserts that all stay ready meanwhile.
func (s *suite) dependency(t *testing.T, name, state string) {
	t.Helper()
	streak := 0
	eventually(t, time.Minute, func() string {
		a := s.site.ask(t, http.MethodGet, "/readyz", "")
		if a.status != http.StatusOK {
			t.Errorf("/readyz answers %d: %s", a.status, a.body)
		}
		if got := decode[readiness](t, a.body).Dependencies[name]; got != state {
			streak = 0
			return name + " is told to be " + got + ", want " + state
		}
		if streak++; streak < 6 { // requests go to the replicas in turn
			return name + " is not " + state + " everywhere"
		}
		return ""
	})
}

// cacheOutage stops the cache, freezes it, and kills it: everything works from the database, a link that was answered 201 is found by every
// replica at once, though they know that it was not there, no click is lost, and the cache comes back into use by itself.
func (s *suite) cacheOutage(t *testing.T) {
	cache := s.container(t, "cache")
	for _, outage := range []struct{ name, begin, end string }{{"stopped", "stop", "start"}, {"frozen", "pause", "unpause"}, {"killed", "kill", "start"}} {
		t.Run(outage.name, func(t *testing.T) {
			engine(t, outage.begin, cache.ID)
			ended := false
			end := func() {
				if !ended {
					engine(t, outage.end, cache.ID)
				}
				ended = true
			}
			t.Cleanup(end)
			slug := "cache-" + outage.name
			for range 8 {
				s.site.ask(t, http.MethodGet, "/"+slug, "").problem(t, http.StatusNotFound)
			}
			s.site.create(t, slug, keptTarget)
			for range 10 {
				s.site.follow(t, slug, keptTarget)
				s.site.follow(t, keptSlug, keptTarget)
			}
			s.dependency(t, "cache", "down")
			s.site.follow(t, slug, keptTarget)
			end()
			s.dependency(t, "cache", "up")
			s.site.follow(t, slug, keptTarget)
			eventually(t, 30*time.Second, func() string {
				if a := s.site.ask(t, http.MethodGet, "/api/links/"+slug, ""); decode[link](t, a.body).Clicks != 12 {
					return "12 clicks were made, told are " + a.body
				}
				return ""
			})
			if a := s.site.ask(t, http.MethodDelete, "/api/links/"+slug, ""); a.status != http.StatusNoContent {
				t.Errorf("deleting answers %d", a.status)
			}
		})
	}
}

// databaseOutage stops the database: hot links go on, the rest is refused in words, and it heals by itself, with no click lost.
func (s *suite) databaseOutage(t *testing.T) {
	const slug = "hot"
	s.site.create(t, slug, keptTarget)
	for range 10 {
		s.site.follow(t, slug, keptTarget)
	}
	database := s.container(t, "database")
	engine(t, "stop", database.ID)
	started := false
	start := func() {
		if !started {
			engine(t, "start", database.ID)
		}
		started = true
	}
	t.Cleanup(start)
	s.dependency(t, "database", "down")
	for range 20 {
		s.site.follow(t, slug, keptTarget)
	}
	s.site.ask(t, http.MethodPost, "/api/links", `{"url":"https://example.com"}`).problem(t, http.StatusServiceUnavailable)
	s.site.ask(t, http.MethodGet, "/never-asked-before", "").problem(t, http.StatusServiceUnavailable)
	start()
	s.dependency(t, "database", "up")
	eventually(t, 30*time.Second, func() string {
		if a := s.site.ask(t, http.MethodGet, "/api/links/"+slug, ""); decode[link](t, a.body).Clicks != 30 {
			return "30 clicks were made, told are " + a.body
		}
		return ""
	})
	s.site.create(t, "after-outage", keptTarget)
}

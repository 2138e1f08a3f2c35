package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

func (s *suite) api(t *testing.T) {
	for i := range 5 {
		slug := fmt.Sprintf("page-%d", i)
		if l := s.site.create(t, slug, "https://example.com/"+slug); l.Slug != slug || l.Clicks != 0 {
			t.Errorf("created %+v", l)
		}
		s.site.follow(t, slug, "https://example.com/"+slug)
	}
	var listed []string
	pages := 0
	for path := "/api/links?limit=2"; path != ""; pages++ {
		page := decode[struct {
			Links []link
			Next  string
		}](t, s.site.ask(t, http.MethodGet, path, "").body)
		for _, l := range page.Links {
			listed = append(listed, l.Slug)
		}
		path = ""
		if page.Next != "" {
			path = "/api/links?limit=2&cursor=" + page.Next
		}
	}
	if got, want := strings.Join(listed, " "), "page-4 page-3 page-2 page-1 page-0 "+keptSlug; got != want || pages != 3 {
		t.Errorf("listed %q in %d pages, want %q in 3", got, pages, want)
	}
	for i := range 5 {
		slug := fmt.Sprintf("page-%d", i)
		if a := s.site.ask(t, http.MethodDelete, "/api/links/"+slug, ""); a.status != http.StatusNoContent {
			t.Errorf("deleting answers %d", a.status)
		}
	}
	// Every replica must forget it within a second.
	time.Sleep(time.Second)
	for range 10 {
		s.site.ask(t, http.MethodGet, "/page-1", "").problem(t, http.StatusNotFound)
	}
	s.site.ask(t, http.MethodPost, "/api/links", `{"url":"javascript:alert(1)"}`).problem(t, http.StatusUnprocessableEntity)
	s.site.ask(t, http.MethodPost, "/api/links", `{"url":`).problem(t, http.StatusBadRequest)
	s.site.ask(t, http.MethodPost, "/api/links", `{"url":"https://example.com","slug":"`+keptSlug+`"}`).problem(t, http.StatusConflict)
	s.site.ask(t, http.MethodGet, "/api/links/no-such-link", "").problem(t, http.StatusNotFound)
	s.site.ask(t, http.MethodPatch, "/api/links", "").problem(t, http.StatusMethodNotAllowed)
	if a := s.site.ask(t, http.MethodGet, "/readyz", ""); a.status != http.StatusOK || decode[readiness](t, a.body).Status != "ready" {
		t.Errorf("/readyz answers %d %s", a.status, a.body)
	}
}

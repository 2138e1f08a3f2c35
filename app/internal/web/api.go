package web

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"

	"github.com/slipway-iac/slipway/app/internal/links"
)

const (
	defaultPage = 20
	maxPage     = 100
	slugTries   = 5
)

var (
	noStore    = []string{"no-store"}
	zeroLength = []string{"0"}
)

// redirect is the hot path.
func (s *Server) redirect(w http.ResponseWriter, r *http.Request) {
	slug := r.PathValue("slug")
	if !links.PossibleSlug(slug) {
		fail(w, notFound, "no link has this slug", "")
		return
	}
	target, err := s.Resolver.Resolve(r.Context(), slug)
	if err != nil {
		s.failWith(s.context(r, w.Header().Get(headerRequestID)), w, err)
		return
	}
	h := w.Header()
	h["Location"] = []string{target}
	h["Cache-Control"] = noStore // every click is counted, and a deleted link ends at once
	h["Content-Length"] = zeroLength
	w.WriteHeader(http.StatusFound)
	if r.Method == http.MethodGet {
		s.Clicks.Add(slug)
	}
}

func (s *Server) create(w http.ResponseWriter, r *http.Request) {
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" {
		fail(w, badType, "", "")
		return
	}
	var in struct{ URL, Slug string }
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		var size *http.MaxBytesError
		if errors.As(err, &size) {
			s.failWith(r.Context(), w, err)
			return
		}
		fail(w, badRequest, `the body must be a JSON object with "url" and, if you like, "slug"`, "")
		return
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		fail(w, badRequest, "the body must be one JSON object", "")
		return
	}
	l, err := s.add(r, in.URL, in.Slug)
	if err != nil {
		s.failWith(r.Context(), w, err)
		return
	}
	w.Header().Set("Location", "/api/links/"+l.Slug)
	reply(w, http.StatusCreated, l)
}

func (s *Server) add(r *http.Request, target, slug string) (l links.Link, err error) {
	target, err = links.CheckURL(target, r.Host)
	if err != nil {
		return l, err
	}
	tries := 1
	if slug == "" {
		tries = slugTries
	} else if err := links.CheckSlug(slug); err != nil {
		return l, err
	}
	for try := 0; try < tries; try++ {
		name := slug
		if name == "" {
			name = links.NewSlug()
		}
		if l, err = s.Store.Create(r.Context(), name, target); !errors.Is(err, links.ErrTaken) {
			break
		}
	}
	if err == nil {
		s.Resolver.Changed(r.Context(), l.Slug, l.URL) // somebody may have asked for it before it existed
	}
	return l, err
}

func (s *Server) get(w http.ResponseWriter, r *http.Request) {
	slug := r.PathValue("slug")
	if !links.PossibleSlug(slug) {
		s.failWith(r.Context(), w, links.ErrNotFound)
		return
	}
	l, err := s.Store.Get(r.Context(), slug)
	if err != nil {
		s.failWith(r.Context(), w, err)
		return
	}
	reply(w, http.StatusOK, l)
}

func (s *Server) remove(w http.ResponseWriter, r *http.Request) {
	slug := r.PathValue("slug")
	if !links.PossibleSlug(slug) {
		s.failWith(r.Context(), w, links.ErrNotFound)
		return
	}
	if err := s.Store.Delete(r.Context(), slug); err != nil {
		s.failWith(r.Context(), w, err)
		return
	}
	s.Resolver.Changed(r.Context(), slug, "")
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) list(w http.ResponseWriter, r *http.Request) {
	limit, before, err := paging(r)
	if err != nil {
		fail(w, badRequest, err.Error(), err.Field)
		return
	}
	page, failure := s.Store.List(r.Context(), before, limit+1) // one more tells whether there is a next page
	if failure != nil {
		s.failWith(r.Context(), w, failure)
		return
	}
	out := struct {
		Links []links.Link `json:"links"`
		Next  string       `json:"next,omitempty"`
	}{Links: page}
	if len(page) > limit {
		out.Links = page[:limit]
		out.Next = cursor(page[limit-1].ID)
		w.Header().Set("Link", `</api/links?limit=`+strconv.Itoa(limit)+`&cursor=`+out.Next+`>; rel="next"`)
	}
	if out.Links == nil {
		out.Links = []links.Link{}
	}
	reply(w, http.StatusOK, out)
}

func paging(r *http.Request) (limit int, before int64, bad *links.Invalid) {
	limit = defaultPage
	query := r.URL.Query()
	if v := query.Get("limit"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > maxPage {
			return 0, 0, &links.Invalid{Field: "limit", Reason: "must be a number from 1 to " + strconv.Itoa(maxPage)}
		}
		limit = n
	}
	if v := query.Get("cursor"); v != "" {
		raw, err := base64.RawURLEncoding.DecodeString(v)
		n, nerr := strconv.ParseInt(string(raw), 36, 64)
		if err != nil || nerr != nil || n < 1 {
			return 0, 0, &links.Invalid{Field: "cursor", Reason: "is not one that this list returned"}
		}
		before = n
	}
	return limit, before, nil
}

// cursor hides the id that a page ends with: callers must not build on how pages are found.
func cursor(id int64) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(id, 36)))
}

func reply(w http.ResponseWriter, status int, body any) {
	raw, err := json.Marshal(body)
	if err != nil {
		fail(w, internal, "", "")
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h["Cache-Control"] = noStore
	h.Set("Content-Length", strconv.Itoa(len(raw)))
	w.WriteHeader(status)
	_, _ = w.Write(raw)
}

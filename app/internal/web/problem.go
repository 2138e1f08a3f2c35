package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/slipway-iac/slipway/app/internal/links"
)

// problem is the body of every error (RFC 9457, application/problem+json).
type problem struct {
	Type      string `json:"type"`
	Title     string `json:"title"`
	Status    int    `json:"status"`
	Detail    string `json:"detail,omitempty"`
	Field     string `json:"field,omitempty"`      // the input that was refused
	RequestID string `json:"request_id,omitempty"` // to be named when asking for help
}

// kind is one type of problem. Its name never changes: programs may switch on it.
type kind struct {
	name   string
	status int
	title  string
}

var (
	notFound    = kind{"not-found", http.StatusNotFound, "Not found"}
	badMethod   = kind{"method-not-allowed", http.StatusMethodNotAllowed, "Method not allowed"}
	badInput    = kind{"invalid-input", http.StatusUnprocessableEntity, "Input refused"}
	badRequest  = kind{"bad-request", http.StatusBadRequest, "Request not understood"}
	badType     = kind{"unsupported-media-type", http.StatusUnsupportedMediaType, "Send application/json"}
	tooLarge    = kind{"body-too-large", http.StatusRequestEntityTooLarge, "Body too large"}
	uriTooLong  = kind{"uri-too-long", http.StatusRequestURITooLong, "Address too long"}
	crossOrigin = kind{"cross-origin", http.StatusForbidden, "Cross-origin request refused"}
	tooMany     = kind{"rate-limited", http.StatusTooManyRequests, "Too many requests"}
	taken       = kind{"slug-taken", http.StatusConflict, "Slug is taken"}
	unavailable = kind{"unavailable", http.StatusServiceUnavailable, "Database unavailable"}
	internal    = kind{"internal", http.StatusInternalServerError, "Internal error"}
)

func fail(w http.ResponseWriter, k kind, detail, field string) {
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	h.Del("Etag")
	body, _ := json.Marshal(problem{ // strings and numbers only: it can't fail
		Type: "urn:slipway:links:problem:" + k.name, Title: k.title, Status: k.status,
		Detail: detail, Field: field, RequestID: h.Get(headerRequestID),
	})
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(k.status)
	_, _ = w.Write(body)
}

// failWith answers with what err means. What isn't the caller's business is logged and not sent.
func (s *Server) failWith(ctx context.Context, w http.ResponseWriter, err error) {
	var invalid *links.Invalid
	var size *http.MaxBytesError
	switch {
	case errors.As(err, &invalid):
		fail(w, badInput, invalid.Error(), invalid.Field)
	case errors.As(err, &size):
		fail(w, tooLarge, "at most "+strconv.FormatInt(size.Limit, 10)+" bytes", "")
	case errors.Is(err, links.ErrNotFound):
		fail(w, notFound, "no link has this slug", "")
	case errors.Is(err, links.ErrTaken):
		fail(w, taken, "another link already has this slug", "slug")
	case errors.Is(err, links.ErrUnavailable):
		w.Header().Set("Retry-After", "1")
		fail(w, unavailable, "try again shortly; links that were opened recently still work", "")
	case errors.Is(err, context.Canceled): // nobody is left to read the answer; the status is for the metrics
		w.WriteHeader(statusClientGone)
	default:
		s.Log.ErrorContext(ctx, "request failed", "error", err.Error())
		fail(w, internal, "", "")
	}
}

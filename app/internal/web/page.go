package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html"
	"net/http"
	"strings"
	"time"
)

//go:embed static
var files embed.FS

// contentTypes are the files that may be asked for; index.html is not one, it is the page.
var contentTypes = map[string]string{
	"app.js":      "text/javascript; charset=utf-8",
	"style.css":   "text/css; charset=utf-8",
	"favicon.svg": "image/svg+xml",
}

// page serves the one HTML page. It differs between instances only by version and slot, so it is made once.
func (s *Server) page() http.HandlerFunc {
	raw, _ := files.ReadFile("static/index.html") // embedded: it can't be missing
	body := strings.NewReplacer("{{version}}", html.EscapeString(s.Version), "{{slot}}", html.EscapeString(s.Slot)).
		Replace(string(raw))
	return asset("index.html", "text/html; charset=utf-8", []byte(body))
}

func (s *Server) static() http.HandlerFunc {
	assets := map[string]http.HandlerFunc{}
	for name, contentType := range contentTypes {
		raw, _ := files.ReadFile("static/" + name)
		assets[name] = asset(name, contentType, raw)
	}
	return func(w http.ResponseWriter, r *http.Request) {
		if serve, ok := assets[r.PathValue("file")]; ok {
			serve(w, r)
			return
		}
		fail(w, notFound, "nothing is at this address", "")
	}
}

// asset is revalidated on each use and not cached by name: during a rollout two versions answer under one address.
func asset(name, contentType string, body []byte) http.HandlerFunc {
	sum := sha256.Sum256(body)
	etag := []string{`"` + hex.EncodeToString(sum[:8]) + `"`}
	kind, cache := []string{contentType}, []string{"no-cache"}
	return func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h["Etag"], h["Content-Type"], h["Cache-Control"] = etag, kind, cache
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(body))
	}
}

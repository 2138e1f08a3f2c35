package web

import (
	"encoding/hex"
	"math/rand/v2"
	"net/http"
)

// Header values are made once and shared: setting them costs the hot path no memory. Nobody may append to them.
// Strict-Transport-Security is left to the proxy, which ends TLS: on a laptop it would lock all of localhost to https.
var (
	closeConnection = []string{"close"}
	fixedHeaders    = []struct {
		name  string
		value []string
	}{
		{"Content-Security-Policy", []string{"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
			"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; " +
			"require-trusted-types-for 'script'"}},
		{"X-Content-Type-Options", []string{"nosniff"}},
		{"X-Frame-Options", []string{"DENY"}},
		{"Referrer-Policy", []string{"no-referrer"}},
		{"Cross-Origin-Opener-Policy", []string{"same-origin"}},
		{"Cross-Origin-Resource-Policy", []string{"same-origin"}},
		{"Permissions-Policy", []string{"camera=(), geolocation=(), microphone=(), payment=(), usb=()"}},
	}
)

func (s *Server) setHeaders(h http.Header, id string) {
	for i := range fixedHeaders {
		h[fixedHeaders[i].name] = fixedHeaders[i].value
	}
	h[headerRequestID] = []string{id}
	if s.draining.Load() {
		h["Connection"] = closeConnection // the proxy then opens its next connection elsewhere
	}
}

// requestID returns the caller's correlation id if it is harmless to log and to send back, else a new one.
func requestID(r *http.Request) string {
	if v := r.Header[headerRequestID]; len(v) == 1 && sane(v[0]) {
		return v[0]
	}
	var raw [16]byte
	a, b := rand.Uint64(), rand.Uint64() // #nosec G404 -- an identifier, no secret
	for i := range 8 {
		raw[i], raw[8+i] = byte(a>>(8*i)), byte(b>>(8*i))
	}
	return hex.EncodeToString(raw[:])
}

func sane(id string) bool {
	if len(id) < 8 || len(id) > 128 {
		return false
	}
	for i := range len(id) {
		c := id[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
			c == '-' || c == '_' || c == '.' || c == ':' || c == '/' || c == '=' || c == '+') {
			return false
		}
	}
	return true
}

// Package links holds the rules of the domain: what a link is, which slugs and targets are allowed.
package links

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Link is one short link.
type Link struct {
	ID      int64     `json:"-"`
	Slug    string    `json:"slug"`
	URL     string    `json:"url"`
	Clicks  int64     `json:"clicks"`
	Created time.Time `json:"created_at"`
}

// Limits of what is accepted, in bytes.
const (
	MaxURL     = 2048
	MinSlug    = 3
	MaxSlug    = 64
	slugLength = 7 // 62^7 ≈ 3.5e12: a collision stays rare far beyond what one table holds
)

var (
	// ErrNotFound says that no link has this slug.
	ErrNotFound = errors.New("no such link")
	// ErrTaken says that another link already has this slug.
	ErrTaken = errors.New("slug is taken")
	// ErrUnavailable says that the database could not be asked; nothing is known about the link.
	ErrUnavailable = errors.New("database unavailable")
)

// Invalid is a refused input: which field, and why, in words for the person who sent it.
type Invalid struct{ Field, Reason string }

// Error implements error.
func (e *Invalid) Error() string { return e.Field + " " + e.Reason }

// reserved slugs would shadow the app's own paths, now or later, or pose as them.
var reserved = map[string]bool{
	"api": true, "healthz": true, "readyz": true, "health": true, "ready": true, "metrics": true, "static": true, "assets": true, "debug": true,
	"admin": true, "login": true, "logout": true, "favicon": true, "robots": true, "well-known": true, "livez": true,
	"version": true, "status": true, "index": true, "help": true, "about": true, "links": true,
}

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// NewSlug returns 7 random base62 characters from the system's secure source: links can't be guessed by counting.
func NewSlug() string {
	var out [slugLength]byte
	var raw [2 * slugLength]byte
	for n := 0; n < slugLength; {
		_, _ = rand.Read(raw[:]) // never fails: crypto/rand ends the program instead
		for _, b := range raw {
			if b < 4*62 && n < slugLength { // the rest is thrown away, else the first letters would be likelier
				out[n] = base62[b%62]
				n++
			}
		}
	}
	return string(out[:])
}

// PossibleSlug says cheaply whether a stored link may have this slug, so that scanners never reach the database.
func PossibleSlug(s string) bool {
	if len(s) < MinSlug || len(s) > MaxSlug || s[0] == '-' || s[0] == '_' {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_') {
			return false
		}
	}
	return true
}

// CheckSlug returns nil if s may be chosen for a new link, else an *Invalid.
func CheckSlug(s string) error {
	if !PossibleSlug(s) {
		return &Invalid{"slug", "must be 3 to 64 letters, digits, '-' or '_', and start with a letter or digit"}
	}
	if reserved[strings.ToLower(s)] {
		return &Invalid{"slug", "is reserved"}
	}
	return nil
}

// CheckURL returns the target in the form it is stored and sent, or an *Invalid.
// ownHost is the host (with port, if any) that the request came to: a link back to it could loop.
func CheckURL(raw, ownHost string) (string, error) {
	if raw == "" {
		return "", &Invalid{"url", "is required"}
	}
	if len(raw) > MaxURL {
		return "", &Invalid{"url", "is longer than " + strconv.Itoa(MaxURL) + " bytes"}
	}
	for i := range len(raw) {
		// Browsers strip or rewrite these, so what was checked would not be what is opened.
		if c := raw[i]; c <= ' ' || c == 0x7f || c == '\\' {
			return "", &Invalid{"url", "must not contain spaces, control characters or backslashes"}
		}
	}
	u, err := url.Parse(raw)
	if err != nil || u.Opaque != "" {
		return "", &Invalid{"url", "is not a valid URL"}
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return "", &Invalid{"url", "must start with http:// or https://"}
	}
	if u.User != nil {
		return "", &Invalid{"url", "must not contain a user name or password"}
	}
	if err := checkHost(u); err != nil {
		return "", err
	}
	if sameHost(u, ownHost) {
		return "", &Invalid{"url", "must not point back to this service"}
	}
	u.Host = strings.ToLower(u.Host)
	out := ascii(u.String())
	if len(out) > MaxURL { // escaping can lengthen it
		return "", &Invalid{"url", "is longer than " + strconv.Itoa(MaxURL) + " bytes"}
	}
	return out, nil
}

// ascii escapes what url.URL leaves as it was (the query): only plain ASCII is safe in a header.
func ascii(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if s[i] < 0x80 {
			b.WriteByte(s[i])
		} else {
			fmt.Fprintf(&b, "%%%02X", s[i])
		}
	}
	return b.String()
}

func checkHost(u *url.URL) error {
	host := u.Hostname()
	if host == "" {
		return &Invalid{"url", "has no host"}
	}
	for i := range len(host) {
		c := host[i]
		ok := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '.' || c == '_'
		if !ok && !(c == ':' && strings.HasPrefix(u.Host, "[")) {
			return &Invalid{"url", "has a host that is not plain ASCII: write it in its xn-- form"}
		}
	}
	if p := u.Port(); p != "" {
		if n, err := strconv.Atoi(p); err != nil || n < 1 || n > 65535 {
			return &Invalid{"url", "has an impossible port"}
		}
	}
	return nil
}

// sameHost compares host and port. The scheme is left out: behind a proxy the app doesn't know its own, and both
// schemes of its name end up at it.
func sameHost(u *url.URL, own string) bool {
	o := url.URL{Host: own}
	if own == "" || !strings.EqualFold(strings.TrimSuffix(u.Hostname(), "."), strings.TrimSuffix(o.Hostname(), ".")) {
		return false
	}
	standard := func(p string) bool { return p == "" || p == "80" || p == "443" }
	return u.Port() == o.Port() || standard(u.Port()) && standard(o.Port())
}

package links

import (
	"errors"
	"net/url"
	"strings"
	"testing"
)

func TestCheckURL(t *testing.T) {
	const own = "sho.rt"
	for _, c := range []struct{ in, own, want, refused string }{
		{in: "https://example.com", want: "https://example.com"},
		{in: "HTTPS://EXAMPLE.com/Path?q=1#f", want: "https://example.com/Path?q=1#f"},
		{in: "http://127.0.0.1:8080/x", want: "http://127.0.0.1:8080/x"},
		{in: "http://[2001:db8::1]:8080/x", want: "http://[2001:db8::1]:8080/x"},
		{in: "https://xn--bcher-kva.example/ü", want: "https://xn--bcher-kva.example/%C3%BC"},
		{in: "https://sho.rt:8443/x", own: own, want: "https://sho.rt:8443/x"},
		{in: "", refused: "is required"},
		{in: "javascript:alert(1)", refused: "is not a valid URL"},
		{in: "javascript://example.com/%0aalert(1)", refused: "must start with"},
		{in: "data:text/html,x", refused: "is not a valid URL"},
		{in: "file:///etc/passwd", refused: "must start with"},
		{in: "ftp://example.com", refused: "must start with"},
		{in: "//example.com/x", refused: "must start with"},
		{in: "/relative", refused: "must start with"},
		{in: "https:example.com", refused: "is not a valid URL"},
		{in: "https://", refused: "has no host"},
		{in: "https://:443/", refused: "has no host"},
		{in: "https://user:pw@example.com/", refused: "user name"},
		{in: "https://example.com@evil.example/", refused: "user name"},
		{in: "https://example.com/a b", refused: "spaces"},
		{in: "https://example.com/\r\nSet-Cookie: a=b", refused: "control"},
		{in: "java\tscript:alert(1)", refused: "control"},
		{in: `https://example.com\@evil.example`, refused: "backslashes"},
		{in: "https://bücher.example/", refused: "xn--"},
		{in: "https://exa%6dple.com/", refused: "is not a valid URL"},
		{in: "https://a%2fb/", refused: "is not a valid URL"},
		{in: "https://example.com:0/", refused: "port"},
		{in: "https://example.com:70000/", refused: "port"},
		{in: "https://sho.rt/abc", own: own, refused: "back to this service"},
		{in: "http://SHO.rt.:80/abc", own: own, refused: "back to this service"},
		{in: "https://localhost:8443/abc", own: "localhost:8443", refused: "back to this service"},
		{in: "https://example.com/" + strings.Repeat("a", MaxURL), refused: "longer"},
		{in: "https://example.com/" + strings.Repeat("ü", 500), refused: "longer"},
	} {
		got, err := CheckURL(c.in, c.own)
		var invalid *Invalid
		switch {
		case c.refused == "" && (err != nil || got != c.want):
			t.Errorf("CheckURL(%q) = %q, %v; want %q", c.in, got, err, c.want)
		case c.refused != "" && (!errors.As(err, &invalid) || invalid.Field != "url" || !strings.Contains(err.Error(), c.refused)):
			t.Errorf("CheckURL(%q) = %q, %v; want refusal %q", c.in, got, err, c.refused)
		}
	}
}

func TestCheckSlug(t *testing.T) {
	for _, s := range []string{"abc", "A1_-", "0", "spring-sale", strings.Repeat("a", 64)} {
		if err := CheckSlug(s); (err != nil) != (s == "0") {
			t.Errorf("CheckSlug(%q) = %v", s, err)
		}
	}
	for _, s := range []string{"", "ab", "-abc", "_abc", "a b", "a/b", "a.b", "ü12", strings.Repeat("a", 65),
		"api", "API", "healthz", "readyz", "metrics", "static", "Admin", "..."} {
		if err := CheckSlug(s); err == nil {
			t.Errorf("CheckSlug(%q) was accepted", s)
		}
	}
}

func TestNewSlug(t *testing.T) {
	seen := map[string]bool{}
	for range 10_000 {
		s := NewSlug()
		if len(s) != 7 || !PossibleSlug(s) || seen[s] {
			t.Fatalf("slug %q: malformed or repeated", s)
		}
		seen[s] = true
	}
}

// FuzzCheckURL holds what must be true of every target that is accepted, whatever was sent.
func FuzzCheckURL(f *testing.F) {
	for _, s := range []string{"https://example.com/?q=1#x", "http://[::1]:80/", "javascript:alert(1)", "https://a%00b/", "https://a@b/",
		"https://sho.rt/", "http://sho.rt:443", "https://exa%6dple.com/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		out, err := CheckURL(in, "sho.rt")
		if err != nil {
			return
		}
		u, err := url.Parse(out)
		if err != nil {
			t.Fatalf("%q became %q, which doesn't parse: %v", in, out, err)
		}
		if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || len(out) > MaxURL ||
			strings.EqualFold(u.Hostname(), "sho.rt") && (u.Port() == "" || u.Port() == "80" || u.Port() == "443") {
			t.Fatalf("%q became %q", in, out)
		}
		for i := range len(out) {
			if out[i] <= ' ' || out[i] >= 0x7f {
				t.Fatalf("%q became %q, with byte %#x: it would break the Location header", in, out, out[i])
			}
		}
		if again, err := CheckURL(out, "sho.rt"); err != nil || again != out {
			t.Fatalf("%q became %q and then %q, %v", in, out, again, err)
		}
	})
}

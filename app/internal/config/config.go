// Package config reads the app's contract with its platform: environment variables, checked as a whole.
package config

import (
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Config is the app's whole configuration. Every field has one environment variable, named in its comment.
type Config struct {
	Port            int            // PORT, default 8080
	DatabaseURL     string         // DATABASE_URL, required by serve and migrate; secret
	DatabaseCA      *x509.CertPool // DATABASE_CA, PEM; nil means the system's roots
	CacheURL        string         // CACHE_URL, redis:// or rediss://; empty means no cache; secret
	CacheCA         *x509.CertPool // CACHE_CA, PEM; nil means the system's roots
	CacheAnyName    bool           // CACHE_VERIFY is "ca": whoever shows a certificate of CACHE_CA is the cache; default "full": by name
	TrustedProxies  []netip.Prefix // TRUSTED_PROXIES, comma-separated CIDRs or addresses
	ClientHeader    string         // CLIENT_IP_HEADER, default X-Forwarded-For: where trusted proxies say who calls
	Version         string         // SLIPWAY_VERSION, default "dev"
	Slot            string         // SLIPWAY_SLOT, default "-"
	LogLevel        slog.Level     // LOG_LEVEL: debug, info (default), warn, error
	RateLimitRPS    float64        // RATE_LIMIT_RPS, requests per second and client, default 100; 0 turns it off
	RateLimitBurst  int            // RATE_LIMIT_BURST, default twice the rate
	DrainDelay      time.Duration  // DRAIN_DELAY, default 5s: served while /readyz already answers 503
	ShutdownTimeout time.Duration  // SHUTDOWN_TIMEOUT, default 10s: for requests in flight, then for the last clicks
	ClickFlush      time.Duration  // CLICK_FLUSH_INTERVAL, default 1s
	DatabasePool    int            // DATABASE_POOL_SIZE, connections per instance, default 10
	LocalEntries    int            // LOCAL_CACHE_ENTRIES, links kept in memory, default 20000
	MigrateTimeout  time.Duration  // MIGRATE_TIMEOUT, default 60s: how long migrate waits for the database
	PprofAddr       string         // PPROF_ADDR, loopback only, default 127.0.0.1:6060; "off" turns it off
	OTLPEndpoint    string         // OTEL_EXPORTER_OTLP_ENDPOINT (or …_TRACES_ENDPOINT); empty exports no traces
}

// Load reads the configuration through getenv. It reports everything that is wrong in one error,
// and never repeats a secret's value in it.
func Load(getenv func(string) string) (Config, error) {
	r := reader{getenv: getenv}
	c := Config{
		Port:            r.integer("PORT", 8080, 1, 65535),
		DatabaseURL:     r.connection("DATABASE_URL", true, "postgres", "postgresql"),
		DatabaseCA:      r.roots("DATABASE_CA"),
		CacheURL:        r.connection("CACHE_URL", false, "redis", "rediss"),
		CacheCA:         r.roots("CACHE_CA"),
		CacheAnyName:    r.verifyCA("CACHE_VERIFY"),
		TrustedProxies:  r.prefixes("TRUSTED_PROXIES"),
		ClientHeader:    r.header("CLIENT_IP_HEADER", "X-Forwarded-For"),
		Version:         r.text("SLIPWAY_VERSION", "dev"),
		Slot:            r.text("SLIPWAY_SLOT", "-"),
		LogLevel:        r.level("LOG_LEVEL"),
		RateLimitRPS:    r.number("RATE_LIMIT_RPS", 100),
		DrainDelay:      r.duration("DRAIN_DELAY", 5*time.Second),
		ShutdownTimeout: r.duration("SHUTDOWN_TIMEOUT", 10*time.Second),
		ClickFlush:      r.duration("CLICK_FLUSH_INTERVAL", time.Second),
		DatabasePool:    r.integer("DATABASE_POOL_SIZE", 10, 1, 1000),
		LocalEntries:    r.integer("LOCAL_CACHE_ENTRIES", 20000, 1, 10_000_000),
		MigrateTimeout:  r.duration("MIGRATE_TIMEOUT", 60*time.Second),
		PprofAddr:       r.loopback("PPROF_ADDR", "127.0.0.1:6060"),
		OTLPEndpoint:    r.text("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", r.text("OTEL_EXPORTER_OTLP_ENDPOINT", "")),
	}
	c.RateLimitBurst = r.integer("RATE_LIMIT_BURST", max(1, int(2*c.RateLimitRPS)), 1, 1_000_000)
	r.pairing(c)
	if len(r.problems) > 0 {
		return Config{}, fmt.Errorf("configuration is not usable:\n%w", errors.Join(r.problems...))
	}
	return c, nil
}

type reader struct {
	getenv   func(string) string
	problems []error
}

func (r *reader) bad(key, format string, args ...any) {
	r.problems = append(r.problems, fmt.Errorf("  "+key+": "+format, args...))
}

func (r *reader) text(key, fallback string) string {
	if v := strings.TrimSpace(r.getenv(key)); v != "" {
		return v
	}
	return fallback
}

// fieldName is the name of a header: https://www.rfc-editor.org/rfc/rfc9110.html#name-field-names
var fieldName = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")

// header reads the name of one, as net/http spells it.
func (r *reader) header(key, fallback string) string {
	v := r.text(key, fallback)
	if !fieldName.MatchString(v) {
		r.bad(key, "%q is not the name of a header", v)
	}
	return http.CanonicalHeaderKey(v)
}

func (r *reader) integer(key string, fallback, low, high int) int {
	v := r.text(key, "")
	if v == "" {
		return fallback
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < low || n > high {
		r.bad(key, "%q is not a whole number from %d to %d", v, low, high)
		return fallback
	}
	return n
}

func (r *reader) number(key string, fallback float64) float64 {
	v := r.text(key, "")
	if v == "" {
		return fallback
	}
	n, err := strconv.ParseFloat(v, 64)
	if err != nil || !(n >= 0 && n <= 1e6) { // written so that NaN fails too
		r.bad(key, "%q is not a number from 0 to 1000000", v)
		return fallback
	}
	return n
}

func (r *reader) duration(key string, fallback time.Duration) time.Duration {
	v := r.text(key, "")
	if v == "" {
		return fallback
	}
	d, err := time.ParseDuration(v)
	if err != nil || d < 0 || d > time.Hour || (d == 0 && key != "DRAIN_DELAY") {
		r.bad(key, "%q is not a duration such as 5s (at most 1h)", v)
		return fallback
	}
	return d
}

func (r *reader) level(key string) (l slog.Level) {
	v := r.text(key, "info")
	if err := l.UnmarshalText([]byte(v)); err != nil {
		r.bad(key, "%q is not one of debug, info, warn, error", v)
	}
	return l
}

func (r *reader) connection(key string, required bool, schemes ...string) string {
	v := r.text(key, "")
	if v == "" {
		if required {
			r.bad(key, "is required: a complete URL such as %s://user:password@host:port/name", schemes[0])
		}
		return ""
	}
	u, err := url.Parse(v)
	if err != nil {
		r.bad(key, "is not a URL (its value is not shown, it may hold a password)") // url.Error repeats the value
		return ""
	}
	for _, s := range schemes {
		if u.Scheme == s && u.Host != "" {
			return v
		}
	}
	r.bad(key, "must look like %s://…, with a host (its value is not shown, it may hold a password)",
		strings.Join(schemes, ":// or "))
	return ""
}

func (r *reader) roots(key string) *x509.CertPool {
	v := r.text(key, "")
	if v == "" {
		return nil
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(v)) {
		r.bad(key, "holds no PEM certificate")
		return nil
	}
	return pool
}

func (r *reader) prefixes(key string) (out []netip.Prefix) {
	for part := range strings.SplitSeq(r.text(key, ""), ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		if a, err := netip.ParseAddr(part); err == nil {
			out = append(out, netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(part)
		if err != nil {
			r.bad(key, "%q is neither a CIDR such as 10.0.0.0/8 nor an address", part)
			continue
		}
		out = append(out, p.Masked())
	}
	return out
}

func (r *reader) loopback(key, fallback string) string {
	v := r.text(key, fallback)
	if v == "off" {
		return ""
	}
	host, _, err := net.SplitHostPort(v)
	if a, aerr := netip.ParseAddr(host); err != nil || aerr != nil || !a.IsLoopback() {
		r.bad(key, `%q is neither "off" nor a loopback address with a port`, v)
	}
	return v
}

// verifyCA reads how a server's certificate is checked: with its name ("full"), or by the root alone ("ca").
func (r *reader) verifyCA(key string) bool {
	v := r.text(key, "full")
	if v != "full" && v != "ca" {
		r.bad(key, `%q is neither "full" nor "ca"`, v)
	}
	return v == "ca"
}

// pairing refuses a root certificate beside a URL that would never check it, and a check by the root alone where everybody's root would
// do: that would look secure and not be.
func (r *reader) pairing(c Config) {
	if u, err := url.Parse(c.DatabaseURL); err == nil && c.DatabaseURL != "" {
		mode := u.Query().Get("sslmode")
		if c.DatabaseCA != nil && mode != "verify-full" && mode != "verify-ca" {
			r.bad("DATABASE_CA", "is set, but DATABASE_URL has sslmode=%q: use verify-full or verify-ca", mode)
		}
		if c.DatabaseCA == nil && mode == "verify-ca" {
			r.bad("DATABASE_CA", "is missing, and DATABASE_URL has sslmode=verify-ca: any server with a certificate would do")
		}
	}
	if c.CacheAnyName && c.CacheCA == nil {
		r.bad("CACHE_VERIFY", "is \"ca\", but there is no CACHE_CA: any server with a certificate would do")
	}
	if c.CacheCA != nil && !strings.HasPrefix(c.CacheURL, "rediss://") {
		r.bad("CACHE_CA", "is set, but CACHE_URL is not rediss://")
	}
}

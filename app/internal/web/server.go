// Package web is the app's HTTP side: the API, the redirects, the page and the probes.
package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/propagation"

	"github.com/slipway-iac/slipway/app/internal/clicks"
	"github.com/slipway-iac/slipway/app/internal/health"
	"github.com/slipway-iac/slipway/app/internal/resolve"
	"github.com/slipway-iac/slipway/app/internal/store"
	"github.com/slipway-iac/slipway/app/internal/telemetry"
)

const (
	maxURI           = 4096 // bytes of the request's address
	maxBody          = 8192 // bytes of a request's body
	statusClientGone = 499
	headerRequestID  = "X-Request-Id"
)

// Options are the parts that the server joins.
type Options struct {
	Store          *store.Store
	Resolver       *resolve.Resolver
	Clicks         *clicks.Counter
	Database       *health.Dependency
	Cache          *health.Dependency // nil without a cache
	Metrics        *telemetry.Metrics
	Log            *slog.Logger
	TrustedProxies []netip.Prefix
	ClientHeader   string  // canonical name; empty for X-Forwarded-For
	RateLimitRPS   float64 // per client; 0 turns it off
	RateLimitBurst int
	Version, Slot  string
	Tracing        bool // spans are exported
}

// Server is the handler of the public port.
type Server struct {
	Options
	mux       *http.ServeMux
	endpoints map[string]*endpoint
	limit     *limiter
	origins   *http.CrossOriginProtection
	draining  atomic.Bool
	version   []string // a header's value, made once
}

// route is one row of the routing table.
type route struct {
	method, path string
	handle       http.HandlerFunc
	limited      bool // counts against the client's rate limit
	quiet        bool // logged at debug level only
}

func (s *Server) routes() []route {
	return []route{
		{"GET", "/{slug}", s.redirect, true, true},
		{"GET", "/api/links", s.list, true, false},
		{"POST", "/api/links", s.create, true, false},
		{"GET", "/api/links/{slug}", s.get, true, false},
		{"DELETE", "/api/links/{slug}", s.remove, true, false},
		{"GET", "/{$}", s.page(), true, false},
		{"GET", "/static/{file}", s.static(), true, true},
		{"GET", "/healthz", s.healthz, false, true},
		{"GET", "/readyz", s.readyz, false, true},
		// Google Cloud's front ends keep paths that end in z for themselves: the same without it.
		{"GET", "/health", s.healthz, false, true},
		{"GET", "/ready", s.readyz, false, true},
		{"GET", "/metrics", s.Metrics.Handler().ServeHTTP, false, true},
	}
}

// New builds the handler.
func New(o Options) (*Server, error) {
	limit, err := newLimiter(o.RateLimitRPS, o.RateLimitBurst)
	if err != nil {
		return nil, fmt.Errorf("preparing the rate limit: %w", err)
	}
	s := &Server{Options: o, mux: http.NewServeMux(), limit: limit, origins: http.NewCrossOriginProtection(),
		endpoints: map[string]*endpoint{}, version: []string{o.Version}}
	for _, r := range s.routes() {
		e := s.endpoints[r.path]
		if e == nil {
			e = s.endpoint(r.path)
		}
		e.methods[r.method] = s.wrap(r)
		e.allow = append(e.allow, r.method)
		if r.method == http.MethodGet {
			e.methods[http.MethodHead] = e.methods[http.MethodGet]
			e.allow = append(e.allow, http.MethodHead)
		}
	}
	s.mux.Handle("/", s.wrap(route{path: "/", limited: true, quiet: true, method: "other",
		handle: func(w http.ResponseWriter, _ *http.Request) { fail(w, notFound, "nothing is at this address", "") }}))
	return s, nil
}

// endpoint is one path. Methods are told apart here and not by ServeMux, which answers a wrong one in plain text and
// takes "/healthz" and "GET /{slug}" for a conflict.
type endpoint struct {
	methods map[string]http.Handler
	other   http.Handler
	allow   []string
}

func (s *Server) endpoint(path string) *endpoint {
	e := &endpoint{methods: map[string]http.Handler{}}
	e.other = s.wrap(route{path: path, limited: true, quiet: true, method: "other",
		handle: func(w http.ResponseWriter, _ *http.Request) {
			allow := strings.Join(e.allow, ", ")
			w.Header().Set("Allow", allow)
			fail(w, badMethod, "allowed: "+allow, "")
		}})
	s.endpoints[path] = e
	s.mux.Handle(path, e)
	return e
}

// ServeHTTP implements http.Handler.
func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h, ok := e.methods[r.Method]; ok {
		h.ServeHTTP(w, r)
		return
	}
	e.other.ServeHTTP(w, r)
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if len(r.RequestURI) > maxURI {
		fail(w, uriTooLong, "", "")
		return
	}
	s.mux.ServeHTTP(w, r)
}

// Drain makes /readyz fail and every answer end its connection, while requests are still served.
func (s *Server) Drain() { s.draining.Store(true) }

// recorder remembers the status for metrics and logs.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// wrap puts around a handler what every answer has: headers, limits, correlation, metrics and a log line.
func (s *Server) wrap(rt route) http.Handler {
	name := rt.method + " " + rt.path
	observe := s.Metrics.Route(name)
	// A redirect has no use for a context of its own: making one would cost it more than everything else here.
	hot := rt.path == "/{slug}" && rt.method == http.MethodGet && !s.Tracing
	var h http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		s.Metrics.InFlight.Inc()
		rec := &recorder{ResponseWriter: w}
		id := requestID(r)
		s.setHeaders(w.Header(), id)
		if !hot {
			r = r.WithContext(s.context(r, id))
		}
		defer func() {
			s.Metrics.InFlight.Dec()
			if cause := recover(); cause != nil {
				s.recovered(s.context(r, id), rec, cause)
			}
			took := time.Since(start)
			observe.Observe(rec.status, took)
			s.logRequest(rt, name, r, rec.status, took, id)
		}()
		if s.admit(rec, r, rt, start) {
			rt.handle(rec, r)
		}
	})
	if s.Tracing && !untraced[rt.path] {
		h = otelhttp.NewHandler(h, name)
	}
	return h
}

// untraced are the paths that machines ask every few seconds.
var untraced = map[string]bool{"/healthz": true, "/readyz": true, "/health": true, "/ready": true, "/metrics": true}

func (s *Server) context(r *http.Request, id string) context.Context {
	ctx := telemetry.WithRequestID(r.Context(), id)
	if s.Tracing {
		return ctx // otelhttp has put the span there
	}
	return telemetry.Adopt(ctx, propagation.HeaderCarrier(r.Header))
}

// admit refuses what no handler should see.
func (s *Server) admit(w http.ResponseWriter, r *http.Request, rt route, now time.Time) bool {
	if rt.limited && s.limit != nil {
		if ok, wait := s.limit.allow(clientAddr(r, s.TrustedProxies, s.ClientHeader), now); !ok {
			w.Header().Set("Retry-After", fmt.Sprint(wait))
			fail(w, tooMany, "try again later", "")
			return false
		}
	}
	if r.Method != http.MethodGet {
		if err := s.origins.Check(r); err != nil {
			fail(w, crossOrigin, "another site's page must not change links here", "")
			return false
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	}
	return true
}

// recovered answers for a handler that panicked, where net/http would only close the connection.
func (s *Server) recovered(ctx context.Context, rec *recorder, cause any) {
	s.Log.ErrorContext(ctx, "handler panicked", "error", fmt.Sprint(cause))
	if rec.status == 0 {
		fail(rec, internal, "", "")
	}
}

func (s *Server) logRequest(rt route, name string, r *http.Request, status int, took time.Duration, id string) {
	level := slog.LevelInfo
	if rt.quiet {
		level = slog.LevelDebug
	}
	if status >= http.StatusInternalServerError {
		level = slog.LevelWarn
	}
	ctx := r.Context()
	if !s.Log.Enabled(ctx, level) {
		return
	}
	if rt.path == "/{slug}" {
		ctx = s.context(r, id)
	}
	s.Log.LogAttrs(ctx, level, "request", slog.String("route", name), slog.String("path", r.URL.Path),
		slog.Int("status", status), slog.Float64("duration_ms", float64(took.Microseconds())/1000),
		slog.String("client", clientAddr(r, s.TrustedProxies, s.ClientHeader).String()))
}

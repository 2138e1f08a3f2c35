package telemetry

import (
	"net/http"
	"runtime"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/slipway-iac/slipway/app/internal/resolve"
)

// Metrics is the app's registry. Names and meanings are listed in the README.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	queries  *prometheus.HistogramVec
	lookups  *prometheus.CounterVec
	InFlight prometheus.Gauge // requests being answered
}

// NewMetrics registers everything that needs no other part of the app.
func NewMetrics(version, slot string) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "http_requests_total", Help: "Requests answered, by route and status."}, []string{"route", "code"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "http_request_duration_seconds", Help: "Time to answer, by route and status.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5}}, []string{"route", "code"}),
		queries: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "links_database_query_duration_seconds", Help: "Time of a query with its wait for a connection.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5}}, []string{"query", "result"}),
		lookups: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "links_cache_lookups_total", Help: "Lookups of a link, by cache layer and result."}, []string{"layer", "result"}),
		InFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "http_requests_in_flight", Help: "Requests being answered."}),
	}
	info := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "links_build_info", Help: "Always 1; the labels say what runs."}, []string{"version", "slot", "goversion"})
	info.WithLabelValues(version, slot, runtime.Version()).Set(1)
	m.registry.MustRegister(m.requests, m.duration, m.queries, m.lookups, m.InFlight, info,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler serves the metrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// Gauge registers a value that is read when the metrics are.
func (m *Metrics) Gauge(name, help string, labels prometheus.Labels, read func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help, ConstLabels: labels}, read))
}

// Counter registers a growing value that is read when the metrics are.
func (m *Metrics) Counter(name, help string, read func() float64) {
	m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, read))
}

// Up registers the gauge of one dependency: 1 while requests reach it.
func (m *Metrics) Up(dependency string, up func() bool) {
	m.Gauge("links_dependency_up", "1 while the dependency answers.", prometheus.Labels{"dependency": dependency},
		func() float64 {
			if up() {
				return 1
			}
			return 0
		})
}

// Pool registers the database pool's figures.
func (m *Metrics) Pool(stat func() *pgxpool.Stat) {
	for state, read := range map[string]func(*pgxpool.Stat) float64{
		"acquired": func(s *pgxpool.Stat) float64 { return float64(s.AcquiredConns()) },
		"idle":     func(s *pgxpool.Stat) float64 { return float64(s.IdleConns()) },
		"opening":  func(s *pgxpool.Stat) float64 { return float64(s.ConstructingConns()) },
		"max":      func(s *pgxpool.Stat) float64 { return float64(s.MaxConns()) },
	} {
		m.Gauge("links_database_pool_connections", "Connections of the pool; max is its limit.",
			prometheus.Labels{"state": state}, func() float64 { return read(stat()) })
	}
	m.Counter("links_database_pool_acquires_total", "Connections taken from the pool.",
		func() float64 { return float64(stat().AcquireCount()) })
	m.Counter("links_database_pool_waits_total", "Takes that had to wait for a connection.",
		func() float64 { return float64(stat().EmptyAcquireCount()) })
	m.Counter("links_database_pool_wait_seconds_total", "Time spent waiting for a connection.",
		func() float64 { return stat().EmptyAcquireWaitTime().Seconds() })
}

// Query observes one database query.
func (m *Metrics) Query(name string, d time.Duration, failed bool) {
	result := "ok"
	if failed {
		result = "error"
	}
	m.queries.WithLabelValues(name, result).Observe(d.Seconds())
}

// Lookups returns the resolver's counters.
func (m *Metrics) Lookups() resolve.Counters {
	count := func(layer, result string) func() { return m.lookups.WithLabelValues(layer, result).Inc }
	return resolve.Counters{
		LocalHit: count("local", "hit"), LocalNegative: count("local", "negative"),
		LocalMiss: count("local", "miss"), LocalStale: count("local", "stale"),
		RemoteHit: count("remote", "hit"), RemoteNegative: count("remote", "negative"),
		RemoteMiss: count("remote", "miss"), RemoteFail: count("remote", "error"),
	}
}

// Route holds one route's series, found once per status instead of once per request.
type Route struct {
	m      *Metrics
	name   string
	series [600]atomic.Pointer[series]
}

type series struct {
	requests prometheus.Counter
	duration prometheus.Observer
}

// Route returns the recorder of one route. Names come from the routing table, so their number is bounded.
func (m *Metrics) Route(name string) *Route { return &Route{m: m, name: name} }

// Observe records one answer.
func (r *Route) Observe(status int, d time.Duration) {
	if status < 0 || status >= len(r.series) {
		status = 0
	}
	s := r.series[status].Load()
	if s == nil {
		code := strconv.Itoa(status)
		s = &series{r.m.requests.WithLabelValues(r.name, code), r.m.duration.WithLabelValues(r.name, code)}
		r.series[status].Store(s)
	}
	s.requests.Inc()
	s.duration.Observe(d.Seconds())
}

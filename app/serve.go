package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/http/pprof"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"github.com/KimMachineGun/automemlimit/memlimit"

	"github.com/slipway-iac/slipway/app/internal/cache"
	"github.com/slipway-iac/slipway/app/internal/clicks"
	"github.com/slipway-iac/slipway/app/internal/config"
	"github.com/slipway-iac/slipway/app/internal/health"
	"github.com/slipway-iac/slipway/app/internal/resolve"
	"github.com/slipway-iac/slipway/app/internal/store"
	"github.com/slipway-iac/slipway/app/internal/telemetry"
	"github.com/slipway-iac/slipway/app/internal/web"
)

// app is everything that runs in one instance.
type app struct {
	conf     config.Config
	log      *slog.Logger
	store    *store.Store
	remote   *cache.Remote // nil without a cache
	resolver *resolve.Resolver
	clicks   *clicks.Counter
	web      *web.Server
}

// serve runs until ctx ends, then drains: not ready, a while of serving on, no new requests, the last clicks.
func serve(ctx context.Context, conf config.Config, log *slog.Logger) error {
	tuneMemory(log)
	stopTracing, err := telemetry.StartTracing(ctx, conf.OTLPEndpoint != "", conf.Version, conf.Slot)
	if err != nil {
		return err
	}
	// Not a child of ctx: what runs behind the requests is needed until the last of them, and the last click, is done.
	behind, stop := context.WithCancel(context.WithoutCancel(ctx))
	a, err := assemble(behind, conf, log)
	if err != nil {
		stop()
		return err
	}
	var wg sync.WaitGroup
	a.start(behind, &wg)
	serveErr := a.listen(ctx)

	last, cancel := context.WithTimeout(behind, conf.ShutdownTimeout)
	defer cancel()
	clickErr := a.clicks.Drain(last)
	traceErr := stopTracing(last)
	stop()
	a.close(&wg)
	if err := errors.Join(serveErr, clickErr); err != nil {
		return err
	}
	if traceErr != nil { // spans may get lost, requests and clicks were not
		log.Warn("last spans could not be sent", "error", traceErr.Error())
	}
	log.Info("stopped", "clicks_stored", a.clicks.Stored())
	return nil
}

// closing is how long the work behind the requests and the connections may take to end. All that counts is stored by then.
const closing = 2 * time.Second

// close ends connections when what uses them has ended, but does not wait for one that hangs: a kill would follow.
func (a *app) close(behind *sync.WaitGroup) {
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		behind.Wait()
		if a.remote != nil {
			_ = a.remote.Close()
		}
		a.store.Close()
	}()
	select {
	case <-closed:
	case <-time.After(closing):
		a.log.Warn("connections did not close in time", "after", closing.String())
	}
}

// assemble builds the instance without waiting for anything outside it.
func assemble(ctx context.Context, conf config.Config, log *slog.Logger) (*app, error) {
	metrics := telemetry.NewMetrics(conf.Version, conf.Slot)
	tracing := conf.OTLPEndpoint != ""
	db, err := store.Open(ctx, store.Options{URL: conf.DatabaseURL, Roots: conf.DatabaseCA, Size: conf.DatabasePool,
		Tracing: tracing, Observe: func(query string, d time.Duration, err error) { metrics.Query(query, d, store.Outage(err)) }})
	if err != nil {
		return nil, err
	}
	db.Health = health.New("database", log, db.Ping)
	a := &app{conf: conf, log: log, store: db, clicks: clicks.New(db, log)}
	if a.resolver, err = resolve.New(db, conf.LocalEntries, metrics.Lookups()); err != nil {
		return nil, fmt.Errorf("preparing the in-process cache: %w", err)
	}
	options := web.Options{Store: db, Resolver: a.resolver, Clicks: a.clicks, Database: db.Health, Metrics: metrics, Log: log,
		TrustedProxies: conf.TrustedProxies, ClientHeader: conf.ClientHeader, RateLimitRPS: conf.RateLimitRPS, RateLimitBurst: conf.RateLimitBurst,
		Version: conf.Version, Slot: conf.Slot, Tracing: tracing}
	if conf.CacheURL != "" {
		a.remote, err = cache.Open(cache.Options{URL: conf.CacheURL, Roots: conf.CacheCA, AnyName: conf.CacheAnyName, Tracing: tracing, Log: log,
			Changed: a.resolver.Forget})
		if err != nil {
			return nil, err
		}
		a.resolver.Use(a.remote)
		options.Cache = a.remote.Health
		metrics.Up("cache", a.remote.Health.Up)
		metrics.Gauge("links_cache_pool_connections", "Connections to the shared cache.", nil,
			func() float64 { return float64(a.remote.PoolStats().TotalConns) })
	}
	metrics.Up("database", db.Health.Up)
	metrics.Pool(db.Pool.Stat)
	metrics.Gauge("links_clicks_pending", "Clicks that the database has not confirmed yet.", nil,
		func() float64 { return float64(a.clicks.Pending()) })
	metrics.Counter("links_clicks_stored_total", "Clicks that the database has confirmed.",
		func() float64 { return float64(a.clicks.Stored()) })
	metrics.Counter("links_clicks_dropped_total", "Clicks given up for want of memory.",
		func() float64 { return float64(a.clicks.Dropped()) })
	a.web, err = web.New(options)
	return a, err
}

// start begins what runs behind the requests. Each dependency is asked once first, so that the first answer of
// /readyz is true.
func (a *app) start(ctx context.Context, wg *sync.WaitGroup) {
	dependencies := []*health.Dependency{a.store.Health}
	if a.remote != nil {
		dependencies = append(dependencies, a.remote.Health)
		wg.Go(func() { a.remote.Listen(ctx) })
	}
	var first sync.WaitGroup
	for _, d := range dependencies {
		first.Go(func() { d.Check(ctx) })
	}
	first.Wait()
	for _, d := range dependencies {
		wg.Go(func() { d.Run(ctx) })
	}
	wg.Go(func() { a.clicks.Run(ctx, a.conf.ClickFlush) })
	wg.Go(func() { a.profile(ctx) })
}

// listen serves the public port until ctx ends and then drains it.
func (a *app) listen(ctx context.Context) error {
	srv := &http.Server{
		Handler:           a.web,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute, // longer than proxies keep idle connections, so that it is they who close them
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", ":"+strconv.Itoa(a.conf.Port))
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	a.log.Info("serving", "address", l.Addr().String(), "goversion", runtime.Version(), "procs", runtime.GOMAXPROCS(0))
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
	}
	a.log.Info("draining", "delay", a.conf.DrainDelay.String())
	a.web.Drain()
	time.Sleep(a.conf.DrainDelay) // the proxy needs this long to see /readyz fail; until then it still sends requests
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.conf.ShutdownTimeout)
	defer cancel()
	if err := srv.Shutdown(end); err != nil {
		_ = srv.Close()
		return fmt.Errorf("requests were still running after %s: %w", a.conf.ShutdownTimeout, err)
	}
	return nil
}

// profile serves pprof on a loopback address. A taken port is no reason not to serve links.
func (a *app) profile(ctx context.Context) {
	if a.conf.PprofAddr == "" {
		return
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	srv := &http.Server{Addr: a.conf.PprofAddr, Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	defer context.AfterFunc(ctx, func() { _ = srv.Close() })()
	if err := srv.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		a.log.Warn("no profiles", "error", err.Error())
	}
}

// tuneMemory keeps the heap under the container's limit: the collector works harder near it, instead of the kernel
// killing the process; and since the limit guards, it may work less often below. GOMEMLIMIT and GOGC win if set.
func tuneMemory(log *slog.Logger) {
	limit, err := memlimit.Set(memlimit.WithRatio(0.9), memlimit.WithProvider(memlimit.FromCgroup))
	if err != nil || limit == math.MaxInt64 {
		log.Debug("no memory limit found", "error", fmt.Sprint(err))
		return
	}
	if was := debug.SetGCPercent(200); was != 100 {
		debug.SetGCPercent(was) // GOGC was set: leave the choice with the operator
	}
	log.Info("memory limit", "gomemlimit_bytes", limit)
}

// Package cache is the shared cache (Redis or Valkey) between the instances' memory and the database, and the channel
// by which one instance tells the others that a link changed.
package cache

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/extra/redisotel/v9"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/slipway-iac/slipway/app/internal/health"
)

// Entry is what is known of a slug: its target, or (empty) that its link was deleted not long ago.
type Entry struct{ URL string }

const (
	prefix     = "links:v1:"
	channel    = "links:changed"
	keepLink   = 5 * time.Minute
	keepAbsent = 30 * time.Second // how long a deletion bars late fills: far longer than any read can take
	keepLate   = 5 * time.Second  // as long as that bars them when it is told late: longer than a load may take
	opTimeout  = 250 * time.Millisecond
	heartbeat  = 200 * time.Millisecond
	silence    = 700 * time.Millisecond // without a word for this long, changes may have been missed
	maxUntold  = 10_000
	created    = "+" // what the channel carries: one of these two and the slug
	deleted    = "-"
)

// Options say how to reach the cache.
type Options struct {
	URL     string
	Roots   *x509.CertPool // nil means the system's
	AnyName bool           // Roots sign for this one server, whose certificate may have any name
	Tracing bool           // a span per command
	Log     *slog.Logger
	// Changed is called with each slug that any instance created or (gone) deleted.
	Changed func(slug string, gone bool)
}

// Remote is the shared cache. Its errors never reach a caller of the app: the database answers instead.
type Remote struct {
	Health  *health.Dependency
	client  *redis.Client
	log     *slog.Logger
	changed func(slug string, gone bool)

	base  time.Time    // the clock of the two below, which must not jump with the wall clock
	heard atomic.Int64 // when the channel last said anything; 0 while it is broken
	since atomic.Int64 // when the subscription began

	mu     sync.Mutex
	untold map[string]*change // by slug
}

// Quiet ends the client library's own lines on stderr, which aren't JSON and repeat what Health logs. It sets a variable
// of that library without a lock: call it once, before anything else.
func Quiet() { logging.Disable() }

// checkChainOnly trusts whoever shows a certificate that the roots have signed. Go's own check is off since it includes the name.
func checkChainOnly(t *tls.Config, roots *x509.CertPool) {
	t.InsecureSkipVerify = true
	t.VerifyConnection = func(s tls.ConnectionState) error {
		options := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool()}
		for _, c := range s.PeerCertificates[1:] {
			options.Intermediates.AddCert(c)
		}
		_, err := s.PeerCertificates[0].Verify(options)
		return err
	}
}

// Open prepares the client. It doesn't connect: the app starts while its cache is down.
func Open(o Options) (*Remote, error) {
	conf, err := redis.ParseURL(o.URL)
	if err != nil {
		return nil, errors.New("CACHE_URL: is not a usable redis:// or rediss:// URL") // err may repeat the password
	}
	if conf.TLSConfig != nil && o.Roots != nil {
		conf.TLSConfig.RootCAs = o.Roots
		if o.AnyName {
			checkChainOnly(conf.TLSConfig, o.Roots)
		}
	}
	conf.ClientName = "links"
	conf.DisableIdentity = true
	conf.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	conf.DialTimeout = 2 * opTimeout
	conf.ReadTimeout, conf.WriteTimeout, conf.PoolTimeout = opTimeout, opTimeout, opTimeout
	conf.ContextTimeoutEnabled = true
	conf.MaxRetries = -1 // the database is the retry
	conf.DialerRetries = 1
	conf.PoolSize = 20
	client := redis.NewClient(conf)
	if o.Tracing {
		if err := redisotel.InstrumentTracing(client, redisotel.WithDBStatement(false)); err != nil {
			return nil, fmt.Errorf("tracing the cache: %w", err)
		}
	}
	r := &Remote{client: client, log: o.Log, changed: o.Changed, base: time.Now(), untold: map[string]*change{}}
	r.Health = health.New("cache", o.Log, func(ctx context.Context) error { return client.Ping(ctx).Err() })
	r.Health.Settle = r.retell
	return r, nil
}

// Close closes every connection.
func (r *Remote) Close() error { return r.client.Close() }

// PoolStats returns the counters of the connection pool.
func (r *Remote) PoolStats() *redis.PoolStats { return r.client.PoolStats() }

func (r *Remote) do(ctx context.Context, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, 2*opTimeout)
	defer cancel()
	return r.Health.Do(func() error { return f(ctx) }, func(err error) bool {
		return !errors.Is(err, redis.Nil) && !errors.Is(err, context.Canceled)
	})
}

// Get returns what the cache knows of slug. An error means that it couldn't be asked.
func (r *Remote) Get(ctx context.Context, slug string) (e Entry, found bool, err error) {
	var value string
	err = r.do(ctx, func(ctx context.Context) (err error) {
		value, err = r.client.Get(ctx, prefix+slug).Result()
		return err
	})
	if errors.Is(err, redis.Nil) {
		return e, false, nil
	}
	if err != nil {
		return e, false, err
	}
	return Entry{URL: value}, true, nil
}

// Fill remembers what a reader found in the database, unless the cache knows already: a reader that was overtaken by a
// change must not bring the old answer back.
func (r *Remote) Fill(ctx context.Context, slug string, e Entry) {
	_ = r.do(ctx, func(ctx context.Context) error {
		return r.client.SetArgs(ctx, prefix+slug, e.URL, redis.SetArgs{Mode: "NX", TTL: e.keep()}).Err()
	})
}

func (e Entry) keep() time.Duration {
	if e.URL == "" {
		return keepAbsent
	}
	return keepLink
}

func (e Entry) sign() string {
	if e.URL == "" {
		return deleted
	}
	return created
}

// Now is the time on the clock that Since uses.
func (r *Remote) Now() time.Duration { return time.Since(r.base) }

// Since returns from when on no change has been missed, or false while changes may be missed.
func (r *Remote) Since() (time.Duration, bool) {
	heard := time.Duration(r.heard.Load())
	return time.Duration(r.since.Load()), heard != 0 && r.Now()-heard < silence
}

// Listen hands changes on until ctx ends, subscribing again whenever the connection breaks or falls silent.
func (r *Remote) Listen(ctx context.Context) {
	for ctx.Err() == nil {
		err := r.listen(ctx)
		r.heard.Store(0)
		if ctx.Err() == nil {
			r.log.Debug("subscription to changes ended", "error", err.Error())
			select {
			case <-ctx.Done():
			case <-time.After(heartbeat):
			}
		}
	}
}

func (r *Remote) listen(ctx context.Context) error {
	sub := r.client.Subscribe(ctx, channel)
	defer func() { _ = sub.Close() }()
	last := r.Now()
	for {
		msg, err := sub.ReceiveTimeout(ctx, heartbeat)
		if err != nil {
			var timeout interface{ Timeout() bool }
			quiet := errors.As(err, &timeout) && timeout.Timeout() && ctx.Err() == nil
			if !quiet || r.Now()-last > silence {
				return err
			}
			if err := sub.Ping(ctx); err != nil {
				return err
			}
			continue
		}
		last = r.Now()
		switch m := msg.(type) {
		case *redis.Subscription: // also after the client reconnected by itself, when messages may have been lost
			r.since.Store(int64(last))
		case *redis.Message:
			if slug, ok := strings.CutPrefix(m.Payload, created); ok {
				r.changed(slug, false)
			} else {
				r.changed(strings.TrimPrefix(m.Payload, deleted), true)
			}
		}
		r.heard.Store(int64(last))
	}
}

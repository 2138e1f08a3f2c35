// Package store keeps links in PostgreSQL.
package store

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/exaring/otelpgx"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/slipway-iac/slipway/app/internal/health"
	"github.com/slipway-iac/slipway/app/internal/links"
)

// How long one query may take with its wait for a connection. A read gives up early, since the caller can do without; a write is
// worth waiting for: a busy disk can hold a commit up for a second or more. The server stops a statement a little earlier itself.
const (
	readTimeout  = 1500 * time.Millisecond
	writeTimeout = 5 * time.Second
)

// connectTimeout is less than a write waits, so that its error says what hung. A read gives up before; the connection is made all the
// same, for the next one. Three seconds have been too short on a starved machine.
const connectTimeout = 4 * time.Second

// Options say how to reach the database.
type Options struct {
	URL     string         // complete, with sslmode
	Roots   *x509.CertPool // nil means the system's
	Size    int            // most connections
	Tracing bool           // a span per query
	// Observe, if set, is told of each query's name, duration and error.
	Observe func(query string, d time.Duration, err error)
}

// Store is a connection pool with a circuit breaker in front of it.
type Store struct {
	Pool    *pgxpool.Pool
	Health  *health.Dependency // set by the owner, whose probe is Ping
	observe func(string, time.Duration, error)
}

// Open prepares the pool. It doesn't connect: the app starts while its database is down.
func Open(ctx context.Context, o Options) (*Store, error) {
	conf, err := pgxpool.ParseConfig(o.URL)
	if err != nil {
		return nil, hideDSN(err)
	}
	trust(&conf.ConnConfig.Config, o.Roots)
	conf.MaxConns = int32(min(o.Size, 1000)) // #nosec G115 -- bounded here
	// Some are ready before a burst, in which a new one takes longest: it needs TLS, a login and a process of the server.
	conf.MinConns = (conf.MaxConns + 2) / 3
	conf.MinIdleConns = 1
	conf.MaxConnLifetime = 30 * time.Minute // so that a database that moved (failover, DNS) is found again
	conf.MaxConnLifetimeJitter = 5 * time.Minute
	conf.MaxConnIdleTime = 5 * time.Minute
	conf.HealthCheckPeriod = 15 * time.Second
	conf.ConnConfig.ConnectTimeout = connectTimeout
	for key, value := range map[string]string{ // milliseconds
		"application_name": "links", "statement_timeout": "4900", "lock_timeout": "1000",
		"idle_in_transaction_session_timeout": "5000",
	} {
		conf.ConnConfig.RuntimeParams[key] = value
	}
	if o.Tracing {
		conf.ConnConfig.Tracer = otelpgx.NewTracer()
	}
	pool, err := pgxpool.NewWithConfig(ctx, conf)
	if err != nil {
		return nil, hideDSN(err)
	}
	observe := o.Observe
	if observe == nil {
		observe = func(string, time.Duration, error) {}
	}
	return &Store{Pool: pool, observe: observe}, nil
}

// trust sets the roots on every address that the URL names, keeping each one's server name.
func trust(c *pgconn.Config, roots *x509.CertPool) {
	if roots == nil {
		return
	}
	if c.TLSConfig != nil {
		c.TLSConfig.RootCAs = roots
	}
	for _, f := range c.Fallbacks {
		if f.TLSConfig != nil {
			f.TLSConfig.RootCAs = roots
		}
	}
}

// hideDSN drops what pgx says about a URL it can't parse down to its reason: the text around it repeats the URL.
func hideDSN(err error) error {
	text := err.Error()
	if i := strings.LastIndex(text, "`: "); i >= 0 {
		text = text[i+3:]
	}
	return fmt.Errorf("DATABASE_URL: %s", text)
}

// Ping asks the database for one round trip.
func (s *Store) Ping(ctx context.Context) error { return s.Pool.Ping(ctx) }

// Close waits for queries under way and closes every connection.
func (s *Store) Close() { s.Pool.Close() }

func (s *Store) query(ctx context.Context, name string, limit time.Duration, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := s.Health.Do(func() error {
		start := time.Now()
		err := f(ctx)
		s.observe(name, time.Since(start), err)
		return err
	}, Outage)
	if errors.Is(err, health.ErrDown) || Outage(err) {
		return fmt.Errorf("%w: %w", links.ErrUnavailable, err)
	}
	return err
}

// Outage says whether err means that the database can't be asked, and not that it answered with a refusal.
func Outage(err error) bool {
	switch {
	case err == nil, errors.Is(err, pgx.ErrNoRows), errors.Is(err, links.ErrTaken), errors.Is(err, links.ErrNotFound):
		return false
	case errors.Is(err, context.Canceled): // the caller went away
		return false
	}
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		switch refused.Code[:min(2, len(refused.Code))] {
		case "08", "28", "3D", "53", "57", "58", "XX": // connection, login, resources, shutdown or timeout, system, internal
			return true
		}
		return false
	}
	return true
}

// Get returns one link, links.ErrNotFound or links.ErrUnavailable.
func (s *Store) Get(ctx context.Context, slug string) (l links.Link, err error) {
	err = s.query(ctx, "get", readTimeout, func(ctx context.Context) error {
		return s.Pool.QueryRow(ctx, `SELECT id, slug, url, clicks, created_at FROM links WHERE slug = $1`, slug).
			Scan(&l.ID, &l.Slug, &l.URL, &l.Clicks, &l.Created)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return l, links.ErrNotFound
	}
	return l, err
}

// Create stores a link, or returns links.ErrTaken.
func (s *Store) Create(ctx context.Context, slug, target string) (l links.Link, err error) {
	err = s.query(ctx, "create", writeTimeout, func(ctx context.Context) error {
		return s.Pool.QueryRow(ctx, `INSERT INTO links (slug, url) VALUES ($1, $2) ON CONFLICT (slug) DO NOTHING
			RETURNING id, slug, url, clicks, created_at`, slug, target).
			Scan(&l.ID, &l.Slug, &l.URL, &l.Clicks, &l.Created)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return l, links.ErrTaken
	}
	return l, err
}

// Delete removes a link, or returns links.ErrNotFound.
func (s *Store) Delete(ctx context.Context, slug string) error {
	return s.query(ctx, "delete", writeTimeout, func(ctx context.Context) error {
		tag, err := s.Pool.Exec(ctx, `DELETE FROM links WHERE slug = $1`, slug)
		if err == nil && tag.RowsAffected() == 0 {
			return links.ErrNotFound
		}
		return err
	})
}

// List returns up to limit links older than the one with id before (0: from the newest), newest first.
func (s *Store) List(ctx context.Context, before int64, limit int) (page []links.Link, err error) {
	if before == 0 {
		before = math.MaxInt64 // an OR in the condition would keep the index from finding where the page starts
	}
	err = s.query(ctx, "list", readTimeout, func(ctx context.Context) error {
		rows, err := s.Pool.Query(ctx, `SELECT id, slug, url, clicks, created_at FROM links
			WHERE id < $1 ORDER BY id DESC LIMIT $2`, before, limit)
		if err != nil {
			return err
		}
		page, err = pgx.CollectRows(rows, pgx.RowToStructByPos[links.Link])
		return err
	})
	return page, err
}

// AddClicks adds one batch, all or nothing. Sending a batch again under the same id adds nothing: a commit whose
// confirmation was lost is safe to repeat. Clicks of links that were deleted meanwhile are dropped.
func (s *Store) AddClicks(ctx context.Context, id string, slugs []string, counts []int64) error {
	return s.query(ctx, "clicks", writeTimeout, func(ctx context.Context) error {
		return pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
			// Nobody waits for it, and two instances that count the same links do wait for each other.
			if _, err := tx.Exec(ctx, `SET LOCAL lock_timeout = '4s'`); err != nil {
				return err
			}
			tag, err := tx.Exec(ctx, `INSERT INTO click_batches (id) VALUES ($1) ON CONFLICT DO NOTHING`, id)
			if err != nil || tag.RowsAffected() == 0 {
				return err
			}
			// Rows are locked in one order: two instances that count the same links must not wait for each other in a ring.
			_, err = tx.Exec(ctx, `UPDATE links SET clicks = clicks + batch.n FROM (
					SELECT l.id, b.n FROM unnest($1::text[], $2::bigint[]) AS b (slug, n) JOIN links l USING (slug)
					ORDER BY l.id FOR UPDATE OF l) batch
				WHERE links.id = batch.id`, slugs, counts)
			if err != nil {
				return err
			}
			_, err = tx.Exec(ctx, `DELETE FROM click_batches WHERE added_at < now() - interval '1 day'`)
			return err
		})
	})
}

package store

import (
	"context"
	"crypto/x509"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrate brings the schema up to date, under an advisory lock: of two instances that start together one does the
// work and the other waits, then finds nothing to do. It waits at most wait for the database to answer, and returns
// the last answer as the error otherwise.
func Migrate(ctx context.Context, dsn string, roots *x509.CertPool, wait time.Duration, log *slog.Logger) error {
	conf, err := pgx.ParseConfig(dsn)
	if err != nil {
		return hideDSN(err)
	}
	trust(&conf.Config, roots)
	conf.ConnectTimeout = 3 * time.Second
	conf.RuntimeParams["application_name"] = "links-migrate"
	conf.RuntimeParams["lock_timeout"] = "30000" // ms: a migration must not queue all traffic behind itself for ever
	db := stdlib.OpenDB(*conf)
	defer func() { _ = db.Close() }()
	if err := awaitDatabase(ctx, db, wait, log); err != nil {
		return err
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("reading migrations: %w", err)
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 120))
	if err != nil {
		return fmt.Errorf("preparing the migration lock: %w", err)
	}
	m, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithSessionLocker(locker))
	if err != nil {
		return fmt.Errorf("preparing migrations: %w", err)
	}
	done, err := m.Up(ctx)
	if err != nil {
		return fmt.Errorf("migrating: %w", err)
	}
	for _, r := range done {
		log.Info("migration applied", "version", r.Source.Version, "file", r.Source.Path, "duration_ms", r.Duration.Milliseconds())
	}
	log.Info("schema is up to date", "applied", len(done))
	return nil
}

func awaitDatabase(ctx context.Context, db *sql.DB, wait time.Duration, log *slog.Logger) error {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	for {
		err := db.PingContext(ctx)
		if err == nil {
			return nil
		}
		// Wrong password or no such database won't heal by waiting, but both happen while a database is being set up.
		log.Info("waiting for the database", "error", err.Error())
		select {
		case <-ctx.Done():
			return fmt.Errorf("database did not answer within %s: %w", wait, errors.Join(err))
		case <-time.After(500 * time.Millisecond):
		}
	}
}

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
	"math"
	"time"

	"github.com/golang-migrate/migrate/v4"
	"github.com/golang-migrate/migrate/v4/database"
	driver "github.com/golang-migrate/migrate/v4/database/pgx/v5"
	"github.com/golang-migrate/migrate/v4/source"
	"github.com/golang-migrate/migrate/v4/source/iofs"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

//go:embed migrations/*.sql
var migrations embed.FS

// lockWait is how long an instance waits for another one that is migrating.
const lockWait = 2 * time.Minute

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
	conf.RuntimeParams["lock_timeout"] = fmt.Sprint(lockWait.Milliseconds())
	conf.RuntimeParams["statement_timeout"] = "0" // the role's own is for requests; waiting for the lock is a statement too
	db := stdlib.OpenDB(*conf)
	defer func() { _ = db.Close() }()
	if err := awaitDatabase(ctx, db, wait, log); err != nil {
		return err
	}
	files, err := iofs.New(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("reading migrations: %w", err)
	}
	into, err := driver.WithInstance(db, &driver.Config{})
	if err != nil {
		return fmt.Errorf("preparing the table of migrations: %w", err)
	}
	m, err := migrate.NewWithInstance("embedded", files, "links", into)
	if err != nil {
		return fmt.Errorf("preparing migrations: %w", err)
	}
	defer func() { _, _ = m.Close() }()
	m.LockTimeout = lockWait
	defer context.AfterFunc(ctx, func() { m.GracefulStop <- true })() // between two files, never inside one
	if err := upgrade(m, files, log); err != nil {
		return err
	}
	version, _, err := m.Version()
	if err != nil {
		return fmt.Errorf("reading the schema's version: %w", err)
	}
	log.Info("schema is up to date", "schema", version)
	return nil
}

func upgrade(m *migrate.Migrate, files source.Driver, log *slog.Logger) error {
	err := m.Up()
	var dirty migrate.ErrDirty
	if errors.As(err, &dirty) {
		// An earlier run ended inside this file, before or after its commit. Files can be run twice, so do.
		log.Warn("running an interrupted migration again", "schema", dirty.Version)
		last, err := lastBefore(files, dirty.Version)
		if err != nil {
			return fmt.Errorf("reading migrations: %w", err)
		}
		if err := m.Force(last); err != nil {
			return fmt.Errorf("clearing an interrupted migration: %w", err)
		}
		return settled(m.Up())
	}
	if errors.Is(err, fs.ErrNotExist) && newer(m, files) {
		// A later version of the app is on its way in, or was here. Its schema suits this version too, which still has to start.
		log.Warn("the schema is newer than this version of the app: nothing is migrated")
		return nil
	}
	return settled(err)
}

// newer says whether the database has a version that is later than all that this program knows.
func newer(m *migrate.Migrate, files source.Driver) bool {
	version, _, err := m.Version()
	if err != nil {
		return false
	}
	last, err := lastBefore(files, math.MaxInt)
	return err == nil && int(version) > last
}

// lastBefore returns the version of the last migration before a given one. Numbers may have gaps, and the given one may be gone:
// its file was taken out because it had failed.
func lastBefore(files source.Driver, version int) (int, error) {
	last := database.NilVersion
	next, err := files.First()
	for err == nil && int(next) < version {
		last = int(next)
		next, err = files.Next(next)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	return last, nil
}

func settled(err error) error {
	if err != nil && !errors.Is(err, migrate.ErrNoChange) {
		return fmt.Errorf("migrating: %w", err)
	}
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
			return fmt.Errorf("database did not answer within %s: %w", wait, err)
		case <-time.After(500 * time.Millisecond):
		}
	}
}

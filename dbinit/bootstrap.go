package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

var (
	errUnreachable = errors.New("the database did not answer in time")
	errLogin       = errors.New("the database refused the login")
)

// lockKey is the advisory lock of all dbinit runs in one master database: "slipway" in ASCII.
const lockKey = 0x736c6970776179

// bootstrap does everything, under one lock: a second dbinit waits for the first.
func bootstrap(ctx context.Context, c config, log *slog.Logger) error {
	ctx, cancel := context.WithTimeout(ctx, c.wait+2*time.Minute)
	defer cancel()
	master, err := connect(ctx, c.master, c.wait, log)
	if err != nil {
		return err
	}
	defer master.Close(context.WithoutCancel(ctx))
	if _, err := master.Exec(ctx, "SET lock_timeout = '60s'"); err != nil {
		return fmt.Errorf("bounding the wait for the lock: %w", err)
	}
	if _, err := master.Exec(ctx, "SELECT pg_advisory_lock($1)", int64(lockKey)); err != nil {
		return fmt.Errorf("waiting for another dbinit: %w", err)
	}
	if err := ensureDatabase(ctx, master, c.app.database, log); err != nil {
		return err
	}
	for _, r := range c.roles() {
		if err := ensureRole(ctx, master, r, log); err != nil {
			return err
		}
	}
	return grant(ctx, c, log)
}

func (c config) roles() []role {
	if c.monitor == nil {
		return []role{c.app}
	}
	return []role{c.app, *c.monitor}
}

// connect tries until the server lets us in, the wait is over, or the answer can't change by waiting.
func connect(ctx context.Context, c *pgx.ConnConfig, wait time.Duration, log *slog.Logger) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	for try := 1; ; try++ {
		conn, err := pgx.ConnectConfig(ctx, c)
		if err == nil {
			return conn, nil
		}
		if final(err) {
			return nil, fmt.Errorf("%w: %w", errLogin, err)
		}
		if try == 1 || try%10 == 0 {
			log.Info("waiting for the database", "try", try, "reason", err.Error())
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%w (%s): %w", errUnreachable, wait, err)
		case <-time.After(min(time.Duration(try)*200*time.Millisecond, 2*time.Second)):
		}
	}
}

// final reports a wrong password, a missing right or database, or an untrusted certificate.
func final(err error) bool {
	var certificate *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	if errors.As(err, &certificate) || errors.As(err, &unknown) {
		return true
	}
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (strings.HasPrefix(pg.Code, "28") || pg.Code == "3D000" || pg.Code == "42501")
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }

func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// ensureDatabase creates the database if it is absent. What exists is left as it is, whoever owns it.
func ensureDatabase(ctx context.Context, conn *pgx.Conn, name string, log *slog.Logger) error {
	var exists bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&exists); err != nil {
		return fmt.Errorf("looking for database %s: %w", name, err)
	}
	if exists {
		return nil
	}
	if _, err := conn.Exec(ctx, "CREATE DATABASE "+quote(name)); err != nil {
		return fmt.Errorf("creating database %s: %w", name, err)
	}
	log.Info("database created")
	return nil
}

// attributes are the rights that no role of ours has, with their column in pg_roles.
var attributes = []struct{ column, keyword string }{
	{"rolsuper", "NOSUPERUSER"},
	{"rolcreatedb", "NOCREATEDB"},
	{"rolcreaterole", "NOCREATEROLE"},
	{"rolreplication", "NOREPLICATION"},
	{"rolbypassrls", "NOBYPASSRLS"},
}

// ensureRole creates or updates a login. A managed service's master is no superuser and may not even state NOSUPERUSER
// about a role that exists, so an update names only the attributes that differ.
func ensureRole(ctx context.Context, conn *pgx.Conn, r role, log *slog.Logger) error {
	verifier, err := scramVerifier(r.password)
	if err != nil {
		return err
	}
	clause, verb := "", "CREATE"
	for _, a := range attributes {
		clause += " " + a.keyword
	}
	has := make([]bool, len(attributes))
	targets := make([]any, len(attributes))
	columns := make([]string, len(attributes))
	for i, a := range attributes {
		targets[i], columns[i] = &has[i], a.column
	}
	err = conn.QueryRow(ctx, "SELECT "+strings.Join(columns, ", ")+" FROM pg_roles WHERE rolname = $1", r.name).Scan(targets...)
	switch {
	case err == nil:
		verb, clause = "ALTER", ""
		for i, a := range attributes {
			if has[i] {
				clause += " " + a.keyword
			}
		}
	case !errors.Is(err, pgx.ErrNoRows):
		return fmt.Errorf("looking for role %s: %w", r.name, err)
	}
	statements := []string{
		fmt.Sprintf("%s ROLE %s WITH LOGIN%s CONNECTION LIMIT %d PASSWORD %s", verb, quote(r.name), clause, r.connections, literal(verifier)),
		fmt.Sprintf("ALTER ROLE %s SET statement_timeout = %d", quote(r.name), r.statementTimeout.Milliseconds()),
		fmt.Sprintf("ALTER ROLE %s SET idle_in_transaction_session_timeout = %d", quote(r.name), time.Minute.Milliseconds()),
	}
	if r.monitors {
		statements = append(statements, "GRANT pg_monitor TO "+quote(r.name))
	}
	if err := execAll(ctx, conn, statements); err != nil {
		return fmt.Errorf("%s role %s: %w", map[string]string{"CREATE": "creating", "ALTER": "updating"}[verb], r.name, err)
	}
	log.Info("role is in place", "name", r.name, "created", verb == "CREATE")
	return nil
}

// grant closes the app's database to everyone and opens it to our roles. It works inside that database, since the schema
// public is each database's own.
func grant(ctx context.Context, c config, log *slog.Logger) error {
	inside := c.master.Copy()
	inside.Database = c.app.database
	conn, err := connect(ctx, inside, 30*time.Second, log)
	if err != nil {
		return fmt.Errorf("connecting to the app's database: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))

	database := quote(c.app.database)
	statements := []string{
		"REVOKE ALL ON DATABASE " + database + " FROM PUBLIC",
		"REVOKE ALL ON SCHEMA public FROM PUBLIC",
		fmt.Sprintf("GRANT CONNECT, TEMPORARY ON DATABASE %s TO %s", database, quote(c.app.name)),
		"GRANT USAGE, CREATE ON SCHEMA public TO " + quote(c.app.name),
	}
	if c.monitor != nil {
		statements = append(statements, fmt.Sprintf("GRANT CONNECT ON DATABASE %s TO %s", database, quote(c.monitor.name)),
			"GRANT USAGE ON SCHEMA public TO "+quote(c.monitor.name))
	}
	if err := execAll(ctx, conn, statements); err != nil {
		return fmt.Errorf("granting rights in database %s: %w", c.app.database, err)
	}
	if c.monitor != nil {
		// Statement statistics are welcome, not needed: some services offer the extension only after a parameter change.
		if _, err := conn.Exec(ctx, "CREATE EXTENSION IF NOT EXISTS pg_stat_statements"); err != nil {
			log.Warn("no statement statistics", "error", err.Error())
		}
	}
	return nil
}

// execAll runs the statements in one transaction. Its error names the statement by number: the text can hold a verifier.
func execAll(ctx context.Context, conn *pgx.Conn, statements []string) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		for i, s := range statements {
			if _, err := tx.Exec(ctx, s); err != nil {
				return fmt.Errorf("statement %d of %d: %w", i+1, len(statements), err)
			}
		}
		return nil
	})
}

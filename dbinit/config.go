package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// config is the checked environment.
type config struct {
	master  *pgx.ConnConfig
	app     role
	monitor *role
	wait    time.Duration
}

// role is a login to make, with its limits. A zero statementTimeout sets none.
type role struct {
	name, password, database string
	connections              int
	statementTimeout         time.Duration
	// monitors gives the role pg_monitor instead of rights on the app's objects.
	monitors bool
}

var identifier = regexp.MustCompile(`^[a-z_][a-z0-9_-]{0,62}$`)

// environment collects every mistake while reading.
type environment struct {
	getenv   func(string) string
	readFile func(string) ([]byte, error)
	errs     []error
}

func (e *environment) fail(format string, args ...any) {
	e.errs = append(e.errs, fmt.Errorf(format, args...))
}

// secret reads NAME, or the file that NAME_FILE names, without its last line break.
func (e *environment) secret(name string) string {
	value, path := e.getenv(name), e.getenv(name+"_FILE")
	if path == "" {
		return value
	}
	if value != "" {
		e.fail("%s and %s_FILE are both set: only one may be", name, name)
		return value
	}
	raw, err := e.readFile(path)
	if err != nil {
		e.fail("%s_FILE: %w", name, err)
	}
	return strings.TrimRight(string(raw), "\r\n")
}

func (e *environment) identifier(name string) string {
	v := e.getenv(name)
	switch {
	case v == "":
		e.fail("%s is missing", name)
	case !identifier.MatchString(v):
		e.fail("%s %q must be 1 to 63 lower-case letters, digits, _ or -, not beginning with a digit or -", name, v)
	case strings.HasPrefix(v, "pg_"):
		e.fail("%s %q: names beginning with pg_ belong to PostgreSQL", name, v)
	}
	return v
}

func (e *environment) password(name string) string {
	v := e.secret(name)
	if len(v) < 8 {
		e.fail("%s is missing or shorter than 8 characters", name)
	}
	if strings.ContainsFunc(v, func(r rune) bool { return r < ' ' || r > '~' }) {
		e.fail("%s may hold printable ASCII only", name)
	}
	return v
}

func (e *environment) number(name string, def, low, high int) int {
	v := e.getenv(name)
	if v == "" {
		return def
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < low || n > high {
		e.fail("%s %q must be a number from %d to %d", name, v, low, high)
	}
	return n
}

func (e *environment) duration(name string, def, low, high time.Duration) time.Duration {
	v := e.getenv(name)
	if v == "" {
		return def
	}
	d, err := time.ParseDuration(v)
	if err != nil || d < low || d > high {
		e.fail("%s %q must be a duration from %s to %s, like 30s", name, v, low, high)
	}
	return d
}

// loadConfig reads and checks the whole environment; its error lists everything that is wrong and no secret.
func loadConfig(getenv func(string) string, readFile func(string) ([]byte, error)) (config, error) {
	e := &environment{getenv: getenv, readFile: readFile}
	c := config{
		app: role{
			name:             e.identifier("APP_ROLE"),
			password:         e.password("APP_PASSWORD"),
			database:         e.identifier("APP_DATABASE"),
			connections:      e.number("APP_CONNECTION_LIMIT", 80, 1, 10000),
			statementTimeout: e.duration("APP_STATEMENT_TIMEOUT", 30*time.Second, time.Second, time.Hour),
		},
		wait: e.duration("WAIT", 2*time.Minute, time.Second, time.Hour),
	}
	if getenv("MONITOR_ROLE") != "" {
		c.monitor = &role{
			name: e.identifier("MONITOR_ROLE"), password: e.password("MONITOR_PASSWORD"),
			database: c.app.database, connections: 5, statementTimeout: 10 * time.Second, monitors: true,
		}
		if c.monitor.name == c.app.name {
			e.fail("MONITOR_ROLE and APP_ROLE are both %q", c.app.name)
		}
	}
	c.master = e.master()
	if c.master != nil {
		for variable, name := range map[string]string{"APP_ROLE": c.app.name, "MONITOR_ROLE": getenv("MONITOR_ROLE")} {
			if name == c.master.User {
				e.fail("%s %q is the master itself", variable, name)
			}
		}
	}
	return c, errors.Join(e.errs...)
}

// master builds the master's connection from MASTER_URL or from MASTER_SECRET and its address.
func (e *environment) master() *pgx.ConnConfig {
	address, secret := e.secret("MASTER_URL"), e.secret("MASTER_SECRET")
	var u *url.URL
	switch {
	case address != "" && secret != "":
		e.fail("MASTER_URL and MASTER_SECRET are both set: only one may be")
		return nil
	case address != "":
		var err error
		// The parser's error would quote the URL with its password.
		if u, err = url.Parse(address); err != nil || u.Host == "" || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
			e.fail("MASTER_URL is not of the form postgres://user:password@host:port/database")
			return nil
		}
	case secret != "":
		if u = e.masterFromSecret(secret); u == nil {
			return nil
		}
	default:
		e.fail("MASTER_URL, MASTER_URL_FILE or MASTER_SECRET is missing")
		return nil
	}
	return e.connection(u)
}

// masterFromSecret reads the JSON of a managed master secret, as Amazon RDS writes it.
//
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_secret_json_structure.html
func (e *environment) masterFromSecret(secret string) *url.URL {
	var s struct{ Username, Password string }
	if json.Unmarshal([]byte(secret), &s) != nil || s.Username == "" || s.Password == "" {
		e.fail(`MASTER_SECRET is not JSON with "username" and "password"`)
		return nil
	}
	host := e.getenv("DATABASE_HOST")
	if host == "" {
		e.fail("DATABASE_HOST is missing")
	}
	port := e.number("DATABASE_PORT", 5432, 1, 65535)
	name := e.getenv("DATABASE_NAME")
	if name == "" {
		name = "postgres"
	}
	return &url.URL{
		Scheme: "postgres", User: url.UserPassword(s.Username, s.Password),
		Host: net.JoinHostPort(host, strconv.Itoa(port)), Path: "/" + name,
	}
}

// connection forces TLS: by default the server's name and certificate are verified, against DATABASE_CA if given, else
// against the public roots.
func (e *environment) connection(u *url.URL) *pgx.ConnConfig {
	q := u.Query()
	mode := e.getenv("DATABASE_SSLMODE")
	if mode == "" {
		mode = q.Get("sslmode")
	}
	if mode == "" {
		mode = "verify-full"
	}
	if mode != "verify-full" && mode != "verify-ca" && mode != "require" {
		e.fail("sslmode %q is not allowed: use verify-full, verify-ca or require", mode)
		return nil
	}
	q.Set("sslmode", mode)
	q.Del("sslrootcert")
	u.RawQuery = q.Encode()
	c, err := pgx.ParseConfig(u.String())
	if err != nil {
		e.fail("the master's connection can't be read: check its port, database and parameters")
		return nil
	}
	c.Fallbacks = nil
	c.ConnectTimeout = 5 * time.Second
	c.RuntimeParams["application_name"] = "dbinit"
	if pem := e.getenv("DATABASE_CA"); pem != "" {
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM([]byte(pem)) {
			e.fail("DATABASE_CA holds no PEM certificate")
		}
		useRoots(c.TLSConfig, pool, mode)
	}
	return c
}

// useRoots makes t trust pool alone. In the modes below verify-full, Go's own check is off since it includes the name.
func useRoots(t *tls.Config, pool *x509.CertPool, mode string) {
	t.RootCAs = pool
	if mode == "verify-full" {
		return
	}
	t.InsecureSkipVerify = true
	t.VerifyConnection = func(s tls.ConnectionState) error {
		options := x509.VerifyOptions{Roots: pool, Intermediates: x509.NewCertPool()}
		for _, c := range s.PeerCertificates[1:] {
			options.Intermediates.AddCert(c)
		}
		_, err := s.PeerCertificates[0].Verify(options)
		return err
	}
}

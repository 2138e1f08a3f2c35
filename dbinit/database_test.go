package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	superPassword = "super-password-1"
	imageFolder   = "../providers/docker/images/postgres"
)

// server is a PostgreSQL container of the local stack's image.
type server struct{ name, address, ca string }

func docker(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("docker", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("docker %s: %v\n%s", args[0], err, out)
	}
	return strings.TrimSpace(string(out))
}

func startServer(t *testing.T) server {
	t.Helper()
	if testing.Short() {
		t.Skip("left out by -short")
	}
	if err := exec.Command("docker", "info").Run(); err != nil {
		t.Fatal("no Docker Engine answers; -short leaves this test out")
	}
	const image = "slipway-test/postgres:dbinit"
	docker(t, "build", "-q", "-t", image, imageFolder)
	folder := t.TempDir()
	ca := writeConfiguration(t, folder)
	name := fmt.Sprintf("dbinit-test-%d", time.Now().UnixNano())
	t.Cleanup(func() { exec.Command("docker", "rm", "-f", "-v", name).Run() })
	// The database that the image itself makes has an SQL keyword for its name, as an app may have.
	docker(t, "run", "-d", "--name", name, "--label", "dev.slipway.test=dbinit", "--read-only", "--cap-drop", "ALL",
		"--security-opt", "no-new-privileges", "--memory", "256m", "-e", "POSTGRES_DATABASE=order", "-v", folder+":/config:ro",
		"-v", "/var/lib/postgresql/data", "--tmpfs", "/run/postgresql:size=16m,uid=10002,gid=10002,mode=0700", "--tmpfs", "/tmp:size=16m",
		"-p", "127.0.0.1::5432", image)
	return server{name: name, address: docker(t, "port", name, "5432/tcp"), ca: ca}
}

// writeConfiguration puts the server's files in folder and returns its certificate, which is its own authority.
func writeConfiguration(t *testing.T, folder string) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "dbinit-test"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certificate := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	for file, content := range map[string]string{
		"superuser-password": superPassword + "\n",
		"tls.crt":            certificate,
		"tls.key":            string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})),
	} {
		if err := os.WriteFile(filepath.Join(folder, file), []byte(content), 0o444); err != nil {
			t.Fatal(err)
		}
	}
	return certificate
}

func (s server) env(changes map[string]string) func(string) string {
	all := map[string]string{
		"MASTER_URL":  fmt.Sprintf("postgres://slipway:%s@%s/postgres", superPassword, s.address),
		"DATABASE_CA": s.ca, "WAIT": "60s",
	}
	for k, v := range changes {
		all[k] = v
	}
	return env(all)
}

func (s server) run(t *testing.T, changes map[string]string) (int, string) {
	t.Helper()
	var out strings.Builder
	code := run(context.Background(), s.env(changes), os.ReadFile, &out)
	return code, out.String()
}

// try connects as user and runs the statements; it returns the first error.
func (s server) try(t *testing.T, user, password, database string, statements ...string) error {
	t.Helper()
	c, err := pgx.ParseConfig(fmt.Sprintf("postgres://%s:%s@%s/%s?sslmode=require", user, password, s.address, database))
	if err != nil {
		t.Fatal(err)
	}
	c.Fallbacks = nil
	conn, err := pgx.ConnectConfig(t.Context(), c)
	if err != nil {
		return err
	}
	defer conn.Close(context.Background())
	for _, statement := range statements {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			return err
		}
	}
	return nil
}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), "SQLSTATE "+code) {
		t.Errorf("got %v, want SQLSTATE %s", err, code)
	}
}

func TestBootstrap(t *testing.T) {
	s := startServer(t)
	monitor := map[string]string{"MONITOR_ROLE": "monitor", "MONITOR_PASSWORD": "monitor-password"}
	code, out := s.run(t, monitor)
	if code != exitDone {
		t.Fatalf("exit %d:\n%s", code, out)
	}
	t.Run("the app works with its tables", func(t *testing.T) {
		if err := s.try(t, "links_app", "app-password", "links", "CREATE TABLE t (i int)", "INSERT INTO t VALUES (1)", "CREATE TEMP TABLE x (i int)"); err != nil {
			t.Error(err)
		}
	})
	t.Run("the app can't do more", func(t *testing.T) {
		wantCode(t, s.try(t, "links_app", "app-password", "links", "CREATE ROLE other"), "42501")
		wantCode(t, s.try(t, "links_app", "app-password", "links", "CREATE DATABASE other"), "42501")
		wantCode(t, s.try(t, "links_app", "app-password", "links", "CREATE SCHEMA other"), "42501")
		wantCode(t, s.try(t, "links_app", "app-password", "links", "SELECT pg_read_file('/etc/passwd')"), "42501")
	})
	t.Run("limits are set", func(t *testing.T) {
		err := s.try(t, "links_app", "app-password", "links", "DO $$BEGIN ASSERT current_setting('statement_timeout') = '30s'; ASSERT (SELECT rolconnlimit = 80 FROM pg_roles WHERE rolname = current_user); END$$")
		if err != nil {
			t.Error(err)
		}
	})
	t.Run("others stay out", func(t *testing.T) {
		if err := s.try(t, "slipway", superPassword, "postgres", "CREATE ROLE stranger LOGIN PASSWORD 'stranger-password'"); err != nil {
			t.Fatal(err)
		}
		wantCode(t, s.try(t, "stranger", "stranger-password", "links"), "42501")
	})
	t.Run("the monitor sees statistics and no rows", func(t *testing.T) {
		if err := s.try(t, "monitor", "monitor-password", "links", "SELECT count(*) FROM pg_stat_statements", "SELECT * FROM pg_stat_activity"); err != nil {
			t.Error(err)
		}
		wantCode(t, s.try(t, "monitor", "monitor-password", "links", "SELECT * FROM t"), "42501")
	})
	t.Run("again, with a new password and two at once", func(t *testing.T) {
		again := map[string]string{"APP_PASSWORD": "second-password"}
		codes := make(chan int)
		for range 2 {
			go func() { c, _ := s.run(t, again); codes <- c }()
		}
		if a, b := <-codes, <-codes; a != exitDone || b != exitDone {
			t.Fatalf("exits %d and %d", a, b)
		}
		if err := s.try(t, "links_app", "second-password", "links", "SELECT * FROM t"); err != nil {
			t.Error(err)
		}
		wantCode(t, s.try(t, "links_app", "app-password", "links"), "28P01")
	})
	t.Run("rights that crept in are taken away", func(t *testing.T) {
		if err := s.try(t, "slipway", superPassword, "postgres", "ALTER ROLE links_app SUPERUSER CREATEDB"); err != nil {
			t.Fatal(err)
		}
		if code, out := s.run(t, nil); code != exitDone {
			t.Fatalf("exit %d:\n%s", code, out)
		}
		wantCode(t, s.try(t, "links_app", "app-password", "links", "CREATE DATABASE other"), "42501")
	})
	t.Run("wrong master password", func(t *testing.T) {
		code, out := s.run(t, map[string]string{"MASTER_URL": "postgres://slipway:wrong-password@" + s.address + "/postgres"})
		if code != exitLogin || strings.Contains(out, "wrong-password") {
			t.Errorf("exit %d:\n%s", code, out)
		}
	})
	t.Run("unknown authority", func(t *testing.T) {
		if code, out := s.run(t, map[string]string{"DATABASE_CA": ""}); code != exitLogin {
			t.Errorf("exit %d:\n%s", code, out)
		}
	})
	t.Run("the name isn't checked in verify-ca, the authority is", func(t *testing.T) {
		byName := map[string]string{"DATABASE_SSLMODE": "verify-ca", "MASTER_URL": fmt.Sprintf("postgres://slipway:%s@%s/postgres", superPassword, strings.Replace(s.address, "127.0.0.1", "localhost", 1))}
		if code, out := s.run(t, byName); code != exitDone {
			t.Errorf("exit %d:\n%s", code, out)
		}
		byName["DATABASE_CA"] = writeConfiguration(t, t.TempDir())
		if code, out := s.run(t, byName); code != exitLogin {
			t.Errorf("other authority: exit %d:\n%s", code, out)
		}
	})
	t.Run("no secret in the server's log", func(t *testing.T) {
		log := docker(t, "logs", s.name)
		for _, secret := range []string{superPassword, "app-password", "second-password", "monitor-password"} {
			if strings.Contains(log, secret) {
				t.Errorf("the log holds %q", secret)
			}
		}
	})
	t.Run("a master that is no superuser", func(t *testing.T) { testManagedMaster(t, s) })
}

// testManagedMaster runs dbinit as managed services let it: CREATEDB and CREATEROLE, not SUPERUSER.
func testManagedMaster(t *testing.T, s server) {
	err := s.try(t, "slipway", superPassword, "postgres", "CREATE ROLE managed LOGIN CREATEDB CREATEROLE PASSWORD 'managed-password'", "GRANT pg_monitor TO managed WITH ADMIN OPTION")
	if err != nil {
		t.Fatal(err)
	}
	host, port, _ := net.SplitHostPort(s.address)
	changes := map[string]string{
		"MASTER_URL": "", "MASTER_SECRET": `{"username":"managed","password":"managed-password"}`, "DATABASE_HOST": host, "DATABASE_PORT": port,
		"APP_ROLE": "other-app", "APP_DATABASE": "other-db", "MONITOR_ROLE": "other_monitor", "MONITOR_PASSWORD": "monitor-password",
	}
	for try := range 2 {
		if code, out := s.run(t, changes); code != exitDone {
			t.Fatalf("run %d: exit %d:\n%s", try+1, code, out)
		}
	}
	if err := s.try(t, "other-app", "app-password", "other-db", "CREATE TABLE t (i int)"); err != nil {
		t.Error(err)
	}
	changes["APP_DATABASE"] = "links"
	if code, out := s.run(t, changes); code != exitLogin || !strings.Contains(out, "permission denied for database") {
		t.Errorf("someone else's database: exit %d:\n%s", code, out)
	}
}

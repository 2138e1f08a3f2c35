package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"flag"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"github.com/slipway-iac/slipway/app/internal/cache"
)

const (
	depsImage = "slipway-test/links-deps"
	depsLabel = "dev.slipway.test=links"
)

// deps are the servers that the tests of this package share. Each test has databases of its own in them.
var deps struct {
	pg, redis, redisTLS string // host:port
	ca                  string // PEM
	next                atomic.Int64
	failed              error
}

func TestMain(m *testing.M) {
	flag.Parse()
	cache.Quiet()
	code := 1
	if testing.Short() {
		code = m.Run()
	} else if stop, err := startDeps(); err != nil {
		stop()
		fmt.Fprintln(os.Stderr, "PostgreSQL and Valkey for the tests can't be started in Docker (-short leaves these tests out):", err)
	} else {
		code = m.Run()
		stop()
	}
	os.Exit(code)
}

func docker(args ...string) (string, error) {
	var stderr bytes.Buffer
	cmd := exec.Command("docker", args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("docker %s: %w: %s", args[0], err, stderr.String())
	}
	return strings.TrimSpace(string(out)), nil
}

func startDeps() (stop func(), err error) {
	stop = func() {}
	if _, err := docker("build", "-q", "-t", depsImage, "testdata/deps"); err != nil {
		return stop, err
	}
	cert, key, err := selfSigned()
	if err != nil {
		return stop, err
	}
	deps.ca = cert
	// A run that is killed can't remove its container: it then ends, and so is removed, by itself (the image ends it after 30 minutes).
	id, err := docker("run", "-d", "--rm", "--label", depsLabel,
		"-e", "CERT="+cert, "-e", "KEY="+key,
		"-p", "127.0.0.1::5432", "-p", "127.0.0.1::6379", "-p", "127.0.0.1::6380", depsImage)
	if err != nil {
		return stop, err
	}
	stop = func() { _, _ = docker("rm", "-f", "-v", id) }
	for port, into := range map[string]*string{"5432": &deps.pg, "6379": &deps.redis, "6380": &deps.redisTLS} {
		if *into, err = docker("port", id, port); err != nil {
			return stop, err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for {
		if err = askDeps(ctx); err == nil {
			return stop, nil
		}
		select {
		case <-ctx.Done():
			logs, _ := docker("logs", id)
			return stop, fmt.Errorf("%w\n%s", err, logs)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func askDeps(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, "postgres://app:pw@"+deps.pg+"/postgres?sslmode=disable")
	if err != nil {
		return err
	}
	_ = conn.Close(ctx)
	client := redis.NewClient(&redis.Options{Addr: deps.redis, Password: "pw"})
	defer func() { _ = client.Close() }()
	return client.Ping(ctx).Err()
}

func selfSigned() (cert, key string, err error) {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", "", err
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "links test"}, IsCA: true,
		BasicConstraintsValid: true, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		DNSNames: []string{"localhost"}, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, c, c, k.Public(), k)
	if err != nil {
		return "", "", err
	}
	raw, err := x509.MarshalPKCS8PrivateKey(k)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})), err
}

// needDeps marks a test that needs real servers. Without -short they are always there.
func needDeps(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("needs PostgreSQL and Valkey in Docker; left out by -short")
	}
}

// newDatabase makes an empty database and returns its name; newCache returns the number of an empty one.
func newDatabase(t testing.TB) string {
	t.Helper()
	needDeps(t)
	name := fmt.Sprintf("t%d", deps.next.Add(1))
	conn, err := pgx.Connect(t.Context(), "postgres://app:pw@"+deps.pg+"/postgres?sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if _, err := conn.Exec(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	return name
}

func newCache() int { return int(deps.next.Add(1)) }

// link is a TCP proxy in front of a server, whose failures the test decides.
type link struct {
	listener net.Listener
	target   string
	mode     atomic.Int32
	conns    chan net.Conn
}

const (
	works int32 = iota
	refuses
	hangs
)

func newLink(t testing.TB, target string) *link {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &link{listener: l, target: target, conns: make(chan net.Conn, 10_000)}
	t.Cleanup(func() { _ = l.Close(); p.set(refuses) })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(c)
		}
	}()
	return p
}

func (p *link) addr() string { return p.listener.Addr().String() }

// set changes the mode. Refusing cuts connections; hanging leaves them open and silent, as a lost network does.
func (p *link) set(mode int32) {
	p.mode.Store(mode)
	if mode == refuses || mode == works {
		for {
			select {
			case c := <-p.conns:
				_ = c.Close()
				continue
			default:
			}
			return
		}
	}
}

func (p *link) serve(c net.Conn) {
	if p.mode.Load() == refuses {
		_ = c.Close()
		return
	}
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		_ = c.Close()
		return
	}
	p.conns <- c
	p.conns <- server
	go p.pipe(c, server)
	p.pipe(server, c)
}

func (p *link) pipe(to, from net.Conn) {
	defer func() { _ = to.Close(); _ = from.Close() }()
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		for p.mode.Load() == hangs {
			time.Sleep(10 * time.Millisecond)
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}

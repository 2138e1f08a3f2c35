package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"strings"
	"testing"
	"time"
)

func load(env map[string]string) (Config, error) {
	return Load(func(k string) string { return env[k] })
}

func certificate(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func TestDefaults(t *testing.T) {
	c, err := load(map[string]string{"DATABASE_URL": "postgres://u:p@h/d"})
	if err != nil {
		t.Fatal(err)
	}
	if c.Port != 8080 || c.Version != "dev" || c.Slot != "-" || c.RateLimitRPS != 100 || c.RateLimitBurst != 200 ||
		c.DrainDelay != 5*time.Second || c.ShutdownTimeout != 10*time.Second || c.LogLevel != slog.LevelInfo ||
		c.CacheURL != "" || c.PprofAddr != "127.0.0.1:6060" || c.MigrateTimeout != time.Minute || c.OTLPEndpoint != "" || c.ClientHeader != "X-Forwarded-For" {
		t.Errorf("unexpected defaults: %+v", c)
	}
}

func TestEverythingSet(t *testing.T) {
	ca := certificate(t)
	c, err := load(map[string]string{
		"PORT": "9000", "DATABASE_URL": "postgresql://u:p@h/d?sslmode=verify-full", "DATABASE_CA": ca,
		"CACHE_URL": "rediss://:p@h:6379", "CACHE_CA": ca, "TRUSTED_PROXIES": "10.1.2.3/8, 192.0.2.1,,2001:db8::/32", "CLIENT_IP_HEADER": "x-slipway-client",
		"LOG_LEVEL": "debug", "RATE_LIMIT_RPS": "0", "DRAIN_DELAY": "0s", "PPROF_ADDR": "off",
		"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318",
	})
	if err != nil {
		t.Fatal(err)
	}
	if c.DatabaseCA == nil || c.CacheCA == nil || len(c.TrustedProxies) != 3 || c.TrustedProxies[0].String() != "10.0.0.0/8" ||
		c.TrustedProxies[1].String() != "192.0.2.1/32" || c.PprofAddr != "" || c.RateLimitRPS != 0 || c.RateLimitBurst != 1 ||
		c.DrainDelay != 0 || c.OTLPEndpoint == "" || c.ClientHeader != "X-Slipway-Client" {
		t.Errorf("unexpected: %+v", c)
	}
}

// TestAllProblemsInOneError also proves that no secret is repeated in an error.
func TestAllProblemsInOneError(t *testing.T) {
	bad := map[string]string{
		"PORT": "http", "DATABASE_CA": "no pem", "CACHE_URL": "memcached://:s3cret@h",
		"CACHE_CA": certificate(t), "TRUSTED_PROXIES": "10.0.0.0/8,everybody", "CLIENT_IP_HEADER": "X Client:", "LOG_LEVEL": "loud", "RATE_LIMIT_RPS": "NaN",
		"RATE_LIMIT_BURST": "0", "DRAIN_DELAY": "-1s", "SHUTDOWN_TIMEOUT": "0s", "PPROF_ADDR": "0.0.0.0:6060",
		"CLICK_FLUSH_INTERVAL": "soon", "DATABASE_POOL_SIZE": "0", "LOCAL_CACHE_ENTRIES": "-1", "MIGRATE_TIMEOUT": "2h",
	}
	bad["DATABASE_URL"] = "postgres://user:s3cret@h:port/d"
	_, err := load(bad)
	if err == nil {
		t.Fatal("accepted")
	}
	for key := range bad {
		if !strings.Contains(err.Error(), "  "+key+": ") {
			t.Errorf("no word about %s in:\n%v", key, err)
		}
	}
	if strings.Contains(err.Error(), "s3cret") {
		t.Errorf("the password is in the error:\n%v", err)
	}
	if _, err := load(nil); err == nil || !strings.Contains(err.Error(), "DATABASE_URL: is required") {
		t.Errorf("no DATABASE_URL: %v", err)
	}
}

func TestRootThatWouldNotBeChecked(t *testing.T) {
	for mode, ok := range map[string]bool{"": false, "require": false, "disable": false, "verify-full": true, "verify-ca": true} {
		_, err := load(map[string]string{"DATABASE_URL": "postgres://h/d?sslmode=" + mode, "DATABASE_CA": certificate(t)})
		if (err == nil) != ok {
			t.Errorf("sslmode=%q: %v", mode, err)
		}
	}
}

// A root that many servers have says nothing about which of them answers.
func TestNamelessCheckNeedsARootOfItsOwn(t *testing.T) {
	for _, row := range []struct {
		set map[string]string
		ok  bool
	}{
		{map[string]string{"DATABASE_URL": "postgres://h/d?sslmode=verify-ca"}, false},
		{map[string]string{"DATABASE_URL": "postgres://h/d", "CACHE_URL": "rediss://h", "CACHE_VERIFY": "ca"}, false},
		{map[string]string{"DATABASE_URL": "postgres://h/d", "CACHE_URL": "rediss://h", "CACHE_VERIFY": "ca", "CACHE_CA": certificate(t)}, true},
		{map[string]string{"DATABASE_URL": "postgres://h/d", "CACHE_URL": "rediss://h", "CACHE_VERIFY": "none", "CACHE_CA": certificate(t)}, false},
	} {
		if c, err := load(row.set); (err == nil) != row.ok || err == nil && !c.CacheAnyName {
			t.Errorf("%v: %v", row.set, err)
		}
	}
}

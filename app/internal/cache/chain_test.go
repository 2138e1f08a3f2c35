package cache

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"testing"
	"time"
)

// issue makes a certificate for a server without a usable name, and the root that has signed it.
func issue(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	root := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "root"}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "10.0.0.3"}, NotAfter: time.Now().Add(time.Hour)}
	rootDER, err := x509.CreateCertificate(rand.Reader, root, root, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, root, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(rootDER)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{leafDER}, PrivateKey: key}, pool
}

// The name is not looked at, but the root is.
func TestChainOnly(t *testing.T) {
	server, own := issue(t)
	_, other := issue(t)
	for _, row := range []struct {
		roots *x509.CertPool
		ok    bool
	}{{own, true}, {other, false}} {
		conf := &tls.Config{ServerName: "10.0.0.4", RootCAs: row.roots}
		checkChainOnly(conf, row.roots)
		here, there := net.Pipe()
		go func() { _ = tls.Server(there, &tls.Config{Certificates: []tls.Certificate{server}}).Handshake() }()
		if err := tls.Client(here, conf).Handshake(); (err == nil) != row.ok {
			t.Errorf("want accepted %t: %v", row.ok, err)
		}
		_ = here.Close()
	}
}

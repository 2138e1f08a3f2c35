package aws

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// selfSigned makes a root as a trust store has it. forged breaks its signature.
func selfSigned(t *testing.T, name string, forged bool) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now(), NotAfter: time.Now().AddDate(40, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	if forged {
		raw[len(raw)-1] ^= 1
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}))
}

// TestRootCertificate: the region's own root of the right kind is fetched once, and anything else is refused.
func TestRootCertificate(t *testing.T) {
	const right = "Amazon RDS eu-west-1 Root CA RSA2048 G1"
	root := selfSigned(t, right, false)
	other := selfSigned(t, "Amazon RDS eu-west-1 Root CA ECC384 G1", false)
	for _, row := range []struct{ name, bundle, message string }{
		{"the root among others", other + root, ""},
		{"another kind only", other, "no certificate"},
		{"another region", selfSigned(t, "Amazon RDS us-east-1 Root CA RSA2048 G1", false), "no certificate"},
		{"forged", selfSigned(t, right, true), "certificate \"" + right + "\""},
		{"an error page", "<html>", "no certificate"},
	} {
		t.Run(row.name, func(t *testing.T) {
			asked := 0
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked++
				if r.URL.Path != "/eu-west-1/eu-west-1-bundle.pem" {
					t.Errorf("asked for %s", r.URL.Path)
				}
				_, _ = w.Write([]byte(row.bundle))
			}))
			defer s.Close()
			file := filepath.Join(t.TempDir(), "rds", "eu-west-1.pem")
			for range 2 {
				got, err := rootCertificate(t.Context(), s.URL, "eu-west-1", file)
				if row.message == "" && (err != nil || got != root) || row.message != "" && (err == nil || !strings.Contains(err.Error(), row.message)) {
					t.Errorf("got %q, %v", got, err)
				}
			}
			if want := map[bool]int{true: 1, false: 2}[row.message == ""]; asked != want {
				t.Errorf("the trust store was asked %d times, want %d", asked, want)
			}
		})
	}
}

func TestRootCertificateUnreachable(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	file := filepath.Join(t.TempDir(), "moon-east-1.pem")
	if err := os.WriteFile(file, []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := rootCertificate(t.Context(), s.URL, "moon-east-1", file)
	if err == nil || !strings.HasPrefix(err.Error(), "region: ") || !strings.Contains(err.Error(), "404") {
		t.Errorf("got %v, want an error that names the key and the status", err)
	}
}

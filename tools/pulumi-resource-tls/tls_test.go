package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"golang.org/x/crypto/ssh"

	"github.com/slipway-iac/slipway/tools/plugin/plugintest"
)

const (
	keyToken     = "tls:index/privateKey:PrivateKey"
	requestToken = "tls:index/certRequest:CertRequest"
	selfToken    = "tls:index/selfSignedCert:SelfSignedCert"
	localToken   = "tls:index/locallySignedCert:LocallySignedCert"
)

func TestPrivateKey(t *testing.T) {
	engine := plugintest.Start(t, provider(time.Now))
	for _, c := range []struct {
		name, block string
		in          map[string]any
		ssh         bool
	}{
		{"RSA", "RSA PRIVATE KEY", map[string]any{"algorithm": "RSA"}, true},
		{"ECDSA P224", "EC PRIVATE KEY", map[string]any{"algorithm": "ECDSA"}, false},
		{"ECDSA P256", "EC PRIVATE KEY", map[string]any{"algorithm": "ECDSA", "ecdsaCurve": "P256"}, true},
		{"ECDSA P384", "EC PRIVATE KEY", map[string]any{"algorithm": "ECDSA", "ecdsaCurve": "P384"}, true},
		{"ECDSA P521", "EC PRIVATE KEY", map[string]any{"algorithm": "ECDSA", "ecdsaCurve": "P521"}, true},
		{"ED25519", "PRIVATE KEY", map[string]any{"algorithm": "ED25519"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			id, state := engine.Create(keyToken, plugintest.Props(c.in))
			if len(id) != 40 || state["rsaBits"].NumberValue() != 2048 || plugintest.Text(state["ecdsaCurve"]) == "" {
				t.Errorf("id %q, state %v", id, state)
			}
			if block, _ := pem.Decode([]byte(plugintest.Text(state["privateKeyPem"]))); block == nil || block.Type != c.block {
				t.Errorf("the key is a %v", block)
			}
			forms := []resource.PropertyKey{"privateKeyPem", "privateKeyPemPkcs8"}
			if c.ssh {
				forms = append(forms, "privateKeyOpenssh")
			}
			for _, form := range forms {
				if _, algorithm, err := parseKey(plugintest.Text(state[form])); err != nil || algorithm != c.in["algorithm"] {
					t.Errorf("%s: %s, %v", form, algorithm, err)
				}
			}
			for _, secret := range privateKey().SecretOutputs {
				if !state[resource.PropertyKey(secret)].IsSecret() {
					t.Errorf("%s isn't secret", secret)
				}
			}
			public, _, _, _, err := ssh.ParseAuthorizedKey([]byte(plugintest.Text(state["publicKeyOpenssh"])))
			if c.ssh != (err == nil) {
				t.Fatalf("public key for OpenSSH: %v", err)
			}
			if c.ssh && ssh.FingerprintSHA256(public) != plugintest.Text(state["publicKeyFingerprintSha256"]) {
				t.Error("the fingerprint is another key's")
			}
		})
	}
}

// certificateOf parses an output.
func certificateOf(t *testing.T, state resource.PropertyMap) *x509.Certificate {
	t.Helper()
	block, _ := pem.Decode([]byte(plugintest.Text(state["certPem"])))
	if block == nil {
		t.Fatalf("no certificate in %v", state)
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

func newKey(t *testing.T, engine *plugintest.Engine) resource.PropertyValue {
	t.Helper()
	_, state := engine.Create(keyToken, plugintest.Props(map[string]any{"algorithm": "ECDSA", "ecdsaCurve": "P256"}))
	return state["privateKeyPem"]
}

func TestChain(t *testing.T) {
	engine := plugintest.Start(t, provider(time.Now))
	caKey, leafKey := newKey(t, engine), newKey(t, engine)
	in := plugintest.Props(map[string]any{
		"subject": map[string]any{"commonName": "Local CA", "organization": "Slipway", "emailAddress": "ca@example.org"}, "validityPeriodHours": 100,
		"allowedUses": []any{"cert_signing", "crl_signing"}, "isCaCertificate": true, "setSubjectKeyId": true, "setAuthorityKeyId": true,
	})
	in["privateKeyPem"] = caKey
	_, caState := engine.Create(selfToken, in)
	ca := certificateOf(t, caState)
	if !ca.IsCA || ca.KeyUsage != x509.KeyUsageCertSign|x509.KeyUsageCRLSign || len(ca.SubjectKeyId) != 20 ||
		!slices.Equal(ca.SubjectKeyId, ca.AuthorityKeyId) || !strings.Contains(ca.Subject.String(), "Slipway") {
		t.Errorf("CA %+v", ca)
	}
	if !caState["privateKeyPem"].IsSecret() || plugintest.Text(caState["keyAlgorithm"]) != "ECDSA" {
		t.Errorf("the CA's key isn't secret: %v", caState["keyAlgorithm"])
	}
	in = plugintest.Props(map[string]any{
		"subject": map[string]any{"commonName": "localhost"}, "dnsNames": []any{"localhost", "links.local"},
		"ipAddresses": []any{"127.0.0.1", "::1"}, "uris": []any{"spiffe://slipway/links"},
	})
	in["privateKeyPem"] = leafKey
	_, request := engine.Create(requestToken, in)
	in = plugintest.Props(map[string]any{
		"certRequestPem": plugintest.Text(request["certRequestPem"]), "caCertPem": plugintest.Text(caState["certPem"]),
		"validityPeriodHours": 48, "allowedUses": []any{"digital_signature", "key_encipherment", "server_auth"}, "setSubjectKeyId": true,
	})
	in["caPrivateKeyPem"] = caKey
	_, leafState := engine.Create(localToken, in)
	leaf := certificateOf(t, leafState)
	roots := x509.NewCertPool()
	roots.AddCert(ca)
	for _, name := range []string{"localhost", "links.local", "127.0.0.1", "::1"} {
		if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: name}); err != nil {
			t.Error(err)
		}
	}
	if len(leaf.URIs) != 1 || leaf.IsCA || leaf.NotAfter.Sub(leaf.NotBefore) != 48*time.Hour || plugintest.Text(leafState["caKeyAlgorithm"]) != "ECDSA" {
		t.Errorf("leaf %+v", leaf)
	}
	if _, err := tls.X509KeyPair([]byte(plugintest.Text(leafState["certPem"])), []byte(plugintest.Text(leafKey))); err != nil {
		t.Errorf("the key and the certificate don't fit: %v", err)
	}
}

func TestRenewal(t *testing.T) {
	now := time.Now()
	engine := plugintest.Start(t, provider(func() time.Time { return now }))
	in := plugintest.Props(map[string]any{"validityPeriodHours": 100, "earlyRenewalHours": 20, "allowedUses": []any{"server_auth"}})
	in["privateKeyPem"] = newKey(t, engine)
	_, state := engine.Create(selfToken, in)
	for _, c := range []struct {
		after time.Duration
		early float64
		want  string
	}{
		{79 * time.Hour, 20, ""}, {80*time.Hour + time.Second, 20, "readyForRenewal"},
		{79 * time.Hour, 30, "earlyRenewalHours"}, // within the new early renewal, but the input changes in place first
		{101 * time.Hour, 20, "readyForRenewal"},
	} {
		begin := now
		now = begin.Add(c.after)
		news := in.Copy()
		news["earlyRenewalHours"] = resource.NewProperty(c.early)
		diffs, replaces := engine.Diff(selfToken, state, news)
		if !strings.Contains(strings.Join(diffs, " "), c.want) || c.want == "" && len(diffs) > 0 {
			t.Errorf("after %s: diffs %v, want %s", c.after, diffs, c.want)
		}
		if c.early == 30 && !slices.Equal(replaces, []string{"readyForRenewal"}) {
			t.Errorf("within early renewal it isn't replaced: %v", replaces)
		}
		now = begin
	}
	now = now.Add(90 * time.Hour)
	r, err := engine.Client.Read(t.Context(), &pulumirpc.ReadRequest{Id: "1", Urn: plugintest.URN(selfToken), Properties: engine.Encode(state)})
	if err != nil {
		t.Fatal(err)
	}
	if !engine.Decode(r.GetProperties())["readyForRenewal"].BoolValue() {
		t.Error("a refresh doesn't see that it is ready for renewal")
	}
}

func TestWrongInputs(t *testing.T) {
	engine := plugintest.Start(t, provider(time.Now))
	for _, c := range []struct {
		token string
		in    map[string]any
		want  []string
	}{
		{keyToken, map[string]any{"algorithm": "DSA", "rsaBits": 512, "ecdsaCurve": "P1"},
			[]string{`algorithm must be one of RSA, ECDSA, ED25519, not "DSA"`, "ecdsaCurve must be one of", "rsaBits must be at least"}},
		{selfToken, map[string]any{"privateKeyPem": "x", "allowedUses": []any{"cooking", "server_auth"}, "validityPeriodHours": -1, "ipAddresses": []any{"a"}, "uris": []any{"%zz"}},
			[]string{`unknown uses "cooking"`, `"a", which is not an IP`, "privateKeyPem must be", "uris has", "validityPeriodHours must not"}},
		{localToken, map[string]any{"certRequestPem": "x", "caCertPem": "y", "caPrivateKeyPem": "-----BEGIN X-----\n-----END X-----\n", "allowedUses": []any{}, "validityPeriodHours": 1},
			[]string{`"CERTIFICATE"`, "caPrivateKeyPem must be", `"CERTIFICATE REQUEST"`}},
	} {
		_, failures := engine.Check(c.token, plugintest.Props(c.in))
		if len(failures) != len(c.want) {
			t.Fatalf("%s: failures %q", c.token, failures)
		}
		for i, want := range c.want {
			if !strings.Contains(failures[i], want) {
				t.Errorf("%s: %q has no %q", c.token, failures[i], want)
			}
		}
	}
}

func TestUnknownsInPreview(t *testing.T) {
	engine := plugintest.Start(t, provider(time.Now))
	in := plugintest.Props(map[string]any{"validityPeriodHours": 1, "allowedUses": []any{"server_auth"}})
	in["privateKeyPem"] = resource.MakeComputed(resource.NewProperty(""))
	inputs, failures := engine.Check(selfToken, in)
	if len(failures) != 0 {
		t.Fatal(failures)
	}
	r, err := engine.Client.Create(t.Context(), &pulumirpc.CreateRequest{Urn: plugintest.URN(selfToken), Properties: engine.Encode(inputs), Preview: true})
	if err != nil {
		t.Fatal(err)
	}
	if state := engine.Decode(r.GetProperties()); !state["certPem"].ContainsUnknowns() {
		t.Errorf("the preview knows the certificate: %v", state)
	}
}

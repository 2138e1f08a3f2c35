package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"golang.org/x/crypto/ssh"

	"github.com/slipway-iac/slipway/tools/plugin"
)

var curves = map[string]elliptic.Curve{
	"P224": elliptic.P224(), "P256": elliptic.P256(), "P384": elliptic.P384(), "P521": elliptic.P521(),
}

func privateKey() plugin.Resource {
	secrets := []string{"privateKeyPem", "privateKeyPemPkcs8", "privateKeyOpenssh"}
	return plugin.Resource{
		Fields: []plugin.Field{
			{Name: "algorithm", Kind: plugin.String, Required: true, Rule: oneOf("RSA", "ECDSA", "ED25519")},
			{Name: "rsaBits", Kind: plugin.Integer, Default: 2048.0, Rule: rsaSize},
			{Name: "ecdsaCurve", Kind: plugin.String, Default: "P224", Rule: oneOf("P224", "P256", "P384", "P521")},
		},
		SecretOutputs: secrets,
		Outputs: append([]string{"publicKeyPem", "publicKeyOpenssh", "publicKeyFingerprintMd5",
			"publicKeyFingerprintSha256"}, secrets...),
		Create: createKey,
	}
}

// rsaSize refuses what Go's own crypto would: keys under 1024 bits.
func rsaSize(v resource.PropertyValue) string {
	if v.NumberValue() < 1024 {
		return "must be at least 1024 bits"
	}
	return ""
}

func oneOf(allowed ...string) func(resource.PropertyValue) string {
	return func(v resource.PropertyValue) string {
		if !slices.Contains(allowed, v.StringValue()) {
			return fmt.Sprintf("must be one of %s, not %q", strings.Join(allowed, ", "), v.StringValue())
		}
		return ""
	}
}

func generate(algorithm string, bits int, curve string) (crypto.Signer, error) {
	switch algorithm {
	case "RSA":
		return rsa.GenerateKey(rand.Reader, bits)
	case "ECDSA":
		return ecdsa.GenerateKey(curves[curve], rand.Reader)
	default:
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	}
}

func createKey(in resource.PropertyMap) (string, resource.PropertyMap, error) {
	key, err := generate(in["algorithm"].StringValue(), int(in["rsaBits"].NumberValue()), in["ecdsaCurve"].StringValue())
	if err != nil {
		return "", nil, fmt.Errorf("generating the key: %w", err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", nil, fmt.Errorf("encoding the key: %w", err)
	}
	traditional := &pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}
	switch k := key.(type) {
	case *rsa.PrivateKey:
		traditional = &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(k)}
	case *ecdsa.PrivateKey:
		der, err := x509.MarshalECPrivateKey(k)
		if err != nil {
			return "", nil, fmt.Errorf("encoding the key: %w", err)
		}
		traditional = &pem.Block{Type: "EC PRIVATE KEY", Bytes: der}
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return "", nil, fmt.Errorf("encoding the public key: %w", err)
	}
	out := texts(map[string]string{
		"privateKeyPem":      string(pem.EncodeToMemory(traditional)),
		"privateKeyPemPkcs8": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})),
		"publicKeyPem":       string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})),
		"privateKeyOpenssh":  "", "publicKeyOpenssh": "",
		"publicKeyFingerprintMd5": "", "publicKeyFingerprintSha256": "",
	})
	if err := addOpenSSH(out, key); err != nil {
		return "", nil, err
	}
	sum := sha1.Sum(public)
	return hex.EncodeToString(sum[:]), out, nil
}

// addOpenSSH fills in what OpenSSH wants. It knows no P224, and then these outputs stay empty, as they do in the
// official plugin.
func addOpenSSH(out resource.PropertyMap, key crypto.Signer) error {
	if k, ok := key.(*ecdsa.PrivateKey); ok && k.Curve == elliptic.P224() {
		return nil
	}
	block, err := ssh.MarshalPrivateKey(key, "")
	if err != nil {
		return fmt.Errorf("encoding the key for OpenSSH: %w", err)
	}
	public, err := ssh.NewPublicKey(key.Public())
	if err != nil {
		return fmt.Errorf("encoding the public key for OpenSSH: %w", err)
	}
	for k, v := range texts(map[string]string{
		"privateKeyOpenssh":          string(pem.EncodeToMemory(block)),
		"publicKeyOpenssh":           string(ssh.MarshalAuthorizedKey(public)),
		"publicKeyFingerprintMd5":    ssh.FingerprintLegacyMD5(public),
		"publicKeyFingerprintSha256": ssh.FingerprintSHA256(public),
	}) {
		out[k] = v
	}
	return nil
}

func texts(m map[string]string) resource.PropertyMap {
	out := resource.PropertyMap{}
	for k, v := range m {
		out[resource.PropertyKey(k)] = resource.NewStringProperty(v)
	}
	return out
}

// parseKey reads a private key in any of the PEM forms that PrivateKey puts out, and names its algorithm.
func parseKey(text string) (crypto.Signer, string, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, "", fmt.Errorf("no PEM block found")
	}
	var key any
	var err error
	switch block.Type {
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(block.Bytes)
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "OPENSSH PRIVATE KEY":
		key, err = ssh.ParseRawPrivateKey([]byte(text))
	default:
		err = fmt.Errorf("a PEM block %q is not a private key", block.Type)
	}
	if err != nil {
		return nil, "", fmt.Errorf("reading the private key: %w", err)
	}
	switch k := key.(type) {
	case *rsa.PrivateKey:
		return k, "RSA", nil
	case *ecdsa.PrivateKey:
		return k, "ECDSA", nil
	case ed25519.PrivateKey:
		return k, "ED25519", nil
	case *ed25519.PrivateKey:
		return *k, "ED25519", nil
	default:
		return nil, "", fmt.Errorf("a %T is not a supported private key", key)
	}
}

func keyRule(v resource.PropertyValue) string {
	if _, _, err := parseKey(v.StringValue()); err != nil {
		return "must be a private key in PEM form: " + err.Error()
	}
	return ""
}

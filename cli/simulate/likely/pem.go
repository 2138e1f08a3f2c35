package likely

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"math/big"
	"time"
)

// key is a real key that everybody can compute from the resource's URN: it protects nothing. It is Ed25519, whose signatures are the
// same every time, whatever algorithm was asked for.
func (t Thing) key() ed25519.PrivateKey {
	seed := sha256.Sum256([]byte("simulated key " + t.URN + "\x00" + t.Salt))
	return ed25519.NewKeyFromSeed(seed[:])
}

// crypto answers for the placeholders that stand for keys and certificates.
func (t Thing) crypto(what string) (string, bool) {
	encode, ok := map[string]func() string{
		"certificate": t.certificate, "certificateRequest": t.certificateRequest, "privateKey": t.privateKey, "publicKey": t.publicKey,
		"publicKeyOpenSSH": t.publicKeyOpenSSH,
	}[what]
	if !ok {
		return "", false
	}
	return encode(), true
}

func armored(kind string, der []byte, err error) string {
	if err != nil {
		return err.Error()
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func (t Thing) privateKey() string {
	der, err := x509.MarshalPKCS8PrivateKey(t.key())
	return armored("PRIVATE KEY", der, err)
}

func (t Thing) publicKey() string {
	der, err := x509.MarshalPKIXPublicKey(t.key().Public())
	return armored("PUBLIC KEY", der, err)
}

// publicKeyOpenSSH is the one line of authorized_keys.
// https://www.rfc-editor.org/rfc/rfc8709#section-4
func (t Thing) publicKeyOpenSSH() string {
	var wire []byte
	public, _ := t.key().Public().(ed25519.PublicKey)
	for _, part := range [][]byte{[]byte("ssh-ed25519"), public} {
		wire = append(binary.BigEndian.AppendUint32(wire, uint32(len(part))), part...)
	}
	return "ssh-ed25519 " + base64.StdEncoding.EncodeToString(wire) + "\n"
}

// certificate is a real one, self-signed, for a name of its own: programs read the names and dates of certificates.
func (t Thing) certificate() string {
	name := t.pick("certificate", hexadecimal, 12) + ".example.com"
	template := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes([]byte(t.pick("serial", hexadecimal, 16))),
		Subject:      pkix.Name{CommonName: name, Organization: []string{"Simulated"}}, DNSNames: []string{name},
		NotBefore: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	der, err := x509.CreateCertificate(nil, template, template, t.key().Public(), t.key())
	return armored("CERTIFICATE", der, err)
}

func (t Thing) certificateRequest() string {
	der, err := x509.CreateCertificateRequest(nil, &x509.CertificateRequest{Subject: pkix.Name{CommonName: t.logical()}}, t.key())
	return armored("CERTIFICATE REQUEST", der, err)
}

package main

import (
	"crypto"
	"crypto/rand"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"math/big"
	"sort"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/slipway-iac/slipway/tools/plugin"
)

// The uses that a certificate may be allowed, by the names of the official plugin.
var keyUses = map[string]x509.KeyUsage{
	"digital_signature": x509.KeyUsageDigitalSignature, "content_commitment": x509.KeyUsageContentCommitment,
	"key_encipherment": x509.KeyUsageKeyEncipherment, "data_encipherment": x509.KeyUsageDataEncipherment,
	"key_agreement": x509.KeyUsageKeyAgreement, "cert_signing": x509.KeyUsageCertSign,
	"crl_signing": x509.KeyUsageCRLSign, "encipher_only": x509.KeyUsageEncipherOnly,
	"decipher_only": x509.KeyUsageDecipherOnly,
}

var extendedUses = map[string]x509.ExtKeyUsage{
	"any_extended": x509.ExtKeyUsageAny, "server_auth": x509.ExtKeyUsageServerAuth,
	"client_auth": x509.ExtKeyUsageClientAuth, "code_signing": x509.ExtKeyUsageCodeSigning,
	"email_protection": x509.ExtKeyUsageEmailProtection, "ipsec_end_system": x509.ExtKeyUsageIPSECEndSystem,
	"ipsec_tunnel": x509.ExtKeyUsageIPSECTunnel, "ipsec_user": x509.ExtKeyUsageIPSECUser,
	"timestamping": x509.ExtKeyUsageTimeStamping, "ocsp_signing": x509.ExtKeyUsageOCSPSigning,
	"microsoft_server_gated_crypto":     x509.ExtKeyUsageMicrosoftServerGatedCrypto,
	"netscape_server_gated_crypto":      x509.ExtKeyUsageNetscapeServerGatedCrypto,
	"microsoft_commercial_code_signing": x509.ExtKeyUsageMicrosoftCommercialCodeSigning,
	"microsoft_kernel_code_signing":     x509.ExtKeyUsageMicrosoftKernelCodeSigning,
}

// validityFields are the inputs that both kinds of certificate share.
func validityFields() []plugin.Field {
	return []plugin.Field{
		{Name: "validityPeriodHours", Kind: plugin.Integer, Required: true, Rule: notNegative},
		// Only moves the day on which the certificate is made anew.
		{Name: "earlyRenewalHours", Kind: plugin.Integer, Default: 0.0, Rule: notNegative, InPlace: true},
		{Name: "allowedUses", Kind: plugin.Strings, Required: true, Rule: usesRule},
		{Name: "isCaCertificate", Kind: plugin.Boolean, Default: false},
		{Name: "setSubjectKeyId", Kind: plugin.Boolean, Default: false},
	}
}

var certificateOutputs = []string{"certPem", "validityStartTime", "validityEndTime", "readyForRenewal"}

func notNegative(v resource.PropertyValue) string {
	if v.NumberValue() < 0 {
		return "must not be negative"
	}
	return ""
}

func usesRule(v resource.PropertyValue) string {
	var wrong []string
	for _, use := range strs(v) {
		_, plain := keyUses[use]
		_, extended := extendedUses[use]
		if !plain && !extended {
			wrong = append(wrong, fmt.Sprintf("%q", use))
		}
	}
	if len(wrong) == 0 {
		return ""
	}
	var names []string
	for name := range keyUses {
		names = append(names, name)
	}
	for name := range extendedUses {
		names = append(names, name)
	}
	sort.Strings(names)
	return fmt.Sprintf("has unknown uses %s; known are %s", strings.Join(wrong, ", "), strings.Join(names, ", "))
}

func strs(v resource.PropertyValue) []string {
	var out []string
	if v.IsArray() {
		for _, e := range v.ArrayValue() {
			out = append(out, e.StringValue())
		}
	}
	return out
}

// expiring says when a certificate must be made anew: from earlyRenewalHours before its end.
func expiring(state, inputs resource.PropertyMap, now time.Time) bool {
	text := state["validityEndTime"]
	if !text.IsString() {
		return false
	}
	end, err := time.Parse(time.RFC3339, text.StringValue())
	if err != nil {
		return false
	}
	early := time.Duration(0)
	if v := inputs["earlyRenewalHours"]; v.IsNumber() {
		early = time.Duration(v.NumberValue() * float64(time.Hour))
	}
	return !now.Before(end.Add(-early))
}

func staleBy(now func() time.Time) func(state, inputs resource.PropertyMap) string {
	return func(state, inputs resource.PropertyMap) string {
		if expiring(state, inputs, now()) {
			return "readyForRenewal"
		}
		return ""
	}
}

func refreshBy(now func() time.Time) func(resource.PropertyMap) resource.PropertyMap {
	return func(state resource.PropertyMap) resource.PropertyMap {
		return resource.PropertyMap{"readyForRenewal": resource.NewBoolProperty(expiring(state, state, now()))}
	}
}

// sign makes the certificate: template gives the subject and the alternative names, in the validity and uses.
// A nil parent makes it self-signed.
func sign(in resource.PropertyMap, template, parent *x509.Certificate, public crypto.PublicKey, signer crypto.Signer,
	now time.Time) (string, resource.PropertyMap, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 128))
	if err != nil {
		return "", nil, fmt.Errorf("drawing a serial number: %w", err)
	}
	template.SerialNumber = serial
	template.NotBefore = now
	template.NotAfter = now.Add(time.Duration(in["validityPeriodHours"].NumberValue()) * time.Hour)
	template.BasicConstraintsValid = true
	template.IsCA = in["isCaCertificate"].BoolValue()
	for _, use := range strs(in["allowedUses"]) {
		template.KeyUsage |= keyUses[use]
		if extended, ok := extendedUses[use]; ok {
			template.ExtKeyUsage = append(template.ExtKeyUsage, extended)
		}
	}
	if in["setSubjectKeyId"].BoolValue() {
		if template.SubjectKeyId, err = keyID(public); err != nil {
			return "", nil, err
		}
	}
	if parent == nil {
		parent = template
		if v := in["setAuthorityKeyId"]; v.IsBool() && v.BoolValue() {
			if template.AuthorityKeyId, err = keyID(public); err != nil {
				return "", nil, err
			}
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, signer)
	if err != nil {
		return "", nil, fmt.Errorf("signing the certificate: %w", err)
	}
	out := texts(map[string]string{
		"certPem":           string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		"validityStartTime": template.NotBefore.Format(time.RFC3339),
		"validityEndTime":   template.NotAfter.Format(time.RFC3339),
	})
	out["readyForRenewal"] = resource.NewBoolProperty(false)
	return serial.String(), out, nil
}

// keyID is RFC 5280's first method: the SHA-1 of the public key's bits.
func keyID(public crypto.PublicKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, fmt.Errorf("encoding the public key: %w", err)
	}
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	if _, err := asn1.Unmarshal(der, &info); err != nil {
		return nil, fmt.Errorf("reading the public key: %w", err)
	}
	sum := sha1.Sum(info.Key.Bytes)
	return sum[:], nil
}

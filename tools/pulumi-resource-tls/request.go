package main

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"net"
	"net/url"
	"time"

	"crypto/sha1"
	"encoding/hex"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/slipway-iac/slipway/tools/plugin"
)

// subjectFields are what a request and a self-signed certificate share: whose it is, and whose key.
func subjectFields() []plugin.Field {
	return []plugin.Field{
		{Name: "privateKeyPem", Kind: plugin.String, Required: true, Secret: true, Rule: keyRule},
		{Name: "dnsNames", Kind: plugin.Strings},
		{Name: "ipAddresses", Kind: plugin.Strings, Rule: addressesRule},
		{Name: "uris", Kind: plugin.Strings, Rule: urisRule},
		{Name: "subject", Kind: plugin.Object, Fields: []plugin.Field{
			{Name: "commonName", Kind: plugin.String}, {Name: "organization", Kind: plugin.String},
			{Name: "organizationalUnit", Kind: plugin.String}, {Name: "streetAddresses", Kind: plugin.Strings},
			{Name: "locality", Kind: plugin.String}, {Name: "province", Kind: plugin.String},
			{Name: "country", Kind: plugin.String}, {Name: "postalCode", Kind: plugin.String},
			{Name: "serialNumber", Kind: plugin.String}, {Name: "emailAddress", Kind: plugin.String},
		}},
	}
}

func addressesRule(v resource.PropertyValue) string {
	for _, s := range strs(v) {
		if net.ParseIP(s) == nil {
			return fmt.Sprintf("has %q, which is not an IP address", s)
		}
	}
	return ""
}

func urisRule(v resource.PropertyValue) string {
	for _, s := range strs(v) {
		if _, err := url.Parse(s); err != nil {
			return fmt.Sprintf("has %q, which is not a URI", s)
		}
	}
	return ""
}

func name(v resource.PropertyValue) pkix.Name {
	var n pkix.Name
	if !v.IsObject() {
		return n
	}
	subject := v.ObjectValue()
	text := func(key resource.PropertyKey) string {
		if v := subject[key]; v.IsString() {
			return v.StringValue()
		}
		return ""
	}
	list := func(key resource.PropertyKey) []string {
		if s := text(key); s != "" {
			return []string{s}
		}
		return nil
	}
	n.CommonName, n.SerialNumber = text("commonName"), text("serialNumber")
	n.Organization, n.OrganizationalUnit = list("organization"), list("organizationalUnit")
	n.StreetAddress, n.Locality = strs(subject["streetAddresses"]), list("locality")
	n.Province, n.Country, n.PostalCode = list("province"), list("country"), list("postalCode")
	if email := text("emailAddress"); email != "" {
		n.ExtraNames = append(n.ExtraNames, pkix.AttributeTypeAndValue{Type: emailAddress, Value: email})
	}
	return n
}

// emailAddress is PKCS #9's attribute of that name.
var emailAddress = []int{1, 2, 840, 113549, 1, 9, 1}

func alternatives(in resource.PropertyMap) (ips []net.IP, uris []*url.URL) {
	for _, s := range strs(in["ipAddresses"]) {
		ips = append(ips, net.ParseIP(s))
	}
	for _, s := range strs(in["uris"]) {
		if u, err := url.Parse(s); err == nil {
			uris = append(uris, u)
		}
	}
	return ips, uris
}

func certRequest() plugin.Resource {
	return plugin.Resource{
		Fields: subjectFields(), Outputs: []string{"certRequestPem", "keyAlgorithm"},
		SecretOutputs: []string{"privateKeyPem"},
		Create: func(in resource.PropertyMap) (string, resource.PropertyMap, error) {
			key, algorithm, err := parseKey(in["privateKeyPem"].StringValue())
			if err != nil {
				return "", nil, err
			}
			ips, uris := alternatives(in)
			der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{
				Subject: name(in["subject"]), DNSNames: strs(in["dnsNames"]), IPAddresses: ips, URIs: uris,
			}, key)
			if err != nil {
				return "", nil, fmt.Errorf("creating the request: %w", err)
			}
			request := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der})
			sum := sha1.Sum(request)
			return hex.EncodeToString(sum[:]),
				texts(map[string]string{"certRequestPem": string(request), "keyAlgorithm": algorithm}), nil
		},
	}
}

func selfSigned(now func() time.Time) plugin.Resource {
	fields := append(subjectFields(), validityFields()...)
	fields = append(fields, plugin.Field{Name: "setAuthorityKeyId", Kind: plugin.Boolean, Default: false})
	return plugin.Resource{
		Fields: fields, Outputs: append([]string{"keyAlgorithm"}, certificateOutputs...),
		SecretOutputs: []string{"privateKeyPem"}, Stale: staleBy(now), Refresh: refreshBy(now),
		Create: func(in resource.PropertyMap) (string, resource.PropertyMap, error) {
			key, algorithm, err := parseKey(in["privateKeyPem"].StringValue())
			if err != nil {
				return "", nil, err
			}
			template := &x509.Certificate{Subject: name(in["subject"]), DNSNames: strs(in["dnsNames"])}
			template.IPAddresses, template.URIs = alternatives(in)
			id, out, err := sign(in, template, nil, key.Public(), key, now())
			if err != nil {
				return "", nil, err
			}
			out["keyAlgorithm"] = resource.NewStringProperty(algorithm)
			return id, out, nil
		},
	}
}

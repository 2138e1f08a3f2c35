package main

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/slipway-iac/slipway/tools/plugin"
)

func locallySigned(now func() time.Time) plugin.Resource {
	fields := append([]plugin.Field{
		{Name: "certRequestPem", Kind: plugin.String, Required: true, Rule: blockRule("CERTIFICATE REQUEST")},
		{Name: "caCertPem", Kind: plugin.String, Required: true, Rule: blockRule("CERTIFICATE")},
		{Name: "caPrivateKeyPem", Kind: plugin.String, Required: true, Secret: true, Rule: keyRule},
	}, validityFields()...)
	return plugin.Resource{
		Fields: fields, Outputs: append([]string{"caKeyAlgorithm"}, certificateOutputs...),
		SecretOutputs: []string{"caPrivateKeyPem"}, Stale: staleBy(now), Refresh: refreshBy(now),
		Create: func(in resource.PropertyMap) (string, resource.PropertyMap, error) {
			return signRequest(in, now())
		},
	}
}

func blockRule(kind string) func(resource.PropertyValue) string {
	return func(v resource.PropertyValue) string {
		if block, _ := pem.Decode([]byte(v.StringValue())); block == nil || block.Type != kind {
			return fmt.Sprintf("must be a PEM block of type %q", kind)
		}
		return ""
	}
}

func signRequest(in resource.PropertyMap, now time.Time) (string, resource.PropertyMap, error) {
	key, algorithm, err := parseKey(in["caPrivateKeyPem"].StringValue())
	if err != nil {
		return "", nil, err
	}
	block, _ := pem.Decode([]byte(in["caCertPem"].StringValue()))
	if block == nil {
		return "", nil, fmt.Errorf("reading the CA certificate: no PEM block found")
	}
	ca, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return "", nil, fmt.Errorf("reading the CA certificate: %w", err)
	}
	if block, _ = pem.Decode([]byte(in["certRequestPem"].StringValue())); block == nil {
		return "", nil, fmt.Errorf("reading the request: no PEM block found")
	}
	request, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		return "", nil, fmt.Errorf("reading the request: %w", err)
	}
	if err := request.CheckSignature(); err != nil {
		return "", nil, fmt.Errorf("checking the request's signature: %w", err)
	}
	template := &x509.Certificate{
		Subject: request.Subject, DNSNames: request.DNSNames, EmailAddresses: request.EmailAddresses,
		IPAddresses: request.IPAddresses, URIs: request.URIs,
	}
	id, out, err := sign(in, template, ca, request.PublicKey, key, now)
	if err != nil {
		return "", nil, err
	}
	out["caKeyAlgorithm"] = resource.NewStringProperty(algorithm)
	return id, out, nil
}

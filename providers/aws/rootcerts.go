package aws

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// trustStores are where AWS publishes the root certificates of RDS, by the beginning of a region's name.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html#UsingWithRDS.SSL.CertificatesAllRegions
var trustStores = []struct{ prefix, address string }{
	{"us-gov-", "https://truststore.pki.us-gov-west-1.rds.amazonaws.com"},
	{"cn-", "https://rds-truststore.s3.cn-north-1.amazonaws.com.cn"},
	{"", "https://truststore.pki.rds.amazonaws.com"},
}

// RootCertificate is the PEM root that signs the certificates of a region's RDS instances with rds-ca-rsa2048-g1. No system's store
// has it, and without it nobody can tell the database from somebody else. It comes from AWS's own trust store, once: it is valid
// until 2061 or later, and then read from the user's cache folder. It fails if the trust store can't be reached, or has no such root.
func RootCertificate(ctx context.Context, region string) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("finding the user's cache folder: %w", err)
	}
	for _, store := range trustStores {
		if strings.HasPrefix(region, store.prefix) {
			return rootCertificate(ctx, store.address, region, filepath.Join(cache, "slipway", "rds", region+".pem"))
		}
	}
	return "", nil // not reached: the last prefix fits all
}

func rootCertificate(ctx context.Context, store, region, file string) (string, error) {
	if kept, err := os.ReadFile(file); err == nil {
		if root, err := pickRoot(kept, region); err == nil {
			return root, nil
		}
	}
	address := fmt.Sprintf("%s/%s/%s-bundle.pem", store, region, region)
	bundle, err := download(ctx, address)
	if err != nil {
		return "", fmt.Errorf("region: fetching the root certificate of RDS in %s: %w", region, err)
	}
	root, err := pickRoot(bundle, region)
	if err != nil {
		return "", fmt.Errorf("region: reading %s: %w", address, err)
	}
	// A cache that can't be written costs another download next time, nothing else.
	if os.MkdirAll(filepath.Dir(file), 0o755) == nil {
		_ = os.WriteFile(file, []byte(root), 0o644)
	}
	return root, nil
}

func download(ctx context.Context, address string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", address, answer.Status)
	}
	return io.ReadAll(io.LimitReader(answer.Body, 1<<20))
}

// pickRoot finds the root of rds-ca-rsa2048-g1 in a bundle: it must be of this region, and sign itself.
func pickRoot(bundle []byte, region string) (string, error) {
	want := "Amazon RDS " + region + " Root CA RSA2048 G1"
	for {
		var block *pem.Block
		if block, bundle = pem.Decode(bundle); block == nil {
			return "", fmt.Errorf("it has no certificate %q", want)
		}
		root, err := x509.ParseCertificate(block.Bytes)
		if err != nil || root.Subject.CommonName != want {
			continue
		}
		if err := root.CheckSignatureFrom(root); err != nil {
			return "", fmt.Errorf("certificate %q: %w", want, err)
		}
		return string(pem.EncodeToMemory(block)), nil
	}
}

package awscloud

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/slipway-iac/slipway/cli"
	"github.com/slipway-iac/slipway/providers/aws"
	"github.com/slipway-iac/slipway/providers/aws/rights"
	"github.com/slipway-iac/slipway/stacks"
)

var _ cli.Entitler = Target{}

// Rights are the policies of the roles that deploy and read the stack (docs/aws.md). Where state is, is read from PULUMI_BACKEND_URL, and
// the key of its secrets from the stack's file.
//   - https://www.pulumi.com/docs/iac/concepts/state-and-backends/#aws-s3
//   - https://www.pulumi.com/docs/iac/concepts/secrets/#aws-key-management-service-kms
func (Target) Rights(root string, c stacks.Config) (map[string][]byte, error) {
	if c.AWS.AccountID == "" {
		return nil, errors.New("aws.accountId: the policies name the account; set it, or add -c aws.accountId=")
	}
	s := aws.Rights(c.App.Name, c.Project, c.Stack, c.Tags)
	s.Account, s.Partition, s.Region = c.AWS.AccountID, "aws", c.Region
	s.BackupRegion, s.Boundary = c.AWS.BackupRegion, c.AWS.PermissionsBoundary
	if c.Domain.Name != "" {
		s.Zone, s.Domain = "*", c.Domain.Name // its id is known when the zone is there; the name of the record is what binds
	}
	if backend, err := url.Parse(os.Getenv("PULUMI_BACKEND_URL")); err == nil && backend.Scheme == "s3" {
		s.StateBucket = backend.Host
		if s.StateKey, err = stateKey(root, c.Stack); err != nil {
			return nil, err
		}
	}
	policies, err := rights.Deployer(s)
	if err != nil {
		return nil, err
	}
	reader, err := rights.Reader(s)
	if err != nil {
		return nil, err
	}
	out := map[string][]byte{}
	for _, p := range append(policies, reader) {
		text, err := json.MarshalIndent(p.Document, "", " ")
		if err != nil {
			return nil, fmt.Errorf("writing policy %s: %w", p.Name, err)
		}
		out[p.Name+".json"] = append(text, '\n')
	}
	return out, nil
}

// stateKey is the alias of the key that the stack's file names, or else the one that docs/ci.md gives it.
func stateKey(root, stack string) (string, error) {
	data, err := os.ReadFile(filepath.Join(root, "Pulumi."+stack+".yaml"))
	if err != nil {
		return "", fmt.Errorf("reading the stack's file: %w", err)
	}
	var file struct{ SecretsProvider string }
	if err := yaml.Unmarshal(data, &file); err != nil {
		return "", fmt.Errorf("reading the stack's file: %w", err)
	}
	if rest, ok := strings.CutPrefix(file.SecretsProvider, "awskms://alias/"); ok {
		name, _, _ := strings.Cut(rest, "?")
		return "alias/" + name, nil
	}
	return "alias/slipway-state-" + stack, nil
}

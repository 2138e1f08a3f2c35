package awscloud

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/slipway-iac/slipway/stacks"
)

func TestRights(t *testing.T) {
	root := t.TempDir()
	c := stacks.Config{Project: "slipway", Stack: "dev", Region: "eu-west-1", App: stacks.App{Name: "links"}, Domain: stacks.Domain{Name: "links.example.com"}}
	file := filepath.Join(root, "Pulumi.dev.yaml")
	t.Setenv("PULUMI_BACKEND_URL", "s3://example-state?region=us-east-1")
	if _, err := (Target{}).Rights(root, c); err == nil || !strings.Contains(err.Error(), "aws.accountId") {
		t.Errorf("without an account: %v", err)
	}
	c.AWS.AccountID = "111122223333"
	for content, key := range map[string]string{
		"secretsprovider: awskms://alias/team-dev?region=us-east-1\nconfig: {}\n": `"alias/team-dev"`,
		"config: {}\n": `"alias/slipway-state-dev"`,
	} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := (Target{}).Rights(root, c)
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string][]string{
			"deployer-account.json": {`"slipway/dev"`, "arn:aws:s3:::example-state/.pulumi/stacks/slipway/dev.json*", key},
			"deployer-edge.json":    {`"links.example.com"`, `"_*.links.example.com"`},
			"deployer-app.json":     {"arn:aws:iam::111122223333:role/links-dev-*", "arn:aws:ecr:eu-west-1:111122223333:repository/slipway/slipway/dev/*"},
			"deployer-data.json":    {"arn:aws:secretsmanager:eu-west-1:111122223333:secret:links-dev-*"},
			"deployer-network.json": {`"aws:ResourceTag/slipway:stack"`},
			"reader.json":           {"arn:aws:secretsmanager:eu-west-1:111122223333:secret:links-dev-*", key},
		} {
			for _, text := range want {
				if !strings.Contains(string(got[name]), text) {
					t.Errorf("%s does not name %s:\n%s", name, text, got[name])
				}
			}
		}
		for name, text := range got {
			if strings.ContainsAny(string(text), "\u003c") || strings.Contains(string(text), "{region}") {
				t.Errorf("%s has a place that nothing fills: %s", name, text)
			}
		}
		if len(got) != 6 {
			t.Errorf("there are %d files: without backups abroad nobody needs their policy", len(got))
		}
	}
	t.Setenv("PULUMI_BACKEND_URL", "https://api.pulumi.com")
	got, err := (Target{}).Rights(root, c)
	if err != nil || strings.Contains(string(got["deployer-account.json"]), ".pulumi") {
		t.Errorf("state that is not in S3 is granted: %v", err)
	}
}

package stacks

import (
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/diag"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag/colors"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/config"
	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
)

// fileInput reads a stack's file as Pulumi does.
func fileInput(t *testing.T, text string, overrides ...string) Input {
	t.Helper()
	root := t.TempDir()
	file := filepath.Join(root, "Pulumi.test.yaml")
	write(t, file, text)
	sink := diag.DefaultSink(io.Discard, io.Discard, diag.FormatOptions{Color: colors.Never})
	settings, err := workspace.LoadProjectStack(sink, &workspace.Project{Name: "slipway"}, file)
	if err != nil {
		t.Fatal(err)
	}
	in := Input{Project: "slipway", Stack: "test", Root: root, Overrides: overrides, Values: map[string]string{}}
	for key, value := range settings.Config {
		if in.Values[key.String()], err = value.Value(config.NopDecrypter); err != nil {
			t.Fatal(err)
		}
		if value.Secure() {
			in.SecretKeys = append(in.SecretKeys, key.String())
		}
	}
	if in.Values, err = ApplyOverrides(in.Values, "slipway", overrides); err != nil {
		t.Fatal(err)
	}
	return in
}

// TestTextThatYAMLReads: a value reaches the app as it is written, or the configuration is refused and the key named.
func TestTextThatYAMLReads(t *testing.T) {
	for written, want := range map[string]string{
		`1.10`:                 `YAML makes 1.1 of it: quote it; allowed: "1.10"`,
		`02142`:                `YAML makes 1122 of it: quote it; allowed: "02142"`,
		`12345678901234567890`: `YAML makes 12345678901234567168 of it: quote it; allowed: "12345678901234567890"`,
		`9007199254740993`:     `YAML makes 9007199254740992 of it: quote it; allowed: "9007199254740993"`,
		`2026-12-01`:           `YAML makes a point in time of it: quote it; allowed: "2026-12-01"`,
		`0x1F`:                 `YAML makes 31 of it: quote it; allowed: "0x1F"`,
		`0o17`:                 `YAML makes 15 of it: quote it; allowed: "0o17"`,
		`1e3`:                  `YAML makes 1000 of it: quote it; allowed: "1e3"`,
		`1_000`:                `YAML makes 1000 of it: quote it; allowed: "1_000"`,
		`+5`:                   `YAML makes 5 of it: quote it; allowed: "+5"`,
		`True`:                 `YAML makes true of it: quote it; allowed: "True"`,
		`~`:                    `is nothing to YAML, so it would be left out; allowed: a text in quotes, which may be empty`,
		``:                     `is nothing to YAML, so it would be left out; allowed: a text in quotes, which may be empty`,
		`"1.10"`:               "", `'02142'`: "", `!!str 1e3`: "", `7`: "", `-7`: "", `0`: "", `true`: "", `false`: "", `1.5`: "", `yes`: "", `""`: "", `v1.10`: "",
		`10.0.0.1`: "", `12:30`: "", `9007199254740992`: "",
	} {
		t.Run(written, func(t *testing.T) {
			c, err := Load(fileInput(t, "config:\n  slipway:cloud: docker\n  slipway:app:\n    env:\n      A: "+written+"\n"))
			plain := strings.Trim(strings.TrimPrefix(written, "!!str "), `"'`)
			switch {
			case want == "" && err != nil:
				t.Error(err)
			case want == "" && c.App.Env["A"] != plain:
				t.Errorf("the app gets %q, want %q", c.App.Env["A"], plain)
			case want != "" && (err == nil || !strings.Contains(err.Error(), "slipway:app.env.A") || !strings.Contains(err.Error(), want)):
				t.Errorf("got %v, want %s", err, want)
			}
			if _, given := c.App.Env["A"]; err == nil && !given {
				t.Error("the app does not get the variable")
			}
		})
	}
}

// TestTextElsewhere: it is the same for every other text, in either file, and with or without the project's prefix.
func TestTextElsewhere(t *testing.T) {
	for _, row := range []struct{ name, text, want string }{
		{"tag", "slipway:tags: {cost: 0012}", `slipway:tags.cost = 0012: YAML makes 10 of it: quote it; allowed: "0012"`},
		{"key of a tag", "slipway:tags: {0012: x}", `slipway:tags.0012 = 0012: YAML makes 10 of it: quote it; allowed: "0012"`},
		{"list", "slipway:app: {migrate: [migrate, 1.10]}", `slipway:app.migrate[1] = 1.10: YAML makes 1.1 of it: quote it; allowed: "1.10"`},
		{"reason", "slipway:allow: {prod-cache-ha: 2026-12-01}", `slipway:allow.prod-cache-ha = 2026-12-01: YAML makes a point in time of it`},
		{"account", "slipway:aws: {accountId: 012345670123}", `slipway:aws.accountId = 012345670123: YAML makes`},
		{"top level", "slipway:region: 1e3", `slipway:region = 1e3: YAML makes 1000 of it: quote it; allowed: "1e3"`},
		{"no prefix", "app: {env: {A: 1.10}}", `slipway:app.env.A = 1.10: YAML makes 1.1 of it`},
		{"anchor", "slipway:app: {env: {A: &a 1.10, B: *a}}", `slipway:app.env.B = 1.10: YAML makes 1.1 of it`},
		{"merged", "slipway:app: {env: &e {A: 1.10}}\n  slipway:tags: {<<: *e}", `slipway:tags.A = 1.10: YAML makes 1.1 of it`},
		{"octal port", "slipway:app: {port: 08080}\n  slipway:docker: {httpPort: 01234}", `slipway:docker.httpPort = 01234: YAML makes 668 of it: write it without the leading 0`},
		{"secret", "slipway:secrets: {A: 1.10}", `slipway:secrets.A = [secret]: YAML makes something else of it; allowed: the same in quotes`},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := Load(fileInput(t, "config:\n  slipway:cloud: aws\n  "+row.text+"\n"))
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, want %s", err, row.want)
			}
			if strings.Contains(row.text, "secrets") && strings.Contains(err.Error(), "1.1") {
				t.Errorf("%v shows a secret", err)
			}
		})
	}
	t.Run("numbers are numbers", func(t *testing.T) {
		if _, err := Load(fileInput(t, "config:\n  slipway:cloud: aws\n  slipway:app: {cpu: 0.50, memory: 1Gi}\n  slipway:alerts: {thresholds: {error-rate: 1.0}}\n")); err != nil {
			t.Error(err)
		}
	})
	t.Run("the project's file", func(t *testing.T) {
		in := fileInput(t, "config:\n  slipway:cloud: docker\n")
		write(t, filepath.Join(in.Root, "Pulumi.yaml"), "name: slipway\nconfig:\n  app:\n    value: {env: {A: 1.10}}\n  slipway:tags: {default: {}}\n")
		if _, err := Load(in); err == nil || !strings.Contains(err.Error(), `slipway:app.env.A = 1.10: YAML makes 1.1`) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("the command line wins", func(t *testing.T) {
		for setting, want := range map[string]string{`app.env.A=1.10`: "1.10", `slipway:app.env.A=02142`: "02142", `app.env={"A":1e3}`: "1e3", `app.env.A= 5`: " 5", `app.env.A=`: ""} {
			c, err := Load(fileInput(t, "config:\n  slipway:cloud: docker\n  slipway:app: {env: {A: 1.100}}\n", setting))
			if got, given := c.App.Env["A"]; err != nil || got != want || !given {
				t.Errorf("-c %s: the app gets %q (%v)", setting, got, err)
			}
		}
	})
}

package gcp

import (
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/components/componentstest"
)

func TestDatabaseForTheApp(t *testing.T) {
	var made *components.Database
	r := mustRecord(t, func(ctx *pulumi.Context, p *Platform) error {
		var err error
		made, err = components.NewDatabase(ctx, p, "database", components.DatabaseArgs{
			Name: "links", Bootstrap: components.ImageRef{StringOutput: plain("dbinit@sha256:1")}, Version: "17", Size: "medium", StorageGiB: 100, HA: true, BackupDays: 14, DeletionProtection: true,
		}, pulumi.Parent(p))
		return err
	})
	instance := r.Of(databaseType)[0]
	if !instance.Protect {
		t.Error("Pulumi would delete the database")
	}
	if !slices.Equal(instance.IgnoreChanges, []string{"settings.diskSize"}) {
		t.Error("a disk that has grown would have the provider make the database anew")
	}
	if name := instance.At("name"); len(name) > 0 || instance.Name != "links-production-database" || !strings.HasPrefix(instance.Name+"-", InstanceName("links", "production")) {
		t.Errorf("the instance is called %v, logically %s: its end must be another one at each attempt", name, instance.Name)
	}
	root := slices.IndexFunc(instance.Leaves(), func(l componentstest.Leaf) bool { return l.Path == "rootPassword" })
	if root < 0 || !instance.Leaves()[root].Secret {
		t.Error("the password policy refuses an instance whose user postgres has no password, or the password is to be seen")
	}
	flags := map[any]any{}
	names, values := instance.At("settings.databaseFlags[*].name"), instance.At("settings.databaseFlags[*].value")
	for i := range names {
		flags[names[i]] = values[i]
	}
	for name, want := range map[string]string{
		"cloudsql.enable_pgaudit": "on", "cloudsql.iam_authentication": "on", "log_connections": "on", "log_disconnections": "on", "log_statement": "ddl",
		"log_min_messages": "warning", "log_min_error_statement": "error", "log_min_duration_statement": "-1", "max_connections": "375",
	} {
		if flags[name] != want {
			t.Errorf("the flag %s is %v, want %s", name, flags[name], want)
		}
	}
	for _, property := range []string{"settings.ipConfiguration.authorizedNetworks[*].value"} {
		if got := instance.At(property); len(got) > 0 {
			t.Errorf("%s is %v", property, got)
		}
	}
	url, _ := r.Find("gcp:secretmanager/secretVersion:SecretVersion", "links-production-database-url")
	if text, _ := url.At("secretData")[0].(string); !strings.HasPrefix(text, "postgres://links_app:") || !strings.HasSuffix(text, ":5432/links?sslmode=verify-ca") {
		t.Errorf("the URL is %q", text)
	}
	if made.Init.Env["DATABASE_SSLMODE"] != pulumi.String("verify-ca") || made.Init.Env["APP_CONNECTION_LIMIT"] != pulumi.String("365") {
		t.Errorf("dbinit gets %v", made.Init.Env)
	}
	for _, one := range r.Of("random:index/randomPassword:RandomPassword") {
		if got := one.At("length"); got[0].(float64) < instance.At("settings.passwordValidationPolicy.minLength")[0].(float64) {
			t.Errorf("%s has %v characters, which the policy refuses", one.Name, got)
		}
		if got := one.At("minSpecial"); !slices.Equal(got, []any{1.0}) || one.At("overrideSpecial")[0] != "-_" {
			t.Errorf("%s does not meet the password policy, or is not safe in a URL", one.Name)
		}
	}
}

func TestCacheSizes(t *testing.T) {
	for size, want := range map[string]float64{"small": 1, "medium": 5, "large": 11, "memory-300": 300} {
		r := mustRecord(t, func(ctx *pulumi.Context, p *Platform) error {
			_, err := components.NewCache(ctx, p, "cache", components.CacheArgs{Size: size, HA: true}, pulumi.Parent(p))
			return err
		})
		instance := r.Of(cacheType)[0]
		if got := instance.At("memorySizeGb"); !slices.Equal(got, []any{want}) || instance.At("tier")[0] != "STANDARD_HA" {
			t.Errorf("%s has %v GiB", size, got)
		}
		url := r.Of("gcp:secretmanager/secretVersion:SecretVersion")[0]
		if text, _ := url.At("secretData")[0].(string); !strings.HasPrefix(text, "rediss://:") || !strings.HasSuffix(text, ":6378") {
			t.Errorf("the URL is %q", text)
		}
	}
}

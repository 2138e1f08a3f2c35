package gcp

import (
	"slices"
	"strings"
	"testing"

	"github.com/slipway-iac/slipway/components/componentstest"
)

// everywhere are the checks that hold in every shape.
func everywhere() []componentstest.Check {
	return []componentstest.Check{
		{Name: "the network lets nothing in", Test: closed},
		{Name: "data stores are private, with TLS and a password", Test: private},
		{Name: "secrets are given by reference", Test: referring},
		{Name: "no default account runs anything", Test: ownAccounts},
		{Name: "everything that takes labels has them", Test: labelled},
		{Name: "images have tags that never move", Test: func(t *testing.T, r *componentstest.Recording) {
			want(t, r, "gcp:artifactregistry/repository:Repository", "dockerConfig.immutableTags", true)
			want(t, r, pushType, "keepRemotely", true)
		}},
		{Name: "alerts tell somebody", Test: func(t *testing.T, r *componentstest.Recording) {
			for _, one := range r.Of(policyType) {
				if n := len(one.At("notificationChannels[*]")); n != 2 {
					t.Errorf("%s tells %d channels, want 2", one.Name, n)
				}
			}
		}},
	}
}

// want wants a property to have a value on every resource of a type, of which there must be one.
func want(t *testing.T, r *componentstest.Recording, kind, property string, value any) {
	t.Helper()
	all := r.Of(kind)
	if len(all) == 0 {
		t.Errorf("there is no %s", kind)
	}
	for _, one := range all {
		got := one.At(property)
		if len(got) == 0 {
			t.Errorf("%s %s: %s is not set, want %v", kind, one.Name, property, value)
		}
		for _, v := range got {
			if v != value {
				t.Errorf("%s %s: %s is %v, want %v", kind, one.Name, property, v, value)
			}
		}
	}
}

// closed wants a firewall that lets in nothing, and out what goes to the data stores.
func closed(t *testing.T, r *componentstest.Recording) {
	want(t, r, computeNetworkToken, "autoCreateSubnetworks", false)
	want(t, r, subnetworkToken, "privateIpGoogleAccess", true)
	want(t, r, subnetworkToken, "logConfig.metadata", "INCLUDE_ALL_METADATA")
	want(t, r, firewallToken, "logConfig.metadata", "INCLUDE_ALL_METADATA")
	for _, rule := range r.Of(firewallToken) {
		ports, direction := rule.At("allows[*].ports[*]"), rule.At("direction")[0]
		switch {
		case len(rule.At("description")) == 0:
			t.Errorf("%s has no description", rule.Name)
		case len(rule.At("denies[*].protocol")) == 1:
		case direction != "EGRESS" || !slices.Equal(ports, []any{"5432", "6378"}) || rule.At("destinationRanges[*]")[0] != "10.80.16.0/20":
			t.Errorf("%s lets through %v %v to %v", rule.Name, direction, ports, rule.At("destinationRanges[*]"))
		}
	}
	want(t, r, "gcp:servicenetworking/connection:Connection", "deletionPolicy", "ABANDON")
}

func private(t *testing.T, r *componentstest.Recording) {
	for property, value := range map[string]any{
		"settings.ipConfiguration.ipv4Enabled": false, "settings.ipConfiguration.sslMode": "ENCRYPTED_ONLY", "settings.edition": "ENTERPRISE",
		"settings.passwordValidationPolicy.enablePasswordPolicy": true, "settings.passwordValidationPolicy.complexity": "COMPLEXITY_DEFAULT",
		"settings.insightsConfig.queryInsightsEnabled": true,
	} {
		want(t, r, databaseType, property, value)
	}
	for property, value := range map[string]any{"authEnabled": true, "transitEncryptionMode": "SERVER_AUTHENTICATION", "connectMode": "PRIVATE_SERVICE_ACCESS"} {
		want(t, r, cacheType, property, value)
	}
	for _, kind := range []string{serviceType, jobType} {
		prefix := map[string]string{serviceType: "template", jobType: "template.template"}[kind]
		want(t, r, kind, prefix+".vpcAccess.egress", "PRIVATE_RANGES_ONLY")
		want(t, r, kind, prefix+".vpcAccess.networkInterfaces[*].tags[*]", runTag)
	}
}

// referring wants what is secret as a version of a secret, and never as text.
func referring(t *testing.T, r *componentstest.Recording) {
	for kind, prefix := range map[string]string{serviceType: "template", jobType: "template.template"} {
		for _, one := range r.Of(kind) {
			for _, v := range one.At(prefix + ".containers[*].envs[*].valueSource.secretKeyRef.version") {
				if v == "latest" || v == "" {
					t.Errorf("%s reads version %q of a secret", one.Name, v)
				}
			}
			for _, leaf := range one.Leaves() {
				if leaf.Secret {
					t.Errorf("%s: %s is a secret in the definition", one.Name, leaf.Path)
				}
			}
		}
	}
}

func ownAccounts(t *testing.T, r *componentstest.Recording) {
	for kind, property := range map[string]string{serviceType: "template.serviceAccount", jobType: "template.template.serviceAccount"} {
		for _, one := range r.Of(kind) {
			if got := one.At(property); len(got) != 1 || got[0] == "" {
				t.Errorf("%s runs as %v", one.Name, got)
			}
		}
	}
}

func labelled(t *testing.T, r *componentstest.Recording) {
	count := 0
	for _, one := range r.Resources {
		for _, property := range []string{"labels", "userLabels", "settings.userLabels"} {
			if got := one.At(property + "." + LabelStack); len(got) == 1 {
				count++
				if team := one.At(property + ".team"); len(team) != 1 || team[0] != "links" {
					t.Errorf("%s has the label team %v", one.URN, team)
				}
			}
		}
	}
	if count < 25 {
		t.Errorf("only %d resources have labels", count)
	}
	for _, kind := range []string{serviceType, jobType, databaseType, cacheType, secretType, policyType, "gcp:artifactregistry/repository:Repository"} {
		for _, one := range r.Of(kind) {
			if !strings.Contains(strings.Join(paths(one), " "), LabelApp) {
				t.Errorf("%s has no labels", one.URN)
			}
		}
	}
}

func paths(one componentstest.Resource) []string {
	var out []string
	for _, leaf := range one.Leaves() {
		out = append(out, leaf.Path)
	}
	return out
}

// encrypted wants the stack's key wherever one can be given.
func encrypted(t *testing.T, r *componentstest.Recording) {
	for kind, property := range map[string]string{
		"gcp:artifactregistry/repository:Repository": "kmsKeyName", databaseType: "encryptionKeyName", cacheType: "customerManagedKey",
		secretType: "replication.userManaged.replicas[*].customerManagedEncryption.kmsKeyName",
		"gcp:logging/projectBucketConfig:ProjectBucketConfig": "cmekSettings.kmsKeyName",
	} {
		for _, one := range r.Of(kind) {
			if got := one.At(property); len(got) != 1 || got[0] == "" {
				t.Errorf("%s: %s is %v", one.URN, property, got)
			}
		}
	}
	want(t, r, "gcp:kms/cryptoKey:CryptoKey", "rotationPeriod", "7776000s")
}

// guarded wants the security policy and a log on every backend service, and TLS 1.2 on the proxy.
func guarded(t *testing.T, r *componentstest.Recording) {
	if n := len(r.Of(backendServiceToken)); n != 4 {
		t.Errorf("there are %d backend services, want one for the weights, one for the CDN and one for each slot", n)
	}
	for _, one := range r.Of(backendServiceToken) {
		if got := one.At("securityPolicy"); len(got) != 1 || got[0] == "" {
			t.Errorf("%s has the security policy %v", one.Name, got)
		}
		if cdn := one.At("enableCdn")[0]; cdn != strings.HasSuffix(one.Name, "-cdn") {
			t.Errorf("%s: enableCdn is %v", one.Name, cdn)
		}
	}
	want(t, r, backendServiceToken, "logConfig.enable", true)
	want(t, r, sslPolicyToken, "minTlsVersion", "TLS_1_2")
	if ports := r.Of(forwardingRuleToken); len(ports) != 4 {
		t.Errorf("there are %d forwarding rules, want 443 and 80 for both addresses", len(ports))
	}
}

package azure

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-iac/slipway/components/componentstest"
)

// everywhere are the checks that hold in every shape.
func everywhere() []componentstest.Check {
	return []componentstest.Check{
		{Name: "every resource has the version of the table", Test: versioned},
		{Name: "secrets are given by reference", Test: referred},
		{Name: "TLS is forced", Test: forced},
		{Name: "everything that takes tags has them", Test: tagged},
		{Name: "role assignments are these two", Test: assigned},
		{Name: "only role assignments are replaced by deleting them first", Test: func(t *testing.T, r *componentstest.Recording) {
			for _, one := range r.Resources {
				if one.DeleteBeforeReplace != (one.Type == token("authorization:RoleAssignment")) {
					t.Errorf("%s: deleted before its replacement is %t", one.URN, one.DeleteBeforeReplace)
				}
			}
		}},
	}
}

// closed wants that Front Door's private link is the only way to the app, and that there is no way to the stores.
func closed(t *testing.T, r *componentstest.Recording) {
	cluster := sole(t, r, clusterKind)
	wantProperty(t, cluster, "publicNetworkAccess", "Disabled")
	wantProperty(t, cluster, "vnetConfiguration.internal", true)
	wantProperty(t, sole(t, r, token("dbforpostgresql:Server")), "network.publicNetworkAccess", "Disabled")
	vault := sole(t, r, token("keyvault:Vault"))
	wantProperty(t, vault, "properties.publicNetworkAccess", "Disabled")
	wantProperty(t, vault, "properties.networkAcls.defaultAction", "Deny")
	var linked []any
	for _, one := range r.Of(token("network:PrivateEndpoint")) {
		linked = append(linked, one.At("privateLinkServiceConnections[*].groupIds[*]")...)
	}
	if !slices.Contains(linked, any("vault")) || !slices.Contains(linked, any("redisEnterprise")) || len(linked) != 2 {
		t.Errorf("there are private endpoints of %v", linked)
	}
	for _, one := range r.Of(token("cdn:AFDOrigin")) {
		wantProperty(t, one, "sharedPrivateLinkResource.groupId", "managedEnvironments")
	}
}

// opened wants that these rules alone let in what comes from outside the network.
func opened(doors ...string) func(*testing.T, *componentstest.Recording) {
	return func(t *testing.T, r *componentstest.Recording) {
		var got []string
		for _, group := range r.Of(token("network:NetworkSecurityGroup")) {
			rules := group.At("securityRules[*].name")
			for i, source := range group.At("securityRules[*].sourceAddressPrefix") {
				if text := source.(string); text == "*" || !strings.HasPrefix(text, "10.0.") && text != "VirtualNetwork" {
					got = append(got, rules[i].(string))
				}
			}
		}
		if !slices.Equal(got, doors) {
			t.Errorf("open to the outside: %v, want %v", got, doors)
		}
	}
}

// forced wants TLS, and its version 1.2 at least, wherever one can ask for it.
func forced(t *testing.T, r *componentstest.Recording) {
	wantProperty(t, sole(t, r, appKind), "configuration.ingress.allowInsecure", false)
	wantProperty(t, sole(t, r, token("cache:Database")), "clientProtocol", "Encrypted")
	wantProperty(t, sole(t, r, token("cache:RedisEnterprise")), "minimumTlsVersion", "1.2")
	parameters := map[any]any{}
	for _, one := range r.Of(token("dbforpostgresql:Configuration")) {
		parameters[one.At("configurationName")[0]] = one.At("value")[0]
	}
	if parameters["require_secure_transport"] != "on" || parameters["ssl_min_protocol_version"] != "TLSv1.2" {
		t.Errorf("the database has the parameters %v", parameters)
	}
	for _, one := range r.Of(token("cdn:AFDCustomDomain")) {
		wantProperty(t, one, "tlsSettings.minimumTlsVersion", "TLS12")
	}
	for _, one := range r.Of(token("cdn:Route")) {
		wantProperty(t, one, "forwardingProtocol", "HttpsOnly")
		wantProperty(t, one, "httpsRedirect", "Enabled")
	}
}

// referred wants no value of a secret in the app's definition: each is an address in the vault that the app's identity reads.
func referred(t *testing.T, r *componentstest.Recording) {
	app := sole(t, r, appKind)
	if values := app.At("configuration.secrets[*].value"); len(values) > 0 {
		t.Error("the app has secrets by value")
	}
	addresses, names := app.At("configuration.secrets[*].keyVaultUrl"), app.At("configuration.secrets[*].name")
	if len(addresses) < 5 || len(addresses) != len(names) || len(app.At("configuration.secrets[*].identity")) != len(names) {
		t.Errorf("the app has the secrets %v from %v", names, addresses)
	}
	for _, ref := range append(app.At("template.containers[*].env[*].secretRef"), app.At("template.initContainers[*].env[*].secretRef")...) {
		if !slices.Contains(names, ref) {
			t.Errorf("a container refers to the secret %v, which the app does not have", ref)
		}
	}
	for _, one := range r.Of(token("keyvault:Secret")) {
		for _, leaf := range one.Leaves() {
			if leaf.Path == "properties.value" && !leaf.Secret {
				t.Errorf("the value of %s is in plain text", one.Name)
			}
		}
	}
}

func tagged(t *testing.T, r *componentstest.Recording) {
	count := 0
	for _, one := range r.Resources {
		if got := one.At("tags." + TagStack); len(got) == 1 {
			count++
			wantProperty(t, one, "tags.team", "links")
			wantProperty(t, one, "tags."+TagStack, "slipway.production")
		} else if strings.HasPrefix(one.Type, "azure-native:") && one.Inputs.HasValue("tags") {
			t.Errorf("%s has tags without the stack's", one.URN)
		}
	}
	if count < 20 {
		t.Errorf("only %d resources have tags", count)
	}
}

// versioned wants the token of each resource in the table.
func versioned(t *testing.T, r *componentstest.Recording) {
	for _, one := range r.Resources {
		module, ok := strings.CutPrefix(one.Type, "azure-native:")
		if !ok {
			continue
		}
		kind := regexp.MustCompile(`/v[0-9a-z]+`).ReplaceAllString(module, "")
		if kind == module || one.Type != token(kind) {
			t.Errorf("%s is not in the table of versions, which has %s", one.Type, token(kind))
		}
	}
}

// sole is the only resource of a type.
func sole(t *testing.T, r *componentstest.Recording, kind string) componentstest.Resource {
	t.Helper()
	all := r.Of(kind)
	if len(all) != 1 {
		t.Fatalf("there are %d resources of type %s, want one", len(all), kind)
	}
	return all[0]
}

// wantProperty fails unless the values at a path are these.
func wantProperty(t *testing.T, r componentstest.Resource, path string, want ...any) {
	t.Helper()
	if got := r.At(path); !slices.Equal(got, want) {
		t.Errorf("%s of %s is %v, want %v", path, r.Name, got, want)
	}
}

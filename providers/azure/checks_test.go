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
		{Name: "role assignments are these", Test: assigned},
		{Name: "no container is offered an identity, and only dbinit knows the database's administrator", Test: withheld},
		{Name: "only what can't stand beside its replacement is deleted before it", Test: func(t *testing.T, r *componentstest.Recording) {
			for _, one := range r.Resources {
				if one.DeleteBeforeReplace != slices.Contains(alone, one.Type) {
					t.Errorf("%s: deleted before its replacement is %t", one.URN, one.DeleteBeforeReplace)
				}
			}
		}},
	}
}

// alone are the types of which Azure takes no second one beside the first: a role for the same principal, an environment in a subnet, a
// front door with the same domain, and its policy with the same name.
var alone = []string{token("authorization:RoleAssignment"), clusterKind, token("cdn:Profile"), token("network:Policy")}

// withheld wants that no container gets at an identity, and that the address and password of the database's administrator are in the job
// dbinit alone, which has another identity than the app.
func withheld(t *testing.T, r *componentstest.Recording) {
	admin := ""
	for _, one := range r.Of(token("keyvault:Secret")) {
		if strings.HasSuffix(one.Name, "-master-url") {
			admin = one.At("secretName")[0].(string)
		}
	}
	app, owner := sole(t, r, appKind), ""
	for _, one := range append(r.Of(token("app:Job")), app) {
		wantProperty(t, one, "configuration.identitySettings[*].lifecycle", "None")
		if ids := one.At("configuration.identitySettings[*].identity"); !slices.Equal(ids, one.At("configuration.registries[*].identity")) {
			t.Errorf("%s has the identities %v", one.Name, ids)
		}
		for _, address := range one.At("configuration.secrets[*].keyVaultUrl") {
			if strings.Contains(address.(string), "/secrets/"+admin+"/") {
				owner += one.Name
			}
		}
		for _, id := range one.At("configuration.secrets[*].identity") {
			if setup := strings.HasSuffix(id.(string), "-setup"); setup != (one.Name == "dbinit") && !strings.Contains(id.(string), "-setup") == setup {
				t.Errorf("%s reads secrets as %v", one.Name, id)
			}
		}
	}
	if admin == "" || owner != "dbinit" {
		t.Errorf("the database's administrator (%q) is in %q", admin, owner)
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
	if len(addresses) < 3 || len(addresses) != len(names) || len(app.At("configuration.secrets[*].identity")) != len(names) {
		t.Errorf("the app has the secrets %v from %v", names, addresses)
	}
	for _, one := range append(r.Of(token("app:Job")), app) {
		has := one.At("configuration.secrets[*].name")
		if values := one.At("configuration.secrets[*].value"); len(values) > 0 {
			t.Errorf("%s has secrets by value", one.Name)
		}
		for _, ref := range one.At("template.containers[*].env[*].secretRef") {
			if !slices.Contains(has, ref) {
				t.Errorf("a container refers to the secret %v, which %s does not have", ref, one.Name)
			}
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

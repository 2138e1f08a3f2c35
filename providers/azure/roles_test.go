package azure

import (
	"regexp"
	"strings"
	"testing"

	"github.com/slipway-iac/slipway/components/componentstest"
)

// grants are all role assignments of a stack: one row for each, with the type of the only resource that it reaches.
var grants = []struct{ name, role, scope string }{
	{"registry-pull-app", "7f951dda-4ed3-4680-a7ca-43fe172d538d", "Microsoft.ContainerRegistry/registries"},
	{"registry-pull-setup", "7f951dda-4ed3-4680-a7ca-43fe172d538d", "Microsoft.ContainerRegistry/registries"},
	{"vault-secrets-app", "4633458b-17de-408a-b874-0445c86b69e6", "Microsoft.KeyVault/vaults"},
	{"vault-secrets-setup", "4633458b-17de-408a-b874-0445c86b69e6", "Microsoft.KeyVault/vaults"},
}

// assigned wants these role assignments and no other, two to each identity of the stack, on one resource each, under a GUID of its own.
func assigned(t *testing.T, r *componentstest.Recording) {
	all := r.Of(token("authorization:RoleAssignment"))
	if len(all) != len(grants) {
		t.Errorf("there are %d role assignments, want %d", len(all), len(grants))
	}
	seen := map[any]bool{}
	for _, row := range grants {
		one, ok := r.Find(token("authorization:RoleAssignment"), row.name)
		if !ok {
			t.Errorf("there is no role assignment %s", row.name)
			continue
		}
		wantProperty(t, one, "roleDefinitionId", "/subscriptions/"+subscription+"/providers/Microsoft.Authorization/roleDefinitions/"+row.role)
		wantProperty(t, one, "principalType", "ServicePrincipal")
		if scope := one.At("scope")[0].(string); !strings.Contains(scope, "/providers/"+row.scope+"/") || strings.Count(scope, "/") != 8 {
			t.Errorf("%s reaches %s, want one of %s", row.name, scope, row.scope)
		}
		name := one.At("roleAssignmentName")[0]
		if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(name.(string)) || seen[name] {
			t.Errorf("%s has the name %v, want a GUID of its own", row.name, name)
		}
		seen[name] = true
	}
}

// The names of role assignments are the same from run to run, and others in every other stack.
func TestAssignmentNames(t *testing.T) {
	of := func(subscription, stack string, r role) string {
		p := &Platform{settings: Settings{App: "links"}, project: "slipway", stack: stack, subscription: subscription}
		return p.assignment("part", r)
	}
	first := of("s", "prod", pullImages)
	if first != of("s", "prod", pullImages) || len(first) != 36 {
		t.Errorf("the name is not stable: %s", first)
	}
	for _, other := range []string{of("t", "prod", pullImages), of("s", "dev", pullImages), of("s", "prod", readSecrets)} {
		if other == first {
			t.Errorf("two assignments have the name %s", first)
		}
	}
}

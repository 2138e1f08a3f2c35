package main

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"github.com/slipway-iac/slipway/providers/gcp/spec"
)

// permitted wants the documented roles to have every permission that the planned resources take, as far as Google publishes what is in a
// role, and the table of types to say exactly what is planned.
func permitted(t *testing.T, stack string, state *apitype.DeploymentV3) {
	prod := stack == "gcp-prod"
	planned := map[string]bool{}
	for _, r := range state.Resources {
		if kind := string(r.Type); strings.HasPrefix(kind, "gcp:") || kind == "docker:index/registryImage:RegistryImage" {
			planned[kind] = true
		}
	}
	types := slices.Sorted(maps.Keys(planned))
	// Who is told of alerts is a matter of configuration.
	told := slices.DeleteFunc(spec.Types(prod, prod, prod), func(kind string) bool { return !planned[kind] && strings.Contains(kind, "/notificationChannel:") })
	if !slices.Equal(told, types) {
		t.Errorf("planned are\n%s\nand the table of rights says\n%s", strings.Join(types, "\n"), strings.Join(told, "\n"))
	}
	all, unknown := spec.Permissions(types)
	if len(unknown) > 0 {
		t.Errorf("nobody knows which rights these take: %q", unknown)
	}
	for _, permission := range all {
		given := slices.ContainsFunc(spec.Roles, func(role spec.Role) bool {
			return (role.When == "" || prod) && role.Accounts == spec.OnAccounts(permission) && slices.Contains(strings.Fields(role.Permissions), permission)
		})
		if !given {
			t.Errorf("no role of docs/gcp.md has %s", permission)
		}
	}
}

// The page gives exactly the roles of the table: none is missing, none has grown in beside them.
func TestDocumentedRoles(t *testing.T) {
	text, err := os.ReadFile("../../docs/gcp.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "## Rights of the deployer")
	section, _, _ := strings.Cut(rest, "**What this does not keep out.**")
	commands := strings.Join(regexp.MustCompile("(?s)```sh.*?```").FindAllString(section, -1), "\n")
	commands = regexp.MustCompile(`hasOnly\(\[.*?\]\)`).ReplaceAllString(commands, "") // what the deployer may give, not what it has
	var want []string
	for _, role := range spec.Roles {
		want = append(want, role.Name)
		if len(role.Permissions) == 0 {
			t.Errorf("%s is given for nothing", role.Name)
		}
	}
	seen := map[string]bool{}
	for _, name := range regexp.MustCompile(`\b(?:serviceusage|compute|iam|run|artifactregistry|secretmanager|cloudsql|redis|logging|monitoring|certificatemanager|dns|cloudkms|resourcemanager|servicenetworking|browser)\.[a-z][A-Za-z]+\b`).FindAllString(commands, -1) {
		if !strings.HasSuffix(name, ".googleapis") && !strings.HasSuffix(name, ".gserviceaccount") {
			seen[name] = true
		}
	}
	slices.Sort(want)
	if got := slices.Sorted(maps.Keys(seen)); !slices.Equal(got, want) {
		t.Errorf("the page gives\n%s\nand the table has\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, wide := range []string{"iam.serviceAccountAdmin", "iam.serviceAccountTokenCreator", "roles/owner", "roles/editor"} {
		if strings.Contains(commands, wide) {
			t.Errorf("the page gives %s", wide)
		}
	}
}

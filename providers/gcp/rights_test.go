package gcp

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-iac/slipway/components/componentstest"
)

// Who rights are given to, as the tests write it.
const (
	appAccount  = "run"
	initAccount = "init"
	everybody   = "allUsers"
	agentOf     = "agent of "
)

// commonRights are all that a stack gives, one by one: role, what it is for, and to whom.
func commonRights() []string {
	out := []string{
		"project roles/cloudtrace.agent " + appAccount,
		"project roles/monitoring.metricWriter " + appAccount,
		"service roles/run.invoker " + everybody,
	}
	for _, row := range [][2]string{
		{"EXTRA_SECRET", appAccount}, {"database-url", appAccount}, {"cache-url", appAccount}, {"database-master", initAccount}, {"database-app-password", initAccount},
	} {
		out = append(out, "secret "+row[0]+" roles/secretmanager.secretAccessor "+row[1])
	}
	return out
}

// keyRights are those of the services that encrypt with the stack's key.
func keyRights() []string {
	var out []string
	for _, agent := range agents {
		out = append(out, "key roles/cloudkms.cryptoKeyEncrypterDecrypter "+agentOf+agent)
	}
	return out
}

// rights wants exactly these rights to be given, member by member, and no policy or binding that would take away others'.
func rights(expected []string) func(*testing.T, *componentstest.Recording) {
	return func(t *testing.T, r *componentstest.Recording) {
		accounts := map[string]string{}
		for _, one := range r.Of("gcp:serviceaccount/account:Account") {
			for _, part := range []string{appAccount, initAccount} {
				if strings.HasSuffix(one.Name, "-"+part) {
					accounts[one.URN] = part
				}
			}
		}
		var got []string
		for _, one := range r.Resources {
			kind := one.Type[strings.LastIndex(one.Type, ":")+1:]
			if strings.Contains(strings.ToLower(kind), "iampolicy") || strings.Contains(strings.ToLower(kind), "iambinding") {
				t.Errorf("%s sets rights that are not its own", one.URN)
			}
			if !strings.Contains(strings.ToLower(kind), "iammember") {
				continue
			}
			got = append(got, describeRight(one, accounts))
		}
		slices.Sort(got)
		expected := slices.Clone(expected)
		slices.Sort(expected)
		if !slices.Equal(got, expected) {
			t.Errorf("given:\n%s\nexpected:\n%s", strings.Join(got, "\n"), strings.Join(expected, "\n"))
		}
	}
}

// describeRight writes a right down: what on, which role, to whom.
func describeRight(one componentstest.Resource, accounts map[string]string) string {
	role, member := one.At("role")[0], fmt.Sprint(one.At("member")[0])
	who := member
	for urn, part := range accounts {
		if slices.Contains(one.Needs, urn) {
			who = part
		}
	}
	switch {
	case strings.HasPrefix(one.Type, "gcp:projects/"):
		return fmt.Sprintf("project %s %s", role, who)
	case strings.HasPrefix(one.Type, "gcp:cloudrunv2/"):
		return fmt.Sprintf("service %s %s", role, who)
	case strings.HasPrefix(one.Type, "gcp:kms/"):
		return fmt.Sprintf("key %s %s%s", role, agentOf, strings.TrimPrefix(one.Name, "key-"))
	}
	part := strings.TrimSuffix(strings.TrimSuffix(one.Name, "-"+appAccount), "-"+initAccount)
	for _, known := range []string{"EXTRA_SECRET", "database-url", "cache-url", "database-master", "database-app-password"} {
		if strings.HasSuffix(part, "-"+known) {
			part = known
		}
	}
	return fmt.Sprintf("secret %s %s %s", part, role, who)
}

package aws

import (
	"slices"
	"strings"
	"testing"

	"github.com/slipway-iac/slipway/components/componentstest"
)

func TestBackup(t *testing.T) {
	for _, protect := range []bool{false, true} {
		r := storesOf(t, func(s *Settings) {
			s.App, s.Prod, s.Protect, s.BackupRegion = componentstest.App, true, protect, "eu-central-1"
		}, databaseProgram(prodDatabase))
		here, there := find(t, r, "aws:backup/vault:Vault", "-backup"), find(t, r, "aws:backup/vault:Vault", "-backup-copy")
		for _, vault := range []componentstest.Resource{here, there} {
			properties{"forceDestroy": !protect}.check(t, vault)
			if len(vault.Name)+suffix > 50 {
				t.Errorf("vault %q has too long a name", vault.Name)
			}
		}
		abroad := find(t, r, "pulumi:providers:aws", "aws-backup")
		properties{"region": "eu-central-1"}.check(t, abroad)
		key := find(t, r, "aws:kms/key:Key", "-backup-key")
		for _, one := range []componentstest.Resource{there, key} {
			if !strings.HasPrefix(one.Provider, abroad.URN+"::") {
				t.Errorf("%s is made by %s, not abroad", one.Name, one.Provider)
			}
		}
		if strings.HasPrefix(here.Provider, abroad.URN+"::") || !slices.Contains(there.Needs, key.URN) || slices.Contains(here.Needs, key.URN) {
			t.Error("the vaults have not each the key of their region")
		}
		plan := find(t, r, "aws:backup/plan:Plan", "")
		properties{
			"rules[*].schedule": "cron(0 7 * * ? *)", "rules[*].lifecycle.deleteAfter": 14.0, "rules[*].copyActions[*].lifecycle.deleteAfter": 14.0,
		}.check(t, plan)
		if !slices.Contains(plan.Needs, here.URN) || !slices.Contains(plan.Needs, there.URN) {
			t.Error("the plan does not use both vaults")
		}
		selection, instance := find(t, r, "aws:backup/selection:Selection", ""), find(t, r, instanceType, "")
		attached := find(t, r, "aws:iam/rolePolicyAttachment:RolePolicyAttachment", "-backup")
		properties{"policyArn": "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup"}.check(t, attached)
		for _, one := range []componentstest.Resource{plan, instance, attached} {
			if !slices.Contains(selection.Needs, one.URN) {
				t.Errorf("the selection does not wait for %s", one.URN)
			}
		}
		if n := len(selection.At("resources[*]")); n != 1 || len(selection.Name)+suffix > 50 || len(plan.Name)+suffix > 50 {
			t.Errorf("%d things are backed up, by %s and %s", n, plan.Name, selection.Name)
		}
	}
}

func TestNoBackupByDefault(t *testing.T) {
	r := storesOf(t, nil, databaseProgram(nil))
	for _, one := range r.Resources {
		if strings.HasPrefix(one.Type, "aws:backup/") {
			t.Errorf("%s is made", one.URN)
		}
	}
}

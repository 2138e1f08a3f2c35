package aws

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/backup"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// backupSchedule is after the instance's windows: a backup can't begin within them or in the hour before.
const backupSchedule = "cron(0 7 * * ? *)"

// backUp copies the database to another region every day, where a vault and a key of its own keep it for as many days as here.
// Where the stack is protected, its vaults can only be deleted when they are empty; otherwise they go with what they hold.
//
// The role has AWS's own policy for backups, which has no right to restore: what a copy across regions needs changes with the
// service, and a right that is missing would be noticed on the day the backup is needed. The selection says what is backed up:
// this one instance.
//   - https://docs.aws.amazon.com/aws-backup/latest/devguide/cross-region-backup.html
//   - https://docs.aws.amazon.com/aws-backup/latest/devguide/plan-options-and-configuration.html
//   - https://docs.aws.amazon.com/aws-backup/latest/devguide/encryption.html
//   - https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSBackupServiceRolePolicyForBackup.html
func (p *Platform) backUp(ctx *pulumi.Context, instance *rds.Instance, days int, opts []pulumi.ResourceOption) error {
	abroad, err := p.provider(ctx, "aws-backup", p.settings.BackupRegion)
	if err != nil {
		return err
	}
	abroadOpts := append([]pulumi.ResourceOption{pulumi.Provider(abroad)}, opts...)
	key, err := p.newKey(ctx, "backup-key", p.settings.BackupRegion, abroadOpts)
	if err != nil {
		return err
	}
	here, err := p.vault(ctx, "backup", p.key.arn, p.cloudOpts(opts))
	if err != nil {
		return err
	}
	there, err := p.vault(ctx, "backup-copy", key.Arn, abroadOpts)
	if err != nil {
		return err
	}
	plan, err := backup.NewPlan(ctx, p.name("backup", 50), &backup.PlanArgs{
		Rules: backup.PlanRuleArray{backup.PlanRuleArgs{
			RuleName: pulumi.String("daily"), Schedule: pulumi.String(backupSchedule), TargetVaultName: here.Name,
			StartWindow: pulumi.Int(60), CompletionWindow: pulumi.Int(360), // minutes
			Lifecycle: backup.PlanRuleLifecycleArgs{DeleteAfter: pulumi.Int(days)},
			CopyActions: backup.PlanRuleCopyActionArray{backup.PlanRuleCopyActionArgs{
				DestinationVaultArn: there.Arn, Lifecycle: backup.PlanRuleCopyActionLifecycleArgs{DeleteAfter: pulumi.Int(days)},
			}},
		}},
	}, p.cloudOpts(opts)...)
	if err != nil {
		return fmt.Errorf("creating backup plan: %w", err)
	}
	role, err := p.managedRole(ctx, "backup", "backup.amazonaws.com", "AWSBackupServiceRolePolicyForBackup", opts)
	if err != nil {
		return err
	}
	_, err = backup.NewSelection(ctx, p.name("backup", 50), &backup.SelectionArgs{
		PlanId: plan.ID(), IamRoleArn: role, Resources: pulumi.StringArray{instance.Arn},
	}, p.cloudOpts(opts)...)
	if err != nil {
		return fmt.Errorf("selecting the database for backups: %w", err)
	}
	return nil
}

// vault makes a place for backups.
// https://docs.aws.amazon.com/aws-backup/latest/devguide/create-a-vault.html
func (p *Platform) vault(ctx *pulumi.Context, part string, key pulumi.StringInput, opts []pulumi.ResourceOption) (*backup.Vault, error) {
	made, err := backup.NewVault(ctx, p.name(part, 50), &backup.VaultArgs{KmsKeyArn: key.ToStringOutput(), ForceDestroy: pulumi.Bool(!p.settings.Protect)}, opts...)
	if err != nil {
		return nil, fmt.Errorf("creating backup vault %s: %w", part, err)
	}
	return made, nil
}

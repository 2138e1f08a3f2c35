package gcp

import (
	"fmt"

	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/sql"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// databaseFlags are what the CIS benchmark asks for, and what helps when something is slow. CIS wants log_min_duration_statement off, as
// statements may hold personal data; Query Insights shows slow ones without their values.
//   - https://cloud.google.com/sql/docs/postgres/flags
//   - https://cloud.google.com/sql/docs/postgres/pg-audit
var databaseFlags = [][2]string{
	{"cloudsql.enable_pgaudit", "on"},
	{"cloudsql.iam_authentication", "on"},
	{"log_checkpoints", "on"},
	{"log_connections", "on"},
	{"log_disconnections", "on"},
	{"log_lock_waits", "on"},
	{"log_min_duration_statement", "-1"},
	{"log_min_error_statement", "error"},
	{"log_min_messages", "warning"},
	{"log_statement", "ddl"},
	{"log_temp_files", "0"},
}

// instanceName is the instance's logical name, and the beginning of its name before Pulumi's random end. Project and name together may have
// 98 characters.
// https://cloud.google.com/sql/docs/postgres/instance-settings#instance-id-2ndgen
func (p *Platform) instanceName(name string) string { return p.name(name, 98-1-30) }

// InstanceName is the beginning of the names of a stack's database instances; seven characters of Pulumi's follow.
func InstanceName(app, stack string) string {
	return (&Platform{settings: Settings{App: app}, stack: stack}).instanceName(databaseComponent) + "-"
}

// databaseInstance makes the instance. Its name can't be used again for a week after it is deleted, or after its creation has failed. So the
// name's end is Pulumi's, which is another one at each attempt: a stack can be destroyed and made again at once, and goes on after an
// instance that did not come up, which the command line deletes (cli/gcpcloud).
//
// The password policy holds for the user postgres too, which every instance has: without a password that the policy accepts the instance
// is refused. Nobody is told that password.
//
// Deletion protection is asked of Cloud SQL, of the provider and of Pulumi: Cloud SQL's holds against everybody, Pulumi's stops a destroy
// or a replacement before anything else of the stack is gone. Turning database.deletionProtection off and running an update lifts all.
//
// The configured storage is what the disk starts with. It grows by itself, and the provider takes a configured size below the grown one for
// a reason to make the instance anew, so the size is never looked at again. What the provider sends with every update is the size in the
// state; the command line reads a grown one before each update (cli/gcpcloud).
//
// Without an edition, PostgreSQL 16 and later would be Enterprise Plus, which has other machines and a higher price.
//   - https://cloud.google.com/sql/docs/postgres/delete-instance
//   - https://cloud.google.com/sql/docs/postgres/high-availability
//   - https://cloud.google.com/sql/docs/postgres/editions-intro
//   - https://cloud.google.com/sql/docs/postgres/using-query-insights
//   - https://cloud.google.com/sql/docs/postgres/built-in-authentication#instance_password_policies
//   - https://github.com/terraform-google-modules/terraform-google-sql-db/pull/521
//   - https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/sql_database_instance#disk_autoresize-1
func (p *Platform) databaseInstance(ctx *pulumi.Context, name, tier string, connections int, a components.DatabaseArgs, opts []pulumi.ResourceOption) (*sql.DatabaseInstance, error) {
	root, err := p.password(ctx, name+"-root", 32, opts)
	if err != nil {
		return nil, err
	}
	availability := "ZONAL"
	if a.HA {
		availability = "REGIONAL"
	}
	flags := sql.DatabaseInstanceSettingsDatabaseFlagArray{flag("max_connections", fmt.Sprint(connections))}
	for _, row := range databaseFlags {
		flags = append(flags, flag(row[0], row[1]))
	}
	args := &sql.DatabaseInstanceArgs{
		Project: pulumi.String(p.account), Region: pulumi.String(p.settings.Region), DatabaseVersion: pulumi.String("POSTGRES_" + a.Version),
		RootPassword: root, DeletionProtection: pulumi.Bool(a.DeletionProtection), EncryptionKeyName: p.key.name(),
		Settings: sql.DatabaseInstanceSettingsArgs{
			Tier: pulumi.String(tier), Edition: pulumi.String("ENTERPRISE"), AvailabilityType: pulumi.String(availability), ActivationPolicy: pulumi.String("ALWAYS"),
			DiskType: pulumi.String("PD_SSD"), DiskSize: pulumi.Int(a.StorageGiB), DiskAutoresize: pulumi.Bool(true), DiskAutoresizeLimit: pulumi.Int(0),
			DeletionProtectionEnabled: pulumi.Bool(a.DeletionProtection), DatabaseFlags: flags, UserLabels: p.labels(),
			BackupConfiguration: p.backups(a.BackupDays),
			IpConfiguration: sql.DatabaseInstanceSettingsIpConfigurationArgs{
				Ipv4Enabled: pulumi.Bool(false), PrivateNetwork: p.network.peered, AllocatedIpRange: p.network.services, SslMode: pulumi.String("ENCRYPTED_ONLY"),
			},
			InsightsConfig: sql.DatabaseInstanceSettingsInsightsConfigArgs{
				QueryInsightsEnabled: pulumi.Bool(true), QueryPlansPerMinute: pulumi.Int(5), QueryStringLength: pulumi.Int(1024),
				RecordApplicationTags: pulumi.Bool(true), RecordClientAddress: pulumi.Bool(false),
			},
			MaintenanceWindow: sql.DatabaseInstanceSettingsMaintenanceWindowArgs{Day: pulumi.Int(7), Hour: pulumi.Int(4), UpdateTrack: pulumi.String("stable")},
			PasswordValidationPolicy: sql.DatabaseInstanceSettingsPasswordValidationPolicyArgs{
				EnablePasswordPolicy: pulumi.Bool(true), Complexity: pulumi.String("COMPLEXITY_DEFAULT"), MinLength: pulumi.Int(shortestPassword), DisallowUsernameSubstring: pulumi.Bool(true),
			},
		},
	}
	made, err := sql.NewDatabaseInstance(ctx, p.instanceName(name), args, p.cloudOpts(opts, pulumi.Protect(a.DeletionProtection),
		pulumi.IgnoreChanges([]string{"settings.diskSize"}), pulumi.Timeouts(&pulumi.CustomTimeouts{Create: "60m", Update: "60m", Delete: "60m"}))...)
	if err != nil {
		return nil, fmt.Errorf("creating database instance: %w", err)
	}
	return made, nil
}

// shortestPassword is what the policy asks of every password of a built-in user.
const shortestPassword = 14

func flag(name, value string) sql.DatabaseInstanceSettingsDatabaseFlagArgs {
	return sql.DatabaseInstanceSettingsDatabaseFlagArgs{Name: pulumi.String(name), Value: pulumi.String(value)}
}

// logsLimit is how many days of transaction logs the edition keeps, which is how far back a point in time may lie.
// https://cloud.google.com/sql/docs/postgres/backup-recovery/pitr
const logsLimit = 7

// backups are made each night, and kept for the configured days; a point in time can be gone back to for up to a week. They are in a
// multi-region, so that they outlive the region, but with a key of the stack's own, which is in the region.
// https://cloud.google.com/sql/docs/postgres/backup-recovery/backups
func (p *Platform) backups(days int) sql.DatabaseInstanceSettingsBackupConfigurationArgs {
	if days == 0 {
		return sql.DatabaseInstanceSettingsBackupConfigurationArgs{Enabled: pulumi.Bool(false), PointInTimeRecoveryEnabled: pulumi.Bool(false)}
	}
	args := sql.DatabaseInstanceSettingsBackupConfigurationArgs{
		Enabled: pulumi.Bool(true), StartTime: pulumi.String("02:00"), PointInTimeRecoveryEnabled: pulumi.Bool(true),
		TransactionLogRetentionDays: pulumi.Int(min(days, logsLimit)),
		BackupRetentionSettings: sql.DatabaseInstanceSettingsBackupConfigurationBackupRetentionSettingsArgs{
			RetainedBackups: pulumi.Int(days), RetentionUnit: pulumi.String("COUNT"),
		},
	}
	if p.key.made {
		args.Location = pulumi.String(p.settings.Region)
	}
	return args
}

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

// instanceName is the beginning of the instance's name, before its random end. Project and name together may have 98 characters.
// https://cloud.google.com/sql/docs/postgres/instance-settings#instance-id-2ndgen
func (p *Platform) instanceName(name string) string { return p.fixed(name, 98-1-30-1-8) }

// databaseInstance makes the instance. Its name can't be used again for a week after it is deleted, so the name ends in something random,
// and in something else where the instance must be replaced: so a stack can be destroyed and made again at once.
//
// Deletion protection is asked of Cloud SQL, of the provider and of Pulumi: Cloud SQL's holds against everybody, Pulumi's stops a destroy
// or a replacement before anything else of the stack is gone. Turning database.deletionProtection off and running an update lifts all.
//
// The configured storage is what the disk starts with. It grows by itself, and the provider takes a configured size below the grown one for
// a reason to make the instance anew, so the size is never looked at again.
//
// Without an edition, PostgreSQL 16 and later would be Enterprise Plus, which has other machines and a higher price.
//   - https://cloud.google.com/sql/docs/postgres/delete-instance
//   - https://cloud.google.com/sql/docs/postgres/high-availability
//   - https://cloud.google.com/sql/docs/postgres/editions-intro
//   - https://cloud.google.com/sql/docs/postgres/using-query-insights
//   - https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/sql_database_instance#disk_autoresize-1
func (p *Platform) databaseInstance(ctx *pulumi.Context, name, tier string, connections int, a components.DatabaseArgs, opts []pulumi.ResourceOption) (*sql.DatabaseInstance, error) {
	keepers := pulumi.StringMap{"network": p.network.id, "region": pulumi.String(p.settings.Region)}
	if p.key.made {
		keepers["key"] = p.key.names[agentSQL]
	}
	id, err := p.unique(ctx, name, keepers, opts)
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
		Name: pulumi.Sprintf("%s-%s", p.instanceName(name), id), Project: pulumi.String(p.account), Region: pulumi.String(p.settings.Region),
		DatabaseVersion: pulumi.String("POSTGRES_" + a.Version), DeletionProtection: pulumi.Bool(a.DeletionProtection), EncryptionKeyName: p.key.name(agentSQL),
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
				EnablePasswordPolicy: pulumi.Bool(true), Complexity: pulumi.String("COMPLEXITY_DEFAULT"), MinLength: pulumi.Int(14), DisallowUsernameSubstring: pulumi.Bool(true),
			},
		},
	}
	made, err := sql.NewDatabaseInstance(ctx, p.name(name, longest), args, p.cloudOpts(opts, pulumi.Protect(a.DeletionProtection),
		pulumi.IgnoreChanges([]string{"settings.diskSize"}), pulumi.Timeouts(&pulumi.CustomTimeouts{Create: "60m", Update: "60m", Delete: "60m"}))...)
	if err != nil {
		return nil, fmt.Errorf("creating database instance: %w", err)
	}
	return made, nil
}

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

package aws

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/providers/aws/spec"
)

const (
	databasePort = 5433      // not the one that everybody tries (RDS.23)
	databaseUser = "slipway" // the master; nothing but dbinit uses it
	// reservedConnections are out of the app's reach: PostgreSQL's and RDS's own, dbinit's, and those of people.
	reservedConnections = 20
	// RDS moves both windows together with the clock of UTC; AWS Backup starts after them (see backUp).
	databaseBackups     = "03:00-04:00"
	databaseMaintenance = "sun:05:00-sun:06:00"
	// storageGrowth is how many times its first size the disk may grow to.
	storageGrowth = 5
)

// reservedWords are no names of databases on RDS.
// https://www.postgresql.org/docs/17/sql-keywords-appendix.html
var reservedWords = strings.Fields(`all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create
	current_catalog current_date current_role current_time current_timestamp current_user default deferrable desc distinct do else end
	except false fetch for foreign from grant group having in initially intersect into lateral leading limit localtime localtimestamp not
	null offset on only or order placing primary references returning select session_user some symmetric system_user table then to
	trailing true union unique user using variadic when where window with`)

var databaseLogs = []string{"postgresql", "upgrade"}

// databaseSizes are burstable machines with AWS's own processors where that is enough.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.DBInstanceClass.html
var databaseSizes = []machineRow{
	{"small", "db.t4g.micro", "db.t4g.medium"},
	{"medium", "db.t4g.small", "db.m7g.large"},
	{"large", "db.t4g.medium", "db.r7g.xlarge"},
}

// RunDatabase runs PostgreSQL on RDS: in private subnets, reached by the stack's tasks alone, encrypted with the stack's key, TLS
// forced. The master's password is made, kept in Secrets Manager and rotated every week by RDS; nobody here ever sees it. It fails
// on a size, version, storage or retention that RDS does not have, and where the region's root certificate can't be had.
//   - https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_PostgreSQL.html
//   - https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html
//   - https://docs.aws.amazon.com/securityhub/latest/userguide/rds-controls.html
func (p *Platform) RunDatabase(ctx *pulumi.Context, name string, a components.DatabaseArgs, opts ...pulumi.ResourceOption) (components.DatabaseState, error) {
	none := components.DatabaseState{}
	class := p.machine(databaseSizes, a.Size)
	connections, err := p.checkDatabase(class, a)
	if err != nil {
		return none, err
	}
	root, err := p.settings.DatabaseRoot(ctx.Context(), p.settings.Region)
	if err != nil {
		return none, err
	}
	instance, err := p.databaseInstance(ctx, name, class, connections, a, opts)
	if err != nil {
		return none, err
	}
	if p.settings.BackupRegion != "" {
		if err := p.backUp(ctx, instance, a.BackupDays, opts); err != nil {
			return none, err
		}
	}
	app, err := p.password(ctx, name+"-app", 32, opts)
	if err != nil {
		return none, err
	}
	appSecret, err := p.storeSecret(ctx, name+"-app-password", app, opts)
	if err != nil {
		return none, err
	}
	role := a.Name + "_app" // never the master's own name
	url, err := p.storeSecret(ctx, name+"-url", pulumi.Sprintf("postgres://%s:%s@%s:%d/%s?sslmode=verify-full", role, app, instance.Address, databasePort, a.Name), opts)
	if err != nil {
		return none, err
	}
	ca := pulumi.String(root)
	return components.DatabaseState{
		Endpoint: pulumi.Sprintf("%s:%d", instance.Address, databasePort),
		URL:      url,
		CA:       ca.ToStringOutput(),
		Init: components.InitStep{
			Name:  "dbinit",
			Image: a.Bootstrap,
			Env: map[string]pulumi.StringInput{
				"DATABASE_HOST": instance.Address, "DATABASE_PORT": pulumi.String(strconv.Itoa(databasePort)), "DATABASE_NAME": pulumi.String("postgres"), "DATABASE_CA": ca,
				"APP_ROLE": pulumi.String(role), "APP_DATABASE": pulumi.String(a.Name), "APP_CONNECTION_LIMIT": pulumi.String(strconv.Itoa(connections - reservedConnections)),
			},
			Secrets: map[string]components.SecretRef{
				"MASTER_SECRET": {StringOutput: instance.MasterUserSecrets.Index(pulumi.Int(0)).SecretArn().Elem()},
				"APP_PASSWORD":  appSecret,
			},
		},
		Scope: components.Scope{
			scopeInstance:    instance.Identifier,
			scopeConnections: pulumi.String(strconv.Itoa(connections - reservedConnections)).ToStringOutput(),
			scopeStorage: instance.AllocatedStorage.ApplyT(func(gib int) string {
				return strconv.FormatInt(int64(gib)<<30, 10)
			}).(pulumi.StringOutput),
		},
	}, nil
}

// checkDatabase refuses what RDS does not have, and returns the instance's max_connections.
func (p *Platform) checkDatabase(class string, a components.DatabaseArgs) (int, error) {
	connections := maxConnections(class)
	switch {
	case connections == 0:
		return 0, components.Unsupported("aws", "database.size", fmt.Sprintf("%q is neither small, medium or large nor an instance class such as db.m7g.large", a.Size))
	case slices.Contains(reservedWords, a.Name):
		return 0, components.Unsupported("aws", "app.name", fmt.Sprintf("the database is called after it, and %q is a reserved word of PostgreSQL", a.Name))
	case !slices.Contains(spec.PostgresVersions(), a.Version):
		return 0, components.Unsupported("aws", "database.version", fmt.Sprintf("%q is none of %s", a.Version, strings.Join(spec.PostgresVersions(), ", ")))
	case a.StorageGiB < 20 || a.StorageGiB > spec.StorageLimit:
		return 0, components.Unsupported("aws", "database.storage", fmt.Sprintf("%d GiB is not between 20 and %d", a.StorageGiB, spec.StorageLimit))
	case a.BackupDays > 35:
		return 0, components.Unsupported("aws", "database.backupDays", fmt.Sprintf("%d days are more than 35", a.BackupDays))
	case a.BackupDays == 0 && p.settings.BackupRegion != "":
		return 0, components.Unsupported("aws", "aws.backupRegion", "copies are kept as long as backups, and database.backupDays is 0")
	}
	return connections, nil
}

// databaseInstance makes the instance and what belongs to it.
//
// A change is made when it is run, not in the next maintenance window: what a preview showed has happened when the update ends.
// With a standby, a change of the class takes about a minute. Major versions are the configuration's alone to choose
// (database.version), so they may be upgraded; minor ones come by themselves, in the maintenance window.
//
// The end of a version's standard support neither costs nor surprises: RDS's default would charge for Extended Support, from then on
// and by itself, so it is off. What is on at the creation of an instance stays: RDS ignores a change of it later, and the provider
// would send it again at every update.
//
// The disk may grow to storageGrowth times its first size without anyone's doing. From spec.Striped on it has more IOPS, which are
// said aloud: the provider would send those of the smaller disk. Deletion protection is asked of AWS and of
// Pulumi: AWS's holds against everybody, and Pulumi's stops a destroy or a replacement before anything else of the stack is gone.
// Turning database.deletionProtection off and running an update lifts both. In either tier a snapshot outlives the instance; in
// prod the automated backups do too, for as long as they were to be kept.
//   - https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ModifyInstance.ApplyImmediately.html
//   - https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_UpgradeDBInstance.PostgreSQL.html
//   - https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/extended-support.html
//   - https://github.com/hashicorp/terraform-provider-aws/issues/40870
//   - https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIOPS.Autoscaling.html
//   - https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_DeleteInstance.html
//   - https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_DatabaseInsights.html
func (p *Platform) databaseInstance(ctx *pulumi.Context, name, class string, connections int, a components.DatabaseArgs, opts []pulumi.ResourceOption) (*rds.Instance, error) {
	identifier, err := p.databaseIdentifier(ctx, name, a, opts)
	if err != nil {
		return nil, err
	}
	group, err := p.parameterGroup(ctx, name, a.Version, connections, opts)
	if err != nil {
		return nil, err
	}
	args := &rds.InstanceArgs{
		Identifier: identifier, DbName: pulumi.String(a.Name), Username: pulumi.String(databaseUser), Port: pulumi.Int(databasePort),
		ManageMasterUserPassword: pulumi.Bool(true), MasterUserSecretKmsKeyId: p.key.arn, IamDatabaseAuthenticationEnabled: pulumi.Bool(true),
		Engine: pulumi.String("postgres"), EngineVersion: pulumi.String(a.Version), ParameterGroupName: group.Name,
		EngineLifecycleSupport:  pulumi.String(withoutExtendedSupport),
		AutoMinorVersionUpgrade: pulumi.Bool(true), AllowMajorVersionUpgrade: pulumi.Bool(true), ApplyImmediately: pulumi.Bool(true),
		InstanceClass: pulumi.String(class), MultiAz: pulumi.Bool(a.HA), PubliclyAccessible: pulumi.Bool(false),
		StorageType: pulumi.String("gp3"), AllocatedStorage: pulumi.Int(a.StorageGiB), MaxAllocatedStorage: pulumi.Int(maxStorage(a)),
		StorageEncrypted: pulumi.Bool(true), KmsKeyId: p.key.arn, CaCertIdentifier: pulumi.String("rds-ca-rsa2048-g1"),
		BackupRetentionPeriod: pulumi.Int(a.BackupDays), BackupWindow: pulumi.String(databaseBackups), MaintenanceWindow: pulumi.String(databaseMaintenance),
		CopyTagsToSnapshot: pulumi.Bool(true), DeleteAutomatedBackups: pulumi.Bool(!p.settings.Prod), DeletionProtection: pulumi.Bool(a.DeletionProtection),
		SkipFinalSnapshot: pulumi.Bool(false), FinalSnapshotIdentifier: pulumi.Sprintf("%s-final", identifier),
		EnabledCloudwatchLogsExports: list(databaseLogs...),
		// Seven days of Performance Insights cost nothing; Database Insights is where they are looked at.
		PerformanceInsightsEnabled: pulumi.Bool(true), PerformanceInsightsKmsKeyId: p.key.arn, PerformanceInsightsRetentionPeriod: pulumi.Int(7), DatabaseInsightsMode: pulumi.String("standard"),
	}
	if a.StorageGiB >= spec.Striped {
		iops, throughput := spec.DiskPerformance(a.StorageGiB)
		args.Iops, args.StorageThroughput = pulumi.Int(iops), pulumi.Int(throughput)
	}
	if err := p.placeDatabase(ctx, name, args, opts); err != nil {
		return nil, err
	}
	if err := p.monitorDatabase(ctx, name, args, opts); err != nil {
		return nil, err
	}
	instance, err := rds.NewInstance(ctx, p.name(name, 63), args, p.cloudOpts(opts,
		pulumi.Protect(a.DeletionProtection), pulumi.IgnoreChanges([]string{"engineLifecycleSupport"}))...)
	if err != nil {
		return nil, fmt.Errorf("creating database instance: %w", err)
	}
	return instance, nil
}

// withoutExtendedSupport is the value of engineLifecycleSupport with which RDS upgrades rather than charges.
const withoutExtendedSupport = "open-source-rds-extended-support-disabled"

// maxStorage is how far the disk may grow by itself, in GiB.
func maxStorage(a components.DatabaseArgs) int {
	return min(storageGrowth*a.StorageGiB, spec.StorageLimit)
}

// DatabaseClass is the instance class of one of the sizes in a tier; what is none of the sizes is a class already.
func DatabaseClass(size string, prod bool) string {
	return (&Platform{settings: Settings{Prod: prod}}).machine(databaseSizes, size)
}

package aws

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/components/componentstest"
)

const (
	instanceType = "aws:rds/instance:Instance"
	logGroupType = "aws:cloudwatch/logGroup:LogGroup"
)

// databaseProgram makes a database with typical arguments, changed by change.
func databaseProgram(change func(*components.DatabaseArgs)) func(*pulumi.Context, *Platform) (pulumi.Map, error) {
	return func(ctx *pulumi.Context, p *Platform) (pulumi.Map, error) {
		a := components.DatabaseArgs{Name: "links", Version: "17", Bootstrap: components.ImageRef{StringOutput: pulumi.String("dbinit@sha256:1").ToStringOutput()}, BackupDays: 14}
		if change != nil {
			change(&a)
		}
		database, err := components.NewDatabase(ctx, p, "database", a, pulumi.Parent(p))
		if err != nil {
			return nil, err
		}
		state := pulumi.Map{"endpoint": database.Endpoint, "url": database.URL.StringOutput, "ca": database.CA}
		env, secrets, scope := pulumi.Map{}, pulumi.Map{}, pulumi.Map{}
		for k, v := range database.Init.Env {
			env[k] = v
		}
		for k, v := range database.Init.Secrets {
			secrets[k] = v.StringOutput
		}
		for k, v := range database.Scope {
			scope[k] = v
		}
		state["env"], state["secrets"], state["scope"] = env, secrets, scope
		return state, nil
	}
}

func prodDatabase(a *components.DatabaseArgs) {
	a.HA, a.DeletionProtection, a.StorageGiB = true, true, 100
}

func TestDatabase(t *testing.T) {
	always := properties{
		"publiclyAccessible": false, "port": 5433.0, "engine": "postgres", "engineVersion": "17", "dbName": "links", "username": "slipway",
		"manageMasterUserPassword": true, "password": []any{}, "iamDatabaseAuthenticationEnabled": true,
		"storageEncrypted": true, "storageType": "gp3", "caCertIdentifier": "rds-ca-rsa2048-g1",
		"autoMinorVersionUpgrade": true, "allowMajorVersionUpgrade": true, "applyImmediately": true, "copyTagsToSnapshot": true,
		"skipFinalSnapshot": false, "backupRetentionPeriod": 14.0, "enabledCloudwatchLogsExports[*]": []any{"postgresql", "upgrade"},
		"engineLifecycleSupport": "open-source-rds-extended-support-disabled", "performanceInsightsEnabled": true, "performanceInsightsRetentionPeriod": 7.0, "databaseInsightsMode": "standard",
	}
	for _, row := range []struct {
		prod   bool
		change func(*components.DatabaseArgs)
		want   properties
	}{
		{false, nil, properties{
			"instanceClass": "db.t4g.micro", "multiAz": false, "deletionProtection": false, "deleteAutomatedBackups": true,
			"allocatedStorage": 20.0, "maxAllocatedStorage": 100.0, "iops": []any{}, "storageThroughput": []any{}, "monitoringInterval": []any{}, "monitoringRoleArn": []any{},
		}},
		{true, prodDatabase, properties{
			"instanceClass": "db.t4g.medium", "multiAz": true, "deletionProtection": true, "deleteAutomatedBackups": false,
			"allocatedStorage": 100.0, "maxAllocatedStorage": 500.0, "monitoringInterval": 60.0,
		}},
	} {
		t.Run(fmt.Sprintf("prod %t", row.prod), func(t *testing.T) {
			r := storesOf(t, func(s *Settings) { s.Prod = row.prod }, databaseProgram(row.change))
			instance, key := find(t, r, instanceType, ""), text(t, find(t, r, "aws:rds/instance:Instance", ""), "kmsKeyId")
			always.check(t, instance)
			row.want.check(t, instance)
			properties{"masterUserSecretKmsKeyId": key, "performanceInsightsKmsKeyId": key}.check(t, instance)
			if made := find(t, r, "aws:kms/key:Key", "-key"); !slices.Contains(instance.Needs, made.URN) {
				t.Error("the instance is not encrypted with the stack's key")
			}
			if instance.Protect != row.prod {
				t.Errorf("protected from Pulumi is %t", instance.Protect)
			}
			monitored := slices.ContainsFunc(instance.Needs, func(urn string) bool {
				return strings.Contains(urn, "RolePolicyAttachment::links-production-database-monitoring")
			})
			if monitored != row.prod {
				t.Errorf("it waits for its monitoring role: %t", monitored)
			}
		})
	}
}

// From 400 GiB on RDS refuses the IOPS of a smaller disk.
func TestDatabaseDisk(t *testing.T) {
	for gib, want := range map[int]properties{
		399:  {"allocatedStorage": 399.0, "iops": []any{}, "storageThroughput": []any{}},
		400:  {"allocatedStorage": 400.0, "iops": 12000.0, "storageThroughput": 500.0},
		2000: {"allocatedStorage": 2000.0, "iops": 12000.0, "storageThroughput": 500.0},
	} {
		r := storesOf(t, nil, databaseProgram(func(a *components.DatabaseArgs) { a.StorageGiB = gib }))
		want.check(t, find(t, r, instanceType, ""))
	}
}

// The windows of backups and maintenance, and the hour before AWS Backup starts, have nothing in common.
func TestDatabaseWindows(t *testing.T) {
	if databaseBackups != "03:00-04:00" || databaseMaintenance != "sun:05:00-sun:06:00" || backupSchedule != "cron(0 7 * * ? *)" {
		t.Errorf("%s, %s and %s have been changed: compare them anew", databaseBackups, databaseMaintenance, backupSchedule)
	}
}

func TestDatabaseNames(t *testing.T) {
	valid := regexp.MustCompile(`^[a-z](-?[a-z0-9])*$`)
	for _, app := range []string{"links", componentstest.App} {
		r := storesOf(t, func(s *Settings) { s.App = app }, databaseProgram(nil))
		instance := find(t, r, instanceType, "")
		identifier, snapshot := text(t, instance, "identifier"), text(t, instance, "finalSnapshotIdentifier")
		if !valid.MatchString(identifier) || len(identifier) > 63 {
			t.Errorf("%q is no identifier", identifier)
		}
		if !strings.HasPrefix(snapshot, identifier+"-") || !valid.MatchString(snapshot) {
			t.Errorf("the final snapshot is called %q", snapshot)
		}
		for _, kind := range []string{"postgresql", "upgrade"} {
			group := find(t, r, logGroupType, kind)
			properties{"name": "/aws/rds/instance/" + identifier + "/" + kind}.check(t, group)
			if !slices.Contains(instance.Needs, group.URN) {
				t.Errorf("RDS may make the log group of %s before Slipway does", kind)
			}
		}
		random := find(t, r, "random:index/randomId:RandomId", "database")
		properties{"keepers.database": "links", "keepers.key": text(t, instance, "kmsKeyId")}.check(t, random)
	}
}

// Nothing but the tasks reaches the database, and whoever waits for the instance waits for the rules.
func TestDatabaseNetwork(t *testing.T) {
	r := storesOf(t, nil, databaseProgram(nil))
	instance := find(t, r, instanceType, "")
	var private []any
	for _, subnet := range r.Of("aws:ec2/subnet:Subnet") {
		if strings.HasPrefix(subnet.Name, "private") {
			private = append(private, subnet.URN)
		}
	}
	subnets := find(t, r, "aws:rds/subnetGroup:SubnetGroup", "")
	for _, urn := range private {
		if !slices.Contains(subnets.Needs, urn.(string)) {
			t.Errorf("the subnet group lacks %v", urn)
		}
	}
	if n := len(subnets.At("subnetIds[*]")); n != len(private) {
		t.Errorf("the subnet group has %d subnets, want the %d private ones", n, len(private))
	}
	checkReach(t, r, instance, "vpcSecurityGroupIds[*]", "tasks-to-database", 5433)
}

// checkReach wants one rule that lets anything into the only security group of a resource: the tasks, on one port.
func checkReach(t *testing.T, r *componentstest.Recording, one componentstest.Resource, groups, rule string, port float64) {
	t.Helper()
	group := text(t, one, groups)
	for _, in := range r.Of("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule") {
		if in.At("securityGroupId")[0] != group {
			continue
		}
		if in.Name != rule {
			t.Errorf("%s lets something else in", in.Name)
		}
		properties{"fromPort": port, "toPort": port, "ipProtocol": "tcp", "cidrIpv4": []any{}, "cidrIpv6": []any{}, "prefixListId": []any{}}.check(t, in)
		if len(in.At("referencedSecurityGroupId")) != 1 || !slices.Contains(one.Needs, in.URN) {
			t.Errorf("%s is from no security group, or %s does not wait for it", in.Name, one.Name)
		}
		return
	}
	t.Errorf("nothing reaches %s", one.Name)
}

func TestDatabaseState(t *testing.T) {
	r := storesOf(t, nil, databaseProgram(nil))
	probe := find(t, r, probeType, "probe")
	endpoint := text(t, probe, "endpoint")
	host, ok := strings.CutSuffix(endpoint, ":5433")
	if !ok {
		t.Errorf("the endpoint is %q", endpoint)
	}
	const root = "root of eu-west-1"
	properties{
		"ca": root, "env.DATABASE_HOST": host, "env.DATABASE_PORT": "5433", "env.DATABASE_NAME": "postgres", "env.DATABASE_CA": root,
		"env.APP_ROLE": "links_app", "env.APP_DATABASE": "links", "env.APP_CONNECTION_LIMIT": "80", "secrets.MASTER_SECRET": masterARN,
		"scope.connections": "80", "scope.storage": "21474836480", "scope.instance": text(t, find(t, r, instanceType, ""), "identifier"),
	}.check(t, probe)
	password := secretOf(t, r, "database-app-password")
	if want := "postgres://links_app:" + password + "@" + endpoint + "/links?sslmode=verify-full"; secretOf(t, r, "database-url") != want {
		t.Errorf("the URL is %q, want %q", secretOf(t, r, "database-url"), want)
	}
	for property, version := range map[string]string{"url": "database-url", "secrets.APP_PASSWORD": "database-app-password"} {
		if arn := text(t, probe, property); arn == "" || strings.Contains(arn, password) || !slices.Contains(probe.Needs, find(t, r, versionType, version).URN) {
			t.Errorf("%s is %q, want the reference of a stored secret", property, arn)
		}
	}
}

func TestParameterGroup(t *testing.T) {
	for version, family := range map[string]string{"14": "postgres14", "17": "postgres17"} {
		r := storesOf(t, nil, databaseProgram(func(a *components.DatabaseArgs) { a.Version, a.Size = version, "db.r7g.large" }))
		group := find(t, r, "aws:rds/parameterGroup:ParameterGroup", "")
		properties{"family": family, "name": []any{}}.check(t, group)
		got := map[any][2]any{}
		for i, name := range group.At("parameters[*].name") {
			got[name] = [2]any{group.At("parameters[*].value")[i], group.At("parameters[*].applyMethod")[i]}
		}
		for name, want := range map[any][2]any{
			"rds.force_ssl":                       {"1", "pending-reboot"},
			"max_connections":                     {"1600", "pending-reboot"},
			"shared_preload_libraries":            {"pg_stat_statements", "pending-reboot"},
			"track_activity_query_size":           {"4096", "pending-reboot"},
			"log_connections":                     {"1", "immediate"},
			"log_disconnections":                  {"1", "immediate"},
			"log_statement":                       {"ddl", "immediate"},
			"log_min_duration_statement":          {"1000", "immediate"},
			"log_lock_waits":                      {"1", "immediate"},
			"idle_in_transaction_session_timeout": {"300000", "immediate"},
		} {
			if got[name] != want {
				t.Errorf("version %s: %v is %v, want %v", version, name, got[name], want)
			}
		}
		properties{"scope.connections": "1580", "env.APP_CONNECTION_LIMIT": "1580"}.check(t, find(t, r, probeType, "probe"))
	}
}

func TestMaxConnections(t *testing.T) {
	for class, want := range map[string]int{
		"db.t4g.micro": 100, "db.t4g.small": 200, "db.t3.medium": 400, "db.m7g.large": 800, "db.m6i.xlarge": 1600, "db.r7g.large": 1600, "db.r8g.xlarge": 3200,
		"db.x2g.large": 3200, "db.r6g.16xlarge": 5000, "db.m5d.24xlarge": 5000, "db.x2iedn.xlarge": 5000, "db.r6gd.medium": 800,
		"": 0, "tiny": 0, "m7g.large": 0, "cache.m7g.large": 0, "db.m7g": 0, "db.m7g.huge": 0, "db.serverless": 0, "db.q1.large": 0, "db.m7g.0xlarge": 0,
	} {
		if got := maxConnections(class); got != want {
			t.Errorf("%q has %d connections, want %d", class, got, want)
		}
	}
	p := &Platform{}
	for _, prod := range []bool{false, true} {
		p.settings.Prod = prod
		for _, row := range databaseSizes {
			if maxConnections(p.machine(databaseSizes, row.size)) < 5*reservedConnections {
				t.Errorf("size %s, prod %t leaves the app too few connections", row.size, prod)
			}
		}
	}
}

func TestDatabaseRefuses(t *testing.T) {
	for _, row := range []struct {
		key    string
		place  func(*Settings)
		change func(*components.DatabaseArgs)
	}{
		{"database.size", nil, func(a *components.DatabaseArgs) { a.Size = "m7g.large" }},
		{"database.size", nil, func(a *components.DatabaseArgs) { a.Size = "Standard_B1ms" }},
		{"database.version", nil, func(a *components.DatabaseArgs) { a.Version = "13" }},
		{"database.storage", nil, func(a *components.DatabaseArgs) { a.StorageGiB = 10 }},
		{"database.backupDays", nil, func(a *components.DatabaseArgs) { a.BackupDays = 36 }},
		{"app.name", nil, func(a *components.DatabaseArgs) { a.Name = "order" }},
		{"aws.backupRegion", func(s *Settings) { s.BackupRegion = "eu-central-1" }, func(a *components.DatabaseArgs) { a.BackupDays = 0 }},
	} {
		_, err := componentstest.Record(func(ctx *pulumi.Context) error {
			p, err := newNetworkPlatform(ctx, row.place)
			if err != nil {
				return err
			}
			_, err = databaseProgram(row.change)(ctx, p)
			return err
		}, storesOptions(true))
		if !errors.Is(err, components.ErrUnsupported) || !strings.Contains(err.Error(), " "+row.key+": ") {
			t.Errorf("got %v, want ErrUnsupported with the key %s", err, row.key)
		}
	}
}

func TestDatabaseWithoutRoot(t *testing.T) {
	away := errors.New("the trust store is away")
	_, err := componentstest.Record(func(ctx *pulumi.Context) error {
		p, err := newNetworkPlatform(ctx, func(s *Settings) { s.DatabaseRoot = func(context.Context, string) (string, error) { return "", away } })
		if err != nil {
			return err
		}
		_, err = databaseProgram(nil)(ctx, p)
		return err
	}, storesOptions(true))
	if !errors.Is(err, away) {
		t.Errorf("got %v, want %v", err, away)
	}
}

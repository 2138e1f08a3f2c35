package aws

import (
	"fmt"
	"strconv"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// The two ways in which a parameter takes effect. A value that happens to be the default of some version must be "pending-reboot"
// too: AWS reports it so, and the provider would find a difference in every run.
// https://github.com/hashicorp/terraform-provider-aws/issues/39252
const (
	applyNow    = "immediate"
	applyReboot = "pending-reboot"
)

// parameter is one setting of PostgreSQL.
type parameter struct{ name, value, apply string }

// parameters are the settings that differ from RDS's defaults or that must not depend on them. All of them are in force when an
// instance first starts with its group. Statements are logged when they change the schema or are slow, not otherwise: a log of
// every statement would hold what users have entered.
//   - https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.PostgreSQL.CommonDBATasks.Parameters.html
//   - https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/PostgreSQL.Concepts.General.SSL.html
//   - https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_LogAccess.Concepts.PostgreSQL.Query_Logging.html
var parameters = []parameter{
	{"rds.force_ssl", "1", applyReboot}, // the default from version 15 on
	{"log_connections", "1", applyNow},
	{"log_disconnections", "1", applyNow},
	{"log_statement", "ddl", applyNow},
	{"log_min_duration_statement", "1000", applyNow}, // ms
	{"log_lock_waits", "1", applyNow},
	{"log_temp_files", "10240", applyNow},                           // KiB: sorts that did not fit into memory
	{"idle_in_transaction_session_timeout", "300000", applyNow},     // ms; the app's role has less
	{"shared_preload_libraries", "pg_stat_statements", applyReboot}, // static, and the default
	{"track_activity_query_size", "4096", applyReboot},              // static, in bytes: statements are not cut off in statistics
	{"pg_stat_statements.track_utility", "0", applyNow},             // passwords stand in utility statements only
}

// parameterGroup makes the settings of a PostgreSQL of one major version. Another version makes another group before the
// instance moves to it. connections is the value of max_connections, which is static.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithParamGroups.html
func (p *Platform) parameterGroup(ctx *pulumi.Context, name, version string, connections int, opts []pulumi.ResourceOption) (*rds.ParameterGroup, error) {
	rows := rds.ParameterGroupParameterArray{}
	for _, row := range append([]parameter{{"max_connections", strconv.Itoa(connections), applyReboot}}, parameters...) {
		rows = append(rows, rds.ParameterGroupParameterArgs{Name: pulumi.String(row.name), Value: pulumi.String(row.value), ApplyMethod: pulumi.String(row.apply)})
	}
	group, err := rds.NewParameterGroup(ctx, p.name(name, 255), &rds.ParameterGroupArgs{
		Family:      pulumi.String("postgres" + version),
		Description: pulumi.Sprintf("Slipway %s/%s", p.project, p.stack),
		Parameters:  rows,
	}, p.cloudOpts(opts)...)
	if err != nil {
		return nil, fmt.Errorf("creating parameter group: %w", err)
	}
	return group, nil
}

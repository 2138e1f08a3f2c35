package stacks

import (
	"fmt"
	"slices"
	"strings"
)

// reservedNames are databases that a server has already, and names that a cloud takes for none. Read on 2026-12-01.
//   - https://www.postgresql.org/docs/current/manage-ag-templatedbs.html
//   - https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html: no word that the engine reserves; those are in
//     https://www.postgresql.org/docs/current/sql-keywords-appendix.html
//   - https://learn.microsoft.com/azure/postgresql/flexible-server/concepts-servers
//   - https://cloud.google.com/sql/docs/postgres/create-manage-databases
var reservedNames = []struct {
	cloud Cloud // empty for all
	names string
}{
	{"", "postgres template0 template1"},
	{CloudAWS, "rdsadmin db database"},
	{CloudAWS, "all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create current_catalog " +
		"current_date current_role current_time current_timestamp current_user default deferrable desc distinct do else end except false " +
		"fetch for foreign from grant group having in initially intersect into lateral leading limit localtime localtimestamp not null " +
		"offset on only or order placing primary references returning select session_user some symmetric system_user table then to " +
		"trailing true union unique user using variadic when where window with"},
	{CloudAzure, "azure_maintenance azure_sys"},
	{CloudGCP, "cloudsqladmin"},
}

// checkDatabaseName refuses what PostgreSQL or the cloud keeps for itself. The database is called after the app, with _ for each hyphen,
// and so is the app's role, with _app at the end.
// https://www.postgresql.org/docs/current/sql-createrole.html
func checkDatabaseName(d *decoder, c Config) {
	if !c.Database.Enabled {
		return
	}
	if strings.HasPrefix(c.App.Name+"-", "pg-") {
		d.bad("app.name", c.App.Name, "the database's role is called after it, and those that begin with pg_ are PostgreSQL's own", "a name other than pg that does not begin with pg-", "")
	}
	name := strings.ReplaceAll(c.App.Name, "-", "_")
	for _, row := range reservedNames {
		if (row.cloud == "" || row.cloud == c.Cloud) && slices.Contains(strings.Fields(row.names), name) {
			d.bad("app.name", c.App.Name, fmt.Sprintf("the database is called after it, and %s is a name that PostgreSQL or %s keeps for itself", name, c.Cloud), "another name", c.App.Name+"-app")
		}
	}
}

// longestDomain is the most characters of a host name that the cloud's certificates take: it becomes the common name, which has at most
// 64 (https://www.rfc-editor.org/rfc/rfc5280#appendix-A.1). Google's authority makes certificates without one.
//   - https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html, https://github.com/aws/aws-cdk/pull/21807
//   - https://learn.microsoft.com/azure/frontdoor/domain#azure-front-door-managed-tls-certificates
var longestDomain = map[Cloud]int{CloudDocker: 64, CloudAWS: 64, CloudAzure: 64, CloudGCP: 253}

// checkDomainLength refuses a name that no certificate can have.
func checkDomainLength(d *decoder, c Config) {
	if n := len(c.Domain.Name); n > longestDomain[c.Cloud] {
		d.bad("domain.name", c.Domain.Name, fmt.Sprintf("%d characters, and a certificate of %s takes fewer", n, c.Cloud), fmt.Sprintf("at most %d characters", longestDomain[c.Cloud]), "")
	}
}

package stacks

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Guardrail is a property that a tier must have. A stack breaks one only by
// naming it in allow, with the reason.
type Guardrail struct {
	// ID is what allow calls it.
	ID string
	// Tier is the tier it binds.
	Tier Tier
	// Clouds are the targets it binds; empty for all.
	Clouds []Cloud
	// Check returns what is wrong, or nothing.
	Check func(Config) string
	// Why says what it guards against.
	Why string
	// Docs is the page that explains it.
	Docs string
}

// clouds are the targets with zones, managed stores and a public front door; a
// guardrail about those says nothing about a laptop.
var clouds = []Cloud{CloudAWS, CloudAzure, CloudGCP}

const guardrailDocs = "docs/configuration.md#guardrails"

// guardrails are the rows; the order is that of the report.
var guardrails = []Guardrail{
	{"database-single-zone", TierProd, clouds, func(c Config) string {
		return when(c.Database.Enabled && !c.Database.HA, "database.ha is false")
	}, "The loss of one zone takes the database, and the app with it, down for hours.", guardrailDocs},
	{"database-backups", TierProd, clouds, func(c Config) string {
		return when(c.Database.Enabled && c.Database.BackupDays < 7, fmt.Sprintf("database.backupDays is %d, less than 7", c.Database.BackupDays))
	}, "Damage to data is often noticed only after a weekend.", guardrailDocs},
	{"database-deletion-protection", TierProd, clouds, func(c Config) string {
		return when(c.Database.Enabled && !c.Database.DeletionProtection, "database.deletionProtection is false")
	}, "One wrong destroy deletes the data and its backups.", guardrailDocs},
	{"cache-single-zone", TierProd, clouds, func(c Config) string {
		return when(c.Cache.Enabled && !c.Cache.HA, "cache.ha is false")
	}, "The loss of one zone sends every read to the database at once.", guardrailDocs},
	{"single-replica", TierProd, nil, func(c Config) string {
		return when(c.App.Replicas.Min < 2, fmt.Sprintf("app.replicas.min is %d, less than 2", c.App.Replicas.Min))
	}, "With one replica every crash and every node replacement is an outage.", guardrailDocs},
	{"mutable-image-tag", TierProd, nil, func(c Config) string {
		return when(c.App.Image != "" && !strings.Contains(c.App.Image, "@sha256:"), fmt.Sprintf("app.image %q is a tag, not a digest", c.App.Image))
	}, "A tag can move: what was tested isn't what runs, and a rollback may not go back.", guardrailDocs},
	{"interruptible-capacity", TierProd, []Cloud{CloudAWS}, func(c Config) string {
		return when(c.AWS.Spot, "aws.spot is true")
	}, "Spot capacity can be taken away from all replicas at once.", guardrailDocs},
	{"public-tasks", TierProd, []Cloud{CloudAWS}, func(c Config) string {
		return when(c.AWS.Egress == "public", "aws.egress is public")
	}, "Tasks with public addresses are one security group rule away from the internet.", guardrailDocs},
	{"shared-front-door", TierProd, []Cloud{CloudAzure}, func(c Config) string {
		return when(c.Azure.FrontDoor != "premium", "azure.frontDoor is "+c.Azure.FrontDoor)
	}, "Only Premium has a private link: with Standard any customer's Front Door can be pointed at the app, and without one there is nothing in front.", guardrailDocs},
	{"alert-recipients", TierProd, clouds, func(c Config) string {
		return when(len(c.Alerts.Emails) == 0 && c.Alerts.Webhook == "", "alerts has neither emails nor a webhook")
	}, "An alarm that nobody hears is no alarm.", guardrailDocs},
	{"domain", TierProd, clouds, func(c Config) string {
		return when(c.Domain.Name == "", "domain.name is not set")
	}, "The platform's own host name changes when the front door is replaced.", guardrailDocs},
	{"waf", TierProd, clouds, func(c Config) string {
		return when(!c.Edge.WAF, "edge.waf is false")
	}, "Known attacks reach the app.", guardrailDocs},
	{"rate-limit", TierProd, nil, func(c Config) string {
		return when(c.Edge.RateLimit == 0, "edge.rateLimit is 0")
	}, "One client can use up all capacity.", guardrailDocs},
	{"log-retention", TierProd, clouds, func(c Config) string {
		return when(c.Logs.RetentionDays < 90, fmt.Sprintf("logs.retentionDays is %d, less than 90", c.Logs.RetentionDays))
	}, "Break-ins are found after months; without logs nobody can say what happened.", guardrailDocs},
}

func when(broken bool, problem string) string {
	if broken {
		return problem
	}
	return ""
}

func (g Guardrail) binds(c Config) bool {
	return g.Tier == c.Tier && (g.Clouds == nil || slices.Contains(g.Clouds, c.Cloud))
}

// Violation is a guardrail that a configuration breaks without leave.
type Violation struct {
	Guardrail Guardrail
	// Problem says which key breaks it, with its value.
	Problem string
	project string
}

// String says what is wrong, why it matters and what to do about it.
func (v Violation) String() string {
	return fmt.Sprintf("%s: %s. %s Fix it, or allow it with a reason: pulumi config set --path '%s:%s' 'REASON' (%s)",
		v.Guardrail.ID, v.Problem, v.Guardrail.Why, v.project, join("allow", v.Guardrail.ID), v.Guardrail.Docs)
}

// Warning is something about allow that doesn't break the stack.
type Warning string

// String returns the warning's text.
func (w Warning) String() string { return string(w) }

// Guardrails checks a loaded configuration against every guardrail that binds
// its tier and cloud. Warnings name the entries of allow that allow nothing: a
// guardrail that isn't broken, or that doesn't bind here.
func Guardrails(c Config) ([]Violation, []Warning) {
	var violations []Violation
	used := map[string]bool{}
	for _, g := range guardrails {
		if !g.binds(c) {
			continue
		}
		problem := g.Check(c)
		if problem == "" {
			continue
		}
		if c.Allow[g.ID] != "" {
			used[g.ID] = true
			continue
		}
		violations = append(violations, Violation{Guardrail: g, Problem: problem, project: c.Project})
	}
	var warnings []Warning
	for _, id := range slices.Sorted(maps.Keys(c.Allow)) {
		if !used[id] {
			warnings = append(warnings, Warning(fmt.Sprintf("%s:%s: not needed, this stack doesn't break it; remove it", c.Project, join("allow", id))))
		}
	}
	return violations, warnings
}

package aws

import (
	"slices"
	"strings"

	"github.com/slipway-iac/slipway/providers/aws/rights"
)

// named are the names that are too short for every app and stack, or that nothing is added to: how many characters each kind of thing
// may have, and the parts that the drivers give. A name that had to be shortened does not begin as the others do.
var named = []struct {
	kind  string
	limit int
	parts []string
}{
	{"name", 255, []string{""}},
	{"role", 64, []string{"execution", "task", "flow-logs", "webhook", "database-monitoring", "backup"}},
	{"balancer", 32, []string{""}},
	{"group", 32, []string{"blue", "green", "blue-cf", "green-cf"}},
	{"rule", 64, []string{"restarts", "webhook"}},
	{"cache", 40, []string{"cache"}},
	{"vault", 50, []string{"backup", "backup-copy"}},
	{"acl", 128, []string{"edge"}},
	{"alias", 128, []string{"key", "edge-key", "backup-key"}},
	{"function", 64, []string{"edge"}},
	{"bucket", 63, []string{"alb-logs", "edge-logs"}},
	{"database", databaseNameLimit + suffix, []string{"database"}},
}

// Rights is what the policies of a stack are narrowed to, as far as the stack's names tell: account, partition, region and what lies
// outside of the stack are the caller's to add. tags are the configured ones.
func Rights(app, project, stack string, tags map[string]string) rights.Stack {
	p := &Platform{settings: Settings{App: app}, project: project, stack: stack}
	s := rights.Stack{Tag: project + "/" + stack, State: project + "/" + stack, Path: p.path(), Names: map[string][]string{"dashboard": {p.dashboardName()}}}
	if own := tags[TagStack]; own != "" {
		s.Tag = own
	}
	for _, row := range named {
		var patterns []string
		for _, part := range row.parts {
			name := p.name(part, row.limit)
			if rest, ok := strings.CutPrefix(name, p.base()); ok && (rest == "" || rest[0] == '-') {
				name = p.base()
			}
			patterns = append(patterns, name+"-*")
		}
		slices.Sort(patterns)
		s.Names[row.kind] = slices.Compact(patterns)
	}
	return s
}

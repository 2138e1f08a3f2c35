package azurecloud

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/slipway-iac/slipway/cli"
)

const (
	// pollEvery is the time between two looks for new lines: they arrive some minutes late in any case.
	pollEvery = 10 * time.Second
	// overlap is how far each look goes back again: lines are not readable in the order they were written.
	overlap = 10 * time.Minute
	// atOnce is how many lines one look prints at most.
	atOnce = 10000
)

// sources are the queries of each component's lines, with the columns At, Writer and Line. %s is the app's name.
//   - https://learn.microsoft.com/azure/azure-monitor/reference/tables/containerappconsolelogs
//   - https://learn.microsoft.com/azure/azure-monitor/reference/tables/containerappsystemlogs
//   - https://learn.microsoft.com/azure/azure-monitor/reference/tables/azurediagnostics
var sources = map[string]string{
	"service":  `ContainerAppConsoleLogs | project At = TimeGenerated, Writer = strcat(RevisionName, "/", ContainerName), Line = Log`,
	"system":   `ContainerAppSystemLogs | project At = TimeGenerated, Writer = strcat(RevisionName, "/", Reason), Line = Log`,
	"database": `AzureDiagnostics | where ResourceProvider == "MICROSOFT.DBFORPOSTGRESQL" | project At = TimeGenerated, Writer = Category, Line = Message`,
	"edge":     `AzureDiagnostics | where ResourceProvider == "MICROSOFT.CDN" | project At = TimeGenerated, Writer = Category, Line = strcat(httpStatusCode_s, " ", httpMethod_s, " ", requestUri_s, " ", action_s)`,
}

// Logs copies the app's logs, or those of another component, each line with what wrote it before it. If nothing is said, those of the
// last hour. Azure shows a line some minutes after it was written.
// https://learn.microsoft.com/rest/api/loganalytics/query/execute
func (t Target) Logs(ctx context.Context, w io.Writer, s cli.Stack, o cli.LogOptions) error {
	from, err := o.From(time.Now())
	if err != nil {
		return err
	}
	if o.Component == "" {
		o.Component = "service"
	}
	query, ok := sources[o.Component]
	if !ok {
		return fmt.Errorf("there are no logs of a component %q: the components are %s", o.Component, strings.Join(slices.Sorted(maps.Keys(sources)), ", "))
	}
	c := t.client()
	group, err := t.group(ctx, c, s)
	if err != nil {
		return err
	}
	workspace, err := c.workspace(ctx, group)
	if errors.Is(err, errAbsent) {
		return fmt.Errorf("stack %q has no logs: `go run . up -s %s` makes them", s.Name, s.Name)
	} else if err != nil {
		return err
	}
	printed := map[string]time.Time{}
	for {
		now := time.Now()
		rows, err := c.rows(ctx, workspace, fmt.Sprintf("%s | order by At asc | take %d", query, atOnce), from, now)
		if err != nil {
			return err
		}
		if err := printRows(w, rows, printed, now); err != nil || !o.Follow {
			return err
		}
		from = now.Add(-overlap)
		maps.DeleteFunc(printed, func(_ string, at time.Time) bool { return at.Before(from) })
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pollEvery):
		}
	}
}

// printRows prints each line once.
func printRows(w io.Writer, rows []map[string]any, printed map[string]time.Time, now time.Time) error {
	for _, row := range rows {
		line := fmt.Sprintf("%v | %v", row["Writer"], strings.TrimRight(fmt.Sprint(row["Line"]), "\r\n"))
		key := fmt.Sprint(row["At"]) + line
		if _, done := printed[key]; done {
			continue
		}
		printed[key] = now
		if _, err := fmt.Fprintln(w, line); err != nil {
			return fmt.Errorf("printing logs: %w", err)
		}
	}
	return nil
}

package azurecloud

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// rows asks a log workspace, by its id in queries, over a stretch of time. Each row of the first table is a map by column.
// https://learn.microsoft.com/rest/api/loganalytics/query/execute
func (c *Client) rows(ctx context.Context, customer, query string, from, to time.Time) ([]map[string]any, error) {
	var answer struct {
		Tables []struct {
			Columns []struct{ Name string }
			Rows    [][]any
		}
	}
	span := from.UTC().Format(time.RFC3339) + "/" + to.UTC().Format(time.RFC3339)
	if err := c.ask(ctx, http.MethodPost, c.Logs, "/v1/workspaces/"+customer+"/query", "", nil, map[string]string{"query": query, "timespan": span}, &answer); err != nil {
		return nil, fmt.Errorf("asking the logs: %w", err)
	}
	if len(answer.Tables) == 0 {
		return nil, nil
	}
	var out []map[string]any
	for _, row := range answer.Tables[0].Rows {
		values := map[string]any{}
		for i, column := range answer.Tables[0].Columns {
			if i < len(row) {
				values[column.Name] = row[i]
			}
		}
		out = append(out, values)
	}
	return out, nil
}

// workspace finds the id in queries of the stack's log workspace.
// https://learn.microsoft.com/rest/api/loganalytics/workspaces/list-by-resource-group
func (c *Client) workspace(ctx context.Context, group string) (string, error) {
	all, err := list[struct {
		Properties struct {
			CustomerID string `json:"customerId"`
		}
	}](ctx, c, group+"/providers/Microsoft.OperationalInsights/workspaces", "2025-02-01", nil)
	if err != nil {
		return "", fmt.Errorf("looking for the log workspace: %w", err)
	}
	for _, w := range all {
		if w.Properties.CustomerID != "" {
			return w.Properties.CustomerID, nil
		}
	}
	return "", fmt.Errorf("looking for the log workspace: %w", errAbsent)
}

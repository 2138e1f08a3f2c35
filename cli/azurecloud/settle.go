package azurecloud

import (
	"context"
	"fmt"
	"net/http"

	"github.com/slipway-iac/slipway/cli"
	"github.com/slipway-iac/slipway/cli/progress"
	driver "github.com/slipway-iac/slipway/providers/azure"
)

var _ cli.Settler = Target{}

// apiDatabases is the API version of PostgreSQL Flexible Server in this package.
const apiDatabases = "2024-08-01"

// window is when Azure may maintain a server.
type window struct {
	CustomWindow string `json:"customWindow"`
	DayOfWeek    int    `json:"dayOfWeek"`
	StartHour    int    `json:"startHour"`
	StartMinute  int    `json:"startMinute"`
}

// Settle tells Azure once more when it may maintain the database: in the request that creates a server it ignores that, and the state then
// says what does not hold. Nothing happens where it holds.
// https://learn.microsoft.com/rest/api/postgresql/servers/update
func (t Target) Settle(ctx context.Context, p *progress.Printer, s cli.Stack, _ cli.Outputs) error {
	if !s.Config.Database.Enabled {
		return nil
	}
	c := t.client()
	group, err := t.group(ctx, c, s)
	if err != nil {
		return err
	}
	servers, err := list[struct {
		ID         string
		Properties struct{ MaintenanceWindow window }
	}](ctx, c, group+"/providers/Microsoft.DBforPostgreSQL/flexibleServers", apiDatabases, nil)
	if err != nil {
		return fmt.Errorf("asking when the database is maintained: %w", err)
	}
	want := window{CustomWindow: "Enabled", DayOfWeek: driver.MaintenanceDay, StartHour: driver.MaintenanceHour}
	for _, server := range servers {
		if server.Properties.MaintenanceWindow == want {
			continue
		}
		step := p.Start("setting the database's maintenance window, which Azure ignores at creation")
		body := map[string]any{"properties": map[string]any{"maintenanceWindow": want}}
		err := c.ask(ctx, http.MethodPatch, c.Management, server.ID, apiDatabases, nil, body, nil)
		step.Done(err)
		if err != nil {
			return fmt.Errorf("setting the database's maintenance window: %w", err)
		}
	}
	return nil
}

package images

import (
	"embed"
	"encoding/json"
	"fmt"
)

//go:embed dashboard/index.html dashboard/dashboard.js dashboard/dashboard.css
var dashboardFiles embed.FS

// DashboardRow is one signal: a panel of the dashboard, from the same data as its alarm.
type DashboardRow struct {
	// Title is what the panel is called.
	Title string `json:"title"`
	// Unit says how numbers read: "percent" (0 to 100), "ratio" (0 to 1, shown as a percentage), "seconds", "bytes",
	// "per second" or "count".
	Unit string `json:"unit"`
	// Expression is PromQL; each series of its result is one line.
	Expression string `json:"expression"`

	// Threshold is the value whose breach is an alarm; nil draws none.
	Threshold *float64 `json:"threshold,omitempty"`
	// Below says that the breach is a value under the threshold, not over it.
	Below bool `json:"below,omitempty"`
	// Severity is the alarm's: "critical", "warning" or "info".
	Severity string `json:"severity,omitempty"`
	// Alert is the alarm's name in Prometheus: while it fires the panel says so.
	Alert string `json:"alert,omitempty"`
}

var dashboardUnits = map[string]bool{"percent": true, "ratio": true, "seconds": true, "bytes": true, "per second": true, "count": true}

// DashboardFiles returns the files to upload into the dashboard container's /config beside haproxy.cfg and tls.pem:
// index.html, dashboard.js, dashboard.css and rows.json. title heads the page, for example "links (local)".
func DashboardFiles(title string, rows []DashboardRow) (map[string]string, error) {
	var c checks
	c.want(title != "", "the title is empty")
	c.want(len(rows) > 0, "there are no rows")
	for i, r := range rows {
		c.want(r.Title != "", "row %d has no title", i+1)
		c.want(r.Expression != "", "row %d (%s) has no expression", i+1, r.Title)
		c.want(dashboardUnits[r.Unit], "row %d (%s) has the unknown unit %q", i+1, r.Title, r.Unit)
	}
	if err := c.err("dashboard"); err != nil {
		return nil, err
	}
	encoded, err := json.MarshalIndent(map[string]any{"title": title, "rows": rows}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("dashboard: encoding rows: %w", err)
	}
	files := map[string]string{"rows.json": string(encoded) + "\n"}
	for _, name := range []string{"index.html", "dashboard.js", "dashboard.css"} {
		content, err := dashboardFiles.ReadFile("dashboard/" + name)
		if err != nil {
			return nil, fmt.Errorf("dashboard: %w", err)
		}
		files[name] = string(content)
	}
	// HAProxy answers a file from one buffer of 64 KiB, headers included.
	for name, content := range files {
		c.want(len(content) < 60<<10, "%s has %d bytes, more than HAProxy can serve", name, len(content))
	}
	return files, c.err("dashboard")
}

// DashboardProxyParams are the parameters of the dashboard's own HAProxy.
type DashboardProxyParams struct {
	// Prometheus is host:9090.
	Prometheus string
}

// DashboardProxyConfig renders haproxy.cfg for a container of the haproxy image that serves the dashboard on :8443: the
// page's files, and Prometheus's query API and pages for reading only.
func DashboardProxyConfig(p DashboardProxyParams) (string, error) {
	var c checks
	c.address("Prometheus", p.Prometheus)
	if err := c.err("dashboard proxy configuration"); err != nil {
		return "", err
	}
	return render("dashboard/haproxy.cfg.tmpl", struct {
		DashboardProxyParams
		Problems []problem
	}{p, problems})
}

package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// query asks Prometheus through the dashboard's address, which lets only reading through.
func query[T any](t *testing.T, s *site, path string) T {
	t.Helper()
	a := s.ask(t, http.MethodGet, path, "")
	if a.status != http.StatusOK {
		t.Fatalf("%s answers %d: %s", path, a.status, a.body)
	}
	return decode[struct{ Data T }](t, a.body).Data
}

// monitoring asserts that everything is scraped, that each rule is evaluated, and that each signal has data.
func (s *suite) monitoring(t *testing.T) {
	d := newSite(t, s.outputs["dashboard"], s.outputs["ca"])
	eventually(t, time.Minute, func() string { return s.targets(t, d) })
	rules := query[struct {
		Groups []struct {
			Rules []struct{ Name, Type, Health, LastError string }
		}
	}](t, d, "/api/v1/rules")
	count := 0
	for _, g := range rules.Groups {
		for _, r := range g.Rules {
			if r.Type == "alerting" {
				count++
			}
			if r.Health != "ok" {
				t.Errorf("rule %s is %s: %s", r.Name, r.Health, r.LastError)
			}
		}
	}
	rows := decode[struct {
		Rows []struct{ Title, Expression string }
	}](t, d.ask(t, http.MethodGet, "/rows.json", "").body).Rows
	if len(rows) != count || count < 8 {
		t.Errorf("%d rules and %d panels, want the same, at least 8", count, len(rows))
	}
	for _, row := range rows {
		eventually(t, time.Minute, func() string {
			got := query[struct{ Result []any }](t, d, "/api/v1/query?query="+url.QueryEscape(row.Expression))
			if len(got.Result) == 0 {
				return fmt.Sprintf("signal %q has no data: %s", row.Title, row.Expression)
			}
			return ""
		})
	}
	for _, path := range []string{"/api/v1/admin/tsdb/snapshot", "/-/reload", "/-/quit", "/api/v1/write"} {
		if a := d.ask(t, http.MethodPost, path, ""); a.status != http.StatusMethodNotAllowed && a.status != http.StatusNotFound {
			t.Errorf("POST %s answers %d through the dashboard", path, a.status)
		}
	}
}

// dashboard asserts that the browser draws a panel for each signal.
func (s *suite) dashboard(t *testing.T) {
	d := newSite(t, s.outputs["dashboard"], s.outputs["ca"])
	rows := decode[struct{ Rows []any }](t, d.ask(t, http.MethodGet, "/rows.json", "").body).Rows
	b := openBrowser(t, d)
	var panels int
	b.run(t, "dashboard", chromedp.Navigate(d.url), chromedp.WaitVisible("svg"), chromedp.Sleep(2*time.Second),
		chromedp.Evaluate(`document.querySelectorAll("svg").length`, &panels))
	if len(rows) == 0 || panels < len(rows) {
		t.Errorf("the dashboard draws %d panels of %d", panels, len(rows))
	}
}

// targets returns why not everything is scraped, or nothing.
func (s *suite) targets(t *testing.T, d *site) string {
	t.Helper()
	got := query[struct {
		ActiveTargets []struct {
			Labels            map[string]string
			Health, LastError string
		}
	}](t, d, "/api/v1/targets")
	var up []string
	for _, target := range got.ActiveTargets {
		if target.Health != "up" {
			return fmt.Sprintf("target %v is %s: %s", target.Labels, target.Health, target.LastError)
		}
		up = append(up, target.Labels["job"])
	}
	slices.Sort(up)
	if want := "alertmanager app app cache database prometheus proxy"; strings.Join(up, " ") != want {
		return fmt.Sprintf("targets are %q, want %q", strings.Join(up, " "), want)
	}
	return ""
}

// alarmed waits until the Alertmanager has an alert, and asserts that Prometheus says the same.
func (s *suite) alarmed(t *testing.T, id string, within time.Duration) {
	t.Helper()
	begun := time.Now()
	manager := s.container(t, "alertmanager")
	eventually(t, within, func() string {
		alerts := decode[[]struct{ Labels, Annotations map[string]string }](t,
			engine(t, "exec", manager.ID, "amtool", "alert", "query", "--alertmanager.url=http://localhost:9093", "--output=json"))
		for _, a := range alerts {
			if a.Labels["alertname"] == id {
				if a.Annotations["summary"] == "" || a.Annotations["value"] == "" || a.Labels["severity"] == "" {
					t.Errorf("the alert says too little: %v %v", a.Labels, a.Annotations)
				}
				return ""
			}
		}
		return fmt.Sprintf("alert %s has not arrived, only %v", id, alerts)
	})
	t.Logf("alert %s arrived after %s", id, time.Since(begun).Round(time.Second))
	d := newSite(t, s.outputs["dashboard"], s.outputs["ca"])
	alerts := query[struct {
		Alerts []struct {
			Labels map[string]string
			State  string
		}
	}](t, d, "/api/v1/alerts")
	for _, a := range alerts.Alerts {
		if a.Labels["alertname"] == id && a.State == "firing" {
			return
		}
	}
	t.Errorf("Prometheus does not tell that %s fires: %v", id, alerts)
}

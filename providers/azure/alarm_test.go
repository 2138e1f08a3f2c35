package azure

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/components/componentstest"
)

// Every signal has a rule: with Front Door errors come from its metric.
func TestEverySignalIsWatched(t *testing.T) {
	r := recorded(t, nil, func(w *whole) { w.webhook = pulumi.String("https://hooks.example.com/x") })
	kinds := map[string]string{
		"error-rate": "insights:MetricAlert", "latency-p99": "insights:ScheduledQueryRule", "unhealthy-instances": "insights:ScheduledQueryRule", "uptime": "insights:MetricAlert",
		"restarts": "insights:ScheduledQueryRule", "cpu": "insights:MetricAlert", "memory": "insights:MetricAlert", "database-cpu": "insights:MetricAlert", "database-storage": "insights:MetricAlert",
		"database-connections": "insights:MetricAlert", "cache-memory": "insights:MetricAlert", "cache-evictions": "insights:MetricAlert", "certificate-expiry": "insights:MetricAlert",
	}
	for _, row := range components.Signals(nil) {
		rule, ok := r.Find(token(kinds[row.ID]), "links-production-"+row.ID)
		if !ok {
			t.Errorf("%s is not watched", row.ID)
			continue
		}
		wantProperty(t, rule, "enabled", true)
		wantProperty(t, rule, "severity", float64(severities[row.Severity]))
		if told := append(rule.At("actions[*].actionGroupId"), rule.At("actions.actionGroups[*]")...); len(told) != 1 || !strings.Contains(told[0].(string), "/actionGroups/") {
			t.Errorf("%s tells %v", row.ID, told)
		}
	}
	group := sole(t, r, token("insights:ActionGroup"))
	wantProperty(t, group, "emailReceivers[*].emailAddress", "a@example.com", "b@example.com")
	for _, leaf := range group.Leaves() {
		if strings.HasSuffix(leaf.Path, "serviceUri") && !leaf.Secret {
			t.Error("the webhook's address is in plain text")
		}
	}
}

// Thresholds are in the metric's own unit, and windows are some that Azure takes.
func TestMetricRules(t *testing.T) {
	r := recorded(t, nil, nil)
	for _, row := range []struct {
		id, metric string
		threshold  float64
		window     string
	}{
		{"cpu", "UsageNanoCores", 0.85 * 0.5e9, "PT15M"},
		{"memory", "WorkingSetBytes", 0.9 * (1 << 30), "PT15M"},
		{"database-connections", "active_connections", 0.8 * 858, "PT5M"},
		{"database-storage", "storage_percent", 85, "PT15M"},
		{"cache-evictions", "evictedkeys", 10 * 900, "PT15M"},
		{"error-rate", "Percentage5XX", 1, "PT1M"},
	} {
		rule, _ := r.Find(token("insights:MetricAlert"), "links-production-"+row.id)
		if names := rule.At("criteria.allOf[*].metricName"); len(names) == 0 || names[0] != row.metric {
			t.Errorf("%s is read from %v", row.id, names)
		}
		if got := rule.At("criteria.allOf[*].threshold"); len(got) == 0 || got[0].(float64) < row.threshold*0.999 || got[0].(float64) > row.threshold*1.001 {
			t.Errorf("%s goes off at %v, want %g", row.id, got, row.threshold)
		}
		wantProperty(t, rule, "windowSize", row.window)
		wantProperty(t, rule, "criteria.odataType", "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria")
	}
}

// Each alert can go off: its threshold is one that its figures can pass, its window holds at least one of them, and nothing that happens
// every day is enough.
func TestAlarmsCanFire(t *testing.T) {
	for name, r := range map[string]*componentstest.Recording{
		"prod": recorded(t, nil, nil),
		"dev":  recorded(t, standard, func(w *whole) { w.database.HA, w.edge.WAF = false, false }),
	} {
		for _, rule := range r.Of(token("insights:MetricAlert")) {
			for i, metric := range rule.At("criteria.allOf[*].metricName") {
				threshold := rule.At("criteria.allOf[*].threshold")[i].(float64)
				if percent := strings.Contains(strings.ToLower(metric.(string)), "percent"); threshold <= 0 || percent && threshold >= 100 {
					t.Errorf("%s: %s never goes off: %v is over %g", name, rule.Name, metric, threshold)
				}
			}
		}
		uptime, _ := r.Find(token("insights:MetricAlert"), "links-production-uptime")
		asked, _ := r.Find(token("insights:WebTest"), "links-production-uptime")
		if window, every := uptime.At("windowSize")[0], asked.At("frequency")[0].(float64); window != iso(time.Duration(every)*time.Second) {
			t.Errorf("%s: uptime looks at %v, and is asked every %g s", name, window, every)
		}
		cpu, _ := r.Find(token("insights:MetricAlert"), "links-production-cpu")
		wantProperty(t, cpu, "criteria.allOf[*].dimensions[*].name", "revisionName") // not averaged with revisions that idle
		if errors, ok := r.Find(token("insights:MetricAlert"), "links-production-error-rate"); ok {
			wantProperty(t, errors, "criteria.allOf[*].metricName", "Percentage5XX", "RequestCount")
			wantProperty(t, errors, "criteria.allOf[*].threshold", 1.0, float64(leastVolume))
			wantProperty(t, errors, "criteria.allOf[*].operator", "GreaterThan", "GreaterThanOrEqual")
		}
	}
	// An instance that is stopped ends each of its containers once, and starting one that is slow fails startup probes only.
	for _, query := range []string{meters["restarts"][0].query, SlotQueries["restarts"]} {
		if !strings.Contains(query, "by ReplicaName, Container ") || strings.Contains(query, "BackOff") {
			t.Errorf("restarts are counted by %s", query)
		}
	}
	for _, query := range []string{meters["unhealthy-instances"][0].query, SlotQueries["unhealthy-instances"]} {
		if !strings.Contains(query, `Log !has "startup"`) {
			t.Errorf("startup probes make an instance unhealthy: %s", query)
		}
	}
}

// A configured share of answers decides how many places must get none.
func TestUptimeThreshold(t *testing.T) {
	for threshold, want := range map[float64]int{100: 1, 67: 1, 66: 2, 50: 2, 33: 3, 0: 3} {
		if got := failing(components.Signal{Configured: true, Threshold: threshold}); got != want {
			t.Errorf("below %g %%: %d of %d, want %d", threshold, got, len(testLocations), want)
		}
	}
	r := recorded(t, nil, func(w *whole) { w.rows = components.Signals(map[string]float64{"uptime": 100}) })
	rule, _ := r.Find(token("insights:MetricAlert"), "links-production-uptime")
	wantProperty(t, rule, "criteria.failedLocationCount", 1.0)
	byDefault, _ := recorded(t, nil, nil).Find(token("insights:MetricAlert"), "links-production-uptime")
	wantProperty(t, byDefault, "criteria.failedLocationCount", 2.0)
}

func TestWebTests(t *testing.T) {
	r := recorded(t, nil, nil)
	uptime, _ := r.Find(token("insights:WebTest"), "links-production-uptime")
	wantProperty(t, uptime, "request.requestUrl", "https://links.example.com/readyz")
	wantProperty(t, uptime, "frequency", 300.0)
	certificate, _ := r.Find(token("insights:WebTest"), "links-production-certificate")
	wantProperty(t, certificate, "validationRules.sSLCertRemainingLifetimeCheck", 14.0)
	if tags := certificate.Inputs["tags"]; !strings.Contains(tags.String(), "hidden-link:") {
		t.Errorf("the test has the tags %v", tags)
	}
	without := recorded(t, nil, func(w *whole) { w.edge.Domain = "" })
	if _, ok := without.Find(token("insights:WebTest"), "links-production-certificate"); ok {
		t.Error("Azure's own certificate is watched")
	}
}

// A threshold that would be set in vain is refused.
func TestUnmeasuredThreshold(t *testing.T) {
	w := whole{rows: components.Signals(map[string]float64{"certificate-expiry": 20}), edge: components.EdgeArgs{RateLimit: 600, WAF: true}}
	w.database = components.DatabaseArgs{Name: "links", Version: "16", StorageGiB: 32, BackupDays: 7}
	_, err := w.record()
	if !errors.Is(err, components.ErrUnsupported) || !strings.Contains(err.Error(), "alerts.thresholds.certificate-expiry:") {
		t.Errorf("got %v", err)
	}
}

func TestWindows(t *testing.T) {
	for _, row := range []struct {
		query string
		span  time.Duration
		want  string
	}{{"", 0, "PT1M"}, {"", 2 * time.Minute, "PT5M"}, {"", time.Hour, "PT1H"}, {"q", time.Minute, "PT10M"}, {"", 24 * time.Hour, "PT6H"}} {
		if got := iso(measurement{meter: meter{query: row.query}}.window(components.Signal{For: row.span})); got != row.want {
			t.Errorf("%s of %q: %s, want %s", row.span, row.query, got, row.want)
		}
	}
}

// The workbook has a panel for each signal but those of web tests, and the app's errors.
func TestWorkbook(t *testing.T) {
	r := recorded(t, nil, nil)
	var book struct {
		Version string
		Items   []struct {
			Type    int
			Name    string
			Content struct{ Title, Query string }
		}
	}
	one := sole(t, r, token("insights:Workbook"))
	if err := json.Unmarshal([]byte(one.At("serializedData")[0].(string)), &book); err != nil {
		t.Fatal(err)
	}
	if len(book.Items) != len(components.Signals(nil))-2+1 {
		t.Errorf("there are %d panels", len(book.Items))
	}
	for _, item := range book.Items {
		if item.Content.Title == "" || item.Type != 10 && item.Type != 3 {
			t.Errorf("panel %s has the type %d and the title %q", item.Name, item.Type, item.Content.Title)
		}
		if strings.Contains(item.Content.Query, "{") {
			t.Errorf("the query of %s is not filled in: %s", item.Name, item.Content.Query)
		}
	}
	if got := overTime("T | summarize A = count() by X | summarize Value = max(A)", 10); got != "T | summarize A = count() by X, TimeGenerated = bin(TimeGenerated, 10m) | summarize Value = max(A) by TimeGenerated = bin(TimeGenerated, 10m)" {
		t.Errorf("over time the query is %s", got)
	}
	if url := r.Exports["dashboard"].StringValue(); !strings.HasPrefix(url, "https://portal.azure.com/#@"+tenant+"/resource/subscriptions/") {
		t.Errorf("the dashboard is at %s", url)
	}
}

package gcpcloud

import (
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"
)

// A first deployment waits for its certificate for a quarter of an hour: that nobody can reach the app is no alarm.
func TestQuietWhileTheCertificateIsIssued(t *testing.T) {
	const policies, create, end = "GET /monitoring/v3/projects/links-production/alertPolicies", "POST /monitoring/v3/projects/links-production/snoozes", "PATCH /monitoring/v3/projects/links-production/snoozes/1"
	policy := func(name, stackLabel, signal string) map[string]any {
		return map[string]any{"name": name, "userLabels": map[string]any{"slipway-stack": stackLabel, "slipway-signal": signal}}
	}
	until := func(body map[string]any) time.Duration {
		at, err := time.Parse(time.RFC3339, body["interval"].(map[string]any)["endTime"].(string))
		if err != nil {
			t.Error(err)
		}
		return time.Until(at)
	}
	asked := standIn(t, map[string]answer{
		policies: says(map[string]any{"alertPolicies": []any{policy("p/1", "slipway_prod", "uptime"), policy("p/2", "slipway_prod", "error-rate"), policy("p/3", "slipway_dev", "uptime")}}),
		create: func(_ url.Values, body map[string]any) (int, any) {
			if got := body["criteria"].(map[string]any)["policies"].([]any); !slices.Equal(got, []any{"p/1"}) {
				t.Errorf("held back are %v", got)
			}
			if d := until(body); d > settleFor+time.Minute {
				t.Errorf("nobody hears of an outage for %s", d)
			}
			return http.StatusOK, map[string]any{"name": "projects/links-production/snoozes/1"}
		},
		end: func(_ url.Values, body map[string]any) (int, any) {
			if d := until(body); d > quietAfter+time.Minute {
				t.Errorf("it goes on for %s", d)
			}
			return http.StatusOK, map[string]any{}
		},
	})
	c, err := connect(t.Context(), stack)
	if err != nil {
		t.Fatal(err)
	}
	q := &quiet{client: c, stack: stack}
	q.begin(t.Context())
	q.begin(t.Context())
	if err := q.end(t.Context()); err != nil {
		t.Error(err)
	}
	if want := []string{policies, create, end}; !slices.Equal(*asked, want) {
		t.Errorf("asked for %q, want %q", *asked, want)
	}
	if err := (&quiet{client: c, stack: stack}).end(t.Context()); err != nil || len(*asked) != 3 {
		t.Errorf("nothing was begun: %v, %q", err, *asked)
	}
}

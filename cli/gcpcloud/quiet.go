package gcpcloud

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/slipway-iac/slipway/cli"
	driver "github.com/slipway-iac/slipway/providers/gcp"
)

// quietAfter is how long after the front door is open its figures may still say that it is not.
const quietAfter = 5 * time.Minute

// quiet holds back the alert on the public address for as long as a first deployment waits for its certificate, which everybody knows.
// It ends by itself, at the latest when the wait does, so that nobody has to be there for the alert to work again. If Google refuses, the
// alert fires for nothing, which is no reason to end an update.
// https://cloud.google.com/monitoring/alerts/manage-snooze
type quiet struct {
	client *client
	stack  cli.Stack
	tried  bool
	snooze string // its name, empty if there is none
	began  time.Time
}

// begin makes the snooze at the first call.
//   - https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies/list
//   - https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.snoozes/create
func (q *quiet) begin(ctx context.Context) {
	if q.tried {
		return
	}
	q.tried = true
	var found struct {
		AlertPolicies []struct {
			Name       string
			UserLabels map[string]string
		}
	}
	project := q.client.host("monitoring") + "/v3/projects/" + q.client.project
	if err := q.client.get(ctx, project+"/alertPolicies", url.Values{"pageSize": {"1000"}}, &found); err != nil {
		return
	}
	var policies []string
	for _, one := range found.AlertPolicies {
		if one.UserLabels[driver.LabelStack] == driver.StackLabel(q.stack.Project, q.stack.Name) && one.UserLabels[driver.LabelSignal] == "uptime" {
			policies = append(policies, one.Name)
		}
	}
	if len(policies) == 0 {
		return
	}
	q.began = time.Now().Add(5 * time.Second).UTC() // not in the past when it arrives
	var made struct{ Name string }
	body := map[string]any{
		"displayName": "Slipway " + q.stack.Project + "/" + q.stack.Name + ": waiting for the certificate",
		"criteria":    map[string]any{"policies": policies}, "interval": interval(q.began, q.began.Add(settleFor)),
	}
	if err := q.client.post(ctx, project+"/snoozes", body, &made); err == nil {
		q.snooze = made.Name
	}
}

// end lets the alert work again once the figures are those of an open door.
// https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.snoozes/patch
func (q *quiet) end(ctx context.Context) error {
	if q.snooze == "" {
		return nil
	}
	body := map[string]any{"interval": interval(q.began, time.Now().UTC().Add(quietAfter))}
	return q.client.do(ctx, http.MethodPatch, q.client.host("monitoring")+"/v3/"+q.snooze+"?updateMask=interval.endTime", body, &struct{}{})
}

func interval(from, to time.Time) map[string]string {
	return map[string]string{"startTime": from.Format(time.RFC3339), "endTime": to.Format(time.RFC3339)}
}

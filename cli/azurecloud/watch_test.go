package azurecloud

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/slipway-iac/slipway/cli"
)

// streams stands in for the streams of lines of an app.
func streams(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Header.Get("Authorization") != "Bearer "+secretToken || r.URL.Query().Get("follow") != "false" || r.URL.Query().Get("output") != "text":
			w.WriteHeader(http.StatusUnauthorized)
		case r.URL.Path == "/events":
			fmt.Fprintln(w, "Pulled image\nContainer 'app' was terminated with exit code '3' and reason 'ProcessExited' in links-prod--s2-b\nBack-off")
		default:
			for i := range 30 {
				fmt.Fprintf(w, "line %d\n", i)
			}
			fmt.Fprintln(w, "panic: no DATABASE_URL")
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func replica(name string, ready bool, restarts int, details, stream string) any {
	return map[string]any{"value": []any{map[string]any{"properties": map[string]any{"containers": []any{
		map[string]any{"name": "collector", "ready": true, "restartCount": 0, "runningState": "Running"},
		map[string]any{"name": name, "ready": ready, "restartCount": restarts, "runningState": "Waiting", "runningStateDetails": details, "logStreamEndpoint": stream},
	}}}}}
}

func revisions(latest, ready, events string) any {
	return map[string]any{"properties": map[string]any{"latestRevisionName": latest, "latestReadyRevisionName": ready, "eventStreamEndpoint": events}}
}

// A revision whose container ends again and again is found, in a first deployment and in a later one, with its exit code and its last
// lines; what is only slow, or was there before the update, is not.
func TestWatch(t *testing.T) {
	at := streams(t)
	known := []cli.Resource{{Type: "azure-native:app/v20241002preview:ContainerApp", Outputs: map[string]any{"template": map[string]any{"revisionSuffix": "s2-b"}}}}
	crashed := []string{"revision links-prod--s2-b does not come up: container app was started 3 times", "exit code '3'", "panic: no DATABASE_URL"}
	for _, row := range []struct {
		name         string
		ready        string
		state        []cli.Resource
		replica      any
		want, unwant []string
	}{
		{"first deployment", "", nil, replica("app", false, 2, "CrashLoopBackOff", at+"/lines?x=1"), crashed, []string{"line 5\n", secretToken}},
		{"rolling update", "links-prod--s1-a", nil, replica("app", false, 2, "", at+"/lines"), crashed, nil},
		{"an image that is not there", "", nil, replica("app", false, 0, "ImagePullBackOff: not found", ""), []string{"imagepullbackoff", "It has written nothing"}, nil},
		{"started twice", "", nil, replica("app", false, 1, "", at+"/lines"), nil, nil},
		{"up after some restarts", "", nil, replica("app", true, 4, "", at+"/lines"), nil, nil},
		{"ready", "links-prod--s2-b", nil, replica("app", false, 5, "", at+"/lines"), nil, nil},
		{"what was there before", "", known, replica("app", false, 5, "", at+"/lines"), nil, nil},
		{"no app yet", "", nil, nil, nil, nil},
	} {
		all := answers{"POST " + appID + "/getAuthToken": map[string]any{"properties": map[string]any{"token": secretToken}}}
		if row.replica != nil {
			all["GET "+appID] = revisions("links-prod--s2-b", row.ready, at+"/events")
			all["GET "+appID+"/revisions/links-prod--s2-b/replicas"] = row.replica
		}
		target, _ := azureWith(t, all)
		ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
		got := target.watch(ctx, stack, row.state, 50*time.Millisecond)
		cancel()
		if (got == "") != (len(row.want) == 0) {
			t.Errorf("%s: %q", row.name, got)
		}
		for _, text := range row.want {
			if !strings.Contains(strings.ToLower(got), strings.ToLower(text)) {
				t.Errorf("%s: %q does not say %q", row.name, got, text)
			}
		}
		for _, text := range row.unwant {
			if strings.Contains(got, text) {
				t.Errorf("%s: %q says %q", row.name, got, text)
			}
		}
	}
}

// The maintenance window is said once more where it does not hold, and not again.
func TestSettle(t *testing.T) {
	s := stack
	s.Config.Database.Enabled = true
	servers := group + "/providers/Microsoft.DBforPostgreSQL/flexibleServers"
	for custom, want := range map[string]bool{"Disabled": true, "Enabled": false} {
		sent := ""
		target, _ := azureWith(t, answers{
			"GET " + servers: map[string]any{"value": []any{map[string]any{
				"id": servers + "/x", "properties": map[string]any{"maintenanceWindow": map[string]any{"customWindow": custom, "dayOfWeek": 0, "startHour": 5, "startMinute": 0}},
			}}},
			"PATCH " + servers + "/x": func(body string, _ map[string][]string) any { sent = body; return map[string]any{} },
		})
		if err := target.Settle(t.Context(), quiet(), s, cli.Outputs{}); err != nil {
			t.Fatal(err)
		}
		if (sent != "") != want || want && !strings.Contains(sent, `"customWindow":"Enabled"`) {
			t.Errorf("with %s, %q was sent", custom, sent)
		}
	}
}

// An app that a cut-off update has left, and that no state knows, is named with the way out.
func TestRepairNamesAnUnknownApp(t *testing.T) {
	environment := []cli.Resource{{Type: "azure-native:app/v20241002preview:ManagedEnvironment", ID: "x"}}
	target, _ := azureWith(t, answers{"GET " + appID: revisions("", "", "")})
	if _, err := target.Repair(t.Context(), quiet(), stack, environment); err == nil || !strings.Contains(err.Error(), "az containerapp delete --yes --name links-prod --resource-group slipway-links-prod") {
		t.Errorf("an app that is left: %v", err)
	}
	absent, _ := azureWith(t, answers{})
	if _, err := absent.Repair(t.Context(), quiet(), stack, environment); err != nil {
		t.Errorf("no app is left: %v", err)
	}
	if _, err := target.Repair(t.Context(), quiet(), stack, nil); err != nil {
		t.Errorf("there is no environment yet: %v", err)
	}
}

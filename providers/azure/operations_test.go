package azure

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// fakeApps is Azure's interface of one job and one app.
type fakeApps struct {
	mu         sync.Mutex
	executions []map[string]any
	next       []string // statuses of the execution that is started, one after the other
	asked      []string
	lines      string // of the execution; none if empty
}

func (f *fakeApps) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, r.Method+" "+r.URL.Path)
	switch {
	case r.Header.Get("Authorization") != "Bearer key" || r.URL.Query().Get("api-version") == "":
		w.WriteHeader(http.StatusUnauthorized)
	case strings.HasSuffix(r.URL.Path, "/start"):
		f.executions = append(f.executions, run("new", f.next[0], "now"))
		w.WriteHeader(http.StatusAccepted)
	case f.lines != "" && strings.HasSuffix(r.URL.Path, "/getAuthToken"):
		fmt.Fprint(w, `{"properties":{"token":"key"}}`)
	case f.lines != "" && strings.HasSuffix(r.URL.Path, "/replicas"):
		fmt.Fprintf(w, `{"value":[{"properties":{"containers":[{"logStreamEndpoint":"http://%s/stream?api-version=x"}]}}]}`, r.Host)
	case f.lines != "" && r.URL.Path == "/stream" && r.URL.Query().Get("tailLines") != "":
		fmt.Fprint(w, f.lines)
	case strings.HasSuffix(r.URL.Path, "/executions"):
		_ = json.NewEncoder(w).Encode(map[string]any{"value": f.executions})
		if last := len(f.executions) - 1; last >= 0 && f.executions[last]["name"] == "new" && len(f.next) > 1 {
			f.next = f.next[1:]
			f.executions[last] = run("new", f.next[0], "now")
		}
	case strings.HasSuffix(r.URL.Path, "/revisions"):
		revision := func(name string, active bool, weight int, labels ...string) any {
			return map[string]any{"name": name, "properties": map[string]any{"active": active, "trafficWeight": weight, "labels": labels}}
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"value": []any{
			revision("serves", true, 100), revision("slot", true, 0, "blue"), revision("kept", true, 0), revision("left", true, 0), revision("off", false, 0),
		}})
	case !strings.HasSuffix(r.URL.Path, "/deactivate"):
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"error":{"code":"ResourceNotFound","message":"no such thing"}}`)
	}
}

func run(name, status, content string) map[string]any {
	return map[string]any{"name": name, "properties": map[string]any{
		"status":         status,
		"template":       map[string]any{"containers": []any{map[string]any{"env": []any{map[string]any{"name": contentVariable, "value": content}}}}},
		"detailedStatus": map[string]any{"replicas": []any{map[string]any{"containers": []any{map[string]any{"name": "migrate", "code": 3, "additionalInformation": "Error"}}}}},
	}}
}

func (f *fakeApps) rest(t *testing.T) REST {
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	return REST{Management: server.URL, HTTP: server.Client(), Patience: 2 * time.Second, Pause: time.Millisecond}
}

func key() (string, error) { return "key", nil }

const job = "/subscriptions/s/resourceGroups/g/providers/Microsoft.App/jobs/links-migrate"

// A job is started once for each content: what has succeeded is not run again, what is running is waited for, and what has failed is.
func TestRunJob(t *testing.T) {
	for _, row := range []struct {
		name    string
		before  []map[string]any
		next    []string
		started bool
		fails   string
	}{
		{"never run", nil, []string{"Running", "Running", "Succeeded"}, true, ""},
		{"run with other content", []map[string]any{run("old", "Succeeded", "then")}, []string{"Succeeded"}, true, ""},
		{"run already", []map[string]any{run("old", "Failed", "now"), run("older", "Succeeded", "now")}, nil, false, ""},
		{"failed before", []map[string]any{run("old", "Failed", "now")}, []string{"Processing", "Succeeded"}, true, ""},
		{"running since an update that was cut off", []map[string]any{run("new", "Running", "now")}, []string{"Running", "Succeeded"}, false, ""},
		{"fails", nil, []string{"Running", "Failed"}, true, "execution new is Failed: migrate exited with code 3 Error; its lines: az containerapp job logs show --name links-migrate --resource-group g --container migrate --execution new"},
		{"never ends", nil, []string{"Running"}, true, `execution "new" is "Running" after 2s`},
	} {
		f := &fakeApps{executions: row.before, next: row.next}
		err := f.rest(t).RunJob(context.Background(), key, job, "now")
		if (err == nil) != (row.fails == "") || err != nil && !strings.Contains(err.Error(), row.fails) {
			t.Errorf("%s: %v", row.name, err)
		}
		if started := slices.Contains(f.asked, "POST "+job+"/start"); started != row.started {
			t.Errorf("%s: started is %t", row.name, started)
		}
	}
	told := &fakeApps{next: []string{"Failed"}, lines: "panic: column exists"}
	if err := told.rest(t).RunJob(context.Background(), key, job, "now"); err == nil || !strings.Contains(err.Error(), "migrate exited with code 3 Error. Its last lines:\npanic: column exists") {
		t.Errorf("fails with lines: %v", err)
	}
	f := &fakeApps{}
	if err := f.rest(t).RunJob(context.Background(), func() (string, error) { return "other", nil }, job, "now"); err == nil || !strings.Contains(err.Error(), "401") || strings.Contains(err.Error(), "other") {
		t.Errorf("refused: %v", err)
	}
}

// Only what has neither traffic, nor a label, nor a slot is stopped.
func TestStopRevisions(t *testing.T) {
	f := &fakeApps{}
	if err := f.rest(t).StopRevisions(context.Background(), key, "/apps/links", []string{"kept"}); err != nil {
		t.Fatal(err)
	}
	if want := []string{"GET /apps/links/revisions", "POST /apps/links/revisions/left/deactivate"}; !slices.Equal(f.asked, want) {
		t.Errorf("asked were %v, want %v", f.asked, want)
	}
}

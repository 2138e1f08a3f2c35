package gcpcloud

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/slipway-iac/slipway/cli"
	"github.com/slipway-iac/slipway/cli/progress"
)

const (
	listJobs      = "GET /run/v2/projects/links-production/locations/europe-west1/jobs"
	listDatabases = "GET /sqladmin/v1/projects/links-production/instances"
)

func database(name, state, disk string) map[string]any {
	return map[string]any{"name": name, "state": state, "settings": map[string]any{"dataDiskSizeGb": disk}}
}

// The disk has grown from 20 to 35 GiB by itself: an update with the size in the state would be refused.
func TestGrownDiskIsReadAgain(t *testing.T) {
	state := []cli.Resource{
		{URN: "urn:grown", Type: typeDatabase, Outputs: map[string]any{"name": "links-prod-database-1a2b3c4", "settings": map[string]any{"diskSize": 20.0}}},
		{URN: "urn:same", Type: typeDatabase, Outputs: map[string]any{"name": "links-prod-other-1a2b3c4", "settings": map[string]any{"diskSize": 100.0}}},
	}
	standIn(t, map[string]answer{
		listJobs:      says(map[string]any{}),
		listDatabases: says(map[string]any{"items": []any{database("links-prod-database-1a2b3c4", "RUNNABLE", "35"), database("links-prod-other-1a2b3c4", "RUNNABLE", "100")}}),
	})
	refresh, err := Target{}.Repair(t.Context(), progress.New(io.Discard), stack, state)
	if err != nil || !slices.Equal(refresh, []string{"urn:grown"}) {
		t.Errorf("to be read again: %v, %v", refresh, err)
	}
}

func TestFailedDatabaseIsClearedAway(t *testing.T) {
	remove := func(name string) string { return "DELETE /sqladmin/v1/projects/links-production/instances/" + name }
	asked := standIn(t, map[string]answer{
		listJobs: says(map[string]any{}),
		listDatabases: says(map[string]any{"items": []any{
			database("links-prod-database-1a2b3c4", "FAILED", "20"), database("links-prod-database-5d6e7f8", "FAILED", "20"),
			database("links-prod-database-9999999", "RUNNABLE", "20"), database("links-prod2-database-1a2b3c4", "FAILED", "20"), database("links-prod-database-restored", "FAILED", "20"),
		}}),
		remove("links-prod-database-1a2b3c4"): says(map[string]any{"kind": "sql#operation"}),
	})
	state := []cli.Resource{{URN: "urn:known", Type: typeDatabase, Outputs: map[string]any{"name": "links-prod-database-5d6e7f8"}}}
	if _, err := (Target{}).Repair(t.Context(), progress.New(io.Discard), stack, state); err != nil {
		t.Fatal(err)
	}
	if want := []string{listDatabases, remove("links-prod-database-1a2b3c4"), listJobs}; !slices.Equal(*asked, want) {
		t.Errorf("asked for %q, want %q", *asked, want)
	}
}

// An update that ended while it turned on the APIs has left a state, and nothing that could be listed.
func TestRepairBeforeTheAPIsAreOn(t *testing.T) {
	off := func(url.Values, map[string]any) (int, any) {
		return http.StatusForbidden, map[string]any{"error": map[string]any{"status": "PERMISSION_DENIED", "message": "API has not been used in project 1 before or it is disabled",
			"details": []any{map[string]any{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED"}}}}
	}
	standIn(t, map[string]answer{listJobs: off, listDatabases: off})
	other := stack
	other.Config.Database.Enabled = true
	if refresh, err := (Target{}).Repair(t.Context(), progress.New(io.Discard), other, []cli.Resource{{URN: "urn:stack"}}); err != nil || len(refresh) > 0 {
		t.Errorf("got %v, %v", refresh, err)
	}
}

func TestBusyIsAskedAgain(t *testing.T) {
	times := 0
	asked := standIn(t, map[string]answer{"POST /logging/v2/entries:list": func(_ url.Values, body map[string]any) (int, any) {
		if times++; body["filter"] != "x" {
			t.Errorf("attempt %d asked with %v", times, body)
		}
		if times < attempts {
			return http.StatusTooManyRequests, map[string]any{"error": map[string]any{"status": "RESOURCE_EXHAUSTED", "message": "Quota exceeded"}}
		}
		return http.StatusOK, map[string]any{"entries": []any{}}
	}})
	c, err := connect(t.Context(), stack)
	if err != nil {
		t.Fatal(err)
	}
	c.pause = 1
	if err := c.post(t.Context(), c.host("logging")+"/v2/entries:list", map[string]any{"filter": "x"}, &struct{}{}); err != nil || len(*asked) != attempts {
		t.Errorf("asked %d times: %v", len(*asked), err)
	}
	times = -attempts
	if err := c.post(t.Context(), c.host("logging")+"/v2/entries:list", map[string]any{"filter": "x"}, &struct{}{}); err == nil || len(*asked) != 2*attempts {
		t.Errorf("asked %d times: %v", len(*asked), err)
	}
}

package gcpcloud

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/slipway-iac/slipway/cli"
)

const (
	listBuckets   = "GET /logging/v2/projects/links-production/locations/europe-west1/buckets"
	listEntries   = "POST /logging/v2/entries:list"
	listRevisions = "GET /run/v2/projects/links-production/locations/europe-west1/services/links-prod/revisions"
)

// after answers with one thing at first, and with another from the second question on.
func after(first, then any) answer {
	asked := 0
	return func(url.Values, map[string]any) (int, any) {
		if asked++; asked == 1 {
			return http.StatusOK, first
		}
		return http.StatusOK, then
	}
}

func revisionState(name, state, message string) map[string]any {
	return map[string]any{"name": "projects/links-production/locations/europe-west1/services/links-prod/revisions/" + name,
		"conditions": []any{map[string]any{"type": "Active", "state": "CONDITION_FAILED"}, map[string]any{"type": "Ready", "state": state, "message": message}}}
}

func execution(name, status string) map[string]any {
	return map[string]any{"jobs": []any{map[string]any{"name": "projects/p/locations/l/jobs/links-prod-migrate-2", "latestCreatedExecution": map[string]any{"name": "projects/p/x/" + name, "completionStatus": status}}}}
}

// said are lines of the log, newest first.
func said(lines ...string) answer {
	return func(_ url.Values, body map[string]any) (int, any) {
		var out []any
		for i, text := range lines {
			labels := map[string]any{"container_name": "app"}
			if strings.Contains(text, "Container called") {
				labels = map[string]any{}
			} else if strings.Contains(fmt.Sprint(body["filter"]), "varlog") {
				continue // only Cloud Run's own
			}
			out = append(out, map[string]any{"insertId": fmt.Sprint(i), "timestamp": time.Now().Format(time.RFC3339Nano), "textPayload": text, "labels": labels})
		}
		return http.StatusOK, map[string]any{"entries": out}
	}
}

func TestWatch(t *testing.T) {
	bucket := says(map[string]any{"buckets": []any{map[string]any{"name": "projects/links-production/locations/europe-west1/buckets/links-prod-logs-0a1b2c3d", "lifecycleState": "ACTIVE"}}})
	old := revisionState("links-prod-1-aaaaaaaa", "CONDITION_FAILED", "the one of last week")
	crash := said("Container called exit(3).", "panic: no database", "starting")
	for name, row := range map[string]struct {
		answers map[string]answer
		want    []string
	}{
		"first deployment": {map[string]answer{
			listJobs:      says(map[string]any{}),
			listRevisions: after(nil, map[string]any{"revisions": []any{revisionState("links-prod-1-bbbbbbbb", "CONDITION_FAILED", "The user-provided container failed to start.")}}), listEntries: crash,
		}, []string{"links-prod-1-bbbbbbbb did not become ready: The user-provided container failed to start. (Container called exit(3))", "\n  starting\n  panic: no database"}},
		"crash loop of a rolling update": {map[string]answer{
			listJobs:      says(map[string]any{}),
			listRevisions: after(map[string]any{"revisions": []any{old}}, map[string]any{"revisions": []any{old, revisionState("links-prod-2-cccccccc", "CONDITION_RECONCILING", "")}}),
			listEntries:   said("Container called exit(1).", "panic: no database", "Container called exit(1).", "panic: no database"),
		}, []string{"links-prod-2-cccccccc ends again and again (Container called exit(1))", "panic: no database"}},
		"migration": {map[string]answer{
			listJobs:      after(execution("links-prod-migrate-2-aaaa", "EXECUTION_FAILED"), execution("links-prod-migrate-2-bbbb", "EXECUTION_FAILED")),
			listRevisions: says(map[string]any{"revisions": []any{old}}), listEntries: said("relation does not exist"),
		}, []string{"links-prod-migrate-2-bbbb has failed", "relation does not exist"}},
		"what was there before": {map[string]answer{
			listJobs: says(execution("links-prod-migrate-2-aaaa", "EXECUTION_FAILED")), listRevisions: says(map[string]any{"revisions": []any{old}}),
		}, nil},
		"one crash is no loop": {map[string]answer{
			listJobs:      says(map[string]any{}),
			listRevisions: after(nil, map[string]any{"revisions": []any{revisionState("links-prod-1-bbbbbbbb", "CONDITION_RECONCILING", "")}}), listEntries: said("Container called exit(1)."),
		}, nil},
		"Google does not answer": {map[string]answer{
			listJobs: refused(http.StatusForbidden, "PERMISSION_DENIED", "no"), listRevisions: refused(http.StatusForbidden, "PERMISSION_DENIED", "no"),
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			row.answers[listBuckets] = bucket
			standIn(t, row.answers)
			c, err := connect(t.Context(), stack)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			got := (&watcher{client: c, stack: stack, pause: time.Millisecond}).run(ctx)
			for _, want := range row.want {
				if !strings.Contains(got, want) {
					t.Errorf("got %q, want %q", got, want)
				}
			}
			if row.want == nil && got != "" {
				t.Errorf("an update would be ended: %q", got)
			}
		})
	}
	if watchPause > 30*time.Second {
		t.Error("a crash loop is not seen within a minute")
	}
	var _ cli.Watcher = Target{}
}

package gcpcloud

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slipway-iac/slipway/cli"
	"github.com/slipway-iac/slipway/cli/progress"
	"github.com/slipway-iac/slipway/stacks"
)

const token = "ya29.a-secret-token"

var stack = cli.Stack{Root: "/src/slipway", Project: "slipway", Name: "prod", Config: stacks.Config{
	Region: "europe-west1", App: stacks.App{Name: "links"}, GCP: stacks.GCP{Project: "links-production"},
}}

type answer func(query url.Values, body map[string]any) (status int, out any)

// standIn stands in for Google's APIs: it answers by method and path, and notes what was asked.
func standIn(t *testing.T, answers map[string]answer) (asked *[]string) {
	t.Helper()
	asked = &[]string{}
	var one sync.Mutex // questions come side by side
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := map[string]any{}
		if text, _ := io.ReadAll(r.Body); len(text) > 0 {
			if err := json.Unmarshal(text, &body); err != nil {
				t.Errorf("asked with %q", text)
			}
		}
		if r.Header.Get("Authorization") != "Bearer "+token || r.Header.Get("X-Goog-User-Project") != "links-production" {
			t.Errorf("asked as %q for project %q", r.Header.Get("Authorization"), r.Header.Get("X-Goog-User-Project"))
		}
		one.Lock()
		defer one.Unlock()
		what := r.Method + " " + r.URL.Path
		*asked = append(*asked, what)
		respond, ok := answers[what]
		if !ok {
			t.Errorf("Google was asked for %s", what)
			respond = refused(http.StatusBadRequest, "INVALID_ARGUMENT", "unexpected")
		}
		status, out := respond(r.URL.Query(), body)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		if err := json.NewEncoder(w).Encode(out); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	t.Setenv(endpointVariable, server.URL)
	t.Setenv("GOOGLE_OAUTH_ACCESS_TOKEN", token)
	return asked
}

func says(out any) answer {
	return func(url.Values, map[string]any) (int, any) { return http.StatusOK, out }
}

func refused(status int, code, message string) answer {
	return func(url.Values, map[string]any) (int, any) {
		return status, map[string]any{"error": map[string]any{"code": status, "status": code, "message": message}}
	}
}

func TestSignedIn(t *testing.T) {
	const project = "GET /cloudresourcemanager/v3/projects/links-production"
	standIn(t, map[string]answer{project: says(map[string]any{"projectId": "links-production"})})
	if err := signedIn(t.Context(), stack); err != nil {
		t.Error(err)
	}
	standIn(t, map[string]answer{project: refused(http.StatusForbidden, "PERMISSION_DENIED", "The caller does not have permission")})
	err := signedIn(t.Context(), stack)
	if err == nil || !strings.Contains(err.Error(), "PERMISSION_DENIED: The caller does not have permission") || !strings.Contains(err.Error(), "application-default login") {
		t.Errorf("got %v", err)
	}
	if err != nil && strings.Contains(err.Error(), token) {
		t.Error("the token is in the error")
	}
}

func TestNoProject(t *testing.T) {
	standIn(t, nil)
	for _, name := range []string{"GOOGLE_PROJECT", "GOOGLE_CLOUD_PROJECT", "CLOUDSDK_CORE_PROJECT"} {
		t.Setenv(name, "")
	}
	other := stack
	other.Config.GCP.Project = ""
	if _, err := connect(t.Context(), other); err == nil || !strings.Contains(err.Error(), "gcp.project") {
		t.Errorf("got %v", err)
	}
	t.Setenv("GOOGLE_CLOUD_PROJECT", "from-the-environment")
	if c, err := connect(t.Context(), other); err != nil || c.project != "from-the-environment" {
		t.Errorf("got %v, %v", c, err)
	}
}

func jobState(name, state string) map[string]any {
	return map[string]any{"name": "projects/links-production/locations/europe-west1/jobs/" + name, "terminalCondition": map[string]any{"type": "Ready", "state": state}}
}

func TestRepair(t *testing.T) {
	const list = "GET /run/v2/projects/links-production/locations/europe-west1/jobs"
	remove := func(name string) string {
		return "DELETE /run/v2/projects/links-production/locations/europe-west1/jobs/" + name
	}
	asked := standIn(t, map[string]answer{
		list: func(query url.Values, _ map[string]any) (int, any) {
			if query.Get("pageToken") == "" {
				return http.StatusOK, map[string]any{"nextPageToken": "more", "jobs": []any{
					jobState("links-prod-dbinit", succeeded), jobState("links-prod-migrate-1", succeeded), jobState("links-prod-migrate-2", "CONDITION_FAILED"),
				}}
			}
			return http.StatusOK, map[string]any{"jobs": []any{
				jobState("links-prod-migrate-3", succeeded), // left by a run that was interrupted
				jobState("links-prod2-migrate-1", "CONDITION_FAILED"), jobState("nightly", "CONDITION_FAILED"),
			}}
		},
		remove("links-prod-migrate-2"): says(map[string]any{}), remove("links-prod-migrate-3"): refused(http.StatusNotFound, "NOT_FOUND", "gone"),
	})
	job := func(urn, name string) cli.Resource {
		return cli.Resource{URN: urn, Type: typeJob, Outputs: map[string]any{"name": name}}
	}
	state := []cli.Resource{
		job("urn:dbinit", "links-prod-dbinit"), job("urn:1", "links-prod-migrate-1"), job("urn:2", "links-prod-migrate-2"), job("urn:9", "links-prod-migrate-9"),
	}
	refresh, err := Target{}.Repair(t.Context(), progress.New(io.Discard), stack, state)
	if want := []string{"urn:2", "urn:9"}; err != nil || !slices.Equal(refresh, want) {
		t.Errorf("to be read again: %v, %v, want %v", refresh, err, want)
	}
	want := []string{list, list, remove("links-prod-migrate-2"), remove("links-prod-migrate-3")}
	if !slices.Equal(*asked, want) {
		t.Errorf("asked for %q, want %q", *asked, want)
	}
	if refresh, err := (Target{}).Repair(t.Context(), progress.New(io.Discard), stack, nil); err != nil || refresh != nil {
		t.Errorf("a stack that was never up: %v, %v", refresh, err)
	}
}

func TestRepairFails(t *testing.T) {
	standIn(t, map[string]answer{"GET /run/v2/projects/links-production/locations/europe-west1/jobs": refused(http.StatusForbidden, "PERMISSION_DENIED", "no")})
	_, err := Target{}.Repair(t.Context(), progress.New(io.Discard), stack, []cli.Resource{{URN: "x"}})
	if err == nil || !strings.Contains(err.Error(), "listing Cloud Run jobs: Google Cloud answers PERMISSION_DENIED: no") {
		t.Errorf("got %v", err)
	}
}

func line(id string, at time.Time, more map[string]any) map[string]any {
	out := map[string]any{"insertId": id, "timestamp": at.Format(time.RFC3339Nano), "resource": map[string]any{"labels": map[string]any{"revision_name": "links-prod-2-0a1b2c3d"}},
		"labels": map[string]any{"container_name": "app", "instanceId": "00f46b9285aaaaaaaa12345678"}}
	for k, v := range more {
		out[k] = v
	}
	return out
}

func TestLogs(t *testing.T) {
	at := time.Now().Add(-time.Minute).UTC()
	const bucket = "projects/links-production/locations/europe-west1/buckets/links-prod-logs-0a1b2c3d"
	asked := standIn(t, map[string]answer{
		"GET /logging/v2/projects/links-production/locations/europe-west1/buckets": says(map[string]any{"buckets": []any{
			map[string]any{"name": strings.Replace(bucket, "0a1b2c3d", "ffffffff", 1), "lifecycleState": "DELETE_REQUESTED"},
			map[string]any{"name": strings.Replace(bucket, "links-prod-logs", "links-prod2-logs", 1), "lifecycleState": "ACTIVE"},
			map[string]any{"name": bucket, "lifecycleState": "ACTIVE"},
		}}),
		"POST /logging/v2/entries:list": func(_ url.Values, body map[string]any) (int, any) {
			if fmt.Sprint(body["resourceNames"]) != "["+bucket+"/views/_AllLogs]" || !strings.HasPrefix(fmt.Sprint(body["filter"]), `resource.type="cloud_run_revision" AND timestamp>="`) {
				t.Errorf("asked for %v", body)
			}
			if body["pageToken"] == nil {
				return http.StatusOK, map[string]any{"nextPageToken": "more", "entries": []any{line("1", at, map[string]any{"textPayload": "listening\n"})}}
			}
			return http.StatusOK, map[string]any{"entries": []any{
				line("1", at, map[string]any{"textPayload": "listening\n"}), line("2", at, map[string]any{"jsonPayload": map[string]any{"message": "ready"}}),
			}}
		},
	})
	var out bytes.Buffer
	if err := (Target{}).Logs(t.Context(), &out, stack, cli.LogOptions{}); err != nil {
		t.Fatal(err)
	}
	want := "links-prod-2-0a1b2c3d/app/12345678 | listening\nlinks-prod-2-0a1b2c3d/app/12345678 | {\"message\":\"ready\"}\n"
	if out.String() != want {
		t.Errorf("printed %q, want %q", out.String(), want)
	}
	if len(*asked) != 3 {
		t.Errorf("asked %q", *asked)
	}
}

func TestLogsRefuse(t *testing.T) {
	standIn(t, map[string]answer{"GET /logging/v2/projects/links-production/locations/europe-west1/buckets": says(map[string]any{})})
	for want, o := range map[string]cli.LogOptions{
		"the components are cache, database, edge, init, service": {Component: "databse"},
		"--since yesterday: not a duration":                       {Since: "yesterday"},
		"`go run . up -s prod` makes the bucket":                  {},
	} {
		if err := (Target{}).Logs(t.Context(), io.Discard, stack, o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: got %v, want %s", o, err, want)
		}
	}
}

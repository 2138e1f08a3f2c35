package gcpcloud

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/slipway-iac/slipway/cli"
	driver "github.com/slipway-iac/slipway/providers/gcp"
)

const (
	// pollEvery is the time between two looks for new lines. A project may ask once a second.
	// https://cloud.google.com/logging/quotas#api-limits
	pollEvery = 3 * time.Second
	// overlap is how far each look goes back again: lines are not always readable in the order they were written.
	overlap = 30 * time.Second
	page    = 1000
)

// filters find the lines of a component in the stack's bucket.
var filters = map[string]string{
	"service":  `resource.type="cloud_run_revision"`,
	"init":     `resource.type="cloud_run_job"`,
	"database": `resource.type="cloudsql_database"`,
	"cache":    `resource.type="redis_instance"`,
	"edge":     `resource.type="http_load_balancer"`,
}

// Logs copies the app's logs, or those of another component, each line with what wrote it before it. If nothing is said, those of the last
// hour.
// https://cloud.google.com/logging/docs/reference/v2/rest/v2/entries/list
func (Target) Logs(ctx context.Context, w io.Writer, s cli.Stack, o cli.LogOptions) error {
	from, err := o.From(time.Now())
	if err != nil {
		return err
	}
	component := o.Component
	if component == "" {
		component = "service"
	}
	filter, ok := filters[component]
	if !ok {
		return fmt.Errorf("there are no logs of a component %q: the components are %s", component, strings.Join(slices.Sorted(maps.Keys(filters)), ", "))
	}
	c, err := connect(ctx, s)
	if err != nil {
		return err
	}
	view, err := findView(ctx, c, s)
	if err != nil {
		return err
	}
	t := &tail{client: c, w: w, view: view, filter: filter, from: from, seen: map[string]time.Time{}}
	for {
		if err := t.read(ctx); err != nil || !o.Follow {
			return err
		}
		t.forget()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pollEvery):
		}
	}
}

// findView returns the view that shows all of the stack's log bucket.
// https://cloud.google.com/logging/docs/reference/v2/rest/v2/projects.locations.buckets/list
func findView(ctx context.Context, c *client, s cli.Stack) (string, error) {
	parent := fmt.Sprintf("projects/%s/locations/%s", c.project, c.region)
	var answer struct {
		Buckets []struct{ Name, LifecycleState string }
	}
	if err := c.get(ctx, c.host("logging")+"/v2/"+parent+"/buckets", nil, &answer); err != nil {
		return "", fmt.Errorf("listing log buckets: %w", err)
	}
	prefix := parent + "/buckets/" + driver.LogBucketName(s.Config.App.Name, s.Name)
	for _, b := range answer.Buckets {
		if strings.HasPrefix(b.Name, prefix) && len(b.Name) == len(prefix)+8 && b.LifecycleState == "ACTIVE" {
			return b.Name + "/views/_AllLogs", nil
		}
	}
	return "", fmt.Errorf("stack %q has no logs in %s: `go run . up -s %s` makes the bucket", s.Name, c.region, s.Name)
}

// entry is a line of the log, as far as it is printed.
// https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry
type entry struct {
	InsertID    string    `json:"insertId"`
	Timestamp   time.Time `json:"timestamp"`
	TextPayload string    `json:"textPayload"`
	JSONPayload any       `json:"jsonPayload"`
	HTTPRequest any       `json:"httpRequest"`
	Resource    struct{ Labels map[string]string }
	Labels      map[string]string
}

// tail prints each line once.
type tail struct {
	client       *client
	w            io.Writer
	view, filter string
	from, newest time.Time
	seen         map[string]time.Time
}

// read prints what is new, oldest first.
func (t *tail) read(ctx context.Context) error {
	body := map[string]any{
		"resourceNames": []string{t.view}, "orderBy": "timestamp asc", "pageSize": page,
		"filter": fmt.Sprintf(`%s AND timestamp>="%s"`, t.filter, t.from.UTC().Format(time.RFC3339Nano)),
	}
	for {
		var answer struct {
			Entries       []entry
			NextPageToken string
		}
		if err := t.client.post(ctx, t.client.host("logging")+"/v2/entries:list", body, &answer); err != nil {
			return fmt.Errorf("reading logs: %w", err)
		}
		for _, e := range answer.Entries {
			key := e.InsertID + e.Timestamp.Format(time.RFC3339Nano)
			if _, printed := t.seen[key]; printed {
				continue
			}
			t.seen[key] = e.Timestamp
			if e.Timestamp.After(t.newest) {
				t.newest = e.Timestamp
			}
			if _, err := fmt.Fprintf(t.w, "%s | %s\n", e.writer(), e.line()); err != nil {
				return fmt.Errorf("printing logs: %w", err)
			}
		}
		if answer.NextPageToken == "" {
			return nil
		}
		body["pageToken"] = answer.NextPageToken
	}
}

// forget moves on to shortly before the newest line.
func (t *tail) forget() {
	if back := t.newest.Add(-overlap); back.After(t.from) {
		t.from = back
	}
	maps.DeleteFunc(t.seen, func(_ string, at time.Time) bool { return at.Before(t.from) })
}

// writer is who wrote a line: revision, container and instance, or what else it comes from.
func (e entry) writer() string {
	var parts []string
	for _, text := range []string{
		e.Resource.Labels["revision_name"], e.Resource.Labels["job_name"], e.Resource.Labels["database_id"], e.Resource.Labels["url_map_name"],
		e.Labels["container_name"], short(e.Labels["instanceId"]),
	} {
		if text != "" {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, "/")
}

func short(id string) string { return id[max(0, len(id)-8):] }

// line is what was written: text, JSON in one line, or a request.
func (e entry) line() string {
	if e.TextPayload != "" {
		return strings.TrimRight(e.TextPayload, "\r\n")
	}
	payload := e.JSONPayload
	if payload == nil {
		payload = e.HTTPRequest
	}
	text, err := json.Marshal(payload)
	if err != nil {
		return fmt.Sprint(payload)
	}
	return string(text)
}

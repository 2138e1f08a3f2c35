package gcpcloud

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/slipway-iac/slipway/cli"
	driver "github.com/slipway-iac/slipway/providers/gcp"
)

const (
	// watchPause is the time between two looks. A project may read logs once a second: https://cloud.google.com/logging/quotas#api-limits
	watchPause = 10 * time.Second
	// loops is how many ends of a new revision's container are a crash loop: one may be a machine's.
	loops = 2
	// wordsRead and wordsSaid bound the last words: lines of the log that are looked at, and lines that are told.
	wordsRead, wordsSaid = 100, 12
)

var _ cli.Watcher = Target{}

// Watch looks at the revisions and executions that an update makes, and returns why one of them won't come up, with the last lines of its
// log: a revision that Cloud Run has given up or whose container ends again and again, a step whose execution has failed for good. That
// Google can't be asked is no reason to end an update.
//   - https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services.revisions
//   - https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.jobs
//   - https://cloud.google.com/run/docs/troubleshooting
func (Target) Watch(ctx context.Context, s cli.Stack, _ []cli.Resource) (reason string) {
	c, err := connect(ctx, s)
	if err != nil {
		return ""
	}
	return (&watcher{client: c, stack: s, pause: watchPause}).run(ctx)
}

// watcher remembers what was there when it began.
type watcher struct {
	client *client
	stack  cli.Stack
	pause  time.Duration
	// revisions and executions are those of before; nil until they could be listed.
	revisions, executions map[string]bool
}

func (w *watcher) run(ctx context.Context) string {
	for {
		if reason := w.look(ctx); reason != "" {
			return reason
		}
		select {
		case <-ctx.Done():
			return ""
		case <-time.After(w.pause):
		}
	}
}

// look asks once. What can't be asked is asked again later.
func (w *watcher) look(ctx context.Context) string {
	if found, err := w.client.executions(ctx, w.stack); err == nil {
		for name, failed := range found {
			if w.executions != nil && failed && !w.executions[name] {
				words := w.client.lastWords(ctx, w.stack, fmt.Sprintf(`resource.type="cloud_run_job" AND labels."run.googleapis.com/execution_name"="%s"`, name))
				return fmt.Sprintf("%s has failed%s", name, words)
			}
		}
		w.executions = firstTime(w.executions, found)
	}
	found, err := w.client.revisions(ctx, w.stack)
	if err != nil {
		return ""
	}
	names := map[string]bool{}
	for _, r := range found {
		name := r.Name[strings.LastIndex(r.Name, "/")+1:]
		names[name] = true
		if w.revisions == nil || w.revisions[name] {
			continue
		}
		if reason := w.givenUp(ctx, name, r); reason != "" {
			return reason
		}
	}
	w.revisions = firstTime(w.revisions, names)
	return ""
}

// firstTime keeps what was found by the first look.
func firstTime(before, found map[string]bool) map[string]bool {
	if before != nil {
		return before
	}
	out := map[string]bool{}
	for name := range found {
		out[name] = true
	}
	return out
}

// givenUp says why a new revision will not serve.
func (w *watcher) givenUp(ctx context.Context, name string, r revision) string {
	of := fmt.Sprintf(`resource.type="cloud_run_revision" AND resource.labels.revision_name="%s"`, name)
	for _, condition := range r.Conditions {
		if condition.Type == "Ready" && condition.State == "CONDITION_SUCCEEDED" {
			return "" // it serves: what ends from now on is for alarms and gates
		}
		if condition.Type == "Ready" && condition.State == "CONDITION_FAILED" {
			return fmt.Sprintf("revision %s did not become ready: %s%s", name, strings.TrimSpace(condition.Message), w.client.lastWords(ctx, w.stack, of))
		}
	}
	ends, err := w.client.entries(ctx, w.stack, of+` AND `+systemLog)
	if err != nil {
		return ""
	}
	if n := len(slices.DeleteFunc(ends, func(e entry) bool { return !ended.MatchString(e.TextPayload) })); n >= loops {
		return fmt.Sprintf("revision %s ends again and again%s", name, w.client.lastWords(ctx, w.stack, of))
	}
	return ""
}

// systemLog is where Cloud Run says how containers end; ended finds that.
const systemLog = `logName:"run.googleapis.com%2Fvarlog%2Fsystem"`

var ended = regexp.MustCompile(`Container called exit\([1-9][0-9]*\)|Container terminated on signal [0-9]+|Memory limit of .* exceeded`)

// revision is a revision of the service, as far as it matters here.
type revision struct {
	Name       string
	Conditions []struct{ Type, State, Message string }
}

// revisions lists those of the stack's service. Before there is one there are none.
// https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services.revisions/list
func (c *client) revisions(ctx context.Context, s cli.Stack) ([]revision, error) {
	var answer struct{ Revisions []revision }
	address := fmt.Sprintf("%s/v2/projects/%s/locations/%s/services/%s/revisions", c.host("run"), c.project, c.region, driver.ServiceName(s.Config.App.Name, s.Name))
	if err := c.get(ctx, address, nil, &answer); err != nil && !errors.Is(err, errNotFound) && !errors.Is(err, errDisabled) {
		return nil, fmt.Errorf("listing revisions: %w", err)
	}
	return answer.Revisions, nil
}

// executions lists the newest execution of each of the stack's jobs, and whether it has failed.
func (c *client) executions(ctx context.Context, s cli.Stack) (map[string]bool, error) {
	jobs, err := c.jobs(ctx, regexp.MustCompile(driver.JobsPattern(s.Config.App.Name, s.Name)))
	if err != nil && !errors.Is(err, errDisabled) {
		return nil, err
	}
	out := map[string]bool{}
	for _, one := range jobs {
		if name := one.LatestCreatedExecution.Name; name != "" {
			out[name[strings.LastIndex(name, "/")+1:]] = one.LatestCreatedExecution.CompletionStatus == "EXECUTION_FAILED"
		}
	}
	return out, nil
}

// lastWords are how the container ended and the last lines that it wrote, oldest first; nothing if there are none or they can't be read.
func (c *client) lastWords(ctx context.Context, s cli.Stack, filter string) string {
	found, err := c.entries(ctx, s, filter)
	if err != nil || len(found) == 0 {
		return ""
	}
	var end string
	var lines []string
	for _, e := range found { // newest first
		line := e.line()
		if how := ended.FindString(line); how != "" {
			end = cmp.Or(end, how)
			continue
		}
		if name := e.Labels["container_name"]; e.HTTPRequest == nil && name != collector && len(lines) < wordsSaid {
			lines = append(lines, "  "+line)
		}
	}
	slices.Reverse(lines)
	text := ""
	if end != "" {
		text = " (" + end + ")"
	}
	if len(lines) > 0 {
		text += ". Its last lines:\n" + strings.Join(lines, "\n")
	}
	return text
}

// collector is the container beside the app, whose lines say nothing about the app.
const collector = "otel-collector"

// entries reads the newest lines that a filter finds in the stack's bucket.
// https://cloud.google.com/logging/docs/reference/v2/rest/v2/entries/list
func (c *client) entries(ctx context.Context, s cli.Stack, filter string) ([]entry, error) {
	view, err := findView(ctx, c, s)
	if err != nil {
		return nil, err
	}
	var answer struct{ Entries []entry }
	body := map[string]any{"resourceNames": []string{view}, "orderBy": "timestamp desc", "pageSize": wordsRead, "filter": filter}
	if err := c.post(ctx, c.host("logging")+"/v2/entries:list", body, &answer); err != nil {
		return nil, fmt.Errorf("reading logs: %w", err)
	}
	return answer.Entries, nil
}

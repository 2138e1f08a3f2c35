package awscloud

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/slipway-iac/slipway/cli"
	driver "github.com/slipway-iac/slipway/providers/aws"
)

const (
	// pollEvery is the time between two looks for new lines. An account may ask five times a second.
	pollEvery = 2 * time.Second
	// overlap is how far each look goes back again: lines are not always readable in the order they were written.
	overlap = 30 * time.Second
)

// Logs copies the app's logs, or those of the database or the cache, each line with what wrote it before it. If nothing is said, those
// of the last hour.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
func (Target) Logs(ctx context.Context, w io.Writer, s cli.Stack, o cli.LogOptions) error {
	from, err := o.From(time.Now())
	if err != nil {
		return err
	}
	c, err := connect(ctx, s)
	if err != nil {
		return err
	}
	client := cloudwatchlogs.NewFromConfig(c)
	groups, err := findGroups(ctx, client, s, o.Component)
	if err != nil {
		return err
	}
	t := &tail{client: client, w: w, from: from.UnixMilli(), seen: map[string]int64{}}
	for {
		for _, group := range groups {
			if err := t.read(ctx, group); err != nil {
				return err
			}
		}
		if !o.Follow {
			return nil
		}
		t.forget()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pollEvery):
		}
	}
}

// findGroups returns the names of a component's log groups.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogGroups.html
func findGroups(ctx context.Context, client *cloudwatchlogs.Client, s cli.Stack, component string) ([]string, error) {
	if component == "" {
		component = "service"
	}
	known := driver.LogGroups(s.Config.App.Name, s.Project, s.Name)
	prefix, ok := known[component]
	if !ok {
		return nil, fmt.Errorf("there are no logs of a component %q: the components are %s", component, strings.Join(slices.Sorted(maps.Keys(known)), ", "))
	}
	var names []string
	for pages := cloudwatchlogs.NewDescribeLogGroupsPaginator(client, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: &prefix}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("listing log groups: %w", reason(ctx, err))
		}
		for _, group := range page.LogGroups {
			if name := aws.ToString(group.LogGroupName); name == prefix || strings.HasSuffix(prefix, "-") {
				names = append(names, name)
			}
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("stack %q has no logs of the %s in %s: `go run . up -s %s` makes them", s.Name, component, s.Config.Region, s.Name)
	}
	return names, nil
}

// tail prints each line once.
type tail struct {
	client *cloudwatchlogs.Client
	w      io.Writer
	from   int64            // where the next look begins, in Unix milliseconds
	newest int64            // time of the newest line
	seen   map[string]int64 // ids of the lines that were printed, and their times
}

// read prints what is new in a group. A group that was deleted meanwhile has nothing new.
func (t *tail) read(ctx context.Context, group string) error {
	for pages := cloudwatchlogs.NewFilterLogEventsPaginator(t.client, &cloudwatchlogs.FilterLogEventsInput{LogGroupName: &group, StartTime: &t.from}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		var gone *types.ResourceNotFoundException
		switch {
		case errors.As(err, &gone):
			return nil
		case err != nil:
			return fmt.Errorf("reading logs of %s: %w", group, reason(ctx, err))
		}
		for _, e := range page.Events {
			id, at := aws.ToString(e.EventId), aws.ToInt64(e.Timestamp)
			if _, printed := t.seen[id]; printed {
				continue
			}
			t.seen[id], t.newest = at, max(t.newest, at)
			if _, err := fmt.Fprintf(t.w, "%s | %s\n", writer(group, aws.ToString(e.LogStreamName)), strings.TrimRight(aws.ToString(e.Message), "\r\n")); err != nil {
				return fmt.Errorf("printing logs: %w", err)
			}
		}
	}
	return nil
}

// forget moves on to shortly before the newest line.
func (t *tail) forget() {
	t.from = max(t.from, t.newest-overlap.Milliseconds())
	maps.DeleteFunc(t.seen, func(_ string, at int64) bool { return at < t.from })
}

// writer is who wrote a line: slot, container and task of the app, or the kind of another component's log.
func writer(group, stream string) string {
	slot, task, ok := strings.Cut(stream, "/")
	container, task, isTask := strings.Cut(task, "/")
	if !ok || !isTask {
		return last(group)
	}
	return slot + "/" + container + "/" + task[:min(8, len(task))]
}

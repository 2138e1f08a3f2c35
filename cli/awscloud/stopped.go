package awscloud

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	driver "github.com/slipway-iac/slipway/providers/aws"
)

const (
	// crashes is how often in a row tasks of one deployment must end by themselves until the next ones are taken to do so too. Those that
	// began together count once: they may have met a right that IAM had not spread yet, a database that restarts, or a migration's lock.
	crashes = 2
	// logLines is how many of a container's last lines are told.
	logLines = 12
	// lateLines is how often a container's lines are asked for that CloudWatch does not have yet.
	lateLines = 3
)

// judge is why a deployment won't get steady, or nothing.
func (w *watcher) judge(ctx context.Context, cluster string, one types.Service, d types.Deployment) string {
	failed := d.RolloutState == types.DeploymentRolloutStateFailed
	if !failed && d.RolloutState != types.DeploymentRolloutStateInProgress && d.RolloutState != "" {
		return ""
	}
	ended, err := w.endedTasks(ctx, cluster, one, d)
	if err != nil && !failed {
		return ""
	}
	switch {
	case failed:
		reason := "ECS has given the new version up: " + aws.ToString(d.RolloutStateReason) + lastWords(one)
		if len(ended) > 0 {
			reason += "\n" + w.account(ctx, one, ended[0])
		}
		return reason
	case attempts(ended) >= crashes:
		return fmt.Sprintf("the new version does not stay up: %d of its tasks have ended by themselves.\n%s", len(ended), w.account(ctx, one, ended[0]))
	}
	return ""
}

// attempts is how many of the tasks began after another one had ended: ECS has tried again. The end is that of the containers, since a
// task counts as stopped only when its network is gone too.
func attempts(ended []types.Task) (n int) {
	end := func(t types.Task) time.Time {
		return aws.ToTime(cmp.Or(t.ExecutionStoppedAt, t.StoppingAt, t.StoppedAt))
	}
	var last time.Time
	for _, t := range slices.SortedFunc(slices.Values(ended), func(a, b types.Task) int { return end(a).Compare(end(b)) }) {
		if n == 0 || aws.ToTime(t.CreatedAt).After(last) {
			n, last = n+1, end(t)
		}
	}
	return n
}

// endedTasks are those of a deployment that ended by themselves, the newest first. ECS remembers stopped tasks for an hour.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTasks.html
func (w *watcher) endedTasks(ctx context.Context, cluster string, one types.Service, d types.Deployment) ([]types.Task, error) {
	listed, err := w.tasks.ListTasks(ctx, &ecs.ListTasksInput{Cluster: &cluster, ServiceName: one.ServiceName, DesiredStatus: types.DesiredStatusStopped})
	if err != nil || len(listed.TaskArns) == 0 {
		return nil, err
	}
	answer, err := w.tasks.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: &cluster, Tasks: listed.TaskArns})
	if err != nil {
		return nil, err
	}
	ended := slices.DeleteFunc(answer.Tasks, func(t types.Task) bool {
		return aws.ToString(t.StartedBy) != aws.ToString(d.Id) || !byItself(t)
	})
	slices.SortFunc(ended, func(a, b types.Task) int { return aws.ToTime(b.StoppedAt).Compare(aws.ToTime(a.StoppedAt)) })
	return ended, nil
}

// byItself tells whether a task ended, or failed its health checks, without anybody's having wanted that: a deployment, scaling, Spot
// and people stop tasks too. One that did not even start counts if a container has run: a failed migration, and not an image that
// can't be pulled, which the circuit breaker judges.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html#ECS-Type-Task-stopCode
func byItself(t types.Task) bool {
	switch {
	case t.StopCode == types.TaskStopCodeEssentialContainerExited:
		return true
	case t.StopCode == types.TaskStopCodeTaskFailedToStart:
		return blamed(t) != nil
	}
	return strings.HasPrefix(aws.ToString(t.StoppedReason), "Task failed ")
}

// blamed is the container that ended badly, nil if none has. The collector is none: it may fail without the task.
func blamed(t types.Task) *types.Container {
	for i, c := range t.Containers {
		if c.ExitCode != nil && *c.ExitCode != 0 && aws.ToString(c.Name) != driver.CollectorContainer && !wasKilledLast(t, c) {
			return &t.Containers[i]
		}
	}
	return nil
}

// wasKilledLast tells whether a container was only taken along when another one ended the task: it got SIGTERM or SIGKILL.
func wasKilledLast(t types.Task, c types.Container) bool {
	const terminated, killed = 143, 137
	if code := *c.ExitCode; code != terminated && code != killed || strings.Contains(aws.ToString(c.Reason), "OutOfMemory") {
		return false
	}
	return slices.ContainsFunc(t.Containers, func(o types.Container) bool {
		return o.ExitCode != nil && *o.ExitCode != 0 && *o.ExitCode != terminated && *o.ExitCode != killed && aws.ToString(o.Name) != driver.CollectorContainer
	})
}

// account says how a task ended: ECS's words, the container's exit code, and its last lines.
func (w *watcher) account(ctx context.Context, one types.Service, t types.Task) string {
	id := last(aws.ToString(t.TaskArn))
	text := fmt.Sprintf("task %.8s: %s", id, cmp.Or(aws.ToString(t.StoppedReason), string(t.StopCode)))
	name := driver.AppContainer
	if c := blamed(t); c != nil {
		name = aws.ToString(c.Name)
		text += fmt.Sprintf("; container %s ended with exit code %d", name, *c.ExitCode)
		if why := aws.ToString(c.Reason); why != "" {
			text += " (" + why + ")"
		}
	}
	stream := fmt.Sprintf("%s/%s/%s", w.slot(aws.ToString(one.ServiceName)), name, id)
	for _, line := range w.lastLines(ctx, stream) {
		text += "\n  " + name + " | " + line
	}
	return text
}

// lastLines are the newest lines of a log stream, and none if there is no such stream.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html
func (w *watcher) lastLines(ctx context.Context, stream string) (lines []string) {
	for range lateLines {
		answer, err := w.logs.GetLogEvents(ctx, &cloudwatchlogs.GetLogEventsInput{
			LogGroupName: &w.group, LogStreamName: &stream, Limit: aws.Int32(logLines), StartFromHead: aws.Bool(false),
		})
		if err == nil && len(answer.Events) > 0 {
			for _, e := range answer.Events {
				lines = append(lines, strings.TrimRight(aws.ToString(e.Message), "\r\n"))
			}
			return lines
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(w.pause / 3):
		}
	}
	return nil
}

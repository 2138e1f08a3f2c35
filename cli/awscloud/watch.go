package awscloud

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/slipway-iac/slipway/cli"
	"github.com/slipway-iac/slipway/components"
	driver "github.com/slipway-iac/slipway/providers/aws"
)

// watchPause is the time between two looks at the services of a stack that is being updated.
const watchPause = 10 * time.Second

var _ cli.Watcher = Target{}

// Watch looks at the ECS services of a stack while an update makes or changes them, and returns why a new deployment won't get steady:
// ECS has given it up, or its tasks end by themselves one after the other. The provider notices neither before its time is over, and
// ECS itself only after some tasks more. With the reason come the container's exit code and its last lines. That AWS can't be asked
// is no reason to end the update.
//   - https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
//   - https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
func (Target) Watch(ctx context.Context, s cli.Stack, state []cli.Resource) (reason string) {
	return watch(ctx, s, state, watchPause)
}

func watch(ctx context.Context, s cli.Stack, state []cli.Resource, pause time.Duration) string {
	c, err := connect(ctx, s)
	if err != nil {
		return ""
	}
	w := &watcher{
		tasks: ecs.NewFromConfig(c), logs: cloudwatchlogs.NewFromConfig(c), pause: pause,
		cluster: newClusterFinder(s, state), group: driver.LogGroups(s.Config.App.Name, s.Project, s.Name)["service"], slots: slotBeginnings(s), known: map[string]bool{},
	}
	for _, r := range state {
		if r.Type == typeService {
			w.known[last(r.ID)] = true
		}
	}
	for {
		if reason := w.look(ctx); reason != "" {
			return reason
		}
		select {
		case <-ctx.Done():
			return ""
		case <-time.After(pause):
		}
	}
}

// watcher is what is remembered from one look to the next.
type watcher struct {
	tasks   *ecs.Client
	logs    *cloudwatchlogs.Client
	pause   time.Duration
	cluster *clusterFinder
	group   string                     // the app's log group
	slots   map[string]components.Slot // by the beginning of a service's name
	known   map[string]bool            // the services that were there before the update, by name
	before  map[string]bool            // their deployments, by id: what has happened to those is over
}

// look asks once. It returns why the update can't succeed, or nothing.
func (w *watcher) look(ctx context.Context) string {
	cluster, err := w.cluster.find(ctx, w.tasks)
	if err != nil || cluster == "" {
		return ""
	}
	services, err := w.services(ctx, cluster)
	if err != nil {
		return ""
	}
	if w.before == nil {
		w.before = map[string]bool{}
		for _, one := range services {
			for _, d := range one.Deployments {
				if w.known[aws.ToString(one.ServiceName)] {
					w.before[aws.ToString(d.Id)] = true
				}
			}
		}
	}
	for _, one := range services {
		for _, d := range one.Deployments {
			if w.before[aws.ToString(d.Id)] {
				continue
			}
			if reason := w.judge(ctx, cluster, one, d); reason != "" {
				return reason
			}
		}
	}
	return ""
}

// services are the active ones in the stack's slots.
func (w *watcher) services(ctx context.Context, cluster string) ([]types.Service, error) {
	var arns []string
	for pages := ecs.NewListServicesPaginator(w.tasks, &ecs.ListServicesInput{Cluster: &cluster}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("asking ECS for the services of %s: %w", last(cluster), reason(ctx, err))
		}
		for _, arn := range page.ServiceArns {
			if w.slot(last(arn)) != "" {
				arns = append(arns, arn)
			}
		}
	}
	return active(ctx, w.tasks, cluster, arns)
}

func (w *watcher) slot(service string) components.Slot {
	for beginning, slot := range w.slots {
		if strings.HasPrefix(service, beginning) {
			return slot
		}
	}
	return ""
}

// slotBeginnings are the slots by the beginnings of the names of their services.
func slotBeginnings(s cli.Stack) map[string]components.Slot {
	out := map[string]components.Slot{}
	for i, beginning := range driver.SlotServices(s.Config.App.Name, s.Project, s.Name) {
		out[beginning] = []components.Slot{components.Blue, components.Green}[i]
	}
	return out
}

// clusterFinder finds the stack's cluster, by its ARN in the state or, before a first update has noted it there, by its name and tag.
type clusterFinder struct {
	arn  string
	name *regexp.Regexp
	tag  string
}

func newClusterFinder(s cli.Stack, state []cli.Resource) *clusterFinder {
	f := &clusterFinder{
		name: regexp.MustCompile("^" + regexp.QuoteMeta(driver.ClusterName(s.Config.App.Name, s.Project, s.Name)) + "-[0-9a-f]{7}$"),
		tag:  s.Project + "/" + s.Name,
	}
	for _, r := range state {
		if r.Type == typeCluster {
			f.arn = text(r, "arn")
		}
	}
	return f
}

// find returns nothing as long as there is no cluster.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeClusters.html
func (f *clusterFinder) find(ctx context.Context, client *ecs.Client) (string, error) {
	if f.arn != "" {
		return f.arn, nil
	}
	var candidates []string
	for pages := ecs.NewListClustersPaginator(client, &ecs.ListClustersInput{}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return "", fmt.Errorf("asking ECS for clusters: %w", reason(ctx, err))
		}
		for _, arn := range page.ClusterArns {
			if f.name.MatchString(last(arn)) {
				candidates = append(candidates, arn)
			}
		}
	}
	if len(candidates) == 0 {
		return "", nil
	}
	answer, err := client.DescribeClusters(ctx, &ecs.DescribeClustersInput{Clusters: candidates, Include: []types.ClusterField{types.ClusterFieldTags}})
	if err != nil {
		return "", fmt.Errorf("asking ECS for clusters: %w", reason(ctx, err))
	}
	for _, one := range answer.Clusters {
		for _, tag := range one.Tags {
			if aws.ToString(tag.Key) == driver.TagStack && aws.ToString(tag.Value) == f.tag && aws.ToString(one.Status) == "ACTIVE" {
				f.arn = aws.ToString(one.ClusterArn)
			}
		}
	}
	return f.arn, nil
}

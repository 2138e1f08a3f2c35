package awscloud

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/slipway-iac/slipway/cli"
)

const clusterARN = "arn:aws:ecs:eu-central-1:123456789012:cluster/links-prod-0a1b2c3"

// fargate stands in for ECS and its logs while an update runs: the deployments and stopped tasks of one service, look by look.
type fargate struct {
	looks       int
	service     string
	deployments func(look int) []any
	stopped     func(look int) []any
	logs        map[string][]string // lines by stream
	clusters    []string            // the names of all clusters; asked for only if the state has none
	tag         string
}

func (f *fargate) answers(t *testing.T) map[string]answer {
	none := func(map[string]any) (int, any) { return http.StatusOK, map[string]any{} }
	return map[string]answer{
		"ListClusters": func(map[string]any) (int, any) {
			var arns []string
			for _, name := range f.clusters {
				arns = append(arns, "arn:aws:ecs:eu-central-1:123456789012:cluster/"+name)
			}
			return http.StatusOK, map[string]any{"clusterArns": arns}
		},
		"DescribeClusters": func(in map[string]any) (int, any) {
			if got := fmt.Sprint(in["clusters"], in["include"]); got != "["+clusterARN+"] [TAGS]" {
				t.Errorf("asked for the clusters %s", got)
			}
			return http.StatusOK, map[string]any{"clusters": []any{map[string]any{
				"clusterArn": clusterARN, "status": "ACTIVE", "tags": []any{map[string]string{"key": "slipway:stack", "value": f.tag}},
			}}}
		},
		"ListServices": func(map[string]any) (int, any) {
			if f.looks++; f.looks == 2 {
				return http.StatusBadRequest, map[string]string{"__type": "ServerException", "message": "a bad moment"}
			}
			return http.StatusOK, map[string]any{"serviceArns": []string{serviceARN(f.service), serviceARN("somebody-elses")}}
		},
		"DescribeServices": func(map[string]any) (int, any) {
			return http.StatusOK, map[string]any{"services": []any{map[string]any{
				"serviceArn": serviceARN(f.service), "serviceName": f.service, "status": "ACTIVE", "deployments": f.deployments(f.looks), "events": []any{map[string]any{"message": "the newest"}},
			}}}
		},
		"ListTasks": func(in map[string]any) (int, any) {
			if in["desiredStatus"] != "STOPPED" || in["serviceName"] != f.service {
				t.Errorf("asked for tasks of %v that are %v", in["serviceName"], in["desiredStatus"])
			}
			if f.stopped == nil || len(f.stopped(f.looks)) == 0 {
				return none(in)
			}
			return http.StatusOK, map[string]any{"taskArns": []string{"arn:aws:ecs:eu-central-1:123456789012:task/links/1"}}
		},
		"DescribeTasks": func(map[string]any) (int, any) { return http.StatusOK, map[string]any{"tasks": f.stopped(f.looks)} },
		"GetLogEvents": func(in map[string]any) (int, any) {
			if in["logGroupName"] != "/slipway/slipway/prod/app" {
				t.Errorf("read was %v", in["logGroupName"])
			}
			var events []any
			for _, line := range f.logs[fmt.Sprint(in["logStreamName"])] {
				events = append(events, map[string]any{"message": line + "\n"})
			}
			return http.StatusOK, map[string]any{"events": events}
		},
	}
}

func deployment(id, state string) map[string]any {
	return map[string]any{"id": id, "status": "PRIMARY", "rolloutState": state, "rolloutStateReason": "tasks failed to start."}
}

// stopped is a task of a deployment, at a second of the hour, with the exit codes of its containers.
func stopped(id, by, code, reason string, second int, exits ...any) map[string]any {
	var containers []any
	for i := 0; i < len(exits); i += 2 {
		c := map[string]any{"name": exits[i]}
		if exits[i+1] != nil {
			c["exitCode"] = exits[i+1]
		}
		containers = append(containers, c)
	}
	return map[string]any{
		"taskArn": "arn:aws:ecs:eu-central-1:123456789012:task/links/" + id, "startedBy": by, "stopCode": code, "stoppedReason": reason,
		"createdAt": float64(1790000000 + second - 5), "stoppedAt": float64(1790000000 + second), "containers": containers,
	}
}

func constantly(all ...any) func(int) []any { return func(int) []any { return all } }

var noted = []cli.Resource{{Type: typeCluster, Outputs: map[string]any{"arn": clusterARN}}}

func TestWatch(t *testing.T) {
	live := cli.Resource{Type: typeService, ID: serviceARN("links-prod-blue-1111111")}
	after := func(first int, d map[string]any) func(int) []any {
		return func(look int) []any {
			if look < first {
				return []any{deployment("ecs-svc/old", "COMPLETED")}
			}
			return []any{d, deployment("ecs-svc/old", "COMPLETED")}
		}
	}
	crash := func(id string, second int) map[string]any {
		return stopped(id, "ecs-svc/new", "EssentialContainerExited", "Essential container in task exited", second, "otel-collector", 137, "dbinit", 0, "app", 2)
	}
	for _, row := range []struct {
		name  string
		cloud *fargate
		state []cli.Resource
		want  []string
		not   string
	}{
		{"a service that is new, given up", &fargate{service: "links-prod-green-2222222", deployments: func(look int) []any {
			return []any{deployment("ecs-svc/new", map[bool]string{true: "IN_PROGRESS", false: "FAILED"}[look < 4])}
		}}, noted, []string{"ECS has given the new version up: tasks failed to start.", "the newest"}, ""},
		{"before a first update has noted the cluster", &fargate{
			service: "links-prod-blue-2222222", deployments: constantly(deployment("ecs-svc/new", "FAILED")), clusters: []string{"links-prod-0a1b2c3", "links-prod-eu-0a1b2c3"}, tag: "slipway/prod",
		}, nil, []string{"ECS has given the new version up"}, ""},
		{"a crash loop of a first deployment", &fargate{
			service: "links-prod-blue-2222222", deployments: constantly(deployment("ecs-svc/new", "IN_PROGRESS")), stopped: constantly(crash("aaaaaaaaaaaa", 1), crash("bbbbbbbbbbbb", 30)),
			logs: map[string][]string{"blue/app/bbbbbbbbbbbb": {"starting", "panic: no such thing"}},
		}, noted, []string{"2 of its tasks have ended by themselves", "task bbbbbbbb: Essential container in task exited; container app ended with exit code 2", "\n  app | panic: no such thing"}, "aaaaaaaa"},
		{"a failed migration of a rolling update", &fargate{
			service: "links-prod-blue-1111111", deployments: after(3, deployment("ecs-svc/new", "IN_PROGRESS")), stopped: constantly(
				stopped("cccccccccccc", "ecs-svc/new", "TaskFailedToStart", "Dependency failed", 1, "migrate", 1, "app", nil), stopped("dddddddddddd", "ecs-svc/new", "TaskFailedToStart", "Dependency failed", 12, "migrate", 1, "app", nil)),
			logs: map[string][]string{"blue/migrate/dddddddddddd": {"relation links does not exist"}},
		}, append([]cli.Resource{live}, noted...), []string{"container migrate ended with exit code 1", "migrate | relation links does not exist"}, ""},
		{"a rolling update that is given up and undone", &fargate{service: "links-prod-blue-1111111", deployments: func(look int) []any {
			if look < 3 {
				return []any{deployment("ecs-svc/old", "COMPLETED")}
			}
			return []any{deployment("ecs-svc/back", "IN_PROGRESS"), deployment("ecs-svc/new", "FAILED")}
		}}, append([]cli.Resource{live}, noted...), []string{"ECS has given the new version up"}, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			amazon(t, row.cloud.answers(t))
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			got := watch(ctx, stack, row.state, time.Millisecond)
			for _, part := range row.want {
				if !strings.Contains(got, part) {
					t.Errorf("%q is not in %q", part, got)
				}
			}
			if row.not != "" && strings.Contains(got, row.not) {
				t.Errorf("%q is in %q", row.not, got)
			}
		})
	}
}

// What is over, what happens to another deployment, and what mends itself is no reason to end an update.
func TestWatchWaits(t *testing.T) {
	live := cli.Resource{Type: typeService, ID: serviceARN("links-prod-blue-1111111")}
	crash := stopped("aaaaaaaaaaaa", "ecs-svc/new", "EssentialContainerExited", "Essential container in task exited", 1, "app", 1)
	for name, row := range map[string]*fargate{
		"all is well":                         {deployments: constantly(deployment("ecs-svc/new", "IN_PROGRESS"))},
		"one crash":                           {deployments: constantly(deployment("ecs-svc/new", "IN_PROGRESS")), stopped: constantly(crash)},
		"tasks that began and ended together": {deployments: constantly(deployment("ecs-svc/new", "IN_PROGRESS")), stopped: constantly(crash, crash, crash)},
		"crashes of the version before":       {deployments: constantly(deployment("ecs-svc/other", "IN_PROGRESS")), stopped: constantly(crash, crash)},
		"a failure from before this update":   {service: "links-prod-blue-1111111", deployments: constantly(deployment("ecs-svc/old", "FAILED"))},
		"crashes after it was steady":         {deployments: constantly(deployment("ecs-svc/new", "COMPLETED")), stopped: constantly(crash, crash)},
		"tasks that scaling and Spot have stopped": {deployments: constantly(deployment("ecs-svc/new", "IN_PROGRESS")), stopped: constantly(
			stopped("b", "ecs-svc/new", "ServiceSchedulerInitiated", "Scaling activity initiated by (deployment ecs-svc/new)", 1, "app", 143),
			stopped("c", "ecs-svc/new", "SpotInterruption", "Your Spot Task was interrupted.", 2, "app", 137))},
		"rights that IAM has not spread yet": {deployments: constantly(deployment("ecs-svc/new", "IN_PROGRESS")), stopped: constantly(
			stopped("d", "ecs-svc/new", "TaskFailedToStart", "ResourceInitializationError: unable to pull secrets", 1, "app", nil),
			stopped("e", "ecs-svc/new", "TaskFailedToStart", "ResourceInitializationError: unable to pull secrets", 2, "app", nil))},
		"another stack's cluster of the same name": {clusters: []string{"links-prod-0a1b2c3"}, tag: "other/prod", deployments: constantly(deployment("ecs-svc/new", "FAILED"))},
	} {
		t.Run(name, func(t *testing.T) {
			state := append([]cli.Resource{live}, noted...)
			if row.clusters != nil {
				state = nil
			}
			if row.service == "" {
				row.service = "links-prod-green-2222222"
			}
			amazon(t, row.answers(t))
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			if got := watch(ctx, stack, state, time.Millisecond); got != "" || ctx.Err() == nil {
				t.Errorf("it ends the update: %q", got)
			}
		})
	}
}

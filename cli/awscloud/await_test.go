package awscloud

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/slipway-iac/slipway/cli"
	"github.com/slipway-iac/slipway/components"
)

const (
	greenGroup = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/green/2"
	working    = "IN_PROGRESS"
)

// slotTasks answers for a slot in which ECS wants two tasks.
func slotTasks(status, rollout string, healthy ...string) map[string]answer {
	var targets strings.Builder
	for _, state := range healthy {
		fmt.Fprintf(&targets, "<member><Target><Id>10.0.0.1</Id></Target><TargetHealth><State>%s</State></TargetHealth></member>", state)
	}
	return map[string]answer{
		"DescribeServices": func(in map[string]any) (int, any) {
			if in["cluster"] != "links" || fmt.Sprint(in["services"]) != "[links-green]" {
				return http.StatusBadRequest, map[string]string{"__type": "InvalidParameterException", "message": fmt.Sprint(in)}
			}
			return http.StatusOK, map[string]any{"services": []any{map[string]any{
				"serviceName": "links-green", "status": status, "desiredCount": 2, "runningCount": 2,
				"deployments": []any{map[string]any{"status": "PRIMARY", "rolloutState": rollout, "rolloutStateReason": "ECS deployment circuit breaker: tasks failed to start."}},
				"events":      []any{map[string]any{"message": "one"}, map[string]any{"message": "two"}, map[string]any{"message": "three"}, map[string]any{"message": "four"}},
			}}}
		},
		"DescribeTargetHealth": func(map[string]any) (int, any) {
			return http.StatusOK, `<DescribeTargetHealthResponse xmlns="http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"><DescribeTargetHealthResult><TargetHealthDescriptions>` +
				targets.String() + `</TargetHealthDescriptions></DescribeTargetHealthResult></DescribeTargetHealthResponse>`
		},
	}
}

func awaiting(t *testing.T) health {
	t.Helper()
	output := map[string]string{"targetGroupArnGreen": greenGroup}
	for key, value := range watched {
		output[key] = value
	}
	h, err := Target{}.Health(t.Context(), stack, cli.Outputs{Health: output})
	if err != nil {
		t.Fatal(err)
	}
	set := h.(health)
	set.pause = time.Millisecond
	return set
}

// The tasks run from the start; what counts is what the load balancer finds.
func TestAwait(t *testing.T) {
	answers := slotTasks("ACTIVE", working, "healthy", "initial")
	before, looks := answers["DescribeTargetHealth"], 0
	answers["DescribeTargetHealth"] = func(in map[string]any) (int, any) {
		if looks++; looks < 3 {
			return before(in)
		}
		return slotTasks("ACTIVE", working, "healthy", "draining", "healthy")["DescribeTargetHealth"](in)
	}
	amazon(t, answers)
	if err := awaiting(t).Await(t.Context(), components.Green); err != nil || looks != 3 {
		t.Errorf("after %d looks: %v", looks, err)
	}
}

func TestAwaitEnds(t *testing.T) {
	denied := slotTasks("ACTIVE", working)
	denied["DescribeTargetHealth"] = func(map[string]any) (int, any) {
		return http.StatusForbidden, `<ErrorResponse><Error><Code>AccessDenied</Code><Message>not authorized to perform: elasticloadbalancing:DescribeTargetHealth</Message></Error></ErrorResponse>`
	}
	gone := slotTasks("ACTIVE", working)
	gone["DescribeServices"] = func(map[string]any) (int, any) { return http.StatusOK, map[string]any{} }
	for _, row := range []struct {
		name    string
		answers map[string]answer
		late    bool
		want    []string
	}{
		{"given up", slotTasks("ACTIVE", "FAILED", "unhealthy"), false, []string{"slot green don't become ready", "circuit breaker", "one\n  two\n  three"}},
		{"deleted by hand", slotTasks("DRAINING", working), false, []string{"DRAINING"}},
		{"too late", slotTasks("ACTIVE", working, "unhealthy", "healthy"), true, []string{"within 20m0s", "one"}},
		{"without the right", denied, false, []string{"elasticloadbalancing:DescribeTargetHealth"}},
		{"without a service", gone, false, []string{"links-green", "not there"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			amazon(t, row.answers)
			h := awaiting(t)
			if row.late {
				begun := time.Now()
				h.now = func() time.Time { return begun.Add(time.Since(begun) * 1e6) }
			}
			err := h.Await(t.Context(), components.Green)
			for _, part := range row.want {
				if err == nil || !strings.Contains(err.Error(), part) {
					t.Errorf("%q is not in: %v", part, err)
				}
			}
			if err != nil && strings.Contains(err.Error(), "four") {
				t.Errorf("it says too much: %v", err)
			}
		})
	}
	amazon(t, slotTasks("ACTIVE", working))
	if err := awaiting(t).Await(t.Context(), components.Blue); err == nil || !strings.Contains(err.Error(), "service of slot blue") {
		t.Errorf("a slot that the output does not name: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := awaiting(t).Await(ctx, components.Green); err == nil || ctx.Err() == nil {
		t.Errorf("interrupted: %v", err)
	}
}

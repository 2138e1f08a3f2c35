package awscloud

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/slipway-iac/slipway/cli"
)

func TestWatch(t *testing.T) {
	cluster := cli.Resource{Type: typeCluster, Outputs: map[string]any{"arn": "arn:aws:ecs:eu-central-1:123456789012:cluster/links-prod-0a1b2c3"}}
	arn, looks := serviceARN("links-prod-green-2222222"), 0
	answers := map[string]answer{
		"ListServices": func(map[string]any) (int, any) {
			if looks++; looks == 1 {
				return http.StatusBadRequest, map[string]string{"__type": "ServerException", "message": "a bad moment"}
			}
			return http.StatusOK, map[string]any{"serviceArns": []string{arn}}
		},
		"DescribeServices": func(map[string]any) (int, any) {
			state := working
			if looks > 2 {
				state = "FAILED"
			}
			return http.StatusOK, map[string]any{"services": []any{map[string]any{
				"serviceArn": arn, "status": "ACTIVE", "deployments": []any{map[string]any{"status": "PRIMARY", "rolloutState": state, "rolloutStateReason": "tasks failed to start."}},
				"events": []any{map[string]any{"message": "the newest"}},
			}}}
		},
	}
	amazon(t, answers)
	got := watch(t.Context(), stack, []cli.Resource{cluster}, time.Millisecond)
	if looks != 3 || !strings.Contains(got, "tasks failed to start.") || !strings.Contains(got, "the newest") {
		t.Errorf("after %d looks: %q", looks, got)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	looks = -1 << 30
	if got := watch(ctx, stack, []cli.Resource{cluster}, time.Millisecond); got != "" || ctx.Err() == nil {
		t.Errorf("while all is well: %q", got)
	}
}

package awscloud

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/slipway-iac/slipway/cli/rollout"
	"github.com/slipway-iac/slipway/components"
	driver "github.com/slipway-iac/slipway/providers/aws"
)

const (
	// awaitLimit is how long the tasks of a slot may take: the circuit breaker mostly gives up before.
	awaitLimit = 20 * time.Minute
	awaitPause = 10 * time.Second
	// badMoments is how many looks in a row may fail.
	badMoments = 3
	// words is how many of the newest events of a service are told.
	words = 3
)

var _ rollout.Awaiter = health{}

// Await returns when the load balancer finds as many tasks of a slot healthy as ECS wants there. Pulumi's provider takes a service for
// steady as soon as its tasks run: in a slot that had none before, that is before any of them has passed a health check. It fails at
// once when ECS has given the deployment up.
//   - https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html
//   - https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetHealth.html
func (h health) Await(ctx context.Context, slot components.Slot) error {
	where := driver.HealthOf(h.output, slot)
	if where.Service == "" || where.TargetGroupARN == "" {
		return fmt.Errorf("the stack's output health does not name the service of slot %s", slot)
	}
	limit := h.now().Add(awaitLimit)
	for failed := 0; ; {
		service, ready, err := h.look(ctx, where)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil && ready:
			return nil
		case err != nil:
			if failed++; failed >= badMoments {
				return err
			}
		default:
			failed = 0
			if reason := givenUp(service); reason != "" {
				return fmt.Errorf("the tasks of slot %s don't become ready: %s%s", slot, reason, lastWords(service))
			}
			if h.now().After(limit) {
				return fmt.Errorf("not all tasks of slot %s were ready within %s%s", slot, awaitLimit, lastWords(service))
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(h.pause):
		}
	}
}

// look asks ECS for a service, and the load balancer how many of its tasks are healthy.
func (h health) look(ctx context.Context, where driver.SlotHealth) (service ecstypes.Service, ready bool, err error) {
	answer, err := h.tasks.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: &where.Cluster, Services: []string{where.Service}})
	if err != nil {
		return service, false, fmt.Errorf("asking ECS for %s: %w", where.Service, reason(ctx, err))
	}
	if len(answer.Services) != 1 {
		return service, false, fmt.Errorf("asking ECS for %s: it is not there", where.Service)
	}
	service = answer.Services[0]
	targets, err := h.doors.DescribeTargetHealth(ctx, &elasticloadbalancingv2.DescribeTargetHealthInput{TargetGroupArn: &where.TargetGroupARN})
	if err != nil {
		return service, false, fmt.Errorf("asking the load balancer for the tasks of %s: %w", where.Service, reason(ctx, err))
	}
	healthy := int32(0)
	for _, t := range targets.TargetHealthDescriptions {
		if t.TargetHealth != nil && t.TargetHealth.State == types.TargetHealthStateEnumHealthy {
			healthy++
		}
	}
	return service, service.DesiredCount > 0 && healthy >= service.DesiredCount, nil
}

// givenUp is why ECS starts no more tasks, or nothing.
func givenUp(s ecstypes.Service) string {
	if status := aws.ToString(s.Status); status != "ACTIVE" {
		return "the service is " + status
	}
	for _, d := range s.Deployments {
		if aws.ToString(d.Status) == "PRIMARY" && d.RolloutState == ecstypes.DeploymentRolloutStateFailed {
			return aws.ToString(d.RolloutStateReason)
		}
	}
	return ""
}

// lastWords are the newest events of a service.
func lastWords(s ecstypes.Service) string {
	var b strings.Builder
	for _, e := range s.Events[:min(words, len(s.Events))] {
		b.WriteString("\n  " + aws.ToString(e.Message))
	}
	return b.String()
}

package awscloud

import (
	"context"
	"fmt"
	"time"

	"github.com/slipway-iac/slipway/cli"
)

// watchPause is the time between two looks at a service that is being made.
const watchPause = 15 * time.Second

var _ cli.Watcher = Target{}

// Watch looks at the ECS services that the state does not have, while an update makes them. One that ECS has given up is never steady:
// the provider would wait for it until its time is over. That ECS can't be asked is no reason to end the update.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
func (Target) Watch(ctx context.Context, s cli.Stack, state []cli.Resource) (reason string) {
	return watch(ctx, s, state, watchPause)
}

func watch(ctx context.Context, s cli.Stack, state []cli.Resource, pause time.Duration) string {
	for {
		select {
		case <-ctx.Done():
			return ""
		case <-time.After(pause):
		}
		services, err := unknownServices(ctx, s, state)
		if err != nil {
			continue
		}
		for _, one := range services {
			if reason := givenUp(one); reason != "" {
				return fmt.Sprintf("ECS has given the new version up: %s%s", reason, lastWords(one))
			}
		}
	}
}

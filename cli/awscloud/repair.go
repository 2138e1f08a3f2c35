package awscloud

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/slipway-iac/slipway/cli"
	"github.com/slipway-iac/slipway/cli/progress"
)

// typeService is Pulumi's type of an ECS service.
const typeService = "aws:ecs/service:Service"

// describeLimit is how many services one call may ask for.
const describeLimit = 10

// Repair returns the ECS services that run another task definition than the state says, or none: a deployment that was rolled back
// leaves the state with the new one, and the next run would call that unchanged. It changes nothing. Services whose creation or
// update failed are left out: Pulumi updates those by itself, but no more once they were read again.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html
func (Target) Repair(ctx context.Context, _ *progress.Printer, s cli.Stack, state []cli.Resource) ([]string, error) {
	clusters := map[string][]cli.Resource{}
	for _, r := range state {
		if cluster := text(r, "cluster"); r.Type == typeService && !r.Deleting && !r.Broken && cluster != "" {
			clusters[cluster] = append(clusters[cluster], r)
		}
	}
	if len(clusters) == 0 {
		return nil, nil
	}
	c, err := connect(ctx, s)
	if err != nil {
		return nil, err
	}
	client := ecs.NewFromConfig(c)
	var refresh []string
	for _, cluster := range slices.Sorted(maps.Keys(clusters)) {
		for some := range slices.Chunk(clusters[cluster], describeLimit) {
			urns, err := changed(ctx, client, cluster, some)
			if err != nil {
				return nil, fmt.Errorf("asking ECS for the services of %s: %w", last(cluster), reason(ctx, err))
			}
			refresh = append(refresh, urns...)
		}
	}
	return refresh, nil
}

// changed returns the URNs of those services of one cluster that are not as the state says.
func changed(ctx context.Context, client *ecs.Client, cluster string, services []cli.Resource) ([]string, error) {
	var names []string
	for _, r := range services {
		names = append(names, text(r, "name"))
	}
	running := map[string]string{}
	answer, err := client.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: &cluster, Services: names})
	var gone *types.ClusterNotFoundException
	switch {
	case errors.As(err, &gone):
	case err != nil:
		return nil, err
	default:
		for _, one := range answer.Services {
			if aws.ToString(one.Status) == "ACTIVE" {
				running[aws.ToString(one.ServiceName)] = aws.ToString(one.TaskDefinition)
			}
		}
	}
	var urns []string
	for _, r := range services {
		if last(running[text(r, "name")]) != last(text(r, "taskDefinition")) {
			urns = append(urns, r.URN)
		}
	}
	return urns, nil
}

func text(r cli.Resource, output string) string {
	value, _ := r.Outputs[output].(string)
	return value
}

// last is the end of an ARN: of a task definition its family and revision.
func last(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }

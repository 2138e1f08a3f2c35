package awscloud

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/slipway-iac/slipway/cli"
	"github.com/slipway-iac/slipway/cli/progress"
	driver "github.com/slipway-iac/slipway/providers/aws"
)

// typeCluster is Pulumi's type of an ECS cluster.
const typeCluster = "aws:ecs/cluster:Cluster"

var _ cli.Sweeper = Target{}

// Unknown lists the ECS services in the stack's slots that the state does not have, by ARN. The provider notes a service when it is
// steady, minutes after it was made: a process that is killed in that time leaves one whose tasks are in the slot's target group, and
// would get a share of what the next version in the slot is to get.
//   - https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListServices.html
//   - https://www.pulumi.com/docs/support/troubleshooting/#interrupted-update-recovery
func (Target) Unknown(ctx context.Context, s cli.Stack, state []cli.Resource) (arns []string, err error) {
	services, err := unknownServices(ctx, s, state)
	for _, one := range services {
		arns = append(arns, aws.ToString(one.ServiceArn))
	}
	return arns, err
}

// unknownServices describes the services in the stack's slots that the state does not have and that are not being removed already.
func unknownServices(ctx context.Context, s cli.Stack, state []cli.Resource) ([]types.Service, error) {
	cluster, known := "", map[string]bool{}
	for _, r := range state {
		switch r.Type {
		case typeCluster:
			cluster = text(r, "arn")
		case typeService:
			known[last(r.ID)] = true
		}
	}
	if cluster == "" {
		return nil, nil
	}
	c, err := connect(ctx, s)
	if err != nil {
		return nil, err
	}
	client := ecs.NewFromConfig(c)
	var candidates []string
	beginnings := driver.SlotServices(s.Config.App.Name, s.Project, s.Name)
	for pages := ecs.NewListServicesPaginator(client, &ecs.ListServicesInput{Cluster: &cluster}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		var gone *types.ClusterNotFoundException
		if errors.As(err, &gone) {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("asking ECS for the services of %s: %w", last(cluster), reason(ctx, err))
		}
		for _, arn := range page.ServiceArns {
			ours := slices.ContainsFunc(beginnings, func(b string) bool { return strings.HasPrefix(last(arn), b) })
			if ours && !known[last(arn)] {
				candidates = append(candidates, arn)
			}
		}
	}
	return active(ctx, client, cluster, candidates)
}

// active describes those services that are not being removed already.
func active(ctx context.Context, client *ecs.Client, cluster string, arns []string) (out []types.Service, err error) {
	for some := range slices.Chunk(arns, describeLimit) {
		answer, err := client.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: &cluster, Services: some})
		if err != nil {
			return nil, fmt.Errorf("asking ECS for the services of %s: %w", last(cluster), reason(ctx, err))
		}
		for _, one := range answer.Services {
			if aws.ToString(one.Status) == "ACTIVE" {
				out = append(out, one)
			}
		}
	}
	return out, nil
}

// Remove deletes ECS services. Their tasks leave the target group and finish what they have.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteService.html
func (Target) Remove(ctx context.Context, p *progress.Printer, s cli.Stack, unknown []string) error {
	c, err := connect(ctx, s)
	if err != nil {
		return err
	}
	client := ecs.NewFromConfig(c)
	for _, arn := range unknown {
		p.Println(fmt.Sprintf("removing the ECS service %s, which an interrupted run has left", last(arn)))
		cluster := clusterOf(arn)
		if _, err := client.DeleteService(ctx, &ecs.DeleteServiceInput{Cluster: &cluster, Service: &arn, Force: aws.Bool(true)}); err != nil {
			return fmt.Errorf("removing the ECS service %s: %w", last(arn), reason(ctx, err))
		}
	}
	return nil
}

// clusterOf is the cluster's name in the ARN of a service: …:service/<cluster>/<service>.
func clusterOf(arn string) string {
	rest, _, _ := strings.Cut(arn[strings.Index(arn, "/")+1:], "/")
	return rest
}

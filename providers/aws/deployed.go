package aws

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// deployed is the ARN of the task definition that an ECS service runs, and fails if that is not the one which was to be deployed. A
// deployment that the circuit breaker or a gate has undone ends in a steady state like one that went well, so the provider reports
// success. A preview asks nothing: after such an update, what runs is not what is to run, and the next update is what mends it.
//   - https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
//   - https://github.com/hashicorp/terraform-provider-aws/issues/20858
//   - https://www.pulumi.com/registry/packages/aws/api-docs/ecs/getservice/
func (p *Platform) deployed(ctx *pulumi.Context, d deployment, service *ecs.Service, wanted *ecs.TaskDefinition) pulumi.StringOutput {
	if ctx.DryRun() {
		return wanted.Arn
	}
	found := ecs.LookupServiceOutput(ctx, ecs.LookupServiceOutputArgs{ClusterArn: d.cluster.Arn, ServiceName: service.Name}, pulumi.Parent(p), pulumi.Provider(p.cloud))
	return pulumi.All(found.TaskDefinition(), wanted.Arn, d.cluster.Name, service.Name).ApplyT(func(v []any) (string, error) {
		running, wanted := v[0].(string), v[1].(string)
		if running == wanted {
			return running, nil
		}
		return "", fmt.Errorf("ECS has undone the deployment of %s: %s runs. Its instances did not become healthy, or an alarm of rollout.gates went off; the version before goes on serving. "+
			"The reason stands in: aws ecs describe-services --cluster %s --services %s --query 'services[0].[deployments[].rolloutStateReason,events[:10].message]'", wanted, running, v[2], v[3])
	}).(pulumi.StringOutput)
}

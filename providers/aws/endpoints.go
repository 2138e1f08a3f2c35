package aws

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpc"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// endpoint is one of AWS's services that is reached by an address inside the VPC.
type endpoint struct {
	service   string   // the end of the endpoint service's name
	actions   []string // what may be asked of it
	resources []string // of which things, as the service and the rest of an ARN, in this account and region
}

// endpoints are what Fargate and the stack's containers call when a task has no other way out. They call nothing else: keys are
// used by Secrets Manager and ECR on their behalf (no kms), metrics are written as log events in the embedded metric format
// (no monitoring), credentials come from the task's own metadata address (no sts), and Fargate reaches ECS by itself (no ecs).
//   - https://docs.aws.amazon.com/AmazonECS/latest/developerguide/vpc-endpoints.html#fargate-ecs-vpc-endpoint-considerations
//   - https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
//   - https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
//   - https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format.html
//   - https://docs.aws.amazon.com/xray/latest/devguide/xray-security-vpc-endpoint.html
var endpoints = []endpoint{
	{"ecr.api", pull, []string{"ecr:repository/*"}},
	{"ecr.dkr", pull, []string{"ecr:repository/*"}},
	{"secretsmanager", []string{"secretsmanager:GetSecretValue"}, []string{"secretsmanager:secret:*"}},
	{"logs", []string{"logs:CreateLogStream", "logs:DescribeLogStreams", "logs:DescribeLogGroups", "logs:PutLogEvents"}, []string{"logs:log-group:*"}},
	{"xray", []string{
		"xray:PutTraceSegments", "xray:PutTelemetryRecords", "xray:GetSamplingRules", "xray:GetSamplingTargets", "xray:GetSamplingStatisticSummaries",
	}, nil},
}

var pull = []string{"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"}

// unbound are the actions that are about no resource, so that a policy can only name all of them.
// https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
var unbound = map[string]string{"ecr.api": "ecr:GetAuthorizationToken"}

// makeS3Endpoint makes the gateway endpoint of S3, which costs nothing: the layers of images come from there and not through a NAT
// gateway. Where there is another way out to the same buckets it lets everything through, as S3 is then not more open with it than
// without; where there is none, only the layers, which ECR hands out by signed addresses of a bucket of its own.
//   - https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-s3.html
//   - https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html#ecr-minimum-s3-perms
func (p *Platform) makeS3Endpoint(ctx *pulumi.Context, tables []*ec2.RouteTable, opts []pulumi.ResourceOption) (*ec2.VpcEndpoint, error) {
	var ids pulumi.StringArray
	for _, table := range tables {
		ids = append(ids, table.ID())
	}
	args := &ec2.VpcEndpointArgs{
		VpcId:           p.network.vpc,
		ServiceName:     pulumi.String(p.endpointService("s3")),
		VpcEndpointType: pulumi.String("Gateway"),
		RouteTableIds:   ids,
		Tags:            p.label("s3"),
	}
	if p.settings.Egress == EgressEndpoints {
		args.Policy = policy(statement{
			"Sid": pulumi.String("ImageLayers"), "Effect": pulumi.String("Allow"), "Principal": pulumi.String("*"), "Action": pulumi.String("s3:GetObject"),
			"Resource": pulumi.Sprintf("arn:%s:s3:::prod-%s-starport-layer-bucket/*", p.part, p.settings.Region),
		})
	}
	made, err := ec2.NewVpcEndpoint(ctx, "s3", args, p.cloudOpts(opts)...)
	if err != nil {
		return nil, fmt.Errorf("creating endpoint of s3: %w", err)
	}
	return made, nil
}

// makeInterfaceEndpoints makes an endpoint in every zone's private subnet for each row of endpoints, under the service's ordinary
// name, and allows the tasks to reach them and S3. Only principals of this account get through, and only to its own things: a
// stolen key of another account can't be used to carry data away. It returns what a task must wait for.
//   - https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html
//   - https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
func (p *Platform) makeInterfaceEndpoints(ctx *pulumi.Context, tasks pulumi.StringOutput, s3 *ec2.VpcEndpoint, opts []pulumi.ResourceOption) ([]pulumi.Resource, error) {
	group, err := p.securityGroup(ctx, "endpoints", "Endpoints of AWS services", opts)
	if err != nil {
		return nil, err
	}
	first, err := p.connect(ctx, "tasks-to-endpoints", tasks, group, httpsPort, "HTTPS from the tasks to AWS services", opts)
	if err != nil {
		return nil, err
	}
	// A gateway endpoint has no group of its own: S3 keeps its public addresses, and the rule must name them.
	rule, err := p.allowOut(ctx, "tasks-to-s3", httpsPort, &vpc.SecurityGroupEgressRuleArgs{
		SecurityGroupId: tasks, PrefixListId: s3.PrefixListId.ToStringPtrOutput(), Description: pulumi.String("HTTPS to S3, for the layers of images"),
	}, opts)
	if err != nil {
		return nil, err
	}
	first = append(first, rule)
	for _, row := range endpoints {
		made, err := ec2.NewVpcEndpoint(ctx, strings.ReplaceAll(row.service, ".", "-"), &ec2.VpcEndpointArgs{
			VpcId:             p.network.vpc,
			ServiceName:       pulumi.String(p.endpointService(row.service)),
			VpcEndpointType:   pulumi.String("Interface"),
			SubnetIds:         p.network.private,
			SecurityGroupIds:  pulumi.StringArray{group},
			PrivateDnsEnabled: pulumi.Bool(true),
			Policy:            policy(p.through(row)...),
			Tags:              p.label(row.service),
		}, p.cloudOpts(opts)...)
		if err != nil {
			return nil, fmt.Errorf("creating endpoint of %s: %w", row.service, err)
		}
		first = append(first, made)
	}
	return first, nil
}

// through are the statements of an endpoint's policy. They give no rights, they only bound those that a principal has otherwise.
func (p *Platform) through(row endpoint) []statement {
	ours := func(actions, resources []string) statement {
		return statement{
			"Effect": pulumi.String("Allow"), "Principal": pulumi.Map{"AWS": pulumi.String("*")}, "Action": list(actions...), "Resource": list(resources...),
			"Condition": pulumi.Map{"StringEquals": pulumi.Map{"aws:PrincipalAccount": pulumi.String(p.account)}},
		}
	}
	var resources []string
	for _, one := range row.resources {
		service, rest, _ := strings.Cut(one, ":")
		resources = append(resources, p.arn(service, rest))
	}
	if resources == nil {
		return []statement{ours(row.actions, []string{"*"})} // no action of the row is about a resource
	}
	statements := []statement{ours(row.actions, resources)}
	if action, ok := unbound[row.service]; ok {
		statements = append(statements, ours([]string{action}, []string{"*"}))
	}
	return statements
}

// endpointService is the name of the service that an endpoint leads to.
// https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html
func (p *Platform) endpointService(name string) string {
	return "com.amazonaws." + p.settings.Region + "." + name
}

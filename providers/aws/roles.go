package aws

import (
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// executionRole is what ECS itself may do to start the service's tasks, before any of their containers runs: pull their images,
// write their logs, read the secrets that they refer to. It lists each of them.
//
// The token for the registry is the account's, so AWS takes no resource for it; what it opens is bound by the statement below it.
//   - https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html
//   - https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerregistry.html
func (p *Platform) executionRole(ctx *pulumi.Context, logs *cloudwatch.LogGroup, images []components.ImageRef, secrets []components.SecretRef, opts []pulumi.ResourceOption) (*iam.Role, error) {
	var refs, arns pulumi.StringArray
	for _, image := range images {
		refs = append(refs, image.StringOutput)
	}
	for _, secret := range secrets {
		arns = append(arns, secret.StringOutput)
	}
	statements := []statement{
		{"Sid": pulumi.String("RegistryToken"), "Effect": pulumi.String("Allow"), "Action": pulumi.String("ecr:GetAuthorizationToken"), "Resource": pulumi.String("*")},
		{
			"Sid": pulumi.String("ImagesOfThisService"), "Effect": pulumi.String("Allow"), "Action": list(pull...),
			"Resource": distinct(refs, p.repositoryARN),
		},
		{
			"Sid": pulumi.String("LogsOfThisService"), "Effect": pulumi.String("Allow"), "Action": list("logs:CreateLogStream", "logs:PutLogEvents"),
			"Resource": pulumi.Sprintf("%s:*", logs.Arn),
		},
	}
	if len(arns) > 0 {
		statements = append(statements,
			statement{
				"Sid": pulumi.String("SecretsOfThisService"), "Effect": pulumi.String("Allow"), "Action": pulumi.String("secretsmanager:GetSecretValue"),
				"Resource": distinct(arns, secretARN),
			},
			statement{
				"Sid": pulumi.String("SecretsOnly"), "Effect": pulumi.String("Allow"), "Action": pulumi.String("kms:Decrypt"), "Resource": p.key.arn,
				"Condition": pulumi.Map{"StringEquals": pulumi.Map{"kms:ViaService": pulumi.Sprintf("secretsmanager.%s.%s", p.settings.Region, p.dns)}},
			},
		)
	}
	return p.role(ctx, "execution", "ecs-tasks.amazonaws.com", policy(statements...), opts)
}

// taskRole is what the containers may do: the collector hands traces to X-Ray and writes metrics to their log group. The app has no
// other rights in AWS. X-Ray's actions are about no resource, so AWS takes none.
//   - https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
//   - https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
func (p *Platform) taskRole(ctx *pulumi.Context, metrics *cloudwatch.LogGroup, opts []pulumi.ResourceOption) (*iam.Role, error) {
	return p.role(ctx, "task", "ecs-tasks.amazonaws.com", policy(
		statement{
			"Sid": pulumi.String("Traces"), "Effect": pulumi.String("Allow"), "Action": list("xray:PutTraceSegments", "xray:PutTelemetryRecords"), "Resource": pulumi.String("*"),
		},
		statement{
			"Sid": pulumi.String("Metrics"), "Effect": pulumi.String("Allow"), "Action": list("logs:CreateLogStream", "logs:PutLogEvents"), "Resource": pulumi.Sprintf("%s:*", metrics.Arn),
		},
	), opts)
}

// secretARN is the secret in a reference: its first seven parts. A key of its JSON and a version may follow.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
func secretARN(ref string) string {
	parts := strings.SplitN(ref, ":", 8)
	return strings.Join(parts[:min(7, len(parts))], ":")
}

// distinct applies f to texts, sorts the results and leaves out what comes twice, so that a policy stays the same.
func distinct(texts pulumi.StringArray, f func(string) string) pulumi.StringArrayOutput {
	return texts.ToStringArrayOutput().ApplyT(func(all []string) []string {
		var out []string
		for _, text := range all {
			out = append(out, f(text))
		}
		slices.Sort(out)
		return slices.Compact(out)
	}).(pulumi.StringArrayOutput)
}

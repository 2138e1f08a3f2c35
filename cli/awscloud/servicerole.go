package awscloud

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/smithy-go"

	"github.com/slipway-iac/slipway/cli"
	"github.com/slipway-iac/slipway/cli/progress"
	"github.com/slipway-iac/slipway/stacks"
)

// serviceRole is a role that a service of AWS takes on in the account, and that it makes on its first use there.
type serviceRole struct {
	service, role string
	needed        func(stacks.Config) bool // nil: by every stack
}

// serviceRoles are those of the services of a stack.
//   - https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-services-that-work-with-iam.html
//   - https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using-service-linked-roles.html
//   - https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-service-linked-roles.html
//   - https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-service-linked-roles.html
//   - https://docs.aws.amazon.com/waf/latest/developerguide/using-service-linked-roles.html
var serviceRoles = []serviceRole{
	{"ecs.amazonaws.com", "AWSServiceRoleForECS", nil},
	{"ecs.application-autoscaling.amazonaws.com", "AWSServiceRoleForApplicationAutoScaling_ECSService", nil},
	{"elasticloadbalancing.amazonaws.com", "AWSServiceRoleForElasticLoadBalancing", nil},
	{"rds.amazonaws.com", "AWSServiceRoleForRDS", func(c stacks.Config) bool { return c.Database.Enabled }},
	{"elasticache.amazonaws.com", "AWSServiceRoleForElastiCache", func(c stacks.Config) bool { return c.Cache.Enabled }},
	{"wafv2.amazonaws.com", "AWSServiceRoleForWAFV2Logging", func(c stacks.Config) bool { return c.Edge.WAF || c.Edge.RateLimit > 0 || c.Edge.BodyLimit > 0 }},
	{"vpcorigin.cloudfront.amazonaws.com", "AWSServiceRoleForCloudFrontVPCOrigin", behindCloudFront},
	{"backup.amazonaws.com", "AWSServiceRoleForBackup", func(c stacks.Config) bool { return c.AWS.BackupRegion != "" }},
	{"apidestinations.events.amazonaws.com", "AWSServiceRoleForAmazonEventBridgeApiDestinations", func(c stacks.Config) bool { return c.Alerts.Webhook != "" }},
}

// behindCloudFront tells whether CloudFront is the front door.
func behindCloudFront(c stacks.Config) bool { return c.Domain.Name == "" || len(c.Edge.CDN) > 0 }

const (
	// spread is how long IAM takes until services see a role that it shows already.
	spread = 10 * time.Second
	// roleLimit bounds how long a new role is waited for.
	roleLimit = time.Minute
)

// makeServiceRoles makes the roles of the services that the stack uses and the account has never used. Each service would do so by
// itself, but not in time: what needs the role fails while IAM spreads it, at the first stack of an account. That a role is there
// already, made by another stack in the same moment, is fine. Plain `pulumi up` has no such step; docs/aws.md has the commands.
//   - https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateServiceLinkedRole.html
//   - https://github.com/terraform-aws-modules/terraform-aws-rds/issues/364
func makeServiceRoles(ctx context.Context, p *progress.Printer, s cli.Stack, settle time.Duration) error {
	c, err := connect(ctx, s)
	if err != nil {
		return err
	}
	client := iam.NewFromConfig(c)
	var made []string
	for _, row := range serviceRoles {
		if row.needed != nil && !row.needed(s.Config) {
			continue
		}
		there, err := hasRole(ctx, client, row.role)
		if err != nil {
			return err
		}
		if there {
			continue
		}
		step := p.Start("making the role of " + row.service)
		err = makeServiceRole(ctx, client, row)
		step.Done(err)
		if err != nil {
			return err
		}
		made = append(made, row.role)
	}
	if len(made) == 0 {
		return nil
	}
	step := p.Start("waiting until IAM has spread what is new")
	defer step.Done(nil)
	return awaitRoles(ctx, client, made, settle)
}

// hasRole tells whether the account has a role. Whoever may not ask is told that it has: the service makes it then, or finds it.
func hasRole(ctx context.Context, client *iam.Client, role string) (bool, error) {
	_, err := client.GetRole(ctx, &iam.GetRoleInput{RoleName: &role})
	var gone *types.NoSuchEntityException
	switch {
	case errors.As(err, &gone):
		return false, nil
	case err == nil || isDenied(err):
		return true, nil
	}
	return false, fmt.Errorf("asking IAM for %s: %w", role, reason(ctx, err))
}

func isDenied(err error) bool {
	var api smithy.APIError
	return errors.As(err, &api) && strings.Contains(api.ErrorCode(), "AccessDenied")
}

func makeServiceRole(ctx context.Context, client *iam.Client, row serviceRole) error {
	_, err := client.CreateServiceLinkedRole(ctx, &iam.CreateServiceLinkedRoleInput{AWSServiceName: &row.service})
	switch {
	case err == nil, err != nil && strings.Contains(err.Error(), "has been taken"):
		return nil
	case isDenied(err):
		return fmt.Errorf("making the role of %s, which the account does not have yet: %w\nWhoever administers the account makes it: %s", row.service, reason(ctx, err), createCommand(row))
	}
	return fmt.Errorf("making the role of %s: %w", row.service, reason(ctx, err))
}

func createCommand(row serviceRole) string {
	return "aws iam create-service-linked-role --aws-service-name " + row.service
}

// awaitRoles waits until IAM shows all of some roles, and then until services see them too.
func awaitRoles(ctx context.Context, client *iam.Client, roles []string, settle time.Duration) error {
	limit := time.Now().Add(roleLimit)
	for _, role := range roles {
		for {
			_, err := client.GetRole(ctx, &iam.GetRoleInput{RoleName: &role})
			if err == nil {
				break
			}
			if time.Now().After(limit) {
				return fmt.Errorf("IAM does not show the role %s, which it has just made: %w", role, reason(ctx, err))
			}
			if err := pause(ctx, settle/5); err != nil {
				return err
			}
		}
	}
	return pause(ctx, settle)
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// missingRoles are the services of a stack whose roles the account does not have, for doctor.
func missingRoles(ctx context.Context, client *iam.Client, c stacks.Config) (missing []serviceRole, err error) {
	for _, row := range serviceRoles {
		if row.needed != nil && !row.needed(c) {
			continue
		}
		_, err := client.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String(row.role)})
		var gone *types.NoSuchEntityException
		if errors.As(err, &gone) {
			missing = append(missing, row)
		} else if err != nil {
			return nil, err
		}
	}
	return missing, nil
}

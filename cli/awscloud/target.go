// Package awscloud is what the command line does beside Pulumi for stacks on Amazon Web Services. It signs in as AWS's own
// tools do: by environment, shared files, single sign-on, or the role of the machine.
package awscloud

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/slipway-iac/slipway/cli"
	"github.com/slipway-iac/slipway/cli/progress"
	"github.com/slipway-iac/slipway/cli/toolchain"
)

// Target implements cli.Target.
type Target struct{}

var _ cli.Target = Target{}

// signInLimit bounds the question who is signed in: outside of AWS, the search for a role of the machine runs into its own timeouts.
const signInLimit = 20 * time.Second

const signInAdvice = "Sign in with `aws sso login`, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN)"

// Prepare makes sure that somebody is signed in, to the right account, and of a Docker Engine, which builds the images: without it
// both would be found out minutes later. It makes the roles of services that the account has never used.
func (Target) Prepare(ctx context.Context, p *progress.Printer, s cli.Stack) error {
	step := p.Start("asking AWS who is signed in")
	err := signedIn(ctx, s)
	step.Done(err)
	if err != nil {
		return err
	}
	if err := toolchain.EnsureDocker(ctx, p); err != nil {
		return err
	}
	return makeServiceRoles(ctx, p, s, spread)
}

// Cleaned has nothing to do: all that a stack leaves behind on AWS is kept on purpose.
func (Target) Cleaned(context.Context, *progress.Printer, cli.Stack) error { return nil }

// connect finds the credentials, in the stack's region. They are looked at when they are first used.
// https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
func connect(ctx context.Context, s cli.Stack) (aws.Config, error) {
	c, err := config.LoadDefaultConfig(ctx, config.WithRegion(s.Config.Region))
	if err != nil {
		return c, fmt.Errorf("reading AWS's configuration: %w", err)
	}
	return c, nil
}

// signedIn asks AWS whose the credentials are.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
func signedIn(ctx context.Context, s cli.Stack) error {
	limited, cancel := context.WithTimeout(ctx, signInLimit)
	defer cancel()
	c, err := connect(limited, s)
	if err != nil {
		return err
	}
	account := s.Config.AWS.AccountID
	caller, err := sts.NewFromConfig(c).GetCallerIdentity(limited, &sts.GetCallerIdentityInput{})
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		where := "region " + s.Config.Region
		if account != "" {
			where = "account " + account + ", " + where
		}
		return fmt.Errorf("nobody is signed in to AWS (%s): %w\n%s", where, reason(limited, err), signInAdvice)
	case account != "" && aws.ToString(caller.Account) != account:
		return fmt.Errorf("aws.accountId: the stack belongs to account %s, and %s is signed in to account %s\n%s", account, aws.ToString(caller.Arn), aws.ToString(caller.Account), signInAdvice)
	}
	return nil
}

// reason is an error of AWS in few words. Where the signature is wrong, AWS's own words may repeat the request that was signed.
func reason(ctx context.Context, err error) error {
	var api smithy.APIError
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("no answer within %s", signInLimit)
	case errors.As(err, &api) && strings.Contains(api.ErrorCode(), "Signature"):
		return errors.New("AWS answers " + api.ErrorCode())
	case errors.As(err, &api):
		return fmt.Errorf("AWS answers %s: %s", api.ErrorCode(), api.ErrorMessage())
	}
	return err
}

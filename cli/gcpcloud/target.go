// Package gcpcloud is what the command line does beside Pulumi for stacks on Google Cloud. It signs in as Google's own libraries do: by
// application default credentials, which may be a person's, a key's, another identity provider's, or those of the machine.
package gcpcloud

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/slipway-iac/slipway/cli"
	"github.com/slipway-iac/slipway/cli/progress"
	"github.com/slipway-iac/slipway/cli/toolchain"
)

// Target implements cli.Target.
type Target struct{}

var _ cli.Target = Target{}

// signInLimit bounds the question who is signed in: outside of Google Cloud, the search for the machine's account runs into its own timeouts.
const signInLimit = 20 * time.Second

const signInAdvice = "Sign in with `gcloud auth application-default login`, or name a file of credentials in GOOGLE_APPLICATION_CREDENTIALS"

// Prepare makes sure that somebody is signed in who sees the project, and of a Docker Engine, which builds the images. Without either it
// would be found out minutes later.
func (Target) Prepare(ctx context.Context, p *progress.Printer, s cli.Stack) error {
	step := p.Start("asking Google Cloud who is signed in")
	err := signedIn(ctx, s)
	step.Done(err)
	if err != nil {
		return err
	}
	return toolchain.EnsureDocker(ctx, p)
}

// Cleaned has nothing to do: all that a stack leaves behind on Google Cloud is kept on purpose.
func (Target) Cleaned(context.Context, *progress.Printer, cli.Stack) error { return nil }

// signedIn asks for the project.
// https://cloud.google.com/resource-manager/reference/rest/v3/projects/get
func signedIn(ctx context.Context, s cli.Stack) error {
	limited, cancel := context.WithTimeout(ctx, signInLimit)
	defer cancel()
	c, err := connect(limited, s)
	if err == nil {
		err = c.get(limited, c.host("cloudresourcemanager")+"/v3/projects/"+c.project, nil, &struct{}{})
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(limited.Err(), context.DeadlineExceeded):
		return fmt.Errorf("nobody is signed in to Google Cloud: no answer within %s\n%s", signInLimit, signInAdvice)
	case err != nil:
		return fmt.Errorf("nobody is signed in to Google Cloud for the stack's project: %w\n%s", err, signInAdvice)
	}
	return nil
}

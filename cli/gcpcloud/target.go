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
	driver "github.com/slipway-iac/slipway/providers/gcp"
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
	if err == nil {
		err = admitted(ctx, s)
	}
	step.Done(err)
	if err != nil {
		return err
	}
	return toolchain.EnsureDocker(ctx, p)
}

// Cleaned has nothing to do: all that a stack leaves behind on Google Cloud is kept on purpose.
func (Target) Cleaned(context.Context, *progress.Printer, cli.Stack) error { return nil }

// admitted refuses a first deployment that would let nobody in: the organization takes members of its own domains only, and visitors are of
// none. A stack that is there has let them in already. Where the policy can't be asked, the update finds out.
//   - https://cloud.google.com/resource-manager/docs/secure-by-default-organizations
//   - https://cloud.google.com/run/docs/authenticating/public
func admitted(ctx context.Context, s cli.Stack) error {
	limited, cancel := context.WithTimeout(ctx, signInLimit)
	defer cancel()
	c, err := connect(limited, s)
	if err != nil {
		return err
	}
	constraint := c.refusesVisitors(limited, s.Config)
	if constraint == "" || c.serves(limited, s.Config.App.Name, s.Name) {
		return nil
	}
	return fmt.Errorf("the organization refuses allUsers (%s), so nobody could call the app, and nothing was made: %s", constraint, exception(c.project, constraint))
}

// serves tells whether the stack's service is there.
// https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services/get
func (c *client) serves(ctx context.Context, app, stack string) bool {
	address := fmt.Sprintf("%s/v2/projects/%s/locations/%s/services/%s", c.host("run"), c.project, c.region, driver.ServiceName(app, stack))
	return c.get(ctx, address, nil, &struct{}{}) == nil
}

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

// Package azurecloud is what the command line does beside Pulumi for stacks on Microsoft Azure. It signs in as Pulumi's provider does:
// by the environment of a pipeline, or as whoever is signed in to the az command.
package azurecloud

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/slipway-iac/slipway/cli"
	"github.com/slipway-iac/slipway/cli/progress"
	"github.com/slipway-iac/slipway/cli/toolchain"
	driver "github.com/slipway-iac/slipway/providers/azure"
)

// Target implements cli.Target.
type Target struct {
	// Client stands in for Azure's interfaces. Default: the public ones, with the credentials that are found.
	Client *Client
}

var _ cli.Target = Target{}

const (
	// signInLimit bounds the question who is signed in.
	signInLimit = 30 * time.Second

	signInAdvice = "Sign in with `az login`, or set ARM_TENANT_ID, ARM_CLIENT_ID and ARM_CLIENT_SECRET, or ARM_USE_OIDC=true in a pipeline"
)

// client is the Target's own, or one that finds the credentials when it first needs a token.
func (t Target) client() *Client {
	if t.Client != nil {
		return t.Client
	}
	return &Client{Management: management, Logs: queries, Token: token, HTTP: &http.Client{Timeout: time.Minute}}
}

// Prepare makes sure that somebody is signed in who sees the subscription, and of a Docker Engine, which builds the images. Without
// it both would be found out minutes later.
func (t Target) Prepare(ctx context.Context, p *progress.Printer, s cli.Stack) error {
	step := p.Start("asking Azure who is signed in")
	err := t.signedIn(ctx, s)
	step.Done(err)
	if err != nil {
		return err
	}
	return toolchain.EnsureDocker(ctx, p)
}

// Cleaned has nothing to do: all that a stack leaves behind on Azure is a vault that can be restored.
func (Target) Cleaned(context.Context, *progress.Printer, cli.Stack) error { return nil }

// signedIn asks Azure for the subscription.
// https://learn.microsoft.com/rest/api/resources/subscriptions/get
func (t Target) signedIn(ctx context.Context, s cli.Stack) error {
	limited, cancel := context.WithTimeout(ctx, signInLimit)
	defer cancel()
	c := t.client()
	id, err := c.subscription(limited, s.Config.Azure.SubscriptionID)
	if err == nil {
		err = c.get(limited, "/subscriptions/"+id, "2022-12-01", nil, &struct{}{})
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, errAbsent):
		return fmt.Errorf("azure.subscriptionId: whoever is signed in does not see the subscription %s\n%s", id, signInAdvice)
	case err != nil:
		return fmt.Errorf("nobody is signed in to Azure: %w\n%s", err, signInAdvice)
	}
	return nil
}

// group is the id of the stack's resource group.
func (t Target) group(ctx context.Context, c *Client, s cli.Stack) (string, error) {
	id, err := c.subscription(ctx, s.Config.Azure.SubscriptionID)
	return "/subscriptions/" + id + "/resourceGroups/" + driver.GroupName(s.Config.App.Name, s.Project, s.Name), err
}

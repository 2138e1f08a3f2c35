package stacks

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/stacks/release"
)

// outputNames are the outputs that a stack can have. Those of a stack without database or cache have fewer.
var outputNames = []string{"url", "image", "version", "dashboard", "ca", "databaseEndpoint", "cacheEndpoint", "slotKey", "health", "release"}

// readOutputs reads the release that the last update has left in the stack's own outputs, and exports all of them as they are: what
// the program exports later takes their place, and if it ends before, with an error, none is lost. A stack that was never up has an
// empty release.
//
// A reference to the stack itself is what every back end can answer from any checkout, under the lock of the update.
// https://www.pulumi.com/docs/iac/concepts/stacks/#stackreferences
func readOutputs(ctx *pulumi.Context) (release.Release, error) {
	self := fmt.Sprintf("%s/%s/%s", ctx.Organization(), ctx.Project(), ctx.Stack())
	ref, err := pulumi.NewStackReference(ctx, self, nil)
	if err != nil {
		return release.Release{}, fmt.Errorf("reading the stack's own outputs: %w", err)
	}
	text := ""
	for _, name := range outputNames {
		details, err := ref.GetOutputDetails(name)
		if err != nil {
			// Nothing must be exported in this case: an empty set of outputs would take the place of the last one.
			ctx.Export("release", pulumi.String("").ToStringOutput().ApplyT(func(string) (string, error) {
				return "", errors.New("the stack's own outputs can't be read")
			}))
			return release.Release{}, fmt.Errorf("reading the stack's own outputs: %w", err)
		}
		switch {
		case details.SecretValue != nil:
			ctx.Export(name, pulumi.ToSecret(details.SecretValue))
		case details.Value != nil:
			ctx.Export(name, pulumi.Any(details.Value))
		}
		if name == "release" {
			if text, err = textOf(details); err != nil {
				return release.Release{}, err
			}
		}
	}
	return release.Parse(text)
}

// textOf is the text of an output, marked as a secret or not: whatever made it one, a release that is there must not be taken for none,
// since the next update would then begin anew with all of the traffic.
func textOf(details *pulumi.StackReferenceOutputDetails) (string, error) {
	value := details.Value
	if details.SecretValue != nil {
		value = details.SecretValue
	}
	text, ok := value.(string)
	if !ok && value != nil {
		return "", errors.New("reading the stack's output release: it is no text")
	}
	return text, nil
}

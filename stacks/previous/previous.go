// Package previous reads what the last update of a stack has left. It stands alone for the sake of the compiler: a package that uses
// pulumi.StackReference, or calls pulumi.Any, gets some 25,000 instances of the SDK's generic functions, which are 27 MB to compile at
// each edit.
package previous

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Output is one output of the last update.
type Output struct {
	Value  any // as JSON has it; nil if there is none
	Secret bool
}

// Outputs returns those outputs of the stack itself that names lists, each with a value. A stack that was never up has none.
//
// A reference to the stack itself is what every back end can answer from any checkout, under the lock of the update.
// https://www.pulumi.com/docs/iac/concepts/stacks/#stackreferences
func Outputs(ctx *pulumi.Context, names []string) (map[string]Output, error) {
	self := fmt.Sprintf("%s/%s/%s", ctx.Organization(), ctx.Project(), ctx.Stack())
	ref, err := pulumi.NewStackReference(ctx, self, nil)
	if err != nil {
		return nil, err
	}
	out := map[string]Output{}
	for _, name := range names {
		details, err := ref.GetOutputDetails(name)
		if err != nil {
			return nil, err
		}
		switch {
		case details.SecretValue != nil:
			out[name] = Output{Value: details.SecretValue, Secret: true}
		case details.Value != nil:
			out[name] = Output{Value: details.Value}
		}
	}
	return out, nil
}

// Lacks tells that the last update, or a destruction since, has left resources and none of a type. A secret among what is read goes no
// further than this function.
func Lacks(ctx *pulumi.Context, token string) (bool, error) {
	args := struct {
		Stack string `pulumi:"stackName"`
	}{fmt.Sprintf("%s/%s/%s", ctx.Organization(), ctx.Project(), ctx.Stack())}
	var all struct {
		Outputs map[string]map[string]any `pulumi:"outputs"`
	}
	if _, err := ctx.InvokePackageRaw("pulumi:pulumi:readStackResourceOutputs", &args, &all, ""); err != nil {
		return false, err
	}
	for _, one := range all.Outputs {
		if one["type"] == token {
			return false, nil
		}
	}
	return len(all.Outputs) > 0, nil
}

// Text is the value as a text, and "" if there is none. It fails for anything else, so that what is there is never taken for nothing.
func (o Output) Text() (string, error) {
	text, ok := o.Value.(string)
	if !ok && o.Value != nil {
		return "", errors.New("it is no text")
	}
	return text, nil
}

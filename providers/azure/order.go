package azure

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

// after is a value that is used only when some resources exist, and as long as they exist: Pulumi makes what uses the value after
// them, and destroys it before them.
// https://www.pulumi.com/docs/iac/concepts/options/dependson/
func after(ctx *pulumi.Context, value pulumi.StringOutput, resources ...pulumi.Resource) pulumi.StringOutput {
	waiting, ok := pulumi.OutputWithDependencies(ctx.Context(), value, resources...).(pulumi.StringOutput)
	if !ok {
		return value // can't be: the type of the output stays what it was
	}
	return waiting
}

package components

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// SecretRef points to a secret value. On the clouds it is the address of an entry in the secret store, and the value never
// enters the service's definition; on Docker, which has no store, it is the value itself, marked as a Pulumi secret.
type SecretRef struct{ pulumi.StringOutput }

// SecretArgs describes one secret.
type SecretArgs struct {
	// Value is the plain text. It is marked as a secret whether or not the caller did. Required.
	Value pulumi.StringInput
}

// SecretState is what a driver made.
type SecretState struct {
	// Ref is what a service's Secrets take.
	Ref SecretRef
}

// SecretDriver stores a secret where a service can be given it by reference.
type SecretDriver interface {
	StoreSecret(ctx *pulumi.Context, name string, a SecretArgs, opts ...pulumi.ResourceOption) (SecretState, error)
}

// Secret is one value that the app receives as an environment variable and that appears nowhere else in plain text.
type Secret struct {
	pulumi.ResourceState
	SecretState
}

// NewSecret stores a secret. It fails if the value is missing.
func NewSecret(ctx *pulumi.Context, d SecretDriver, name string, a SecretArgs, opts ...pulumi.ResourceOption) (*Secret, error) {
	if a.Value == nil {
		return nil, fmt.Errorf("secret %q: %w", name, errors.New("Value is required"))
	}
	a.Value = pulumi.ToSecret(a.Value.ToStringOutput()).(pulumi.StringOutput)
	c := &Secret{}
	if err := ctx.RegisterComponentResource("slipway:components:Secret", name, c, opts...); err != nil {
		return nil, fmt.Errorf("secret %q: %w", name, err)
	}
	s, err := d.StoreSecret(ctx, name, a, pulumi.Parent(c))
	if err != nil {
		return nil, fmt.Errorf("secret %q: %w", name, err)
	}
	c.SecretState = s
	return c, ctx.RegisterResourceOutputs(c, pulumi.Map{})
}

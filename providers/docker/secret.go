package docker

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// StoreSecret creates nothing: Docker Engine has a secret store in swarm mode only. The reference is the value itself, which
// lies encrypted in Pulumi's state and is given to the app's containers as environment.
// https://docs.docker.com/engine/swarm/secrets/
func (p *Platform) StoreSecret(_ *pulumi.Context, _ string, a components.SecretArgs, _ ...pulumi.ResourceOption) (components.SecretState, error) {
	return components.SecretState{Ref: components.SecretRef{StringOutput: a.Value.ToStringOutput()}}, nil
}

package gcp

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// revisionName is the name of a track's revision: service, sequence, and eight digits that stand for the template. A revision never
// changes and its name can't be used for another one, so another template needs another name. The digits are kept in Pulumi's state with
// the template they were made for:
//   - the newest track, whose template the service has, gets new ones when its template changes: no name comes twice, not even when a
//     template comes back to what it was;
//   - the other track keeps its own whatever the configuration says now, since its revision stays as it was made.
//
// https://cloud.google.com/run/docs/managing/revisions
func (p *Platform) revisionName(ctx *pulumi.Context, t components.Track, template pulumi.StringOutput, newest bool, opts []pulumi.ResourceOption) (pulumi.StringOutput, error) {
	var more []pulumi.ResourceOption
	if !newest {
		more = append(more, pulumi.IgnoreChanges([]string{"keepers"}))
	}
	id, err := p.unique(ctx, fmt.Sprintf("revision-%s-%d", t.Slot, t.Sequence), pulumi.StringMap{"template": template}, opts, more...)
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	return pulumi.Sprintf("%s-%d-%s", p.serviceName(), t.Sequence, id), nil
}

// templateDigest stands for all that a revision, or an execution of a job, is made of. References of secrets name versions, so it changes
// with their values too, which it does not hold.
func templateDigest(rest pulumi.Array, containers ...container) pulumi.StringOutput {
	parts := append(pulumi.Array{}, rest...)
	for _, c := range containers {
		env := pulumi.StringMap{}
		for name, value := range c.env {
			env[name] = value.ToStringOutput()
		}
		secrets := pulumi.StringMap{}
		for name, ref := range c.secrets {
			secrets[name] = ref.StringOutput
		}
		parts = append(parts, pulumi.Map{
			"name": pulumi.String(c.name), "image": c.image.StringOutput, "command": pulumi.ToStringArray(c.command), "env": env, "secrets": secrets,
			"cpu": pulumi.String(c.cpu), "memory": pulumi.Int(c.memory),
		})
	}
	digest := parts.ToArrayOutput().ApplyT(func(all []any) (string, error) {
		text, err := json.Marshal(all)
		if err != nil {
			return "", fmt.Errorf("writing down the template: %w", err)
		}
		sum := sha256.Sum256(text)
		return hex.EncodeToString(sum[:6]), nil
	})
	// Six bytes of a digest tell nothing of what is secret in it, and a secret name of a revision would hide the traffic in previews.
	return pulumi.Unsecret(digest).(pulumi.StringOutput)
}

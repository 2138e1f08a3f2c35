package docker

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-random/sdk/v4/go/random"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// hostNameLimit is the longest a label of a host name can be: containers reach each other by their names.
// https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4
const hostNameLimit = 63

// containerName is <project>-<stack>-<name>. Where that and room for a suffix are too long, a hash takes the place of the middle.
func (p *Platform) containerName(name string, room int) string {
	full := p.prefix + "-" + name
	if len(full)+room <= hostNameLimit {
		return full
	}
	sum := sha256.Sum256([]byte(full))
	head, tail := full[:hostNameLimit-room-22], full[len(full)-14:]
	return strings.TrimRight(head, "-") + "-" + hex.EncodeToString(sum[:3]) + "-" + strings.TrimLeft(tail, "-")
}

// uniqueID is a random id that changes with what a container is made from. Like the revisions of a managed service names with such an id
// are never used again, so the next version can start beside this one, and so can the one before when it comes back.
func (p *Platform) uniqueID(ctx *pulumi.Context, name string, template pulumi.ArrayOutput, opts []pulumi.ResourceOption) (pulumi.StringOutput, error) {
	text := template.ApplyT(func(parts []any) (string, error) {
		text, err := json.Marshal(parts)
		if err != nil {
			return "", fmt.Errorf("naming container: %w", err)
		}
		return string(text), nil
	}).(pulumi.StringOutput)
	id, err := random.NewRandomId(ctx, name, &random.RandomIdArgs{
		ByteLength: pulumi.Int(3),
		Keepers:    pulumi.StringMap{"template": p.hashOf([]any{text})},
	}, p.randomOpts(opts)...)
	if err != nil {
		return pulumi.StringOutput{}, fmt.Errorf("naming container %s: %w", name, err)
	}
	return id.Hex, nil
}

// uniqueName is a container's name with the id at its end.
func (p *Platform) uniqueName(name string, id pulumi.StringInput) pulumi.StringOutput {
	return pulumi.Sprintf("%s-%s", p.containerName(name, len("-123456")), id)
}

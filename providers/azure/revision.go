package azure

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	app "github.com/pulumi/pulumi-azure-native-sdk/app/v2/v20241002preview"
	randomsdk "github.com/pulumi/pulumi-random/sdk/v4/go/random"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// revision is the name of a track's revision, and the part of it that the template gives.
type revision struct{ name, suffix pulumi.StringOutput }

// revise names the revision of a track: s, the track's sequence, a hyphen, and eight hexadecimal digits that change with the template.
// They are random and kept in the state under the slot, for three reasons: Azure never takes a name again, and with a plain hash the
// way from A to B and back to A would give one twice; a slot that is not the newest must be called by the name that it got, whatever
// the configuration is by now; and a plan shows whether there will be a new one. kept holds the name although the template differs.
//   - https://learn.microsoft.com/azure/container-apps/revisions#name-suffix
//   - https://www.pulumi.com/registry/packages/random/api-docs/randomid/
func (p *Platform) revise(ctx *pulumi.Context, d deployment, t components.Track, kept bool, opts []pulumi.ResourceOption) (revision, error) {
	var more []pulumi.ResourceOption
	if kept {
		more = append(more, pulumi.IgnoreChanges([]string{"keepers"}))
	}
	sequence := strconv.Itoa(t.Sequence)
	id, err := randomsdk.NewRandomId(ctx, "revision-"+string(t.Slot), &randomsdk.RandomIdArgs{
		ByteLength: pulumi.Int(4),
		Keepers:    pulumi.StringMap{"sequence": pulumi.String(sequence), "template": fingerprint(p.template(d, t), d.secrets)},
	}, p.randomOpts(opts, more...)...)
	if err != nil {
		return revision{}, fmt.Errorf("naming the revision of slot %s: %w", t.Slot, err)
	}
	suffix := pulumi.Sprintf("s%s-%s", sequence, id.Hex)
	return revision{name: pulumi.Sprintf("%s--%s", d.name, suffix), suffix: suffix}, nil
}

// fingerprint is a hash of all that a revision is made of: the template, and the addresses of the secrets that it refers to by name.
func fingerprint(template app.TemplateArgs, secrets []secretLink) pulumi.StringOutput {
	addresses := pulumi.StringMap{}
	for _, s := range secrets {
		addresses[s.name] = s.ref
	}
	return pulumi.All(template, addresses).ApplyT(func(v []any) (string, error) {
		text, err := json.Marshal(v)
		if err != nil {
			return "", fmt.Errorf("hashing the template: %w", err)
		}
		sum := sha256.Sum256(text)
		return hex.EncodeToString(sum[:6]), nil
	}).(pulumi.StringOutput)
}

// goesBack tells whether a track's revision is there already and is not the latest one, as after a rollout that was aborted. Then only
// traffic moves: a template that is sent again would have to make a revision whose name is taken. What else has changed in the
// configuration waits for the next version, and a warning says so.
//
// It asks Azure for the app as it is; a stack that has none yet has nothing to go back to.
// https://learn.microsoft.com/azure/container-apps/revisions#change-types
func (p *Platform) goesBack(ctx *pulumi.Context, d deployment, t components.Track) (bool, error) {
	live, err := app.LookupContainerApp(ctx, &app.LookupContainerAppArgs{ResourceGroupName: p.groupName(), ContainerAppName: d.name}, pulumi.Parent(p), pulumi.Provider(p.cloud))
	switch {
	case err != nil && absent(err):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("asking for the app as it runs: %w", err)
	case live.Configuration == nil || live.Configuration.Ingress == nil:
		return false, nil
	}
	for _, row := range live.Configuration.Ingress.Traffic {
		if row.Label == nil || *row.Label != string(t.Slot) || row.RevisionName == nil || *row.RevisionName == live.LatestRevisionName {
			continue
		}
		if strings.HasPrefix(*row.RevisionName, fmt.Sprintf("%s--s%d-", d.name, t.Sequence)) {
			return true, ctx.Log.Warn("slot "+string(t.Slot)+" goes back to revision "+*row.RevisionName+": changes of the app's own settings wait for the next version", nil)
		}
	}
	return false, nil
}

// absent tells whether Azure has answered that there is no such resource.
// https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-not-found
func absent(err error) bool {
	for _, text := range []string{"ResourceNotFound", "ResourceGroupNotFound", "Status=404", "404 Not Found"} {
		if strings.Contains(err.Error(), text) {
			return true
		}
	}
	return false
}

package azure

import (
	"fmt"
	"slices"
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
		Keepers:    pulumi.StringMap{"sequence": pulumi.String(sequence), "template": fingerprint(p.template(d, t))},
	}, p.randomOpts(opts, more...)...)
	if err != nil {
		return revision{}, fmt.Errorf("naming the revision of slot %s: %w", t.Slot, err)
	}
	suffix := pulumi.Sprintf("s%s-%s", sequence, id.Hex)
	return revision{name: pulumi.Sprintf("%s--%s", d.name, suffix), suffix: suffix}, nil
}

// fingerprint is a hash of all that a revision is made of: the template. The names of the secrets in it hold their versions.
func fingerprint(template app.TemplateArgs) pulumi.StringOutput { return digestOf(template) }

// runningApp is the app as Azure has it now. Nil stands for none.
type runningApp app.LookupContainerAppResult

// running asks Azure for the app as it is; a stack that has none yet has nothing to go back to, and no secrets in use.
// https://learn.microsoft.com/rest/api/resource-manager/containerapps/container-apps/get
func (p *Platform) running(ctx *pulumi.Context, d deployment) (*runningApp, error) {
	live, err := app.LookupContainerApp(ctx, &app.LookupContainerAppArgs{ResourceGroupName: p.groupName(), ContainerAppName: d.name}, pulumi.Parent(p), pulumi.Provider(p.cloud))
	switch {
	case err != nil && absent(err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("asking for the app as it runs: %w", err)
	case live.Configuration == nil || live.Configuration.Ingress == nil:
		return nil, nil
	}
	return (*runningApp)(live), nil
}

// kept are the secrets that the app has beyond those that it shall have, and that a revision which is still active may use: Azure refuses
// an app without them, or never finishes. Where nothing is new, all of them stay, so that an update that changes nothing plans nothing.
// Otherwise those go that no revision uses any more: the latest one's template names what it uses, and where it is not the only one that
// can have traffic, all are in use.
//   - https://github.com/microsoft/azure-container-apps/issues/395
//   - https://github.com/microsoft/vscode-azurecontainerapps/issues/1098
func (r *runningApp) kept(own []app.Secret) []app.Secret {
	if r == nil {
		return nil
	}
	has := func(all []string, name *string) bool { return name != nil && slices.Contains(all, *name) }
	var names, before []string
	for _, s := range own {
		names = append(names, *s.Name)
	}
	for _, s := range r.Configuration.Secrets {
		if s.Name != nil {
			before = append(before, *s.Name)
		}
	}
	same := !slices.ContainsFunc(names, func(name string) bool { return !slices.Contains(before, name) })
	all, used := same || !r.alone(), r.uses()
	var out []app.Secret
	for _, s := range r.Configuration.Secrets {
		if s.KeyVaultUrl != nil && !has(names, s.Name) && (all || has(used, s.Name)) {
			out = append(out, app.Secret{Name: s.Name, KeyVaultUrl: s.KeyVaultUrl, Identity: s.Identity})
		}
	}
	return out
}

// alone tells whether the latest revision is ready and all traffic is its own.
func (r *runningApp) alone() bool {
	return r.LatestRevisionName == r.LatestReadyRevisionName && !slices.ContainsFunc(r.Configuration.Ingress.Traffic, func(row app.TrafficWeightResponse) bool {
		return row.RevisionName != nil && *row.RevisionName != "" && *row.RevisionName != r.LatestRevisionName
	})
}

// uses are the secrets that the latest revision names.
func (r *runningApp) uses() []string {
	var out []string
	if r.Template == nil {
		return nil
	}
	for _, c := range r.Template.Containers {
		for _, v := range c.Env {
			if v.SecretRef != nil {
				out = append(out, *v.SecretRef)
			}
		}
	}
	return out
}

// goesBack tells whether a track's revision is there already and is not the latest one, as after a rollout that was aborted. Then only
// traffic moves: a template that is sent again would have to make a revision whose name is taken. What else has changed in the
// configuration waits for the next version, and a warning says so.
// https://learn.microsoft.com/azure/container-apps/revisions#change-types
func (r *runningApp) goesBack(ctx *pulumi.Context, d deployment, t components.Track) (bool, error) {
	if r == nil {
		return false, nil
	}
	for _, row := range r.Configuration.Ingress.Traffic {
		if row.Label == nil || *row.Label != string(t.Slot) || row.RevisionName == nil || *row.RevisionName == r.LatestRevisionName {
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

package azure

import (
	"fmt"

	app "github.com/pulumi/pulumi-azure-native-sdk/app/v2/v20241002preview"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// slots are both slots, whether or not a track is in them.
var slots = []components.Slot{components.Blue, components.Green}

// patience bounds how long one deployment is waited for: a large image is pulled, then the app starts.
const patience = "30m"

// deployment is what the tracks of the app share.
type deployment struct {
	args      components.ServiceArgs
	name      string // of the container app
	collector components.ImageRef
	traces    components.SecretRef // what the collector sends with
	running   *runningApp
	ran       []pulumi.StringOutput // known when the steps before the app have succeeded
	revisions map[components.Slot]revision
}

// RunService runs the app as a container app, after the jobs that come before it. The last track is the newest: its template is what the app's
// definition holds, and a change of it makes a new revision. Revisions never change, so a second track is the one that an earlier
// update has made, called by its name. Weights and labels of the slots are the ingress's own.
//
// Where there is one track, its traffic follows "the latest revision that is ready", in Azure's own words: so a new version takes over
// when it can, and a broken one never. Where there are two, each has a label, and both are ready before they get a share. The update
// fails when the newest revision did not become ready; the one before then goes on serving.
//
// It fails on two tracks without Front Door, since the newest could not be tried out through the front door, and on sizes that
// Container Apps does not have.
//   - https://learn.microsoft.com/azure/container-apps/revisions
//   - https://learn.microsoft.com/azure/container-apps/blue-green-deployment
//   - https://learn.microsoft.com/azure/container-apps/traffic-splitting
//   - https://learn.microsoft.com/azure/container-apps/ingress-overview
func (p *Platform) RunService(ctx *pulumi.Context, _ string, a components.ServiceArgs, opts ...pulumi.ResourceOption) (components.ServiceState, error) {
	none := components.ServiceState{}
	if err := p.checkService(a); err != nil {
		return none, err
	}
	d := deployment{args: a, name: AppName(p.settings.App, p.stack), revisions: map[components.Slot]revision{}}
	var err error
	if d.collector, err = p.collectorImage(ctx, opts); err != nil {
		return none, err
	}
	if d.traces, err = p.storeSecret(ctx, "traces-connection", p.logs.connection, opts); err != nil {
		return none, err
	}
	if d.running, err = p.running(ctx, d); err != nil {
		return none, err
	}
	newest := a.Tracks[len(a.Tracks)-1]
	back, err := d.running.goesBack(ctx, d, newest)
	if err != nil {
		return none, err
	}
	if d.ran, err = p.steps(ctx, d, newest, back, opts); err != nil {
		return none, err
	}
	for _, t := range a.Tracks {
		// Only the newest track's revision can still be made; a name that is given stays.
		if d.revisions[t.Slot], err = p.revise(ctx, d, t, t.Slot != newest.Slot || back, opts); err != nil {
			return none, err
		}
	}
	made, err := p.containerApp(ctx, d, newest, back, opts)
	if err != nil {
		return none, err
	}
	if err := p.bindDomain(ctx, made); err != nil {
		return none, err
	}
	state := components.ServiceState{Scope: p.serviceScope(ctx, d, made), Health: p.health(d, made)}
	if !back {
		state.Ready = p.deployed(ctx, d, made, d.revisions[newest.Slot].name)
	}
	return state, nil
}

// checkService refuses what Container Apps does not have.
func (p *Platform) checkService(a components.ServiceArgs) error {
	switch {
	case len(a.Tracks) > 1 && p.settings.FrontDoor == FrontDoorNone:
		return components.Unsupported("azure", "azure.frontDoor", "without Front Door nothing tells a request for the candidate from any other, so two versions side by side can't be tried out; set it to "+
			FrontDoorStandard+" or "+FrontDoorPremium+", or rollout.strategy to rolling")
	case a.MemoryMiB <= collectorMemory || a.CPU <= collectorCPU:
		return components.Unsupported("azure", "app.memory", fmt.Sprintf("an instance has all but the %d MiB and %g cores of the telemetry collector", collectorMemory, collectorCPU))
	case p.settings.DrainSeconds > 600:
		return components.Unsupported("azure", "app.drain", fmt.Sprintf("%d s are more than 600", p.settings.DrainSeconds))
	}
	return checkGates(a.Gates)
}

// containerApp makes the app. It can't be made anew beside itself, as its name is fixed; nothing that configuration may change
// replaces it but azure.frontDoor and the region. back leaves the template as it is (see goesBack).
//   - https://learn.microsoft.com/azure/templates/microsoft.app/2024-10-02-preview/containerapps
//   - https://learn.microsoft.com/azure/container-apps/managed-identity-image-pull
func (p *Platform) containerApp(ctx *pulumi.Context, d deployment, newest components.Track, back bool, opts []pulumi.ResourceOption) (*app.ContainerApp, error) {
	template := p.template(d, newest)
	template.RevisionSuffix = d.revisions[newest.Slot].suffix
	if len(d.ran) > 0 {
		template.RevisionSuffix = joined(d.revisions[newest.Slot].suffix, d.ran)
	}
	ingress := app.IngressArgs{
		External: pulumi.Bool(true), TargetPort: pulumi.Int(d.args.Port), Transport: pulumi.String("auto"), AllowInsecure: pulumi.Bool(false),
		StickySessions: app.IngressStickySessionsArgs{Affinity: pulumi.String("none")},
		Traffic:        d.traffic(back),
	}
	if p.domain.name != "" {
		ingress.CustomDomains = app.CustomDomainArray{app.CustomDomainArgs{Name: p.domain.proved, BindingType: app.BindingTypeAuto}}
	}
	more := []pulumi.ResourceOption{
		pulumi.DependsOn(p.registry.pull),
		pulumi.Timeouts(&pulumi.CustomTimeouts{Create: patience, Update: patience, Delete: "20m"}),
	}
	if back {
		more = append(more, pulumi.IgnoreChanges([]string{"template"}))
	}
	made, err := app.NewContainerApp(ctx, d.name, &app.ContainerAppArgs{
		ResourceGroupName: p.group, ContainerAppName: pulumi.String(d.name),
		EnvironmentId: p.cluster.id, WorkloadProfileName: pulumi.String(consumption),
		Identity: app.ManagedServiceIdentityArgs{Type: pulumi.String("UserAssigned"), UserAssignedIdentities: pulumi.StringArray{p.identity.id}},
		Configuration: app.ConfigurationArgs{
			ActiveRevisionsMode: pulumi.String(p.revisionsMode(d, back)), IdentitySettings: offeredToNone(p.identity), MaxInactiveRevisions: pulumi.Int(keptRevisions), Ingress: ingress,
			Registries: app.RegistryCredentialsArray{app.RegistryCredentialsArgs{Server: p.registry.server, Identity: p.identity.id}},
			Secrets:    p.secrets(append(links(collectorContainer, map[string]components.SecretRef{connectionVariable: d.traces}), links(appContainer, d.args.Secrets)...), d.running, p.identity),
		},
		Template: template,
	}, p.cloudOpts(opts, more...)...)
	if err != nil {
		return nil, fmt.Errorf("running the app: %w", err)
	}
	return made, nil
}

// joined is a text that is known when others are.
func joined(text pulumi.StringOutput, others []pulumi.StringOutput) pulumi.StringOutput {
	all := []any{text}
	for _, o := range others {
		all = append(all, o)
	}
	return pulumi.All(all...).ApplyT(func(v []any) string { return v[0].(string) }).(pulumi.StringOutput)
}

// revisionsMode is how many revisions are active. A stack that replaces its version in place has one: Azure starts the next, moves the
// traffic when that is ready, and stops the one before. Otherwise there may be two, which a label and a weight each need, and the one
// that is left behind is stopped when the new one is ready (see deployed).
//
// The mode Labels, in which Azure would stop it by itself, is a preview that says little of what an app's definition must hold, and that
// Azure's own command line does not let an app change to in an update (https://github.com/Azure/azure-cli-extensions/pull/8927).
//   - https://learn.microsoft.com/azure/container-apps/revisions#revision-modes
//   - https://learn.microsoft.com/azure/container-apps/deployment-labels
func (p *Platform) revisionsMode(d deployment, back bool) string {
	if p.settings.Rolling && len(d.args.Tracks) == 1 && !back {
		return "Single"
	}
	return "Multiple"
}

// keptRevisions is how many revisions without traffic stay known, to go back to by hand.
// https://learn.microsoft.com/azure/container-apps/revisions#inactive-revisions
const keptRevisions = 20

// traffic divides requests between the tracks.
func (d deployment) traffic(back bool) app.TrafficWeightArray {
	if len(d.args.Tracks) == 1 && !back {
		return app.TrafficWeightArray{app.TrafficWeightArgs{LatestRevision: pulumi.Bool(true), Weight: pulumi.Int(100)}}
	}
	var all app.TrafficWeightArray
	for _, t := range d.args.Tracks {
		all = append(all, app.TrafficWeightArgs{RevisionName: d.revisions[t.Slot].name, Weight: pulumi.Int(t.Weight), Label: pulumi.String(string(t.Slot))})
	}
	return all
}

// serviceScope is where the whole service is measured, and what the edge sends traffic to.
func (p *Platform) serviceScope(ctx *pulumi.Context, d deployment, made *app.ContainerApp) components.Scope {
	scope := components.Scope{
		scopeApp: made.ID().ToStringOutput(), scopeAppName: made.Name, scopeEnvironment: p.cluster.id, scopeWorkspace: p.logs.workspace,
		scopeHost:   after(ctx, p.appHost(d.name), made),
		scopeReady:  pulumi.String(d.args.ReadyPath).ToStringOutput(),
		scopeCPU:    pulumi.String(fmt.Sprintf("%.0f", d.args.CPU*1e9)).ToStringOutput(),
		scopeMemory: pulumi.String(fmt.Sprint(d.args.MemoryMiB << 20)).ToStringOutput(),
	}
	for _, slot := range slots {
		scope[scopeSlotHost+string(slot)] = p.slotHost(d.name, slot)
	}
	return scope
}

// appHost is the app's own host name, and slotHost the one that a label has: it leads to the slot's revision, whatever its weight.
//   - https://learn.microsoft.com/azure/container-apps/connect-apps#location
//   - https://learn.microsoft.com/azure/container-apps/revisions#labels
func (p *Platform) appHost(name string) pulumi.StringOutput {
	return pulumi.Sprintf("%s.%s", name, p.cluster.domain)
}

func (p *Platform) slotHost(name string, slot components.Slot) pulumi.StringOutput {
	return pulumi.Sprintf("%s---%s.%s", name, string(slot), p.cluster.domain)
}

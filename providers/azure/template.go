package azure

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	app "github.com/pulumi/pulumi-azure-native-sdk/app/v2/v20241002preview"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

const (
	appContainer       = "app"
	collectorContainer = "collector"

	// telemetry is where the collector beside the app takes traces.
	telemetry = "http://127.0.0.1:4318"

	// What the collector takes of an instance's cores and MiB. Azure wants the sum of both containers to be one of its sizes, and
	// memory in tenths of a GiB. It refuses data beyond 150 MiB (collector/config.yaml), and its heap is collected harder from 130 on.
	collectorCPU    = 0.05
	collectorMemory = 205 // 0.2 GiB
	collectorHeap   = "130MiB"

	connectionVariable = "APPLICATIONINSIGHTS_CONNECTION_STRING"
)

// proxies are where requests come from: the environment's own ingress, whose addresses are of these ranges in every network, and,
// behind private link, the subnet itself.
// https://learn.microsoft.com/azure/container-apps/custom-virtual-networks#subnet-address-range-restrictions
const proxies = appsRange + ",100.100.0.0/17,100.100.128.0/19,100.100.160.0/19,100.100.192.0/19"

// frontDoorProxies are Front Door's own addresses, which come before those in X-Forwarded-For.
// https://learn.microsoft.com/azure/frontdoor/origin-security#ip-address-filtering
const frontDoorProxies = ",147.243.0.0/16,2a01:111:2050::/44"

// template is what a revision is made of: the app with the collector beside it. What comes before the app are jobs (see steps).
//
// Container Apps has no way to choose a user, a read-only root file system or capabilities; what the image says holds.
// https://learn.microsoft.com/azure/container-apps/containers
func (p *Platform) template(d deployment, t components.Track) app.TemplateArgs {
	a := d.args
	collector := map[string]components.SecretRef{connectionVariable: d.traces}
	return app.TemplateArgs{
		Containers: app.ContainerArray{
			app.ContainerArgs{
				Name: pulumi.String(appContainer), Image: t.Image.StringOutput, Env: environmentOf(appContainer, p.appEnvironment(a, t), a.Secrets), Probes: probes(a),
				Resources: limits(a.CPU-collectorCPU, a.MemoryMiB-collectorMemory),
			},
			app.ContainerArgs{
				Name: pulumi.String(collectorContainer), Image: d.collector.StringOutput, Resources: limits(collectorCPU, collectorMemory),
				Env: environmentOf(collectorContainer, map[string]pulumi.StringInput{"GOMEMLIMIT": pulumi.String(collectorHeap)}, collector),
			},
		},
		Scale:                         p.scale(a),
		TerminationGracePeriodSeconds: pulumi.Float64(float64(p.settings.DrainSeconds)),
	}
}

// limits are those of a container, in the decimals that Azure takes.
// https://learn.microsoft.com/azure/container-apps/containers#allocations
func limits(cpu float64, memoryMiB int) app.ContainerResourcesArgs {
	return app.ContainerResourcesArgs{Cpu: pulumi.Float64(float64(int(cpu*100+0.5)) / 100), Memory: pulumi.String(gibibytes(memoryMiB))}
}

// gibibytes writes MiB as Azure takes them: in tenths of a GiB.
func gibibytes(memoryMiB int) string {
	tenths := (float64(memoryMiB) + 1) / 102.4
	return strconv.FormatFloat(float64(int(tenths+0.5))/10, 'f', -1, 64) + "Gi"
}

// probes ask the app itself. It has two minutes to answer its readiness path for the first time; from then on three bad answers take an
// instance out of the traffic, and three of the health path start it again. Azure takes at most ten tries.
// https://learn.microsoft.com/azure/container-apps/health-probes
func probes(a components.ServiceArgs) app.ContainerAppProbeArray {
	var all app.ContainerAppProbeArray
	for _, row := range []struct {
		kind, path             string
		delay, period, failure int
	}{
		{"Startup", a.ReadyPath, 1, 12, 10},
		{"Readiness", a.ReadyPath, 0, 5, 3},
		{"Liveness", a.HealthPath, 0, 10, 3},
	} {
		probe := app.ContainerAppProbeArgs{
			Type: pulumi.String(row.kind), PeriodSeconds: pulumi.Int(row.period), TimeoutSeconds: pulumi.Int(5), FailureThreshold: pulumi.Int(row.failure), SuccessThreshold: pulumi.Int(1),
			HttpGet: app.ContainerAppProbeHttpGetArgs{Path: pulumi.String(row.path), Port: pulumi.Int(a.Port), Scheme: pulumi.String("HTTP")},
		}
		if row.delay > 0 {
			probe.InitialDelaySeconds = pulumi.Int(row.delay)
		}
		all = append(all, probe)
	}
	return all
}

// appEnvironment is the app contract (docs/app-contract.md) with the app's own variables.
func (p *Platform) appEnvironment(a components.ServiceArgs, t components.Track) map[string]pulumi.StringInput {
	from := proxies
	if p.settings.FrontDoor != FrontDoorNone {
		from += frontDoorProxies
	}
	env := map[string]pulumi.StringInput{
		"PORT":                        pulumi.String(strconv.Itoa(a.Port)),
		"TRUSTED_PROXIES":             pulumi.String(from),
		"SLIPWAY_VERSION":             pulumi.String(t.Version),
		"SLIPWAY_SLOT":                pulumi.String(string(t.Slot)),
		"OTEL_EXPORTER_OTLP_ENDPOINT": pulumi.String(telemetry),
	}
	if p.settings.FrontDoor != FrontDoorNone {
		env["CLIENT_IP_HEADER"] = pulumi.String(clientHeader)
	}
	maps.Copy(env, a.Env)
	return env
}

// roots are left out where they are empty: those of a public authority are in every system's store. Other empty values reach the app.
// https://github.com/microsoft/azure-container-apps/issues/149
var roots = []string{"DATABASE_CA", "CACHE_CA"}

// environmentOf writes variables in a fixed order.
func environmentOf(owner string, plain map[string]pulumi.StringInput, secrets map[string]components.SecretRef) app.EnvironmentVarArrayOutput {
	values, refs := pulumi.StringMap{}, pulumi.StringMap{}
	for name, value := range plain {
		if _, secret := secrets[name]; !secret {
			values[name] = value
		}
	}
	for name, ref := range secrets {
		refs[name] = ref.StringOutput
	}
	return pulumi.All(values, refs).ApplyT(func(v []any) []app.EnvironmentVar {
		known, addresses := v[0].(map[string]string), v[1].(map[string]string)
		var all []app.EnvironmentVar
		for _, name := range slices.Sorted(maps.Keys(known)) {
			if value := known[name]; value != "" || !slices.Contains(roots, name) {
				all = append(all, app.EnvironmentVar{Name: &name, Value: &value})
			}
		}
		for _, name := range slices.Sorted(maps.Keys(addresses)) {
			ref := secretName(owner, name, addresses[name])
			all = append(all, app.EnvironmentVar{Name: &name, SecretRef: &ref})
		}
		return all
	}).(app.EnvironmentVarArrayOutput)
}

// scale starts instances between both bounds: one more where each serves more requests at the same time than it should, or is busier
// or fuller than it should be. Rules by CPU and memory never go below one instance, which MinReplicas doesn't either.
// https://learn.microsoft.com/azure/container-apps/scale-app
func (p *Platform) scale(a components.ServiceArgs) app.ScaleArgs {
	out := app.ScaleArgs{MinReplicas: pulumi.Int(a.MinReplicas), MaxReplicas: pulumi.Int(a.MaxReplicas)}
	if a.MaxReplicas == a.MinReplicas {
		return out
	}
	target := p.settings.Scale
	rules := app.ScaleRuleArray{app.ScaleRuleArgs{
		Name: pulumi.String("requests"), Http: app.HttpScaleRuleArgs{Metadata: pulumi.StringMap{"concurrentRequests": pulumi.String(strconv.Itoa(target.Concurrency))}},
	}}
	for _, row := range []struct {
		kind    string
		percent int
	}{{"cpu", target.CPU}, {"memory", target.Memory}} {
		rules = append(rules, app.ScaleRuleArgs{Name: pulumi.String(row.kind), Custom: app.CustomScaleRuleArgs{
			Type: pulumi.String(row.kind), Metadata: pulumi.StringMap{"type": pulumi.String("Utilization"), "value": pulumi.String(fmt.Sprint(row.percent))},
		}})
	}
	out.Rules = rules
	return out
}

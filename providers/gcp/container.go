package gcp

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/pulumi/pulumi-gcp/sdk/v7/go/gcp/cloudrunv2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

const (
	// The collector's part of an instance. Less CPU than a core is allowed as the app has whole cores; it is billed with the app's.
	// https://cloud.google.com/run/docs/configuring/services/cpu
	collectorCPU, collectorMemory = "0.1", 256
	collectorPort                 = 13133
	// telemetry is where the collector listens.
	telemetry = "http://127.0.0.1:4318"
	// sandbox is where connections to the app come from: Cloud Run's own proxy inside the instance.
	// https://cloud.google.com/run/docs/container-contract
	sandbox = "169.254.0.0/16"
	// frontEnds are where Google's front ends speak from, to Cloud Run and to each other.
	// https://cloud.google.com/load-balancing/docs/https#firewall-rules
	frontEnds = "35.191.0.0/16,130.211.0.0/22"
)

// The names of containers and of the steps that come before them.
const (
	appContainer       = "app"
	migrateStep        = "migrate"
	collectorContainer = "otel-collector"
)

// container is one of an instance or of a job's task.
type container struct {
	name    string
	image   components.ImageRef
	command []string // in place of the image's own, after its entry point
	env     map[string]pulumi.StringInput
	secrets map[string]components.SecretRef
	cpu     string // cores
	memory  int    // in MiB
}

// limits are what a container may use at most.
func (c container) limits() pulumi.StringMap {
	return pulumi.StringMap{"cpu": pulumi.String(c.cpu), "memory": pulumi.String(fmt.Sprintf("%dMi", c.memory))}
}

// variable is one entry of the environment: text, or a version of a secret.
type variable struct {
	name            string
	value           pulumi.StringInput // nil for a secret
	secret, version pulumi.StringOutput
}

// variables are the environment in an order that is always the same. Cloud Run refuses a name that is given twice: a secret wins.
func (c container) variables() []variable {
	var out []variable
	for _, name := range slices.Sorted(maps.Keys(c.env)) {
		if _, secret := c.secrets[name]; !secret {
			out = append(out, variable{name: name, value: c.env[name]})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.secrets)) {
		id, version := secretVersion(c.secrets[name])
		out = append(out, variable{name: name, secret: id, version: version})
	}
	return out
}

// appEnvironment is the app contract (docs/app-contract.md) with the app's own variables. Cloud Run sets PORT itself. Roots of
// certificates come with how to check them: those of Google's data stores name no host that a client knows.
//   - https://cloud.google.com/run/docs/container-contract#env-vars
//   - https://cloud.google.com/memorystore/docs/redis/about-in-transit-encryption
func (p *Platform) appEnvironment(a components.ServiceArgs, t components.Track) map[string]pulumi.StringInput {
	proxies := pulumi.String(sandbox + "," + frontEnds).ToStringOutput()
	if p.settings.Domain != "" {
		proxies = pulumi.Sprintf("%s,%s,%s/32,%s/128", sandbox, frontEnds, p.addresses.v4, p.addresses.v6)
	}
	env := map[string]pulumi.StringInput{
		"TRUSTED_PROXIES":             proxies,
		"SLIPWAY_VERSION":             pulumi.String(t.Version),
		"SLIPWAY_SLOT":                pulumi.String(string(t.Slot)),
		"OTEL_EXPORTER_OTLP_ENDPOINT": pulumi.String(telemetry),
	}
	if _, cache := a.Secrets["CACHE_URL"]; cache && a.Env["CACHE_CA"] != nil {
		env["CACHE_VERIFY"] = pulumi.String("ca")
	}
	maps.Copy(env, a.Env)
	return env
}

// collector runs beside the app.
func (d deployment) sidecar() container {
	return container{name: collectorContainer, image: d.collector, cpu: collectorCPU, memory: collectorMemory,
		env: map[string]pulumi.StringInput{"GOMEMLIMIT": pulumi.String("200MiB")}}
}

// app is the app's own container in a track.
func (p *Platform) app(d deployment, t components.Track) container {
	return container{name: appContainer, image: t.Image, env: p.appEnvironment(d.args, t), secrets: d.args.Secrets,
		cpu: strconv.FormatFloat(d.args.CPU, 'f', -1, 64), memory: d.args.MemoryMiB}
}

// serviceEnvironment is a container's environment in the words of a service.
func (c container) serviceEnvironment() cloudrunv2.ServiceTemplateContainerEnvArray {
	out := cloudrunv2.ServiceTemplateContainerEnvArray{}
	for _, v := range c.variables() {
		one := cloudrunv2.ServiceTemplateContainerEnvArgs{Name: pulumi.String(v.name)}
		if v.value != nil {
			one.Value = v.value.ToStringOutput()
		} else {
			one.ValueSource = cloudrunv2.ServiceTemplateContainerEnvValueSourceArgs{
				SecretKeyRef: cloudrunv2.ServiceTemplateContainerEnvValueSourceSecretKeyRefArgs{Secret: v.secret, Version: v.version},
			}
		}
		out = append(out, one)
	}
	return out
}

// jobEnvironment is a container's environment in the words of a job.
func (c container) jobEnvironment() cloudrunv2.JobTemplateTemplateContainerEnvArray {
	out := cloudrunv2.JobTemplateTemplateContainerEnvArray{}
	for _, v := range c.variables() {
		one := cloudrunv2.JobTemplateTemplateContainerEnvArgs{Name: pulumi.String(v.name)}
		if v.value != nil {
			one.Value = v.value.ToStringOutput()
		} else {
			one.ValueSource = cloudrunv2.JobTemplateTemplateContainerEnvValueSourceArgs{
				SecretKeyRef: cloudrunv2.JobTemplateTemplateContainerEnvValueSourceSecretKeyRefArgs{Secret: v.secret, Version: v.version},
			}
		}
		out = append(out, one)
	}
	return out
}

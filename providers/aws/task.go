package aws

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

const (
	// appUser runs the app and the init steps: "nonroot" of the distroless images, which most small images use too.
	appUser = "65532:65532"
	// collectorUser is the user "aoc" of the collector's image.
	collectorUser = "4317:4317"
	// The collector's part of the task, in MiB and in 1024ths of a core; the app has the rest.
	collectorMemory, collectorCPU = 128, 32
	// collectorAtRest is what of it the collector takes when there is little to do, in MiB.
	collectorAtRest = 48
	// smallestMemory is what Fargate begins with, in MiB.
	// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html#fargate-tasks-size
	smallestMemory = 512
	// temporary is the size of /tmp in MiB, as on the local stack. It counts as memory of the container.
	temporary = 16
	// telemetry is where the collector listens.
	telemetry = "http://127.0.0.1:4318"
)

// The names of containers that every task has. AppContainer is the app, CollectorContainer what hands its traces and metrics on, and may
// fail without it.
const (
	AppContainer       = "app"
	CollectorContainer = "otel-collector"

	migrateContainer = "migrate"
)

// definition is a container definition in AWS's own terms. What is empty is left out.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
type definition struct {
	Name         string        `json:"name"`
	Image        string        `json:"image"`
	Essential    bool          `json:"essential"`
	Command      []string      `json:"command,omitempty"`
	CPU          int           `json:"cpu,omitempty"`
	Memory       int           `json:"memory,omitempty"` // hard limit, in MiB
	User         string        `json:"user"`
	ReadOnlyRoot bool          `json:"readonlyRootFilesystem"`
	Ports        []portMapping `json:"portMappings,omitempty"`
	Environment  []variable    `json:"environment,omitempty"`
	Secrets      []secretLink  `json:"secrets,omitempty"`
	DependsOn    []dependency  `json:"dependsOn,omitempty"`
	StopTimeout  int           `json:"stopTimeout,omitempty"` // in seconds
	Restart      *restart      `json:"restartPolicy,omitempty"`
	Linux        linux         `json:"linuxParameters"`
	Log          logging       `json:"logConfiguration"`
}

type (
	portMapping struct {
		ContainerPort int    `json:"containerPort"`
		HostPort      int    `json:"hostPort"`
		Protocol      string `json:"protocol"`
	}
	variable struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	secretLink struct {
		Name      string `json:"name"`
		ValueFrom string `json:"valueFrom"`
	}
	dependency struct {
		Container string `json:"containerName"`
		Condition string `json:"condition"`
	}
	restart struct {
		Enabled bool `json:"enabled"`
		Period  int  `json:"restartAttemptPeriod"` // in seconds: the least time between two restarts
	}
	linux struct {
		Capabilities struct {
			Add  []string `json:"add"` // written even when it is empty; see hardened
			Drop []string `json:"drop"`
		} `json:"capabilities"`
		Init  bool    `json:"initProcessEnabled"`
		Tmpfs []tmpfs `json:"tmpfs,omitempty"`
	}
	tmpfs struct {
		Path    string   `json:"containerPath"`
		Size    int      `json:"size"` // in MiB
		Options []string `json:"mountOptions"`
	}
	logging struct {
		Driver  string            `json:"logDriver"`
		Options map[string]string `json:"options"`
	}
)

// container is a definition with values that may not be known yet.
type container struct {
	definition
	image   components.ImageRef
	env     map[string]pulumi.StringInput
	secrets map[string]components.SecretRef
}

// hardened is what every container has: a user other than root, a root file system that cannot be written, no capability of the
// kernel, a process 1 that ends orphans, and logs. Logs are written in the background: an app must not stand still because
// CloudWatch does, and what does not fit into 4 MiB of waiting lines is dropped.
//
// That no capability is added is said aloud: ECS gives back an empty list, and the provider, which does not take that for the same
// as none, would make a new revision and deploy it at every update.
//
// /tmp can be written and lies in memory. It is no volume: on Fargate those belong to root with mode 0755, and there is no way to
// say otherwise but in the image.
//   - https://docs.aws.amazon.com/AmazonECS/latest/developerguide/security-tasks-containers.html
//   - https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html
//   - https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Tmpfs.html
//   - https://aws.amazon.com/about-aws/whats-new/2026/01/amazon-ecs-tmpfs-mounts-aws-fargate-managed-instances/
//   - https://docs.aws.amazon.com/AmazonECS/latest/developerguide/bind-mounts.html
//   - https://github.com/terraform-aws-modules/terraform-aws-ecs/pull/176
func (p *Platform) hardened(t components.Track, name, user string, image components.ImageRef) container {
	c := container{image: image, definition: definition{Name: name, User: user, ReadOnlyRoot: true}}
	c.Linux.Capabilities.Add, c.Linux.Capabilities.Drop, c.Linux.Init = []string{}, []string{"ALL"}, true
	c.Linux.Tmpfs = []tmpfs{{Path: "/tmp", Size: temporary, Options: []string{"rw", "noexec", "nosuid", "nodev"}}}
	c.Log = logging{Driver: "awslogs", Options: map[string]string{
		"awslogs-region": p.settings.Region, "awslogs-stream-prefix": string(t.Slot), "mode": "non-blocking", "max-buffer-size": "4m",
	}}
	return c
}

// containers are those of a slot's task, in the order in which they start: the collector, the init steps one after the other, the
// migration, the app. Whoever comes next waits until the one before has ended with exit code 0, so a task whose migration fails
// never serves, and ECS starts no more of them. They end in the opposite order, so the collector gets the app's last spans.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDependency.html
func (p *Platform) containers(d deployment, t components.Track) []container {
	a := d.args
	all := []container{p.collector(d, t)}
	wait := []dependency{{CollectorContainer, "START"}}
	add := func(c container) {
		c.DependsOn = wait
		all, wait = append(all, c), []dependency{{CollectorContainer, "START"}, {c.Name, "SUCCESS"}}
	}
	for _, s := range a.Init {
		step := p.hardened(t, s.Name, appUser, s.Image)
		step.Command, step.env, step.secrets = s.Command, s.Env, s.Secrets
		add(step)
	}
	app := p.hardened(t, AppContainer, appUser, t.Image)
	app.env, app.secrets = p.appEnvironment(a, t), a.Secrets
	if len(a.Migrate) > 0 {
		migrate := app
		migrate.Name, migrate.Command = migrateContainer, a.Migrate
		add(migrate)
	}
	app.Essential, app.StopTimeout = true, p.settings.DrainSeconds
	app.Memory, app.CPU = appMemory(a), cpuUnits(a.CPU)-collectorCPU
	app.Ports = []portMapping{{ContainerPort: a.Port, HostPort: a.Port, Protocol: "tcp"}}
	add(app)
	return all
}

// collector runs beside the app and may fail without it: ECS starts it again.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/container-restart-policy.html
func (p *Platform) collector(d deployment, t components.Track) container {
	c := p.hardened(t, CollectorContainer, collectorUser, d.collector)
	c.Memory, c.CPU, c.StopTimeout, c.Restart = collectorMemory, collectorCPU, 10, &restart{Enabled: true, Period: 60}
	c.env = map[string]pulumi.StringInput{
		"AWS_REGION": pulumi.String(p.settings.Region), "GOMEMLIMIT": pulumi.String("96MiB"), "SLIPWAY_SLOT": pulumi.String(string(t.Slot)),
		"METRICS_NAMESPACE": pulumi.String(p.path("app")), "METRICS_LOG_GROUP": d.metrics.Name,
	}
	return c
}

// appEnvironment is the app contract (docs/app-contract.md) with the app's own variables. What is empty is left out: the roots of
// certificates that a public authority has signed are in every system's store.
func (p *Platform) appEnvironment(a components.ServiceArgs, t components.Track) map[string]pulumi.StringInput {
	env := map[string]pulumi.StringInput{
		"PORT":                        pulumi.String(strconv.Itoa(a.Port)),
		"TRUSTED_PROXIES":             pulumi.String(p.network.cidr),
		"SLIPWAY_VERSION":             pulumi.String(t.Version),
		"SLIPWAY_SLOT":                pulumi.String(string(t.Slot)),
		"OTEL_EXPORTER_OTLP_ENDPOINT": pulumi.String(telemetry),
	}
	maps.Copy(env, a.Env)
	for name := range a.Secrets {
		delete(env, name) // ECS refuses a name that is given twice
	}
	return env
}

// definitions writes containers as the JSON of a task definition.
func definitions(logs pulumi.StringOutput, all []container) pulumi.StringOutput {
	values := []any{logs}
	for _, c := range all {
		env, secrets := pulumi.StringMap{}, pulumi.StringMap{}
		maps.Copy(env, c.env)
		for name, ref := range c.secrets {
			secrets[name] = ref.StringOutput
		}
		values = append(values, c.image.StringOutput, env, secrets)
	}
	return pulumi.All(values...).ApplyT(func(v []any) (string, error) {
		var out []definition
		for i, c := range all {
			secrets := v[3+3*i].(map[string]string)
			for name, ref := range secrets {
				if ref == "" {
					return "", fmt.Errorf("writing container definitions: secret %s of %s has no reference", name, c.Name)
				}
			}
			out = append(out, c.known(v[0].(string), v[1+3*i].(string), v[2+3*i].(map[string]string), secrets))
		}
		text, err := json.Marshal(out)
		if err != nil {
			return "", fmt.Errorf("writing container definitions: %w", err)
		}
		return string(text), nil
	}).(pulumi.StringOutput)
}

// known is the definition with its values, in an order that is always the same.
func (c container) known(logs, image string, env, secrets map[string]string) definition {
	d := c.definition
	d.Image = image
	for _, name := range slices.Sorted(maps.Keys(env)) {
		if env[name] != "" {
			d.Environment = append(d.Environment, variable{name, env[name]})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(secrets)) {
		d.Secrets = append(d.Secrets, secretLink{name, secrets[name]})
	}
	d.Log.Options = maps.Clone(d.Log.Options)
	d.Log.Options["awslogs-group"] = logs
	return d
}

// appMemory is the limit of the app's container, in MiB.
func appMemory(a components.ServiceArgs) int { return a.MemoryMiB - collectorMemory }

// cpuUnits are 1024ths of a core.
func cpuUnits(cores float64) int { return int(cores*1024 + 0.5) }

package docker

import (
	"fmt"
	"net/url"
	"strconv"

	"github.com/pulumi/pulumi-docker/sdk/v4/go/docker"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// What the service's Scope holds, for the drivers of this package.
const (
	scopeBlue   = "blue"  // host name of those of the blue slot's instances that are to take its traffic
	scopeGreen  = "green" // of the green slot's
	scopePort   = "port"
	scopeReady  = "ready"
	scopeMax    = "max"    // most instances of a slot
	scopeCPU    = "cpu"    // limit of one instance, in cores
	scopeMemory = "memory" // limit of one instance, in bytes
)

// privateRanges are the address pools that Docker takes networks from. Only this stack's containers can reach the app, and the
// front door replaces whatever forwarding headers a client sends.
// https://docs.docker.com/engine/network/#automatic-subnet-allocation
const privateRanges = "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16"

// appUser runs the app and the init steps: "nonroot" of the distroless images, which most small images use too.
const appUser = "65532:65532"

// slotHost stands for a slot. A name that can't exist outside: Docker asks the host's resolvers for an alias that no container has at
// the moment. No instance has this one: what takes the slot's traffic are those with the host name of their track (trackHost), which the
// proxy is told when all of them are ready. So an instance that is not ready, or becomes it when its update has failed long since, takes
// none, however the update ends.
func slotHost(s components.Slot) string { return string(s) + ".slipway.internal" }

// replicasHost is the network alias of all instances of a slot, by which they are counted and their metrics read.
func replicasHost(s components.Slot) string { return "replicas." + slotHost(s) }

// trackHost is the network alias of the instances of one track: of one version with one environment.
func trackHost(s components.Slot, id pulumi.StringInput) pulumi.StringOutput {
	return pulumi.Sprintf("%s-%s.slipway.internal", s, id)
}

// RunService runs the init steps and each track's migrations as containers that end, then the track's instances. An instance's container
// has an id in its name that changes with its template: a new version starts beside the old one, is waited for until it is ready, and only
// then takes traffic (OpenEdge), and only then is the old one stopped.
func (p *Platform) RunService(ctx *pulumi.Context, name string, a components.ServiceArgs, opts ...pulumi.ResourceOption) (components.ServiceState, error) {
	if a.MaxReplicas != a.MinReplicas {
		return components.ServiceState{}, components.Unsupported("docker", "app.replicas.max", "there is no autoscaling on one host; set it to app.replicas.min")
	}
	if err := claim(&p.service, "service", name); err != nil {
		return components.ServiceState{}, err
	}
	ready, err := p.prepare(ctx, name, a, opts)
	if err != nil {
		return components.ServiceState{}, err
	}
	hosts, running := map[components.Slot]pulumi.StringOutput{}, map[components.Slot]pulumi.StringOutput{}
	for _, slot := range []components.Slot{components.Blue, components.Green} {
		hosts[slot] = pulumi.String(slotHost(slot)).ToStringOutput()
	}
	var waited []any
	for _, t := range a.Tracks {
		migrated, err := p.migrate(ctx, name, a, t, ready, opts)
		if err != nil {
			return components.ServiceState{}, err
		}
		// The image is known only when the preparations have succeeded, so no instance starts before.
		image := pulumi.All(t.Image, migrated).ApplyT(func(v []any) string { return v[0].(string) }).(pulumi.StringOutput)
		made, err := p.runTrack(ctx, name, a, t, image, opts)
		if err != nil {
			return components.ServiceState{}, err
		}
		hosts[t.Slot], running[t.Slot], waited = made.host, made.running, append(waited, made.ready)
	}
	return components.ServiceState{Ready: pulumi.All(waited...), Running: running, Scope: components.Scope{
		scopeBlue:   hosts[components.Blue],
		scopeGreen:  hosts[components.Green],
		scopePort:   pulumi.String(strconv.Itoa(a.Port)).ToStringOutput(),
		scopeReady:  pulumi.String(a.ReadyPath).ToStringOutput(),
		scopeMax:    pulumi.String(strconv.Itoa(a.MaxReplicas)).ToStringOutput(),
		scopeCPU:    pulumi.String(cores(a.CPU)).ToStringOutput(),
		scopeMemory: pulumi.String(strconv.Itoa(a.MemoryMiB << 20)).ToStringOutput(),
	}}, nil
}

// track is what runTrack has made.
type track struct {
	host    pulumi.StringOutput // of all instances
	running pulumi.StringOutput // the version that they have, and another one's where one has that
	ready   pulumi.StringOutput // known when all are
}

// runTrack runs the instances of a track.
func (p *Platform) runTrack(ctx *pulumi.Context, name string, a components.ServiceArgs, t components.Track, image pulumi.StringInput, opts []pulumi.ResourceOption) (out track, err error) {
	prefix := fmt.Sprintf("%s-%s", name, t.Slot)
	replica := container{
		name: prefix, component: "service", image: image, user: appUser,
		env: p.appEnvironment(a, t), aliases: []string{replicasHost(t.Slot)}, memoryMiB: a.MemoryMiB, cpus: a.CPU,
		labels: map[string]string{LabelSlot: string(t.Slot), LabelVersion: t.Version},
		tmpfs:  map[string]string{"/tmp": "rw,noexec,nosuid,nodev,size=16m,mode=1777"},
		signal: "SIGTERM", grace: p.settings.DrainSeconds, unique: true,
	}
	if replica.id, err = p.uniqueID(ctx, prefix, p.template(p.containerArgs(replica, pulumi.StringOutput{})), opts); err != nil {
		return out, err
	}
	out.host = trackHost(t.Slot, replica.id)
	replica.track = out.host
	var targets pulumi.StringArray
	var labels []any
	for i := 1; i <= a.MinReplicas; i++ {
		replica.name = fmt.Sprintf("%s-%d", prefix, i)
		made, err := p.runContainer(ctx, replica, opts...)
		if err != nil {
			return out, err
		}
		labels = append(labels, made.Labels)
		targets = append(targets, pulumi.Sprintf("%s:%d", made.Name, a.Port))
	}
	out.running = pulumi.All(labels...).ApplyT(func(all []any) string {
		for _, one := range all {
			for _, l := range one.([]docker.ContainerLabel) {
				if l.Label == LabelVersion && l.Value != t.Version {
					return l.Value
				}
			}
		}
		return t.Version
	}).(pulumi.StringOutput)
	out.ready, err = p.awaitReady(ctx, name, a, t, targets, opts)
	return out, err
}

// awaitReady waits, in a container that ends, until every instance of a track answers its readiness path. The output fails
// otherwise, and with it the update, before Pulumi deletes the instances of the version before. The app's image needs nothing for it.
func (p *Platform) awaitReady(ctx *pulumi.Context, name string, a components.ServiceArgs, t components.Track, targets pulumi.StringArray, opts []pulumi.ResourceOption) (pulumi.StringOutput, error) {
	image, err := p.platformImage(ctx, "haproxy")
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	step := fmt.Sprintf("%s-%s-ready", name, t.Slot)
	run, err := p.runContainer(ctx, container{
		name: step, component: "service", image: image, user: proxyUser, entrypoint: []string{"/slipway/await"},
		arguments: append(pulumi.StringArray{pulumi.String(a.ReadyPath)}, targets...), memoryMiB: 64, cpus: 0.5, once: true,
		env: map[string]pulumi.StringInput{"AWAIT_SECONDS": pulumi.String(strconv.Itoa(p.settings.ReadySeconds))},
	}, opts...)
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	return succeeded(step, noTraffic, run), nil
}

// prepare runs the init steps in order. The output is known when all have ended with exit code 0, and fails with the step's last
// words otherwise.
func (p *Platform) prepare(ctx *pulumi.Context, name string, a components.ServiceArgs, opts []pulumi.ResourceOption) (pulumi.StringOutput, error) {
	done := pulumi.String("").ToStringOutput()
	for _, s := range a.Init {
		c := stepContainer(name, s, s.Env)
		if err := p.secretFiles(ctx, &c, s.Secrets, opts); err != nil {
			return done, err
		}
		var err error
		if done, err = p.runStep(ctx, s, c, done, opts); err != nil {
			return done, err
		}
	}
	return done, nil
}

// migrate runs the migrations of a track with its own image, after the init steps. Each slot has a container of its own for that: with
// one for both, the instances that serve would hang on what runs for the candidate.
func (p *Platform) migrate(ctx *pulumi.Context, name string, a components.ServiceArgs, t components.Track, before pulumi.StringOutput, opts []pulumi.ResourceOption) (pulumi.StringOutput, error) {
	if len(a.Migrate) == 0 {
		return before, nil
	}
	s := components.InitStep{Name: string(t.Slot) + "-migrate", Image: t.Image, Command: a.Migrate}
	return p.runStep(ctx, s, stepContainer(name, s, p.appEnvironment(a, t)), before, opts)
}

func stepContainer(service string, s components.InitStep, env map[string]pulumi.StringInput) container {
	c := container{name: service + "-" + s.Name, component: "service", user: appUser, command: s.Command, memoryMiB: 256, cpus: 0.5, once: true, unique: true, env: map[string]pulumi.StringInput{}}
	for k, v := range env {
		c.env[k] = v
	}
	return c
}

// secretFiles gives a step its secrets as files, named by NAME_FILE: unlike the app, Slipway's own steps read them so, and a
// superuser's password then shows in no environment.
func (p *Platform) secretFiles(ctx *pulumi.Context, c *container, secrets map[string]components.SecretRef, opts []pulumi.ResourceOption) error {
	if len(secrets) == 0 {
		return nil
	}
	volume, err := p.volume(ctx, c.name+"-secrets", c.component, false, opts)
	if err != nil {
		return err
	}
	c.mounts, c.files = []docker.ContainerMountInput{mount(volume, "/secrets")}, map[string]pulumi.StringInput{}
	for k, v := range secrets {
		c.env[k+"_FILE"], c.files["/secrets/"+k] = pulumi.String("/secrets/"+k), v.StringOutput
	}
	return nil
}

// runStep runs one step after those before it. The image is known only when they have succeeded, so it cannot start earlier.
func (p *Platform) runStep(ctx *pulumi.Context, s components.InitStep, c container, before pulumi.StringOutput, opts []pulumi.ResourceOption) (pulumi.StringOutput, error) {
	c.image = pulumi.All(s.Image, before).ApplyT(func(v []any) string { return v[0].(string) }).(pulumi.StringOutput)
	run, err := p.runContainer(ctx, c, opts...)
	if err != nil {
		return before, err
	}
	return succeeded(s.Name, noTraffic, run), nil
}

// noTraffic is what follows from an init step or a readiness that failed.
const noTraffic = "so this version takes no traffic; the one before, if there is one, goes on serving"

// succeeded asserts that a container that runs once has ended well. The provider ignores its exit code.
func succeeded(step, consequence string, run *docker.Container) pulumi.StringOutput {
	return pulumi.All(run.ExitCode, run.ContainerLogs, run.Name).ApplyT(func(v []any) (string, error) {
		code, _ := v[0].(int)
		if code == 0 {
			return "", nil
		}
		logs, _ := v[1].(string)
		return "", fmt.Errorf("%s ended with exit code %d, %s. The next `go run . up` runs it again (with plain Pulumi: remove the container, then pulumi refresh). Last words:\n%s", step, code, consequence, tail(logs, 2000))
	}).(pulumi.StringOutput)
}

func tail(s string, most int) string {
	switch {
	case s == "":
		return "(none)"
	case len(s) > most:
		return "… " + s[len(s)-most:]
	default:
		return s
	}
}

// appEnvironment is the app contract (docs/app-contract.md) with the app's own variables.
func (p *Platform) appEnvironment(a components.ServiceArgs, t components.Track) map[string]pulumi.StringInput {
	env := map[string]pulumi.StringInput{
		"PORT":            pulumi.String(strconv.Itoa(a.Port)),
		"TRUSTED_PROXIES": pulumi.String(privateRanges),
		"SLIPWAY_VERSION": pulumi.String(t.Version),
		"SLIPWAY_SLOT":    pulumi.String(string(t.Slot)),
	}
	for k, v := range a.Env {
		env[k] = v
	}
	for k, v := range a.Secrets {
		env[k] = v.StringOutput
	}
	return env
}

// connectionURL writes a URL with the password escaped. It is a secret output because the password is.
func connectionURL(scheme, user string, password pulumi.StringOutput, hostPort, path string, query url.Values) pulumi.StringOutput {
	return password.ApplyT(func(secret string) string {
		u := url.URL{Scheme: scheme, User: url.UserPassword(user, secret), Host: hostPort, Path: path, RawQuery: query.Encode()}
		return u.String()
	}).(pulumi.StringOutput)
}

package docker

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi-docker/sdk/v4/go/docker"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// container is what differs between the stack's containers; the hardening below is the same for all.
type container struct {
	name       string // resource name; the container is called <project>-<stack>-<name>
	component  string
	image      pulumi.StringInput
	user       string
	entrypoint []string           // replaces the image's
	command    []string           // replaces the image's
	arguments  pulumi.StringArray // likewise, where it is known only later
	env        map[string]pulumi.StringInput
	aliases    []string
	track      pulumi.StringInput // one more alias
	memoryMiB  int
	cpus       float64
	mounts     []docker.ContainerMountInput
	tmpfs      map[string]string
	files      map[string]pulumi.StringInput // absolute path, inside a mounted volume → content
	ports      map[int]int                   // loopback port of this host → port of the container
	labels     map[string]string
	health     []string // command; without one the image's own check counts, and the creation does not wait
	signal     string
	grace      int // seconds between the stop signal and SIGKILL

	// unique puts an id into the name that changes with the template, so that the next version starts beside this one. Whatever
	// the app's instances depend on must be unique: Pulumi deletes what depends on a resource before it deletes that resource for
	// its replacement, so one fixed name among their preparations would take the serving instances away first.
	unique bool
	// id is that id, where several containers have the same. Default: one of its own.
	id pulumi.StringInput
	// once is a container that runs to its end; its exit code must be asserted.
	once bool
}

// runContainer creates a hardened container: no root, a read-only root file system, no capabilities, no new privileges, limits on
// memory (no swap) and CPU, rotated logs, a health check that the creation waits for, and a restart policy.
// https://docs.docker.com/engine/containers/run/ and https://www.pulumi.com/registry/packages/docker/api-docs/container/
func (p *Platform) runContainer(ctx *pulumi.Context, c container, opts ...pulumi.ResourceOption) (*docker.Container, error) {
	files, err := p.loadFiles(ctx, c, opts)
	if err != nil {
		return nil, err
	}
	args := p.containerArgs(c, files)
	more := []pulumi.ResourceOption{pulumi.DeleteBeforeReplace(true)} // one name, one volume, one port: old and new can't both be
	if c.unique {
		id := c.id
		if id == nil {
			if id, err = p.uniqueID(ctx, c.name, p.template(args), opts); err != nil {
				return nil, err
			}
		}
		// Said aloud, because the provider's own default is the other way round.
		args.Name, more = p.uniqueName(c.name, id), []pulumi.ResourceOption{pulumi.DeleteBeforeReplace(false)}
	}
	made, err := docker.NewContainer(ctx, c.name, args, p.engineOpts(opts, more...)...)
	if err != nil {
		return nil, fmt.Errorf("creating container %s: %w", c.name, err)
	}
	return made, nil
}

// containerArgs are a container's arguments; files is the hash of its files.
func (p *Platform) containerArgs(c container, files pulumi.StringOutput) *docker.ContainerArgs {
	aliases := pulumi.ToStringArray(c.aliases)
	if c.track != nil {
		aliases = append(aliases, c.track)
	}
	args := &docker.ContainerArgs{
		Name:         pulumi.String(p.containerName(c.name, 0)),
		Image:        c.image,
		User:         pulumi.String(c.user),
		Envs:         environment(c.env),
		ReadOnly:     pulumi.Bool(true),
		Capabilities: docker.ContainerCapabilitiesArgs{Drops: pulumi.StringArray{pulumi.String("ALL")}},
		SecurityOpts: pulumi.StringArray{pulumi.String("no-new-privileges:true")},
		Memory:       pulumi.Int(c.memoryMiB),
		MemorySwap:   pulumi.Int(c.memoryMiB),
		Cpus:         pulumi.String(cores(c.cpus)),
		LogDriver:    pulumi.String("json-file"),
		LogOpts:      pulumi.StringMap{"max-size": pulumi.String("10m"), "max-file": pulumi.String("3")},
		NetworkMode:  pulumi.String("bridge"),
		Mounts:       docker.ContainerMountArray(c.mounts),
		Ports:        ports(c.ports),
		Labels:       p.labels(c, files),
		MustRun:      pulumi.Bool(!c.once),
		Attach:       pulumi.Bool(c.once),
		Logs:         pulumi.Bool(c.once),
		Restart:      pulumi.String("unless-stopped"),
		NetworksAdvanced: docker.ContainerNetworksAdvancedArray{docker.ContainerNetworksAdvancedArgs{
			Name: p.network.Name, Aliases: aliases,
		}},
	}
	if c.command != nil {
		args.Command = pulumi.ToStringArray(c.command)
	}
	if c.arguments != nil {
		args.Command = c.arguments
	}
	if c.entrypoint != nil {
		args.Entrypoints = pulumi.ToStringArray(c.entrypoint)
	}
	if c.tmpfs != nil {
		args.Tmpfs = pulumi.ToStringMap(c.tmpfs)
	}
	if c.signal != "" {
		args.StopSignal = pulumi.String(c.signal)
	}
	if c.once {
		args.Restart = pulumi.String("no")
	} else {
		// Unset means SIGKILL at once: nothing would be drained.
		args.DestroyGraceSeconds = pulumi.Int(c.grace)
		args.StopTimeout = pulumi.Int(c.grace)
	}
	if len(c.health) > 0 {
		args.Wait = pulumi.Bool(true)
		args.WaitTimeout = pulumi.Int(120)
		args.Healthcheck = docker.ContainerHealthcheckArgs{
			Tests:       pulumi.ToStringArray(append([]string{"CMD", "/bin/sh", "-c", unhurried, "health"}, c.health...)),
			Interval:    pulumi.String("3s"),
			Timeout:     pulumi.String("20s"),
			Retries:     pulumi.Int(3),
			StartPeriod: pulumi.String("30s"),
		}
	}
	return args
}

// template is everything whose change replaces a container: with the name of the old one the new one could not start.
func (p *Platform) template(a *docker.ContainerArgs) pulumi.ArrayOutput {
	return pulumi.All(a.Image, a.Envs, a.Labels, a.Command, a.Entrypoints, a.User, a.Mounts, a.Tmpfs, a.Memory, a.Cpus, a.Capabilities, a.SecurityOpts,
		a.LogOpts, a.Restart, a.StopSignal, a.StopTimeout, a.DestroyGraceSeconds, a.Healthcheck, a.NetworksAdvanced)
}

// unhurried runs a health check, its arguments, but waits first in a container that has run for half a minute. Before version 25, Docker
// checks all the time as often as at the start, when the creation waits for it: each check starts processes, and those of a stack at rest
// would take most of what it takes of the processor. Field 22 of /proc/1/stat is the start, in hundredths of a second since boot.
// https://docs.docker.com/reference/dockerfile/#healthcheck and https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
const unhurried = `read -r up _ </proc/uptime && stat=$(cat /proc/1/stat) || exit 1
from=${stat##*) }; set -- "$(echo "$from" | cut -d " " -f 20)" "$@"
[ $((${up%.*} - $1 / 100)) -lt 30 ] || sleep 12
shift; exec "$@"`

// cores writes a CPU limit the way the provider reads it back, with a decimal point: "2" would differ from "2.0" at every update
// and replace the container.
func cores(n float64) string {
	s := strconv.FormatFloat(n, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

func environment(env map[string]pulumi.StringInput) pulumi.StringArray {
	var out pulumi.StringArray
	for _, k := range sortedKeys(env) {
		out = append(out, pulumi.Sprintf("%s=%s", k, env[k]))
	}
	return out
}

// loadFiles puts c.files into the volumes that c mounts, by way of a container that is created and never started: Docker copies
// nothing into a container with a read-only root file system, not even to a volume, and environment variables would show
// secrets to everyone who can inspect the container. It returns a hash of the files, by which a change of them replaces the
// container that reads them. Files are readable by every user of the container because Docker writes them as root; what reaches
// them is that container and root on this host.
func (p *Platform) loadFiles(ctx *pulumi.Context, c container, opts []pulumi.ResourceOption) (pulumi.StringOutput, error) {
	if len(c.files) == 0 {
		return pulumi.StringOutput{}, nil
	}
	name := c.name + "-files"
	var uploads docker.ContainerUploadArray
	var contents []any
	for _, path := range sortedKeys(c.files) {
		content := c.files[path].ToStringOutput()
		uploads = append(uploads, docker.ContainerUploadArgs{File: pulumi.String(path), Content: content.ToStringPtrOutput(), Permissions: pulumi.String("0444")})
		contents = append(contents, content)
	}
	args := &docker.ContainerArgs{
		Name:        pulumi.String(p.containerName(name, 0)),
		Image:       c.image,
		Start:       pulumi.Bool(false),
		MustRun:     pulumi.Bool(false),
		NetworkMode: pulumi.String("none"),
		Mounts:      docker.ContainerMountArray(c.mounts),
		Uploads:     uploads,
		Labels:      p.labels(container{component: c.component}, pulumi.StringOutput{}),
	}
	more := []pulumi.ResourceOption{pulumi.DeleteBeforeReplace(true)}
	if c.unique {
		id, err := p.uniqueID(ctx, name, pulumi.All(args.Image, p.hashOf(contents)), opts)
		if err != nil {
			return pulumi.StringOutput{}, err
		}
		args.Name, more = p.uniqueName(name, id), []pulumi.ResourceOption{pulumi.DeleteBeforeReplace(false)}
	}
	loader, err := docker.NewContainer(ctx, name, args, p.engineOpts(opts, more...)...)
	if err != nil {
		return pulumi.StringOutput{}, fmt.Errorf("loading the files of container %s: %w", c.name, err)
	}
	return pulumi.All(p.hashOf(contents), loader.ID()).ApplyT(func(v []any) string { return v[0].(string) }).(pulumi.StringOutput), nil
}

// hashOf is a public fingerprint of contents that may be secret. It is keyed: without the key, which is a secret of the stack, not
// even a weak password can be found by trying.
func (p *Platform) hashOf(contents []any) pulumi.StringOutput {
	hash := pulumi.All(append([]any{p.fingerprint}, contents...)...).ApplyT(func(parts []any) string {
		sum := hmac.New(sha256.New, []byte(parts[0].(string)))
		for _, part := range parts[1:] {
			fmt.Fprintf(sum, "%d:%s", len(part.(string)), part)
		}
		return hex.EncodeToString(sum.Sum(nil)[:8])
	}).(pulumi.StringOutput)
	return pulumi.Unsecret(hash).(pulumi.StringOutput)
}

func ports(ports map[int]int) docker.ContainerPortArray {
	var out docker.ContainerPortArray
	for _, host := range sortedKeys(ports) {
		out = append(out, docker.ContainerPortArgs{Ip: pulumi.String("127.0.0.1"), External: pulumi.Int(host), Internal: pulumi.Int(ports[host])})
	}
	return out
}

func (p *Platform) labels(c container, files pulumi.StringOutput) docker.ContainerLabelArray {
	all := map[string]pulumi.StringInput{LabelStack: pulumi.String(p.stack), LabelComponent: pulumi.String(c.component)}
	for k, v := range c.labels {
		all[k] = pulumi.String(v)
	}
	if len(c.files) > 0 {
		all[LabelFiles] = files
	}
	var out docker.ContainerLabelArray
	for _, k := range sortedKeys(all) {
		out = append(out, docker.ContainerLabelArgs{Label: pulumi.String(k), Value: all[k]})
	}
	return out
}

func mount(v *docker.Volume, target string) docker.ContainerMountInput {
	return docker.ContainerMountArgs{Type: pulumi.String("volume"), Source: v.Name, Target: pulumi.String(target)}
}

func sortedKeys[K int | string, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

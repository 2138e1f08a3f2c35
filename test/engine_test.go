package e2e

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/slipway-iac/slipway/providers/docker"
)

// container is the part of `docker inspect` that is asserted.
type container struct {
	ID    string `json:"Id"`
	Name  string
	Image string
	State struct {
		Status   string
		Running  bool
		ExitCode int
		Health   *struct{ Status string }
	}
	RestartCount int
	Config       struct {
		User        string
		Labels      map[string]string
		Env         []string
		Healthcheck *struct{ Test []string }
	}
	HostConfig struct {
		ReadonlyRootfs bool
		Privileged     bool
		CapDrop        []string
		CapAdd         []string
		SecurityOpt    []string
		Memory         int64
		MemorySwap     int64
		NanoCpus       int64
		CPUQuota       int64 `json:"CpuQuota"`
		CPUPeriod      int64 `json:"CpuPeriod"`
		RestartPolicy  struct{ Name string }
		LogConfig      struct {
			Type   string
			Config map[string]string
		}
		PortBindings map[string][]struct {
			HostIP   string `json:"HostIp"`
			HostPort string
		}
		NetworkMode string
		Binds       []string
	}

	raw string // all that inspect prints of it
}

func (c container) name() string { return strings.TrimPrefix(c.Name, "/") }

// plainName is the name without the id that changes with what the container is made from.
func (c container) plainName() string { return changingEnd.ReplaceAllString(c.name(), "") }
func (c container) component() string { return c.Config.Labels[docker.LabelComponent] }
func (c container) replica() bool     { return c.Config.Labels[docker.LabelSlot] != "" }
func (c container) healthy() bool     { return c.State.Health != nil && c.State.Health.Status == "healthy" }

var changingEnd = regexp.MustCompile(`-[0-9a-f]{6}$`)

// requireEngine fails where the tests can't run: there is no skipping them but -short.
func requireEngine(t *testing.T) {
	t.Helper()
	if out, err := exec.Command("docker", "version", "--format", "{{.Server.Version}}").CombinedOutput(); err != nil {
		t.Fatalf("the end-to-end tests need a running Docker Engine (go test -short leaves them out): %v: %s", err, out)
	}
}

func (p *project) label() string { return docker.LabelStack + "=slipway/" + p.stack }

// containers returns all of the stack's containers, ordered by name.
func (p *project) containers(t *testing.T) []container {
	t.Helper()
	var raw []json.RawMessage
	// One that vanishes between the two calls makes inspect fail.
	for left := 5; ; left-- {
		ids := strings.Fields(engine(t, "ps", "--all", "--quiet", "--no-trunc", "--filter", "label="+p.label()))
		if len(ids) == 0 {
			return nil
		}
		text, err := exec.Command("docker", append([]string{"container", "inspect"}, ids...)...).Output()
		if err == nil {
			must(t, json.Unmarshal(text, &raw))
			break
		}
		if left == 0 {
			t.Fatalf("inspecting containers: %v", err)
		}
	}
	var all []container
	for _, text := range raw {
		var c container
		must(t, json.Unmarshal(text, &c))
		c.raw = string(text)
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b container) int { return strings.Compare(a.plainName(), b.plainName()) })
	return all
}

// replicas returns the app's instances.
func (p *project) replicas(t *testing.T) []container {
	t.Helper()
	return slices.DeleteFunc(p.containers(t), func(c container) bool { return !c.replica() })
}

// container returns the one called <project>-<stack>-<name>.
func (p *project) container(t *testing.T, name string) container {
	t.Helper()
	for _, c := range p.containers(t) {
		if c.name() == "slipway-"+p.stack+"-"+name {
			return c
		}
	}
	t.Fatalf("the stack has no container %s", name)
	return container{}
}

// identities maps names to ids, to tell whether anything was replaced.
func (p *project) identities(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, c := range p.containers(t) {
		out[c.name()] = c.ID
	}
	return out
}

// allHealthy waits until the stack is as up leaves it.
func (p *project) allHealthy(t *testing.T, within time.Duration) {
	t.Helper()
	eventually(t, within, func() string {
		var sick []string
		for _, c := range p.containers(t) {
			if c.HostConfig.RestartPolicy.Name == "unless-stopped" && !c.healthy() {
				sick = append(sick, c.name()+" is "+c.State.Status)
			}
		}
		return strings.Join(sick, ", ")
	})
}

// engine calls docker and returns what it prints.
func engine(t *testing.T, args ...string) string {
	t.Helper()
	return capture(t, "", "docker", args...)
}

// containerLogs returns what a container has written to both streams.
func containerLogs(t *testing.T, id string) string {
	t.Helper()
	var out bytes.Buffer
	cmd := exec.Command("docker", "logs", id)
	cmd.Stdout, cmd.Stderr = &out, &out
	must(t, cmd.Run())
	return out.String()
}

// left lists what the engine still has of a stack, by label and by the name of its images.
func left(t *testing.T, stack string) []string {
	t.Helper()
	filter := "label=" + docker.LabelStack + "=slipway/" + stack
	var out []string
	for kind, list := range map[string][]string{
		"container": {"ps", "--all", "--format", "{{.Names}}", "--filter", filter},
		"network":   {"network", "ls", "--format", "{{.Name}}", "--filter", filter},
		"volume":    {"volume", "ls", "--format", "{{.Name}}", "--filter", filter},
		"image":     {"image", "ls", "--format", "{{.Repository}}:{{.Tag}}", "--filter", "reference=slipway-" + stack + "/*"},
	} {
		for _, name := range strings.Fields(engine(t, list...)) {
			out = append(out, kind+" "+name)
		}
	}
	slices.Sort(out)
	return out
}

// sweep removes by force what is left of a stack.
func sweep(t *testing.T, stack string) {
	t.Helper()
	for _, thing := range left(t, stack) {
		kind, name, _ := strings.Cut(thing, " ")
		if kind == "container" {
			_ = exec.Command("docker", "rm", "--force", "--volumes", name).Run()
		}
	}
	for _, thing := range left(t, stack) {
		kind, name, _ := strings.Cut(thing, " ")
		if out, err := exec.Command("docker", kind, "rm", "--force", name).CombinedOutput(); err != nil && kind != "network" {
			t.Logf("removing %s: %v: %s", thing, err, out)
		}
		if kind == "network" {
			_ = exec.Command("docker", "network", "rm", name).Run()
		}
	}
}

// sweepDead removes the stacks of earlier runs of these tests whose process is gone.
func sweepDead(t *testing.T) {
	t.Helper()
	labels := engine(t, "ps", "--all", "--format", `{{.Label "`+docker.LabelStack+`"}}`)
	labels += engine(t, "network", "ls", "--format", `{{.Label "`+docker.LabelStack+`"}}`)
	labels += engine(t, "volume", "ls", "--format", `{{.Label "`+docker.LabelStack+`"}}`)
	for _, stack := range slices.Compact(slices.Sorted(slices.Values(strings.Fields(labels)))) {
		pid, ours := strings.CutPrefix(stack, "slipway/e2e-")
		pid, _, _ = strings.Cut(pid, "-")
		if n, err := strconv.Atoi(pid); ours && err == nil && syscall.Kill(n, 0) != nil {
			t.Logf("removing what a run that was cut off has left: %s", stack)
			sweep(t, strings.TrimPrefix(stack, "slipway/"))
		}
	}
}

package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-iac/slipway/providers/docker"
)

// oneShots run to their end: exit code 0, no restart, no health check.
var oneShots = []string{"links-dbinit", "links-blue-migrate", "links-blue-ready", "edge-weights"}

func (s *suite) kind(c container) string {
	name := strings.TrimPrefix(c.plainName(), "slipway-"+s.stack+"-")
	switch {
	case strings.HasSuffix(name, "-files"):
		return "files"
	case slices.Contains(oneShots, name):
		return "one-shot"
	default:
		return "service"
	}
}

// smallImage looks at the app's image as it was built.
func (s *suite) smallImage(t *testing.T) {
	var image struct {
		Size   int64
		Config struct{ Labels map[string]string }
	}
	must(t, json.Unmarshal([]byte(engine(t, "image", "inspect", "--format", "{{json .}}", s.outputs["image"])), &image))
	if image.Size > 20_000_000 {
		t.Errorf("the app's image has %d bytes, more than 20 MB", image.Size)
	}
	for _, label := range []string{"title", "description", "source"} {
		if image.Config.Labels["org.opencontainers.image."+label] == "" {
			t.Errorf("the app's image has no OCI label for its %s: %v", label, image.Config.Labels)
		}
	}
}

func (s *suite) hardened(t *testing.T) {
	s.smallImage(t)
	count := map[string]int{}
	for _, c := range s.containers(t) {
		kind := s.kind(c)
		count[kind]++
		bad := func(format string, args ...any) { t.Errorf(c.name()+": "+format, args...) }
		if c.Config.Labels[docker.LabelStack] != "slipway/"+s.stack || c.component() == "" {
			bad("labels %v", c.Config.Labels)
		}
		if c.HostConfig.Privileged || len(c.HostConfig.CapAdd) > 0 {
			bad("privileged %v, added capabilities %v", c.HostConfig.Privileged, c.HostConfig.CapAdd)
		}
		if kind == "files" {
			// They carry files into volumes and are no processes.
			if c.State.Status != "created" || c.HostConfig.NetworkMode != "none" {
				bad("has run: status %s, network %s", c.State.Status, c.HostConfig.NetworkMode)
			}
			continue
		}
		s.hardenedProcess(t, c, bad)
		if kind == "one-shot" {
			if c.State.Status != "exited" || c.State.ExitCode != 0 || c.HostConfig.RestartPolicy.Name != "no" {
				bad("status %s, exit code %d, restart policy %s", c.State.Status, c.State.ExitCode, c.HostConfig.RestartPolicy.Name)
			}
			continue
		}
		if c.HostConfig.RestartPolicy.Name != "unless-stopped" || !c.healthy() {
			bad("restart policy %s, status %s, health %+v", c.HostConfig.RestartPolicy.Name, c.State.Status, c.State.Health)
		}
	}
	// Replicas, edge, database, cache, dashboard, Prometheus, Alertmanager and two exporters.
	if count["service"] != 10 || count["one-shot"] != len(oneShots) || count["files"] == 0 {
		t.Errorf("the stack has %v containers", count)
	}
}

func (s *suite) hardenedProcess(t *testing.T, c container, bad func(string, ...any)) {
	t.Helper()
	h := c.HostConfig
	if user, _, _ := strings.Cut(c.Config.User, ":"); user == "" || user == "0" || user == "root" {
		bad("runs as user %q", c.Config.User)
	}
	if !h.ReadonlyRootfs {
		bad("the root file system is writable")
	}
	if !slices.Equal(h.CapDrop, []string{"ALL"}) {
		bad("dropped capabilities are %v, want ALL", h.CapDrop)
	}
	if !slices.ContainsFunc(h.SecurityOpt, func(o string) bool {
		return strings.HasPrefix(o, "no-new-privileges") && !strings.HasSuffix(o, "false")
	}) {
		bad("security options are %v, want no-new-privileges", h.SecurityOpt)
	}
	if h.Memory <= 0 || h.MemorySwap != h.Memory {
		bad("memory limit %d, with swap %d", h.Memory, h.MemorySwap)
	}
	if h.NanoCpus <= 0 && (h.CPUQuota <= 0 || h.CPUPeriod <= 0) {
		bad("no CPU limit")
	}
	if h.LogConfig.Type != "json-file" || h.LogConfig.Config["max-size"] == "" || h.LogConfig.Config["max-file"] == "" {
		bad("logs are not rotated: %+v", h.LogConfig)
	}
	for _, bind := range h.Binds {
		if strings.HasPrefix(bind, "/") {
			bad("mounts a folder of this host: %s", bind)
		}
	}
}

// exposure asserts that the front door and the dashboard are all that is published, on loopback, and on their own network.
func (s *suite) exposure(t *testing.T) {
	var published []string
	for _, c := range s.containers(t) {
		for port, bindings := range c.HostConfig.PortBindings {
			for _, b := range bindings {
				if b.HostIP != "127.0.0.1" {
					t.Errorf("%s publishes %s on %q", c.name(), port, b.HostIP)
				}
				published = append(published, fmt.Sprintf("%s %s", c.component(), b.HostPort))
			}
		}
	}
	slices.Sort(published)
	want := []string{fmt.Sprintf("dashboard %d", s.ports.dashboard), fmt.Sprintf("edge %d", s.ports.https), fmt.Sprintf("edge %d", s.ports.http)}
	slices.Sort(want)
	if !slices.Equal(published, want) {
		t.Errorf("published are %v, want %v", published, want)
	}
	networks := engine(t, "inspect", "--format", "{{range $k, $v := .NetworkSettings.Networks}}{{$k}} {{end}}", s.container(t, "database").ID)
	if strings.TrimSpace(networks) != "slipway-"+s.stack {
		t.Errorf("the database is on the networks %q, want the stack's own", networks)
	}
}

// memoryLimit: the app's collector works harder near the container's limit, instead of the kernel killing it there.
func (s *suite) memoryLimit(t *testing.T) {
	for _, c := range s.replicas(t) {
		if c.HostConfig.Memory != 256<<20 {
			t.Errorf("%s may use %d bytes, want 256 MiB", c.name(), c.HostConfig.Memory)
		}
		want := fmt.Sprintf(`"gomemlimit_bytes":%d`, int64(0.9*float64(c.HostConfig.Memory)))
		if text := containerLogs(t, c.ID); !strings.Contains(text, want) {
			t.Errorf("the log of %s has no %s, which is 90 %% of its limit", c.name(), want)
		}
	}
}

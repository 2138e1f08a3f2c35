// Package localdocker is what the command line does beside Pulumi for stacks on the local Docker Engine. It speaks to the engine
// through the docker command, which knows contexts, DOCKER_HOST and credentials.
package localdocker

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/slipway-iac/slipway/cli"
	"github.com/slipway-iac/slipway/cli/progress"
	"github.com/slipway-iac/slipway/cli/toolchain"
	"github.com/slipway-iac/slipway/providers/docker"
)

// Target implements cli.Target.
type Target struct{}

var _ cli.Target = Target{}

// Preflight makes sure of a Docker Engine.
func (Target) Preflight(ctx context.Context, p *progress.Printer) error {
	return toolchain.EnsureDocker(ctx, p)
}

// Prepare makes sure of a Docker Engine and of the base images, and refuses early what would fail late: ports in use, limits above the
// engine's processors, and a stack of the same name that another checkout runs.
func (Target) Prepare(ctx context.Context, p *progress.Printer, s cli.Stack) error {
	if err := toolchain.EnsureDocker(ctx, p); err != nil {
		return err
	}
	var owned, ports, cores error
	var wait sync.WaitGroup
	wait.Go(func() { owned = ownedByOther(ctx, s) })
	wait.Go(func() { ports = portsFree(ctx, s) })
	wait.Go(func() { cores = enoughCores(ctx, s) })
	wait.Wait()
	if err := cmp.Or(owned, ports, cores); err != nil {
		return err
	}
	return toolchain.EnsureBaseImages(ctx, p)
}

// Cleaned removes the images that were built for the stack's app, by name: another stack with the same source has the same image
// under a name of its own. Those of the platform stay: they are the same for every stack.
func (Target) Cleaned(ctx context.Context, _ *progress.Printer, s cli.Stack) error {
	out, err := run(ctx, "image", "ls", "--format", "{{.Repository}}:{{.Tag}}", "--filter", "reference="+docker.Prefix(s.Project, s.Name)+"/*")
	if err != nil {
		return fmt.Errorf("listing the stack's images: %w", err)
	}
	names := strings.Fields(out)
	if len(names) == 0 {
		return nil
	}
	if _, err := run(ctx, append([]string{"image", "rm"}, names...)...); err != nil {
		return fmt.Errorf("removing the stack's images: %w", err)
	}
	return nil
}

func stackLabel(s cli.Stack) string { return docker.LabelStack + "=" + s.Project + "/" + s.Name }

// ownedByOther refuses a stack whose network was made from another folder: two checkouts would tear at the same containers.
func ownedByOther(ctx context.Context, s cli.Stack) error {
	out, err := run(ctx, "network", "ls", "--filter", "label="+stackLabel(s), "--format", `{{.Label "`+docker.LabelRoot+`"}}`)
	if err != nil {
		return fmt.Errorf("listing networks: %w", err)
	}
	for root := range strings.Lines(out) {
		if root = strings.TrimRight(root, "\r\n"); otherCheckout(root, s.Root) {
			return fmt.Errorf("stack %q already runs from another checkout, %s. Run it there, or choose another stack with -s, or remove it there with `go run . destroy -s %s --delete-data`", s.Name, root, s.Name)
		}
	}
	return nil
}

// dataOfOther refuses a stack of which another checkout has kept data: the database would be opened with another password, and
// --delete-data would delete what it has never stored.
func dataOfOther(ctx context.Context, s cli.Stack, state []cli.Resource) error {
	out, err := run(ctx, "volume", "ls", "--filter", "label="+stackLabel(s), "--filter", "label="+docker.LabelData, "--format", `{{.Name}} {{.Label "`+docker.LabelRoot+`"}}`)
	if err != nil {
		return fmt.Errorf("listing volumes: %w", err)
	}
	for line := range strings.Lines(out) {
		name, root, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
		known := slices.ContainsFunc(state, func(r cli.Resource) bool { return r.Type == typeVolume && engineName(r) == name })
		if !known && otherCheckout(root, s.Root) {
			return fmt.Errorf("volume %s holds what stack %q of another checkout, %s, has stored. Run the stack there, or choose another one with -s, or delete that data there with `go run . destroy -s %s --delete-data`; if that folder does not know the stack any more, `docker volume rm %s` deletes it", name, s.Name, root, s.Name, name)
		}
	}
	return nil
}

// otherCheckout tells whether root is another checkout than own. A folder that is gone is a checkout that has moved, to here.
func otherCheckout(root, own string) bool {
	if root == "" || root == own {
		return false
	}
	theirs, err := os.Stat(root)
	ours, problem := os.Stat(own)
	return !errors.Is(err, fs.ErrNotExist) && (err != nil || problem != nil || !os.SameFile(theirs, ours))
}

// portsFree names the configuration key of a loopback port that something else holds.
func portsFree(ctx context.Context, s cli.Stack) error {
	out, err := run(ctx, "ps", "--filter", "label="+stackLabel(s), "--format", "{{.Ports}}")
	if err != nil {
		return fmt.Errorf("listing containers: %w", err)
	}
	var errs []error
	for _, row := range []struct {
		key  string
		port int
	}{{"docker.httpsPort", s.Config.Docker.HTTPSPort}, {"docker.httpPort", s.Config.Docker.HTTPPort}, {"docker.dashboardPort", s.Config.Docker.DashboardPort}} {
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(row.port))
		if strings.Contains(out, address+"->") {
			continue // this stack's own
		}
		l, err := net.Listen("tcp", address)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %s is in use; free it or choose another port, for this run with -c %s=PORT", row.key, address, row.key))
			continue
		}
		l.Close()
	}
	return errors.Join(errs...)
}

// run calls the docker command and returns what it prints.
func run(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "docker", args...)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("docker %s: %w: %s", args[0], err, strings.TrimSpace(errOut.String()))
	}
	return out.String(), nil
}

// inspected is the part of `docker inspect` that is needed here.
type inspected struct {
	ID           string `json:"Id"`
	Name         string
	RestartCount int
	State        struct {
		Status     string
		Running    bool
		Restarting bool
		OOMKilled  bool
		ExitCode   int
		Error      string
	}
	Config struct{ Labels map[string]string }
}

// containers returns all containers of the stack, running or not.
func containers(ctx context.Context, s cli.Stack) ([]inspected, error) {
	out, err := run(ctx, "ps", "--all", "--quiet", "--no-trunc", "--filter", "label="+stackLabel(s))
	if err != nil {
		return nil, fmt.Errorf("listing containers: %w", err)
	}
	ids := strings.Fields(out)
	if len(ids) == 0 {
		return nil, nil
	}
	// One that vanishes between the two calls makes inspect fail, but it prints the others.
	out, err = run(ctx, append([]string{"container", "inspect"}, ids...)...)
	var all []inspected
	if jsonErr := json.Unmarshal([]byte(out), &all); jsonErr != nil {
		return nil, fmt.Errorf("inspecting containers: %w", errors.Join(err, jsonErr))
	}
	return all, nil
}

package components

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// InitStep is a process that must finish with exit code 0 before the app's instances start: an init container on AWS,
// a job execution on Azure and GCP, a container that runs once on Docker. "Once" means its effect: it must be idempotent.
type InitStep struct {
	// Name tells the step from the others of the service. Required.
	Name string
	// Image is what runs. Required.
	Image ImageRef
	// Command replaces the image's command (not its entry point). Default: the image's own.
	Command []string
	// Env is plain environment.
	Env map[string]pulumi.StringInput
	// Secrets are environment variables given by reference.
	Secrets map[string]SecretRef
}

// Track is one version of the app in one slot.
type Track struct {
	// Slot is where it runs. Required.
	Slot Slot
	// Image is what runs. Required.
	Image ImageRef
	// Version is the content hash that the app reports as its version. Required.
	Version string
	// Weight is the share of traffic in percent. The weights of all tracks add up to 100. Required.
	Weight int
	// Sequence counts the versions that were ever brought up in this stack. Where a cloud never takes the name of a revision
	// again, it is part of the name. Default 0: the first version.
	Sequence int
}

// ServiceArgs describes the app as a container service.
type ServiceArgs struct {
	// App is the app's name: lower-case letters, digits and hyphens, at most 40. Required.
	App string
	// Tracks are the one or two versions that run. Required.
	Tracks []Track
	// Port is where the app listens; it is told by the variable PORT. Required.
	Port int
	// CPU is the limit of one instance, in cores. Required.
	CPU float64
	// MemoryMiB is the limit of one instance, in MiB. Required.
	MemoryMiB int
	// MinReplicas and MaxReplicas bound the number of instances of the live track. Required.
	MinReplicas, MaxReplicas int
	// HealthPath answers 200 while the process is alive. Default "/healthz".
	HealthPath string
	// ReadyPath answers 200 while the instance can take traffic. Default "/readyz".
	ReadyPath string
	// Init runs in order before the instances start.
	Init []InitStep
	// Migrate is the command that brings the database's schema up to date, run after Init and before a track's instances start, with
	// the track's own image. Default: none.
	Migrate []string
	// Env is plain environment.
	Env map[string]pulumi.StringInput
	// Secrets are environment variables given by reference.
	Secrets map[string]SecretRef
	// Certificate is what TLS is terminated with where the load balancer belongs to the service, as on AWS. Default: none.
	Certificate CertificateRef
	// Gates are the signals whose breach undoes a deployment, where the cloud's own deployments can be gated. Default: none.
	Gates []Signal
}

// ServiceState is what a driver made.
type ServiceState struct {
	// Scope is where the service's signals are read, and what the edge sends traffic to.
	Scope Scope
	// Health is what `rollout` needs to find the metrics of the slots. It is exported, so it holds nothing secret. Nil where the
	// other outputs of the stack are enough.
	Health Scope
	// Running are the versions that the resources of each track say they run. An update that leaves some of them out (--target, --exclude)
	// leaves them at another one than the track's. Default: the driver can't tell.
	Running map[Slot]pulumi.StringOutput
	// Ready is known when every instance is ready, and fails otherwise. Nil where creating the instances waits for that.
	Ready pulumi.Output
}

// ServiceDriver runs the app's instances, with no failed request when they are replaced.
type ServiceDriver interface {
	RunService(ctx *pulumi.Context, name string, a ServiceArgs, opts ...pulumi.ResourceOption) (ServiceState, error)
}

// ServiceType is the type of the Service component: a stack whose state has none runs nothing.
const ServiceType = "slipway:components:Service"

// Service is the app: init steps, migrations, then instances of each track that are checked, restarted and drained.
type Service struct {
	pulumi.ResourceState
	ServiceState
}

// NewService runs the app. It fails on incomplete arguments or on what the driver cannot do (ErrUnsupported).
func NewService(ctx *pulumi.Context, d ServiceDriver, name string, a ServiceArgs, opts ...pulumi.ResourceOption) (*Service, error) {
	if a.HealthPath == "" {
		a.HealthPath = "/healthz"
	}
	if a.ReadyPath == "" {
		a.ReadyPath = "/readyz"
	}
	if err := a.check(); err != nil {
		return nil, fmt.Errorf("service %q: %w", name, err)
	}
	c := &Service{}
	if err := ctx.RegisterComponentResource(ServiceType, name, c, opts...); err != nil {
		return nil, fmt.Errorf("service %q: %w", name, err)
	}
	s, err := d.RunService(ctx, name, a, pulumi.Parent(c))
	if err != nil {
		return nil, fmt.Errorf("service %q: %w", name, err)
	}
	c.ServiceState = s
	// Pulumi does not notice an output that fails and that nothing uses: this one must be used.
	outputs := pulumi.Map{}
	if s.Ready != nil {
		outputs["ready"] = s.Ready
	}
	return c, ctx.RegisterResourceOutputs(c, outputs)
}

func (a ServiceArgs) check() error {
	var errs []error
	if a.App == "" || len(a.App) > 40 {
		errs = append(errs, fmt.Errorf("App %q must have 1 to 40 characters", a.App))
	}
	if a.Port < 1 || a.Port > 65535 {
		errs = append(errs, fmt.Errorf("Port %d is not between 1 and 65535", a.Port))
	}
	if a.CPU <= 0 || a.MemoryMiB <= 0 {
		errs = append(errs, errors.New("CPU and MemoryMiB must be positive"))
	}
	if a.MinReplicas < 0 || a.MaxReplicas < 1 || a.MinReplicas > a.MaxReplicas {
		errs = append(errs, fmt.Errorf("MinReplicas %d and MaxReplicas %d are no range", a.MinReplicas, a.MaxReplicas))
	}
	for _, p := range []string{a.HealthPath, a.ReadyPath} {
		if !strings.HasPrefix(p, "/") {
			errs = append(errs, fmt.Errorf("path %q does not start with /", p))
		}
	}
	return errors.Join(append(errs, a.checkTracks()...)...)
}

func (a ServiceArgs) checkTracks() []error {
	var errs []error
	if n := len(a.Tracks); n < 1 || n > 2 {
		errs = append(errs, fmt.Errorf("%d tracks given: one or two can run", n))
	}
	seen, sum := map[Slot]bool{}, 0
	for _, t := range a.Tracks {
		if t.Slot != Blue && t.Slot != Green {
			errs = append(errs, fmt.Errorf("slot %q is neither %q nor %q", t.Slot, Blue, Green))
		}
		if seen[t.Slot] {
			errs = append(errs, fmt.Errorf("slot %q is given twice", t.Slot))
		}
		if t.Image.StringOutput == (pulumi.StringOutput{}) || t.Version == "" {
			errs = append(errs, fmt.Errorf("slot %q needs an Image and a Version", t.Slot))
		}
		seen[t.Slot] = true
		sum += t.Weight
	}
	if len(a.Tracks) > 0 && sum != 100 {
		errs = append(errs, fmt.Errorf("the weights add up to %d, not 100", sum))
	}
	return errs
}

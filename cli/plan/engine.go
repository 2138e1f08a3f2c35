// Package plan runs a stack's program on Pulumi's real engine against simulated clouds, and says what would be deployed: as a file in
// the format of `pulumi stack export`, and compared with another such file. It needs no network, no credentials and no account.
package plan

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/cli/filebackend"
	"github.com/slipway-iac/slipway/cli/simulate"
)

// Setup is what a simulated run needs.
type Setup struct {
	// Project and Stack name what is deployed. Required.
	Project, Stack string
	// Config are plain configuration values of other namespaces than the project's, such as aws:region. Default: none.
	Config map[string]string
	// Program is what is deployed. Required.
	Program pulumi.RunFunc
	// Pulumi is the folder that has bin/pulumi in it. Default: the command on PATH.
	Pulumi string
	// Env is the environment of the command, beyond this process's own. Default: none.
	Env map[string]string
	// Cloud chooses how the simulated clouds behave.
	Cloud simulate.Options
}

// Engine is Pulumi's engine with simulated clouds and a back end that is thrown away.
type Engine struct {
	// Stack is the stack in the back end.
	Stack auto.Stack

	cloud   *simulate.Cloud
	command *plainCommand
	dir     string
}

// Open makes the stack, without resources. Close must be called.
func Open(ctx context.Context, s Setup) (*Engine, error) {
	cloud, err := simulate.Start(s.Cloud)
	if err != nil {
		return nil, err
	}
	e := &Engine{cloud: cloud}
	if e.dir, err = os.MkdirTemp("", "slipway-plan-"); err != nil {
		return nil, errors.Join(fmt.Errorf("making the throw-away back end: %w", err), e.Close())
	}
	if err := e.open(ctx, s); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

func (e *Engine) open(ctx context.Context, s Setup) error {
	work, state, home := filepath.Join(e.dir, "work"), filepath.Join(e.dir, "state"), filepath.Join(e.dir, "home")
	for _, dir := range []string{work, state, home} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			return fmt.Errorf("making the throw-away back end: %w", err)
		}
	}
	if err := writeProject(work, s); err != nil {
		return err
	}
	passphrase := make([]byte, 32)
	if _, err := rand.Read(passphrase); err != nil {
		return fmt.Errorf("making the throw-away passphrase: %w", err)
	}
	env := map[string]string{}
	for _, more := range []map[string]string{s.Env, e.cloud.Env(), {
		"PULUMI_BACKEND_URL": filebackend.URL(state), "PULUMI_HOME": home, "PULUMI_CREDENTIALS_PATH": home,
		"PULUMI_CONFIG_PASSPHRASE": hex.EncodeToString(passphrase), "PULUMI_CONFIG_PASSPHRASE_FILE": "", "PULUMI_ACCESS_TOKEN": "",
		"PULUMI_SKIP_UPDATE_CHECK": "true", "PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS": "true",
	}} {
		for k, v := range more {
			env[k] = v
		}
	}
	command, err := auto.NewPulumiCommand(&auto.PulumiCommandOptions{Root: s.Pulumi})
	if err != nil {
		return fmt.Errorf("starting pulumi: %w", err)
	}
	e.command = &plainCommand{PulumiCommand: command}
	w, err := auto.NewLocalWorkspace(ctx, auto.WorkDir(work), auto.EnvVars(env), auto.Pulumi(e.command), auto.Program(e.cloud.Program(s.Program)))
	if err != nil {
		return fmt.Errorf("opening the throw-away back end: %w", err)
	}
	if e.Stack, err = auto.NewStack(ctx, s.Stack, w); err != nil {
		return fmt.Errorf("making the throw-away stack: %w", err)
	}
	return nil
}

// writeProject writes a project that says no more than the program needs. JSON is YAML too.
func writeProject(dir string, s Setup) error {
	type object = map[string]any
	config := object{}
	for key, value := range s.Config {
		config[key] = value
	}
	for name, content := range map[string]any{
		"Pulumi.yaml":                 object{"name": s.Project, "runtime": "go", "config": object{"pulumi:disable-default-providers": object{"value": []string{"*"}}}},
		"Pulumi." + s.Stack + ".yaml": object{"config": config},
	} {
		text, err := json.Marshal(content)
		if err != nil {
			return fmt.Errorf("writing the throw-away project: %w", err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			return fmt.Errorf("writing the throw-away project: %w", err)
		}
	}
	return nil
}

// Close ends the simulation and removes the back end.
func (e *Engine) Close() error {
	e.cloud.Close()
	if e.dir == "" {
		return nil
	}
	if err := os.RemoveAll(e.dir); err != nil {
		return fmt.Errorf("removing the throw-away back end: %w", err)
	}
	return nil
}

// Up deploys the program. The engine's events go to the channels, which it closes.
func (e *Engine) Up(ctx context.Context, channels ...chan<- events.EngineEvent) error {
	e.command.updating.Store(true)
	defer e.command.updating.Store(false)
	_, err := e.Stack.Up(ctx, optup.EventStreams(channels...), optup.SuppressProgress(), optup.SuppressOutputs())
	if err == nil {
		e.cloud.Audit()
	}
	return err
}

// Misfits are the simulation's own mistakes about the types that the program has registered. Tests want none.
func (e *Engine) Misfits() []string { return e.cloud.Misfits() }

// Refusals are what the simulated clouds have let happen since the last call, and would refuse otherwise.
func (e *Engine) Refusals() []simulate.Refusal { return e.cloud.Refusals() }

// State is what is deployed, secrets in plain text. It has no time, which tells it from a real state.
func (e *Engine) State(ctx context.Context) (*apitype.DeploymentV3, error) {
	raw, err := e.Stack.Export(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the simulated state: %w", err)
	}
	d := &apitype.DeploymentV3{}
	if err := json.Unmarshal(raw.Deployment, d); err != nil {
		return nil, fmt.Errorf("reading the simulated state: %w", err)
	}
	d.Manifest.Time = time.Time{}
	return d, nil
}

// Import makes a state the one that the next Up begins with.
func (e *Engine) Import(ctx context.Context, d *apitype.DeploymentV3) error {
	// Its secrets are encrypted anew, with the throw-away passphrase.
	settings, err := e.Stack.Workspace().StackSettings(ctx, e.Stack.Name())
	if err != nil {
		return fmt.Errorf("taking over the state: %w", err)
	}
	own := *d
	salt, err := json.Marshal(map[string]string{"salt": settings.EncryptionSalt})
	if err != nil {
		return fmt.Errorf("taking over the state: %w", err)
	}
	own.SecretsProviders = &apitype.SecretsProvidersV1{Type: "passphrase", State: salt}
	text, err := json.Marshal(own)
	if err != nil {
		return fmt.Errorf("taking over the state: %w", err)
	}
	if err := e.Stack.Import(ctx, apitype.UntypedDeployment{Version: version, Deployment: text}); err != nil {
		return fmt.Errorf("taking over the state: %w", err)
	}
	e.cloud.Adopt(d)
	return nil
}

// watch collects the operations of a run.
type watch struct {
	events chan events.EngineEvent
	done   chan struct{}
	steps  []apitype.StepEventMetadata
}

func newWatch() *watch {
	w := &watch{events: make(chan events.EngineEvent, 64), done: make(chan struct{})}
	go func() {
		defer close(w.done)
		for e := range w.events {
			if e.ResourcePreEvent != nil && !e.ResourcePreEvent.Planning {
				w.steps = append(w.steps, e.ResourcePreEvent.Metadata)
			}
		}
	}()
	return w
}

// wait returns the operations when all have come. The Automation API closes the channel, unless it failed before it opened the log.
func (w *watch) wait() []apitype.StepEventMetadata {
	select {
	case <-w.done:
		return w.steps
	case <-time.After(5 * time.Second):
		return nil
	}
}

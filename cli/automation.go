package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"github.com/slipway-iac/slipway/stacks"
)

// quickWorkspace is the Automation API's workspace with fewer calls of the pulumi command: each takes some tenths of a second to start.
type quickWorkspace struct {
	auto.Workspace
	config  auto.ConfigMap  // read by SelectStack, for the first that asks
	exports *stacks.Exports // of the update that runs
}

// SelectStack reads the configuration, which fails in the same way if there is no such stack. It does not make the stack the current one
// of the folder: every call here names its own.
func (w *quickWorkspace) SelectStack(ctx context.Context, stack string) (err error) {
	w.config, err = w.Workspace.GetAllConfig(ctx, stack)
	return err
}

// GetAllConfig returns what SelectStack has read, once: what changes after that is read anew.
func (w *quickWorkspace) GetAllConfig(ctx context.Context, stack string) (auto.ConfigMap, error) {
	if config := w.config; config != nil {
		w.config = nil
		return config, nil
	}
	return w.Workspace.GetAllConfig(ctx, stack)
}

// expectExports lets the program of the update that follows tell its outputs; done ends that.
func (w *quickWorkspace) expectExports(in *stacks.Input) (done func()) {
	in.Exports = &stacks.Exports{}
	w.exports = in.Exports
	return func() { w.exports = nil }
}

// StackOutputs reads all outputs with their values, those of the update that has just succeeded from its program. Each counts as a
// secret: which of them are would take another call.
func (w *quickWorkspace) StackOutputs(ctx context.Context, stack string) (auto.OutputMap, error) {
	var values map[string]any
	if w.exports != nil {
		values = w.exports.Values()
	}
	if values == nil {
		var err error
		if values, err = w.outputs(ctx, stack, "--show-secrets"); err != nil {
			return nil, err
		}
	}
	out := auto.OutputMap{}
	for name, v := range values {
		out[name] = auto.OutputValue{Value: v, Secret: true}
	}
	return out, nil
}

// ExportStack reads the state as it is stored, with its secrets encrypted: nothing here needs them, and opening them takes time.
func (w *quickWorkspace) ExportStack(ctx context.Context, stack string) (apitype.UntypedDeployment, error) {
	var state apitype.UntypedDeployment
	text, err := w.run(ctx, "stack", "export", "--stack", stack)
	if err != nil {
		return state, err
	}
	return state, json.Unmarshal([]byte(text), &state)
}

// outputs reads all outputs. Without the flag --show-secrets, "[secret]" stands for each secret value.
func (w *quickWorkspace) outputs(ctx context.Context, stack string, flags ...string) (map[string]any, error) {
	text, err := w.run(ctx, append([]string{"stack", "output", "--json", "--stack", stack}, flags...)...)
	if err != nil {
		return nil, fmt.Errorf("reading outputs: %w", err)
	}
	var values map[string]any
	if err := json.Unmarshal([]byte(text), &values); err != nil {
		return nil, fmt.Errorf("reading outputs: %w", err)
	}
	return values, nil
}

// run calls the pulumi command as the workspace does and returns what it prints. It asks again for a second if another run is just
// writing the state: the file back end truncates the attributes beside it before it writes them (see removeTorn).
func (w *quickWorkspace) run(ctx context.Context, args ...string) (string, error) {
	var env []string
	for name, v := range w.GetEnvVars() {
		env = append(env, name+"="+v)
	}
	for begun := time.Now(); ; {
		stdout, stderr, _, err := w.PulumiCommand().Run(ctx, w.WorkDir(), nil, nil, nil, env, args...)
		if err == nil {
			return stdout, nil
		}
		if !strings.Contains(stderr, "failed to load checkpoint: EOF") || time.Since(begun) > time.Second || ctx.Err() != nil {
			return "", fmt.Errorf("pulumi %s: %w: %s", strings.Join(args[:2], " "), err, strings.TrimSpace(stderr))
		}
	}
}

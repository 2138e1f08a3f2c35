package stacks

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/stacks/previous"
	"github.com/slipway-iac/slipway/stacks/release"
)

// outputNames are the outputs that a stack can have. Those of a stack without database or cache have fewer.
var outputNames = []string{"url", "image", "version", "dashboard", "ca", "databaseEndpoint", "cacheEndpoint", "slotKey", "health", "release", "placement"}

// readOutputs reads the release and the place that the last update has left in the stack's own outputs, and exports all of them as they are: what
// the program exports later takes their place, and if it ends before, with an error, none is lost. A stack that was never up has an
// empty release. One that is there is never taken for none, a secret or not, since the next update would then begin anew with all of
// the traffic.
func readOutputs(ctx *pulumi.Context, out *Exports) (release.Release, Placement, error) {
	last, err := previous.Outputs(ctx, outputNames)
	if err != nil {
		// Nothing must be exported in this case: an empty set of outputs would take the place of the last one.
		out.export(ctx, "release", pulumi.String("").ToStringOutput().ApplyT(func(string) (string, error) {
			return "", errors.New("the stack's own outputs can't be read")
		}))
		return release.Release{}, Placement{}, fmt.Errorf("reading the stack's own outputs: %w", err)
	}
	for name, o := range last {
		if o.Secret {
			out.export(ctx, name, pulumi.ToSecret(o.Value))
		} else {
			out.export(ctx, name, pulumi.ToOutput(o.Value))
		}
	}
	text, err := last["release"].Text()
	if err != nil {
		return release.Release{}, Placement{}, fmt.Errorf("reading the stack's output release: %w", err)
	}
	where, err := last["placement"].Text()
	if err != nil {
		return release.Release{}, Placement{}, fmt.Errorf("reading the stack's output placement: %w", err)
	}
	place, err := ParsePlacement(where)
	if err != nil {
		return release.Release{}, Placement{}, err
	}
	now, err := release.Parse(text)
	if err != nil || !now.Deployed() {
		return now, place, err
	}
	// A destruction that keeps the data keeps the stack's outputs with it.
	switch destroyed, err := previous.Lacks(ctx, components.ServiceType); {
	case err != nil:
		return release.Release{}, Placement{}, fmt.Errorf("reading what the stack has: %w", err)
	case destroyed:
		return now.Gone(), place, nil
	}
	return now, place, nil
}

// Exports are the outputs of one run as its program knows them, secrets in plain text: a caller in the same process need not ask the
// back end for them. The zero value is ready to use. They hold once the update has succeeded.
type Exports struct {
	mu     sync.Mutex
	values map[string]*exported
}

type exported struct {
	value any
	known bool
}

// export exports an output of the stack. A later one of the same name takes its place.
func (e *Exports) export(ctx *pulumi.Context, name string, value pulumi.Input) {
	if e == nil {
		ctx.Export(name, value)
		return
	}
	latest := &exported{}
	e.mu.Lock()
	if e.values == nil {
		e.values = map[string]*exported{}
	}
	e.values[name] = latest
	e.mu.Unlock()
	ctx.Export(name, pulumi.ToOutput(value).ApplyT(func(v any) any {
		e.mu.Lock()
		defer e.mu.Unlock()
		latest.value, latest.known = v, true
		return v
	}))
}

// Values returns all outputs by name, in the types that JSON has, as from the back end. It is nil if the program has not exported any, or
// does not know the value of one.
func (e *Exports) Values() map[string]any {
	e.mu.Lock()
	defer e.mu.Unlock()
	values := map[string]any{}
	for name, one := range e.values {
		if !one.known {
			return nil
		}
		values[name] = one.value
	}
	text, err := json.Marshal(values)
	var out map[string]any
	if len(values) == 0 || err != nil || json.Unmarshal(text, &out) != nil {
		return nil
	}
	return out
}

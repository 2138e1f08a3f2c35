package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"github.com/slipway-iac/slipway/components"
)

// Resource is what the command line needs to know of one resource in Pulumi's state. Secrets among the outputs are as they are stored,
// encrypted.
type Resource struct {
	URN     string
	Type    string
	ID      string
	Parent  string
	Custom  bool
	Protect bool
	// Deleting marks a replaced resource that the next run deletes.
	Deleting bool
	// Broken marks a resource whose creation failed after it existed, or was cut off.
	Broken  bool
	Outputs map[string]any
	// Needs are the URNs that must exist as long as this resource does.
	Needs []string
}

// state reads the stack's resources and whether a run was cut off in the middle of an operation.
func (s *session) state(ctx context.Context) (resources []Resource, pending bool, err error) {
	raw, err := s.auto.Export(ctx)
	if err != nil {
		return nil, false, fmt.Errorf("reading the state: %w", err)
	}
	var d apitype.DeploymentV3
	if err := json.Unmarshal(raw.Deployment, &d); err != nil {
		return nil, false, fmt.Errorf("reading the state: %w", err)
	}
	for _, r := range d.Resources {
		resources = append(resources, fromState(r))
	}
	return resources, len(d.PendingOperations) > 0, nil
}

func fromState(r apitype.ResourceV3) Resource {
	out := Resource{
		URN: string(r.URN), Type: string(r.Type), ID: string(r.ID), Parent: string(r.Parent), Custom: r.Custom, Protect: r.Protect,
		Deleting: r.Delete, Broken: len(r.InitErrors) > 0 || r.Taint, Outputs: r.Outputs,
	}
	needs := r.Dependencies
	for _, more := range r.PropertyDependencies {
		needs = append(needs, more...)
	}
	if r.Parent != "" {
		needs = append(needs, r.Parent)
	}
	for _, n := range needs {
		out.Needs = append(out.Needs, string(n))
	}
	if r.Provider != "" {
		out.Needs = append(out.Needs, providerURN(r.Provider))
	}
	return out
}

// providerURN drops the id from a provider reference, which is URN::ID.
func providerURN(ref string) string {
	for i := len(ref) - 1; i > 0; i-- {
		if ref[i] == ':' && ref[i-1] == ':' {
			return ref[:i-1]
		}
	}
	return ref
}

// holdsData tells that users have stored something in a resource. The label is still there when a destruction with --delete-data, which
// lifts the protection first, was cut off.
func (r Resource) holdsData() bool {
	if r.Protect {
		return true
	}
	labels, _ := r.Outputs["labels"].([]any)
	return slices.ContainsFunc(labels, func(one any) bool {
		label, _ := one.(map[string]any)
		return label["label"] == components.LabelData
	})
}

// kept returns the URNs of the resources that hold data and of everything they need.
func kept(all []Resource) map[string]bool {
	byURN := map[string]Resource{}
	var queue []string
	for _, r := range all {
		byURN[r.URN] = r
		if r.holdsData() {
			queue = append(queue, r.URN)
		}
	}
	keep := map[string]bool{}
	for len(queue) > 0 {
		urn := queue[0]
		queue = queue[1:]
		if keep[urn] {
			continue
		}
		keep[urn] = true
		queue = append(queue, byURN[urn].Needs...)
	}
	return keep
}

package plan

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// version is that of the format that is written; others have the same resources, or are refused.
const version = 3

// projectMark stands in a file for the folder of Pulumi.yaml, so that two checkouts of one commit have the same plan.
const projectMark = "${project}"

// Write writes a simulated state in the format of `pulumi stack export`: without secrets, without times, with the project's folder
// left out, in a fixed order. The same source and configuration give the same bytes.
func Write(path, root string, d *apitype.DeploymentV3) error {
	text, err := Encode(root, d)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return fmt.Errorf("writing the plan: %w", err)
	}
	return nil
}

// Encode is the content of the file that Write writes.
func Encode(root string, d *apitype.DeploymentV3) ([]byte, error) {
	clean, err := duplicate(d)
	if err != nil {
		return nil, err
	}
	tidy(clean)
	for i := range clean.Resources {
		r := &clean.Resources[i]
		for _, m := range []*map[string]any{&r.Inputs, &r.Outputs} {
			if err := each(m, func(v any) (any, error) { return mask(texts(v, root, projectMark)) }); err != nil {
				return nil, fmt.Errorf("masking the secrets of %s: %w", r.URN, err)
			}
		}
		r.ID = resource.ID(strings.ReplaceAll(string(r.ID), root, projectMark))
	}
	deployment, err := json.Marshal(clean)
	if err != nil {
		return nil, fmt.Errorf("writing the plan: %w", err)
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetIndent("", "    ")
	e.SetEscapeHTML(false)
	if err := e.Encode(apitype.UntypedDeployment{Version: version, Deployment: deployment}); err != nil {
		return nil, fmt.Errorf("writing the plan: %w", err)
	}
	return out.Bytes(), nil
}

func duplicate(d *apitype.DeploymentV3) (*apitype.DeploymentV3, error) {
	text, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("copying the state: %w", err)
	}
	out := &apitype.DeploymentV3{}
	if err := json.Unmarshal(text, out); err != nil {
		return nil, fmt.Errorf("copying the state: %w", err)
	}
	return out, nil
}

func each(m *map[string]any, change func(any) (any, error)) error {
	if *m == nil {
		return nil
	}
	v, err := change(*m)
	if err != nil {
		return err
	}
	*m, _ = v.(map[string]any)
	return nil
}

// tidy takes out what differs from run to run: times, positions in the source, the ids of providers, the order.
func tidy(d *apitype.DeploymentV3) {
	d.Manifest.Time, d.SecretsProviders, d.PendingOperations = time.Time{}, nil, nil
	ids := map[string]string{}
	for _, r := range d.Resources {
		if strings.HasPrefix(string(r.Type), "pulumi:providers:") {
			sum := sha256.Sum256([]byte(r.URN))
			h := hex.EncodeToString(sum[:])
			ids[string(r.ID)] = h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-a" + h[17:20] + "-" + h[20:32]
		}
	}
	for i := range d.Resources {
		r := &d.Resources[i]
		r.Created, r.Modified, r.SourcePosition, r.StackTrace = nil, nil, "", nil
		if id, ok := ids[string(r.ID)]; ok {
			r.ID = resource.ID(id)
		}
		if cut := strings.LastIndex(r.Provider, "::"); cut > 0 {
			if id, ok := ids[r.Provider[cut+2:]]; ok {
				r.Provider = r.Provider[:cut+2] + id
			}
		}
		slices.Sort(r.Dependencies)
		for _, urns := range r.PropertyDependencies {
			slices.Sort(urns)
		}
	}
	d.Resources = ordered(d.Resources)
}

// ordered sorts resources by URN, each after what it needs, as Pulumi demands.
func ordered(all []apitype.ResourceV3) []apitype.ResourceV3 {
	sorted := slices.Clone(all)
	slices.SortStableFunc(sorted, func(a, b apitype.ResourceV3) int { return cmp.Compare(a.URN, b.URN) })
	var out []apitype.ResourceV3
	state := map[resource.URN]int{} // 1: under way, 2: placed
	var place func(apitype.ResourceV3)
	byURN := map[resource.URN]apitype.ResourceV3{}
	for _, r := range sorted {
		byURN[r.URN] = r
	}
	place = func(r apitype.ResourceV3) {
		if state[r.URN] != 0 {
			return
		}
		state[r.URN] = 1
		for _, urn := range needs(r) {
			if other, ok := byURN[urn]; ok {
				place(other)
			}
		}
		state[r.URN] = 2
		out = append(out, r)
	}
	for _, r := range sorted {
		place(r)
	}
	return out
}

func needs(r apitype.ResourceV3) []resource.URN {
	var out []resource.URN
	if r.Parent != "" {
		out = append(out, r.Parent)
	}
	if cut := strings.LastIndex(r.Provider, "::"); cut > 0 {
		out = append(out, resource.URN(r.Provider[:cut]))
	}
	out = append(out, r.Dependencies...)
	if r.DeletedWith != "" {
		out = append(out, r.DeletedWith)
	}
	return out
}

// Read reads a file that Write or `pulumi stack export` wrote. It must be of the given stack.
func Read(path, project, stack string) (*apitype.DeploymentV3, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no file %s to compare with", path)
	}
	if err != nil {
		return nil, fmt.Errorf("reading what to compare with: %w", err)
	}
	var outer apitype.UntypedDeployment
	d := &apitype.DeploymentV3{}
	if err := json.Unmarshal(text, &outer); err != nil || outer.Deployment == nil {
		return nil, fmt.Errorf("%s is neither a plan nor the output of `pulumi stack export`", path)
	}
	if err := json.Unmarshal(outer.Deployment, d); err != nil || outer.Version < version {
		return nil, fmt.Errorf("%s has version %d of the format, wanted is %d or later: export it with a newer Pulumi", path, outer.Version, version)
	}
	for _, r := range d.Resources {
		if own := r.URN; own.Project().String() != project || own.Stack().String() != stack {
			return nil, fmt.Errorf("%s is of stack %s of project %s, not of stack %s of project %s", path, own.Stack(), own.Project(), stack, project)
		}
	}
	return d, nil
}

// texts replaces a part in every text of a value.
func texts(v any, old, new string) any {
	switch v := v.(type) {
	case string:
		return strings.ReplaceAll(v, old, new)
	case []any:
		for i, e := range v {
			v[i] = texts(e, old, new)
		}
	case map[string]any:
		for key, e := range v {
			v[key] = texts(e, old, new)
		}
	}
	return v
}

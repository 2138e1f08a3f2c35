package plugins

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Verdict is what the real providers have said of a plan.
type Verdict struct {
	// Providers are those of the program, by name and version.
	Providers []Provider
	// Refused are the inputs that a provider refuses.
	Refused []Refusal
	// Defects are differences between the tables of the simulation and a provider: faults of ours.
	Defects []Defect
}

// Provider is what became of asking one provider.
type Provider struct {
	Name string `json:"name"`
	// Asked is the version that the program's SDK asks for, Version the plugin's own.
	Asked   string `json:"asked,omitempty"`
	Version string `json:"version,omitempty"`
	// From says where the plugin was found.
	From string `json:"from,omitempty"`
	// Unasked is why nothing was asked; empty if the plugin was ready.
	Unasked string `json:"notChecked,omitempty"`
	// Checked is how many resources it has checked, Previewed for how many of them it has previewed the creation too, and Compared how
	// many changes it has judged.
	Checked   int `json:"checked"`
	Previewed int `json:"previewed"`
	Compared  int `json:"compared"`
	// Audited is how many inputs our tables were held against it for.
	Audited int `json:"audited,omitempty"`
	// Silences are the resources for which it gave no answer, by reason; the simulation's tables stood in.
	Silences []Silence `json:"unanswered,omitempty"`
	// Warnings are what it says of resources beside that.
	Warnings []string `json:"warnings,omitempty"`
}

// Silence is why a provider gave no answer.
type Silence struct {
	// What was asked: "Check", "preview" or "Diff".
	What   string `json:"what"`
	Reason string `json:"reason"`
	// Resources are the logical names.
	Resources []string `json:"resources"`
}

// Refusal is one refused input.
type Refusal struct {
	URN resource.URN
	// Provider and Version say who refuses it.
	Provider, Version string
	// Property is the input's path; empty where the provider does not tell. Reason is in the provider's words.
	Property, Reason string
}

// Defect is a difference between a table and a provider.
type Defect struct {
	// Type is Pulumi's token, Property the input without indices.
	Type     string `json:"type"`
	Property string `json:"property"`
	// Table and Real say what each of them takes a change for: "update" or "replacement".
	Table string `json:"table"`
	Real  string `json:"provider"`
}

// record collects the verdict.
type record struct {
	mu      sync.Mutex
	rows    map[string]*row
	refused map[Refusal]bool
	defects map[Defect]bool
}

// row is all instances of one provider in one version.
type row struct {
	instances                    []*Instance
	checked, previewed, compared map[resource.URN]bool
	silent                       map[[2]string]map[string]bool // resources by what was asked and reason
	audited                      int
}

func (r *record) row(i *Instance) *row {
	if r.rows == nil {
		r.rows, r.refused, r.defects = map[string]*row{}, map[Refusal]bool{}, map[Defect]bool{}
	}
	key := i.Name + " " + i.Asked
	if r.rows[key] == nil {
		r.rows[key] = &row{
			checked: map[resource.URN]bool{}, previewed: map[resource.URN]bool{}, compared: map[resource.URN]bool{}, silent: map[[2]string]map[string]bool{},
		}
	}
	return r.rows[key]
}

func (r *record) opened(i *Instance) {
	r.mu.Lock()
	defer r.mu.Unlock()
	row := r.row(i)
	row.instances = append(row.instances, i)
}

func (w *row) silence(what, reason string, urn resource.URN) {
	key := [2]string{what, reason}
	if w.silent[key] == nil {
		w.silent[key] = map[string]bool{}
	}
	w.silent[key][urn.Name()] = true
}

func (r *record) checked(i *Instance, urn resource.URN, a *Answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	row := r.row(i)
	if a.Silence != "" {
		row.silence("Check", a.Silence, urn)
		return
	}
	row.checked[urn] = true
	switch {
	case a.State != nil:
		row.previewed[urn] = true
	case a.Unpreviewed != "":
		row.silence("preview", a.Unpreviewed, urn)
	}
	for _, f := range a.Failures {
		r.refused[Refusal{URN: urn, Provider: i.Name, Version: i.version, Property: f.Property, Reason: f.Reason}] = true
	}
}

// Judged notes that a provider has said what a change does, or why it hasn't.
func (i *Instance) Judged(urn resource.URN, silence string, defects ...Defect) {
	r := &i.pool.record
	r.mu.Lock()
	defer r.mu.Unlock()
	if silence != "" {
		r.row(i).silence("Diff", silence, urn)
		return
	}
	r.row(i).compared[urn] = true
	for _, d := range defects {
		r.defects[d] = true
	}
}

// Audited notes that the provider has said what another value of an input would do, and where a table differs.
func (i *Instance) Audited(defects ...Defect) {
	r := &i.pool.record
	r.mu.Lock()
	defer r.mu.Unlock()
	r.row(i).audited++
	for _, d := range defects {
		r.defects[d] = true
	}
}

// Verdict waits for all answers.
func (p *Pool) Verdict() Verdict {
	p.open.Wait()
	p.record.mu.Lock()
	defer p.record.mu.Unlock()
	v := Verdict{Refused: keys(p.record.refused), Defects: keys(p.record.defects)}
	for _, key := range slices.Sorted(maps.Keys(p.record.rows)) {
		v.Providers = append(v.Providers, p.record.rows[key].provider())
	}
	slices.SortFunc(v.Refused, func(a, b Refusal) int {
		return cmp.Or(cmp.Compare(a.URN, b.URN), cmp.Compare(a.Property, b.Property), cmp.Compare(a.Reason, b.Reason))
	})
	slices.SortFunc(v.Defects, func(a, b Defect) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Property, b.Property), cmp.Compare(a.Table, b.Table))
	})
	return v
}

func keys[K comparable](m map[K]bool) []K {
	return slices.AppendSeq(make([]K, 0, len(m)), maps.Keys(m))
}

func (w *row) provider() Provider {
	first := w.instances[0]
	out := Provider{
		Name: first.Name, Asked: first.Asked, Checked: len(w.checked), Previewed: len(w.previewed), Compared: len(w.compared), Audited: w.audited,
	}
	ready := false
	for _, i := range w.instances {
		reason := i.unasked()
		if i.abilities != nil {
			ready, out.Version, out.From = true, i.version, i.program.From
		} else if out.Unasked == "" {
			out.Unasked = reason
		}
	}
	if ready {
		out.Unasked = ""
	}
	for key, names := range w.silent {
		if key[1] == out.Unasked {
			continue // nothing was asked at all: said once
		}
		out.Silences = append(out.Silences, Silence{What: key[0], Reason: key[1], Resources: slices.Sorted(maps.Keys(names))})
	}
	slices.SortFunc(out.Silences, func(a, b Silence) int { return cmp.Or(cmp.Compare(a.What, b.What), cmp.Compare(a.Reason, b.Reason)) })
	out.Warnings = w.warnings()
	return out
}

// warnings are what the plugins say of single resources, each once.
func (w *row) warnings() []string {
	all := map[string]bool{}
	for _, i := range w.instances {
		if i.host == nil {
			continue
		}
		i.host.mu.Lock()
		for urn, said := range i.host.said {
			for _, text := range said {
				if u := resource.URN(urn); u.IsValid() && !strings.Contains(urn, "pulumi:providers:") {
					all[u.Name()+": "+text] = true
				}
			}
		}
		i.host.mu.Unlock()
	}
	return slices.Sorted(maps.Keys(all))
}

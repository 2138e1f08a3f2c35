package plan

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/slipway-iac/slipway/cli/simulate/plugins"
)

// Report is what a simulated run found out, or a preview.
type Report struct {
	// Project, Stack and Cloud name what was simulated.
	Project, Stack, Cloud string
	// Live says that the real cloud was asked.
	Live bool
	// Resources are those that the program makes.
	Resources []Resource
	// Against names what was compared with; empty if nothing was.
	Against string
	// Changes are what differs from it.
	Changes []Change
	// Steps are how the operations on those that serve or hold data would follow each other.
	Steps []Step
	// Refused are the reasons why the update would not begin.
	Refused []Refusal
	// Providers, Inputs and Defects are what the real providers have said, or why they haven't.
	Providers []plugins.Provider
	Inputs    []RefusedInput
	Defects   []plugins.Defect
}

// count has the changes of a component, by action.
type count map[Action]int

// counts are the numbers of changes by component, and of all together.
func (r Report) counts() (components []string, by map[string]count, total count) {
	by, total = map[string]count{}, count{}
	for _, c := range r.Changes {
		if by[c.Component] == nil {
			by[c.Component] = count{}
		}
		by[c.Component][c.Action]++
		total[c.Action]++
	}
	return slices.Sorted(maps.Keys(by)), by, total
}

// risky are the data stores that would be replaced or deleted.
func (r Report) risky() []Change {
	return slices.DeleteFunc(slices.Clone(r.Changes), func(c Change) bool { return !c.Risky() })
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// summary counts the changes in words: 1 added, 2 changed, 0 replaced, 0 deleted.
func (c count) summary() string {
	parts := make([]string, 0, len(actions))
	for _, a := range actions {
		parts = append(parts, fmt.Sprintf("%d %s", c[a], a))
	}
	return strings.Join(parts, ", ")
}

// Text prints the report for people.
func (r Report) Text(w io.Writer) error {
	print := r.inventoryText
	if r.Against != "" {
		print = r.comparison
	}
	err := print(w)
	r.said(w)
	return err
}

func (r Report) inventoryText(w io.Writer) error {
	components := group(r.Resources)
	fmt.Fprintf(w, "Simulated plan of stack %s (%s): %s in %s.\n\n", r.Stack, r.Cloud, plural(len(r.Resources), "resource"), plural(len(components), "component"))
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprint(t, "COMPONENT\tRESOURCES\tOF THESE\n")
	for _, c := range components {
		fmt.Fprintf(t, "%s\t%d\t%s\n", c.name, len(c.resources), kinds(c.resources))
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("printing the plan: %w", err)
	}
	return nil
}

type component struct {
	name      string
	resources []Resource
}

func group(all []Resource) []component {
	var out []component
	for _, r := range all {
		if len(out) == 0 || out[len(out)-1].name != r.Component {
			out = append(out, component{name: r.Component})
		}
		out[len(out)-1].resources = append(out[len(out)-1].resources, r)
	}
	return out
}

// kinds counts resources by type, the most frequent first: 3 ec2.Subnet, 1 ec2.Vpc.
func kinds(all []Resource) string {
	n := map[string]int{}
	for _, r := range all {
		n[r.kind()]++
	}
	names := slices.SortedFunc(maps.Keys(n), func(a, b string) int { return cmp.Or(cmp.Compare(n[b], n[a]), cmp.Compare(a, b)) })
	for i, name := range names {
		names[i] = fmt.Sprintf("%d %s", n[name], name)
	}
	return strings.Join(names, ", ")
}

var signs = map[Action]string{Added: "+", Changed: "~", Replaced: "±", Deleted: "-"}

func (r Report) comparison(w io.Writer) error {
	components, by, total := r.counts()
	if len(components) == 0 {
		fmt.Fprintf(w, "Simulated plan of stack %s (%s) against %s: nothing would change in %s.\n", r.Stack, r.Cloud, r.Against, plural(len(r.Resources), "resource"))
		return nil
	}
	fmt.Fprintf(w, "Simulated plan of stack %s (%s) against %s: %s.\n\n", r.Stack, r.Cloud, r.Against, total.summary())
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprint(t, "COMPONENT\tADDED\tCHANGED\tREPLACED\tDELETED\n")
	for _, c := range components {
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\n", c, by[c][Added], by[c][Changed], by[c][Replaced], by[c][Deleted])
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("printing the plan: %w", err)
	}
	fmt.Fprintln(w)
	for _, c := range r.Changes {
		fmt.Fprintf(w, "%s %s %s (%s)%s\n", signs[c.Action], c.kind(), c.Name, c.Component, c.why(func(s string) string { return s }))
	}
	for i, c := range r.risky() {
		if i == 0 {
			fmt.Fprint(w, "\nData may be lost:\n")
		}
		fmt.Fprintf(w, "! %s %s would be %s.%s\n", c.DataStore, c.Name, c.Action, c.guard())
	}
	r.order(w)
	RefusedText(w, r.Refused)
	return nil
}

// why tells the inputs that differ, those that force a replacement alone if there are any.
func (c Change) why(code func(string) string) string {
	list, word := c.Properties, ": "
	switch {
	case c.Action == Replaced && len(c.Forcing) > 0:
		list, word = c.Forcing, ": can't change in place: "
	case c.Action == Replaced:
		return ": because of what it depends on"
	case len(list) == 0:
		return ""
	}
	var parts []string
	for _, p := range list {
		// One new item of a list moves all after it: which ones says little.
		if p = code(item.ReplaceAllString(p, "[*]")); !slices.Contains(parts, p) {
			parts = append(parts, p)
		}
	}
	return word + strings.Join(parts, ", ")
}

var item = regexp.MustCompile(`\[\d+\]`)

// guard tells what stands in the way of a deletion.
func (c Change) guard() string {
	switch c.Protection {
	case "":
		return ""
	case "protect":
		return " It is protected: the update would fail there."
	}
	return " Its deletion protection is on (" + c.Protection + "): the update would fail there."
}

// JSON prints the report for programs.
func (r Report) JSON(w io.Writer) error {
	type object = map[string]any
	list := []object{}
	for _, c := range group(r.Resources) {
		list = append(list, object{"component": c.name, "resources": c.resources})
	}
	out := object{"simulated": true, "project": r.Project, "stack": r.Stack, "cloud": r.Cloud, "resources": len(r.Resources), "components": list}
	if r.Against != "" {
		components, by, total := r.counts()
		rows := []object{}
		for _, c := range components {
			rows = append(rows, by[c].row(object{"component": c}))
		}
		changes := r.Changes
		if changes == nil {
			changes = []Change{}
		}
		out["comparison"] = total.row(object{"against": r.Against, "components": rows, "changes": changes, "dataStoresAtRisk": len(r.risky()), "steps": noneOf(r.Steps), "refused": noneOf(r.Refused)})
	}
	r.saidJSON(out)
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(out); err != nil {
		return fmt.Errorf("printing the plan: %w", err)
	}
	return nil
}

func (c count) row(out map[string]any) map[string]any {
	for _, a := range actions {
		out[string(a)] = c[a]
	}
	return out
}

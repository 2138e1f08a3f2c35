package plan

import (
	"fmt"
	"io"
	"strings"
)

// mostSteps is how many steps are shown to people. JSON has all.
const mostSteps = 30

// order prints the way of what serves or holds data, where anything of it goes: a list of updates in place says nothing new.
func (r Report) order(w io.Writer) {
	going := false
	for _, c := range r.Changes {
		going = going || c.Destroys() && (c.Serves != "" || c.DataStore != "")
	}
	if !going {
		return
	}
	fmt.Fprint(w, "\nIn this order:\n")
	for i, s := range r.Steps {
		if i == mostSteps {
			fmt.Fprintf(w, "    … and %s more\n", plural(len(r.Steps)-i, "step"))
			break
		}
		effect := s.Effect
		if effect != "" {
			effect = ": " + effect
		}
		fmt.Fprintf(w, "%3d. %s %s %s%s\n", i+1, s.Does, Resource{Type: s.Type}.kind(), s.Name, effect)
	}
}

// RefusedText prints why an update must not begin, and what to do.
func RefusedText(w io.Writer, all []Refusal) {
	for i, r := range all {
		if i == 0 {
			fmt.Fprint(w, "\nRefused, before anything changes:\n")
		}
		fmt.Fprintf(w, "! [%s] %s.\n    %s.\n", r.Reason, r.Says, r.Do)
	}
}

// refused writes them as a list of a comment.
func (r Report) refused(b *strings.Builder) {
	for i, one := range r.Refused {
		if i == 0 {
			b.WriteString("\n**Refused, before anything changes:**\n\n")
		}
		if i == longest {
			fmt.Fprintf(b, "- and %d more\n", len(r.Refused)-i)
			break
		}
		fmt.Fprintf(b, "- **%s**: %s. %s.\n", one.Reason, code(one.Says), code(one.Do))
	}
}

// noneOf is an empty list for none, as JSON wants it.
func noneOf[T any](all []T) []T {
	if all == nil {
		return []T{}
	}
	return all
}

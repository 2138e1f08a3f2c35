package stacks

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// problem is one thing that is wrong with a configuration.
type problem struct {
	path    string // without the namespace, such as app.replicas.min
	value   string // as shown; empty for none
	text    string
	allowed string
	nearest string
}

func (p problem) format(project string) string {
	var b strings.Builder
	b.WriteString(project + ":" + p.path)
	if p.value != "" {
		b.WriteString(" = " + p.value)
	}
	b.WriteString(": " + p.text)
	if p.allowed != "" {
		b.WriteString("; allowed: " + p.allowed)
	}
	if p.nearest != "" {
		b.WriteString("; did you mean " + p.nearest + "?")
	}
	return b.String()
}

// configError is every problem of one stack's configuration.
type configError struct {
	project, stack string
	problems       []problem
}

// Error lists the problems in the order of their key paths.
func (e *configError) Error() string {
	noun := "problems"
	if len(e.problems) == 1 {
		noun = "problem"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "stack %q: the configuration has %d %s:", e.stack, len(e.problems), noun)
	for _, p := range e.problems {
		b.WriteString("\n  - " + p.format(e.project))
	}
	return b.String()
}

// sortProblems makes the report independent of the order of checking.
func sortProblems(ps []problem) []problem {
	slices.SortStableFunc(ps, func(a, b problem) int {
		return cmp.Or(cmp.Compare(a.path, b.path), cmp.Compare(a.text, b.text), cmp.Compare(a.value, b.value))
	})
	return slices.Compact(ps)
}

// shown is the longest value that an error quotes, in characters.
const shown = 60

// show writes a value for an error: scalars quoted if text, the rest as JSON.
func show(v any) string {
	switch v := v.(type) {
	case string:
		return quote(clip(v))
	case nil:
		return ""
	case fmt.Stringer:
		return v.String()
	}
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprintf("%T", v)
	}
	return clip(string(text))
}

func quote(s string) string { return strconv.Quote(s) }

func clip(s string) string {
	if utf8.RuneCountInString(s) <= shown {
		return s
	}
	return string([]rune(s)[:shown]) + "…"
}

// list joins names for an error.
func list(names []string) string { return strings.Join(names, ", ") }

// nearest returns the name closest to word, or nothing if none is close enough
// to be what the user meant. Ties go to the first one; a beginning of a name will
// do if nothing is closer.
func nearest(word string, names []string) string {
	// Only a short word can be a slip of the keyboard, and distance is quadratic.
	if len(word) > 64 {
		return ""
	}
	best, limit := "", max(1, min(3, len(word)/2))
	for _, name := range names {
		if d := distance(strings.ToLower(word), strings.ToLower(name)); d <= limit {
			best, limit = name, d-1
		}
	}
	if best == "" && len(word) > 2 {
		for _, name := range names {
			if strings.HasPrefix(strings.ToLower(name), strings.ToLower(word)) {
				return name
			}
		}
	}
	return best
}

// distance counts the insertions, deletions, replacements and swaps of
// neighbours that make one word out of the other.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	rows := make([][]int, len(x)+1)
	for i := range rows {
		rows[i] = make([]int, len(y)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(x); i++ {
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			d := min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				d = min(d, rows[i-2][j-2]+1)
			}
			rows[i][j] = d
		}
	}
	return rows[len(x)][len(y)]
}

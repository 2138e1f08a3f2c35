package plan

import (
	"fmt"
	"io"
	"strings"
)

// longest bounds the resources that a comment lists: GitHub takes 65,536 characters.
const longest = 200

// Markdown prints the report as the comment of a pull request. Its first line marks it, so that the next run finds and replaces it.
func (r Report) Markdown(w io.Writer) error {
	var b strings.Builder
	what, how := "simulated plan", "Simulated: the real program ran on Pulumi's engine against simulated clouds. No account was asked, and no secret was read."
	if r.Live {
		what, how = "preview", "Pulumi compared the program with the stack's state, and changed nothing."
	}
	fmt.Fprintf(&b, "<!-- slipway plan %s -->\n### Stack `%s` (%s): %s\n\n", r.Stack, r.Stack, r.Cloud, what)
	if r.Against == "" {
		r.inventory(&b)
	} else {
		r.table(&b)
	}
	r.saidMarkdown(&b)
	b.WriteString("\n" + how + "\n")
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("printing the plan: %w", err)
	}
	return nil
}

func (r Report) inventory(b *strings.Builder) {
	b.WriteString("| component | resources |\n|---|---:|\n")
	for _, c := range group(r.Resources) {
		fmt.Fprintf(b, "| %s | %d |\n", cell(c.name), len(c.resources))
	}
	fmt.Fprintf(b, "| total | %d |\n", len(r.Resources))
	lines := make([]string, 0, len(r.Resources))
	for _, one := range r.Resources {
		lines = append(lines, fmt.Sprintf("- %s `%s`", one.kind(), code(one.Name)))
	}
	details(b, plural(len(r.Resources), "resource"), lines)
}

func (r Report) table(b *strings.Builder) {
	components, by, total := r.counts()
	if len(components) == 0 {
		fmt.Fprintf(b, "Nothing would change in %s.\n", plural(len(r.Resources), "resource"))
		return
	}
	risky := map[string]bool{}
	for _, c := range r.risky() {
		risky[c.Component+" "+string(c.Action)] = true
	}
	b.WriteString("| component | added | changed | replaced | deleted |\n|---|---:|---:|---:|---:|\n")
	for _, c := range components {
		fmt.Fprintf(b, "| %s", cell(c))
		for _, a := range actions {
			fmt.Fprint(b, " | ", number(by[c][a], risky[c+" "+string(a)]))
		}
		b.WriteString(" |\n")
	}
	fmt.Fprintf(b, "| total | %s | %s | %s | %s |\n", number(total[Added], false), number(total[Changed], false), number(total[Replaced], false), number(total[Deleted], false))
	for i, c := range r.risky() {
		if i == 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(b, "- **%s `%s` would be %s.**%s\n", capital(c.DataStore), code(c.Name), c.Action, c.guard())
	}
	r.refused(b)
	lines := make([]string, 0, len(r.Changes))
	for _, c := range r.Changes {
		what := fmt.Sprintf("%s: %s `%s` (%s)", c.Action, c.kind(), code(c.Name), c.Component)
		if c.Risky() {
			what = "**" + what + "**"
		}
		lines = append(lines, "- "+what+c.why(func(p string) string { return "`" + code(p) + "`" }))
	}
	details(b, plural(len(r.Changes), "changed resource"), lines)
}

// details is a list that the reader opens.
func details(b *strings.Builder, title string, lines []string) {
	if more := len(lines) - longest; more > 0 {
		lines = append(lines[:longest], fmt.Sprintf("- and %d more: see the plan's file", more))
	}
	fmt.Fprintf(b, "\n<details><summary>%s</summary>\n\n%s\n\n</details>\n", title, strings.Join(lines, "\n"))
}

// number leaves zeros out, so that the others are seen. It is bold where data stores are among them.
func number(n int, bold bool) string {
	switch {
	case n == 0:
		return ""
	case bold:
		return fmt.Sprintf("**%d**", n)
	}
	return fmt.Sprint(n)
}

// cell and code keep a name from ending a table's cell or a span of code.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
func code(s string) string { return strings.ReplaceAll(s, "`", "'") }

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

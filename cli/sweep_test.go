package cli

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// half is the state of a stack of which a run was killed before it noted all that it had made.
const half = `{"version":3,"deployment":{"resources":[{"urn":"urn:pulumi:local::slipway::pulumi:pulumi:Stack::slipway-local","type":"pulumi:pulumi:Stack"}]}}`

func TestWhatNoStateKnowsIsRemoved(t *testing.T) {
	for _, row := range []struct {
		name          string
		before, after []string
		removed       []string
	}{
		{"nothing", nil, nil, nil},
		{"left by a run that was killed", []string{"a", "b"}, []string{"a", "b"}, []string{"a", "b"}},
		{"noted in the meantime", []string{"a", "b"}, []string{"b"}, []string{"b"}},
		{"made by a run that began later", []string{"a"}, []string{"a", "b"}, []string{"a"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := newProject(t)
			p.answer(t, "export.json", half)
			url, ca := app(t, "")
			p.outputs(t, map[string]any{"url": url, "version": "v1", "ca": ca})
			p.target.unknown = [][]string{row.before, row.after}
			_, _, errOut := p.run(t, nil, "up")
			if !slices.Equal(p.target.removed, row.removed) {
				t.Errorf("removed was %v, want %v: %s", p.target.removed, row.removed, errOut)
			}
			// A refresh has the stack's lock; the stack itself is all that it needs to read.
			calls := p.calls(t, "refresh")
			if (len(calls) == 1) != (len(row.before) > 0) || len(calls) == 1 && !strings.Contains(calls[0], "--target=urn:pulumi:local::slipway::pulumi:pulumi:Stack::slipway-local") {
				t.Errorf("refreshed: %q", calls)
			}
		})
	}
}

func TestWhatAnotherRunMakesIsLeftAlone(t *testing.T) {
	p := newProject(t)
	p.answer(t, "export.json", half)
	p.answer(t, "fail-refresh", "error: the stack is currently locked by 1 lock(s). Either wait")
	p.target.unknown = [][]string{{"a"}, {"a"}}
	if code, _, errOut := p.run(t, nil, "up"); code != exitFailed || len(p.target.removed) > 0 {
		t.Errorf("exit code %d, removed was %v: %s", code, p.target.removed, errOut)
	}
	p = newProject(t)
	p.answer(t, "export.json", half)
	p.target.unknown, p.target.failR = [][]string{{"a"}, {"a"}}, errors.New("no right to")
	code, _, errOut := p.run(t, nil, "up")
	if code != exitFailed {
		t.Errorf("exit code %d", code)
	}
	contains(t, errOut, "repairing stack", "no right to")
}

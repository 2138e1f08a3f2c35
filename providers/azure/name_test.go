package azure

import (
	"regexp"
	"strings"
	"testing"
)

func TestNames(t *testing.T) {
	seen := map[string]string{}
	for _, row := range []struct{ app, stack string }{
		{"links", "production"}, {"links", "prod"}, {"links", "Prod"}, {"links", "team_a.b"}, {"links", "team-a-b"}, {"li--nks", "prod"}, {"links", "2026"},
		{strings.Repeat("a", 40), "production"}, {strings.Repeat("a", 40), "productive"}, {strings.Repeat("a", 40), strings.Repeat("b", 90)},
	} {
		p := &Platform{settings: Settings{App: row.app}, stack: row.stack, project: "slipway"}
		for _, part := range []string{"", "vault", "a-part-of-23-characters"} {
			for _, limit := range []int{32, 40, 64, 260} {
				if got := p.fixed(part, limit); len(got) > limit || !lower.MatchString(got) {
					t.Errorf("%v %q: %q is no name of at most %d characters", row, part, got, limit)
				}
				if logical := p.name(part, limit); len(logical)+suffix > limit {
					t.Errorf("%v %q: %q has no room for the random end within %d", row, part, logical, limit)
				}
			}
		}
		if got := squeeze(p.base(), 42); len(got) > 42 || !alnum.MatchString(got) {
			t.Errorf("%v: %q is no name of letters and digits", row, got)
		}
		for _, name := range []string{p.fixed("", 32), p.groupName()} {
			if other, ok := seen[name]; ok {
				t.Errorf("%v and %s have the same name %q", row, other, name)
			}
			seen[name] = row.app + " " + row.stack
		}
	}
	if got := GroupName("links", "slipway", "prod"); got != "slipway-links-prod" {
		t.Errorf("an ordinary group is called %s", got)
	}
	if got := guid("a", "b"); got != guid("a", "b") || got == guid("ab") || !regexp.MustCompile(`^[0-9a-f-]{36}$`).MatchString(got) {
		t.Errorf("%s is no GUID of its own", got)
	}
}

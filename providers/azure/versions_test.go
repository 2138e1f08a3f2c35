package azure

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/components/componentstest"
)

// The table is in order, says why wherever it departs from its rule, and has no row that nothing is made with.
func TestVersions(t *testing.T) {
	shapes := []*componentstest.Recording{
		recorded(t, nil, nil),
		recorded(t, small, func(w *whole) {
			w.database.HA, w.edge = false, components.EdgeArgs{Domain: "links.example.com", Zone: "example.com"}
		}),
	}
	var kinds []string
	for _, v := range versions {
		kinds = append(kinds, v.kind)
		if !regexp.MustCompile(`^v20\d{6}(preview)?$`).MatchString(v.api) {
			t.Errorf("%s has the API version %q", v.kind, v.api)
		}
		if strings.HasSuffix(v.api, "preview") && v.why == "" {
			t.Errorf("%s is a preview, and the table does not say why", v.kind)
		}
		if !slices.ContainsFunc(shapes, func(r *componentstest.Recording) bool { return len(r.Of(token(v.kind))) > 0 }) {
			t.Errorf("nothing is made with %s", token(v.kind))
		}
	}
	if !slices.IsSorted(kinds) || len(slices.Compact(slices.Clone(kinds))) != len(kinds) {
		t.Error("the table is not in order, or has a type twice")
	}
	if got := token("new:Thing"); got != "azure-native:new:Thing" {
		t.Errorf("a type that is not in the table has the token %s", got)
	}
}

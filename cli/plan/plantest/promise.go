package plantest

import (
	"fmt"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Promise is a property that every resource of a type has, by the stack files of the repository: what a cloud's page says of it. In this
// order: what the page says, the resource's type, the path of the input, and its value as text in dev and in prod: "-" for not set, "" for
// no such resource.
type Promise [5]string

// Promised asserts promises of a stack. kind writes a type the way that the promises do; nil for Pulumi's own.
func Promised(t *testing.T, state *apitype.DeploymentV3, prod bool, kind func(string) string, all []Promise) {
	t.Helper()
	for _, p := range all {
		name, token, path, want := p[0], p[1], p[2], p[3]
		if prod {
			want = p[4]
		}
		t.Run(name, func(t *testing.T) {
			found := 0
			for _, r := range state.Resources {
				is := string(r.Type)
				if kind != nil {
					is = kind(is)
				}
				if is != token {
					continue
				}
				found++
				if got := property(t, r, path); got != want {
					t.Errorf("%s of %s is %s, want %s", path, r.URN, got, want)
				}
			}
			if (found > 0) != (want != "") {
				t.Errorf("there are %d resources of type %s", found, token)
			}
		})
	}
}

// property writes an input as text, "-" if it is not set.
func property(t *testing.T, r apitype.ResourceV3, path string) string {
	t.Helper()
	parsed, err := resource.ParsePropertyPath(path)
	must(t, err)
	v, ok := parsed.Get(resource.NewProperty(resource.NewPropertyMapFromMap(r.Inputs)))
	switch {
	case !ok || v.IsNull():
		return "-"
	case v.IsArray() && len(v.ArrayValue()) == 0:
		return "[]"
	case v.IsNumber():
		return fmt.Sprintf("%.0f", v.NumberValue())
	}
	return fmt.Sprint(v.V)
}

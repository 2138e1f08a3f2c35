package plantest

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"github.com/slipway-iac/slipway/cli/plan"
)

var update = flag.Bool("update", false, "write the golden files of the stacks anew")

// Golden compares the resources of a stack, one line each, with testdata/<stack>.txt beside the test. What they must be like is not
// its affair.
func Golden(t *testing.T, stack string, state *apitype.DeploymentV3) {
	t.Helper()
	var b strings.Builder
	for _, r := range plan.Resources(state) {
		fmt.Fprintf(&b, "%s: %s %s\n", r.Component, r.Type, r.Name)
	}
	file := filepath.Join("testdata", stack+".txt")
	if *update {
		must(t, os.MkdirAll("testdata", 0o755))
		must(t, os.WriteFile(file, []byte(b.String()), 0o644))
	}
	want, err := os.ReadFile(file)
	must(t, err)
	for _, d := range missing(string(want), b.String()) {
		t.Errorf("%s: no longer made: %s", file, d)
	}
	for _, d := range missing(b.String(), string(want)) {
		t.Errorf("%s: new: %s", file, d)
	}
	if t.Failed() {
		t.Log("if that is meant: go test ./stacks/... -update, with the pulumi command on PATH (go run ./test/prepare prints its folder)")
	}
}

// missing are the lines of a that are not in b. The version of a source, 12 hexadecimal digits at the end of a name, does not count.
func missing(a, b string) []string {
	has := map[string]bool{}
	for line := range strings.Lines(b) {
		has[unversioned(line)] = true
	}
	var out []string
	for line := range strings.Lines(a) {
		if !has[unversioned(line)] {
			out = append(out, strings.TrimSpace(line))
		}
	}
	return out
}

func unversioned(line string) string {
	line = strings.TrimSpace(line)
	if i := strings.LastIndexByte(line, '-'); strings.Contains(line, " docker:") && i > 0 && len(line)-i == 13 {
		return line[:i]
	}
	return line
}

package plantest

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"github.com/slipway-iac/slipway/cli/simulate"
)

var released = flag.Bool("release", false, "write anew what a stack of this release keeps: once for each release, after the test has passed")

// Kept guards who upgrades: what the last release has made of a stack that stores data, or that requests are forwarded to, is in this
// version too, under the same URN and with the same inputs that can't change in place. testdata/<stack>.kept.txt has a line for each,
// with a hash of those inputs; -release writes it.
func Kept(t *testing.T, stack string, state *apitype.DeploymentV3) {
	t.Helper()
	now := map[string]string{}
	var lines []string
	for _, r := range state.Resources {
		token := string(r.Type)
		data := simulate.Store(token, r.Inputs)
		if data == "secret" || data == "" && simulate.Serves(token, r.Inputs) == "" {
			continue
		}
		// What the program ignores replaces nothing: on Docker, the folder of the checkout in a label.
		inputs := maps.Clone(r.Inputs)
		for _, ignored := range r.IgnoreChanges {
			delete(inputs, ignored)
		}
		now[string(r.URN)] = simulate.Fixed(token, inputs)
		lines = append(lines, fmt.Sprintf("%s %s", r.URN, now[string(r.URN)]))
	}
	slices.Sort(lines)
	file := filepath.Join("testdata", stack+".kept.txt")
	if *released {
		must(t, os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o644))
	}
	text, err := os.ReadFile(file)
	must(t, err)
	kept := 0
	for line := range strings.Lines(string(text)) {
		urn, fixed, _ := strings.Cut(strings.TrimRight(line, "\n"), " ")
		is, there := now[urn]
		switch {
		case !there:
			t.Errorf("an upgrade would delete what the last release has made: %s", urn)
		case is != fixed:
			t.Errorf("an upgrade would replace what the last release has made: %s", urn)
		}
		kept++
	}
	if kept == 0 {
		t.Errorf("%s is empty", file)
	}
}

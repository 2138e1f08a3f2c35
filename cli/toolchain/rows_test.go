package toolchain

import (
	"bytes"
	"cmp"
	"strings"
	"testing"

	"github.com/slipway-iac/slipway/cli/progress"
)

func TestForEveryCloud(t *testing.T) {
	for _, cloud := range everywhere {
		if len(For(cloud)) < 2 {
			t.Errorf("%s needs a command and plugins, not %v", cloud, For(cloud))
		}
	}
	if len(For("other")) != 0 {
		t.Error("an unknown cloud needs something")
	}
}

func TestDoctorAddsUpBuilds(t *testing.T) {
	f := newFixture(t, "")
	for _, need := range For("docker") {
		got, want := f.checkProgram(t.Context(), need.program), map[string]string{"Pulumi CLI": "about 3 min", "docker plugin": "about 5 min"}
		if !strings.Contains(got.Fix, cmp.Or(want[got.Name], "seconds")) {
			t.Errorf("%s: %s", got.Name, got.Fix)
		}
	}
}

func TestThisMachineRefusesUnknownWay(t *testing.T) {
	t.Setenv("SLIPWAY_TOOLCHAIN", "magic")
	if _, err := Ensure(t.Context(), progress.New(&bytes.Buffer{}), t.TempDir()); err == nil {
		t.Error("no error")
	}
}

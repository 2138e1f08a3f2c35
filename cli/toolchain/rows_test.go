package toolchain

import (
	"bytes"
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

func TestThisMachineRefusesUnknownWay(t *testing.T) {
	t.Setenv("SLIPWAY_TOOLCHAIN", "magic")
	if _, err := Ensure(t.Context(), progress.New(&bytes.Buffer{}), t.TempDir()); err == nil {
		t.Error("no error")
	}
}

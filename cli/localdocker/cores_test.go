package localdocker

import (
	"strings"
	"testing"

	"github.com/slipway-iac/slipway/stacks"
)

// TestEnoughCores: what the engine would refuse in the middle of an update is refused before.
func TestEnoughCores(t *testing.T) {
	for _, row := range []struct {
		engine   string
		cpu      float64
		database string
		want     []string
	}{
		{"2\n", 2, "medium", nil},
		{"2\n", 4, "large", []string{"app.cpu: 4 is 4 processors, and this Docker Engine has 2", "database.size: large is 4 processors"}},
		{"8\n", 4, "large", nil},
		{"", 4, "large", nil}, // an engine that does not say
	} {
		engine(t, map[string]string{"info": row.engine})
		s := stack
		s.Config = stacks.Config{App: stacks.App{CPU: row.cpu}, Database: stacks.Database{Enabled: true, Size: row.database}}
		err := enoughCores(t.Context(), s)
		if (err == nil) != (row.want == nil) {
			t.Errorf("%+v: %v", row, err)
		}
		for _, want := range row.want {
			if err != nil && !strings.Contains(err.Error(), want) {
				t.Errorf("want %q in %v", want, err)
			}
		}
	}
}

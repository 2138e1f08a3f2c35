package localdocker

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/slipway-iac/slipway/providers/docker"
	"github.com/slipway-iac/slipway/stacks"
)

// replica is one of the app's containers.
func replica(id string, running bool, exit, restarts int) inspected {
	c := container(id, "service", running, exit)
	c.Config.Labels[docker.LabelSlot], c.RestartCount = "blue", restarts
	return c
}

// TestExplain: of what the gate complains of, the app's own last words are told, once for all instances in the same state.
func TestExplain(t *testing.T) {
	gate := container("gate", "service", false, 1)
	gone := replica("crashed", false, 3, 9)
	gone.State.Restarting = true
	killed := replica("killed", false, 137, 9)
	killed.State.OOMKilled = true
	s := stack
	s.Config = stacks.Config{App: stacks.App{ReadyPath: "/readyz", HealthPath: "/healthz"}}
	for _, row := range []struct {
		name      string
		all       []inspected
		logs      map[string]string
		want, not []string
	}{
		{name: "all is well", all: []inspected{replica("a", true, 0, 0), container("gate", "service", false, 0)}},
		{
			name: "not ready", all: []inspected{replica("a", true, 0, 0), replica("b", true, 0, 0), replica("serves", true, 0, 0), gate},
			logs: map[string]string{
				"log-gate": "slipway-local-a:8080 did not become ready within 20 s: GET /readyz is answered with 503\nslipway-local-b:8080 did not become ready within 20 s\n",
				"log-a":    "opening /data: permission denied\nGET /readyz 503\n", "log-b": "of b\n", "log-serves": "of the version before\n",
			},
			want: []string{"slipway-local-a runs. Its last words:\n  opening /data: permission denied"}, not: []string{"GET /readyz", "of b", "of the version before"},
		},
		{name: "silent", all: []inspected{replica("a", true, 0, 0), gate}, logs: map[string]string{"log-gate": "slipway-local-a:8080 did not become ready\n"}, want: []string{"slipway-local-a runs. It has written nothing."}},
		{
			name: "ends at once", all: []inspected{gone, killed}, logs: map[string]string{"log-crashed": "no such table\n", "log-killed": "loading\n"},
			want: []string{"ended with exit code 3, and was started again. Its last words:\n  no such table", "has used more memory than app.memory"},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			files := containersOf(t, row.all...)
			maps.Copy(files, row.logs)
			engine(t, files)
			got := Target{}.Explain(t.Context(), s)
			for _, want := range row.want {
				if !strings.Contains(got, want) {
					t.Errorf("want %q in\n%s", want, got)
				}
			}
			for _, not := range row.not {
				if strings.Contains(got, not) {
					t.Errorf("%q is in\n%s", not, got)
				}
			}
			if len(row.want) == 0 && got != "" {
				t.Errorf("told is\n%s", got)
			}
		})
	}
}

func TestGivenUp(t *testing.T) {
	for _, row := range []struct {
		restarts int
		watched  time.Duration
		want     bool
	}{
		{0, time.Hour, false}, {1, time.Hour, false}, {9, time.Second, false}, // it may need what is not there yet
		{4, 15 * time.Second, true}, {3, 20 * time.Second, false}, {2, 40 * time.Second, true},
	} {
		if got := givenUp(replica("a", false, 1, row.restarts), row.watched); got != row.want {
			t.Errorf("after %d restarts in %s: %t", row.restarts, row.watched, got)
		}
	}
}

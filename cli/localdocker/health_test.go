package localdocker

import (
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipway-iac/slipway/cli"
	"github.com/slipway-iac/slipway/cli/rollout"
	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/stacks"
)

// prometheus answers queries that contain a text with a value; "" is an empty result.
func prometheus(t *testing.T, answers map[string]string) (rollout.Health, *[]string) {
	t.Helper()
	var asked []string
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query().Get("query")
		asked = append(asked, query)
		for part, value := range answers {
			if !strings.Contains(query, part) {
				continue
			}
			switch value {
			case "":
				fmt.Fprint(w, `{"status":"success","data":{"result":[]}}`)
			case "broken":
				w.WriteHeader(http.StatusUnprocessableEntity)
				fmt.Fprint(w, `{"status":"error","error":"out of memory"}`)
			default:
				fmt.Fprintf(w, `{"status":"success","data":{"result":[{"metric":{},"value":[1767225600,%q]}]}}`, value)
			}
			return
		}
		fmt.Fprint(w, `{"status":"success","data":{"result":[{"metric":{},"value":[1767225600,"NaN"]}]}}`)
	}))
	t.Cleanup(server.Close)
	s := stack
	s.Config.Rollout = stacks.Rollout{Gates: []string{"uptime", "restarts", "latency-p99"}}
	s.Config.Alerts.Thresholds = map[string]float64{"restarts": 5}
	h, err := Target{}.Health(t.Context(), s, cli.Outputs{Dashboard: server.URL, CA: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))})
	if err != nil {
		t.Fatal(err)
	}
	return h, &asked
}

func TestSlotFigures(t *testing.T) {
	h, asked := prometheus(t, map[string]string{`code="5xx"`: "3", `proxy="green"}[60s]`: "150.5", "histogram_quantile": "0.0425"})
	got, err := h.Slot(t.Context(), components.Green, time.Now().Add(-time.Minute))
	if want := (rollout.Figures{Requests: 150.5, Errors: 3, P99: 42500 * time.Microsecond}); err != nil || got != want {
		t.Errorf("read %+v, %v, want %+v", got, err, want)
	}
	if !slices.ContainsFunc(*asked, func(q string) bool {
		return strings.Contains(q, `slot="green",route!~`) && strings.Contains(q, "[60s]")
	}) {
		t.Errorf("asked %q", *asked)
	}
	h, asked = prometheus(t, nil) // 0/0 everywhere: nothing has happened
	if got, err := h.Slot(t.Context(), components.Blue, time.Now()); err != nil || got != (rollout.Figures{}) || !strings.Contains((*asked)[0], "[4s]") {
		t.Errorf("read %+v, %v; asked %q", got, err, *asked)
	}
}

func TestGates(t *testing.T) {
	h, asked := prometheus(t, map[string]string{"haproxy_backend_active_servers": "0", "process_start_time_seconds": "6", "histogram_quantile": ""})
	got, err := h.Gates(t.Context(), components.Green, time.Now().Add(-time.Hour))
	want := []rollout.Alarm{{ID: "latency-p99", Text: "no data"}, {ID: "uptime", Firing: true, Text: "0 %, wanted not < 100 %"}, {ID: "restarts", Firing: true, Text: "6, wanted not > 5"}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("read %+v, %v, want %+v", got, err, want)
	}
	for part, window := range map[string]string{"max_over_time((100 * ((sum(haproxy_backend_active_servers": "[8s:2s]", "process_start_time_seconds": "[600s]"} {
		if !slices.ContainsFunc(*asked, func(q string) bool { return strings.Contains(q, part) && strings.Contains(q, window) }) {
			t.Errorf("%s with %s is not among %q", part, window, *asked)
		}
	}
	h, asked = prometheus(t, nil)
	// What was before the step is not the candidate's: it may have been another one, in the same slot.
	if _, err := h.Gates(t.Context(), components.Green, time.Now().Add(-30*time.Second)); err != nil || !strings.Contains(strings.Join(*asked, "\n"), "process_start_time_seconds{job=\"app\",slot=\"green\"}[22s]") {
		t.Errorf("%v; asked %q", err, *asked)
	}
}

func TestHealthFails(t *testing.T) {
	h, _ := prometheus(t, map[string]string{"": "broken"})
	if _, err := h.Slot(t.Context(), components.Blue, time.Now()); err == nil || !strings.Contains(err.Error(), "422 out of memory") {
		t.Errorf("got %v", err)
	}
	if _, err := h.Gates(t.Context(), components.Blue, time.Now()); err == nil {
		t.Error("gates can be read without Prometheus")
	}
	h, _ = prometheus(t, map[string]string{"": "many"})
	if _, err := h.Slot(t.Context(), components.Blue, time.Now()); err == nil || !strings.Contains(err.Error(), "no number") {
		t.Errorf("got %v", err)
	}
	if _, err := (Target{}).Health(t.Context(), stack, cli.Outputs{}); err == nil || !strings.Contains(err.Error(), "go run . up -s local") {
		t.Errorf("without a dashboard: %v", err)
	}
}

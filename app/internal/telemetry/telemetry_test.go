package telemetry

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
)

func TestLogLines(t *testing.T) {
	var out bytes.Buffer
	log := NewLogger(&out, slog.LevelInfo, "v1", "blue").With("a", 1).WithGroup("g")
	log.Debug("hidden")
	log.InfoContext(WithRequestID(Adopt(t.Context(), nothing{}), "id-1"), "shown")
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	group, _ := line["g"].(map[string]any)
	if line["version"] != "v1" || line["slot"] != "blue" || group["request_id"] != "id-1" || len(group["trace_id"].(string)) != 32 {
		t.Errorf("%v", line)
	}
}

type nothing struct{}

func (nothing) Get(string) string  { return "" }
func (nothing) Set(string, string) {}
func (nothing) Keys() []string     { return nil }

func TestOTLPClient(t *testing.T) {
	var calls atomic.Int32
	status := []int{503, 200, 400}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/traces" || r.Header.Get("Authorization") != "Bearer x y" {
			t.Errorf("%s %v", r.URL.Path, r.Header)
		}
		w.WriteHeader(status[calls.Add(1)-1])
	}))
	defer srv.Close()
	env := map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": srv.URL + "/", "OTEL_EXPORTER_OTLP_TIMEOUT": "2000",
		"OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20x%20y,broken"}
	get := func(k string) string { return env[k] }
	c, err := newOTLPClient(get)
	if err != nil || c.http.Timeout != 2*time.Second {
		t.Fatalf("%v, %v", err, c)
	}
	if err := c.UploadTraces(t.Context(), nil); err != nil || calls.Load() != 2 {
		t.Errorf("busy collector: %v after %d calls", err, calls.Load())
	}
	if err := c.UploadTraces(t.Context(), nil); err == nil || calls.Load() != 3 {
		t.Errorf("refusing collector: %v after %d calls", err, calls.Load())
	}
	srv.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := c.UploadTraces(ctx, nil); err == nil {
		t.Error("no collector: no error")
	}
	env["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = "collector:4318"
	if _, err := newOTLPClient(get); err == nil {
		t.Error("an address without a scheme was accepted")
	}
}

func TestObserveBounds(t *testing.T) {
	r := NewMetrics("v", "s").Route("x")
	r.Observe(-1, 0)
	r.Observe(1000, 0)
	if r.series[0].Load() == nil {
		t.Error("odd statuses have no series")
	}
}

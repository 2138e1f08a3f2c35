package main

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

func gunzip(t *testing.T, b []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Error(err)
		return nil
	}
	out, _ := io.ReadAll(z)
	return out
}

// TestTraces: one trace goes through HTTP, cache and database to the collector, and continues the caller's.
func TestTraces(t *testing.T) {
	s := newSite(t)
	var mu sync.Mutex
	var got []byte
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		got = append(got, gunzip(t, b)...)
	}))
	defer collector.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL) // read by the SDK itself
	i := s.start(t, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": collector.URL})
	i.create(t, "traced", "https://example.com")
	i.ask(t, "DELETE", "/api/links/traced", "")
	i.ask(t, "GET", "/other", "", "traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	i.stop()
	if err := i.wait(); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	var data tracepb.TracesData
	if err := proto.Unmarshal(got, &data); err != nil { // messages in a row are one message
		t.Fatal(err)
	}
	service, all, traced := "", map[string]bool{}, map[string]*tracepb.Span{}
	for _, resource := range data.ResourceSpans {
		for _, a := range resource.GetResource().GetAttributes() {
			if a.Key == "service.name" {
				service = a.GetValue().GetStringValue()
			}
		}
		for _, scope := range resource.ScopeSpans {
			for _, span := range scope.Spans {
				name := scope.GetScope().GetName()
				all[name+": "+span.Name] = true
				if bytes.Equal(span.TraceId, []byte("\x4b\xf9\x2f\x35\x77\xb3\x4d\xa6\xa3\xce\x92\x9d\x0e\x0e\x47\x36")) {
					for _, library := range []string{"otelhttp", "redisotel", "otelpgx"} {
						if strings.Contains(name, library) && traced[library] == nil {
							traced[library] = span
						}
					}
				}
			}
		}
	}
	if service != "links" {
		t.Errorf("the service is %q", service)
	}
	for _, library := range []string{"otelhttp", "redisotel", "otelpgx"} {
		if traced[library] == nil {
			t.Fatalf("no span of %s carries the caller's trace; the collector got %v", library, all)
		}
	}
	request := traced["otelhttp"]
	if request.Name != "GET /{slug}" || !bytes.Equal(request.ParentSpanId, []byte("\x00\xf0\x67\xaa\x0b\xa9\x02\xb7")) {
		t.Errorf("the request's span is %q below %x, want the caller's", request.Name, request.ParentSpanId)
	}
}

// TestProfiles: profiles are served on an address of their own, and not where the public is answered.
func TestProfiles(t *testing.T) {
	s := newSite(t)
	public, profiles := freePort(t), freePort(t)
	cmd := exec.Command(build(t, "."))
	for k, v := range s.env {
		if k != "PPROF_ADDR" {
			cmd.Env = append(cmd.Env, k+"="+v)
		}
	}
	cmd.Env = append(cmd.Env, "PORT="+public, "PPROF_ADDR=127.0.0.1:"+profiles)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	}()
	get := func(port, path string) (int, string) {
		resp, err := http.Get("http://127.0.0.1:" + port + path)
		if err != nil {
			return 0, err.Error()
		}
		defer func() { _ = resp.Body.Close() }()
		b, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(b)
	}
	eventually(t, 10*time.Second, "profiles are served", func() bool {
		status, body := get(profiles, "/debug/pprof/heap?debug=1")
		return status == 200 && strings.Contains(body, "heap profile")
	})
	eventually(t, 10*time.Second, "the binary answers", func() bool { status, _ := get(public, "/healthz"); return status == 200 })
	for _, path := range []string{"/debug/pprof/", "/debug/pprof/heap", "/debug/pprof/cmdline"} {
		if status, _ := get(public, path); status != http.StatusNotFound {
			t.Errorf("the public port answers %s with %d, want 404", path, status)
		}
	}
	if status, _ := get(profiles, "/healthz"); status != http.StatusNotFound {
		t.Errorf("the profiles' port serves the app too: %d", status)
	}
}

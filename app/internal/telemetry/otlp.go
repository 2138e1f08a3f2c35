package telemetry

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// otlpClient sends spans with OTLP over HTTP (https://opentelemetry.io/docs/specs/otlp/#otlphttp). The SDK's own client
// links gRPC in even when it isn't used, which alone would add half the image's size.
type otlpClient struct {
	endpoint string
	headers  http.Header
	http     *http.Client
}

const otlpTries = 3

// newOTLPClient reads the standard OTEL_EXPORTER_OTLP_… variables: (TRACES_)ENDPOINT, HEADERS and TIMEOUT (ms).
func newOTLPClient(getenv func(string) string) (*otlpClient, error) {
	read := func(name string) string {
		if v := getenv("OTEL_EXPORTER_OTLP_TRACES_" + name); v != "" {
			return v
		}
		return getenv("OTEL_EXPORTER_OTLP_" + name)
	}
	endpoint := getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") // used as it is
	if endpoint == "" {
		endpoint = strings.TrimSuffix(getenv("OTEL_EXPORTER_OTLP_ENDPOINT"), "/") + "/v1/traces"
	}
	if u, err := url.Parse(endpoint); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_ENDPOINT: is not an http:// or https:// URL")
	}
	c := &otlpClient{endpoint: endpoint, headers: http.Header{}, http: &http.Client{Timeout: 10 * time.Second}}
	if ms, err := strconv.Atoi(read("TIMEOUT")); err == nil && ms > 0 {
		c.http.Timeout = time.Duration(ms) * time.Millisecond
	}
	for pair := range strings.SplitSeq(read("HEADERS"), ",") {
		key, value, found := strings.Cut(pair, "=")
		if value, err := url.PathUnescape(strings.TrimSpace(value)); err == nil && found {
			c.headers.Set(strings.TrimSpace(key), value)
		}
	}
	c.headers.Set("Content-Type", "application/x-protobuf")
	c.headers.Set("Content-Encoding", "gzip")
	return c, nil
}

// Start implements otlptrace.Client.
func (c *otlpClient) Start(context.Context) error { return nil }

// Stop implements otlptrace.Client.
func (c *otlpClient) Stop(context.Context) error {
	c.http.CloseIdleConnections()
	return nil
}

// UploadTraces implements otlptrace.Client. It tries again where the protocol says that this may help.
func (c *otlpClient) UploadTraces(ctx context.Context, spans []*tracepb.ResourceSpans) error {
	// TracesData has the same bytes as ExportTraceServiceRequest, whose package needs gRPC.
	raw, err := proto.Marshal(&tracepb.TracesData{ResourceSpans: spans})
	if err != nil {
		return fmt.Errorf("encoding spans: %w", err)
	}
	var body bytes.Buffer
	z := gzip.NewWriter(&body)
	_, _ = z.Write(raw) // a buffer takes everything
	_ = z.Close()
	for try := 1; ; try++ {
		again, err := c.post(ctx, body.Bytes())
		if err == nil || !again || try == otlpTries {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(time.Duration(try) * time.Second):
		}
	}
}

func (c *otlpClient) post(ctx context.Context, body []byte) (again bool, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.endpoint, bytes.NewReader(body))
	if err != nil {
		return false, fmt.Errorf("sending spans: %w", err)
	}
	req.Header = c.headers.Clone()
	resp, err := c.http.Do(req)
	if err != nil {
		return true, fmt.Errorf("sending spans: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // read to the end, so that the connection is kept
	switch resp.StatusCode {
	case http.StatusOK, http.StatusAccepted:
		return false, nil
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		again = true
	}
	return again, fmt.Errorf("sending spans: collector answered %s", resp.Status)
}

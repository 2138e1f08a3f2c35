package localdocker

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/slipway-iac/slipway/cli"
	"github.com/slipway-iac/slipway/cli/rollout"
	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/providers/docker"
)

// health implements rollout.Health.
type health struct {
	client *http.Client
	url    string // of the dashboard, which lets Prometheus be read
	gates  []components.Signal
}

// Health reads the figures of a stack's slots from its own Prometheus, through the dashboard's address.
// https://prometheus.io/docs/prometheus/2.53/querying/api/
func (Target) Health(_ context.Context, s cli.Stack, o cli.Outputs) (rollout.Health, error) {
	roots := x509.NewCertPool()
	if o.Dashboard == "" || !roots.AppendCertsFromPEM([]byte(o.CA)) {
		return nil, fmt.Errorf("stack %q has no dashboard: `go run . up -s %s` makes it", s.Name, s.Name)
	}
	h := health{url: o.Dashboard, client: &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}}}
	for _, row := range components.Signals(s.Config.Alerts.Thresholds) {
		if slices.Contains(s.Config.Rollout.Gates, row.ID) {
			h.gates = append(h.gates, row)
		}
	}
	return h, nil
}

func (health) Lag() time.Duration { return docker.Lag }

// Slot reads requests and errors from the proxy's counters, and the latency from the app's own histogram.
func (h health) Slot(ctx context.Context, slot components.Slot, since time.Time) (rollout.Figures, error) {
	window := fmt.Sprintf("[%ds]", int(max(docker.Lag, time.Since(since)).Seconds()))
	var values [3]float64
	for i, query := range []string{
		fmt.Sprintf(`sum(increase(haproxy_backend_http_responses_total{proxy="%s"}%s))`, slot, window),
		fmt.Sprintf(`sum(increase(haproxy_backend_http_responses_total{proxy="%s",code="5xx"}%s))`, slot, window),
		fmt.Sprintf(`histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket{job="app",slot="%s",%s}%s)))`, slot, docker.Served, window),
	} {
		found, err := h.query(ctx, query)
		if err != nil {
			return rollout.Figures{}, err
		}
		for _, v := range found {
			values[i] = v
		}
	}
	return rollout.Figures{Requests: values[0], Errors: values[1], P99: time.Duration(values[2] * float64(time.Second))}, nil
}

// Gates measures each gate in a slot.
func (h health) Gates(ctx context.Context, slot components.Slot, since time.Time) ([]rollout.Alarm, error) {
	var out []rollout.Alarm
	for _, gate := range h.gates {
		found, err := h.query(ctx, docker.GateExpression(gate, slot, time.Since(since)))
		if err != nil {
			return nil, err
		}
		a := rollout.Alarm{ID: gate.ID, Text: "no data"}
		for _, v := range found {
			sign := ">"
			if a.Firing = v > gate.Threshold; gate.Below {
				a.Firing, sign = v < gate.Threshold, "<"
			}
			a.Text = fmt.Sprintf("%.3g%s, wanted not %s %g%s", v, unit(gate), sign, gate.Threshold, unit(gate))
		}
		out = append(out, a)
	}
	return out, nil
}

// unit leaves out what needs no word.
func unit(s components.Signal) string {
	if s.Unit == "count" {
		return ""
	}
	return " " + s.Unit
}

// query asks for the present value of an expression. What is no number (0/0: nothing happened) is left out.
func (h health) query(ctx context.Context, expression string) ([]float64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.url+"/api/v1/query?query="+url.QueryEscape(expression), nil)
	if err != nil {
		return nil, fmt.Errorf("asking Prometheus: %w", err)
	}
	res, err := h.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("asking Prometheus: %w", err)
	}
	defer res.Body.Close()
	var answer struct {
		Status, Error string
		Data          struct {
			Result []struct {
				Value [2]any
			}
		}
	}
	err = json.NewDecoder(res.Body).Decode(&answer)
	if res.StatusCode != http.StatusOK || err != nil || answer.Status != "success" {
		return nil, fmt.Errorf("asking Prometheus: it answers %d %s", res.StatusCode, answer.Error)
	}
	var out []float64
	for _, row := range answer.Data.Result {
		text, ok := row.Value[1].(string)
		v, err := strconv.ParseFloat(text, 64)
		if !ok || err != nil {
			return nil, errors.New("asking Prometheus: the value is no number")
		}
		if !math.IsNaN(v) {
			out = append(out, v)
		}
	}
	return out, nil
}

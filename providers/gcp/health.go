package gcp

import (
	"encoding/json"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// What ServiceState.Health holds. Those of a slot end in its name, and are not there for a slot without a version.
const (
	healthProject  = "project"
	healthService  = "service"
	healthRevision = "revision."
	healthGates    = "gates."
)

// Gate is a signal as it is measured in one slot, in the words of Cloud Monitoring.
type Gate struct {
	// ID is the signal's, Unit that of the threshold as people read it.
	ID   string `json:"id"`
	Unit string `json:"unit"`
	// Filter finds the series, Denominator those that they are a share of, if any.
	Filter      string `json:"filter"`
	Denominator string `json:"denominator,omitempty"`
	// Aligner and Reducer make one series of them, with a value for each Period, in seconds.
	Aligner string `json:"aligner"`
	Reducer string `json:"reducer"`
	Period  int    `json:"period"`
	// Threshold is in Unit, and Scale times that in the metric's own; it must be crossed for For seconds.
	Threshold float64 `json:"threshold"`
	Scale     float64 `json:"scale"`
	For       int     `json:"for"`
	Below     bool    `json:"below,omitempty"`
}

// SlotHealth is where one slot is measured.
type SlotHealth struct {
	// Project is asked, for the revision Revision of Service. Revision is empty for a slot without a version.
	Project, Service, Revision string
	Gates                      []Gate
}

// slotMeters are the signals that are measured in one slot by itself, where the meters of the whole stack are not right for it: a load
// balancer does not tell revisions from each other. The front door is one for both slots, and whoever of them breaks it, the gate holds.
var slotMeters = map[string]meter{
	"error-rate": {period: 60, read: func(s map[string]string) query {
		all := served(s, "run.googleapis.com/request_count")
		return query{filter: all + ` AND metric.labels.response_code_class="5xx"`, denominator: all, aligner: "ALIGN_DELTA", reducer: "REDUCE_SUM", scale: percent}
	}},
	"uptime": {period: 120, read: func(s map[string]string) query {
		return query{filter: fmt.Sprintf(`resource.type="uptime_url" AND resource.labels.host="%s" AND metric.type="monitoring.googleapis.com/uptime_check/check_passed"`, s[scopeHost]),
			aligner: "ALIGN_FRACTION_TRUE", reducer: "REDUCE_MAX", scale: percent}
	}},
}

// gatesOf writes down the gates of a slot. It fails on a signal that is measured in no slot by itself (ErrUnsupported).
func (p *Platform) gatesOf(rows []components.Signal, revision, restarts string) ([]Gate, error) {
	scope := map[string]string{scopeService: p.serviceName(), scopeRestarts: restarts, scopeHost: p.settings.Domain}
	var out []Gate
	for _, row := range rows {
		m, ok := slotMeters[row.ID]
		if all := meters[row.ID]; !ok && row.Source != components.FromDatabase && row.Source != components.FromCache && len(all) > 0 {
			m, ok = all[0], true
		}
		if !ok || row.ID == "certificate-expiry" {
			return nil, components.Unsupported("gcp", "rollout.gates", row.ID+" is measured in no slot by itself")
		}
		q := m.read(scope)
		gate := Gate{
			ID: row.ID, Unit: row.Unit, Filter: q.filter, Denominator: q.denominator, Aligner: q.aligner, Reducer: q.reducer, Period: m.period,
			Threshold: row.Threshold, Scale: q.scale, For: int(row.For.Seconds()), Below: row.Below,
		}
		if row.ID != "uptime" {
			own := fmt.Sprintf(` AND resource.labels.revision_name="%s"`, revision)
			gate.Filter += own
			if gate.Denominator != "" {
				gate.Denominator += own
			}
		}
		out = append(out, gate)
	}
	return out, nil
}

// health is what the command line needs to ask Cloud Monitoring how each slot does. It holds names, which are no secret.
// https://cloud.google.com/monitoring/api/metrics_gcp_p_z#gcp-run
func (p *Platform) health(d deployment, service, restarts pulumi.StringOutput) (components.Scope, error) {
	out := components.Scope{healthProject: pulumi.String(p.account).ToStringOutput(), healthService: service}
	if _, err := p.gatesOf(d.args.Gates, "", ""); err != nil {
		return nil, err
	}
	for _, t := range d.args.Tracks {
		revision := d.revisions[t.Slot]
		out[healthRevision+string(t.Slot)] = revision
		out[healthGates+string(t.Slot)] = pulumi.All(revision, restarts).ApplyT(func(v []any) (string, error) {
			gates, err := p.gatesOf(d.args.Gates, v[0].(string), v[1].(string))
			if err != nil {
				return "", err
			}
			text, err := json.Marshal(gates)
			if err != nil {
				return "", fmt.Errorf("writing down the gates: %w", err)
			}
			return string(text), nil
		}).(pulumi.StringOutput)
	}
	return out, nil
}

// HealthOf reads one slot out of ServiceState.Health, as the stack's output has it.
func HealthOf(output map[string]string, s components.Slot) (SlotHealth, error) {
	h := SlotHealth{Project: output[healthProject], Service: output[healthService], Revision: output[healthRevision+string(s)]}
	if text := output[healthGates+string(s)]; text != "" {
		if err := json.Unmarshal([]byte(text), &h.Gates); err != nil {
			return h, fmt.Errorf("reading the gates of slot %s: %w", s, err)
		}
	}
	return h, nil
}

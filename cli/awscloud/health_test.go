package awscloud

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"

	"github.com/slipway-iac/slipway/cli"
	"github.com/slipway-iac/slipway/cli/rollout"
	"github.com/slipway-iac/slipway/components"
)

// watched is the output health of a stack in the middle of a rollout.
var watched = map[string]string{
	"region": "eu-west-1", "cluster": "links", "loadBalancer": "app/links/50dc6c495c0c9188", "targetGroupBlue": "targetgroup/blue/1", "targetGroupGreen": "targetgroup/green/2",
	"serviceBlue": "links-blue", "serviceGreen": "links-green", "gates": "error-rate", "gatesBlue": "error-rate=gate-blue-error-rate", "gatesGreen": "error-rate=gate-green-error-rate,uptime=gate-green-uptime",
}

// cloudWatch stands in for CloudWatch and its protocol, RPC in CBOR: it answers operations in turn.
// https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html
func cloudWatch(t *testing.T, operation string, answers ...func(in cbor.Map) (int, cbor.Map)) (asked *int) {
	t.Helper()
	asked = new(int)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		in, err := cbor.Decode(body)
		if err != nil || !strings.HasSuffix(r.URL.Path, "/operation/"+operation) || r.Header.Get("Smithy-Protocol") != "rpc-v2-cbor" {
			t.Errorf("%s was asked with %x, %v", r.URL.Path, body, err)
			return
		}
		if signed := r.Header.Get("Authorization"); !strings.Contains(signed, "/eu-west-1/monitoring/aws4_request") {
			t.Errorf("signed for %s, want the region of the output", signed)
		}
		status, out := answers[min(*asked, len(answers)-1)](in.(cbor.Map))
		*asked++
		w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
		w.Header().Set("Content-Type", "application/cbor")
		w.WriteHeader(status)
		w.Write(cbor.Encode(out))
	}))
	t.Cleanup(server.Close)
	signIn(t, server.URL)
	return asked
}

func unhealthy(status int, code, message string) func(cbor.Map) (int, cbor.Map) {
	return func(cbor.Map) (int, cbor.Map) {
		return status, cbor.Map{"__type": cbor.String("com.amazonaws.cloudwatch#" + code), "message": cbor.String(message)}
	}
}

func series(id, status string, values ...float64) cbor.Value {
	all, times := cbor.List{}, cbor.List{}
	for i, v := range values {
		all, times = append(all, cbor.Float64(v)), append(times, &cbor.Tag{ID: 1, Value: cbor.Uint(1767225600 + 60*i)})
	}
	return cbor.Map{"Id": cbor.String(id), "Label": cbor.String(id), "StatusCode": cbor.String(status), "Values": all, "Timestamps": times}
}

func results(all ...cbor.Value) func(cbor.Map) (int, cbor.Map) {
	return func(cbor.Map) (int, cbor.Map) { return http.StatusOK, cbor.Map{"MetricDataResults": cbor.List(all)} }
}

// now is 20 s into a minute.
var now = time.Date(2026, 1, 1, 12, 10, 20, 0, time.UTC)

func healthAt(t *testing.T, at time.Time) health {
	t.Helper()
	h, err := Target{}.Health(t.Context(), stack, cli.Outputs{Health: watched})
	if err != nil {
		t.Fatal(err)
	}
	set := h.(health)
	set.now = func() time.Time { return at }
	return set
}

func TestSlotFigures(t *testing.T) {
	cloudWatch(t, "GetMetricData", func(in cbor.Map) (int, cbor.Map) {
		for key, want := range map[string]time.Time{"StartTime": now.Add(-9*time.Minute - 20*time.Second), "EndTime": now.Add(-20 * time.Second)} {
			if got, err := cbor.AsTime(in[key].(*cbor.Tag)); err != nil || !got.Equal(want) {
				t.Errorf("%s is %v, %v, want the whole minute %v", key, got, err, want)
			}
		}
		var got []string
		for _, q := range in["MetricDataQueries"].(cbor.List) {
			stat := q.(cbor.Map)["MetricStat"].(cbor.Map)
			metric := stat["Metric"].(cbor.Map)
			line := fmt.Sprintf("%s %s %s %v", metric["Namespace"], metric["MetricName"], stat["Stat"], stat["Period"])
			for _, d := range metric["Dimensions"].(cbor.List) {
				line += fmt.Sprintf(" %s=%s", d.(cbor.Map)["Name"], d.(cbor.Map)["Value"])
			}
			got = append(got, line)
		}
		where := " LoadBalancer=app/links/50dc6c495c0c9188 TargetGroup=targetgroup/green/2"
		want := []string{
			"AWS/ApplicationELB RequestCount Sum 60" + where, "AWS/ApplicationELB HTTPCode_Target_5XX_Count Sum 60" + where,
			"AWS/ApplicationELB TargetConnectionErrorCount Sum 60" + where, "AWS/ApplicationELB TargetResponseTime p99 540" + where,
		}
		if !slices.Equal(got, want) {
			t.Errorf("asked for\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		return http.StatusOK, cbor.Map{"MetricDataResults": cbor.List{
			series("requests", "PartialData", 500), series("failed", "Complete"), series("refused", "Complete", 2), series("latency", "Complete", 0.1234565),
		}, "NextToken": cbor.String("more")}
	}, func(in cbor.Map) (int, cbor.Map) {
		if in["NextToken"] != cbor.String("more") {
			t.Errorf("the next page is %v", in["NextToken"])
		}
		return http.StatusOK, cbor.Map{"MetricDataResults": cbor.List{series("requests", "Complete", 300, 200), series("failed", "Complete", 8)}}
	})
	// The step began 40 s into a minute, which holds requests of before.
	got, err := healthAt(t, now).Slot(t.Context(), components.Green, now.Add(-9*time.Minute-40*time.Second))
	if want := (rollout.Figures{Requests: 1000, Errors: 10, P99: 123457 * time.Microsecond}); err != nil || got != want {
		t.Errorf("read %+v, %v, want %+v", got, err, want)
	}
}

func TestSlotFiguresAtTheEdges(t *testing.T) {
	asked := cloudWatch(t, "GetMetricData", results(series("refused", "Complete", 5)))
	if got, err := healthAt(t, now).Slot(t.Context(), components.Blue, now.Add(-time.Minute)); err != nil || got != (rollout.Figures{}) || *asked != 0 {
		t.Errorf("before the first minute has ended: %+v, %v, asked %d times", got, err, *asked)
	}
	got, err := healthAt(t, now).Slot(t.Context(), components.Blue, now.Add(-3*time.Minute))
	if err != nil || got != (rollout.Figures{Requests: 5, Errors: 5}) {
		t.Errorf("only refused connections: %+v, %v", got, err)
	}
	cloudWatch(t, "GetMetricData", func(in cbor.Map) (int, cbor.Map) {
		from, _ := cbor.AsTime(in["StartTime"].(*cbor.Tag))
		to, _ := cbor.AsTime(in["EndTime"].(*cbor.Tag))
		if to.Sub(from) != longestLook {
			t.Errorf("looked back %s", to.Sub(from))
		}
		return http.StatusOK, cbor.Map{}
	})
	if got, err := healthAt(t, now).Slot(t.Context(), components.Blue, now.AddDate(0, -1, 0)); err != nil || got != (rollout.Figures{}) {
		t.Errorf("without any traffic: %+v, %v", got, err)
	}
	if lag := healthAt(t, now).Lag(); lag < time.Minute || lag > 3*time.Minute {
		t.Errorf("the newest figures are said to be %s old", lag)
	}
}

func TestGates(t *testing.T) {
	alarm := func(name, state, comparison, reason string, threshold float64) cbor.Value {
		return cbor.Map{"AlarmName": cbor.String(name), "StateValue": cbor.String(state), "ComparisonOperator": cbor.String(comparison), "StateReasonData": cbor.String(reason), "Threshold": cbor.Float64(threshold)}
	}
	cloudWatch(t, "DescribeAlarms", func(in cbor.Map) (int, cbor.Map) {
		if got := fmt.Sprint(in["AlarmNames"], in["AlarmTypes"]); got != "[gate-green-error-rate gate-green-uptime] [MetricAlarm]" {
			t.Errorf("asked for %s", got)
		}
		return http.StatusOK, cbor.Map{"MetricAlarms": cbor.List{
			alarm("gate-green-uptime", "INSUFFICIENT_DATA", "LessThanThreshold", "", 100),
			alarm("gate-green-error-rate", "ALARM", "GreaterThanThreshold", `{"version":"1.0","recentDatapoints":[0.0,12.34567],"threshold":5.0}`, 5),
		}}
	})
	got, err := healthAt(t, now).Gates(t.Context(), components.Green, now)
	want := []rollout.Alarm{{ID: "error-rate", Firing: true, Text: "12.35, wanted not > 5"}, {ID: "uptime", Text: "wanted not < 100"}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("read %+v, %v, want %+v", got, err, want)
	}
	cloudWatch(t, "DescribeAlarms", func(cbor.Map) (int, cbor.Map) {
		return http.StatusOK, cbor.Map{"MetricAlarms": cbor.List{alarm("gate-blue-error-rate", "OK", "GreaterThanThreshold", "no JSON", 5)}}
	})
	if _, err := healthAt(t, now).Gates(t.Context(), components.Green, now); err == nil || !strings.Contains(err.Error(), "[gate-green-error-rate gate-green-uptime]") {
		t.Errorf("gates that are gone: %v", err)
	}
	// As before the candidate was brought up: nobody would notice that it is watched by nothing.
	early := healthAt(t, now)
	early.output = map[string]string{"region": "eu-west-1", "gates": "error-rate,uptime", "gatesBlue": watched["gatesBlue"] + ",uptime=gate-blue-uptime"}
	if _, err := early.Gates(t.Context(), components.Green, now); err == nil || !strings.Contains(err.Error(), "slot green has no alarms for these gates: [error-rate uptime]") {
		t.Errorf("a slot without gates: %v", err)
	}
	none := healthAt(t, now)
	none.output = map[string]string{"region": "eu-west-1"}
	if got, err := none.Gates(t.Context(), components.Blue, now); err != nil || len(got) != 0 {
		t.Errorf("without gates: %v, %v", got, err)
	}
}

func TestHealthFails(t *testing.T) {
	throttled := unhealthy(http.StatusBadRequest, "ThrottlingException", "Rate exceeded")
	asked := cloudWatch(t, "GetMetricData", throttled, results(series("requests", "Complete", 1)))
	t.Setenv("AWS_MAX_ATTEMPTS", "3")
	if got, err := healthAt(t, now).Slot(t.Context(), components.Green, now.Add(-time.Hour)); err != nil || got.Requests != 1 || *asked != 2 {
		t.Errorf("throttled once: %+v, %v, asked %d times", got, err, *asked)
	}
	for _, row := range []struct {
		name, operation string
		answer          func(cbor.Map) (int, cbor.Map)
		ask             func(health) error
		want            []string
	}{
		{"throttled all the time", "GetMetricData", throttled, slotOf(components.Green), []string{"figures of slot green", "Rate exceeded"}},
		{"without the right", "GetMetricData", unhealthy(http.StatusForbidden, "AccessDenied", "not authorized to perform: cloudwatch:GetMetricData"), slotOf(components.Green), []string{"cloudwatch:GetMetricData"}},
		{"a metric that failed", "GetMetricData", results(series("requests", "InternalError")), slotOf(components.Blue), []string{"slot blue", "requests is InternalError"}},
		{"gates without the right", "DescribeAlarms", unhealthy(http.StatusForbidden, "AccessDenied", "not authorized to perform: cloudwatch:DescribeAlarms"), func(h health) error {
			_, err := h.Gates(context.Background(), components.Blue, now)
			return err
		}, []string{"the gates", "cloudwatch:DescribeAlarms"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			cloudWatch(t, row.operation, row.answer)
			err := row.ask(healthAt(t, now))
			for _, part := range row.want {
				if err == nil || !strings.Contains(err.Error(), part) {
					t.Errorf("%q is not in: %v", part, err)
				}
			}
		})
	}
	if _, err := (Target{}).Health(t.Context(), stack, cli.Outputs{}); err == nil || !strings.Contains(err.Error(), "go run . up -s prod") {
		t.Errorf("before the first update: %v", err)
	}
	empty := healthAt(t, now)
	empty.output = map[string]string{"region": "eu-west-1"}
	if err := slotOf(components.Blue)(empty); err == nil || !strings.Contains(err.Error(), "does not name slot blue") {
		t.Errorf("an output without the slot: %v", err)
	}
	t.Setenv("AWS_PROFILE", "moon")
	if _, err := (Target{}).Health(t.Context(), cli.Stack{}, cli.Outputs{Health: watched}); err == nil || !strings.Contains(err.Error(), "moon") {
		t.Errorf("a profile that is not there: %v", err)
	}
}

func slotOf(slot components.Slot) func(health) error {
	return func(h health) error {
		_, err := h.Slot(context.Background(), slot, now.Add(-time.Hour))
		return err
	}
}

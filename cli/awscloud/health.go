package awscloud

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"

	"github.com/slipway-iac/slipway/cli"
	"github.com/slipway-iac/slipway/cli/rollout"
	"github.com/slipway-iac/slipway/components"
	driver "github.com/slipway-iac/slipway/providers/aws"
)

const (
	// lag is how long it takes until CloudWatch shows what happened at the beginning of a minute: the load balancer reports when the
	// minute is over, and that is mostly there within a minute more. Now and then it takes longer; all minutes are read again each time.
	// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
	lag = 2 * time.Minute
	// longestLook bounds how far back figures are read: the longest that a step may bake.
	longestLook = 24 * time.Hour
	// namesAtOnce is how many alarms one call may ask for.
	namesAtOnce = 100
)

// slotMetrics are read for each slot. A load balancer answers 502 where it can't connect to a task and reports that for the slot as
// a refused connection only; what it answers itself otherwise is reported for all slots together, and judged by the gates.
var slotMetrics = []struct {
	id, name, stat string
	whole          bool // over the whole stretch at once: the percentile of a stretch is not made of those of its minutes
}{
	{"requests", "RequestCount", "Sum", false},
	{"failed", "HTTPCode_Target_5XX_Count", "Sum", false},
	{"refused", "TargetConnectionErrorCount", "Sum", false},
	{"latency", "TargetResponseTime", "p99", true},
}

// health implements rollout.Health.
type health struct {
	client *cloudwatch.Client
	tasks  *ecs.Client
	doors  *elasticloadbalancingv2.Client
	output map[string]string // the stack's output health
	now    func() time.Time
	pause  time.Duration // between two looks of Await
}

// Health reads the figures of a stack's slots from CloudWatch.
func (Target) Health(ctx context.Context, s cli.Stack, o cli.Outputs) (rollout.Health, error) {
	region := driver.HealthOf(o.Health, components.Blue).Region
	if region == "" {
		return nil, fmt.Errorf("stack %q does not say where its health is measured: `go run . up -s %s` makes it", s.Name, s.Name)
	}
	s.Config.Region = region
	c, err := connect(ctx, s)
	if err != nil {
		return nil, err
	}
	return health{cloudwatch.NewFromConfig(c), ecs.NewFromConfig(c), elasticloadbalancingv2.NewFromConfig(c), o.Health, time.Now, awaitPause}, nil
}

// Lag is how old the newest figures are.
func (health) Lag() time.Duration { return lag }

// Slot returns what a slot served in whole minutes since a time, but at most in a day. Before the first one has ended that is
// nothing.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
func (h health) Slot(ctx context.Context, slot components.Slot, since time.Time) (rollout.Figures, error) {
	where, none := driver.HealthOf(h.output, slot), rollout.Figures{}
	if where.LoadBalancer == "" || where.TargetGroup == "" {
		return none, fmt.Errorf("the stack's output health does not name slot %s", slot)
	}
	to := h.now().UTC().Truncate(time.Minute)
	from := since.UTC().Add(time.Minute - 1).Truncate(time.Minute)
	if from.Before(to.Add(-longestLook)) {
		from = to.Add(-longestLook)
	}
	if !from.Before(to) {
		return none, nil
	}
	values := map[string][]float64{}
	in := &cloudwatch.GetMetricDataInput{StartTime: &from, EndTime: &to, ScanBy: types.ScanByTimestampAscending, MetricDataQueries: slotQueries(where, to.Sub(from))}
	for pages := cloudwatch.NewGetMetricDataPaginator(h.client, in); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return none, fmt.Errorf("asking CloudWatch for the figures of slot %s: %w", slot, reason(ctx, err))
		}
		for _, r := range page.MetricDataResults {
			if r.StatusCode != types.StatusCodeComplete && r.StatusCode != types.StatusCodePartialData {
				return none, fmt.Errorf("asking CloudWatch for the figures of slot %s: %s is %s", slot, aws.ToString(r.Label), r.StatusCode)
			}
			values[aws.ToString(r.Id)] = append(values[aws.ToString(r.Id)], r.Values...)
		}
	}
	f := rollout.Figures{Errors: sum(values["failed"]) + sum(values["refused"])}
	f.Requests = max(sum(values["requests"]), f.Errors)
	for _, seconds := range values["latency"] {
		f.P99 = max(f.P99, time.Duration(math.Round(seconds*1e6))*time.Microsecond)
	}
	return f, nil
}

func slotQueries(where driver.SlotHealth, stretch time.Duration) (out []types.MetricDataQuery) {
	namespace, balancer, group := "AWS/ApplicationELB", "LoadBalancer", "TargetGroup"
	for _, row := range slotMetrics {
		period := int32(60)
		if row.whole {
			period = int32(stretch / time.Second)
		}
		out = append(out, types.MetricDataQuery{Id: &row.id, Label: &row.name, MetricStat: &types.MetricStat{
			Period: &period, Stat: &row.stat,
			Metric: &types.Metric{Namespace: &namespace, MetricName: &row.name, Dimensions: []types.Dimension{{Name: &balancer, Value: &where.LoadBalancer}, {Name: &group, Value: &where.TargetGroup}}},
		}})
	}
	return out
}

func sum(values []float64) (total float64) {
	for _, v := range values {
		total += v
	}
	return total
}

// Gates returns the gates of a slot. An alarm that is not there any more is an error: a gate that nobody watches lets everything
// through.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
func (h health) Gates(ctx context.Context, slot components.Slot, _ time.Time) ([]rollout.Alarm, error) {
	ids := map[string]string{} // by name
	where := driver.HealthOf(h.output, slot)
	if len(where.Unwatched) > 0 {
		return nil, fmt.Errorf("slot %s has no alarms for these gates: %v", slot, where.Unwatched)
	}
	for signal, name := range where.Gates {
		ids[name] = signal
	}
	var out []rollout.Alarm
	for names := range slices.Chunk(slices.Sorted(maps.Keys(ids)), namesAtOnce) {
		answer, err := h.client.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{AlarmNames: names, AlarmTypes: []types.AlarmType{types.AlarmTypeMetricAlarm}, MaxRecords: aws.Int32(namesAtOnce)})
		if err != nil {
			return nil, fmt.Errorf("asking CloudWatch for the gates: %w", reason(ctx, err))
		}
		for _, a := range answer.MetricAlarms {
			out = append(out, gate(ids[aws.ToString(a.AlarmName)], a))
			delete(ids, aws.ToString(a.AlarmName))
		}
	}
	if len(ids) > 0 {
		return nil, errors.New("these gates are not in CloudWatch: " + fmt.Sprint(slices.Sorted(maps.Keys(ids))) + ". `go run . up` makes them again after a refresh")
	}
	slices.SortFunc(out, func(a, b rollout.Alarm) int { return strings.Compare(a.ID, b.ID) })
	return out, nil
}

// gate is the state of an alarm with the value that it was decided by, as far as CloudWatch tells.
func gate(id string, a types.MetricAlarm) rollout.Alarm {
	sign := ">"
	if a.ComparisonOperator == types.ComparisonOperatorLessThanThreshold {
		sign = "<"
	}
	out := rollout.Alarm{ID: id, Firing: a.StateValue == types.StateValueAlarm, Text: "wanted not " + sign + " " + number(aws.ToFloat64(a.Threshold))}
	var decided struct {
		RecentDatapoints []float64 `json:"recentDatapoints"`
	}
	if json.Unmarshal([]byte(aws.ToString(a.StateReasonData)), &decided) == nil && len(decided.RecentDatapoints) > 0 {
		out.Text = number(decided.RecentDatapoints[len(decided.RecentDatapoints)-1]) + ", " + out.Text
	}
	return out
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', 4, 64) }

package aws

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/components/componentstest"
)

const (
	alarmType = "aws:cloudwatch/metricAlarm:MetricAlarm"
	topicType = "aws:sns/topic:Topic"
)

// watcher is a platform without a network: enough for what watches.
func watcher(ctx *pulumi.Context) (*Platform, error) {
	p := &Platform{settings: Settings{App: componentstest.App, Region: "ap-southeast-1"}, project: ctx.Project(), stack: ctx.Stack(), account: "123456789012", part: "aws", dns: "amazonaws.com"}
	if err := ctx.RegisterComponentResource("slipway:aws:Platform", "aws", p); err != nil {
		return nil, err
	}
	p.key = key{arn: pulumi.String("arn:aws:kms:ap-southeast-1:123456789012:key/1").ToStringOutput()}
	return p, p.makeProviders(ctx)
}

func wholeScopes() components.Scopes {
	return components.Scopes{
		Service:  scopeOf(scopeBalancer, scopeBlue, scopeGreen, scopeCluster, scopeService, scopeRestarts, scopeTaskMemory, scopeAppMemory),
		Database: scopeOf(scopeInstance, scopeConnections, scopeStorage),
		Cache:    scopeOf(scopeNodes),
		Edge:     scopeOf(scopeBalancer, scopeBlue, scopeGreen, scopeCertificate),
	}
}

// watched records the alarms of a stack, with changed arguments, and their scope.
func watched(t *testing.T, preview bool, change func(*components.AlarmArgs)) (*componentstest.Recording, components.Scope, error) {
	t.Helper()
	var scope components.Scope
	r, err := componentstest.Record(func(ctx *pulumi.Context) error {
		p, err := watcher(ctx)
		if err != nil {
			return err
		}
		a := components.AlarmArgs{Signals: components.Signals(nil), Scopes: wholeScopes()}
		if change != nil {
			change(&a)
		}
		alarm, err := components.NewAlarm(ctx, p, "alarm", a, pulumi.Parent(p))
		if err == nil {
			scope = alarm.Scope
		}
		return err
	}, componentstest.Options{Preview: preview})
	return r, scope, err
}

func TestEverySignalHasAnAlarm(t *testing.T) {
	r, scope, err := watched(t, false, func(a *components.AlarmArgs) { a.Signals = components.Signals(map[string]float64{"cpu": 70}) })
	if err != nil {
		t.Fatal(err)
	}
	topic := r.Of(topicType)[0]
	if arn := topic.At("kmsMasterKeyId"); !slices.Equal(arn, []any{"arn:aws:kms:ap-southeast-1:123456789012:key/1"}) {
		t.Errorf("the topic is encrypted with %v", arn)
	}
	alarms := r.Of(alarmType)
	rows := components.Signals(map[string]float64{"cpu": 70})
	if len(alarms) != len(rows) {
		t.Errorf("there are %d alarms for %d signals", len(alarms), len(rows))
	}
	for _, row := range rows {
		i := slices.IndexFunc(alarms, func(a componentstest.Resource) bool {
			return strings.HasSuffix(a.Name, componentstest.Stack+"-"+row.ID)
		})
		if i < 0 {
			t.Errorf("%s has no alarm", row.ID)
			continue
		}
		a := alarms[i]
		comparison := "GreaterThanThreshold"
		if row.Below {
			comparison = "LessThanThreshold"
		}
		for path, want := range map[string]any{"actionsEnabled": true, "threshold": cmp.Or(ownThresholds[row.ID], row.Threshold), "comparisonOperator": comparison} {
			if got := a.At(path); !slices.Equal(got, []any{want}) {
				t.Errorf("%s: %s is %v, want %v", row.ID, path, got, want)
			}
		}
		text := a.At("alarmDescription")[0].(string)
		if !strings.Contains(text, string(row.Severity)) || !strings.Contains(text, row.Meaning) || len(text) > 1024 {
			t.Errorf("%s is described as %q", row.ID, text)
		}
		if !slices.Equal(a.At("alarmActions[*]"), a.At("okActions[*]")) || len(a.At("alarmActions[*]")) != 1 || !slices.Contains(a.Needs, topic.URN) {
			t.Errorf("%s tells %v, and %v when it is over", row.ID, a.At("alarmActions[*]"), a.At("okActions[*]"))
		}
		if n := len(slices.DeleteFunc(a.At("metricQueries[*].returnData"), func(v any) bool { return v != true })); n != 1 {
			t.Errorf("%s watches %d values", row.ID, n)
		}
		if _, ok := scope[scopeArn+row.ID]; !ok {
			t.Errorf("the scope does not have the ARN of %s", row.ID)
		}
	}
	if keys := slices.Sorted(maps.Keys(scope)); !slices.Contains(keys, scopeTopic) || !slices.Contains(keys, scopeAlarms) || len(keys) != len(rows)+2 {
		t.Errorf("the scope has %v", keys)
	}
}

func TestWhoMayPublish(t *testing.T) {
	r, _, err := watched(t, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	all := clauses(t, r.Of("aws:sns/topicPolicy:TopicPolicy")[0], "policy")
	if len(all) != 2 {
		t.Fatalf("the policy has %d statements, want 2", len(all))
	}
	allow, deny := all[0], all[1]
	if allow.Effect != "Allow" || !slices.Equal(texts(allow.Principal), []string{"cloudwatch.amazonaws.com"}) || allow.Condition["StringEquals"]["aws:SourceAccount"] != "123456789012" ||
		allow.Condition["ArnLike"]["aws:SourceArn"] != "arn:aws:cloudwatch:ap-southeast-1:123456789012:alarm:*" {
		t.Errorf("allowed is %v", allow)
	}
	if deny.Effect != "Deny" || !slices.Equal(texts(deny.Principal), []string{"arn:aws:iam::123456789012:root"}) || deny.Condition["Bool"]["aws:SecureTransport"] != "false" {
		t.Errorf("denied is %v", deny)
	}
	for _, c := range all {
		if !slices.Equal(texts(c.Action), []string{"sns:Publish"}) || slices.Contains(texts(c.Principal), "*") || slices.Contains(texts(c.Resource), "*") {
			t.Errorf("%s is too wide: %v", c.Sid, c)
		}
	}
}

func TestMails(t *testing.T) {
	r, _, err := watched(t, false, func(a *components.AlarmArgs) { a.Emails = []string{"b@example.com", "a@example.com", "b@example.com"} })
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, one := range r.Of("aws:sns/topicSubscription:TopicSubscription") {
		if protocol := one.At("protocol"); !slices.Equal(protocol, []any{"email"}) {
			t.Errorf("%s is told by %v", one.Name, protocol)
		}
		got = append(got, one.At("endpoint")[0].(string))
	}
	if slices.Sort(got); !slices.Equal(got, []string{"a@example.com", "b@example.com"}) {
		t.Errorf("subscribed are %v", got)
	}
}

// A stack without a domain has a certificate that reports nothing.
func TestSignalsWithoutFigures(t *testing.T) {
	without := func(thresholds map[string]float64) func(*components.AlarmArgs) {
		return func(a *components.AlarmArgs) {
			delete(a.Scopes.Edge, scopeCertificate)
			a.Signals = components.Signals(thresholds)
		}
	}
	r, scope, err := watched(t, true, without(nil))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := scope[scopeArn+"certificate-expiry"]; ok || len(r.Of(alarmType)) != len(components.Signals(nil))-1 {
		t.Errorf("there are %d alarms", len(r.Of(alarmType)))
	}
	_, _, err = watched(t, true, without(map[string]float64{"certificate-expiry": 30}))
	if !errors.Is(err, components.ErrUnsupported) || !strings.Contains(err.Error(), "alerts.thresholds.certificate-expiry:") {
		t.Errorf("got %v, want ErrUnsupported with the key", err)
	}
}

func TestAlarmPreview(t *testing.T) {
	edge := wholeScopes().Edge
	for key := range edge {
		edge[key] = pulumi.UnsafeUnknownOutput(nil).ApplyT(func(v any) string { return v.(string) }).(pulumi.StringOutput)
	}
	r, _, err := watched(t, true, func(a *components.AlarmArgs) {
		a.Scopes = components.Scopes{Edge: edge}
		a.Webhook = pulumi.String("https://hooks.example.com/1")
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(r.Of(alarmType)); n != 5 {
		t.Errorf("a preview without any value shows %d alarms, want 5", n)
	}
}

// A gate is only read: it tells nobody.
func TestGateTellsNobody(t *testing.T) {
	r, err := componentstest.Record(func(ctx *pulumi.Context) error {
		p, err := watcher(ctx)
		if err != nil {
			return err
		}
		row := components.Signals(nil)[0]
		m, _ := measure(row.ID, scopeOf(scopeBalancer, scopeGreen))
		_, err = p.watch(ctx, p.name("green-"+row.ID, 255), row, m, nil, []pulumi.ResourceOption{pulumi.Parent(p)})
		return err
	}, componentstest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	a := r.Of(alarmType)[0]
	if len(a.At("alarmActions[*]")) > 0 || len(a.At("okActions[*]")) > 0 {
		t.Errorf("it tells %v", a.At("alarmActions[*]"))
	}
	if groups := a.At("metricQueries[*].metric.dimensions.TargetGroup"); len(groups) != 3 {
		t.Errorf("it reads %v", groups)
	}
}

// EventBridge puts descriptions into JSON as they are.
func TestDescriptionsNeedNoEscaping(t *testing.T) {
	for _, row := range append(components.Signals(nil), webhookFailed) {
		if text := describe(row); strings.ContainsAny(text, "\"\\\n\t") || strings.Contains(text, "  ") {
			t.Errorf("%s: %q", row.ID, text)
		}
	}
}

package aws

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/components/componentstest"
)

const hook = "https://hooks.example.com/services/T0/B0/a-token"

func hooked(t *testing.T) *componentstest.Recording {
	t.Helper()
	r, scope, err := watched(t, false, func(a *components.AlarmArgs) { a.Webhook = pulumi.String(hook) })
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := scope[scopeArn+"webhook"]; !ok {
		t.Error("the dashboard does not learn of lost messages")
	}
	return r
}

func only(t *testing.T, r *componentstest.Recording, kind string) componentstest.Resource {
	t.Helper()
	all := r.Of(kind)
	if len(all) != 1 {
		t.Fatalf("there are %d %s, want one", len(all), kind)
	}
	return all[0]
}

func TestWebhookIsSecret(t *testing.T) {
	r := hooked(t)
	for _, one := range r.Resources {
		for _, leaf := range one.Leaves() {
			if strings.Contains(leaf.Text(), hook) && !leaf.Secret {
				t.Errorf("%s of %s is the address in plain text", leaf.Path, one.URN)
			}
		}
	}
	for _, leaf := range only(t, r, "aws:cloudwatch/eventConnection:EventConnection").Leaves() {
		if leaf.Path == "authParameters.apiKey.value" && !leaf.Secret {
			t.Error("the key is in plain text")
		}
	}
	if _, ok := r.Secrets[hook]; !ok {
		t.Error("the output invocationEndpoint is no secret")
	}
}

func TestWebhookCalls(t *testing.T) {
	r := hooked(t)
	destination := only(t, r, "aws:cloudwatch/eventApiDestination:EventApiDestination")
	if got := append(destination.At("invocationEndpoint"), destination.At("httpMethod")...); !slices.Equal(got, []any{hook, "POST"}) {
		t.Errorf("called is %v", got)
	}
	rights := clauses(t, only(t, r, "aws:iam/rolePolicy:RolePolicy"), "policy")
	if len(rights) != 1 || !slices.Equal(texts(rights[0].Action), []string{"events:InvokeApiDestination"}) || slices.Contains(texts(rights[0].Resource), "*") {
		t.Errorf("the role may do %v", rights)
	}
	target := only(t, r, "aws:cloudwatch/eventTarget:EventTarget")
	if got := append(target.At("retryPolicy.maximumEventAgeInSeconds"), target.At("retryPolicy.maximumRetryAttempts")...); !slices.Equal(got, []any{3600.0, 185.0}) {
		t.Errorf("it is tried again %v", got)
	}
	template := target.At("inputTransformer.inputTemplate")[0].(string)
	for _, row := range components.Signals(nil) {
		var message map[string]string
		text := strings.NewReplacer("<alarm>", "links-"+row.ID, "<state>", "ALARM", "<description>", describe(row)).Replace(template)
		if err := json.Unmarshal([]byte(text), &message); err != nil {
			t.Fatalf("%s: %v in %s", row.ID, err, text)
		}
		if message["alarm"] != "links-"+row.ID || message["state"] != "ALARM" || !strings.HasPrefix(message["text"], "ALARM: ") || !strings.Contains(message["text"], row.Meaning) {
			t.Errorf("%s: sent is %v", row.ID, message)
		}
		for name := range message {
			if name != "text" && len(target.At("inputTransformer.inputPaths."+name)) != 1 {
				t.Errorf("%s comes from nowhere", name)
			}
		}
	}
}

func TestWebhookRule(t *testing.T) {
	r := hooked(t)
	text := only(t, r, "aws:cloudwatch/eventRule:EventRule").At("eventPattern")[0].(string)
	// With real names, of which the stand-ins are shorter than the longest.
	names := 0
	for _, a := range r.Of(alarmType) {
		names += len(a.Name) + suffix + 3
	}
	var pattern struct {
		Source, Account []string
		Kind            []string `json:"detail-type"`
		Detail          struct {
			AlarmName []string
			Or        []map[string]map[string][]string `json:"$or"`
		}
	}
	if err := json.Unmarshal([]byte(text), &pattern); err != nil {
		t.Fatal(err)
	}
	fixed := len(text)
	for _, name := range pattern.Detail.AlarmName {
		fixed -= len(name) + 3
	}
	if fixed+names > 2048 {
		t.Errorf("the pattern may have %d characters, 2048 are allowed", fixed+names)
	}
	if n := len(components.Signals(nil)); len(pattern.Detail.AlarmName) != n || len(r.Of(alarmType)) != n+1 {
		t.Errorf("the rule knows %d alarms of %d: all but the one on the webhook itself", len(pattern.Detail.AlarmName), len(r.Of(alarmType)))
	}
	if !slices.Equal(pattern.Source, []string{"aws.cloudwatch"}) || !slices.Equal(pattern.Account, []string{"123456789012"}) || !slices.Equal(pattern.Kind, []string{"CloudWatch Alarm State Change"}) {
		t.Errorf("matched is %s", text)
	}
	if or := pattern.Detail.Or; len(or) != 2 || or[0]["state"]["value"][0] != "ALARM" || or[1]["state"]["value"][0] != "OK" || or[1]["previousState"]["value"][0] != "ALARM" {
		t.Errorf("matched are the states %v", or)
	}
}

// Where EventBridge can't call a URL, a preview says so.
func TestWebhookElsewhere(t *testing.T) {
	for _, region := range []string{"us-gov-west-1", "ap-east-2"} {
		_, err := componentstest.Record(func(ctx *pulumi.Context) error {
			p, err := watcher(ctx)
			if err != nil {
				return err
			}
			p.settings.Region = region
			_, err = components.NewAlarm(ctx, p, "alarm", components.AlarmArgs{Signals: components.Signals(nil), Scopes: wholeScopes(), Webhook: pulumi.String(hook)}, pulumi.Parent(p))
			return err
		}, componentstest.Options{Preview: true})
		if !errors.Is(err, components.ErrUnsupported) || !strings.Contains(err.Error(), "alerts.webhook:") || strings.Contains(err.Error(), hook) {
			t.Errorf("%s: got %v", region, err)
		}
	}
}

func TestNoWebhook(t *testing.T) {
	r, _, err := watched(t, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range r.Resources {
		if strings.HasPrefix(one.Type, "aws:cloudwatch/event") || strings.HasPrefix(one.Type, "aws:iam/") {
			t.Errorf("there is %s", one.URN)
		}
	}
}

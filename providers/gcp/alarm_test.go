package gcp

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/components/componentstest"
)

var everything = components.Scopes{
	Service:  components.Scope{scopeService: plain("links-production"), scopeRestarts: plain("logging.googleapis.com/user/restarts"), scopeErrors: plain("logging.googleapis.com/user/errors")},
	Database: components.Scope{scopeDatabase: plain("links-production:links-database-1"), scopeConnections: plain("375"), scopeStorage: plain("100")},
	Cache:    components.Scope{scopeCache: plain("projects/p/locations/l/instances/c")},
	Edge:     components.Scope{scopeHost: plain("links.example.com"), scopeURLMap: plain("links"), scopeService: plain("links-production"), scopeHealthPath: plain("/alive")},
}

func observe(rows []components.Signal, scopes components.Scopes) func(*pulumi.Context, *Platform) error {
	return func(ctx *pulumi.Context, p *Platform) error {
		alarm, err := components.NewAlarm(ctx, p, "alarm", components.AlarmArgs{
			Signals: rows, Scopes: scopes, Emails: []string{"b@example.com", "a@example.com", "b@example.com"}, Webhook: pulumi.String("https://hooks.example.com/t0ken"),
		}, pulumi.Parent(p))
		if err != nil {
			return err
		}
		_, err = components.NewDashboard(ctx, p, "dashboard", components.DashboardArgs{Signals: rows, Scopes: scopes, Alarm: alarm.Scope}, pulumi.Parent(p))
		return err
	}
}

func TestEverySignalIsWatched(t *testing.T) {
	r := mustRecord(t, observe(components.Signals(nil), everything))
	for _, row := range components.Signals(nil) {
		policy, ok := r.Find(policyType, "links-production-"+row.ID)
		if !ok {
			t.Errorf("nothing watches %s", row.ID)
			continue
		}
		const at = "conditions[*].conditionThreshold."
		if filter := fmt.Sprint(policy.At(at + "filter")[0]); !regexp.MustCompile(`resource\.type="[a-z_]+"`).MatchString(filter) || !strings.Contains(filter, `metric.type="`) {
			t.Errorf("%s reads %s", row.ID, filter)
		}
		seconds, err := strconv.Atoi(strings.TrimSuffix(policy.At(at + "duration")[0].(string), "s"))
		if err != nil || seconds%60 != 0 || seconds < int(row.For.Seconds()) {
			t.Errorf("%s waits %v", row.ID, policy.At(at+"duration"))
		}
		if missing := policy.At(at + "evaluationMissingData"); (len(missing) == 1) != (seconds > 0) {
			t.Errorf("%s waits %d s and says %v of missing data", row.ID, seconds, missing)
		}
		if got, want := policy.At(at + "comparison")[0], map[bool]any{false: "COMPARISON_GT", true: "COMPARISON_LT"}[row.Below]; got != want {
			t.Errorf("%s: %v", row.ID, got)
		}
		if got, want := policy.At("severity")[0], strings.ToUpper(string(row.Severity)); got != want {
			t.Errorf("%s is %v, want %s", row.ID, got, want)
		}
	}
	for id, want := range map[string]float64{
		"error-rate": 0.01, "latency-p99": 1000, "uptime": 1, "certificate-expiry": 14, "database-connections": 300, "database-storage": 85 << 30, "cache-evictions": 10, "restarts": 3,
	} {
		policy, _ := r.Find(policyType, "links-production-"+id)
		if got, _ := policy.At("conditions[*].conditionThreshold.thresholdValue")[0].(float64); got < want*0.999 || got > want*1.001 {
			t.Errorf("the threshold of %s is %v, want %v", id, got, want)
		}
	}
	changes, ok := r.Find(policyType, "links-production-database-changes")
	if !ok {
		t.Fatal("nobody hears of changed settings of the database")
	}
	if filter := fmt.Sprint(changes.At("conditions[*].conditionThreshold.filter")[0]); !strings.Contains(filter, `database_id="links-production:links-database-1"`) {
		t.Errorf("the alert on changed settings reads %s: it would come before the instance, and watch other stacks", filter)
	}
}

// A disk of 20 GiB grows when 5.8 GiB are left, and one of 100 GiB when 9 are: an alarm on the disk's own use would never fire on the first.
func TestStorageAlarmCanFire(t *testing.T) {
	r := mustRecord(t, observe(components.Signals(nil), everything))
	policy, _ := r.Find(policyType, "links-production-database-storage")
	if filter := fmt.Sprint(policy.At("conditions[*].conditionThreshold.filter")[0]); !strings.Contains(filter, "disk/bytes_used") {
		t.Errorf("it reads %s, which growing keeps below the threshold", filter)
	}
}

func TestChannels(t *testing.T) {
	r := mustRecord(t, observe(components.Signals(nil), everything))
	var addresses []any
	for _, one := range r.Of("gcp:monitoring/notificationChannel:NotificationChannel") {
		addresses = append(addresses, one.At("labels.email_address")...)
		for _, leaf := range one.Leaves() {
			if leaf.Path == "labels.url" && !leaf.Secret {
				t.Error("the webhook's address is not a secret")
			}
		}
	}
	slices.SortFunc(addresses, func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
	if !slices.Equal(addresses, []any{"a@example.com", "b@example.com"}) {
		t.Errorf("told are %v", addresses)
	}
	check := r.Of("gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig")[0]
	if check.At("httpCheck.path")[0] != "/alive" || check.At("monitoredResource.labels.host")[0] != "links.example.com" {
		t.Errorf("asked is %v", check.Leaves())
	}
}

func TestDashboardShowsEverySignal(t *testing.T) {
	r := mustRecord(t, observe(components.Signals(nil), everything))
	var board struct {
		MosaicLayout struct {
			Columns int
			Tiles   []struct {
				XPos, YPos, Width, Height int
				Widget                    struct {
					Title   string
					XyChart *struct{ Thresholds []struct{ Value float64 } }
				}
			}
		}
	}
	text, _ := r.Of("gcp:monitoring/dashboard:Dashboard")[0].At("dashboardJson")[0].(string)
	if err := json.Unmarshal([]byte(text), &board); err != nil {
		t.Fatal(err)
	}
	titles, taken := map[string]bool{}, map[string]string{}
	for _, tile := range board.MosaicLayout.Tiles {
		titles[tile.Widget.Title] = true
		if tile.XPos+tile.Width > board.MosaicLayout.Columns {
			t.Errorf("%s is too wide", tile.Widget.Title)
		}
		key := fmt.Sprint(tile.XPos, tile.YPos)
		if taken[key] != "" {
			t.Errorf("%s lies on %s", tile.Widget.Title, taken[key])
		}
		taken[key] = tile.Widget.Title
	}
	for _, row := range components.Signals(nil) {
		if !titles[row.Title] {
			t.Errorf("the dashboard does not show %s", row.ID)
		}
	}
	for _, title := range []string{"Errors in the app's log", "Open incidents", "Errors of the app"} {
		if !titles[title] {
			t.Errorf("the dashboard has no %s", title)
		}
	}
}

func TestWithoutLoadBalancer(t *testing.T) {
	scopes := everything
	scopes.Edge = components.Scope{scopeHost: plain("x.run.app"), scopeService: plain("links-production"), scopeHealthPath: plain("/health")}
	r := mustRecord(t, observe(components.Signals(nil), scopes))
	policy, _ := r.Find(policyType, "links-production-error-rate")
	const at = "conditions[*].conditionThreshold."
	if filter := policy.At(at + "filter")[0].(string); !strings.Contains(filter, `run.googleapis.com/request_count`) || !strings.Contains(filter, `"5xx"`) {
		t.Errorf("the error rate is read from %s", filter)
	}
	if of := policy.At(at + "denominatorFilter"); len(of) != 1 || strings.Contains(of[0].(string), "5xx") {
		t.Errorf("as a share of %v", of)
	}
}

func TestThresholdInVain(t *testing.T) {
	rows := components.Signals(map[string]float64{"restarts": 5})
	scopes := components.Scopes{Service: components.Scope{scopeService: plain("links")}}
	_, err := componentstest.Record(func(ctx *pulumi.Context) error {
		_, err := measurements(rows, scopes)
		return err
	}, componentstest.Options{})
	if err == nil || !strings.Contains(err.Error(), "alerts.thresholds.restarts") {
		t.Errorf("got %v", err)
	}
}

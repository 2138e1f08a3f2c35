package awscloud

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipway-iac/slipway/cli/toolchain"
	"github.com/slipway-iac/slipway/stacks"
)

// production is a stack that needs the most.
func production() stacks.Config {
	c := stacks.Config{Project: "slipway", Stack: "prod", Cloud: stacks.CloudAWS, Tier: stacks.TierProd, Region: "eu-south-1"}
	c.App.Name, c.App.CPU, c.App.Replicas = "links", 0.5, stacks.Replicas{Min: 3, Max: 12}
	c.AWS.Egress, c.Database = "nat-per-zone", stacks.Database{Enabled: true, Version: 17, Size: "medium", HA: true, BackupDays: 14}
	return c
}

// roomy is an account in which production fits.
func roomy() map[string]answer {
	xml := func(text string) answer { return func(map[string]any) (int, any) { return http.StatusOK, text } }
	quotas := map[string]float64{"L-3032A538": 12, "L-36FBB829": 12, "L-0263D0A3": 5, "L-F678F1CE": 5}
	own := "<tagSet><item><key>slipway:stack</key><value>slipway/prod</value></item></tagSet>"
	all := map[string]answer{
		"GetServiceQuota": func(in map[string]any) (int, any) {
			return http.StatusOK, map[string]any{"Quota": map[string]any{"Value": quotas[fmt.Sprint(in["QuotaCode"])]}}
		},
		"GetAccountPlanState": func(map[string]any) (int, any) { return http.StatusOK, map[string]any{"accountPlanType": "PAID"} },
		"DescribeRegions":     xml(`<DescribeRegionsResponse><regionInfo><item><optInStatus>opted-in</optInStatus></item></regionInfo></DescribeRegionsResponse>`),
		"DescribeAddresses":   xml(`<DescribeAddressesResponse><addressesSet><item>` + own + `</item><item>` + own + `</item><item/><item/></addressesSet></DescribeAddressesResponse>`),
		"DescribeVpcs":        xml(`<DescribeVpcsResponse><vpcSet><item>` + own + `</item><item/></vpcSet></DescribeVpcsResponse>`),
		"DescribeOrderableDBInstanceOptions": func(in map[string]any) (int, any) {
			return http.StatusOK, fmt.Sprintf(`<R><DescribeOrderableDBInstanceOptionsResult><OrderableDBInstanceOptions><OrderableDBInstanceOption>
<MultiAZCapable>%t</MultiAZCapable><StorageType>gp3</StorageType></OrderableDBInstanceOption></OrderableDBInstanceOptions></DescribeOrderableDBInstanceOptionsResult></R>`, in["DBInstanceClass"] == "db.m7g.large")
		},
	}
	maps.Copy(all, caller("123456789012"))
	return all
}

func named(all []toolchain.Finding, name string) toolchain.Finding {
	i := slices.IndexFunc(all, func(f toolchain.Finding) bool { return f.Name == name })
	if i < 0 {
		return toolchain.Finding{}
	}
	return all[i]
}

func TestExamine(t *testing.T) {
	amazon(t, roomy())
	all := Target{}.Examine(t.Context(), production())
	for _, f := range all {
		if f.Status != toolchain.OK || f.Fix != "" || strings.Contains(f.Detail, "not known") {
			t.Errorf("in an account with room for it: %+v", f)
		}
	}
	for _, name := range []string{"account", "region", "fargate", "elastic IPs", "VPCs", "database class", "database version", "account plan", "roles of services", "CloudFront"} {
		if named(all, name).Name == "" {
			t.Errorf("nothing is found about %s", name)
		}
	}
	if got := named(all, "elastic IPs").Detail; !strings.Contains(got, "2 are in use, and this stack takes 3") {
		t.Errorf("the stack's own are counted twice: %s", got)
	}
}

func TestExamineFinds(t *testing.T) {
	value := func(code string, n float64) func(map[string]answer) {
		return func(all map[string]answer) {
			before := all["GetServiceQuota"]
			all["GetServiceQuota"] = func(in map[string]any) (int, any) {
				if in["QuotaCode"] == code {
					return http.StatusOK, map[string]any{"Quota": map[string]any{"Value": n}}
				}
				return before(in)
			}
		}
	}
	untouched := func(code string, n float64) func(map[string]answer) {
		return func(all map[string]answer) {
			before := all["GetServiceQuota"]
			all["GetServiceQuota"] = func(in map[string]any) (int, any) {
				if in["QuotaCode"] == code {
					return http.StatusBadRequest, map[string]any{"__type": "NoSuchResourceException", "Message": "no value was applied"}
				}
				return before(in)
			}
			all["GetAWSDefaultServiceQuota"] = func(map[string]any) (int, any) {
				return http.StatusOK, map[string]any{"Quota": map[string]any{"Value": n}}
			}
		}
	}
	for _, row := range []struct {
		name   string
		config func(*stacks.Config)
		change func(map[string]answer)
		want   []string // parts of detail and fix
	}{
		{"fargate", nil, untouched("L-3032A538", 6), []string{"is 6; two versions at full scale take 12"}},
		{"fargate", nil, value("L-3032A538", 6), []string{"is 6; two versions at full scale take 12", "--quota-code L-3032A538 --desired-value 12", "app.replicas.max"}},
		{"fargate", func(c *stacks.Config) { c.AWS.Spot = true }, value("L-36FBB829", 2), []string{"Fargate Spot", "--quota-code L-36FBB829"}},
		{"elastic IPs", nil, value("L-0263D0A3", 4), []string{"--desired-value 5"}},
		{"VPCs", nil, value("L-F678F1CE", 1), []string{"1 are in use"}},
		{"region", nil, func(all map[string]answer) {
			all["DescribeRegions"] = func(in map[string]any) (int, any) {
				return http.StatusOK, `<DescribeRegionsResponse><regionInfo><item><optInStatus>not-opted-in</optInStatus></item></regionInfo></DescribeRegionsResponse>`
			}
		}, []string{"eu-south-1 is off by default", "enable-region"}},
		{"database class", func(c *stacks.Config) { c.Database.Size = "db.m8g.large" }, nil, []string{"db.m8g.large is not offered in eu-south-1"}},
		{"account plan", nil, func(all map[string]answer) {
			all["GetAccountPlanState"] = func(map[string]any) (int, any) { return http.StatusOK, map[string]any{"accountPlanType": "FREE"} }
		}, []string{"free", "upgrade"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			answers, c := roomy(), production()
			if row.change != nil {
				row.change(answers)
			}
			if row.config != nil {
				row.config(&c)
			}
			amazon(t, answers)
			all := Target{}.Examine(t.Context(), c)
			f := named(all, row.name)
			if f.Status == toolchain.OK || f.Fix == "" {
				t.Fatalf("found was %+v", f)
			}
			for _, part := range row.want {
				if !strings.Contains(f.Detail+" "+f.Fix, part) {
					t.Errorf("%q is not in %+v", part, f)
				}
			}
			for _, other := range all {
				if other.Name != row.name && other.Status != toolchain.OK {
					t.Errorf("and %+v", other)
				}
			}
		})
	}
}

func TestExamineVersion(t *testing.T) {
	c := production()
	c.Database.Version = 14
	for date, want := range map[string]toolchain.Status{"2026-08-01": toolchain.OK, "2026-12-01": toolchain.Missing} {
		now, err := time.Parse(time.DateOnly, date)
		if err != nil {
			t.Fatal(err)
		}
		if f := (inquiry{config: c, now: now}).version(t.Context()); f.Status != want || !strings.Contains(f.Detail, "2027-02-28") {
			t.Errorf("on %s: %+v", date, f)
		}
	}
}

// What the account does not answer is said, and is nothing that is missing. Nobody signed in is one finding.
func TestExamineWithoutAnswers(t *testing.T) {
	denied := func(map[string]any) (int, any) { return http.StatusForbidden, map[string]any{"message": "no"} }
	answers := map[string]answer{}
	for operation := range roomy() {
		answers[operation] = denied
	}
	maps.Copy(answers, caller("123456789012"))
	answers["GetRole"] = func(map[string]any) (int, any) { return iamError(http.StatusForbidden, "AccessDenied", "no") }
	amazon(t, answers)
	all := Target{}.Examine(t.Context(), production())
	for _, name := range []string{"region", "fargate", "elastic IPs", "VPCs", "database class", "account plan", "roles of services"} {
		if f := named(all, name); f.Status != toolchain.OK || !strings.Contains(f.Detail, "not known") {
			t.Errorf("%s: %+v", name, f)
		}
	}
	amazon(t, map[string]answer{"GetCallerIdentity": func(map[string]any) (int, any) { return iamError(http.StatusForbidden, "ExpiredToken", "expired") }})
	if all := (Target{}).Examine(t.Context(), production()); len(all) != 1 || all[0].Status == toolchain.OK || !strings.Contains(all[0].Detail, "ExpiredToken") {
		t.Errorf("without credentials: %+v", all)
	}
}

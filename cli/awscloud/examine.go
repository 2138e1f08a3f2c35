package awscloud

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/slipway-iac/slipway/cli"
	"github.com/slipway-iac/slipway/cli/toolchain"
	driver "github.com/slipway-iac/slipway/providers/aws"
	"github.com/slipway-iac/slipway/providers/aws/spec"
	"github.com/slipway-iac/slipway/stacks"
)

const (
	// questionLimit bounds each question to the account.
	questionLimit = 10 * time.Second
	// supportNotice is how long before the end of a version's standard support it is told.
	supportNotice = 180 * 24 * time.Hour
)

var _ cli.Examiner = Target{}

// Examine asks the account what AWS would refuse only when the stack is half made: quotas, the region, the database's class there, the free
// plan, the roles of services. Without credentials it is one finding.
func (Target) Examine(ctx context.Context, c stacks.Config) []toolchain.Finding {
	s := cli.Stack{Project: c.Project, Name: c.Stack, Config: c}
	if err := signedIn(ctx, s); err != nil {
		return []toolchain.Finding{{Name: "account", Status: toolchain.Missing, Detail: err.Error(), Fix: "sign in, and ask again: nothing else of the account was asked"}}
	}
	conf, err := connect(ctx, s)
	if err != nil {
		return []toolchain.Finding{{Name: "account", Status: toolchain.Missing, Detail: err.Error()}}
	}
	a := inquiry{conf: conf, config: c, now: time.Now()}
	questions := []func(context.Context) toolchain.Finding{a.region, a.fargate, a.addresses, a.vpcs, a.class, a.version, a.plan, a.roles, a.cloudFront}
	found := make([]toolchain.Finding, len(questions))
	var all sync.WaitGroup
	for i, ask := range questions {
		all.Add(1)
		go func() {
			defer all.Done()
			limited, cancel := context.WithTimeout(ctx, questionLimit)
			defer cancel()
			found[i] = ask(limited)
		}()
	}
	all.Wait()
	out := []toolchain.Finding{{Name: "account", Status: toolchain.OK, Detail: "signed in, in " + c.Region}}
	for _, f := range found {
		if f.Name != "" {
			out = append(out, f)
		}
	}
	return out
}

// inquiry is what the questions need.
type inquiry struct {
	conf   aws.Config
	config stacks.Config
	now    time.Time
}

func fine(name, detail string) toolchain.Finding {
	return toolchain.Finding{Name: name, Status: toolchain.OK, Detail: detail}
}

func short(name, detail, fix string) toolchain.Finding {
	return toolchain.Finding{Name: name, Status: toolchain.Missing, Detail: detail, Fix: fix}
}

// unanswered is a question that the account does not answer: that is no reason not to go on, and is said.
func unanswered(name string, err error) toolchain.Finding {
	return fine(name, "not known: "+err.Error())
}

// region asks whether the account has the region, and that of the copies of backups, enabled.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRegions.html
func (a inquiry) region(ctx context.Context) toolchain.Finding {
	for _, name := range []string{a.config.Region, a.config.AWS.BackupRegion} {
		region, known := spec.RegionOf(name)
		if !known || !region.OptIn {
			continue
		}
		var answer struct {
			Status []string `xml:"regionInfo>item>optInStatus"`
		}
		where := a.conf.Copy()
		where.Region = "us-east-1"
		err := query(ctx, where, "ec2", "2016-11-15", "DescribeRegions", map[string]string{"AllRegions": "true", "RegionName.1": name}, &answer)
		if err != nil {
			return unanswered("region", err)
		}
		if len(answer.Status) != 1 || answer.Status[0] == "not-opted-in" {
			return short("region", name+" is off by default, and this account has not enabled it", "aws account enable-region --region-name "+name+", which takes minutes")
		}
	}
	return fine("region", a.config.Region+" is enabled")
}

// class asks whether RDS offers the database's class in the region, with a standby if there is to be one.
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeOrderableDBInstanceOptions.html
func (a inquiry) class(ctx context.Context) toolchain.Finding {
	if !a.config.Database.Enabled {
		return toolchain.Finding{}
	}
	class := driver.DatabaseClass(a.config.Database.Size, a.config.Tier == stacks.TierProd)
	var answer struct {
		Options []struct {
			MultiAZ bool   `xml:"MultiAZCapable"`
			Storage string `xml:"StorageType"`
		} `xml:"DescribeOrderableDBInstanceOptionsResult>OrderableDBInstanceOptions>OrderableDBInstanceOption"`
	}
	err := query(ctx, a.conf, "rds", "2014-10-31", "DescribeOrderableDBInstanceOptions", map[string]string{"Engine": "postgres", "DBInstanceClass": class, "MaxRecords": "100"}, &answer)
	if err != nil {
		return unanswered("database class", err)
	}
	for _, o := range answer.Options {
		if o.Storage == "gp3" && (o.MultiAZ || !a.config.Database.HA) {
			return fine("database class", class+" is offered in "+a.config.Region)
		}
	}
	return short("database class", class+" is not offered in "+a.config.Region, "another database.size, such as an older generation: db.m6g.large for db.m7g.large")
}

// version tells early of the end of a version's support.
func (a inquiry) version(context.Context) toolchain.Finding {
	v, ok := spec.PostgresVersionOf(fmt.Sprint(a.config.Database.Version))
	if !ok || !a.config.Database.Enabled {
		return toolchain.Finding{}
	}
	text := fmt.Sprintf("PostgreSQL %s has standard support until %s", v.Version, v.StandardUntil.Format(time.DateOnly))
	if a.now.Add(supportNotice).After(v.StandardUntil) {
		return short("database version", text, "raise database.version: RDS upgrades by itself after that day, and makes no new instance of it")
	}
	return fine("database version", text)
}

// plan asks whether the account is on the free plan, which refuses what a database in production needs.
// https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/free-tier-plans.html
func (a inquiry) plan(ctx context.Context) toolchain.Finding {
	state, err := planState(ctx, a.conf)
	if err != nil {
		return unanswered("account plan", err)
	}
	if state != "FREE" {
		return fine("account plan", "paid")
	}
	db := a.config.Database
	if db.Enabled && (db.HA || db.BackupDays > 1 || driver.DatabaseClass(db.Size, a.config.Tier == stacks.TierProd) != "db.t4g.micro") {
		return short("account plan", "free: RDS refuses a standby, more than a day of backups, and classes other than micro", "upgrade the account's plan in the billing console")
	}
	return fine("account plan", "free, which is enough for this stack")
}

// roles tells which roles of services the account does not have yet.
func (a inquiry) roles(ctx context.Context) toolchain.Finding {
	missing, err := missingRoles(ctx, iam.NewFromConfig(a.conf), a.config)
	if err != nil {
		return unanswered("roles of services", reason(ctx, err))
	}
	if len(missing) == 0 {
		return fine("roles of services", "all there")
	}
	text := "`up` makes these, which plain `pulumi up` does not:"
	for _, row := range missing {
		text += " " + row.role
	}
	return fine("roles of services", text)
}

// cloudFront says what can't be asked.
func (a inquiry) cloudFront(context.Context) toolchain.Finding {
	if !behindCloudFront(a.config) {
		return toolchain.Finding{}
	}
	return fine("CloudFront", "AWS refuses the first distribution of an account that it has not verified, and tells nobody before: an account with a distribution has been; for another one ask AWS Support")
}

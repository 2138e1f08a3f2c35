package gcpcloud

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/slipway-iac/slipway/cli"
	"github.com/slipway-iac/slipway/cli/toolchain"
	"github.com/slipway-iac/slipway/providers/gcp/spec"
	"github.com/slipway-iac/slipway/stacks"
)

var _ cli.Examiner = Target{}

// examiner is what the questions to the account have in common.
type examiner struct {
	*client
	conf stacks.Config
	// made says that the stack's service is there: what it takes of the quotas is counted already.
	made bool
}

// questions are asked side by side. Each returns what it found; an error is one that only says that it could not be asked.
var questions = []struct {
	name string
	ask  func(examiner, context.Context) ([]toolchain.Finding, error)
}{
	{"billing", examiner.billing},
	{"APIs", examiner.apis},
	{"organization policies", examiner.policies},
	{"rights", examiner.rights},
	{"quotas", examiner.quotas},
	{"Cloud Run's CPU", examiner.cores},
	{"region", examiner.offered},
	{"DNS zone", examiner.zone},
}

// Examine asks the project, read-only, whether the stack can be made: billing, the APIs that must be on before, policies of the
// organization, quotas, what the region offers, and the DNS zone. What may not be asked is said and is no fault.
// https://cloud.google.com/resource-manager/reference/rest/v3/projects/get
func (Target) Examine(ctx context.Context, conf stacks.Config) []toolchain.Finding {
	c, err := connect(ctx, cli.Stack{Name: conf.Stack, Project: conf.Project, Config: conf})
	if err == nil {
		var project struct{ State string }
		err = c.get(ctx, c.host("cloudresourcemanager")+"/v3/projects/"+c.project, nil, &project)
		if err == nil && project.State != "" && project.State != "ACTIVE" {
			err = fmt.Errorf("project %s is %s", c.project, strings.ToLower(project.State))
		}
	}
	if err != nil {
		return []toolchain.Finding{{Name: "Google Cloud", Status: toolchain.Missing, Detail: err.Error(), Fix: signInAdvice}}
	}
	e := examiner{client: c, conf: conf}
	e.made = c.serves(ctx, conf.App.Name, conf.Stack)
	found := make([][]toolchain.Finding, len(questions))
	var all sync.WaitGroup
	for i, q := range questions {
		all.Go(func() {
			answers, err := q.ask(e, ctx)
			if err != nil {
				answers = append(answers, toolchain.Finding{Name: q.name, Status: toolchain.OK, Detail: "could not be asked: " + err.Error()})
			}
			found[i] = answers
		})
	}
	all.Wait()
	return append([]toolchain.Finding{{Name: "Google Cloud", Status: toolchain.OK, Detail: "project " + c.project}}, slices.Concat(found...)...)
}

func fine(name, detail string) []toolchain.Finding {
	return []toolchain.Finding{{Name: name, Status: toolchain.OK, Detail: detail}}
}

func lacking(name, detail, fix string) []toolchain.Finding {
	return []toolchain.Finding{{Name: name, Status: toolchain.Missing, Detail: detail, Fix: fix}}
}

// https://cloud.google.com/billing/docs/reference/rest/v1/projects/getBillingInfo
func (e examiner) billing(ctx context.Context) ([]toolchain.Finding, error) {
	var answer struct{ BillingEnabled bool }
	if err := e.get(ctx, e.host("cloudbilling")+"/v1/projects/"+e.project+"/billingInfo", nil, &answer); err != nil {
		return nil, err
	}
	if !answer.BillingEnabled {
		return lacking("billing", "project "+e.project+" has no billing account", "gcloud billing projects link "+e.project+" --billing-account ACCOUNT"), nil
	}
	return fine("billing", "enabled"), nil
}

// https://cloud.google.com/service-usage/docs/reference/rest/v1/services/batchGet
func (e examiner) apis(ctx context.Context) ([]toolchain.Finding, error) {
	query := url.Values{}
	for _, name := range spec.APIs {
		query.Add("names", "projects/"+e.project+"/services/"+name)
	}
	fix := "gcloud services enable " + strings.Join(spec.APIs, " ") + " --project " + e.project
	var answer struct {
		Services []struct{ Name, State string }
	}
	err := e.get(ctx, e.host("serviceusage")+"/v1/projects/"+e.project+"/services:batchGet", query, &answer)
	if errors.Is(err, errDisabled) {
		return lacking("APIs", "serviceusage.googleapis.com is off", fix), nil
	}
	if err != nil {
		return nil, err
	}
	var off []string
	for _, one := range answer.Services {
		if one.State != "ENABLED" {
			off = append(off, one.Name[strings.LastIndex(one.Name, "/")+1:])
		}
	}
	if len(off) > 0 {
		return lacking("APIs", strings.Join(off, ", ")+" off; the first update turns on all others through these", fix), nil
	}
	return fine("APIs", "those that turn on all others are on"), nil
}

// askedAtOnce is how many permissions one question may name.
const askedAtOnce = 100

// rights asks which of the rights that the stack takes on the project whoever is signed in has not.
// https://cloud.google.com/resource-manager/reference/rest/v1/projects/testIamPermissions
func (e examiner) rights(ctx context.Context) ([]toolchain.Finding, error) {
	needed, _ := spec.Permissions(spec.Types(e.conf.Domain.Name != "", e.conf.GCP.CMEK, e.conf.Tier == stacks.TierProd))
	needed = slices.DeleteFunc(needed, func(permission string) bool {
		return spec.OnAccounts(permission) || e.conf.GCP.DNSProject != "" && strings.HasPrefix(permission, "dns.")
	})
	missing := map[string]bool{}
	for some := range slices.Chunk(needed, askedAtOnce) {
		var answer struct{ Permissions []string }
		if err := e.post(ctx, e.host("cloudresourcemanager")+"/v1/projects/"+e.project+":testIamPermissions", map[string]any{"permissions": some}, &answer); err != nil {
			return nil, err
		}
		for _, permission := range some {
			if !slices.Contains(answer.Permissions, permission) {
				missing[permission] = true
			}
		}
	}
	if len(missing) > 0 {
		return lacking("rights", "whoever is signed in has not "+strings.Join(slices.Sorted(maps.Keys(missing)), ", "), "give the roles of docs/gcp.md, Rights of the deployer"), nil
	}
	return fine("rights", fmt.Sprintf("all %d that the stack takes on the project", len(needed))), nil
}

// offered asks what the region has: Cloud Run, Memorystore and the database's machine.
//   - https://cloud.google.com/run/docs/reference/rest/v1/projects.locations/list
//   - https://cloud.google.com/memorystore/docs/redis/reference/rest/v1/projects.locations/list
func (e examiner) offered(ctx context.Context) ([]toolchain.Finding, error) {
	var lacks []string
	for _, row := range []struct{ api, what, needs string }{
		{"run", "Cloud Run", "app"}, {"redis", "Memorystore for Redis", "cache"},
	} {
		if row.needs == "cache" && !e.conf.Cache.Enabled {
			continue
		}
		var answer struct{ Locations []struct{ LocationID string } }
		err := e.get(ctx, e.host(row.api)+"/v1/projects/"+e.project+"/locations", url.Values{"pageSize": {"500"}}, &answer)
		if errors.Is(err, errDisabled) {
			continue // the first update turns it on; the table of regions was asked already
		}
		if err != nil {
			return nil, err
		}
		if len(answer.Locations) > 0 && !slices.ContainsFunc(answer.Locations, func(l struct{ LocationID string }) bool { return l.LocationID == e.region }) {
			lacks = append(lacks, row.what)
		}
	}
	if len(lacks) > 0 {
		return lacking("region", e.region+" offers this project no "+strings.Join(lacks, ", "), "set region to another one"), nil
	}
	return fine("region", e.region), nil
}

// zone wants exactly one public zone of the name, as the update does.
// https://cloud.google.com/dns/docs/reference/rest/v1/managedZones/list
func (e examiner) zone(ctx context.Context) ([]toolchain.Finding, error) {
	if e.conf.Domain.Name == "" || e.conf.GCP.ManagedZone != "" {
		return nil, nil
	}
	project := e.project
	if e.conf.GCP.DNSProject != "" {
		project = e.conf.GCP.DNSProject
	}
	var answer struct {
		ManagedZones []struct{ Name, Visibility string }
	}
	err := e.get(ctx, e.host("dns")+"/dns/v1/projects/"+project+"/managedZones", url.Values{"dnsName": {strings.ToLower(e.conf.Domain.Zone) + "."}}, &answer)
	if err != nil && !errors.Is(err, errDisabled) {
		return nil, err
	}
	zones := slices.DeleteFunc(answer.ManagedZones, func(z struct{ Name, Visibility string }) bool { return z.Visibility != "public" })
	switch len(zones) {
	case 0:
		return lacking("DNS zone", "project "+project+" has no public zone "+e.conf.Domain.Zone, "make it (docs/gcp.md, With a domain), or name its project with gcp.dnsProject"), nil
	case 1:
		return fine("DNS zone", zones[0].Name), nil
	}
	return lacking("DNS zone", fmt.Sprintf("project %s has %d public zones %s", project, len(zones), e.conf.Domain.Zone), "name one with gcp.managedZone"), nil
}

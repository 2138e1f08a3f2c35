package gcpcloud

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/slipway-iac/slipway/cli"
	"github.com/slipway-iac/slipway/cli/progress"
	driver "github.com/slipway-iac/slipway/providers/gcp"
)

const typeJob = "gcp:cloudrunv2/job:Job"

// succeeded is the state of a condition that holds.
const succeeded = "CONDITION_SUCCEEDED"

// Repair clears away the jobs of dbinit and migrations whose last execution did not succeed, and those that an interrupted run has left
// outside of the state, so that they are made anew and run again: Pulumi takes a job whose execution failed for made. It returns those of
// the state, which Pulumi must read again. Jobs serve nobody. A database whose creation failed is cleared away too, and one whose disk has
// grown is read again. Of an API that the stack has not turned on yet there is nothing to repair.
//   - https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.jobs/list
//   - https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.jobs/delete
func (Target) Repair(ctx context.Context, p *progress.Printer, s cli.Stack, state []cli.Resource) ([]string, error) {
	if len(state) == 0 {
		return nil, nil // nothing was ever deployed
	}
	known := map[string]cli.Resource{}
	for _, r := range state {
		if r.Type == typeJob && !r.Deleting {
			known[text(r, "name")] = r
		}
	}
	c, err := connect(ctx, s)
	if err != nil {
		return nil, err
	}
	var refresh []string
	if holds := slices.ContainsFunc(state, func(r cli.Resource) bool { return r.Type == typeDatabase }); holds || s.Config.Database.Enabled {
		instances, err := c.instances(ctx)
		if err != nil && !errors.Is(err, errDisabled) {
			return nil, err
		}
		if err := c.clearFailed(ctx, p, s, state, instances); err != nil {
			return nil, err
		}
		refresh = grownDisks(state, instances)
	}
	jobs, err := c.jobs(ctx, regexp.MustCompile(driver.JobsPattern(s.Config.App.Name, s.Name)))
	if err != nil && !errors.Is(err, errDisabled) {
		return nil, err
	}
	for _, job := range jobs {
		name := job.Name[strings.LastIndex(job.Name, "/")+1:]
		r, inState := known[name]
		delete(known, name)
		if job.Reconciling || inState && job.TerminalCondition.State == succeeded {
			continue
		}
		step := p.Start("clearing away job " + name + ", whose execution did not succeed")
		err := c.do(ctx, http.MethodDelete, c.host("run")+"/v2/"+job.Name, nil, &struct{}{})
		if errors.Is(err, errNotFound) {
			err = nil
		}
		step.Done(err)
		if err != nil {
			return nil, fmt.Errorf("deleting job %s: %w", name, err)
		}
		if inState {
			refresh = append(refresh, r.URN)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(known)) {
		refresh = append(refresh, known[name].URN) // somebody has deleted it
	}
	return refresh, nil
}

// job is a Cloud Run job, as far as it matters here.
// https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.jobs
type job struct {
	Name              string
	Reconciling       bool
	TerminalCondition struct{ State string }
	// LatestCreatedExecution is the newest one.
	LatestCreatedExecution struct{ Name, CompletionStatus string }
}

// jobs lists those whose names match.
func (c *client) jobs(ctx context.Context, names *regexp.Regexp) ([]job, error) {
	var out []job
	for token := ""; ; {
		var answer struct {
			Jobs          []job
			NextPageToken string
		}
		address := fmt.Sprintf("%s/v2/projects/%s/locations/%s/jobs", c.host("run"), c.project, c.region)
		if err := c.get(ctx, address, url.Values{"pageToken": {token}}, &answer); err != nil {
			return nil, fmt.Errorf("listing Cloud Run jobs: %w", err)
		}
		for _, one := range answer.Jobs {
			if names.MatchString(one.Name[strings.LastIndex(one.Name, "/")+1:]) {
				out = append(out, one)
			}
		}
		if token = answer.NextPageToken; token == "" {
			return out, nil
		}
	}
}

func text(r cli.Resource, output string) string {
	value, _ := r.Outputs[output].(string)
	return value
}

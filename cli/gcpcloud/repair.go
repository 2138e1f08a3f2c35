package gcpcloud

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/slipway-iac/slipway/cli"
	"github.com/slipway-iac/slipway/cli/progress"
	driver "github.com/slipway-iac/slipway/providers/gcp"
)

const typeJob = "gcp:cloudrunv2/job:Job"

// succeeded is the state of a condition that holds.
const succeeded = "CONDITION_SUCCEEDED"

// Repair clears away the jobs of dbinit and migrations whose last execution did not succeed, and those that an interrupted run has left
// outside of the state, so that they are made anew and run again: Pulumi takes a job whose execution failed for made. It returns those of
// the state, which Pulumi must read again. Jobs serve nobody.
//   - https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.jobs/get
//   - https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.jobs/delete
func (Target) Repair(ctx context.Context, p *progress.Printer, s cli.Stack, state []cli.Resource) ([]string, error) {
	known := map[string]cli.Resource{}
	for _, r := range state {
		if r.Type == typeJob && !r.Deleting {
			known[text(r, "name")] = r
		}
	}
	if len(state) == 0 {
		return nil, nil // nothing was ever deployed
	}
	c, err := connect(ctx, s)
	if err != nil {
		return nil, err
	}
	var refresh []string
	for _, name := range driver.JobNames(s.Config.App.Name, s.Name) {
		r, inState := known[name]
		address := fmt.Sprintf("%s/v2/projects/%s/locations/%s/jobs/%s", c.host("run"), c.project, c.region, name)
		var job struct {
			TerminalCondition struct{ State, Message string }
			Reconciling       bool
		}
		err := c.get(ctx, address, nil, &job)
		switch {
		case errors.Is(err, errNotFound):
			if inState {
				refresh = append(refresh, r.URN)
			}
			continue
		case err != nil:
			return nil, fmt.Errorf("asking for job %s: %w", name, err)
		case job.Reconciling, inState && job.TerminalCondition.State == succeeded:
			continue
		}
		step := p.Start("clearing away job " + name + ", whose execution did not succeed")
		err = c.do(ctx, http.MethodDelete, address, nil, &struct{}{})
		step.Done(err)
		if err != nil && !errors.Is(err, errNotFound) {
			return nil, fmt.Errorf("deleting job %s: %w", name, err)
		}
		if inState {
			refresh = append(refresh, r.URN)
		}
	}
	return refresh, nil
}

func text(r cli.Resource, output string) string {
	value, _ := r.Outputs[output].(string)
	return value
}

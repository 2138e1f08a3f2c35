package gcpcloud

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/slipway-iac/slipway/cli"
	"github.com/slipway-iac/slipway/cli/progress"
	driver "github.com/slipway-iac/slipway/providers/gcp"
)

const typeDatabase = "gcp:sql/databaseInstance:DatabaseInstance"

// nameEnd is how many characters Pulumi puts at the end of a name.
const nameEnd = 7

// instance is a Cloud SQL instance, as far as it matters here.
// https://cloud.google.com/sql/docs/postgres/admin-api/rest/v1/instances
type instance struct {
	Name, State string
	Settings    struct{ DataDiskSizeGb string }
}

// grownDisks returns the databases of the state whose disk has grown by itself. Pulumi must read them again: the provider sends the size in
// the state with every update, and Cloud SQL refuses one below the real one, even if only a label changes.
//   - https://cloud.google.com/sql/docs/postgres/instance-settings#automatic-storage-increase-2ndgen
//   - https://github.com/pulumi/pulumi-gcp/issues/549
func grownDisks(state []cli.Resource, instances []instance) []string {
	var refresh []string
	for _, r := range state {
		if r.Type != typeDatabase || r.Deleting {
			continue
		}
		settings, _ := r.Outputs["settings"].(map[string]any)
		known, _ := settings["diskSize"].(float64)
		for _, one := range instances {
			size, err := strconv.ParseFloat(one.Settings.DataDiskSizeGb, 64)
			if one.Name == text(r, "name") && err == nil && size > known {
				refresh = append(refresh, r.URN)
			}
		}
	}
	return refresh
}

// clearFailed deletes databases whose creation failed: no state has them, they can't be used, and they may be billed. Their names stay taken
// for a week, but the next attempt has another one.
//   - https://cloud.google.com/sql/docs/postgres/admin-api/rest/v1/instances#SqlInstanceState
//   - https://cloud.google.com/sql/docs/postgres/delete-instance
func (c *client) clearFailed(ctx context.Context, p *progress.Printer, s cli.Stack, state []cli.Resource, instances []instance) error {
	known := map[string]bool{}
	for _, r := range state {
		if r.Type == typeDatabase {
			known[text(r, "name")] = true
		}
	}
	prefix := driver.InstanceName(s.Config.App.Name, s.Name)
	for _, one := range instances {
		end, ours := strings.CutPrefix(one.Name, prefix)
		if !ours || len(end) != nameEnd || one.State != "FAILED" || known[one.Name] {
			continue
		}
		step := p.Start("clearing away database " + one.Name + ", whose creation failed")
		err := c.do(ctx, http.MethodDelete, c.host("sqladmin")+"/v1/projects/"+c.project+"/instances/"+one.Name, nil, &struct{}{})
		if errors.Is(err, errNotFound) {
			err = nil
		}
		step.Done(err)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil { // it is in nobody's way: the next attempt has another name
			p.Println(fmt.Sprintf("database %s, whose creation failed, could not be deleted: %v. It may be billed; delete it by hand: gcloud sql instances patch %s --no-deletion-protection && gcloud sql instances delete %s", one.Name, err, one.Name, one.Name))
		}
	}
	return nil
}

// instances lists the project's databases. Without the API there are none.
// https://cloud.google.com/sql/docs/postgres/admin-api/rest/v1/instances/list
func (c *client) instances(ctx context.Context) ([]instance, error) {
	var out []instance
	for token := ""; ; {
		var answer struct {
			Items         []instance
			NextPageToken string
		}
		if err := c.get(ctx, c.host("sqladmin")+"/v1/projects/"+c.project+"/instances", url.Values{"pageToken": {token}}, &answer); err != nil {
			return nil, fmt.Errorf("listing Cloud SQL instances: %w", err)
		}
		out = append(out, answer.Items...)
		if token = answer.NextPageToken; token == "" {
			return out, nil
		}
	}
}

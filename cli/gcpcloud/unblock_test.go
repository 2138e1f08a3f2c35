package gcpcloud

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/slipway-iac/slipway/cli"
	"github.com/slipway-iac/slipway/cli/progress"
)

func TestUnblock(t *testing.T) {
	const compute = "/compute/compute/v1/projects/links-production"
	const network, remove, wait = "GET " + compute + "/global/networks/links-prod-1a2b3c4", "POST " + compute + "/global/networks/links-prod-1a2b3c4/removePeering", "POST " + compute + "/global/operations/op-1/wait"
	const addresses = "GET " + compute + "/regions/europe-west1/addresses"
	named := func(kind, name string) cli.Resource {
		return cli.Resource{Type: kind, Outputs: map[string]any{"name": name}}
	}
	left := []cli.Resource{named(typeNetwork, "links-prod-1a2b3c4"), named(typeSubnet, "links-prod-run-1a2b3c4")}
	address := func(subnet, purpose string) map[string]any {
		return map[string]any{"purpose": purpose, "subnetwork": "https://www.googleapis.com/compute/v1/projects/p/regions/r/subnetworks/" + subnet}
	}
	peered := says(map[string]any{"peerings": []any{map[string]any{"name": "servicenetworking-googleapis-com"}}})
	for name, row := range map[string]struct {
		left    []cli.Resource
		answers map[string]answer
		asked   []string
		held    bool
		advice  string
		wrong   string
	}{
		"a peering and addresses": {left, map[string]answer{
			network: peered, remove: func(_ url.Values, body map[string]any) (int, any) {
				if body["name"] != "servicenetworking-googleapis-com" {
					t.Errorf("removed is %v", body)
				}
				return http.StatusOK, map[string]any{"name": "op-1", "status": "RUNNING"}
			}, wait: says(map[string]any{"name": "op-1", "status": "DONE"}),
			addresses: says(map[string]any{"items": []any{address("links-prod-run-1a2b3c4", "SERVERLESS"), address("links-prod-run-1a2b3c4", "GCE_ENDPOINT"), address("links-prod2-run-1a2b3c4", "SERVERLESS")}}),
		}, []string{network, remove, wait, addresses}, true, "keeps 1 addresses of its subnet for up to two hours", ""},
		"nothing to remove":     {left[:1], map[string]answer{network: says(map[string]any{})}, []string{network}, true, "run `go run . destroy -s prod` again", ""},
		"the database is left":  {append(slices.Clone(left), named(typeDatabase, "links-prod-database-1a2b3c4")), nil, nil, false, "", ""},
		"something else failed": {[]cli.Resource{named("gcp:dns/recordSet:RecordSet", "")}, nil, nil, false, "", ""},
		"refused": {left, map[string]answer{network: peered, remove: says(map[string]any{"name": "op-1", "status": "DONE", "error": map[string]any{"errors": []any{map[string]any{"message": "still in use"}}}})},
			[]string{network, remove}, false, "", "still in use"},
	} {
		t.Run(name, func(t *testing.T) {
			asked := standIn(t, row.answers)
			held, advice, err := Target{}.Unblock(t.Context(), progress.New(io.Discard), stack, row.left)
			if held != row.held || !strings.Contains(advice, row.advice) || (err != nil) != (row.wrong != "") || err != nil && !strings.Contains(err.Error(), row.wrong) {
				t.Errorf("held up: %t, %q, %v", held, advice, err)
			}
			if !slices.Equal(*asked, row.asked) {
				t.Errorf("asked for %q, want %q", *asked, row.asked)
			}
		})
	}
}

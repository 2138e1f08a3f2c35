package stacks

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Placement is where a stack is, and under which names: all that a change of must not take its data away. An update leaves it in the
// output `placement`, and the next one refuses to go elsewhere.
type Placement struct {
	// Project and Stack are Pulumi's names, App the configured one. Every name of a resource begins with them.
	Project string `json:"project"`
	Stack   string `json:"stack"`
	App     string `json:"app"`
	// Cloud, Region and Account are where; Account is a subscription on Azure and a project on Google Cloud. The latter two are empty
	// where the configuration does not say.
	Cloud   Cloud  `json:"cloud"`
	Region  string `json:"region,omitempty"`
	Account string `json:"account,omitempty"`
	// Data says that the stack has a database or a cache.
	Data bool `json:"data"`
	// Door is the domain by which the stack is reached; empty for the platform's own host name. Opening says that the latter is still open
	// beside it, and that the next update closes it: by then the domain's certificate must be there.
	Door    string `json:"door,omitempty"`
	Opening bool   `json:"opening,omitempty"`
	// Settings tells the configuration, and the program, of the last update from others; empty in a simulation.
	Settings string `json:"settings,omitempty"`
}

// PlacementOf is where a configuration puts its stack.
func PlacementOf(c Config) Placement {
	p := Placement{
		Project: c.Project, Stack: c.Stack, App: c.App.Name, Cloud: c.Cloud, Region: c.Region,
		Account: c.AWS.AccountID + c.Azure.SubscriptionID + c.GCP.Project, // a stack has one cloud
		Data:    c.Database.Enabled || c.Cache.Enabled, Door: c.Domain.Name, Opening: c.Opening,
	}
	if !c.Simulated {
		p.Settings = settingsOf(c)
	}
	return p
}

// ParsePlacement reads the output `placement`. An empty text is a stack that was never up, or not since there is that output.
func ParsePlacement(text string) (Placement, error) {
	var p Placement
	if text == "" {
		return p, nil
	}
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return Placement{}, fmt.Errorf("reading the stack's output placement: %w", err)
	}
	return p, nil
}

// text writes the output.
func (p Placement) text() (string, error) {
	text, err := json.Marshal(p)
	if err != nil {
		return "", fmt.Errorf("writing the output placement: %w", err)
	}
	return string(text), nil
}

// Leaves tells why a stack that has data can't go where next says: what it has would be deleted, or left behind, and the stack would begin
// anew, empty. It is nil where nothing is known of the last place, or nothing was stored there.
func (p Placement) Leaves(next Placement) error {
	if p.Stack == "" || !p.Data {
		return nil
	}
	var moved []string
	for _, row := range []struct{ what, is, would, how string }{
		{"the Pulumi project", p.Project, next.Project, "put the name in Pulumi.yaml back"},
		{"the stack", p.Stack, next.Stack, "pulumi stack rename " + p.Stack},
		{"app.name", p.App, next.App, "put it back"},
		{"cloud", string(p.Cloud), string(next.Cloud), "put it back"},
		{"region", p.Region, next.Region, "put it back"},
		{"the account (aws.accountId, azure.subscriptionId, gcp.project)", p.Account, next.Account, "put it back"},
	} {
		if row.is != "" && row.would != "" && row.is != row.would {
			moved = append(moved, fmt.Sprintf("%s was %s and is now %s (%s)", row.what, row.is, row.would, row.how))
		}
	}
	if len(moved) == 0 {
		return nil
	}
	return fmt.Errorf("this stack has data, which would not come along, and would begin anew, empty: %s. For another place make another stack; to give this one up, `go run . destroy -s %s --delete-data` first, with the settings of before", strings.Join(moved, "; "), p.Stack)
}

package gcpcloud

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/slipway-iac/slipway/cli"
	"github.com/slipway-iac/slipway/cli/progress"
)

const (
	typeNetwork = "gcp:compute/network:Network"
	typeSubnet  = "gcp:compute/subnetwork:Subnetwork"
	typeCache   = "gcp:redis/instance:Instance"
	// peering is what private services access calls its end of a network.
	// https://cloud.google.com/vpc/docs/configure-private-services-access#removing-connection
	peering = "servicenetworking-googleapis-com"
	// addressesKept is how long Cloud Run keeps the addresses of instances after the last one is gone.
	// https://cloud.google.com/run/docs/configuring/vpc-direct-vpc#delete-subnet
	addressesKept = 2 * time.Hour
	// operationFor bounds the wait for an operation of Compute Engine.
	operationFor = 2 * time.Minute
)

var _ cli.Unblocker = Target{}

// Unblock removes the peering with Google's services from a network that is left, once no database and no cache is: Google keeps the
// connection that it belongs to for days, and a network with a peering can't be deleted. What can't be removed are the addresses that Cloud Run
// keeps in the subnet for a while: it says until when.
//   - https://cloud.google.com/vpc/docs/configure-private-services-access#removing-connection
//   - https://cloud.google.com/run/docs/configuring/vpc-direct-vpc#delete-subnet
func (Target) Unblock(ctx context.Context, p *progress.Printer, s cli.Stack, left []cli.Resource) (held bool, advice string, err error) {
	of := func(kind string) (names []string) {
		for _, r := range left {
			if r.Type == kind {
				names = append(names, text(r, "name"))
			}
		}
		return names
	}
	networks, subnets := of(typeNetwork), of(typeSubnet)
	if len(networks) == 0 || len(of(typeDatabase)) > 0 || len(of(typeCache)) > 0 {
		return false, "", nil
	}
	c, err := connect(ctx, s)
	if err != nil {
		return false, "", err
	}
	step := p.Start("removing the connection with Google's services from the network")
	for _, network := range networks {
		if err = c.removePeering(ctx, network); err != nil {
			break
		}
	}
	step.Done(err)
	if err != nil {
		return false, "", err
	}
	kept, err := c.keptAddresses(ctx, subnets)
	if err != nil {
		return false, "", err
	}
	advice = fmt.Sprintf("Google still holds its network. All that costs something is gone; run `go run . destroy -s %s` again, which goes on from here", s.Name)
	if kept > 0 {
		advice = fmt.Sprintf("Cloud Run keeps %d addresses of its subnet for up to two hours after the last instance. All that costs something is gone; run `go run . destroy -s %s` again after %s, which goes on from here",
			kept, s.Name, time.Now().Add(addressesKept).Format("15:04"))
	}
	return true, advice, nil
}

// removePeering removes the peering of a network, if it has one, and waits until it is gone.
//   - https://cloud.google.com/compute/docs/reference/rest/v1/networks/removePeering
//   - https://cloud.google.com/compute/docs/reference/rest/v1/globalOperations/wait
func (c *client) removePeering(ctx context.Context, network string) error {
	address := c.host("compute") + "/compute/v1/projects/" + c.project + "/global/networks/" + network
	var found struct{ Peerings []struct{ Name string } }
	if err := c.get(ctx, address, nil, &found); err != nil {
		if errors.Is(err, errNotFound) {
			return nil
		}
		return fmt.Errorf("looking at network %s: %w", network, err)
	}
	if !slices.ContainsFunc(found.Peerings, func(one struct{ Name string }) bool { return one.Name == peering }) {
		return nil
	}
	var operation struct {
		Name, Status string
		Error        struct{ Errors []struct{ Message string } }
	}
	if err := c.post(ctx, address+"/removePeering", map[string]string{"name": peering}, &operation); err != nil {
		return fmt.Errorf("removing peering %s of network %s: %w", peering, network, err)
	}
	ctx, cancel := context.WithTimeout(ctx, operationFor)
	defer cancel()
	for operation.Status != "DONE" {
		if err := c.post(ctx, c.host("compute")+"/compute/v1/projects/"+c.project+"/global/operations/"+operation.Name+"/wait", nil, &operation); err != nil {
			return fmt.Errorf("removing peering %s of network %s: %w", peering, network, err)
		}
	}
	if all := operation.Error.Errors; len(all) > 0 {
		return fmt.Errorf("removing peering %s of network %s: %s", peering, network, all[0].Message)
	}
	return nil
}

// keptAddresses counts the addresses that Cloud Run keeps in the subnets.
// https://cloud.google.com/compute/docs/reference/rest/v1/addresses/list
func (c *client) keptAddresses(ctx context.Context, subnets []string) (int, error) {
	if len(subnets) == 0 {
		return 0, nil
	}
	var answer struct {
		Items []struct{ Purpose, Subnetwork string }
	}
	address := fmt.Sprintf("%s/compute/v1/projects/%s/regions/%s/addresses", c.host("compute"), c.project, c.region)
	if err := c.get(ctx, address, url.Values{"filter": {`purpose="SERVERLESS"`}}, &answer); err != nil {
		return 0, fmt.Errorf("looking for the addresses of the subnet: %w", err)
	}
	kept := 0
	for _, one := range answer.Items {
		if one.Purpose == "SERVERLESS" && slices.Contains(subnets, one.Subnetwork[strings.LastIndex(one.Subnetwork, "/")+1:]) {
			kept++
		}
	}
	return kept, nil
}

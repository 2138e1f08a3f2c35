package gcp

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

const (
	anywhere = "0.0.0.0/0"
	// last is a priority after that of every other rule, and before Google's own, which let everything out.
	last = 65534
	// databasePort and cachePort are where Cloud SQL and Memorystore with TLS listen; neither can be changed.
	databasePort, cachePort = 5432, 6378
)

// firewallRow is a rule of the network.
type firewallRow struct {
	part, direction, description string
	priority                     int
	allows, denies               []protocol
	sources, destinations        []string
	tags                         []string
}

// firewallRows let the app's instances reach database and cache, and nothing else happen. What Cloud Run sends to public addresses does
// not pass the network.
//   - https://cloud.google.com/firewall/docs/firewalls
//   - https://cloud.google.com/run/docs/configuring/vpc-direct-vpc#firewall
//   - https://cloud.google.com/firewall/docs/firewall-rules-logging
var firewallRows = []firewallRow{
	{part: "data", direction: "EGRESS", description: "PostgreSQL and Redis, from instances of the app", priority: 1000,
		allows:       []protocol{{Protocol: "tcp", Ports: []string{fmt.Sprint(databasePort), fmt.Sprint(cachePort)}}},
		destinations: []string{fmt.Sprintf("%s/%d", servicesFirst, servicesPrefix)}, tags: []string{runTag}},
	{part: "deny-out", direction: "EGRESS", description: "Nothing else goes out", priority: last,
		denies: []protocol{{Protocol: "all"}}, destinations: []string{anywhere}},
	{part: "deny-in", direction: "INGRESS", description: "Nothing comes in", priority: last,
		denies: []protocol{{Protocol: "all"}}, sources: []string{anywhere}},
}

// makeFirewall makes the rules, each with a log.
// https://cloud.google.com/firewall/docs/using-firewalls
func (p *Platform) makeFirewall(ctx *pulumi.Context) error {
	for _, row := range firewallRows {
		_, err := newFirewall(ctx, p.name(row.part, longest), &firewallArgs{
			Network: p.network.id, Direction: row.direction, Description: row.description, Priority: row.priority,
			Allows: row.allows, Denies: row.denies, SourceRanges: row.sources, DestinationRanges: row.destinations, TargetTags: row.tags,
			LogConfig: &firewallLog{Metadata: "INCLUDE_ALL_METADATA"},
		}, p.cloudOpts(p.own())...)
		if err != nil {
			return err
		}
	}
	return nil
}

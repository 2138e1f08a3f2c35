package azure

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// OpenEdge opens the only public way to the app: Front Door with what is attached to it, or, without it, the app's own ingress, which
// terminates TLS and redirects HTTP by itself.
//
// It fails where a setting would have no effect: the ingress neither limits nor inspects nor caches, and Front Door Standard has no
// managed rules.
//   - https://learn.microsoft.com/azure/frontdoor/front-door-overview
//   - https://learn.microsoft.com/azure/container-apps/ingress-overview
func (p *Platform) OpenEdge(ctx *pulumi.Context, name string, a components.EdgeArgs, opts ...pulumi.ResourceOption) (components.EdgeState, error) {
	none := components.EdgeState{}
	a.Domain, a.Zone = strings.ToLower(a.Domain), strings.ToLower(a.Zone)
	if err := p.checkEdge(a); err != nil {
		return none, err
	}
	state := components.EdgeState{Scope: components.Scope{}}
	for _, key := range []string{scopeApp, scopeAppName, scopeEnvironment, scopeWorkspace, scopeReady} {
		state.Scope[key] = a.Service[key]
	}
	state.URL = pulumi.Sprintf("https://%s", a.Service[scopeHost])
	if p.settings.FrontDoor != FrontDoorNone {
		door, err := p.openFrontDoor(ctx, name, a, opts)
		if err != nil {
			return none, err
		}
		state.URL, state.SlotKey, state.Scope[scopeFrontDoor] = door.url, door.key, door.id
	}
	if a.Domain != "" {
		state.URL = after(ctx, pulumi.String("https://"+a.Domain).ToStringOutput())
		state.Scope[scopeDomain] = pulumi.String(a.Domain).ToStringOutput()
	}
	state.Scope[scopeURL] = state.URL
	return state, nil
}

// checkEdge refuses what the front door can't do.
func (p *Platform) checkEdge(a components.EdgeArgs) error {
	for _, row := range []struct {
		key  string
		used bool
		need string
	}{
		{"edge.rateLimit", a.RateLimit > 0, FrontDoorStandard},
		{"edge.cdn", len(a.CachePaths) > 0, FrontDoorStandard},
		{"edge.waf", a.WAF, FrontDoorPremium},
		{"edge.hsts.maxAge", a.HSTS.MaxAge > 0, FrontDoorStandard},
		{"edge.bodyLimit", a.BodyLimit > 0, FrontDoorStandard},
	} {
		has := p.settings.FrontDoor == FrontDoorPremium || p.settings.FrontDoor == row.need
		if row.used && !has {
			return components.Unsupported("azure", row.key, fmt.Sprintf("azure.frontDoor is %s, and this takes %s", p.settings.FrontDoor, row.need))
		}
	}
	return nil
}

package gcp

import (
	"errors"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-random/sdk/v4/go/random"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// keyLength is that of the key that opens a slot.
const keyLength = 40

// OpenEdge opens the front door. With a domain that is a global load balancer with two addresses, TLS 1.2 or newer, a security policy of
// Cloud Armor before every way to the app, and a CDN on the configured paths. Without one it is Cloud Run's own address, which speaks HTTPS
// and redirects to it, and has nothing else: what would have no effect is refused. Which versions run, and with what weights, is not its
// affair: Cloud Run divides the traffic.
//   - https://cloud.google.com/load-balancing/docs/https
//   - https://cloud.google.com/run/docs/mapping-custom-domains
func (p *Platform) OpenEdge(ctx *pulumi.Context, name string, a components.EdgeArgs, opts ...pulumi.ResourceOption) (components.EdgeState, error) {
	none := components.EdgeState{}
	a.Domain, a.Zone = strings.ToLower(a.Domain), strings.ToLower(a.Zone)
	if p.settings.Domain == "" {
		return p.openCloudRun(a)
	}
	if a.Domain == "" || a.Certificate.StringOutput == (pulumi.StringOutput{}) {
		return none, errors.New("a load balancer needs a domain and its certificate")
	}
	policy, err := p.makeArmor(ctx, name, a, opts)
	if err != nil {
		return none, err
	}
	ways, err := p.makeBackends(ctx, a, policy, opts)
	if err != nil {
		return none, err
	}
	key, err := p.slotKey(ctx, opts)
	if err != nil {
		return none, err
	}
	routes, err := p.route(ctx, a, ways, key, opts)
	if err != nil {
		return none, err
	}
	if err := p.listen(ctx, routes, a, opts); err != nil {
		return none, err
	}
	if err := p.publishName(ctx, name, a, opts); err != nil {
		return none, err
	}
	return components.EdgeState{
		URL:     pulumi.String("https://" + a.Domain).ToStringOutput(),
		SlotKey: key,
		Scope: components.Scope{
			scopeHost: pulumi.String(a.Domain).ToStringOutput(), scopeURLMap: routes.Name, scopeService: a.Service[scopeService], scopeHealthPath: a.Service[scopeHealthPath],
		},
	}, nil
}

// openCloudRun is the front door without a load balancer.
func (p *Platform) openCloudRun(a components.EdgeArgs) (components.EdgeState, error) {
	for _, row := range []struct {
		key  string
		used bool
	}{{"edge.rateLimit", a.RateLimit > 0}, {"edge.waf", a.WAF}, {"edge.bodyLimit", a.BodyLimit > 0}, {"edge.hsts.maxAge", a.HSTS.MaxAge > 0}, {"edge.cdn", len(a.CachePaths) > 0}, {"domain.name", a.Domain != ""}} {
		if row.used {
			return components.EdgeState{}, components.Unsupported("gcp", row.key, "it needs the load balancer, which a stack without domain.name has not")
		}
	}
	uri := a.Service[scopeURI]
	host := uri.ApplyT(func(text string) string { return strings.TrimPrefix(text, "https://") }).(pulumi.StringOutput)
	return components.EdgeState{URL: uri, Scope: components.Scope{scopeHost: host, scopeService: a.Service[scopeService], scopeHealthPath: a.Service[scopeHealthPath]}}, nil
}

// slotKey makes the secret that leads past the weights. It stands in the URL map, where whoever may read the load balancer reads it; it
// opens nothing but a version that is about to be public.
func (p *Platform) slotKey(ctx *pulumi.Context, opts []pulumi.ResourceOption) (pulumi.StringOutput, error) {
	made, err := random.NewRandomPassword(ctx, "slot-key", &random.RandomPasswordArgs{Length: pulumi.Int(keyLength), Special: pulumi.Bool(false)}, p.randomOpts(opts)...)
	if err != nil {
		return pulumi.StringOutput{}, fmt.Errorf("creating the key of the slots: %w", err)
	}
	return made.Result, nil
}

// publishName writes the records of the name, once the load balancer listens.
// https://cloud.google.com/load-balancing/docs/https/setup-global-ext-https-serverless#update_dns
func (p *Platform) publishName(ctx *pulumi.Context, name string, a components.EdgeArgs, opts []pulumi.ResourceOption) error {
	zone, domain := p.publicZone(ctx, a.Zone), pulumi.String(a.Domain+".")
	if _, err := p.record(ctx, name+"-a", "A", zone, domain, p.addresses.v4, opts); err != nil {
		return err
	}
	_, err := p.record(ctx, name+"-aaaa", "AAAA", zone, domain, p.addresses.v6, opts)
	return err
}

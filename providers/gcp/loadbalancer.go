package gcp

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

const (
	// managed is the scheme of load balancers that can route by header.
	// https://cloud.google.com/load-balancing/docs/https#load-balancer-type
	managed = "EXTERNAL_MANAGED"
	// staleSeconds is how long the CDN may answer with what has expired while it fetches it anew.
	staleSeconds = 60
	rulesOfPath  = "paths"
)

// backendRow is one of the ways to the app.
type backendRow struct {
	part string
	slot components.Slot // whose tag it is; empty for the weights
	cdn  bool
}

// makeBackends makes the ways to the app, each guarded by the security policy and with a log: by the weights, for the paths that a CDN
// caches, and past the weights to each slot. A slot without a track has no tag, and its way answers 404.
//   - https://cloud.google.com/load-balancing/docs/negs/serverless-neg-concepts
//   - https://cloud.google.com/load-balancing/docs/https/setup-global-ext-https-serverless
//   - https://cloud.google.com/cdn/docs/caching
func (p *Platform) makeBackends(ctx *pulumi.Context, a components.EdgeArgs, policy *securityPolicy, opts []pulumi.ResourceOption) (map[string]pulumi.StringInput, error) {
	rows := []backendRow{{part: "weights"}}
	if len(a.CachePaths) > 0 {
		rows = append(rows, backendRow{part: "cdn", cdn: true})
	}
	for _, slot := range slots {
		rows = append(rows, backendRow{part: string(slot), slot: slot})
	}
	out := map[string]pulumi.StringInput{}
	groups := map[components.Slot]pulumi.StringInput{}
	for _, row := range rows {
		if groups[row.slot] == nil {
			group, err := newEndpointGroup(ctx, p.name(row.part, longest), &endpointGroupArgs{
				NetworkEndpointType: "SERVERLESS", Region: p.settings.Region,
				CloudRun: target(a.Service[scopeService], row.slot),
			}, p.cloudOpts(opts)...)
			if err != nil {
				return nil, err
			}
			groups[row.slot] = group.ID().ToStringOutput()
		}
		args := &backendServiceArgs{
			LoadBalancingScheme: managed, Protocol: "HTTPS", SecurityPolicy: policy.ID().ToStringOutput().ToStringPtrOutput(),
			Backends:  []backend{{Group: groups[row.slot]}},
			LogConfig: &backendLog{Enable: true, SampleRate: 1}, EnableCdn: row.cdn,
		}
		if row.cdn {
			args.CdnPolicy = &cdnPolicy{
				CacheMode: "USE_ORIGIN_HEADERS", NegativeCaching: false, ServeWhileStale: staleSeconds,
				CacheKeyPolicy: cacheKeyPolicy{IncludeHost: true, IncludeProtocol: true, IncludeQueryString: true},
			}
		}
		made, err := newBackendService(ctx, p.name(row.part, longest), args, p.cloudOpts(opts)...)
		if err != nil {
			return nil, err
		}
		out[row.part] = made.ID().ToStringOutput()
	}
	return out, nil
}

func target(service pulumi.StringInput, slot components.Slot) cloudRunTarget {
	if slot == "" {
		return cloudRunTarget{Service: service}
	}
	tag := string(slot)
	return cloudRunTarget{Service: service, Tag: &tag}
}

// route makes the URL map. A slot's name and the right key in the headers lead to the slot; then come the paths that are cached; the rest
// goes by the weights. The app sees neither header. A load balancer sets a header whatever the app says, or adds a second one; so it sets
// what has one right value for the whole host, and leaves X-Frame-Options, which an app may have reasons to set otherwise, to the app.
//   - https://cloud.google.com/load-balancing/docs/https/traffic-management-global
//   - https://cloud.google.com/load-balancing/docs/url-map-concepts
//   - https://cloud.google.com/compute/docs/reference/rest/v1/urlMaps (responseHeadersToAdd)
func (p *Platform) route(ctx *pulumi.Context, a components.EdgeArgs, to map[string]pulumi.StringInput, key pulumi.StringOutput, opts []pulumi.ResourceOption) (*urlMap, error) {
	headers := []responseHeader{{"X-Content-Type-Options", "nosniff", true}}
	if value := a.HSTS.Header(); value != "" {
		headers = append(headers, responseHeader{"Strict-Transport-Security", value, true})
	}
	return newURLMap(ctx, p.name("", longest), &urlMapArgs{
		DefaultService: to["weights"].ToStringOutput().ToStringPtrOutput(),
		HostRules:      []hostRule{{Hosts: []string{"*"}, PathMatcher: rulesOfPath}},
		HeaderAction: &headerAction{
			RequestHeadersToRemoves: []string{components.SlotHeader, components.SlotKeyHeader},
			ResponseHeadersToAdds:   headers,
		},
		PathMatchers: []pathMatcher{matcher(a.CachePaths, key, to)},
	}, p.cloudOpts(opts)...)
}

// matcher writes the rules. The lowest priority is looked at first.
func matcher(cached []string, key pulumi.StringOutput, to map[string]pulumi.StringInput) pathMatcher {
	out := pathMatcher{Name: rulesOfPath, DefaultService: to["weights"]}
	for i, slot := range slots {
		out.RouteRules = append(out.RouteRules, routeRule{Priority: i + 1, Service: to[string(slot)], MatchRules: []matchRule{{
			PrefixMatch:   "/",
			HeaderMatches: []headerMatch{{HeaderName: components.SlotHeader, ExactMatch: string(slot)}, {HeaderName: components.SlotKeyHeader, ExactMatch: key}},
		}}})
	}
	for i, prefix := range cached {
		out.RouteRules = append(out.RouteRules, routeRule{Priority: 10 + i, Service: to["cdn"], MatchRules: []matchRule{{PrefixMatch: prefix}}})
	}
	return out
}

// listen opens ports 443 and 80 of both addresses. Port 80 only redirects.
//   - https://cloud.google.com/load-balancing/docs/ssl-policies-concepts
//   - https://cloud.google.com/load-balancing/docs/https/setting-up-global-http-https-redirect
//   - https://cloud.google.com/load-balancing/docs/ipv6
func (p *Platform) listen(ctx *pulumi.Context, routes *urlMap, a components.EdgeArgs, opts []pulumi.ResourceOption) error {
	policy, err := newSSLPolicy(ctx, p.name("", longest), &sslPolicyArgs{Profile: "MODERN", MinTlsVersion: "TLS_1_2"}, p.cloudOpts(opts)...)
	if err != nil {
		return err
	}
	secure, err := newHTTPSProxy(ctx, p.name("", longest), &httpsProxyArgs{
		UrlMap: routes.ID().ToStringOutput(), SslPolicy: policy.ID().ToStringOutput().ToStringPtrOutput(), CertificateMap: a.Certificate.ToStringPtrOutput(),
	}, p.cloudOpts(opts)...)
	if err != nil {
		return err
	}
	redirect, err := newURLMap(ctx, p.name("redirect", longest), &urlMapArgs{
		DefaultUrlRedirect: &urlRedirect{HttpsRedirect: true, RedirectResponseCode: "MOVED_PERMANENTLY_DEFAULT", StripQuery: false},
	}, p.cloudOpts(opts)...)
	if err != nil {
		return err
	}
	plain, err := newHTTPProxy(ctx, p.name("redirect", longest), &httpProxyArgs{UrlMap: redirect.ID().ToStringOutput()}, p.cloudOpts(opts)...)
	if err != nil {
		return err
	}
	for _, row := range []struct {
		part, port string
		address    pulumi.StringOutput
		target     pulumi.IDOutput
	}{
		{"https-v4", "443", p.addresses.v4, secure.ID()}, {"https-v6", "443", p.addresses.v6, secure.ID()},
		{"http-v4", "80", p.addresses.v4, plain.ID()}, {"http-v6", "80", p.addresses.v6, plain.ID()},
	} {
		_, err := newForwardingRule(ctx, p.name(row.part, longest), &forwardingRuleArgs{
			LoadBalancingScheme: managed, IpProtocol: "TCP", PortRange: row.port, IpAddress: row.address.ToStringPtrOutput(), Target: row.target.ToStringOutput(),
		}, p.cloudOpts(opts)...)
		if err != nil {
			return err
		}
	}
	return nil
}

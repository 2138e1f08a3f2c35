package aws

import (
	"errors"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// What the edge's Scope holds beside the load balancer and its target groups.
const (
	scopeCertificate  = "certificate"  // ARN; not there without a domain
	scopeDistribution = "distribution" // id; not there without CloudFront
)

// OpenEdge attaches what makes the load balancer of the service public and safe: the web ACL with the rate limit and the managed
// rules, the DNS records, and, if Settings.CloudFront says so, CloudFront with its way into the private network. It does not
// depend on which versions of the app run, nor change with them.
//
// It fails where a setting would have no effect: paths to cache without CloudFront, or no domain without it, since nobody issues a
// certificate for a load balancer's own host name.
//   - https://docs.aws.amazon.com/waf/latest/developerguide/how-aws-waf-works-resources.html
//   - https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html
func (p *Platform) OpenEdge(ctx *pulumi.Context, name string, a components.EdgeArgs, opts ...pulumi.ResourceOption) (components.EdgeState, error) {
	none := components.EdgeState{}
	a.Domain, a.Zone = strings.ToLower(a.Domain), strings.ToLower(a.Zone)
	switch {
	case len(a.CachePaths) > 0 && !p.settings.CloudFront:
		return none, components.Unsupported("aws", "edge.cdn", "a load balancer caches nothing, and this stack has no CloudFront")
	case a.Domain == "" && !p.settings.CloudFront:
		return none, components.Unsupported("aws", "domain.name", "a load balancer has no certificate for its own host name, and this stack has no CloudFront")
	case a.Domain != "" && a.Certificate.StringOutput == (pulumi.StringOutput{}):
		return none, errors.New("there is no certificate for the domain")
	}
	acl, err := p.makeWebACL(ctx, name, a, opts)
	if err != nil {
		return none, err
	}
	state := components.EdgeState{Scope: edgeScope(a), SlotKey: a.Service[scopeSlotKey]}
	if p.settings.CloudFront {
		distribution, err := p.openCloudFront(ctx, name, a, acl, opts)
		if err != nil {
			return none, err
		}
		state.Scope[scopeDistribution] = distribution.ID().ToStringOutput()
		state.URL = pulumi.Sprintf("https://%s", distribution.DomainName)
	} else if err := p.openLoadBalancer(ctx, name, a, acl, opts); err != nil {
		return none, err
	}
	if a.Domain != "" {
		state.URL = pulumi.String("https://" + a.Domain).ToStringOutput()
	}
	return state, nil
}

// edgeScope is what both front doors have. The certificate is the one of the stack's region even behind CloudFront, whose own is in
// globalRegion: alarms read metrics of their own region only, and ACM renews both by the same record.
// https://docs.aws.amazon.com/acm/latest/userguide/cloudwatch-metrics.html
func edgeScope(a components.EdgeArgs) components.Scope {
	scope := components.Scope{}
	for _, key := range []string{scopeBalancer, scopeBlue, scopeGreen} {
		scope[key] = a.Service[key]
	}
	if a.Domain != "" {
		scope[scopeCertificate] = a.Certificate.StringOutput
	}
	return scope
}

// openLoadBalancer puts the web ACL before the public load balancer and then the stack's name into the zone, so that the name
// never leads to an unguarded one. There is an A record only: the network, and so the load balancer, has IPv4 addresses.
//   - https://docs.aws.amazon.com/waf/latest/developerguide/web-acl-associating-aws-resource.html
//   - https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-to-elb-load-balancer.html
func (p *Platform) openLoadBalancer(ctx *pulumi.Context, name string, a components.EdgeArgs, acl *webACL, opts []pulumi.ResourceOption) error {
	z, err := p.publicZone(ctx, a.Zone)
	if err != nil {
		return err
	}
	guarded := opts
	if acl != nil {
		association, err := newWebACLAssociation(ctx, name, &webACLAssociationArgs{ResourceArn: a.Service[scopeBalancerARN], WebAclArn: acl.Arn}, p.cloudOpts(opts)...)
		if err != nil {
			return err
		}
		guarded = append([]pulumi.ResourceOption{pulumi.DependsOn([]pulumi.Resource{association})}, opts...)
	}
	return p.alias(ctx, name, z, a.Domain, []string{"A"}, aliasTarget{host: a.Service[scopeBalancerDNS], zone: a.Service[scopeBalancerZone]}, guarded)
}

package aws

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpc"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// tlsPolicy allows TLS 1.3 and 1.2 with forward secrecy and authenticated ciphers only, and post-quantum key exchange where the
// client can: what AWS recommends and its console presets.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
const tlsPolicy = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"

// loadBalancing is the service's load balancer with one target group for each slot.
type loadBalancing struct {
	made   *lb.LoadBalancer
	groups map[components.Slot]*lb.TargetGroup
	// ready is what must be there before requests reach a task.
	ready []pulumi.Resource
	// slotKey opens a slot directly.
	slotKey pulumi.StringOutput
}

// loadBalance makes the load balancer with a target group for each slot. In front of the public it takes HTTPS and redirects HTTP;
// behind CloudFront it is internal and takes nothing but CloudFront's connections: HTTPS where there is a certificate, HTTP
// otherwise, which then stays inside AWS's network. It fails if it would be public without a certificate.
//
// Requests that could be read in two ways are refused ("defensive"), not every one that strays from the letter of RFC 9112
// ("strictest"): the latter turns away harmless clients of an API.
//   - https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html
//   - https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-vpc-origins.html
func (p *Platform) loadBalance(ctx *pulumi.Context, a components.ServiceArgs, opts []pulumi.ResourceOption) (loadBalancing, error) {
	b := loadBalancing{groups: map[components.Slot]*lb.TargetGroup{}}
	secure := a.Certificate.StringOutput != (pulumi.StringOutput{})
	if !secure && !p.settings.CloudFront {
		return b, errors.New("creating load balancer: without CloudFront in front it needs a certificate")
	}
	group, err := p.securityGroup(ctx, "load-balancer", "The load balancer", opts)
	if err != nil {
		return b, err
	}
	if err := p.openDoor(ctx, group, secure, opts); err != nil {
		return b, err
	}
	// Another port makes other rules. The old ones go last, so that the tasks of before are reached as long as they serve.
	way, err := p.connect(ctx, fmt.Sprintf("load-balancer-to-tasks-%d", a.Port), group, p.network.tasks, a.Port, "Requests to the app", opts)
	if err != nil {
		return b, err
	}
	logs, err := p.accessLogs(ctx, opts)
	if err != nil {
		return b, err
	}
	args := &lb.LoadBalancerArgs{
		LoadBalancerType:         pulumi.String("application"),
		Internal:                 pulumi.Bool(p.settings.CloudFront),
		Subnets:                  p.network.public,
		SecurityGroups:           pulumi.StringArray{group},
		EnableDeletionProtection: pulumi.Bool(p.settings.Protect),
		DropInvalidHeaderFields:  pulumi.Bool(true),
		DesyncMitigationMode:     pulumi.String("defensive"),
		IdleTimeout:              pulumi.Int(60),
		AccessLogs:               lb.LoadBalancerAccessLogsArgs{Bucket: logs, Prefix: pulumi.String(requestLogs), Enabled: pulumi.Bool(true)},
	}
	if p.settings.CloudFront {
		args.Subnets = p.network.private
		// CloudFront has put the client's address last. With CloudFront's own after it, every client would look like one.
		args.XffHeaderProcessingMode = pulumi.String("preserve")
	} else {
		// Who failed to connect, and with which TLS; behind CloudFront there is only CloudFront.
		args.ConnectionLogs = lb.LoadBalancerConnectionLogsArgs{Bucket: logs, Prefix: pulumi.String(connectionLogs), Enabled: pulumi.Bool(true)}
	}
	if b.made, err = lb.NewLoadBalancer(ctx, p.name("", 32), args, p.cloudOpts(opts)...); err != nil {
		return b, fmt.Errorf("creating load balancer: %w", err)
	}
	for _, slot := range slots {
		if b.groups[slot], err = p.targetGroup(ctx, slot, a, opts); err != nil {
			return b, err
		}
	}
	b.ready = way
	err = p.listen(ctx, &b, a, secure, opts)
	return b, err
}

// openDoor lets the public in, or CloudFront only. CloudFront's addresses are one managed prefix list, which counts as 55 of the 60
// rules that a security group may have, so there is one port for it.
//   - https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/LocationsOfEdgeServers.html
//   - https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-update-security-groups.html
func (p *Platform) openDoor(ctx *pulumi.Context, group pulumi.StringOutput, secure bool, opts []pulumi.ResourceOption) error {
	rules := []struct {
		name, description string
		port              int
	}{
		{"public-https", "The public by HTTPS", 443},
		{"public-http", "The public by HTTP, which is redirected", 80},
	}
	args := vpc.SecurityGroupIngressRuleArgs{CidrIpv4: pulumi.String(anywhere)}
	if p.settings.CloudFront {
		addresses := "com.amazonaws.global.cloudfront.origin-facing"
		found, err := ec2.LookupManagedPrefixList(ctx, &ec2.LookupManagedPrefixListArgs{Name: &addresses}, pulumi.Parent(p), pulumi.Provider(p.cloud))
		if err != nil {
			return fmt.Errorf("asking for CloudFront's addresses: %w", err)
		}
		args = vpc.SecurityGroupIngressRuleArgs{PrefixListId: pulumi.String(found.Id)}
		rules = rules[:1]
		rules[0].name, rules[0].description, rules[0].port = "cloudfront", "CloudFront", servedPort(secure)
	}
	for _, row := range rules {
		rule := args
		rule.SecurityGroupId, rule.IpProtocol, rule.Description = group, pulumi.String("tcp"), pulumi.String(row.description)
		rule.FromPort, rule.ToPort = pulumi.Int(row.port), pulumi.Int(row.port)
		if _, err := vpc.NewSecurityGroupIngressRule(ctx, row.name, &rule, p.cloudOpts(opts)...); err != nil {
			return fmt.Errorf("opening port %d of the load balancer: %w", row.port, err)
		}
	}
	return nil
}

func servedPort(secure bool) int {
	if secure {
		return 443
	}
	return 80
}

// unusedPort is the port of a target group itself. ECS puts in each task with the app's own, so nothing ever goes there.
const unusedPort = 80

// targetGroup makes the target group of a slot; ECS puts the tasks in. A task counts as ready after two good answers of its
// readiness path, 10 s apart, and as broken after three bad ones. Before it stops, it gets no new requests and has DrainSeconds to
// finish those it has.
//
// Nothing that may change replaces it, since the listener would forward to an empty group until a deployment has ended. Only another
// front door does: it comes with a load balancer of its own, and a target group can be one load balancer's only.
//   - https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-target-groups.html
//   - https://github.com/hashicorp/terraform-provider-aws/issues/22005
func (p *Platform) targetGroup(ctx *pulumi.Context, slot components.Slot, a components.ServiceArgs, opts []pulumi.ResourceOption) (*lb.TargetGroup, error) {
	part := string(slot)
	if p.settings.CloudFront {
		part += "-cf"
	}
	made, err := lb.NewTargetGroup(ctx, p.name(part, 32), &lb.TargetGroupArgs{
		TargetType:          pulumi.String("ip"),
		VpcId:               p.network.vpc,
		Protocol:            pulumi.String("HTTP"),
		Port:                pulumi.Int(unusedPort),
		DeregistrationDelay: pulumi.Int(p.settings.DrainSeconds),
		HealthCheck: lb.TargetGroupHealthCheckArgs{
			Path: pulumi.String(a.ReadyPath), Matcher: pulumi.String("200"), Interval: pulumi.Int(10), Timeout: pulumi.Int(5),
			HealthyThreshold: pulumi.Int(2), UnhealthyThreshold: pulumi.Int(3),
		},
	}, p.cloudOpts(opts)...)
	if err != nil {
		return nil, fmt.Errorf("creating target group of slot %s: %w", slot, err)
	}
	return made, nil
}

// listen makes the listeners: the one that forwards to the slots by the weights of their tracks, a slot without a track with weight
// 0, with the rules that come before the weights, and in front of the public one that redirects HTTP. The load balancer does not name itself.
//
// Headers that it adds take the place of the app's own, so it adds those only of which there is one right value: nosniff, and the
// configured Strict-Transport-Security. X-Frame-Options is the app's to choose. Behind CloudFront it adds none: CloudFront does, and sees
// what the app has set.
//   - https://docs.aws.amazon.com/elasticloadbalancing/latest/application/create-https-listener.html
//   - https://docs.aws.amazon.com/elasticloadbalancing/latest/application/header-modification.html
//   - https://github.com/hashicorp/terraform-provider-aws/issues/14119
func (p *Platform) listen(ctx *pulumi.Context, b *loadBalancing, a components.ServiceArgs, secure bool, opts []pulumi.ResourceOption) error {
	weights := map[components.Slot]int{}
	for _, t := range a.Tracks {
		weights[t.Slot] = t.Weight
	}
	// Said aloud, since an update of two weights without it is refused for a duration of 0.
	forwarding := lb.ListenerDefaultActionForwardArgs{Stickiness: lb.ListenerDefaultActionForwardStickinessArgs{Enabled: pulumi.Bool(false), Duration: pulumi.Int(1)}}
	var targets lb.ListenerDefaultActionForwardTargetGroupArray
	for _, slot := range slots {
		targets = append(targets, lb.ListenerDefaultActionForwardTargetGroupArgs{Arn: b.groups[slot].Arn, Weight: pulumi.Int(weights[slot])})
	}
	forwarding.TargetGroups = targets
	serve := &lb.ListenerArgs{
		LoadBalancerArn: b.made.Arn, Port: pulumi.Int(servedPort(secure)), Protocol: pulumi.String("HTTP"),
		DefaultActions:                   lb.ListenerDefaultActionArray{lb.ListenerDefaultActionArgs{Type: pulumi.String("forward"), Forward: forwarding}},
		RoutingHttpResponseServerEnabled: pulumi.Bool(false),
	}
	if secure {
		serve.Protocol, serve.SslPolicy, serve.CertificateArn = pulumi.String("HTTPS"), pulumi.String(tlsPolicy), a.Certificate.StringOutput
	}
	if !p.settings.CloudFront {
		serve.RoutingHttpResponseXContentTypeOptionsHeaderValue = pulumi.String("nosniff")
		if header := p.settings.HSTS.Header(); header != "" {
			serve.RoutingHttpResponseStrictTransportSecurityHeaderValue = pulumi.String(header)
		}
	}
	forward, err := lb.NewListener(ctx, "serve", serve, p.cloudOpts(opts)...)
	if err != nil {
		return fmt.Errorf("creating listener: %w", err)
	}
	b.ready = append(b.ready, forward)
	if err := p.hidePrivatePaths(ctx, forward, opts); err != nil {
		return err
	}
	if b.slotKey, err = p.pinSlots(ctx, forward, b.groups, opts); err != nil || p.settings.CloudFront {
		return err
	}
	redirect, err := lb.NewListener(ctx, "redirect", &lb.ListenerArgs{
		LoadBalancerArn: b.made.Arn, Port: pulumi.Int(80), Protocol: pulumi.String("HTTP"),
		DefaultActions: lb.ListenerDefaultActionArray{lb.ListenerDefaultActionArgs{
			Type:     pulumi.String("redirect"),
			Redirect: lb.ListenerDefaultActionRedirectArgs{Protocol: pulumi.String("HTTPS"), Port: pulumi.String("443"), StatusCode: pulumi.String("HTTP_301")},
		}},
	}, p.cloudOpts(opts)...)
	if err != nil {
		return fmt.Errorf("creating listener that redirects: %w", err)
	}
	b.ready = append(b.ready, redirect)
	return nil
}

// hidePrivatePaths answers 404 for what the app's port carries for the inside only (docs/app-contract.md). The web ACL does so too,
// also for paths written another way, but a stack need not have one.
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html#path-conditions
func (p *Platform) hidePrivatePaths(ctx *pulumi.Context, listener *lb.Listener, opts []pulumi.ResourceOption) error {
	_, err := lb.NewListenerRule(ctx, "private-paths", &lb.ListenerRuleArgs{
		ListenerArn: listener.Arn, Priority: pulumi.Int(1),
		Conditions: lb.ListenerRuleConditionArray{lb.ListenerRuleConditionArgs{
			PathPattern: lb.ListenerRuleConditionPathPatternArgs{Values: list("/metrics", "/metrics/*", "/debug", "/debug/*")},
		}},
		Actions: lb.ListenerRuleActionArray{lb.ListenerRuleActionArgs{
			Type:          pulumi.String("fixed-response"),
			FixedResponse: lb.ListenerRuleActionFixedResponseArgs{ContentType: pulumi.String("text/plain"), MessageBody: pulumi.String("Not found"), StatusCode: pulumi.String("404")},
		}},
	}, p.cloudOpts(opts)...)
	if err != nil {
		return fmt.Errorf("creating rule that hides private paths: %w", err)
	}
	return nil
}

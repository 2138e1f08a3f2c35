package aws

import (
	"slices"
	"strings"
	"testing"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/components/componentstest"
)

const (
	ingressType = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
	ruleType    = "aws:lb/listenerRule:ListenerRule"
)

func behindCloudFront(s *Settings) { s.CloudFront, s.Protect = true, false }

func TestPublicBalancer(t *testing.T) {
	r := run{}.mustRecord(t)
	b := sole(t, r, balancerType)
	wantProperty(t, b, "internal", false)
	wantProperty(t, b, "enableDeletionProtection", true)
	wantProperty(t, b, "dropInvalidHeaderFields", true)
	wantProperty(t, b, "desyncMitigationMode", "defensive")
	wantProperty(t, b, "accessLogs.enabled", true)
	wantProperty(t, b, "accessLogs.prefix", requestLogs)
	wantProperty(t, b, "connectionLogs.enabled", true)
	if n := len(b.At("subnets[*]")); n != 3 {
		t.Errorf("the load balancer is in %d subnets", n)
	}
	serve, _ := r.Find(listenerType, "serve")
	wantProperty(t, serve, "port", 443.0)
	wantProperty(t, serve, "protocol", "HTTPS")
	wantProperty(t, serve, "sslPolicy", "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09")
	wantProperty(t, serve, "routingHttpResponseStrictTransportSecurityHeaderValue", "max-age=31536000")
	wantProperty(t, serve, "routingHttpResponseXContentTypeOptionsHeaderValue", "nosniff")
	wantProperty(t, serve, "routingHttpResponseXFrameOptionsHeaderValue") // it would take the place of the app's own
	wantProperty(t, serve, "routingHttpResponseServerEnabled", false)
	wantProperty(t, serve, "defaultActions[*].forward.targetGroups[*].weight", 100.0, 0.0)
	wantProperty(t, serve, "defaultActions[*].forward.stickiness.enabled", false)
	wantProperty(t, serve, "defaultActions[*].forward.stickiness.duration", 1.0)
	redirect, _ := r.Find(listenerType, "redirect")
	wantProperty(t, redirect, "port", 80.0)
	wantProperty(t, redirect, "defaultActions[*].type", "redirect")
	wantProperty(t, redirect, "defaultActions[*].redirect.protocol", "HTTPS")
	wantProperty(t, redirect, "defaultActions[*].redirect.statusCode", "HTTP_301")
}

// What the app's port carries for the inside is hidden in both shapes, whether there is a web ACL or not.
func TestPrivatePathsAreHidden(t *testing.T) {
	for name, change := range map[string]func(*Settings){"public": nil, "behind CloudFront": behindCloudFront} {
		t.Run(name, func(t *testing.T) {
			r := run{change: change}.mustRecord(t)
			rule, _ := r.Find(ruleType, "private-paths")
			serve, _ := r.Find(listenerType, "serve")
			if !slices.Contains(rule.Needs, serve.URN) {
				t.Error("the rule is not of the listener that serves")
			}
			wantProperty(t, rule, "priority", 1.0)
			wantProperty(t, rule, "actions[*].fixedResponse.statusCode", "404")
			wantProperty(t, rule, "conditions[*].pathPattern.values[*]", "/metrics", "/metrics/*", "/debug", "/debug/*")
		})
	}
}

func TestInternalBalancer(t *testing.T) {
	for _, row := range []struct {
		name     string
		args     func(*components.ServiceArgs)
		port     float64
		protocol string
	}{
		{"with a domain", nil, 443, "HTTPS"},
		{"without a domain", func(a *components.ServiceArgs) { a.Certificate = components.CertificateRef{} }, 80, "HTTP"},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := run{change: behindCloudFront, args: row.args, outputs: []componentstest.Output{
				{Type: "aws:ec2/getManagedPrefixList:getManagedPrefixList", Property: "id", Value: "pl-cloudfront"},
			}}.mustRecord(t)
			b := sole(t, r, balancerType)
			wantProperty(t, b, "internal", true)
			wantProperty(t, b, "enableDeletionProtection", false)
			wantProperty(t, b, "connectionLogs.enabled")
			wantProperty(t, b, "xffHeaderProcessingMode", "preserve")
			wantProperty(t, sole(t, r, listenerType), "port", row.port)
			wantProperty(t, sole(t, r, listenerType), "protocol", row.protocol)
			door, ok := r.Find(ingressType, "cloudfront")
			if !ok {
				t.Fatal("CloudFront can't get in")
			}
			wantProperty(t, door, "prefixListId", "pl-cloudfront")
			wantProperty(t, door, "fromPort", row.port)
			wantProperty(t, door, "toPort", row.port)
			for _, rule := range r.Of(ingressType) {
				wantProperty(t, rule, "cidrIpv4")
			}
		})
	}
}

func TestTargetGroups(t *testing.T) {
	r := run{args: func(a *components.ServiceArgs) { a.ReadyPath = "/ready" }}.mustRecord(t)
	groups := r.Of("aws:lb/targetGroup:TargetGroup")
	if len(groups) != 2 {
		t.Fatalf("there are %d target groups, want one for each slot", len(groups))
	}
	for _, g := range groups {
		wantProperty(t, g, "targetType", "ip")
		wantProperty(t, g, "deregistrationDelay", 30.0)
		wantProperty(t, g, "healthCheck.path", "/ready")
		wantProperty(t, g, "healthCheck.matcher", "200")
	}
}

// A target group that is replaced is empty while the listener forwards to it already: another port of the app must not do that.
// Another front door must, as a target group can't have two load balancers at a time.
func TestTargetGroupsStay(t *testing.T) {
	names := func(s run) (groups, rules []string, port []any) {
		r := s.mustRecord(t)
		for _, g := range r.Of("aws:lb/targetGroup:TargetGroup") {
			groups, port = append(groups, g.Name), g.At("port")
		}
		for _, rule := range r.Of(ingressType) {
			rules = append(rules, rule.Name)
		}
		return groups, rules, port
	}
	before, open, port := names(run{})
	after, reopened, other := names(run{args: func(a *components.ServiceArgs) { a.Port = 9090 }})
	if !slices.Equal(before, after) || !slices.Equal(port, other) {
		t.Errorf("with another port of the app the target groups %v (port %v) are %v (port %v)", before, port, after, other)
	}
	if !slices.Contains(open, "load-balancer-to-tasks-8080") || slices.Contains(reopened, "load-balancer-to-tasks-8080") {
		t.Errorf("with another port of the app the rules %v are %v: a rule that is changed closes the port of the tasks that still serve", open, reopened)
	}
	internal, _, _ := names(run{change: behindCloudFront})
	for _, name := range internal {
		if slices.Contains(before, name) {
			t.Errorf("%s would be moved from one load balancer to another", name)
		}
	}
}

func TestAccessLogs(t *testing.T) {
	r := run{}.mustRecord(t)
	b := sole(t, r, balancerType)
	policed := sole(t, r, "aws:s3/bucketPolicy:BucketPolicy")
	if !slices.Contains(b.Needs, policed.URN) {
		t.Error("the load balancer may find a bucket that it can't write to")
	}
	bucket := sole(t, r, "aws:s3/bucketV2:BucketV2")
	wantProperty(t, bucket, "forceDestroy", false)
	wantProperty(t, sole(t, r, "aws:s3/bucketOwnershipControls:BucketOwnershipControls"), "rule.objectOwnership", "BucketOwnerEnforced")
	wantProperty(t, sole(t, r, "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2"), "rules[*].expiration.days", 365.0)
	for _, c := range clauses(t, policed, "policy") {
		switch c.Sid {
		case "LoadBalancersOfThisAccount":
			if got := texts(c.Principal); !slices.Equal(got, []string{"logdelivery.elasticloadbalancing.amazonaws.com"}) {
				t.Errorf("logs are written by %v", got)
			}
			for _, path := range texts(c.Resource) {
				if !strings.HasSuffix(path, "/AWSLogs/123456789012/*") {
					t.Errorf("logs of other accounts may be written to %s", path)
				}
			}
		case "NothingWithoutTLS":
			if c.Effect != "Deny" || c.Condition["Bool"]["aws:SecureTransport"] != "false" || len(texts(c.Resource)) != 2 {
				t.Errorf("what comes without TLS is let in: %v", c)
			}
		default:
			t.Errorf("there is a further statement %q", c.Sid)
		}
	}
}

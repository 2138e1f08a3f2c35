package aws

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/components/componentstest"
)

const (
	balancerARN    = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/links/50dc6c495c0c9188"
	balancerSuffix = "app/links/50dc6c495c0c9188"
	stackKeyARN    = "arn:aws:kms:eu-central-1:123456789012:key/stack"
)

// door is a front door: everything between the certificate and the edge, on a platform without a network.
type door struct {
	settings Settings
	edge     components.EdgeArgs
	preview  bool
	outputs  []componentstest.Output
}

// behindDomain are the arguments of a stack with a name.
func behindDomain(a components.EdgeArgs) components.EdgeArgs {
	a.Domain, a.Zone = "links.example.com", "example.com"
	return a
}

// settings are those of a stack in Frankfurt.
func doorSettings(cloudFront bool) Settings {
	return Settings{App: "links", Region: "eu-central-1", LogDays: 30, CloudFront: cloudFront}
}

// record makes the certificate and the edge and exports what they give back.
func (d door) record() (*componentstest.Recording, error) {
	known := []componentstest.Output{
		{Type: "aws:route53/getZone:getZone", Property: "zoneId", Value: "Z0ZONE"},
		{Type: "aws:acm/certificate:Certificate", Property: "arn", Value: "arn:of:{name}"},
		{Type: "aws:acm/certificate:Certificate", Property: "domainValidationOptions", Value: []any{map[string]any{
			"domainName": "links.example.com", "resourceRecordName": "_a1.links.example.com.", "resourceRecordType": "CNAME", "resourceRecordValue": "_b2.acm-validations.aws.",
		}}},
		{Type: "aws:route53/record:Record", Property: "fqdn", Value: "fqdn.of.{name}"},
		{Type: webACLToken, Property: "arn", Value: "arn:of:{name}"},
		{Type: "aws:cloudwatch/logGroup:LogGroup", Property: "arn", Value: "arn:of:{name}"},
		{Type: "aws:kms/key:Key", Property: "arn", Value: "arn:of:{name}"},
		{Type: functionType, Property: "arn", Value: "arn:of:{name}"},
		{Type: "aws:cloudfront/distribution:Distribution", Property: "domainName", Value: "d111111abcdef8.cloudfront.net"},
		{Type: "aws:cloudfront/distribution:Distribution", Property: "hostedZoneId", Value: "Z2FDTNDATAQYW2"},
		{Type: "aws:s3/bucketV2:BucketV2", Property: "bucketDomainName", Value: "{name}.s3.amazonaws.com"},
	}
	return componentstest.Record(func(ctx *pulumi.Context) error {
		p := &Platform{settings: d.settings, project: ctx.Project(), stack: ctx.Stack(), account: "123456789012", part: "aws", dns: "amazonaws.com"}
		if err := ctx.RegisterComponentResource("slipway:aws:Platform", "aws", p, pulumi.Transformations([]pulumi.ResourceTransformation{p.tag})); err != nil {
			return err
		}
		if err := p.makeProviders(ctx); err != nil {
			return err
		}
		p.key = key{arn: pulumi.String(stackKeyARN).ToStringOutput()}
		certificate, err := components.NewCertificate(ctx, p, "certificate", components.CertificateArgs{Domain: d.edge.Domain, Zone: d.edge.Zone}, pulumi.Parent(p))
		if err != nil {
			return err
		}
		d.edge.Certificate = certificate.Ref
		d.edge.Service = components.Scope{
			scopeBalancer: plainText(balancerSuffix), scopeBalancerARN: plainText(balancerARN), scopeBalancerDNS: plainText("links.eu-central-1.elb.amazonaws.com"), scopeBalancerZone: plainText("Z0BALANCER"),
			scopeBlue: plainText("targetgroup/blue/1"), scopeGreen: plainText("targetgroup/green/2"),
			scopeSlotKey: pulumi.ToSecret(plainText("the-key-of-the-slots")).(pulumi.StringOutput),
		}
		edge, err := components.NewEdge(ctx, p, "edge", d.edge, pulumi.Parent(p))
		if err != nil {
			return err
		}
		ctx.Export("url", edge.URL)
		ctx.Export("slotKey", edge.SlotKey)
		for key, value := range edge.Scope {
			ctx.Export("scope."+key, value)
		}
		ctx.Export("ca", certificate.CA)
		return nil
	}, componentstest.Options{Preview: d.preview, Outputs: append(known, d.outputs...)})
}

func plainText(s string) pulumi.StringOutput { return pulumi.String(s).ToStringOutput() }

// mustRecord fails the test if the front door is not made.
func (d door) mustRecord(t *testing.T) *componentstest.Recording {
	t.Helper()
	r, err := d.record()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// sole finds the only resource of a type.
func sole(t *testing.T, r *componentstest.Recording, kind string) componentstest.Resource {
	t.Helper()
	all := r.Of(kind)
	if len(all) != 1 {
		t.Fatalf("there are %d resources of type %s, want one", len(all), kind)
	}
	return all[0]
}

// wantProperty fails unless the values at a path are these.
func wantProperty(t *testing.T, r componentstest.Resource, path string, want ...any) {
	t.Helper()
	if got := r.At(path); !slices.Equal(got, want) {
		t.Errorf("%s of %s is %v, want %v", path, r.Name, got, want)
	}
}

// wantMadeBy fails unless a resource is made by the provider of this name.
func wantMadeBy(t *testing.T, r componentstest.Resource, name string) {
	t.Helper()
	if !strings.Contains(r.Provider, "::"+name+"::") {
		t.Errorf("%s %s is made by %s, want the provider %s", r.Type, r.Name, r.Provider, name)
	}
}

func wantExport(t *testing.T, r *componentstest.Recording, name, want string) {
	t.Helper()
	got := r.Exports[resource.PropertyKey(name)]
	if !got.IsString() || got.StringValue() != want {
		t.Errorf("%s is %v, want %q", name, got, want)
	}
}

func TestPublicLoadBalancer(t *testing.T) {
	r := door{settings: doorSettings(false), edge: behindDomain(components.EdgeArgs{RateLimit: 600, WAF: true})}.mustRecord(t)
	wantExport(t, r, "url", "https://links.example.com")
	wantExport(t, r, "ca", "")
	wantExport(t, r, "scope.loadBalancer", balancerSuffix)
	wantExport(t, r, "scope.targetGroupBlue", "targetgroup/blue/1")
	wantExport(t, r, "scope.targetGroupGreen", "targetgroup/green/2")
	wantExport(t, r, "scope.certificate", "arn:of:certificate")
	if _, ok := r.Exports["scope.distribution"]; ok {
		t.Error("there is a distribution's id without a distribution")
	}
	t.Run("the web ACL is attached to the load balancer", func(t *testing.T) {
		acl, association := sole(t, r, webACLToken), sole(t, r, webACLAssociationToken)
		wantProperty(t, acl, "scope", "REGIONAL")
		wantMadeBy(t, acl, "aws")
		wantProperty(t, association, "webAclArn", "arn:of:"+acl.Name)
		wantProperty(t, association, "resourceArn", balancerARN)
		wantMadeBy(t, association, "aws")
	})
	t.Run("the name leads to the load balancer", func(t *testing.T) {
		record, ok := r.Find("aws:route53/record:Record", "edge-a")
		if !ok {
			t.Fatal("there is no A record")
		}
		wantProperty(t, record, "zoneId", "Z0ZONE")
		wantProperty(t, record, "name", "links.example.com")
		wantProperty(t, record, "type", "A")
		wantProperty(t, record, "aliases[*].name", "links.eu-central-1.elb.amazonaws.com")
		wantProperty(t, record, "aliases[*].zoneId", "Z0BALANCER")
		wantProperty(t, record, "allowOverwrite")
		if _, ok := r.Find("aws:route53/record:Record", "edge-aaaa"); ok {
			t.Error("an AAAA record leads to a load balancer without IPv6")
		}
	})
	for _, kind := range []string{"aws:cloudfront/distribution:Distribution", "aws:cloudfront/vpcOrigin:VpcOrigin", "aws:s3/bucketV2:BucketV2", "aws:kms/key:Key"} {
		if n := len(r.Of(kind)); n != 0 {
			t.Errorf("there are %d of %s", n, kind)
		}
	}
}

func TestEdgeWithoutRules(t *testing.T) {
	for _, cloudFront := range []bool{false, true} {
		r := door{settings: doorSettings(cloudFront), edge: behindDomain(components.EdgeArgs{})}.mustRecord(t)
		if key := r.Exports["slotKey"]; !key.IsSecret() || key.SecretValue().Element.StringValue() != "the-key-of-the-slots" {
			t.Errorf("CloudFront %t: the key of the slots is %v, want the service's, as a secret", cloudFront, key)
		}
		for _, kind := range []string{webACLToken, webACLAssociationToken, webACLLoggingToken, "aws:cloudwatch/logGroup:LogGroup"} {
			if n := len(r.Of(kind)); n != 0 {
				t.Errorf("CloudFront %t: there are %d of %s, though neither limit nor WAF is asked for", cloudFront, n, kind)
			}
		}
	}
}

func TestEdgeRefusesWhatWouldHaveNoEffect(t *testing.T) {
	for _, row := range []struct {
		name string
		door door
		want string
	}{
		{"paths to cache without CloudFront", door{settings: doorSettings(false), edge: behindDomain(components.EdgeArgs{CachePaths: []string{"/static/"}})}, "edge.cdn:"},
		{"neither domain nor CloudFront", door{settings: doorSettings(false)}, "domain.name:"},
		{"a limit below what WAF counts to", door{settings: doorSettings(true), edge: components.EdgeArgs{RateLimit: 9}}, "edge.rateLimit:"},
		{"a rule that no group has", door{settings: doorSettings(true), edge: components.EdgeArgs{WAF: true, WAFExclusions: []string{"931130"}}}, "edge.wafExclusions:"},
	} {
		row.door.preview = true
		_, err := row.door.record()
		if !errors.Is(err, components.ErrUnsupported) || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got %v, want ErrUnsupported with %s", row.name, err, row.want)
		}
	}
}

func TestEdgePreview(t *testing.T) {
	for _, d := range []door{
		{settings: doorSettings(false), edge: behindDomain(components.EdgeArgs{RateLimit: 600, WAF: true})},
		{settings: doorSettings(true), edge: behindDomain(components.EdgeArgs{RateLimit: 600, WAF: true, CachePaths: []string{"/static/"}})},
		{settings: doorSettings(true), edge: components.EdgeArgs{RateLimit: 600}},
	} {
		update := d.mustRecord(t)
		d.preview = true
		preview := d.mustRecord(t)
		var made, planned []string
		for _, one := range update.Resources {
			made = append(made, one.URN)
		}
		for _, one := range preview.Resources {
			planned = append(planned, one.URN)
		}
		if !slices.Equal(made, planned) {
			t.Errorf("the preview plans\n%s\nand the update makes\n%s", strings.Join(planned, "\n"), strings.Join(made, "\n"))
		}
	}
}

func TestEdgeTags(t *testing.T) {
	r := door{settings: doorSettings(true), edge: behindDomain(components.EdgeArgs{RateLimit: 600})}.mustRecord(t)
	for _, kind := range []string{
		webACLToken, "aws:cloudfront/distribution:Distribution", "aws:cloudfront/vpcOrigin:VpcOrigin", "aws:s3/bucketV2:BucketV2",
		"aws:acm/certificate:Certificate", "aws:cloudwatch/logGroup:LogGroup", "aws:kms/key:Key",
	} {
		for _, one := range r.Of(kind) {
			wantProperty(t, one, "tags."+TagApp, "links")
		}
	}
}

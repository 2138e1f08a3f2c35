package aws

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipway-iac/slipway/components"
)

const (
	distributionType = "aws:cloudfront/distribution:Distribution"
	originType       = "aws:cloudfront/vpcOrigin:VpcOrigin"
)

func TestCloudFront(t *testing.T) {
	r := door{settings: doorSettings(true), edge: behindDomain(components.EdgeArgs{RateLimit: 600, WAF: true, CachePaths: []string{"/static/", "/img"}, HSTS: securityHSTS})}.mustRecord(t)
	wantExport(t, r, "url", "https://links.example.com")
	wantExport(t, r, "scope.loadBalancer", balancerSuffix)
	wantExport(t, r, "scope.certificate", "arn:of:certificate")
	if id := r.Exports["scope.distribution"]; !id.IsString() || id.StringValue() == "" {
		t.Errorf("the edge's scope holds the distribution %v", id)
	}
	d := sole(t, r, distributionType)
	t.Run("the web ACL is attached to the distribution", func(t *testing.T) {
		acl := sole(t, r, webACLToken)
		wantProperty(t, acl, "scope", "CLOUDFRONT")
		wantMadeBy(t, acl, "aws-global")
		wantProperty(t, d, "webAclId", "arn:of:"+acl.Name)
		if n := len(r.Of(webACLAssociationToken)); n != 0 {
			t.Errorf("there are %d associations: a distribution names its web ACL itself", n)
		}
	})
	t.Run("TLS", func(t *testing.T) {
		wantProperty(t, d, "aliases[*]", "links.example.com")
		wantProperty(t, d, "viewerCertificate.acmCertificateArn", "arn:of:certificate-global")
		wantProperty(t, d, "viewerCertificate.minimumProtocolVersion", "TLSv1.2_2021")
		wantProperty(t, d, "viewerCertificate.sslSupportMethod", "sni-only")
		wantProperty(t, d, "viewerCertificate.cloudfrontDefaultCertificate")
		wantProperty(t, d, "defaultCacheBehavior.viewerProtocolPolicy", "redirect-to-https")
		wantProperty(t, d, "orderedCacheBehaviors[*].viewerProtocolPolicy", "redirect-to-https", "redirect-to-https")
	})
	t.Run("caching", func(t *testing.T) {
		wantProperty(t, d, "defaultCacheBehavior.cachePolicyId", cachingDisabled)
		wantProperty(t, d, "orderedCacheBehaviors[*].pathPattern", "/static/*", "/img*")
		wantProperty(t, d, "orderedCacheBehaviors[*].cachePolicyId", originDecides, originDecides)
		for _, ttl := range d.At("customErrorResponses[*].errorCachingMinTtl") {
			if ttl != 0.0 {
				t.Errorf("errors are kept for %v s", ttl)
			}
		}
		if codes := d.At("customErrorResponses[*].errorCode"); !slices.Contains(codes, 404.0) || !slices.Contains(codes, 503.0) {
			t.Errorf("the statuses that are not kept are %v", codes)
		}
	})
	t.Run("what is asked of one slot passes the cache", func(t *testing.T) {
		past := sole(t, r, functionType)
		wantMadeBy(t, past, "aws-global")
		wantProperty(t, past, "publish", true)
		wantProperty(t, past, "runtime", "cloudfront-js-2.0")
		for _, part := range []string{"request.headers['x-slipway-key']", "request.querystring.slipway", "event.context.requestId"} {
			if code, _ := past.At("code")[0].(string); !strings.Contains(code, part) {
				t.Errorf("%s is not in %s", part, code)
			}
		}
		wantProperty(t, d, "orderedCacheBehaviors[*].functionAssociations[*].eventType", "viewer-request", "viewer-request")
		wantProperty(t, d, "orderedCacheBehaviors[*].functionAssociations[*].functionArn", "arn:of:"+past.Name, "arn:of:"+past.Name)
	})
	t.Run("everything reaches the app", func(t *testing.T) {
		for _, behavior := range []string{"defaultCacheBehavior", "orderedCacheBehaviors[*]"} {
			for _, id := range d.At(behavior + ".originRequestPolicyId") {
				if id != allToOrigin {
					t.Errorf("%s forwards by %v", behavior, id)
				}
			}
			if !slices.Contains(d.At(behavior+".allowedMethods[*]"), "DELETE") {
				t.Errorf("%s does not let every method through", behavior)
			}
			for _, id := range d.At(behavior + ".responseHeadersPolicyId") {
				if id != securityHeaders {
					t.Errorf("%s adds the headers of %v", behavior, id)
				}
			}
		}
	})
	wantProperty(t, d, "enabled", true)
	wantProperty(t, d, "httpVersion", "http2and3")
	wantProperty(t, d, "isIpv6Enabled", true)
	wantProperty(t, d, "waitForDeployment", true)
	wantProperty(t, d, "retainOnDelete", false)
	for _, kind := range []string{"a", "aaaa"} {
		record, ok := r.Find(recordType, "edge-"+kind)
		if !ok {
			t.Fatalf("there is no %s record", kind)
		}
		wantProperty(t, record, "type", strings.ToUpper(kind))
		wantProperty(t, record, "aliases[*].name", "d111111abcdef8.cloudfront.net")
		wantProperty(t, record, "aliases[*].zoneId", "Z2FDTNDATAQYW2")
	}
}

// Another Strict-Transport-Security than that of AWS's policy needs one of the stack's, in which the app's own headers still win.
func TestAnswerHeaders(t *testing.T) {
	const policyType = "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy"
	for _, row := range []struct {
		hsts components.HSTS
		age  []any
		sub  []any
	}{
		{components.HSTS{}, nil, nil},
		{components.HSTS{MaxAge: 24 * time.Hour, IncludeSubdomains: true}, []any{86400.0}, []any{true}},
	} {
		r := door{settings: doorSettings(true), edge: components.EdgeArgs{HSTS: row.hsts, CachePaths: []string{"/static/"}}}.mustRecord(t)
		made := sole(t, r, policyType)
		wantMadeBy(t, made, "aws-global")
		wantProperty(t, made, "securityHeadersConfig.strictTransportSecurity.accessControlMaxAgeSec", row.age...)
		wantProperty(t, made, "securityHeadersConfig.strictTransportSecurity.includeSubdomains", row.sub...)
		for _, header := range []string{"strictTransportSecurity", "frameOptions", "referrerPolicy"} {
			for _, override := range made.At("securityHeadersConfig." + header + ".override") {
				if override != false {
					t.Errorf("%+v: %s takes the place of the app's own", row.hsts, header)
				}
			}
		}
		wantProperty(t, made, "securityHeadersConfig.frameOptions.override", false)
		d := sole(t, r, distributionType)
		for _, behavior := range []string{"defaultCacheBehavior", "orderedCacheBehaviors[*]"} {
			if ids := d.At(behavior + ".responseHeadersPolicyId"); len(ids) != 1 || ids[0] == securityHeaders || !slices.Contains(d.Needs, made.URN) {
				t.Errorf("%+v: %s has the policy %v", row.hsts, behavior, ids)
			}
		}
	}
}

func TestCloudFrontWithoutDomain(t *testing.T) {
	r := door{settings: doorSettings(true), edge: components.EdgeArgs{RateLimit: 600}}.mustRecord(t)
	wantExport(t, r, "url", "https://d111111abcdef8.cloudfront.net")
	if _, ok := r.Exports["scope.certificate"]; ok {
		t.Error("the edge's scope has a certificate")
	}
	d := sole(t, r, distributionType)
	wantProperty(t, d, "viewerCertificate.cloudfrontDefaultCertificate", true)
	wantProperty(t, d, "viewerCertificate.minimumProtocolVersion")
	wantProperty(t, d, "aliases[*]")
	wantProperty(t, d, "defaultCacheBehavior.viewerProtocolPolicy", "redirect-to-https")
	wantProperty(t, sole(t, r, originType), "vpcOriginEndpointConfig.originProtocolPolicy", "http-only")
	if n := len(r.Of(recordType)); n != 0 {
		t.Errorf("there are %d DNS records without a domain", n)
	}
}

func TestOrigin(t *testing.T) {
	r := door{settings: doorSettings(true), edge: behindDomain(components.EdgeArgs{})}.mustRecord(t)
	origin, d := sole(t, r, originType), sole(t, r, distributionType)
	wantProperty(t, origin, "vpcOriginEndpointConfig.arn", balancerARN)
	wantProperty(t, origin, "vpcOriginEndpointConfig.originProtocolPolicy", "https-only")
	wantProperty(t, origin, "vpcOriginEndpointConfig.originSslProtocols.items[*]", "TLSv1.2")
	wantProperty(t, origin, "vpcOriginEndpointConfig.name", "app-links-50dc6c495c0c9188-https")
	wantProperty(t, d, "origins[*].domainName", "links.eu-central-1.elb.amazonaws.com")
	wantProperty(t, d, "origins[*].originId", originID)
	wantProperty(t, d, "defaultCacheBehavior.targetOriginId", originID)
	if !slices.Contains(d.Needs, origin.URN) {
		t.Error("the distribution does not use the VPC origin")
	}
	wantProperty(t, d, "origins[*].customOriginConfig.originProtocolPolicy")
	longest := "app-" + strings.Repeat("n", 32) + "-" + strings.Repeat("0", 16) + "-https"
	if len(longest) > 64 {
		t.Errorf("the name of an origin can have %d characters", len(longest))
	}
}

func TestPriceClass(t *testing.T) {
	for prod, want := range map[bool]string{false: "PriceClass_100", true: "PriceClass_All"} {
		settings := doorSettings(true)
		settings.Prod = prod
		wantProperty(t, sole(t, door{settings: settings}.mustRecord(t), distributionType), "priceClass", want)
	}
}

func TestCDNLogs(t *testing.T) {
	for _, protect := range []bool{false, true} {
		settings := doorSettings(true)
		settings.Protect = protect
		r := door{settings: settings}.mustRecord(t)
		bucket := sole(t, r, "aws:s3/bucketV2:BucketV2")
		wantMadeBy(t, bucket, "aws-global")
		wantProperty(t, bucket, "forceDestroy", !protect)
		wantProperty(t, sole(t, r, distributionType), "loggingConfig.bucket", bucket.Name+".s3.amazonaws.com")
		wantProperty(t, sole(t, r, distributionType), "loggingConfig.includeCookies", false)
		closed := sole(t, r, "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock")
		for _, property := range []string{"blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"} {
			wantProperty(t, closed, property, true)
		}
		wantProperty(t, sole(t, r, "aws:s3/bucketOwnershipControls:BucketOwnershipControls"), "rule.objectOwnership", "BucketOwnerPreferred")
		wantProperty(t, sole(t, r, "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2"), "rules[*].applyServerSideEncryptionByDefault.sseAlgorithm", "AES256")
		wantProperty(t, sole(t, r, "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2"), "rules[*].expiration.days", 30.0)
		policy := sole(t, r, "aws:s3/bucketPolicy:BucketPolicy").At("policy")
		if len(policy) != 1 || !strings.Contains(policy[0].(string), `"aws:SecureTransport":"false"`) || strings.Contains(policy[0].(string), "Allow") {
			t.Errorf("the policy is %v, want one that refuses what comes without TLS and allows nothing", policy)
		}
	}
}

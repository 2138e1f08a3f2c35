package aws

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudfront"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// AWS's own policies, the same in every account.
//   - https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
//   - https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-origin-request-policies.html
//   - https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-response-headers-policies.html
const (
	cachingDisabled = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad" // CachingDisabled
	originDecides   = "4cc15a8a-d715-48a4-82b8-cc0b614638fe" // UseOriginCacheControlHeaders-QueryStrings
	allToOrigin     = "33f36d7e-f396-46d9-90e0-52428a34d9dc" // AllViewerAndCloudFrontHeaders-2022-06
	securityHeaders = "67f7725c-6f97-4210-82d7-5512b31e9d03" // SecurityHeadersPolicy, with securityHSTS
)

// securityHSTS is what AWS's own policy sends where the app sends none.
var securityHSTS = components.HSTS{MaxAge: 365 * 24 * time.Hour}

// originID names the only origin inside the distribution.
const originID = "load-balancer"

// cachedErrors are the statuses that CloudFront keeps for ten seconds unless told otherwise, whatever the cache policy says: the
// error of one moment would be shown after it is over.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/custom-error-pages-expiration.html
var cachedErrors = []int{400, 403, 404, 405, 414, 500, 501, 502, 503, 504}

// openCloudFront makes the distribution, its way to the load balancer, its logs and, with a domain, the DNS records.
//
// Everything reaches the app as the client sent it and nothing is cached, but for the paths to cache: there an answer is kept as
// long as its Cache-Control allows, one for each combination of query string, cookies and Host. An answer that depends on who
// asks must therefore be private or no-store there. What is asked of one slot is never answered from the cache. Beside the client's headers the app gets CloudFront's own: since the load
// balancer writes X-Forwarded-Proto, CloudFront-Forwarded-Proto is what tells how the client came.
//
// Plain HTTP is redirected; with a domain TLS 1.2 is the least that is spoken. With CloudFront's own host name AWS allows no such
// limit. WebSockets and gRPC do not pass a VPC origin.
//   - https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/distribution-web-values-specify.html
//   - https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/secure-connections-supported-viewer-protocols-ciphers.html
//   - https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-vpc-origins.html
//   - https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging-legacy-s3.html
//   - https://docs.aws.amazon.com/securityhub/latest/userguide/cloudfront-controls.html#cloudfront-5
func (p *Platform) openCloudFront(ctx *pulumi.Context, name string, a components.EdgeArgs, acl *webACL, opts []pulumi.ResourceOption) (*cloudfront.Distribution, error) {
	if a.Domain != "" && p.viewer == (pulumi.StringOutput{}) {
		return nil, errors.New("there is no certificate that CloudFront could serve")
	}
	origin, err := p.makeOrigin(ctx, name, a, opts)
	if err != nil {
		return nil, err
	}
	// These are the access logs that the control CloudFront.5 asks for; CloudFront writes them by an access control list, to which
	// it adds itself, and not to buckets of every region.
	logs, ready, err := p.logBucket(ctx, name+"-logs", "BucketOwnerPreferred", nil, p.globalOpts(opts))
	if err != nil {
		return nil, err
	}
	headers, err := p.answerHeaders(ctx, name, a.HSTS, opts)
	if err != nil {
		return nil, err
	}
	cached, err := p.cachedPaths(ctx, name, a.CachePaths, headers, opts)
	if err != nil {
		return nil, err
	}
	args := &cloudfront.DistributionArgs{
		Comment:               pulumi.Sprintf("Slipway %s/%s", p.project, p.stack),
		Enabled:               pulumi.Bool(true),
		HttpVersion:           pulumi.String("http2and3"),
		IsIpv6Enabled:         pulumi.Bool(true),
		PriceClass:            pulumi.String(p.priceClass()),
		WaitForDeployment:     pulumi.Bool(true),
		RetainOnDelete:        pulumi.Bool(false),
		Origins:               cloudfront.DistributionOriginArray{originOf(a, origin)},
		DefaultCacheBehavior:  passThrough(headers),
		OrderedCacheBehaviors: cached,
		CustomErrorResponses:  uncachedErrors(),
		ViewerCertificate:     cloudfront.DistributionViewerCertificateArgs{CloudfrontDefaultCertificate: pulumi.Bool(true)},
		LoggingConfig:         cloudfront.DistributionLoggingConfigArgs{Bucket: logs.BucketDomainName, IncludeCookies: pulumi.Bool(false)},
		Restrictions: cloudfront.DistributionRestrictionsArgs{
			GeoRestriction: cloudfront.DistributionRestrictionsGeoRestrictionArgs{RestrictionType: pulumi.String("none")},
		},
	}
	if a.Domain != "" {
		args.Aliases = pulumi.StringArray{pulumi.String(a.Domain)}
		args.ViewerCertificate = cloudfront.DistributionViewerCertificateArgs{
			AcmCertificateArn: p.viewer, SslSupportMethod: pulumi.String("sni-only"), MinimumProtocolVersion: pulumi.String("TLSv1.2_2021"),
		}
	}
	if acl != nil {
		args.WebAclId = acl.Arn
	}
	made, err := cloudfront.NewDistribution(ctx, name, args, p.globalOpts(opts, pulumi.DependsOn(ready))...)
	if err != nil {
		return nil, fmt.Errorf("creating distribution %s: %w", name, err)
	}
	if a.Domain == "" {
		return made, nil
	}
	z, err := p.publicZone(ctx, a.Zone)
	if err != nil {
		return nil, err
	}
	return made, p.alias(ctx, name, z, a.Domain, []string{"A", "AAAA"}, aliasTarget{host: made.DomainName, zone: made.HostedZoneId}, opts)
}

// priceClass chooses the places that CloudFront answers from: all in production, else those of North America, Europe and Israel.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/PriceClass.html
func (p *Platform) priceClass() string {
	if p.settings.Prod {
		return "PriceClass_All"
	}
	return "PriceClass_100"
}

// makeOrigin makes CloudFront's way into the private network, to the internal load balancer: over TLS if there is a domain that
// its certificate can be for, else over plain HTTP, which never leaves AWS's network. The VPC must have an internet gateway, and
// the load balancer must let in the addresses of CloudFront. It takes up to 15 minutes, now and then more.
//
// AWS refuses every change of an origin in use, so a changed one is replaced: the new one is there before the distribution moves
// to it and the old one goes. Its name holds what can change, since both exist at that time.
//   - https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-vpc-origins.html
//   - https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_VpcOriginEndpointConfig.html
//   - https://github.com/hashicorp/terraform-provider-aws/issues/40905
func (p *Platform) makeOrigin(ctx *pulumi.Context, name string, a components.EdgeArgs, opts []pulumi.ResourceOption) (*cloudfront.VpcOrigin, error) {
	protocol := "http-only"
	if a.Domain != "" {
		protocol = "https-only"
	}
	// "app/<name>/<id>" of a load balancer has at most 53 characters, and the name of an origin may have 64.
	unique := a.Service[scopeBalancer].ApplyT(func(suffix string) string {
		return strings.ReplaceAll(suffix, "/", "-") + "-" + strings.TrimSuffix(protocol, "-only")
	}).(pulumi.StringOutput)
	made, err := cloudfront.NewVpcOrigin(ctx, name, &cloudfront.VpcOriginArgs{
		VpcOriginEndpointConfig: cloudfront.VpcOriginVpcOriginEndpointConfigArgs{
			Name:                 unique,
			Arn:                  a.Service[scopeBalancerARN],
			HttpPort:             pulumi.Int(80),
			HttpsPort:            pulumi.Int(443),
			OriginProtocolPolicy: pulumi.String(protocol),
			OriginSslProtocols: cloudfront.VpcOriginVpcOriginEndpointConfigOriginSslProtocolsArgs{
				Items: list("TLSv1.2"), Quantity: pulumi.Int(1),
			},
		},
		Timeouts: cloudfront.VpcOriginTimeoutsArgs{Create: pulumi.String("30m"), Update: pulumi.String("30m"), Delete: pulumi.String("30m")},
	}, p.globalOpts(opts, pulumi.ReplaceOnChanges([]string{"vpcOriginEndpointConfig"}))...)
	if err != nil {
		return nil, fmt.Errorf("creating VPC origin %s: %w", name, err)
	}
	return made, nil
}

// originOf names the load balancer inside the distribution. TLS to it holds, though its certificate is for the domain: CloudFront
// accepts one for the Host header, which it forwards. An answer may take 60 s, as long as the load balancer waits for the app; an
// idle connection is given up before the load balancer would close it, which is after 60 s too.
//   - https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/http-502-bad-gateway.html
//   - https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_VpcOriginConfig.html
func originOf(a components.EdgeArgs, origin *cloudfront.VpcOrigin) cloudfront.DistributionOriginArgs {
	return cloudfront.DistributionOriginArgs{
		OriginId:   pulumi.String(originID),
		DomainName: a.Service[scopeBalancerDNS],
		VpcOriginConfig: cloudfront.DistributionOriginVpcOriginConfigArgs{
			VpcOriginId: origin.ID(), OriginReadTimeout: pulumi.Int(60), OriginKeepaliveTimeout: pulumi.Int(30),
		},
	}
}

var (
	allMethods    = list("GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE")
	cachedMethods = list("GET", "HEAD")
)

// passThrough is the behavior of every path that is not to be cached.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesCacheBehavior.html
func passThrough(headers pulumi.StringInput) cloudfront.DistributionDefaultCacheBehaviorArgs {
	return cloudfront.DistributionDefaultCacheBehaviorArgs{
		TargetOriginId:          pulumi.String(originID),
		ViewerProtocolPolicy:    pulumi.String("redirect-to-https"),
		AllowedMethods:          allMethods,
		CachedMethods:           cachedMethods,
		Compress:                pulumi.Bool(true),
		CachePolicyId:           pulumi.String(cachingDisabled),
		OriginRequestPolicyId:   pulumi.String(allToOrigin),
		ResponseHeadersPolicyId: headers,
	}
}

// cachedPaths are the behaviors of the paths to cache. A prefix matches all that begins with it.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesCacheBehavior.html#DownloadDistValuesPathPattern
func (p *Platform) cachedPaths(ctx *pulumi.Context, name string, prefixes []string, headers pulumi.StringInput, opts []pulumi.ResourceOption) (cloudfront.DistributionOrderedCacheBehaviorArray, error) {
	all := cloudfront.DistributionOrderedCacheBehaviorArray{}
	if len(prefixes) == 0 {
		return all, nil
	}
	past, err := p.pastTheCache(ctx, name, opts)
	if err != nil {
		return nil, err
	}
	for _, prefix := range prefixes {
		all = append(all, cloudfront.DistributionOrderedCacheBehaviorArgs{
			PathPattern:             pulumi.String(prefix + "*"),
			TargetOriginId:          pulumi.String(originID),
			ViewerProtocolPolicy:    pulumi.String("redirect-to-https"),
			AllowedMethods:          allMethods,
			CachedMethods:           cachedMethods,
			Compress:                pulumi.Bool(true),
			CachePolicyId:           pulumi.String(originDecides),
			OriginRequestPolicyId:   pulumi.String(allToOrigin),
			ResponseHeadersPolicyId: headers,
			FunctionAssociations: cloudfront.DistributionOrderedCacheBehaviorFunctionAssociationArray{
				cloudfront.DistributionOrderedCacheBehaviorFunctionAssociationArgs{EventType: pulumi.String("viewer-request"), FunctionArn: past.Arn},
			},
		})
	}
	return all, nil
}

func uncachedErrors() cloudfront.DistributionCustomErrorResponseArray {
	all := cloudfront.DistributionCustomErrorResponseArray{}
	for _, code := range cachedErrors {
		all = append(all, cloudfront.DistributionCustomErrorResponseArgs{ErrorCode: pulumi.Int(code), ErrorCachingMinTtl: pulumi.Int(0)})
	}
	return all
}

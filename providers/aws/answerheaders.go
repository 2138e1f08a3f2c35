package aws

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudfront"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// answerHeaders is the policy of the headers that CloudFront adds where the app has not set them: AWS's own, as long as it has the
// wanted Strict-Transport-Security, else one of the stack's that is the same but for that. Only nosniff, which has no other value,
// takes the place of the app's. An account may have 20 policies of its own.
//   - https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-response-headers-policies.html
//   - https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/understanding-response-headers-policies.html
func (p *Platform) answerHeaders(ctx *pulumi.Context, name string, hsts components.HSTS, opts []pulumi.ResourceOption) (pulumi.StringInput, error) {
	if hsts.Header() == securityHSTS.Header() {
		return pulumi.String(securityHeaders), nil
	}
	yields := pulumi.Bool(false) // to the app's own
	config := cloudfront.ResponseHeadersPolicySecurityHeadersConfigArgs{
		ContentTypeOptions: cloudfront.ResponseHeadersPolicySecurityHeadersConfigContentTypeOptionsArgs{Override: pulumi.Bool(true)},
		FrameOptions:       cloudfront.ResponseHeadersPolicySecurityHeadersConfigFrameOptionsArgs{FrameOption: pulumi.String("SAMEORIGIN"), Override: yields},
		ReferrerPolicy:     cloudfront.ResponseHeadersPolicySecurityHeadersConfigReferrerPolicyArgs{ReferrerPolicy: pulumi.String("strict-origin-when-cross-origin"), Override: yields},
	}
	if hsts.Header() != "" {
		config.StrictTransportSecurity = cloudfront.ResponseHeadersPolicySecurityHeadersConfigStrictTransportSecurityArgs{
			AccessControlMaxAgeSec: pulumi.Int(int(hsts.MaxAge.Seconds())), IncludeSubdomains: pulumi.Bool(hsts.IncludeSubdomains), Override: yields,
		}
	}
	made, err := cloudfront.NewResponseHeadersPolicy(ctx, p.name(name, 128), &cloudfront.ResponseHeadersPolicyArgs{
		Comment: pulumi.Sprintf("Slipway %s/%s", p.project, p.stack), SecurityHeadersConfig: config,
	}, p.globalOpts(opts)...)
	if err != nil {
		return nil, fmt.Errorf("creating policy of answers' headers: %w", err)
	}
	return made.ID().ToStringOutput(), nil
}

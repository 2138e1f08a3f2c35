package aws

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudfront"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// pastScript makes every request with a key of slots one of its own: the query string is part of what an answer is cached under, and
// the id of a request never comes again. Names of headers are in small letters here.
var pastScript = `function handler(event) {
  var request = event.request;
  if (request.headers['` + strings.ToLower(components.SlotKeyHeader) + `']) {
    request.querystring.slipway = { value: encodeURIComponent(event.context.requestId) };
  }
  return request;
}
`

// pastTheCache makes the function that sees to it that a request for one slot gets that slot's answer, and that nobody else does. It
// runs before the cache is looked at, on the paths to cache only. The app sees one parameter more in such a request.
//   - https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-functions.html
//   - https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-event-structure.html
//   - https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-javascript-runtime-20.html
func (p *Platform) pastTheCache(ctx *pulumi.Context, name string, opts []pulumi.ResourceOption) (*cloudfront.Function, error) {
	made, err := cloudfront.NewFunction(ctx, p.name(name, 64), &cloudfront.FunctionArgs{
		Code:    pulumi.String(pastScript),
		Comment: pulumi.String("Slipway: a request for one slot passes the cache"),
		Publish: pulumi.Bool(true),
		Runtime: pulumi.String("cloudfront-js-2.0"),
	}, p.globalOpts(opts)...)
	if err != nil {
		return nil, fmt.Errorf("creating function of distribution %s: %w", name, err)
	}
	return made, nil
}

package azure

import (
	"fmt"
	"time"

	webtests "github.com/pulumi/pulumi-azure-native-sdk/insights/v2/v20220615"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

// The web tests: whether the public address answers, and whether its certificate lasts.
const (
	testUptime      = "uptime"
	testCertificate = "certificate"
)

// testLocations are where the public address is asked from: three continents. An alarm goes off when two of them get no answer, so that
// one of them with troubles of its own does not set it off.
// https://learn.microsoft.com/azure/azure-monitor/app/availability#location-population-tags
var testLocations = []string{"us-va-ash-azr", "emea-nl-ams-azr", "apac-sg-sin-azr"}

// testEvery is how often each location asks: five minutes in production. In dev a test as often would cost twice what the app does.
// https://azure.microsoft.com/pricing/details/monitor/
func (p *Platform) testEvery() time.Duration {
	if p.settings.Prod {
		return 5 * time.Minute
	}
	return 15 * time.Minute
}

// webTest makes a standard test of the public address: a request of the readiness path from each location now and then or, for
// the certificate, one every fifteen minutes from one location, which fails when the certificate has fewer days left than the signal
// asks for. A hidden tag links it to Application Insights, which Azure demands.
//   - https://learn.microsoft.com/azure/azure-monitor/app/availability
//   - https://learn.microsoft.com/azure/templates/microsoft.insights/2022-06-15/webtests
func (p *Platform) webTest(ctx *pulumi.Context, row components.Signal, m measurement, opts []pulumi.ResourceOption) (*webtests.WebTest, error) {
	every, from := int(p.testEvery().Seconds()), testLocations
	rules := webtests.WebTestPropertiesValidationRulesArgs{ExpectedHttpStatusCode: pulumi.Int(200), IgnoreHttpStatusCode: pulumi.Bool(false), SSLCheck: pulumi.Bool(true)}
	if m.test == testCertificate {
		every, from = 900, testLocations[:1]
		rules = webtests.WebTestPropertiesValidationRulesArgs{
			IgnoreHttpStatusCode: pulumi.Bool(true), SSLCheck: pulumi.Bool(true), SSLCertRemainingLifetimeCheck: pulumi.Int(int(row.Threshold)),
		}
	}
	var locations webtests.WebTestGeolocationArray
	for _, id := range from {
		locations = append(locations, webtests.WebTestGeolocationArgs{Location: pulumi.String(id)})
	}
	name := p.fixed(m.test, 64)
	made, err := webtests.NewWebTest(ctx, name, &webtests.WebTestArgs{
		ResourceGroupName: p.group, WebTestName: pulumi.String(name), Kind: webtests.WebTestKindStandard, WebTestKind: webtests.WebTestKindStandard, SyntheticMonitorId: pulumi.String(name),
		Description: pulumi.String(row.Title), Enabled: pulumi.Bool(true), Frequency: pulumi.Int(every), Timeout: pulumi.Int(30), RetryEnabled: pulumi.Bool(true), Locations: locations,
		Request: webtests.WebTestPropertiesRequestArgs{
			RequestUrl: pulumi.Sprintf("%s%s", m.scope[scopeURL], m.scope[scopeReady]), HttpVerb: pulumi.String("GET"),
			FollowRedirects: pulumi.Bool(false), ParseDependentRequests: pulumi.Bool(false),
		},
		ValidationRules: rules,
		Tags:            p.linkedTo(),
	}, p.cloudOpts(opts)...)
	if err != nil {
		return nil, fmt.Errorf("creating web test of %s: %w", row.ID, err)
	}
	return made, nil
}

// linkedTo is the tag by which a web test belongs to Application Insights. Its name holds the id, so it must be known before: the
// component's logical name is not enough, and the tag is an output as a whole.
// https://learn.microsoft.com/azure/azure-monitor/app/availability-standard-tests
func (p *Platform) linkedTo() pulumi.StringMapInput {
	return p.logs.application.ApplyT(func(id string) map[string]string {
		tags := map[string]string{"hidden-link:" + id: "Resource", TagApp: p.settings.App, TagStack: p.project + "." + p.stack}
		for k, v := range p.settings.Tags {
			tags[k] = v
		}
		return tags
	}).(pulumi.StringMapOutput)
}

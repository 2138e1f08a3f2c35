package gcp

import (
	"fmt"
	"reflect"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// The load balancer: what traffic goes to. narrow_front.go has what it comes in by.
const (
	endpointGroupToken  = "gcp:compute/regionNetworkEndpointGroup:RegionNetworkEndpointGroup"
	backendServiceToken = "gcp:compute/backendService:BackendService"
	urlMapToken         = "gcp:compute/uRLMap:URLMap"
)

// endpointGroup is a Cloud Run service, or one of its tags, as something a load balancer can send to.
type endpointGroup struct{ pulumi.CustomResourceState }

// cloudRunTarget names a service; with a tag, the revision that has it.
type cloudRunTarget struct {
	Service text    `pulumi:"service"`
	Tag     *string `pulumi:"tag"`
}

// endpointGroupArgs are its inputs. NetworkEndpointType is "SERVERLESS".
type endpointGroupArgs struct {
	CloudRun            cloudRunTarget
	Name                pulumi.StringPtrInput
	NetworkEndpointType string
	Region              string
}

type endpointGroupInputs struct {
	CloudRun            cloudRunTarget `pulumi:"cloudRun"`
	Name                *string        `pulumi:"name"`
	NetworkEndpointType string         `pulumi:"networkEndpointType"`
	Region              string         `pulumi:"region"`
}

// ElementType names the struct with the properties' names and resolved types.
func (endpointGroupArgs) ElementType() reflect.Type { return reflect.TypeFor[endpointGroupInputs]() }

// newEndpointGroup makes a group.
//   - https://cloud.google.com/compute/docs/reference/rest/v1/regionNetworkEndpointGroups
//   - https://www.pulumi.com/registry/packages/gcp/api-docs/compute/regionnetworkendpointgroup/
func newEndpointGroup(ctx *pulumi.Context, name string, a *endpointGroupArgs, opts ...pulumi.ResourceOption) (*endpointGroup, error) {
	made := &endpointGroup{}
	if err := ctx.RegisterResource(endpointGroupToken, name, a, made, opts...); err != nil {
		return nil, fmt.Errorf("creating endpoint group %s: %w", name, err)
	}
	return made, nil
}

// backendService is a group with how it is spoken to.
type backendService struct{ pulumi.CustomResourceState }

type (
	backend struct {
		Group text `pulumi:"group"`
	}
	backendLog struct {
		Enable     bool    `pulumi:"enable"`
		SampleRate float64 `pulumi:"sampleRate"`
	}
	// cdnPolicy has the mode "USE_ORIGIN_HEADERS", "FORCE_CACHE_ALL" or "CACHE_ALL_STATIC".
	cdnPolicy struct {
		CacheKeyPolicy  cacheKeyPolicy `pulumi:"cacheKeyPolicy"`
		CacheMode       string         `pulumi:"cacheMode"`
		NegativeCaching bool           `pulumi:"negativeCaching"`
		ServeWhileStale int            `pulumi:"serveWhileStale"` // in seconds
	}
	cacheKeyPolicy struct {
		IncludeHost        bool `pulumi:"includeHost"`
		IncludeProtocol    bool `pulumi:"includeProtocol"`
		IncludeQueryString bool `pulumi:"includeQueryString"`
	}
)

// backendServiceArgs are its inputs. LoadBalancingScheme is "EXTERNAL_MANAGED", Protocol "HTTPS".
type backendServiceArgs struct {
	Backends            []backend
	CdnPolicy           *cdnPolicy
	EnableCdn           bool
	LoadBalancingScheme string
	LogConfig           *backendLog
	Name                pulumi.StringPtrInput
	Protocol            string
	SecurityPolicy      pulumi.StringPtrInput
}

type backendServiceInputs struct {
	Backends            []backend   `pulumi:"backends"`
	CdnPolicy           *cdnPolicy  `pulumi:"cdnPolicy"`
	EnableCdn           bool        `pulumi:"enableCdn"`
	LoadBalancingScheme string      `pulumi:"loadBalancingScheme"`
	LogConfig           *backendLog `pulumi:"logConfig"`
	Name                *string     `pulumi:"name"`
	Protocol            string      `pulumi:"protocol"`
	SecurityPolicy      *string     `pulumi:"securityPolicy"`
}

// ElementType names the struct with the properties' names and resolved types.
func (backendServiceArgs) ElementType() reflect.Type { return reflect.TypeFor[backendServiceInputs]() }

// newBackendService makes a backend service.
//   - https://cloud.google.com/compute/docs/reference/rest/v1/backendServices
//   - https://www.pulumi.com/registry/packages/gcp/api-docs/compute/backendservice/
func newBackendService(ctx *pulumi.Context, name string, a *backendServiceArgs, opts ...pulumi.ResourceOption) (*backendService, error) {
	made := &backendService{}
	if err := ctx.RegisterResource(backendServiceToken, name, a, made, opts...); err != nil {
		return nil, fmt.Errorf("creating backend service %s: %w", name, err)
	}
	return made, nil
}

// urlMap says which backend service a request goes to.
type urlMap struct {
	pulumi.CustomResourceState

	Name pulumi.StringOutput `pulumi:"name"`
}

type (
	hostRule struct {
		Hosts       []string `pulumi:"hosts"`
		PathMatcher string   `pulumi:"pathMatcher"`
	}
	pathMatcher struct {
		DefaultService text        `pulumi:"defaultService"`
		Name           string      `pulumi:"name"`
		RouteRules     []routeRule `pulumi:"routeRules"`
	}
	// routeRule sends what it matches to a service. The lowest priority is looked at first.
	routeRule struct {
		MatchRules []matchRule `pulumi:"matchRules"`
		Priority   int         `pulumi:"priority"`
		Service    text        `pulumi:"service"`
	}
	matchRule struct {
		HeaderMatches []headerMatch `pulumi:"headerMatches"`
		PrefixMatch   string        `pulumi:"prefixMatch"`
	}
	headerMatch struct {
		ExactMatch text   `pulumi:"exactMatch"`
		HeaderName string `pulumi:"headerName"`
	}
	headerAction struct {
		RequestHeadersToRemoves []string         `pulumi:"requestHeadersToRemoves"`
		ResponseHeadersToAdds   []responseHeader `pulumi:"responseHeadersToAdds"`
	}
	responseHeader struct {
		HeaderName  string `pulumi:"headerName"`
		HeaderValue string `pulumi:"headerValue"`
		Replace     bool   `pulumi:"replace"`
	}
	// urlRedirect has the code "MOVED_PERMANENTLY_DEFAULT" (301), "FOUND", "SEE_OTHER", "TEMPORARY_REDIRECT" or "PERMANENT_REDIRECT".
	urlRedirect struct {
		HttpsRedirect        bool   `pulumi:"httpsRedirect"`
		RedirectResponseCode string `pulumi:"redirectResponseCode"`
		StripQuery           bool   `pulumi:"stripQuery"`
	}
)

// urlMapArgs are its inputs: DefaultUrlRedirect alone, or the rest.
type urlMapArgs struct {
	DefaultService     pulumi.StringPtrInput
	DefaultUrlRedirect *urlRedirect
	HeaderAction       *headerAction
	HostRules          []hostRule
	Name               pulumi.StringPtrInput
	PathMatchers       []pathMatcher
}

type urlMapInputs struct {
	DefaultService     *string       `pulumi:"defaultService"`
	DefaultUrlRedirect *urlRedirect  `pulumi:"defaultUrlRedirect"`
	HeaderAction       *headerAction `pulumi:"headerAction"`
	HostRules          []hostRule    `pulumi:"hostRules"`
	Name               *string       `pulumi:"name"`
	PathMatchers       []pathMatcher `pulumi:"pathMatchers"`
}

// ElementType names the struct with the properties' names and resolved types.
func (urlMapArgs) ElementType() reflect.Type { return reflect.TypeFor[urlMapInputs]() }

// newURLMap makes a URL map.
//   - https://cloud.google.com/compute/docs/reference/rest/v1/urlMaps
//   - https://www.pulumi.com/registry/packages/gcp/api-docs/compute/urlmap/
func newURLMap(ctx *pulumi.Context, name string, a *urlMapArgs, opts ...pulumi.ResourceOption) (*urlMap, error) {
	made := &urlMap{}
	if err := ctx.RegisterResource(urlMapToken, name, a, made, opts...); err != nil {
		return nil, fmt.Errorf("creating URL map %s: %w", name, err)
	}
	return made, nil
}

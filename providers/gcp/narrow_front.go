package gcp

import (
	"fmt"
	"reflect"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// The load balancer: what traffic comes in by.
const (
	sslPolicyToken      = "gcp:compute/sSLPolicy:SSLPolicy"
	httpsProxyToken     = "gcp:compute/targetHttpsProxy:TargetHttpsProxy"
	httpProxyToken      = "gcp:compute/targetHttpProxy:TargetHttpProxy"
	forwardingRuleToken = "gcp:compute/globalForwardingRule:GlobalForwardingRule"
)

// sslPolicy says which versions and ciphers of TLS are spoken.
type sslPolicy struct{ pulumi.CustomResourceState }

// sslPolicyArgs are its inputs. Profile is "COMPATIBLE", "MODERN", "RESTRICTED" or "CUSTOM", MinTlsVersion "TLS_1_0" to "TLS_1_2".
type sslPolicyArgs struct {
	MinTlsVersion string
	Name          pulumi.StringPtrInput
	Profile       string
}

type sslPolicyInputs struct {
	MinTlsVersion string  `pulumi:"minTlsVersion"`
	Name          *string `pulumi:"name"`
	Profile       string  `pulumi:"profile"`
}

// ElementType names the struct with the properties' names and resolved types.
func (sslPolicyArgs) ElementType() reflect.Type { return reflect.TypeFor[sslPolicyInputs]() }

// newSSLPolicy makes a policy.
//   - https://cloud.google.com/compute/docs/reference/rest/v1/sslPolicies
//   - https://www.pulumi.com/registry/packages/gcp/api-docs/compute/sslpolicy/
func newSSLPolicy(ctx *pulumi.Context, name string, a *sslPolicyArgs, opts ...pulumi.ResourceOption) (*sslPolicy, error) {
	made := &sslPolicy{}
	if err := ctx.RegisterResource(sslPolicyToken, name, a, made, opts...); err != nil {
		return nil, fmt.Errorf("creating TLS policy: %w", err)
	}
	return made, nil
}

// httpsProxy ends TLS and asks a URL map.
type httpsProxy struct{ pulumi.CustomResourceState }

type httpsProxyArgs struct {
	CertificateMap pulumi.StringPtrInput // //certificatemanager.googleapis.com/projects/…
	Name           pulumi.StringPtrInput
	SslPolicy      pulumi.StringPtrInput
	UrlMap         pulumi.StringInput
}

type httpsProxyInputs struct {
	CertificateMap *string `pulumi:"certificateMap"`
	Name           *string `pulumi:"name"`
	SslPolicy      *string `pulumi:"sslPolicy"`
	UrlMap         string  `pulumi:"urlMap"`
}

// ElementType names the struct with the properties' names and resolved types.
func (httpsProxyArgs) ElementType() reflect.Type { return reflect.TypeFor[httpsProxyInputs]() }

// newHTTPSProxy makes a proxy.
//   - https://cloud.google.com/compute/docs/reference/rest/v1/targetHttpsProxies
//   - https://www.pulumi.com/registry/packages/gcp/api-docs/compute/targethttpsproxy/
func newHTTPSProxy(ctx *pulumi.Context, name string, a *httpsProxyArgs, opts ...pulumi.ResourceOption) (*httpsProxy, error) {
	made := &httpsProxy{}
	if err := ctx.RegisterResource(httpsProxyToken, name, a, made, opts...); err != nil {
		return nil, fmt.Errorf("creating HTTPS proxy: %w", err)
	}
	return made, nil
}

// httpProxy asks a URL map about plain HTTP.
type httpProxy struct{ pulumi.CustomResourceState }

type httpProxyArgs struct {
	Name   pulumi.StringPtrInput
	UrlMap pulumi.StringInput
}

type httpProxyInputs struct {
	Name   *string `pulumi:"name"`
	UrlMap string  `pulumi:"urlMap"`
}

// ElementType names the struct with the properties' names and resolved types.
func (httpProxyArgs) ElementType() reflect.Type { return reflect.TypeFor[httpProxyInputs]() }

// newHTTPProxy makes a proxy.
//   - https://cloud.google.com/compute/docs/reference/rest/v1/targetHttpProxies
//   - https://www.pulumi.com/registry/packages/gcp/api-docs/compute/targethttpproxy/
func newHTTPProxy(ctx *pulumi.Context, name string, a *httpProxyArgs, opts ...pulumi.ResourceOption) (*httpProxy, error) {
	made := &httpProxy{}
	if err := ctx.RegisterResource(httpProxyToken, name, a, made, opts...); err != nil {
		return nil, fmt.Errorf("creating HTTP proxy: %w", err)
	}
	return made, nil
}

// forwardingRule leads from an address and a port to a proxy.
type forwardingRule struct{ pulumi.CustomResourceState }

// forwardingRuleArgs are its inputs. LoadBalancingScheme is "EXTERNAL_MANAGED", IpProtocol "TCP".
type forwardingRuleArgs struct {
	IpAddress           pulumi.StringPtrInput
	IpProtocol          string
	Labels              pulumi.StringMapInput
	LoadBalancingScheme string
	Name                pulumi.StringPtrInput
	PortRange           string
	Target              pulumi.StringInput
}

type forwardingRuleInputs struct {
	IpAddress           *string           `pulumi:"ipAddress"`
	IpProtocol          string            `pulumi:"ipProtocol"`
	Labels              map[string]string `pulumi:"labels"`
	LoadBalancingScheme string            `pulumi:"loadBalancingScheme"`
	Name                *string           `pulumi:"name"`
	PortRange           string            `pulumi:"portRange"`
	Target              string            `pulumi:"target"`
}

// ElementType names the struct with the properties' names and resolved types.
func (forwardingRuleArgs) ElementType() reflect.Type { return reflect.TypeFor[forwardingRuleInputs]() }

// newForwardingRule makes a rule.
//   - https://cloud.google.com/compute/docs/reference/rest/v1/globalForwardingRules
//   - https://www.pulumi.com/registry/packages/gcp/api-docs/compute/globalforwardingrule/
func newForwardingRule(ctx *pulumi.Context, name string, a *forwardingRuleArgs, opts ...pulumi.ResourceOption) (*forwardingRule, error) {
	made := &forwardingRule{}
	if err := ctx.RegisterResource(forwardingRuleToken, name, a, made, opts...); err != nil {
		return nil, fmt.Errorf("creating forwarding rule %s: %w", name, err)
	}
	return made, nil
}

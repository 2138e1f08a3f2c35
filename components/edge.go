package components

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// WAFMode is what a web application firewall does with a request that its managed rules match.
type WAFMode string

// The modes of a firewall.
const (
	// WAFBlock refuses the request.
	WAFBlock WAFMode = "block"
	// WAFDetect lets it pass and logs it, to see what the rules would refuse.
	WAFDetect WAFMode = "detect"
)

// HSTS is the header Strict-Transport-Security of answers in which the app does not set it itself.
// https://www.rfc-editor.org/rfc/rfc6797
type HSTS struct {
	// MaxAge is how long a browser remembers it. Default 0: the header is not sent.
	MaxAge time.Duration
	// IncludeSubdomains extends it to every host below the domain. Default false.
	IncludeSubdomains bool
}

// Header is the header's value, or nothing if none is sent.
func (h HSTS) Header() string {
	if h.MaxAge <= 0 {
		return ""
	}
	value := "max-age=" + strconv.Itoa(int(h.MaxAge.Seconds()))
	if h.IncludeSubdomains {
		value += "; includeSubDomains"
	}
	return value
}

// EdgeArgs describes the public front door.
type EdgeArgs struct {
	// Service is what traffic is sent to. Required.
	Service Scope
	// Tracks are the slots with their weights, for front doors that divide the traffic themselves. Default: the service does.
	Tracks []Track
	// Ready is what must be known before traffic is divided by Tracks (ServiceState.Ready). Default: nothing.
	Ready pulumi.Output
	// Revision counts the changes of Tracks. Default 0.
	Revision int
	// Certificate is what TLS is terminated with. Required where the platform's own host name does not bring one.
	Certificate CertificateRef
	// Domain is the public name. Default: the platform's own host name.
	Domain string
	// Zone is the DNS zone that Domain's records go to.
	Zone string
	// RateLimit is how many requests one client may send in a minute. Default 0: no limit.
	RateLimit int
	// WAF inspects requests with the cloud's managed rules. Default false.
	WAF bool
	// CachePaths are path prefixes whose responses are cached at the edge as far as their Cache-Control allows. Default: none.
	CachePaths []string
	// WAFMode is what the firewall does with what its managed rules match. Default: WAFBlock.
	WAFMode WAFMode
	// WAFExclusions are managed rules that refuse nothing, in the cloud's own names. Default: none.
	WAFExclusions []string
	// HSTS is the Strict-Transport-Security of answers that bring none. Default: no header.
	HSTS HSTS
	// BodyLimit is the largest request body in bytes. Default 0: no limit of Slipway's own.
	BodyLimit int64
}

// EdgeState is what a driver made.
type EdgeState struct {
	// URL is the app's public address. It always is https.
	URL pulumi.StringOutput
	// Scope is where the edge's signals are read.
	Scope Scope
	// SlotKey opens a slot directly (see SlotKeyHeader). It is a secret.
	SlotKey pulumi.StringOutput
	// Ready is known when traffic is divided as Tracks say, and fails otherwise. Nil where creating the resources waits for that.
	Ready pulumi.Output
}

// EdgeDriver opens the only public way to the service.
type EdgeDriver interface {
	OpenEdge(ctx *pulumi.Context, name string, a EdgeArgs, opts ...pulumi.ResourceOption) (EdgeState, error)
}

// Edge is the front door: TLS, redirect from plain HTTP, rate limit per client, security headers, WAF and cache. Limits are
// attached to the traffic by construction.
type Edge struct {
	pulumi.ResourceState
	EdgeState
}

// NewEdge opens the front door. It fails on incomplete arguments or on what the driver cannot do (ErrUnsupported).
func NewEdge(ctx *pulumi.Context, d EdgeDriver, name string, a EdgeArgs, opts ...pulumi.ResourceOption) (*Edge, error) {
	if err := a.check(); err != nil {
		return nil, fmt.Errorf("edge %q: %w", name, err)
	}
	c := &Edge{}
	if err := ctx.RegisterComponentResource("slipway:components:Edge", name, c, opts...); err != nil {
		return nil, fmt.Errorf("edge %q: %w", name, err)
	}
	s, err := d.OpenEdge(ctx, name, a, pulumi.Parent(c))
	if err != nil {
		return nil, fmt.Errorf("edge %q: %w", name, err)
	}
	c.EdgeState = s
	// Pulumi does not notice an output that fails and that nothing uses: this one must be used.
	outputs := pulumi.Map{"url": s.URL}
	if s.Ready != nil {
		outputs["ready"] = s.Ready
	}
	return c, ctx.RegisterResourceOutputs(c, outputs)
}

func (a EdgeArgs) check() error {
	var errs []error
	if a.Service == nil {
		errs = append(errs, errors.New("Service is required"))
	}
	if a.RateLimit < 0 {
		errs = append(errs, fmt.Errorf("RateLimit %d is negative", a.RateLimit))
	}
	if a.BodyLimit < 0 {
		errs = append(errs, fmt.Errorf("BodyLimit %d is negative", a.BodyLimit))
	}
	if a.WAFMode != "" && a.WAFMode != WAFBlock && a.WAFMode != WAFDetect {
		errs = append(errs, fmt.Errorf("WAFMode %q is neither %q nor %q", a.WAFMode, WAFBlock, WAFDetect))
	}
	for _, p := range a.CachePaths {
		if !strings.HasPrefix(p, "/") {
			errs = append(errs, fmt.Errorf("cache path %q does not start with /", p))
		}
	}
	return errors.Join(errs...)
}

package components

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// CacheArgs describes a Redis-compatible cache.
type CacheArgs struct {
	// Size is one of the sizes "small", "medium", "large" or a node type in the cloud's own terms. Default "small".
	Size string
	// HA keeps a replica in a second zone that takes over. Default false.
	HA bool
}

// CacheState is what a driver made.
type CacheState struct {
	// Endpoint is host:port inside the private network.
	Endpoint pulumi.StringOutput
	// URL is a complete rediss:// URL with the password.
	URL SecretRef
	// CA is the PEM root that signs the server's certificate, or empty where it is in every system's store.
	CA pulumi.StringOutput
	// Scope is where the cache's signals are read.
	Scope Scope
}

// CacheDriver runs a cache that only the stack's own network can reach.
type CacheDriver interface {
	RunCache(ctx *pulumi.Context, name string, a CacheArgs, opts ...pulumi.ResourceOption) (CacheState, error)
}

// Cache is a private Redis-compatible cache with a password and TLS. It may lose all it holds at any time.
type Cache struct {
	pulumi.ResourceState
	CacheState
}

// NewCache runs a cache. It fails on what the driver cannot do (ErrUnsupported).
func NewCache(ctx *pulumi.Context, d CacheDriver, name string, a CacheArgs, opts ...pulumi.ResourceOption) (*Cache, error) {
	if a.Size == "" {
		a.Size = "small"
	}
	c := &Cache{}
	if err := ctx.RegisterComponentResource("slipway:components:Cache", name, c, opts...); err != nil {
		return nil, fmt.Errorf("cache %q: %w", name, err)
	}
	s, err := d.RunCache(ctx, name, a, pulumi.Parent(c))
	if err != nil {
		return nil, fmt.Errorf("cache %q: %w", name, err)
	}
	c.CacheState = s
	return c, ctx.RegisterResourceOutputs(c, pulumi.Map{"endpoint": s.Endpoint})
}

package docker

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-docker/sdk/v4/go/docker"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
)

const (
	cacheHost = "cache.slipway.internal"
	cacheUser = "10003:10003"
)

var cacheSizes = map[string]resources{
	"small":  {64, 0.5},
	"medium": {256, 1},
	"large":  {1024, 2},
}

// RunCache runs Valkey with TLS and a password, without persistence and with eviction: it is a cache. The port is not published.
// https://valkey.io/topics/encryption/
func (p *Platform) RunCache(ctx *pulumi.Context, name string, a components.CacheArgs, opts ...pulumi.ResourceOption) (components.CacheState, error) {
	none := components.CacheState{}
	limits, ok := cacheSizes[a.Size]
	if !ok {
		return none, components.Unsupported("docker", "cache.size", fmt.Sprintf("%q is a node type; choose one of %s", a.Size, strings.Join(slices.Sorted(maps.Keys(cacheSizes)), ", ")))
	}
	if a.HA {
		return none, components.Unsupported("docker", "cache.ha", "one host has no second zone")
	}
	image, err := p.platformImage(ctx, "valkey")
	if err != nil {
		return none, err
	}
	password, err := p.password(ctx, name, opts)
	if err != nil {
		return none, err
	}
	monitor, err := p.password(ctx, name+"-monitor", opts)
	if err != nil {
		return none, err
	}
	server, err := p.newLeaf(ctx, name, []string{cacheHost}, nil, opts)
	if err != nil {
		return none, err
	}
	config, err := p.volume(ctx, name+"-config", "cache", false, opts)
	if err != nil {
		return none, err
	}
	_, err = p.runContainer(ctx, container{
		name: name, component: "cache", image: image, user: cacheUser, aliases: []string{cacheHost},
		memoryMiB: limits.memoryMiB, cpus: limits.cpus, grace: 10,
		mounts: []docker.ContainerMountInput{mount(config, "/config")},
		tmpfs:  map[string]string{"/run/valkey": "rw,noexec,nosuid,nodev,size=16m,uid=10003,gid=10003,mode=0700"},
		files:  map[string]pulumi.StringInput{"/config/password": password, "/config/monitor-password": monitor, "/config/tls.crt": server.cert, "/config/tls.key": server.key, "/config/ca.crt": p.authority.cert},
		health: []string{"/slipway/health"}, signal: "SIGTERM",
	}, opts...)
	if err != nil {
		return none, err
	}
	hostPort := cacheHost + ":6379"
	return components.CacheState{
		Endpoint: pulumi.String(hostPort).ToStringOutput(),
		URL:      components.SecretRef{StringOutput: connectionURL("rediss", "default", password, hostPort, "0", nil)},
		CA:       p.authority.cert,
		Scope:    components.Scope{scopeMonitor: monitor},
	}, nil
}

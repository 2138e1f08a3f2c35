package docker

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strconv"

	"github.com/pulumi/pulumi-docker/sdk/v4/go/docker"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/providers/docker/images"
)

const (
	edgeHost  = "edge.slipway.internal"
	proxyUser = "10001:10001"

	scopeExpires = "expires" // end of the certificate, seconds since 1970
)

// OpenEdge runs HAProxy on loopback ports of this host. Its inputs do not change with a new version of the app: the names by which
// instances are found, and the weights of the slots, are changed at run time and kept on a volume.
// https://docs.haproxy.org/3.0/management.html#9.3
func (p *Platform) OpenEdge(ctx *pulumi.Context, name string, a components.EdgeArgs, opts ...pulumi.ResourceOption) (components.EdgeState, error) {
	none := components.EdgeState{}
	if a.WAF {
		return none, components.Unsupported("docker", "edge.waf", "managed rules are a cloud's product")
	}
	if err := claim(&p.edge, "edge", name); err != nil {
		return none, err
	}
	image, err := p.platformImage(ctx, "haproxy")
	if err != nil {
		return none, err
	}
	slotKey, err := p.password(ctx, name+"-slot-key", opts)
	if err != nil {
		return none, err
	}
	config, err := p.volume(ctx, name+"-config", "edge", false, opts)
	if err != nil {
		return none, err
	}
	state, err := p.volume(ctx, name+"-state", "edge", false, opts)
	if err != nil {
		return none, err
	}
	proxy, err := p.runContainer(ctx, container{
		name: name, component: "edge", image: image, user: proxyUser, aliases: []string{edgeHost},
		memoryMiB: 384, cpus: 2, grace: 15,
		mounts: []docker.ContainerMountInput{mount(config, "/config"), mount(state, "/state")},
		files:  map[string]pulumi.StringInput{"/config/haproxy.cfg": p.proxyConfig(a, slotKey), "/config/tls.pem": a.Certificate.StringOutput},
		ports:  map[int]int{p.settings.HTTPSPort: 8443, p.settings.HTTPPort: 8080},
		health: []string{"/slipway/health"}, signal: "SIGUSR1",
	}, opts...)
	if err != nil {
		return none, err
	}
	divided, err := p.divide(ctx, name, image, proxy, state, a, opts)
	if err != nil {
		return none, err
	}
	host := "localhost"
	if a.Domain != "" {
		host = a.Domain
	}
	return components.EdgeState{
		URL:     pulumi.Sprintf("https://%s:%d", host, p.settings.HTTPSPort),
		Scope:   components.Scope{scopeExpires: expiry(a.Certificate)},
		SlotKey: slotKey,
		Ready:   divided,
	}, nil
}

// divide tells the proxy which instances each slot has and the slots' shares of the traffic, in a container that ends: through its
// runtime API, so no connection drops, and in the files that it starts from. It runs once for each change of the release or of the
// instances, and after every instance is ready: before, none takes traffic.
func (p *Platform) divide(ctx *pulumi.Context, name string, image pulumi.StringInput, proxy *docker.Container, state *docker.Volume, a components.EdgeArgs, opts []pulumi.ResourceOption) (pulumi.StringOutput, error) {
	green := 0
	for _, t := range a.Tracks {
		if t.Slot == components.Green {
			green = t.Weight
		}
	}
	var ready pulumi.Output = pulumi.String("").ToStringOutput()
	if a.Ready != nil {
		ready = a.Ready
	}
	// The image is known only when the instances are ready and the proxy runs.
	after := pulumi.All(image, ready, proxy.ID()).ApplyT(func(v []any) string { return v[0].(string) }).(pulumi.StringOutput)
	step := name + "-weights"
	run, err := p.runContainer(ctx, container{
		name: step, component: "edge", image: after, user: proxyUser, entrypoint: []string{"/slipway/set-weight"}, command: []string{string(components.Green), strconv.Itoa(green)},
		mounts: []docker.ContainerMountInput{mount(state, "/state")}, memoryMiB: 32, cpus: 0.5, once: true, unique: true,
		env:    map[string]pulumi.StringInput{"BLUE_POOL": a.Service[scopeBlue], "GREEN_POOL": a.Service[scopeGreen]},
		labels: map[string]string{LabelRevision: strconv.Itoa(a.Revision)},
	}, opts...)
	if err != nil {
		return pulumi.StringOutput{}, err
	}
	return succeeded(step, "so traffic is divided as it was before", run), nil
}

// expiry reads when a certificate ends, in seconds since 1970.
func expiry(ref components.CertificateRef) pulumi.StringOutput {
	end := ref.ApplyT(func(bundle string) (string, error) {
		block, _ := pem.Decode([]byte(bundle))
		if block == nil {
			return "", errors.New("reading the certificate: it is no PEM")
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return "", fmt.Errorf("reading the certificate: %w", err)
		}
		return strconv.FormatInt(cert.NotAfter.Unix(), 10), nil
	}).(pulumi.StringOutput)
	return pulumi.Unsecret(end).(pulumi.StringOutput)
}

// proxyConfig renders haproxy.cfg. It holds the slot key's hash only.
func (p *Platform) proxyConfig(a components.EdgeArgs, slotKey pulumi.StringOutput) pulumi.StringOutput {
	text := pulumi.All(slotKey, a.Service[scopePort], a.Service[scopeReady], a.Service[scopeMax]).ApplyT(func(v []any) (string, error) {
		port, err := strconv.Atoi(v[1].(string))
		if err != nil {
			return "", fmt.Errorf("reading the app's port: %w", err)
		}
		most, err := strconv.Atoi(v[3].(string))
		if err != nil {
			return "", fmt.Errorf("reading the number of replicas: %w", err)
		}
		return images.HAProxyConfig(images.HAProxyParams{
			AppPort: port, PublicPort: p.settings.HTTPSPort, SlotKeySHA256: images.SlotKeyHash(v[0].(string)),
			BlueHost: slotHost(components.Blue), GreenHost: slotHost(components.Green), ReadyPath: v[2].(string),
			// Old and new instances of a slot run side by side for a moment, and a failed version may linger.
			MaxReplicas:  max(10, 3*most),
			RateLimit:    (a.RateLimit + 5) / 6, // HAProxy counts over ten seconds
			CachePaths:   a.CachePaths,
			MaxBodyBytes: a.BodyLimit,
			HSTS:         a.HSTS.Header(),
		})
	}).(pulumi.StringOutput)
	return pulumi.Unsecret(text).(pulumi.StringOutput)
}

package docker

import (
	"github.com/pulumi/pulumi-docker/sdk/v4/go/docker"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/providers/docker/images"
)

// DrawDashboard serves one page over HTTPS on a loopback port: a panel for each signal, read live from Prometheus, whose own pages
// are there too, for reading only.
func (p *Platform) DrawDashboard(ctx *pulumi.Context, name string, a components.DashboardArgs, opts ...pulumi.ResourceOption) (components.DashboardState, error) {
	none := components.DashboardState{}
	image, err := p.platformImage(ctx, "haproxy")
	if err != nil {
		return none, err
	}
	server, err := p.newLeaf(ctx, name, []string{"localhost"}, []string{"127.0.0.1", "::1"}, opts)
	if err != nil {
		return none, err
	}
	config, err := p.volume(ctx, name+"-config", "dashboard", false, opts)
	if err != nil {
		return none, err
	}
	files := p.dashboardFiles(a)
	files["/config/tls.pem"] = pulumi.ToSecret(pulumi.Sprintf("%s%s", server.cert, server.key)).(pulumi.StringOutput)
	_, err = p.runContainer(ctx, container{
		name: name, component: "dashboard", image: image, user: proxyUser, memoryMiB: 64, cpus: 0.25, grace: 10,
		mounts: []docker.ContainerMountInput{mount(config, "/config")},
		tmpfs:  map[string]string{"/state": "rw,noexec,nosuid,nodev,size=1m,uid=10001,gid=10001,mode=0700"},
		files:  files, ports: map[int]int{p.settings.DashboardPort: 8443},
		health: []string{"/slipway/health"}, signal: "SIGUSR1",
	}, opts...)
	if err != nil {
		return none, err
	}
	return components.DashboardState{URL: pulumi.Sprintf("https://localhost:%d", p.settings.DashboardPort)}, nil
}

// dashboardFiles are the page, its rows, and the configuration of the server in front of Prometheus.
func (p *Platform) dashboardFiles(a components.DashboardArgs) map[string]pulumi.StringInput {
	all := pulumi.All(limits(a.Scopes), a.Alarm[scopeMonitor]).ApplyT(func(v []any) (map[string]string, error) {
		rows, err := measure(a.Signals, filler(v[0].([]any)))
		if err != nil {
			return nil, err
		}
		files, err := images.DashboardFiles(p.settings.App+" ("+p.stack+")", panels(rows))
		if err != nil {
			return nil, err
		}
		files["haproxy.cfg"], err = images.DashboardProxyConfig(images.DashboardProxyParams{Prometheus: v[1].(string)})
		return files, err
	}).(pulumi.StringMapOutput)
	out := map[string]pulumi.StringInput{}
	for _, name := range []string{"haproxy.cfg", "index.html", "dashboard.js", "dashboard.css", "rows.json"} {
		out["/config/"+name] = all.MapIndex(pulumi.String(name))
	}
	return out
}

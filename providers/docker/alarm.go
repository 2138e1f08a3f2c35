package docker

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi-docker/sdk/v4/go/docker"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/slipway-iac/slipway/components"
	"github.com/slipway-iac/slipway/providers/docker/images"
)

const (
	prometheusHost       = "prometheus.slipway.internal"
	alertmanagerHost     = "alertmanager.slipway.internal"
	databaseExporterHost = "database-exporter.slipway.internal"
	cacheExporterHost    = "cache-exporter.slipway.internal"

	prometheusUser       = "10004:10004"
	alertmanagerUser     = "10005:10005"
	databaseExporterUser = "10006:10006"
	cacheExporterUser    = "10007:10007"
)

// WatchSignals runs Prometheus with one alert rule for each signal, Alertmanager, which posts to the webhook, and the exporters of
// database and cache. Nothing of it is published; the dashboard shows it.
// https://prometheus.io/docs/alerting/0.28/alertmanager/
func (p *Platform) WatchSignals(ctx *pulumi.Context, name string, a components.AlarmArgs, opts ...pulumi.ResourceOption) (components.AlarmState, error) {
	none := components.AlarmState{}
	if len(a.Emails) > 0 {
		return none, components.Unsupported("docker", "alerts.emails", "a laptop has no mail relay; use alerts.webhook")
	}
	// Now, not when the rules are rendered: that waits for outputs, and a preview has none.
	if _, err := measure(a.Signals, strings.NewReplacer()); err != nil {
		return none, err
	}
	config := images.PrometheusParams{
		HAProxy: edgeHost + ":8404", Alertmanager: alertmanagerHost + ":9093", ExternalLabels: map[string]string{"stack": p.stack},
		BlueHost: replicasHost(components.Blue), GreenHost: replicasHost(components.Green),
	}
	if a.Scopes.Database != nil {
		config.PostgresExporter = databaseExporterHost + ":9187"
		files := map[string]pulumi.StringInput{"/config/dsn": a.Scopes.Database[scopeMonitor], "/config/ca.crt": p.authority.cert}
		if err := p.runWatcher(ctx, container{name: "database-exporter", component: "alarm", user: databaseExporterUser, aliases: []string{databaseExporterHost}, memoryMiB: 64, cpus: 0.25, files: files}, "postgres-exporter", "", opts); err != nil {
			return none, err
		}
	}
	if a.Scopes.Cache != nil {
		config.ValkeyExporter = cacheExporterHost + ":9121"
		c := container{
			name: "cache-exporter", component: "alarm", user: cacheExporterUser, aliases: []string{cacheExporterHost}, memoryMiB: 64, cpus: 0.25,
			files: map[string]pulumi.StringInput{"/config/password": a.Scopes.Cache[scopeMonitor], "/config/ca.crt": p.authority.cert},
			env:   map[string]pulumi.StringInput{"VALKEY_ADDRESS": pulumi.String("rediss://" + cacheHost + ":6379")},
		}
		if err := p.runWatcher(ctx, c, "valkey-exporter", "", opts); err != nil {
			return none, err
		}
	}
	if err := p.runAlertmanager(ctx, a, opts); err != nil {
		return none, err
	}
	files := map[string]pulumi.StringInput{"/config/prometheus.yml": prometheusFile(config, a.Scopes), "/config/rules.yml": rulesFile(a)}
	err := p.runWatcher(ctx, container{name: name + "-prometheus", component: "alarm", user: prometheusUser, aliases: []string{prometheusHost}, memoryMiB: 384, cpus: 0.5, files: files}, "prometheus", "/prometheus", opts)
	if err != nil {
		return none, err
	}
	return components.AlarmState{Scope: components.Scope{scopeMonitor: pulumi.String(prometheusHost + ":9090").ToStringOutput()}}, nil
}

func (p *Platform) runAlertmanager(ctx *pulumi.Context, a components.AlarmArgs, opts []pulumi.ResourceOption) error {
	text, err := images.AlertmanagerConfig(images.AlertmanagerParams{Webhook: a.Webhook != nil})
	if err != nil {
		return err
	}
	// Without a webhook the file is there too: the volume would keep the address, which has a token in it, of one that was removed.
	files := map[string]pulumi.StringInput{"/config/alertmanager.yml": pulumi.String(text), "/config/webhook-url": pulumi.String("none")}
	if a.Webhook != nil {
		files["/config/webhook-url"] = a.Webhook
	}
	return p.runWatcher(ctx, container{name: "alertmanager", component: "alarm", user: alertmanagerUser, aliases: []string{alertmanagerHost}, memoryMiB: 64, cpus: 0.25, files: files}, "alertmanager", "/alertmanager", opts)
}

// runWatcher runs one of the containers that watch, with its files on a volume, and its history on another one if it keeps any.
func (p *Platform) runWatcher(ctx *pulumi.Context, c container, folder, history string, opts []pulumi.ResourceOption) error {
	image, err := p.platformImage(ctx, folder)
	if err != nil {
		return err
	}
	config, err := p.volume(ctx, c.name+"-config", c.component, false, opts)
	if err != nil {
		return err
	}
	c.mounts = []docker.ContainerMountInput{mount(config, "/config")}
	if history != "" {
		data, err := p.volume(ctx, c.name+"-data", c.component, false, opts)
		if err != nil {
			return err
		}
		c.mounts = append(c.mounts, mount(data, history))
	}
	c.image, c.health, c.signal, c.grace = image, []string{"/slipway/health"}, "SIGTERM", 10
	_, err = p.runContainer(ctx, c, opts...)
	return err
}

func prometheusFile(config images.PrometheusParams, s components.Scopes) pulumi.StringOutput {
	return s.Service[scopePort].ApplyT(func(port string) (string, error) {
		var err error
		if config.AppPort, err = strconv.Atoi(port); err != nil {
			return "", fmt.Errorf("reading the app's port: %w", err)
		}
		return images.PrometheusConfig(config)
	}).(pulumi.StringOutput)
}

func rulesFile(a components.AlarmArgs) pulumi.StringOutput {
	return limits(a.Scopes).ApplyT(func(v []any) (string, error) {
		rows, err := measure(a.Signals, filler(v))
		if err != nil {
			return "", err
		}
		return rules(rows)
	}).(pulumi.StringOutput)
}

// limits are what expressions need to know of the stack, in the order that filler takes them.
func limits(s components.Scopes) pulumi.ArrayOutput {
	return pulumi.All(s.Service[scopeCPU], s.Service[scopeMemory], s.Edge[scopeExpires])
}

func filler(v []any) *strings.Replacer {
	return strings.NewReplacer("LIMIT_CPU", v[0].(string), "LIMIT_MEMORY", v[1].(string), "EXPIRES", v[2].(string))
}

package images

import (
	"regexp"
	"time"
)

// PrometheusParams are the parameters of Prometheus's configuration.
//
// Rests on https://prometheus.io/docs/prometheus/2.53/configuration/configuration/.
type PrometheusParams struct {
	// AppPort is the port of every replica's metrics.
	AppPort int
	// HAProxy is the front door's internal address, host:8404.
	HAProxy string

	// BlueHost and GreenHost are the network aliases of the slots, as in HAProxyParams. Default "blue" and "green".
	BlueHost, GreenHost string
	// MetricsPath is the app's. Default "/metrics".
	MetricsPath string
	// ScrapeInterval is how often the app and the proxy are read and rules are evaluated. Default DefaultScrapeInterval. The rest is read
	// every 10 s, or as often if that is less.
	ScrapeInterval time.Duration

	// PostgresExporter and ValkeyExporter are host:9187 and host:9121; left out where empty.
	PostgresExporter, ValkeyExporter string
	// Alertmanager is host:9093; without it rules are evaluated and shown, but nobody is told.
	Alertmanager string
	// ExternalLabels are added to every alert: the stack's name, say.
	ExternalLabels map[string]string
}

// DefaultScrapeInterval is short, because a rollout waits at each step until it sees what has happened.
const DefaultScrapeInterval = 2 * time.Second

// otherInterval is for what no rollout waits for: more than half of all samples.
const otherInterval = 10 * time.Second

// scrapeTarget is one fixed address that Prometheus reads under a job name.
type scrapeTarget struct{ Job, Address string }

// PrometheusConfig renders prometheus.yml, to be uploaded to /config/prometheus.yml. Rules are the caller's own files,
// uploaded as /config/rules*.yml. The jobs are app (with the label slot), proxy, database, cache, alertmanager and
// prometheus.
func PrometheusConfig(p PrometheusParams) (string, error) {
	orDefault(&p.BlueHost, "blue")
	orDefault(&p.GreenHost, "green")
	orDefault(&p.MetricsPath, "/metrics")
	orDefault(&p.ScrapeInterval, DefaultScrapeInterval)
	var c checks
	c.between("AppPort", int64(p.AppPort), 1, 65535)
	c.host("BlueHost", p.BlueHost)
	c.host("GreenHost", p.GreenHost)
	c.path("MetricsPath", p.MetricsPath)
	c.want(p.ScrapeInterval >= time.Second && p.ScrapeInterval <= 5*time.Minute, "ScrapeInterval is %s, allowed are 1s to 5m", p.ScrapeInterval)
	c.address("HAProxy", p.HAProxy)
	var targets []scrapeTarget
	for _, optional := range []struct{ field, job, address string }{
		{"PostgresExporter", "database", p.PostgresExporter},
		{"ValkeyExporter", "cache", p.ValkeyExporter},
		{"Alertmanager", "alertmanager", p.Alertmanager},
	} {
		if optional.address != "" {
			c.address(optional.field, optional.address)
			targets = append(targets, scrapeTarget{optional.job, optional.address})
		}
	}
	targets = append(targets, scrapeTarget{"prometheus", "localhost:9090"})
	for name := range p.ExternalLabels {
		c.want(labelPattern.MatchString(name), "ExternalLabels: %q is not a label name", name)
	}
	if err := c.err("prometheus configuration"); err != nil {
		return "", err
	}
	return render("prometheus/prometheus.yml.tmpl", struct {
		PrometheusParams
		ScrapeTimeout, OtherInterval time.Duration
		Slots                        []slot
		Targets                      []scrapeTarget
	}{p, p.ScrapeInterval * 4 / 5, max(p.ScrapeInterval, otherInterval), []slot{{Name: "blue", Host: p.BlueHost}, {Name: "green", Host: p.GreenHost}}, targets})
}

var labelPattern = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

// AlertmanagerParams are the parameters of Alertmanager's configuration.
//
// Rests on https://prometheus.io/docs/alerting/0.28/configuration/.
type AlertmanagerParams struct {
	// GroupWait is how long alerts are collected before the first message. Default 10 s.
	GroupWait time.Duration
	// GroupInterval is the least time between two messages of one group. Default 1 min.
	GroupInterval time.Duration
	// RepeatInterval is when an unchanged alert is told again. Default 4 h.
	RepeatInterval time.Duration

	// Webhook sends alerts to the address in the uploaded file /config/webhook-url. Without it alerts are only shown.
	Webhook bool
}

// AlertmanagerConfig renders alertmanager.yml, to be uploaded to /config/alertmanager.yml.
func AlertmanagerConfig(p AlertmanagerParams) (string, error) {
	orDefault(&p.GroupWait, 10*time.Second)
	orDefault(&p.GroupInterval, time.Minute)
	orDefault(&p.RepeatInterval, 4*time.Hour)
	var c checks
	for name, d := range map[string]time.Duration{"GroupWait": p.GroupWait, "GroupInterval": p.GroupInterval, "RepeatInterval": p.RepeatInterval} {
		c.want(d >= time.Second, "%s is %s, the least is 1s", name, d)
	}
	if err := c.err("alertmanager configuration"); err != nil {
		return "", err
	}
	return render("alertmanager/alertmanager.yml.tmpl", p)
}

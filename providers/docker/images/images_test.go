package images

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func goodHAProxy() HAProxyParams {
	return HAProxyParams{AppPort: 8000, PublicPort: 9443, SlotKeySHA256: SlotKeyHash("slot-key-secret")}
}

func wantParts(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("lacks %q", part)
		}
	}
}

func TestHAProxyConfig(t *testing.T) {
	p := goodHAProxy()
	p.RateLimit, p.CachePaths, p.BlueHost, p.GreenHost = 200, []string{"/static/", "/assets/"}, "blue.slipway.internal", "green.slipway.internal"
	p.HSTS = "max-age=60"
	text, err := HAProxyConfig(p)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("holds the hash of the slot key, not the key", func(t *testing.T) {
		wantParts(t, text, SlotKeyHash("slot-key-secret"))
		if strings.Contains(text, "slot-key-secret") {
			t.Error("holds the key")
		}
	})
	t.Run("slots are found by name", func(t *testing.T) {
		wantParts(t, text, "presetenv BLUE_POOL blue.slipway.internal\n", "presetenv GREEN_POOL green.slipway.internal\n",
			`server-template s 1-10 "${BLUE_POOL}:8000"`, `server-template s 1-10 "${GREEN_POOL}:8000"`,
			"server-template s 1-10 replicas.blue.slipway.internal:8000", "server-template s 1-10 replicas.green.slipway.internal:8000")
	})
	t.Run("a request that may have been processed is not repeated", func(t *testing.T) {
		if strings.Count(text, "http-request disable-l7-retry unless METH_GET") != 2 {
			t.Error("a slot lacks disable-l7-retry")
		}
	})
	t.Run("the app's own headers win", func(t *testing.T) {
		for _, name := range []string{"X-Content-Type-Options", "Referrer-Policy", "X-Frame-Options", "Strict-Transport-Security"} {
			for line := range strings.Lines(text) {
				if strings.Contains(line, "set-header "+name) && !strings.Contains(line, "{ res.hdr("+strings.ToLower(name)+") -m found }") {
					t.Errorf("%s replaces the app's: %s", name, line)
				}
			}
		}
		wantParts(t, text, `Strict-Transport-Security "max-age=60"`)
	})
	t.Run("redirects to the public port", func(t *testing.T) { wantParts(t, text, "https://%[var(txn.name)]:9443%[pathq]") })
	t.Run("rate limit and caches", func(t *testing.T) {
		wantParts(t, text, "sc_http_req_rate(0) gt 200", "cache blue\n", "cache green\n", "path_beg /static/ /assets/")
	})
	t.Run("nothing optional without being asked", func(t *testing.T) {
		plain, err := HAProxyConfig(HAProxyParams{AppPort: 8000, PublicPort: 443, SlotKeySHA256: SlotKeyHash("x")})
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{"stick-table", "deny_status 413", "Strict-Transport-Security", "deny_status 429", "cache-use", ":443%[pathq]"} {
			if strings.Contains(plain, part) {
				t.Errorf("holds %q", part)
			}
		}
	})
}

func TestErrorsListEverything(t *testing.T) {
	_, err := HAProxyConfig(HAProxyParams{
		SlotKeySHA256: "secret", BlueHost: "same", GreenHost: "same", ReadyPath: "ready now", HSTS: `a"b`, HandshakeTimeout: time.Millisecond, RateLimit: -1,
		CachePaths: []string{"/ok/", "bad path }"},
	})
	if err == nil {
		t.Fatal("accepted")
	}
	wantParts(t, err.Error(), "AppPort is 0", "PublicPort is 0", "SlotKeySHA256 must be", `BlueHost and GreenHost are both "same"`, `ReadyPath "ready now"`, `HSTS is "a\"b"`, "HandshakeTimeout is 1ms", "RateLimit is -1", "CachePaths[1]")

	_, err = PrometheusConfig(PrometheusParams{HAProxy: "proxy", PostgresExporter: "db:x", ScrapeInterval: time.Hour, ExternalLabels: map[string]string{"a-b": "c"}})
	if err == nil {
		t.Fatal("accepted")
	}
	wantParts(t, err.Error(), `HAProxy "proxy"`, `PostgresExporter "db:x"`, "ScrapeInterval is 1h0m0s", `"a-b" is not a label name`)

	if _, err = AlertmanagerConfig(AlertmanagerParams{GroupWait: time.Millisecond}); err == nil {
		t.Error("GroupWait of a millisecond accepted")
	}
	if _, err = DashboardProxyConfig(DashboardProxyParams{}); err == nil {
		t.Error("no Prometheus accepted")
	}
	_, err = DashboardFiles("", []DashboardRow{{Unit: "furlong"}})
	if err == nil {
		t.Fatal("accepted")
	}
	wantParts(t, err.Error(), "the title is empty", "has no title", "has no expression", `unknown unit "furlong"`)
	if _, err = DashboardFiles("t", nil); err == nil {
		t.Error("no rows accepted")
	}
}

func TestPrometheusConfig(t *testing.T) {
	text, err := PrometheusConfig(PrometheusParams{
		AppPort: 8000, HAProxy: "proxy:8404", PostgresExporter: "pgx:9187", ValkeyExporter: "vkx:9121", Alertmanager: "am:9093",
		ScrapeInterval: 1500 * time.Millisecond, ExternalLabels: map[string]string{"stack": `lo"cal`},
	})
	if err != nil {
		t.Fatal(err)
	}
	wantParts(t, text, "scrape_interval: 1500ms", "  scrape_interval: 10s\n  evaluation_interval: 1500ms", `stack: "lo\"cal"`, "job_name: app-blue", "job_name: app-green", "{target_label: slot, replacement: green}",
		`targets: ["proxy:8404"]`, `targets: ["pgx:9187"]`, `targets: ["vkx:9121"]`, "rule_files: [/config/rules*.yml]")
	if _, err := PrometheusConfig(PrometheusParams{AppPort: 1, HAProxy: "p:1", ExternalLabels: map[string]string{"a": "b\nc"}}); err == nil {
		t.Error("a line break in a label was accepted")
	}
}

func TestAlertmanagerHoldsNoAddress(t *testing.T) {
	text, err := AlertmanagerConfig(AlertmanagerParams{Webhook: true})
	if err != nil {
		t.Fatal(err)
	}
	wantParts(t, text, "url_file: /config/webhook-url", "receiver: webhook")
	silent, err := AlertmanagerConfig(AlertmanagerParams{})
	if err != nil {
		t.Fatal(err)
	}
	wantParts(t, silent, "receiver: none")
}

func TestDashboardFiles(t *testing.T) {
	limit := 0.5
	files, err := DashboardFiles("links (local)", []DashboardRow{{Title: "<b>Errors</b>", Unit: "ratio", Expression: `up{job="app"}`, Threshold: &limit}})
	if err != nil {
		t.Fatal(err)
	}
	wantParts(t, files["rows.json"], `"title": "links (local)"`, `"threshold": 0.5`)
	for _, name := range []string{"index.html", "dashboard.js", "dashboard.css"} {
		if files[name] == "" {
			t.Errorf("%s is missing", name)
		}
		// Text is set as text only; the policy forbids what comes from elsewhere or stands in the page.
		for _, forbidden := range []string{"innerHTML", "insertAdjacentHTML", "https://", "style=\"", "onclick"} {
			if strings.Contains(files[name], forbidden) {
				t.Errorf("%s holds %s", name, forbidden)
			}
		}
	}
}

// inImage runs the entry point of an image with the given files in /config, hardened as in the stack.
func inImage(t *testing.T, folder string, files map[string]string, args ...string) (string, error) {
	t.Helper()
	if testing.Short() {
		t.Skip("left out by -short")
	}
	if err := exec.Command("docker", "info").Run(); err != nil {
		t.Fatal("no Docker Engine answers; -short leaves this test out")
	}
	tag := "slipway-test/" + folder + ":images"
	if out, err := exec.Command("docker", "build", "-q", "-t", tag, folder).CombinedOutput(); err != nil {
		t.Fatalf("building %s: %v\n%s", folder, err, out)
	}
	config := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(config, name), []byte(content), 0o444); err != nil {
			t.Fatal(err)
		}
	}
	run := append([]string{"run", "--rm", "--label", "dev.slipway.test=images", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
		"--network", "none", "--tmpfs", "/state:size=1m,uid=10001,gid=10001,mode=0700", "-v", config + ":/config:ro"}, args...)
	out, err := exec.Command("docker", run...).CombinedOutput()
	return string(out), err
}

func testPEM(t *testing.T) string {
	t.Helper()
	raw, err := exec.Command("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "-", "-out", "-", "-days", "1", "-subj", "/CN=test").Output()
	if err != nil {
		t.Fatal("no openssl for a test certificate: ", err)
	}
	return string(raw)
}

func TestHAProxyAcceptsEveryConfiguration(t *testing.T) {
	full := goodHAProxy()
	full.RateLimit, full.CachePaths, full.ReadyPath = 100, []string{"/static/"}, "/Health:ready/v1.0_~@a+b,c=d-e"
	certificate := testPEM(t)
	for name, render := range map[string]func() (string, error){
		"plain": func() (string, error) { return HAProxyConfig(goodHAProxy()) },
		"full":  func() (string, error) { return HAProxyConfig(full) },
		"dashboard": func() (string, error) {
			return DashboardProxyConfig(DashboardProxyParams{Prometheus: "prometheus:9090"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			text, err := render()
			if err != nil {
				t.Fatal(err)
			}
			files := map[string]string{"haproxy.cfg": text, "tls.pem": certificate, "index.html": "x", "dashboard.js": "x", "dashboard.css": "x", "rows.json": "{}"}
			// -dW makes every warning an error.
			if out, err := inImage(t, "haproxy", files, "slipway-test/haproxy:images", "-c", "-dW"); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

func TestAlertmanagerAcceptsItsConfiguration(t *testing.T) {
	text, err := AlertmanagerConfig(AlertmanagerParams{Webhook: true})
	if err != nil {
		t.Fatal(err)
	}
	out, err := inImage(t, "alertmanager", map[string]string{"alertmanager.yml": text, "webhook-url": "http://localhost/"}, "--entrypoint", "amtool", "slipway-test/alertmanager:images", "check-config", "/config/alertmanager.yml")
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

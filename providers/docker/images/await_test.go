package images

import (
	"strings"
	"testing"
)

// badApps are apps that get something wrong, each at its own port, and two that are ready.
const badApps = `defaults
    mode http
    timeout client 10s
    timeout server 10s
    timeout connect 1s
frontend ok
    bind :1200
    http-request return status 200
frontend nothing-to-say
    bind :1204
    http-request return status 204
frontend elsewhere
    bind :1301
    http-request redirect code 301 location https://example.com/readyz
frontend not-yet
    bind :1503
    http-request return status 503
frontend tls
    bind :1443 ssl crt /config/tls.pem
    http-request return status 200
frontend other
    mode tcp
    bind :1022
    tcp-request content reject if TRUE
`

// TestAwait has the gate ask each of them: it lets pass whoever answers with any 2xx, and says in words what an app has to do otherwise.
func TestAwait(t *testing.T) {
	for _, row := range []struct{ name, addresses, want string }{
		{"200", "127.0.0.1:1200", "127.0.0.1:1200 is ready"},
		{"204", "127.0.0.1:1204", "127.0.0.1:1204 is ready"},
		{"redirect", "127.0.0.1:1301", "answered by a redirect (301, to https://example.com/readyz), which is not followed"},
		{"503", "127.0.0.1:1503", "answered with 503 Service Unavailable, wanted is a status from 200 to 299"},
		{"TLS", "127.0.0.1:1443", "without TLS"},
		{"closes at once", "127.0.0.1:1022", "says nothing for 3 s, or ends it"},
		{"nobody listens", "127.0.0.1:1000", "nothing listens on port 1000: let the app listen on the port that the variable PORT names, on all addresses (0.0.0.0)"},
		{"does not run", "no-such-host.slipway.internal:1000", "it does not run: its process has ended"},
		{"each is told", "127.0.0.1:1503 127.0.0.1:1200 127.0.0.1:1301", "redirect"},
	} {
		t.Run(row.name, func(t *testing.T) {
			out, err := inImage(t, "haproxy", map[string]string{"apps.cfg": badApps, "tls.pem": testPEM(t)}, "--env", "AWAIT_SECONDS=1", "--entrypoint", "/bin/sh",
				"slipway-test/haproxy:images", "-c", "haproxy -D -f /config/apps.cfg && exec /slipway/await /readyz "+row.addresses)
			if !strings.Contains(out, row.want) || strings.Contains(out, "socat") {
				t.Errorf("want %q in words of our own:\n%s", row.want, out)
			}
			if ready := strings.HasSuffix(row.want, "is ready"); ready != (err == nil) {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

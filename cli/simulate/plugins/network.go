package plugins

import (
	"fmt"
	"maps"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// refusal is what a plugin gets from the network.
const refusal = "Slipway plans ask no network"

// network stands in for the network: a proxy that refuses every connection and remembers which were asked for. To a plugin that takes
// it for a Docker Engine it answers as one that is there, and does nothing.
type network struct {
	server  *http.Server
	address string

	mu     sync.Mutex
	wanted map[string]int
}

func listen() (*network, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("standing in for the network: %w", err)
	}
	n := &network{address: listener.Addr().String(), wanted: map[string]int{}}
	n.server = &http.Server{Handler: n, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = n.server.Serve(listener) }()
	return n, nil
}

func (n *network) close() { _ = n.server.Close() }

var engineGreeting = regexp.MustCompile(`^(/v[0-9.]+)?/(_ping|version|info)$`)

func (n *network) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect && !r.URL.IsAbs() && engineGreeting.MatchString(r.URL.Path) {
		// https://docs.docker.com/reference/api/engine/version/v1.41/#tag/System/operation/SystemPing
		w.Header().Set("Api-Version", "1.41")
		w.Header().Set("Content-Type", "application/json")
		if strings.HasSuffix(r.URL.Path, "_ping") {
			w.Header().Set("Content-Type", "text/plain")
			fmt.Fprint(w, "OK")
			return
		}
		fmt.Fprint(w, `{"ApiVersion":"1.41","Version":"20.10.0","Os":"linux"}`)
		return
	}
	host := r.Host
	if !r.URL.IsAbs() && r.Method != http.MethodConnect {
		host = "the Docker Engine"
	}
	n.mu.Lock()
	n.wanted[strings.TrimSuffix(strings.TrimSuffix(host, ":443"), ":80")]++
	n.mu.Unlock()
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		http.Error(w, refusal, http.StatusForbidden)
		return
	}
	conn, buffer, err := hijacker.Hijack()
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	// Go's client makes the status line the error of a connection through a proxy.
	_, _ = fmt.Fprintf(buffer, "HTTP/1.1 403 %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", refusal, len(refusal), refusal)
	_ = buffer.Flush()
}

// count is how many connections were asked for, and hosts where to.
func (n *network) count() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	all := 0
	for _, times := range n.wanted {
		all += times
	}
	return all
}

func (n *network) hosts() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Join(slices.Sorted(maps.Keys(n.wanted)), ", ")
}

// offlineErrors are what providers say that lack the network, or credentials to use it with.
var offlineErrors = regexp.MustCompile(`(?i)` + regexp.QuoteMeta(refusal) + `|no such host|dial (tcp|udp|unix)|connection refused|network is unreachable|proxyconnect|` +
	`i/o timeout|TLS handshake|no route to host|could not find default credentials|no valid credential|failed to (refresh|retrieve) .*credentials|` +
	`cannot connect to the docker daemon|error pinging docker|status code: 40[13]\b`)

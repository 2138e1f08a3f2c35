package images

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// HAProxyParams are the parameters of the front door's configuration.
//
// Rests on the HAProxy 3.0 manual, https://docs.haproxy.org/3.0/configuration.html.
type HAProxyParams struct {
	// AppPort is the port that every replica listens on, plain HTTP/1.1.
	AppPort int
	// PublicPort is the host's port that is published to :8443. Redirects from plain HTTP go there.
	PublicPort int
	// SlotKeySHA256 is SlotKeyHash of the secret that opens a slot directly. The secret should be random, 128 bits or
	// more: then its hash is no secret.
	SlotKeySHA256 string

	// BlueHost and GreenHost name the slots. Default "blue" and "green". Until set-weight has told the proxy other names, in the
	// variables BLUE_POOL and GREEN_POOL, replicas with these network aliases take the traffic. Those with the alias "replicas." and
	// the name are counted, whether they take traffic or not. While nobody has a name Docker asks the host's resolvers for it, so
	// prefer one that can't exist outside: "blue.slipway.internal".
	BlueHost, GreenHost string
	// ReadyPath is what health checks ask, twice a second. Default "/readyz".
	ReadyPath string
	// MaxReplicas is the most replicas of one slot that can be served at once, the old ones of a replacement included.
	// Default 10.
	MaxReplicas int
	// ReplicaMaxConnections is how many requests one replica is given at once; more wait up to 5 s. Default 500.
	ReplicaMaxConnections int
	// MaxConnections is the most client connections at once, over TLS. Default 3000: about 75 kB each.
	MaxConnections int
	// HandshakeTimeout is how long TLS may take to be agreed on. Default 3 s.
	HandshakeTimeout time.Duration
	// RequestTimeout is how long the head and the first buffer of the body may take, KeepAlive how long a connection may be idle
	// between two requests. Default 5 s and 15 s.
	RequestTimeout, KeepAlive time.Duration
	// Threads is the number of worker threads. Default 2.
	Threads int
	// MaxBodyBytes is the largest announced request body; more is answered 413. Bodies without a length pass, the app
	// must limit them. Default 0: no limit.
	MaxBodyBytes int64
	// ResponseTimeout is how long a replica may take to begin its answer, and between two parts of it. Default 60 s.
	ResponseTimeout time.Duration
	// IdleTimeout is how long a client may be silent within a request or response. Default 60 s.
	IdleTimeout time.Duration
	// HardStopAfter bounds the graceful stop, in which nothing new is accepted: idle HTTP/2 connections hold it to its end.
	// Default 10 s; the container's grace period must be longer.
	HardStopAfter time.Duration
	// HSTS is the Strict-Transport-Security header where the app sets none; it is never sent for localhost. Default: none.
	HSTS string

	// RateLimit is the most requests of one client address (IPv6: /64) in ten seconds; more are answered 429.
	// 0 switches it off. Docker's port publishing shows connections from the host itself as one client.
	RateLimit int
	// CachePaths are path prefixes whose responses HAProxy may keep, as far as their Cache-Control gives an age.
	CachePaths []string
	// CacheMegabytes is the memory of each slot's cache. Default 32. Only used with CachePaths.
	CacheMegabytes int
}

// SlotKeyHash returns the form of a slot key that HAProxyParams wants: lower-case hexadecimal SHA-256.
func SlotKeyHash(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

// problem is one error page that HAProxy answers itself, as RFC 9457 problem details.
type problem struct {
	Status        int
	Title, Detail string
	RetryAfter    int
}

var problems = []problem{
	{400, "Bad Request", "The request could not be understood.", 0},
	{403, "Forbidden", "The request was refused.", 0},
	{404, "Not Found", "There is nothing at this address.", 0},
	{405, "Method Not Allowed", "Only reading is allowed here.", 0},
	{408, "Request Timeout", "The request did not arrive in time.", 0},
	{413, "Content Too Large", "The request body is too large.", 0},
	{429, "Too Many Requests", "Too many requests from this address. Wait before the next one.", 10},
	{500, "Internal Server Error", "The request could not be processed.", 0},
	{502, "Bad Gateway", "The service did not answer properly.", 0},
	{503, "Service Unavailable", "The service is starting or being repaired.", 5},
	{504, "Gateway Timeout", "The service did not answer in time.", 5},
}

// plainConnections is the most connections for the redirect from plain HTTP, and what is left for health checks and metrics.
const plainConnections = 250

// slot is one slot in a configuration; Variable is the environment variable with the host name of those of its replicas that take
// traffic.
type slot struct{ Name, Host, Variable string }

func (p HAProxyParams) slots() []slot {
	return []slot{{"blue", p.BlueHost, "BLUE_POOL"}, {"green", p.GreenHost, "GREEN_POOL"}}
}

// HAProxyConfig renders haproxy.cfg for the front door, to be uploaded to /config/haproxy.cfg beside /config/tls.pem.
// Everything wrong with the parameters is in the one error.
func HAProxyConfig(p HAProxyParams) (string, error) {
	p = p.withDefaults()
	if err := p.validate(); err != nil {
		return "", err
	}
	suffix := ""
	if p.PublicPort != 443 {
		suffix = ":" + strconv.Itoa(p.PublicPort)
	}
	return render("haproxy/haproxy.cfg.tmpl", struct {
		HAProxyParams
		AllConnections, PlainConnections, BusyConnections int
		PortSuffix                                        string
		Slots                                             []slot
		Problems                                          []problem
	}{p, p.MaxConnections + 2*plainConnections, plainConnections, p.MaxConnections * 3 / 4, suffix, p.slots(), problems})
}

func orDefault[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

func (p HAProxyParams) withDefaults() HAProxyParams {
	orDefault(&p.BlueHost, "blue")
	orDefault(&p.GreenHost, "green")
	orDefault(&p.ReadyPath, "/readyz")
	orDefault(&p.MaxReplicas, 10)
	orDefault(&p.ReplicaMaxConnections, 500)
	orDefault(&p.MaxConnections, 3000)
	orDefault(&p.HandshakeTimeout, 3*time.Second)
	orDefault(&p.RequestTimeout, 5*time.Second)
	orDefault(&p.KeepAlive, 15*time.Second)
	orDefault(&p.Threads, 2)
	orDefault(&p.ResponseTimeout, time.Minute)
	orDefault(&p.IdleTimeout, time.Minute)
	orDefault(&p.HardStopAfter, 10*time.Second)
	orDefault(&p.CacheMegabytes, 32)
	return p
}

func (p HAProxyParams) validate() error {
	var c checks
	c.between("AppPort", int64(p.AppPort), 1, 65535)
	c.between("PublicPort", int64(p.PublicPort), 1, 65535)
	c.want(hashPattern.MatchString(p.SlotKeySHA256), "SlotKeySHA256 must be 64 hexadecimal digits: use SlotKeyHash")
	c.host("BlueHost", p.BlueHost)
	c.host("GreenHost", p.GreenHost)
	c.want(p.BlueHost != p.GreenHost, "BlueHost and GreenHost are both %q", p.BlueHost)
	c.path("ReadyPath", p.ReadyPath)
	c.between("MaxReplicas", int64(p.MaxReplicas), 1, 200)
	c.between("ReplicaMaxConnections", int64(p.ReplicaMaxConnections), 1, 20000)
	c.between("MaxConnections", int64(p.MaxConnections), 10, 20000)
	c.between("Threads", int64(p.Threads), 1, 64)
	c.between("MaxBodyBytes", p.MaxBodyBytes, 0, 5<<40)
	c.want(!strings.ContainsAny(p.HSTS, "\"\\\n%"), "HSTS is %q", p.HSTS)
	for name, d := range map[string]time.Duration{
		"ResponseTimeout": p.ResponseTimeout, "IdleTimeout": p.IdleTimeout, "HardStopAfter": p.HardStopAfter,
		"HandshakeTimeout": p.HandshakeTimeout, "RequestTimeout": p.RequestTimeout, "KeepAlive": p.KeepAlive,
	} {
		c.want(d >= time.Second && d%time.Second == 0, "%s is %s, allowed are whole seconds from 1s", name, d)
	}
	c.between("RateLimit", int64(p.RateLimit), 0, 1<<31-1)
	for i, path := range p.CachePaths {
		c.path(fmt.Sprintf("CachePaths[%d]", i), path)
	}
	c.between("CacheMegabytes", int64(p.CacheMegabytes), 3, 4095)
	return c.err("haproxy configuration")
}

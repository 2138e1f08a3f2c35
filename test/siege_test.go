package e2e

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// siege are more connections than the front door had for all clients when it could be held shut.
const siege = 2050

// patience is how long another client waits at most meanwhile.
const patience = 2 * time.Second

// slowClient is one kind of client that takes its time.
type slowClient struct {
	name   string
	number int
	within time.Duration // until the door has ended all; 0 for one that is ended here
	// send returns the connection as it is used from then on.
	send func(net.Conn) (net.Conn, error)
	drip bool // a byte each second, until the door has answered
}

// insecure is TLS for those to whom it does not matter who answers.
func insecure(c net.Conn) net.Conn {
	return tls.Client(c, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}})
}

// sends is a client that writes a text over TLS.
func sends(text string) func(net.Conn) (net.Conn, error) {
	return func(c net.Conn) (net.Conn, error) {
		c = insecure(c)
		_, err := io.WriteString(c, text)
		return c, err
	}
}

// slowClients lays siege to the front door with clients of every kind that is slow: another one is answered all the time, and the door
// ends each of the connections by itself. Of those who only read slowly it can't know how long they need; they are as many as fit.
func (s *suite) slowClients(t *testing.T) {
	for _, one := range []slowClient{
		{"connect and say nothing", siege, 8 * time.Second, func(c net.Conn) (net.Conn, error) { return c, nil }, false},
		{"begin TLS and stop", siege, 8 * time.Second, func(c net.Conn) (net.Conn, error) {
			_, err := c.Write([]byte{22, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3})
			return c, err
		}, false},
		{"agree on TLS and ask nothing", 200, 10 * time.Second, func(c net.Conn) (net.Conn, error) {
			c = insecure(c)
			return c, c.(*tls.Conn).Handshake()
		}, false},
		{"send the head byte by byte", 200, 10 * time.Second, sends("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: "), true},
		{"send the body byte by byte", 200, 10 * time.Second, sends("POST /api/links HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 400\r\n\r\n{"), true},
		{"ask once and stay", siege, 25 * time.Second, func(c net.Conn) (net.Conn, error) {
			c, err := sends("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")(c)
			if err != nil {
				return c, err
			}
			res, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err == nil && res.StatusCode != http.StatusOK {
				err = fmt.Errorf("/healthz answers %d", res.StatusCode)
			}
			return c, err
		}, false},
		{"ask for much and read nothing", 200, 0, sends(strings.Repeat("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", 200)), false},
	} {
		t.Run(one.name, func(t *testing.T) { s.besiege(t, one) })
	}
}

// besieged is what has come of a siege.
type besieged struct {
	mu       sync.Mutex
	open     int
	last     time.Duration // until the last was ended
	failures []string
}

// besiege opens connections as one kind of client, and asks as another one until all are ended.
func (s *suite) besiege(t *testing.T, kind slowClient) {
	u, err := url.Parse(s.site.url)
	must(t, err)
	var b besieged
	var wait sync.WaitGroup
	atOnce, begun := make(chan bool, 64), time.Now()
	for range kind.number {
		wait.Go(func() { b.hold(kind, u.Host, begun, atOnce) })
	}
	ended := make(chan bool)
	go func() { wait.Wait(); close(ended) }()
	worst, asked := time.Duration(0), 0
	client := s.site.client(false, false) // a new connection each time
	for over := false; !over; asked++ {
		from := time.Now()
		if a, err := s.site.do(t.Context(), client, http.MethodGet, "/healthz", ""); err != nil || a.status != http.StatusOK {
			t.Errorf("after %s another client is answered %d: %v", time.Since(begun).Round(time.Second), a.status, err)
		}
		worst = max(worst, time.Since(from))
		select {
		case <-ended:
			over = true
		case <-time.After(200 * time.Millisecond):
		}
	}
	t.Logf("%d connections, the last ended after %s; another client asked %d times meanwhile and waited at most %s", b.open, b.last.Round(100*time.Millisecond), asked, worst.Round(time.Millisecond))
	if worst > patience {
		t.Errorf("another client waited %s for an answer, want at most %s", worst, patience)
	}
	if len(b.failures) > 0 || b.open < kind.number {
		t.Errorf("%d of %d connections were open, %d not as they should be:\n%s", b.open, kind.number, len(b.failures), strings.Join(b.failures[:min(5, len(b.failures))], "\n"))
	}
}

// hold is one connection, until the door has ended it.
func (b *besieged) hold(kind slowClient, address string, begun time.Time, atOnce chan bool) {
	atOnce <- true
	c, err := net.DialTimeout("tcp", address, 10*time.Second)
	if err == nil {
		defer c.Close()
		_ = c.SetDeadline(begun.Add(time.Minute))
		c, err = kind.send(c)
	}
	<-atOnce
	opened := time.Now()
	b.mu.Lock()
	if err == nil {
		b.open++
	}
	b.mu.Unlock()
	switch {
	case err != nil:
	case kind.within == 0:
		time.Sleep(5 * time.Second)
	default:
		if kind.drip {
			go drip(c)
			// HAProxy has no limit for how long it takes in the rest of a request that it has answered.
			if line, _ := bufio.NewReader(c).ReadString('\n'); !strings.HasPrefix(line, "HTTP/1.1 408 ") {
				err = fmt.Errorf("the answer is %q, want 408", line)
			}
		} else {
			_, _ = io.Copy(io.Discard, c)
		}
		if took := time.Since(opened); took > kind.within {
			err = fmt.Errorf("a connection was ended after %s, not within %s", took.Round(time.Second), kind.within)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last = max(b.last, time.Since(begun))
	if err != nil {
		b.failures = append(b.failures, err.Error())
	}
}

// drip writes a byte each second, until the connection is closed.
func drip(c net.Conn) {
	for {
		if _, err := c.Write([]byte("x")); err != nil {
			return
		}
		time.Sleep(time.Second)
	}
}
